//! 64-bit integers as LuaJIT computes with them: the operators on `int64_t`, `uint64_t` and numbers.
//!
//! One unsigned operand makes an operation unsigned; the other one is converted first, as C does it on
//! x86-64. Nothing overflows with an error: results wrap.
//! Source of the rules: LuaJIT 2.1, `lj_carith.c` and `lj_cconv.c`.

use std::fmt;

/// A 64-bit integer with its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integer {
    /// `1LL`, an `int64_t`.
    Signed(i64),
    /// `1ULL`, a `uint64_t`.
    Unsigned(u64),
}

/// An operand of arithmetic that may involve 64-bit integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operand {
    Integer(Integer),
    Number(f64),
}

/// The operators that make an integer of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    /// Of the first operand; the type of the second one counts, too.
    Negate,
}

/// The operators that compare two integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
}

/// What a division without a result gives.
const NO_RESULT: u64 = 1 << 63;

impl Integer {
    /// Makes an integer of one of the two types.
    pub(crate) fn from_bits(bits: u64, is_unsigned: bool) -> Integer {
        if is_unsigned {
            Integer::Unsigned(bits)
        } else {
            Integer::Signed(bits as i64)
        }
    }

    /// Returns the integer modulo 2^64.
    pub fn bits(self) -> u64 {
        match self {
            Integer::Signed(value) => value as u64,
            Integer::Unsigned(value) => value,
        }
    }

    /// Returns the nearest number, as `tonumber` does.
    pub fn to_number(self) -> f64 {
        match self {
            Integer::Signed(value) => value as f64,
            Integer::Unsigned(value) => value as f64,
        }
    }

    /// Returns the name of its C type, which messages show.
    pub fn type_name(self) -> &'static str {
        match self {
            Integer::Signed(_) => "int64_t",
            Integer::Unsigned(_) => "uint64_t",
        }
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Integer::Signed(value) => write!(f, "{value}LL"),
            Integer::Unsigned(value) => write!(f, "{value}ULL"),
        }
    }
}

impl Operand {
    fn is_unsigned(self) -> bool {
        matches!(self, Operand::Integer(Integer::Unsigned(_)))
    }

    /// Converts to one of the two types.
    pub(crate) fn bits(self, to_unsigned: bool) -> u64 {
        match self {
            Operand::Integer(integer) => integer.bits(),
            Operand::Number(number) if to_unsigned => wrap_unsigned(number),
            Operand::Number(number) => wrap_signed(number) as u64,
        }
    }
}

/// Converts to an `int64_t` as the processor does: what does not fit is the smallest one.
pub(crate) fn wrap_signed(number: f64) -> i64 {
    // `as` maps too small numbers to the smallest one; a comparison with NaN is false.
    if number < 9_223_372_036_854_775_808.0 {
        number as i64
    } else {
        i64::MIN
    }
}

/// Converts to a `uint64_t` as LuaJIT does, for which negative numbers are out of range.
fn wrap_unsigned(number: f64) -> u64 {
    match wrap_signed(number) {
        converted @ 0.. => converted as u64,
        _ => wrap_signed(number - 18_446_744_073_709_551_616.0) as u64,
    }
}

/// Computes an operator.
pub(crate) fn compute(operator: Operator, left: Operand, right: Operand) -> Integer {
    let is_unsigned = left.is_unsigned() || right.is_unsigned();
    let a = left.bits(is_unsigned);
    let b = right.bits(is_unsigned);
    let (x, y) = (a as i64, b as i64);
    let bits = match operator {
        Operator::Add => a.wrapping_add(b),
        Operator::Subtract => a.wrapping_sub(b),
        Operator::Multiply => a.wrapping_mul(b),
        Operator::Negate => a.wrapping_neg(),
        Operator::Divide if is_unsigned => a.checked_div(b).unwrap_or(NO_RESULT),
        Operator::Divide => x.checked_div(y).map_or(NO_RESULT, |q| q as u64),
        Operator::Modulo if b == 0 => NO_RESULT,
        Operator::Modulo if is_unsigned => a % b,
        Operator::Modulo => x.wrapping_rem(y) as u64,
        Operator::Power if is_unsigned || y >= 0 => power(a, b),
        Operator::Power => reciprocal_power(x, y) as u64,
    };
    Integer::from_bits(bits, is_unsigned)
}

