//! Scanning of numbers: literals in source, and the strings that arithmetic and `tonumber` accept.
//!
//! The accepted forms are LuaJIT's (`lj_strscan.c`): decimal, hexadecimal with fraction and binary
//! exponent, binary `0b101`, `inf`, `nan`, and the suffixes `LL`, `ULL`, `i`. Results are correctly
//! rounded.

/// Exponents and fractions from this size on are rejected, as in LuaJIT.
const EXPONENT_LIMIT: i64 = 1 << 20;

/// A scanned number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// An ordinary number.
    Double(f64),
    /// `42LL`.
    Int64(i64),
    /// `42ULL`.
    Uint64(u64),
    /// `42i`; the imaginary part.
    Imaginary(f64),
}

/// Returns whether a byte is white space to the scanner and the lexer.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

/// Converts a string to a number as arithmetic on strings and `tonumber` do.
///
/// White space may surround the number; the suffixes of literals are not accepted.
pub fn string_to_number(bytes: &[u8]) -> Option<f64> {
    let start = bytes.iter().position(|&byte| !is_space(byte))?;
    let end = bytes.iter().rposition(|&byte| !is_space(byte))? + 1;
    match scan_number(&bytes[start..end])? {
        Number::Double(value) => Some(value),
        _ => None,
    }
}

/// Scans a number that fills `bytes` entirely, without surrounding white space.
pub fn scan_number(bytes: &[u8]) -> Option<Number> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    match digits.first()? {
        b'0'..=b'9' | b'.' => scan_digits(digits, negative),
        b'A'.. => scan_word(digits, negative).map(Number::Double),
        _ => None,
    }
}

