//! Numbers in text: `tostring`, and `%e`, `%f`, `%g` and `%a` of `string.format`.
//! Every digit is exact. LuaJIT rounds an exact half away from zero where C rounds to even, and so do we;
//! the standard library's correctly rounded digits serve for all but those halves.

use std::fmt::Write as _;
use std::ops::Deref;

use super::format::{Conversion, Directive, fill, pad, sign_text};

/// The text of a number: what `tostring` and concatenation make of it (`%.14g`).
#[derive(Clone, Copy)]
pub struct NumberText {
    bytes: [u8; 24],
    len: u8,
}

impl Deref for NumberText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl std::fmt::Debug for NumberText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(self))
    }
}

impl NumberText {
    fn push(&mut self, bytes: &[u8]) {
        let start = usize::from(self.len);
        if let Some(room) = self.bytes.get_mut(start..start + bytes.len()) {
            room.copy_from_slice(bytes);
            self.len += bytes.len() as u8;
        }
    }
}

/// Significant digits of a number in text.
const NUMBER_DIGITS: usize = 14;

/// The text of a number.
pub fn number_to_string(n: f64) -> NumberText {
    let mut text = NumberText {
        bytes: [0; 24],
        len: 0,
    };
    // Integers of up to fourteen digits, which most numbers are.
    if n.abs() < 1e14 {
        let integer = n as i64;
        if integer as f64 == n && (integer != 0 || n.is_sign_positive()) {
            if integer < 0 {
                text.push(b"-");
            }
            let mut buffer = [0; 20];
            text.push(unsigned_digits(integer.unsigned_abs(), &mut buffer));
            return text;
        }
    }
    if !n.is_finite() {
        text.push(if n.is_nan() {
            b"nan"
        } else if n > 0.0 {
            b"inf"
        } else {
            b"-inf"
        });
        return text;
    }
    if n.is_sign_negative() {
        text.push(b"-");
    }
    let mut digits = Digits::new();
    let exponent = digits.scientific(n.abs(), NUMBER_DIGITS - 1);
    let all = digits.as_bytes();
    let used = all
        .iter()
        .rposition(|&digit| digit != b'0')
        .map_or(1, |last| last + 1);
    let all = &all[..used];
    if exponent < -4 || exponent >= NUMBER_DIGITS as i32 {
        text.push(&all[..1]);
        if used > 1 {
            text.push(b".");
            text.push(&all[1..]);
        }
        let mut buffer = [0; 8];
        text.push(exponent_text(b'e', exponent, &mut buffer));
    } else if exponent < 0 {
        text.push(&b"0.000"[..1 + exponent.unsigned_abs() as usize]);
        text.push(all);
    } else {
        let whole = exponent as usize + 1;
        text.push(&all[..used.min(whole)]);
        if used > whole {
            text.push(b".");
            text.push(&all[whole..]);
        } else {
            text.push(&b"00000000000000"[..whole - used]);
        }
    }
    text
}

/// Appends the text of a number.
pub fn append_number(out: &mut Vec<u8>, n: f64) {
    out.extend_from_slice(&number_to_string(n));
}

/// Appends an unsigned integer.
pub(super) fn append_unsigned(out: &mut Vec<u8>, value: u64) {
    let mut buffer = [0; 20];
    out.extend_from_slice(unsigned_digits(value, &mut buffer));
}

