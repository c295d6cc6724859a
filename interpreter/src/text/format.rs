//! `string.format` without its arguments: reading directives, and writing integers, bytes and strings.
//! The syntax, limits and results are LuaJIT's (`lj_strfmt.c`), which differ from C's `printf` in places.
//! One directive writes at most 512 bytes, or the string that it was given.

use super::decimal;
use crate::integer::wrap_signed;

/// What a directive makes of its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// `%d`, `%i`.
    Signed,
    /// `%u`.
    Unsigned,
    /// `%o`.
    Octal,
    /// `%x`, `%X`.
    Hex,
    /// `%c`.
    Byte,
    /// `%a`, `%A`.
    HexFloat,
    /// `%e`, `%E`.
    Exponent,
    /// `%f`, `%F`.
    Fixed,
    /// `%g`, `%G`.
    General,
    /// `%s`.
    String,
    /// `%q`, which ignores flags, width and precision.
    Quoted,
    /// `%p`, which ignores them too. The VM knows what identifies a value.
    Pointer,
}

impl Conversion {
    fn of(letter: u8) -> Option<Conversion> {
        Some(match letter {
            b'd' | b'i' => Conversion::Signed,
            b'u' => Conversion::Unsigned,
            b'o' => Conversion::Octal,
            b'x' | b'X' => Conversion::Hex,
            b'c' => Conversion::Byte,
            b'a' | b'A' => Conversion::HexFloat,
            b'e' | b'E' => Conversion::Exponent,
            b'f' | b'F' => Conversion::Fixed,
            b'g' | b'G' => Conversion::General,
            b's' => Conversion::String,
            b'q' => Conversion::Quoted,
            b'p' => Conversion::Pointer,
            _ => return None,
        })
    }
}

/// A directive such as `%-5.2f`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directive {
    pub conversion: Conversion,
    /// `-`: pad on the right.
    pub left: bool,
    /// `+`: a sign before numbers that are not negative.
    pub plus: bool,
    /// A space before numbers that are not negative.
    pub space: bool,
    /// `0`: pad with zeros.
    pub zero: bool,
    /// `#`: C's alternative form.
    pub alternative: bool,
    /// A capital conversion letter.
    pub upper: bool,
    /// 0 to 99.
    pub width: u8,
    /// 0 to 99; a `.` alone means 0.
    pub precision: Option<u8>,
}

/// A part of a format string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'f> {
    Literal(&'f [u8]),
    Directive(Directive),
}

/// A directive that does not exist: its text up to the byte that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidOption<'f>(pub &'f [u8]);

impl InvalidOption<'_> {
    /// LuaJIT's message, in bytes because a format string need not be text.
    pub fn message(&self) -> Vec<u8> {
        [b"invalid option '", self.0, b"' to 'format'"].concat()
    }
}

/// Splits a format string into its pieces. It keeps a position only, so a suspended `string.format` can
/// continue with `Pieces::at`.
#[derive(Clone, Debug)]
pub struct Pieces<'f> {
    format: &'f [u8],
    position: usize,
}

