//! `tonumber(text, base)` for bases other than ten: C's `strtoul` with a sign before it.

/// Reads an integer in a base of 2 to 36. White space may surround it, `0x` may precede it in base 16, and a
/// zero byte ends the text. What exceeds 64 bits counts as 2^64.
pub fn parse_in_base(text: &[u8], base: u32) -> Option<f64> {
    if !(2..=36).contains(&base) {
        return None;
    }
    let end = text.iter().position(|&byte| byte == 0);
    let text = skip_space(&text[..end.unwrap_or(text.len())]);
    let (negative, mut digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if base == 16
        && let [b'0', b'x' | b'X', rest @ ..] = digits
        && rest.first().is_some_and(u8::is_ascii_hexdigit)
    {
        digits = rest;
    }
    let mut value = Some(0u64);
    let mut count = 0;
    for &byte in digits {
        let Some(digit) = char::from(byte).to_digit(base) else {
            break;
        };
        value = value
            .and_then(|value| value.checked_mul(u64::from(base)))
            .and_then(|value| value.checked_add(u64::from(digit)));
        count += 1;
    }
    if count == 0 || !skip_space(&digits[count..]).is_empty() {
        return None;
    }
    let value = value.unwrap_or(u64::MAX) as f64;
    Some(if negative { -value } else { value })
}

fn skip_space(text: &[u8]) -> &[u8] {
    let start = text
        .iter()
        .position(|byte| !matches!(byte, 9..=13 | b' '))
        .unwrap_or(text.len());
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_luajit_reads_them() {
        let cases: [(&[u8], u32, Option<f64>); 22] = [
            (b"ff", 16, Some(255.0)),
            (b"-ff", 16, Some(-255.0)),
            (b" 11 ", 2, Some(3.0)),
            (b"0x1F", 16, Some(31.0)),
            (b"zz", 36, Some(1295.0)),
            (b"8", 8, None),
            (b"", 8, None),
            (b"-", 8, None),
            (b"18446744073709551616", 11, Some(18446744073709551615.0)),
            (b"fffffffffffffffff", 16, Some(18446744073709551615.0)),
            (b"-fffffffffffffffff", 16, Some(-18446744073709551615.0)),
            (b"1\0", 2, Some(1.0)),
            (b"1 1", 2, None),
            (b"0x", 16, None),
            (b"--1", 8, None),
            (b"- 1", 8, None),
            (b"1e1", 16, Some(481.0)),
            (b"\x0b1\x0c", 2, Some(1.0)),
            (b"+7", 8, Some(7.0)),
            (b"0X1g", 16, None),
            (b"0x1", 36, Some(1189.0)),
            (b"1", 1, None),
        ];
        for (text, base, expected) in cases {
            assert_eq!(parse_in_base(text, base), expected, "{text:?} {base}");
        }
        let zero = parse_in_base(b"-0", 8).unwrap();
        assert!(zero == 0.0 && zero.is_sign_negative());
    }
}