/// Two digits at a time, from the right.
fn unsigned_digits(mut value: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut first = buffer.len();
    while value >= 100 {
        let pair = (value % 100) as u8;
        value /= 100;
        first -= 2;
        buffer[first] = b'0' + pair / 10;
        buffer[first + 1] = b'0' + pair % 10;
    }
    if value >= 10 {
        first -= 1;
        buffer[first] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    first -= 1;
    buffer[first] = b'0' + value as u8;
    &buffer[first..]
}

/// `e+05`: at least two digits, except after the `p` of a hexadecimal number.
fn exponent_text(letter: u8, exponent: i32, buffer: &mut [u8; 8]) -> &[u8] {
    let least = if letter.eq_ignore_ascii_case(&b'e') {
        2
    } else {
        1
    };
    let mut rest = exponent.unsigned_abs();
    let mut first = buffer.len();
    while rest != 0 || buffer.len() - first < least {
        first -= 1;
        buffer[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    buffer[first - 1] = if exponent < 0 { b'-' } else { b'+' };
    buffer[first - 2] = letter;
    &buffer[first - 2..]
}

/// Appends a number by `%e`, `%f`, `%g` or `%a`.
pub(super) fn format(out: &mut Vec<u8>, directive: &Directive, n: f64) {
    if n.is_nan() {
        // A NaN has no sign in LuaJIT, not even a forced one.
        let sign: &[u8] = if directive.space { b" " } else { b"" };
        let text = if directive.upper { b"NAN" } else { b"nan" };
        return pad(out, directive, false, sign, 3, |out| {
            out.extend_from_slice(text)
        });
    }
    let sign = sign_text(directive, n.is_sign_negative());
    if n.is_infinite() {
        let text = if directive.upper { b"INF" } else { b"inf" };
        return pad(out, directive, false, sign, 3, |out| {
            out.extend_from_slice(text)
        });
    }
    let n = n.abs();
    if directive.conversion == Conversion::HexFloat {
        return format_hex(out, directive, sign, n);
    }
    let mut precision = usize::from(directive.precision.unwrap_or(6));
    let mut digits = Digits::new();
    let letter = if directive.upper { b'E' } else { b'e' };
    match directive.conversion {
        Conversion::Fixed => {
            digits.fixed(n, precision);
            let text = digits.as_bytes();
            let point = precision == 0 && directive.alternative;
            let len = text.len() + usize::from(point);
            pad(out, directive, directive.zero, sign, len, |out| {
                out.extend_from_slice(text);
                fill(out, b'.', usize::from(point));
            });
        }
        Conversion::Exponent => {
            let exponent = digits.scientific(n, precision);
            let body = digits.as_bytes();
            put_scientific(out, directive, sign, body, letter, exponent);
        }
        _ => {
            precision = precision.max(1);
            let exponent = digits.scientific(n, precision - 1);
            let mut body = digits.as_bytes();
            let fixed = exponent >= -4 && exponent < precision as i32;
            if !directive.alternative {
                // Zeros at the end go, but not those before the point.
                let keep = if fixed {
                    exponent.max(0) as usize + 1
                } else {
                    1
                };
                let used = body
                    .iter()
                    .rposition(|&digit| digit != b'0')
                    .map_or(1, |last| last + 1);
                body = &body[..used.max(keep.min(body.len()))];
                if exponent < 0 {
                    body = &body[..used];
                }
            }
            if fixed {
                put_fixed(out, directive, sign, body, exponent);
            } else {
                put_scientific(out, directive, sign, body, letter, exponent);
            }
        }
    }
}

/// Digits with the point after the first.
fn put_scientific(
    out: &mut Vec<u8>,
    directive: &Directive,
    sign: &[u8],
    digits: &[u8],
    letter: u8,
    exponent: i32,
) {
    let mut buffer = [0; 8];
    let suffix = exponent_text(letter, exponent, &mut buffer);
    let point = digits.len() > 1 || directive.alternative;
    let len = digits.len() + usize::from(point) + suffix.len();
    pad(out, directive, directive.zero, sign, len, |out| {
        out.extend_from_slice(&digits[..1]);
        fill(out, b'.', usize::from(point));
        out.extend_from_slice(&digits[1..]);
        out.extend_from_slice(suffix);
    });
}

/// Digits of which the first counts `10^exponent`; they reach the units at least.
fn put_fixed(out: &mut Vec<u8>, directive: &Directive, sign: &[u8], digits: &[u8], exponent: i32) {
    let (whole, fraction) = match usize::try_from(exponent) {
        Ok(exponent) => digits.split_at(digits.len().min(exponent + 1)),
        Err(_) => (&b"0"[..], digits),
    };
    let zeros = if exponent < 0 {
        exponent.unsigned_abs() as usize - 1
    } else {
        0
    };
    let point = !fraction.is_empty() || directive.alternative;
    let len = whole.len() + usize::from(point) + zeros + fraction.len();
    pad(out, directive, directive.zero, sign, len, |out| {
        out.extend_from_slice(whole);
        fill(out, b'.', usize::from(point));
        fill(out, b'0', zeros);
        out.extend_from_slice(fraction);
    });
}

/// `%a`. Denormal numbers are normalised, so every number but zero starts with a one, or a two when
/// rounding carries.
fn format_hex(out: &mut Vec<u8>, directive: &Directive, sign: &[u8], n: f64) {
    const FRACTION_BITS: u32 = 52;
    const FRACTION_DIGITS: usize = 13;
    let bits = n.to_bits();
    let biased = (bits >> FRACTION_BITS) as i32;
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let (mut mantissa, exponent) = if biased != 0 {
        (fraction | (1 << FRACTION_BITS), biased - 1023)
    } else if fraction != 0 {
        let shift = fraction.leading_zeros() - (63 - FRACTION_BITS);
        (fraction << shift, -1022 - shift as i32)
    } else {
        (0, 0)
    };
    let precision = match directive.precision.map(usize::from) {
        None if mantissa == 0 => 0,
        None => FRACTION_DIGITS - (mantissa.trailing_zeros().min(FRACTION_BITS) / 4) as usize,
        Some(precision) => {
            if precision < FRACTION_DIGITS {
                mantissa += 1 << (FRACTION_BITS - 1 - 4 * precision as u32);
            }
            precision
        }
    };
    let mut fraction = [b'0'; 100];
    for (index, digit) in fraction.iter_mut().enumerate().take(FRACTION_DIGITS) {
        let value = (mantissa >> (FRACTION_BITS - 4 - 4 * index as u32)) as usize & 15;
        *digit = if directive.upper {
            b"0123456789ABCDEF"[value]
        } else {
            b"0123456789abcdef"[value]
        };
    }
    let prefix = [sign, if directive.upper { b"0X" } else { b"0x" }].concat();
    let mut buffer = [0; 8];
    let letter = if directive.upper { b'P' } else { b'p' };
    let suffix = exponent_text(letter, exponent, &mut buffer);
    let point = precision > 0 || directive.alternative;
    let len = 1 + usize::from(point) + precision + suffix.len();
    pad(out, directive, directive.zero, &prefix, len, |out| {
        out.push(b'0' + (mantissa >> FRACTION_BITS) as u8);
        fill(out, b'.', usize::from(point));
        out.extend_from_slice(&fraction[..precision]);
        out.extend_from_slice(suffix);
    });
}

/// Room for the digits of a number. The longest are those of `%.99f` of the largest number: 409 bytes.
struct Digits {
    bytes: [u8; 416],
    len: usize,
}

impl std::fmt::Write for Digits {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl Digits {
    fn new() -> Digits {
        Digits {
            bytes: [0; 416],
            len: 0,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Writes `precision + 1` digits of a number that is not negative, without a point, and returns the
    /// exponent of the first.
    fn scientific(&mut self, n: f64, precision: usize) -> i32 {
        let exponent = self.rounded_scientific(n, precision);
        if is_half(n, precision as i32 - exponent) {
            // One digit more is exact and ends in 5.
            let exponent = self.rounded_scientific(n, precision + 1);
            self.len -= 1;
            if self.increment() {
                // All digits were nines; now they are a one and zeros.
                self.len -= 1;
                return exponent + 1;
            }
            return exponent;
        }
        exponent
    }

    /// As `scientific`, but halves go to the even digit.
    fn rounded_scientific(&mut self, n: f64, precision: usize) -> i32 {
        self.len = 0;
        // Writing fails only for want of room, and there is enough.
        let _ = write!(self, "{n:.precision$e}");
        let mark = self
            .as_bytes()
            .iter()
            .rposition(|&byte| byte == b'e')
            .unwrap_or(0);
        let exponent = &self.as_bytes()[mark + 1..];
        let (negative, exponent) = match exponent.strip_prefix(b"-") {
            Some(exponent) => (true, exponent),
            None => (false, exponent),
        };
        let value = exponent
            .iter()
            .fold(0, |value, digit| value * 10 + i32::from(digit - b'0'));
        self.len = mark;
        if precision > 0 {
            self.bytes.copy_within(2..mark, 1);
            self.len = mark - 1;
        }
        if negative { -value } else { value }
    }

    /// Writes a number that is not negative with `precision` digits after the point.
    fn fixed(&mut self, n: f64, precision: usize) {
        self.len = 0;
        if is_half(n, precision as i32) {
            let exact = precision + 1;
            let _ = write!(self, "{n:.exact$}");
            // Takes the 5 away, and the point if nothing stays behind it.
            self.len -= if precision == 0 { 2 } else { 1 };
            self.increment();
        } else {
            let _ = write!(self, "{n:.precision$}");
        }
    }

    /// Adds one in the last place. True when the number became one digit longer.
    fn increment(&mut self) -> bool {
        for digit in self.bytes[..self.len].iter_mut().rev() {
            match *digit {
                b'.' => {}
                b'9' => *digit = b'0',
                _ => {
                    *digit += 1;
                    return false;
                }
            }
        }
        self.bytes.copy_within(0..self.len, 1);
        self.bytes[0] = b'1';
        self.len += 1;
        true
    }
}

/// True when `n` lies exactly between two numbers of `places` decimal places, which may be negative.
///
/// `n` is an odd integer times a power of two, so this is decided without its digits. After a number was
/// rounded up to a longer one, `places` is one too small: then this is false, rightly, as halves that round up
/// need no correction.
fn is_half(n: f64, places: i32) -> bool {
    let bits = n.to_bits();
    let biased = (bits >> 52) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = match biased {
        0 => (fraction, -1074),
        _ => (fraction | (1 << 52), biased - 1075),
    };
    if mantissa == 0 {
        return false;
    }
    let odd = mantissa >> mantissa.trailing_zeros();
    let exponent = exponent + mantissa.trailing_zeros() as i32;
    if places >= 0 {
        // A multiple of 2^-k has k decimal places, the last of them a 5.
        exponent == -(places + 1)
    } else {
        // Half of 10^k is 5^k * 2^(k-1).
        let power = places.unsigned_abs();
        exponent == power as i32 - 1
            && 5u64
                .checked_pow(power)
                .is_some_and(|five| odd.is_multiple_of(five))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::format::{Piece, Pieces};

    fn format(text: &str, n: f64) -> String {
        let mut out = Vec::new();
        for piece in Pieces::new(text.as_bytes()) {
            match piece.unwrap() {
                Piece::Literal(literal) => out.extend_from_slice(literal),
                Piece::Directive(directive) => super::format(&mut out, &directive, n),
            }
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn halves_round_away_from_zero() {
        let all = "%.0f %.1f %.2f %.0e %.1e %.0g %.2g %.3g";
        assert_eq!(format(all, 0.5), "1 0.5 0.50 5e-01 5.0e-01 0.5 0.5 0.5");
        assert_eq!(format(all, 2.5), "3 2.5 2.50 3e+00 2.5e+00 3 2.5 2.5");
        assert_eq!(
            format(all, 0.125),
            "0 0.1 0.13 1e-01 1.3e-01 0.1 0.13 0.125"
        );
        assert_eq!(format(all, 0.25), "0 0.3 0.25 3e-01 2.5e-01 0.3 0.25 0.25");
        assert_eq!(format("%.0f %.0e %.2g", 9.5), "10 1e+01 9.5");
        assert_eq!(format("%.0e %.1e", 25.0), "3e+01 2.5e+01");
        assert_eq!(format("%.0f", 123456.5), "123457");
        assert_eq!(&*number_to_string(1234567890123.25), b"1234567890123.3");
    }

    #[test]
    fn hexadecimal() {
        let all = "%.0a %.1a %.2a %a %.14a %20.3A %-20a| %020.1a %+a %#.0a";
        assert_eq!(
            format(all, 1.03125),
            "0x1p+0 0x1.1p+0 0x1.08p+0 0x1.08p+0 0x1.08000000000000p+0           0X1.080P+0 \
             0x1.08p+0           | 0x0000000000001.1p+0 +0x1.08p+0 0x1.p+0"
        );
        assert_eq!(format("%.0a %.1a %a", 1.96875), "0x2p+0 0x2.0p+0 0x1.f8p+0");
        assert_eq!(format("%a %.2a", 5e-324), "0x1p-1074 0x1.00p-1074");
        assert_eq!(format("%a %.1a %a", 0.0), "0x0p+0 0x0.0p+0 0x0p+0");
    }

    #[test]
    fn flags_and_special_numbers() {
        assert_eq!(
            format("%g %+e %5g %-6f| % g", f64::NAN),
            "nan nan   nan nan   |  nan"
        );
        assert_eq!(format("%05g %+g %G", f64::INFINITY), "  inf +inf INF");
        assert_eq!(
            format("%g %f %e %.3a", -0.0),
            "-0 -0.000000 -0.000000e+00 -0x0.000p+0"
        );
        assert_eq!(format("%#.0f %#.0e %#g %#.0g", 2.5), "3. 3.e+00 2.50000 3.");
        assert_eq!(
            format("%010.2f|%-10.1e|%+.3g", 3.1419),
            "0000003.14|3.1e+00   |+3.14"
        );
        assert_eq!(format("%g %g %g %g", 1e5), "100000 100000 100000 100000");
        assert_eq!(format("%g %.3g %#.3g", 1e6), "1e+06 1e+06 1.00e+06");
        assert_eq!(format("%.3g %#.3g", 100.0), "100 100.");
        assert_eq!(format("%.14g", 0.0001), "0.0001");
        assert_eq!(format("%.99f", 0.1).len(), 101);
        assert_eq!(format("%.99f", f64::MAX).len(), 409);
    }

    #[test]
    fn numbers_as_tostring_prints_them() {
        let cases: [(f64, &str); 20] = [
            (0.0, "0"),
            (-0.0, "-0"),
            (3.7, "3.7"),
            (-3.7, "-3.7"),
            (0.1, "0.1"),
            (1.0 / 3.0, "0.33333333333333"),
            (1e14, "1e+14"),
            (99999999999999.0, "99999999999999"),
            (-99999999999999.0, "-99999999999999"),
            (9007199254740992.0, "9.007199254741e+15"),
            (1e15, "1e+15"),
            (1e100, "1e+100"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (5e-324, "4.9406564584125e-324"),
            (f64::MAX, "1.7976931348623e+308"),
            (f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (99999999999999.96, "1e+14"),
        ];
        for (n, expected) in cases {
            assert_eq!(&*number_to_string(n), expected.as_bytes(), "{n:e}");
        }
        assert_eq!(
            &*number_to_string(-f64::MIN_POSITIVE),
            b"-2.2250738585072e-308"
        );
    }
}