impl<'f> Pieces<'f> {
    pub fn new(format: &'f [u8]) -> Pieces<'f> {
        Pieces::at(format, 0)
    }

    /// Continues at a position that `position` returned.
    pub fn at(format: &'f [u8], position: usize) -> Pieces<'f> {
        Pieces { format, position }
    }

    /// Where the next piece starts.
    pub fn position(&self) -> usize {
        self.position
    }

    fn peek(&self, position: usize) -> u8 {
        self.format.get(position).copied().unwrap_or(0)
    }

    /// One or two digits.
    fn digits(&self, position: &mut usize) -> Option<u8> {
        let mut value = None;
        for _ in 0..2 {
            let digit = self.peek(*position);
            if !digit.is_ascii_digit() {
                break;
            }
            value = Some(value.unwrap_or(0) * 10 + (digit - b'0'));
            *position += 1;
        }
        value
    }

    /// Reads the directive whose `%` is at `start`.
    fn directive(&mut self, start: usize) -> Result<Directive, InvalidOption<'f>> {
        let mut directive = Directive {
            conversion: Conversion::Signed,
            left: false,
            plus: false,
            space: false,
            zero: false,
            alternative: false,
            upper: false,
            width: 0,
            precision: None,
        };
        let mut position = start + 1;
        loop {
            match self.peek(position) {
                b'-' => directive.left = true,
                b'+' => directive.plus = true,
                b' ' => directive.space = true,
                b'0' => directive.zero = true,
                b'#' => directive.alternative = true,
                _ => break,
            }
            position += 1;
        }
        directive.width = self.digits(&mut position).unwrap_or(0);
        if self.peek(position) == b'.' {
            position += 1;
            directive.precision = Some(self.digits(&mut position).unwrap_or(0));
        }
        let letter = self.peek(position);
        match Conversion::of(letter) {
            Some(conversion) => {
                directive.conversion = conversion;
                directive.upper = letter.is_ascii_uppercase();
                self.position = position + 1;
                Ok(directive)
            }
            None => {
                let end = position + usize::from(letter >= 32);
                self.position = self.format.len();
                Err(InvalidOption(&self.format[start..end]))
            }
        }
    }
}

impl<'f> Iterator for Pieces<'f> {
    type Item = Result<Piece<'f>, InvalidOption<'f>>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.position;
        let rest = self.format.get(start..).unwrap_or_default();
        if rest.is_empty() {
            return None;
        }
        let end = match memchr::memchr(b'%', rest) {
            None => self.format.len(),
            Some(offset) if rest.get(offset + 1) == Some(&b'%') => {
                // The first `%` of a pair belongs to the literal, the second is passed over.
                self.position = start + offset + 2;
                return Some(Ok(Piece::Literal(&rest[..=offset])));
            }
            Some(0) => return Some(self.directive(start).map(Piece::Directive)),
            Some(offset) => start + offset,
        };
        self.position = end;
        Some(Ok(Piece::Literal(&self.format[start..end])))
    }
}

/// `n` as a `uint64_t`, as LuaJIT converts it: negative numbers wrap.
fn to_u64(n: f64) -> u64 {
    match wrap_signed(n) {
        i64::MIN => wrap_signed(n - 18_446_744_073_709_551_616.0) as u64,
        converted => converted as u64,
    }
}

/// The integer that library functions make of a number: cut off, and the smallest `i32` for what does not
/// fit. `string.sub`, `string.rep`, `string.char` and `%c` go by it.
pub fn to_i32(n: f64) -> i32 {
    if n > -2_147_483_649.0 && n < 2_147_483_648.0 {
        n as i32
    } else {
        i32::MIN
    }
}

/// Appends a number by `%d`, `%i`, `%u`, `%o` or `%x`.
pub fn format_integer(out: &mut Vec<u8>, directive: &Directive, n: f64) {
    let bits = if directive.conversion == Conversion::Signed {
        wrap_signed(n) as u64
    } else {
        to_u64(n)
    };
    format_bits(out, directive, bits);
}

/// Appends a 64-bit integer by `%d`, `%i`, `%u`, `%o` or `%x`, which alone says whether it has a sign.
pub fn format_bits(out: &mut Vec<u8>, directive: &Directive, bits: u64) {
    let mut sign: &[u8] = b"";
    let mut value = bits;
    if directive.conversion == Conversion::Signed {
        let signed = bits as i64;
        value = signed.unsigned_abs();
        sign = sign_text(directive, signed < 0);
    }
    let mut buffer = [0; 24];
    let mut first = buffer.len();
    let mut put = |digit: u8| {
        first -= 1;
        buffer[first] = digit;
    };
    let base = match directive.conversion {
        Conversion::Octal => 8,
        Conversion::Hex => 16,
        _ => 10,
    };
    let zero = value == 0;
    while value != 0 {
        let digit = (value % base) as u8;
        put(match digit {
            0..=9 => b'0' + digit,
            _ if directive.upper => b'A' + digit - 10,
            _ => b'a' + digit - 10,
        });
        value /= base;
    }
    let octal_mark = directive.conversion == Conversion::Octal && directive.alternative;
    if octal_mark || (zero && directive.precision != Some(0)) {
        put(b'0');
    }
    if directive.conversion == Conversion::Hex && directive.alternative && !zero {
        sign = if directive.upper { b"0X" } else { b"0x" };
    }
    let digits = &buffer[first..];
    let precision = usize::from(directive.precision.unwrap_or(0));
    let zeros = precision.saturating_sub(digits.len());
    let zero_padded = directive.zero && directive.precision.is_none();
    pad(
        out,
        directive,
        zero_padded,
        sign,
        zeros + digits.len(),
        |out| {
            fill(out, b'0', zeros);
            out.extend_from_slice(digits);
        },
    );
}