/// Compares two operands.
pub(crate) fn compare(comparison: Comparison, left: Operand, right: Operand) -> bool {
    let is_unsigned = left.is_unsigned() || right.is_unsigned();
    let a = left.bits(is_unsigned);
    let b = right.bits(is_unsigned);
    match comparison {
        Comparison::Equal => a == b,
        Comparison::Less if is_unsigned => a < b,
        Comparison::Less => (a as i64) < b as i64,
        Comparison::LessOrEqual if is_unsigned => a <= b,
        Comparison::LessOrEqual => a as i64 <= b as i64,
    }
}

/// Returns `base ^ exponent` modulo 2^64.
fn power(base: u64, exponent: u64) -> u64 {
    let (mut square, mut rest, mut product) = (base, exponent, 1u64);
    while rest != 0 {
        if rest & 1 == 1 {
            product = product.wrapping_mul(square);
        }
        square = square.wrapping_mul(square);
        rest >>= 1;
    }
    product
}

/// Returns `base ^ exponent` for a negative exponent, cut off to an integer.
fn reciprocal_power(base: i64, exponent: i64) -> i64 {
    match base {
        0 => i64::MAX,
        1 => 1,
        -1 if exponent & 1 == 1 => -1,
        -1 => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(value: i64) -> Operand {
        Operand::Integer(Integer::Signed(value))
    }

    fn unsigned(value: u64) -> Operand {
        Operand::Integer(Integer::Unsigned(value))
    }

    #[test]
    fn one_unsigned_operand_makes_all_unsigned() {
        let sum = |a, b| compute(Operator::Add, a, b);
        assert_eq!(sum(signed(-1), signed(3)), Integer::Signed(2));
        assert_eq!(sum(signed(-1), unsigned(3)), Integer::Unsigned(2));
        assert_eq!(sum(signed(1), Operand::Number(2.9)), Integer::Signed(3));
        assert!(!compare(Comparison::Less, signed(-1), unsigned(1)));
        assert!(compare(Comparison::Less, signed(-1), signed(1)));
        assert!(compare(Comparison::Equal, signed(1), Operand::Number(1.9)));
    }

    #[test]
    fn numbers_are_converted_as_the_processor_does() {
        assert_eq!(wrap_signed(1e300), i64::MIN);
        assert_eq!(wrap_signed(f64::NAN), i64::MIN);
        assert_eq!(wrap_signed(-2.9), -2);
        assert_eq!(wrap_unsigned(-1.0), 1 << 63);
        assert_eq!(wrap_unsigned(-0.5), 0);
        assert_eq!(wrap_unsigned(1e19), 10_000_000_000_000_000_000);
        assert_eq!(wrap_unsigned(18_446_744_073_709_551_616.0), 0);
    }

    #[test]
    fn divisions_without_a_result() {
        for operator in [Operator::Divide, Operator::Modulo] {
            assert_eq!(
                compute(operator, signed(1), signed(0)),
                Integer::Signed(i64::MIN)
            );
            assert_eq!(
                compute(operator, unsigned(1), signed(0)),
                Integer::Unsigned(1 << 63)
            );
        }
        let least = signed(i64::MIN);
        assert_eq!(
            compute(Operator::Divide, least, signed(-1)),
            Integer::Signed(i64::MIN)
        );
        assert_eq!(
            compute(Operator::Modulo, least, signed(-1)),
            Integer::Signed(0)
        );
    }

    #[test]
    fn powers() {
        let power = |a, b| compute(Operator::Power, a, b);
        assert_eq!(power(signed(-3), signed(3)), Integer::Signed(-27));
        assert_eq!(power(signed(2), signed(-1)), Integer::Signed(0));
        assert_eq!(power(signed(0), signed(-1)), Integer::Signed(i64::MAX));
        assert_eq!(power(signed(-1), signed(-3)), Integer::Signed(-1));
        assert_eq!(
            power(unsigned(3), unsigned(u64::MAX))
                .bits()
                .wrapping_mul(3),
            1
        );
        assert_eq!(power(signed(7), signed(0)), Integer::Signed(1));
    }
}