/// Scans `inf`, `infinity` or `nan` in any case.
fn scan_word(word: &[u8], negative: bool) -> Option<f64> {
    if word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity") {
        Some(if negative {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        })
    } else if word.eq_ignore_ascii_case(b"nan") {
        // The sign of LuaJIT's, which serialized data shows.
        Some(-f64::NAN)
    } else {
        None
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Suffix {
    None,
    Int64,
    Uint64,
    Imaginary,
}

fn scan_digits(text: &[u8], negative: bool) -> Option<Number> {
    let (base, start) = match text {
        [b'0', b'x' | b'X', ..] => (16, 2),
        [b'0', b'b' | b'B', ..] => (2, 2),
        _ => (10, 0),
    };
    let mut position = start;
    let mut point = None;
    while let Some(&byte) = text.get(position) {
        match byte {
            b'0'..=b'9' => {}
            b'a'..=b'f' | b'A'..=b'F' if base == 16 => {}
            b'.' if point.is_none() => point = Some(position),
            b'.' => return None,
            _ => break,
        }
        position += 1;
    }
    let mantissa = &text[start..position];
    if mantissa.len() == usize::from(point.is_some()) || (point.is_some() && base == 2) {
        return None;
    }
    let mut integral = point.is_none();
    let mut exponent = 0;
    if matches!(
        (base, text.get(position).map(|byte| byte | 0x20)),
        (10, Some(b'e')) | (16, Some(b'p'))
    ) {
        integral = false;
        let (value, length) = scan_exponent(&text[position + 1..])?;
        exponent = value;
        position += 1 + length;
    }
    let suffix = scan_suffix(&text[position..], integral)?;
    let magnitude = match base {
        10 => scan_decimal(&text[..position], mantissa, suffix)?,
        16 => scan_hexadecimal(mantissa, exponent, suffix)?,
        _ => scan_binary(mantissa)?,
    };
    Some(match (suffix, magnitude) {
        (Suffix::None, magnitude) => Number::Double(signed(magnitude.double(), negative)),
        (Suffix::Imaginary, magnitude) => Number::Imaginary(signed(magnitude.double(), negative)),
        (Suffix::Int64, Magnitude::Integer(bits)) => {
            Number::Int64(if negative { bits.wrapping_neg() } else { bits } as i64)
        }
        (Suffix::Uint64, Magnitude::Integer(bits)) => {
            Number::Uint64(if negative { bits.wrapping_neg() } else { bits })
        }
        (Suffix::Int64 | Suffix::Uint64, Magnitude::Double(_)) => return None,
    })
}

fn signed(value: f64, negative: bool) -> f64 {
    if negative { -value } else { value }
}

/// Scans an exponent after its letter; returns the value and how many bytes it takes.
fn scan_exponent(text: &[u8]) -> Option<(i64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let digits = &text[sign..];
    let length = digits
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(digits.len());
    if length == 0 {
        return None;
    }
    let mut value = 0;
    for digit in &digits[..length] {
        value = value * 10 + i64::from(digit - b'0');
        if value >= EXPONENT_LIMIT {
            return None;
        }
    }
    let negative = text[0] == b'-';
    Some((if negative { -value } else { value }, sign + length))
}

fn scan_suffix(text: &[u8], integral: bool) -> Option<Suffix> {
    let mut lower = [0; 3];
    for (to, from) in lower.iter_mut().zip(text) {
        *to = from | 0x20;
    }
    match (text.len(), &lower) {
        (0, _) => Some(Suffix::None),
        (1, b"i\0\0") => Some(Suffix::Imaginary),
        (2, b"ll\0") if integral => Some(Suffix::Int64),
        (3, b"ull" | b"llu") if integral => Some(Suffix::Uint64),
        _ => None,
    }
}

enum Magnitude {
    Integer(u64),
    Double(f64),
}

impl Magnitude {
    fn double(self) -> f64 {
        match self {
            Magnitude::Integer(value) => value as f64,
            Magnitude::Double(value) => value,
        }
    }
}

/// Rejects fractions so long that LuaJIT's exponent would overflow.
fn check_fraction(mantissa: &[u8]) -> Option<()> {
    let Some(point) = mantissa.iter().position(|&byte| byte == b'.') else {
        return Some(());
    };
    let last = mantissa
        .iter()
        .rposition(|&byte| !matches!(byte, b'0' | b'.'));
    match last {
        Some(last) if (last.saturating_sub(point)) as i64 >= EXPONENT_LIMIT => None,
        _ => Some(()),
    }
}

fn scan_decimal(text: &[u8], mantissa: &[u8], suffix: Suffix) -> Option<Magnitude> {
    if matches!(suffix, Suffix::Int64 | Suffix::Uint64) {
        let mut value = 0u64;
        for digit in mantissa {
            value = value
                .checked_mul(10)?
                .checked_add(u64::from(digit - b'0'))?;
        }
        return Some(Magnitude::Integer(value));
    }
    check_fraction(mantissa)?;
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok().map(Magnitude::Double)
}

fn scan_hexadecimal(mantissa: &[u8], exponent: i64, suffix: Suffix) -> Option<Magnitude> {
    check_fraction(mantissa)?;
    let mut bits = 0u64;
    let mut significant = 0;
    let mut scale = exponent;
    let mut fraction = false;
    for &byte in mantissa {
        if byte == b'.' {
            fraction = true;
            continue;
        }
        let digit = u64::from(match byte {
            b'0'..=b'9' => byte - b'0',
            _ => (byte | 0x20) - b'a' + 10,
        });
        if fraction {
            scale -= 4;
        }
        if significant == 0 && digit == 0 {
            continue;
        }
        significant += 1;
        if significant <= 16 {
            bits = bits << 4 | digit;
        } else {
            bits |= u64::from(digit != 0);
            scale += 4;
        }
    }
    if matches!(suffix, Suffix::Int64 | Suffix::Uint64) {
        return (significant <= 16).then_some(Magnitude::Integer(bits));
    }
    Some(Magnitude::Double(scale_exactly(bits, scale)))
}

fn scan_binary(mantissa: &[u8]) -> Option<Magnitude> {
    let zeros = mantissa.iter().take_while(|&&byte| byte == b'0').count();
    let digits = &mantissa[zeros..];
    if digits.len() > 64 {
        return None;
    }
    let mut bits = 0;
    for byte in digits {
        match byte {
            b'0' | b'1' => bits = bits << 1 | u64::from(byte - b'0'),
            _ => return None,
        }
    }
    Some(Magnitude::Integer(bits))
}

/// Returns `bits * 2^exponent`, rounded once to nearest even; bit 0 may be a sticky bit.
fn scale_exactly(bits: u64, exponent: i64) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    let top = 63 - i64::from(bits.leading_zeros());
    let magnitude = top + exponent;
    if magnitude > 1023 {
        return f64::INFINITY;
    }
    // The exponent of the last mantissa bit that the result can hold, subnormal or not.
    let last = (magnitude - 52).max(-1074);
    let shift = last - exponent;
    if shift <= 0 {
        // The mantissa is shorter than 53 bits: only the exponent needs assembling.
        return assemble(bits << -shift, last);
    }
    if shift > 64 {
        return 0.0;
    }
    let wide = u128::from(bits);
    let kept = (wide >> shift) as u64;
    let rest = wide & ((1u128 << shift) - 1);
    let half = 1u128 << (shift - 1);
    let up = rest > half || (rest == half && kept & 1 == 1);
    assemble(kept + u64::from(up), last)
}