/// What stands before a number's digits.
pub(super) fn sign_text(directive: &Directive, negative: bool) -> &'static [u8] {
    if negative {
        b"-"
    } else if directive.plus {
        b"+"
    } else if directive.space {
        b" "
    } else {
        b""
    }
}

/// Appends `sign` and a body of `len` bytes, padded to the width of the directive.
pub(super) fn pad(
    out: &mut Vec<u8>,
    directive: &Directive,
    zero_padded: bool,
    sign: &[u8],
    len: usize,
    body: impl FnOnce(&mut Vec<u8>),
) {
    let padding = usize::from(directive.width).saturating_sub(sign.len() + len);
    let (before, inside, after) = match (directive.left, zero_padded) {
        (true, _) => (0, 0, padding),
        (false, true) => (0, padding, 0),
        (false, false) => (padding, 0, 0),
    };
    fill(out, b' ', before);
    out.extend_from_slice(sign);
    fill(out, b'0', inside);
    body(out);
    fill(out, b' ', after);
}

pub(super) fn fill(out: &mut Vec<u8>, byte: u8, count: usize) {
    out.resize(out.len() + count, byte);
}

/// Appends a number by `%e`, `%f`, `%g` or `%a`.
pub fn format_float(out: &mut Vec<u8>, directive: &Directive, n: f64) {
    decimal::format(out, directive, n);
}

/// Appends a byte by `%c`.
pub fn format_byte(out: &mut Vec<u8>, directive: &Directive, n: f64) {
    pad(out, directive, false, b"", 1, |out| {
        out.push(to_i32(n) as u8)
    });
}

/// Appends a string by `%s`. `string_len` tells beforehand how long the result is.
pub fn format_string(out: &mut Vec<u8>, directive: &Directive, string: &[u8]) {
    let precision = directive.precision.map_or(usize::MAX, usize::from);
    let string = &string[..string.len().min(precision)];
    pad(out, directive, false, b"", string.len(), |out| {
        out.extend_from_slice(string);
    });
}

/// How many bytes `format_string` writes for a string of `len` bytes.
pub fn string_len(directive: &Directive, len: usize) -> usize {
    let precision = directive.precision.map_or(usize::MAX, usize::from);
    len.min(precision).max(usize::from(directive.width))
}