/// Returns `mantissa * 2^exponent` for a mantissa of at most 53 bits that fits without rounding.
fn assemble(mantissa: u64, exponent: i64) -> f64 {
    if mantissa >= 1 << 53 {
        return assemble(mantissa >> 1, exponent + 1);
    }
    if mantissa < 1 << 52 {
        return f64::from_bits(mantissa);
    }
    let biased = exponent + 1075;
    if biased >= 2047 {
        return f64::INFINITY;
    }
    f64::from_bits(((biased as u64) << 52) | (mantissa & ((1 << 52) - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double(text: &str) -> f64 {
        match scan_number(text.as_bytes()) {
            Some(Number::Double(value)) => value,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn doubles() {
        assert_eq!(double("3"), 3.0);
        assert_eq!(double(".5e1"), 5.0);
        assert_eq!(double("1."), 1.0);
        assert_eq!(double("0x10"), 16.0);
        assert_eq!(double("0x.8p1"), 1.0);
        assert_eq!(double("0x1p-1074"), 5e-324);
        assert_eq!(double("0x1p-1075"), 0.0);
        assert_eq!(double("0x1.8p-1075"), 5e-324);
        assert_eq!(double("0x1.fffffffffffff8p1023"), f64::INFINITY);
        assert_eq!(double("0x1.fffffffffffff7p1023"), f64::MAX);
        assert_eq!(double("0b101"), 5.0);
        assert_eq!(double("-inf"), f64::NEG_INFINITY);
        assert!(double("NaN").is_nan());
        assert!(double("-0").is_sign_negative());
    }

    #[test]
    fn suffixes() {
        assert_eq!(scan_number(b"42LL"), Some(Number::Int64(42)));
        assert_eq!(scan_number(b"-1uLl"), Some(Number::Uint64(u64::MAX)));
        assert_eq!(
            scan_number(b"18446744073709551615ll"),
            Some(Number::Int64(-1))
        );
        assert_eq!(scan_number(b"18446744073709551616ll"), None);
        assert_eq!(scan_number(b"0x1p1i"), Some(Number::Imaginary(2.0)));
    }

    #[test]
    fn malformed() {
        for text in [
            "",
            "+",
            ".",
            "0x",
            "0b",
            "0b2",
            "0b1.",
            "1e",
            "1e+",
            "1..2",
            "1 ",
            "3x",
            "1l",
            "1u",
            "1.5LL",
            "0x.p1",
            "e5",
            "- 1",
            "--1",
            "1e1048576",
            "infin",
        ] {
            assert_eq!(scan_number(text.as_bytes()), None, "{text}");
        }
        assert_eq!(string_to_number(b" \t 0x1p4 \n"), Some(16.0));
        assert_eq!(string_to_number(b"42LL"), None);
        assert_eq!(string_to_number(b"  "), None);
    }
}