/// Appends a string by `%q`: a literal that reads back as the string. At most `4 * string.len() + 2` bytes.
pub fn quote(out: &mut Vec<u8>, string: &[u8]) {
    out.push(b'"');
    for (index, &byte) in string.iter().enumerate() {
        match byte {
            b'"' | b'\\' | b'\n' => out.extend([b'\\', byte]),
            0..=31 | 127 => {
                out.push(b'\\');
                // A digit after a short escape would be read as part of it.
                let full = byte == 127 || string.get(index + 1).is_some_and(u8::is_ascii_digit);
                if full {
                    out.push(b'0' + byte / 100);
                }
                if full || byte >= 10 {
                    out.push(b'0' + byte / 10 % 10);
                }
                out.push(b'0' + byte % 10);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Appends a position or a count.
pub fn append_position(out: &mut Vec<u8>, position: usize) {
    decimal::append_unsigned(out, position as u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(format: &str, n: f64) -> String {
        let mut out = Vec::new();
        for piece in Pieces::new(format.as_bytes()) {
            match piece {
                Ok(Piece::Literal(literal)) => out.extend_from_slice(literal),
                Ok(Piece::Directive(directive)) => match directive.conversion {
                    Conversion::Byte => format_byte(&mut out, &directive, n),
                    _ => format_integer(&mut out, &directive, n),
                },
                Err(error) => return String::from_utf8(error.message()).unwrap(),
            }
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn integers_of_any_number() {
        assert_eq!(format("%d", 3.7), "3");
        assert_eq!(format("%d", -3.7), "-3");
        assert_eq!(format("%x", -3.7), "fffffffffffffffd");
        assert_eq!(format("%u", -1.0), "18446744073709551615");
        assert_eq!(format("%d", 9007199254740992.0), "9007199254740992");
        assert_eq!(
            format("%d", 9.223_372_036_854_776e18),
            "-9223372036854775808"
        );
        assert_eq!(format("%x", 9.223_372_036_854_776e18), "8000000000000000");
        assert_eq!(format("%x", 1e19), "8ac7230489e80000");
        assert_eq!(format("%x", -1e19), "8000000000000000");
        assert_eq!(format("%x", 1.8446744073709552e19), "0");
        assert_eq!(format("%d", f64::NAN), "-9223372036854775808");
        assert_eq!(format("%u", f64::NAN), "9223372036854775808");
        assert_eq!(format("%o", f64::INFINITY), "1000000000000000000000");
        assert_eq!(format("%d", -0.0), "0");
    }

    #[test]
    fn flags() {
        assert_eq!(
            format("%5.3d|%-6d|%+d|% d|%05d", 7.0),
            "  007|7     |+7| 7|00007"
        );
        assert_eq!(
            format("%#x %#X %#o %#10x %#010x", 255.0),
            "0xff 0XFF 0377       0xff 0x000000ff"
        );
        assert_eq!(format("%.0d|%#.0o|%#x|%#o|%.0x|", 0.0), "|0|0|0||");
        assert_eq!(format("%05.1d|%-05d|%+5d", -3.0), "   -3|-3   |   -3");
        assert_eq!(format("%5c|%-5c|%.3c", 65.0), "    A|A    |A");
        assert_eq!(format("100%% %%%d%%", 5.0), "100% %5%");
        assert_eq!(format("%--------d", 65.0), "65");
    }

    #[test]
    fn invalid_options() {
        let cases = [
            ("%y", "%y"),
            ("%", "%"),
            ("a%", "%"),
            ("%10", "%10"),
            ("%100d", "%100"),
            ("%.100d", "%.100"),
            ("%5.", "%5."),
            ("%-5y", "%-5y"),
            ("%   y", "%   y"),
            ("%\u{1}", "%"),
            ("%hd", "%h"),
            ("%*d", "%*"),
        ];
        for (text, option) in cases {
            assert_eq!(
                format(text, 0.0),
                format!("invalid option '{option}' to 'format'")
            );
        }
    }

    #[test]
    fn strings() {
        let mut out = Vec::new();
        for piece in Pieces::new(b"%s|%5s|%-5s|%.1s|%5.1s|%.s") {
            match piece.unwrap() {
                Piece::Literal(literal) => out.extend_from_slice(literal),
                Piece::Directive(directive) => {
                    let before = out.len();
                    format_string(&mut out, &directive, b"abc");
                    assert_eq!(out.len() - before, string_len(&directive, 3));
                }
            }
        }
        assert_eq!(out, b"abc|  abc|abc  |a|    a|");
    }

    #[test]
    fn quoted() {
        let mut out = Vec::new();
        quote(&mut out, b"a\0b\r\n\t\"\\\x7f\xc81\x011\x01a");
        assert_eq!(out, b"\"a\\0b\\13\\\n\\9\\\"\\\\\\127\xc81\\0011\\1a\"");
    }

    #[test]
    fn thirty_two_bit_arguments() {
        assert_eq!(to_i32(2.9), 2);
        assert_eq!(to_i32(-2.9), -2);
        assert_eq!(to_i32(-2147483648.5), i32::MIN);
        assert_eq!(to_i32(4294967298.0), i32::MIN);
        assert_eq!(to_i32(f64::NAN), i32::MIN);
    }
}
