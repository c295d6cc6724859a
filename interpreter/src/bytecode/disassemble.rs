//! Prints bytecode the way `luajit -bl` does, for people and for comparison with LuaJIT.
//!
//! Works on templates that are not verified too: an operand that names nothing has no comment.
//! Source of the layout: LuaJIT 2.1, `jit/bc.lua`.

use std::borrow::Cow;
use std::fmt::{Result, Write};

use super::opcode::{Op, Operand, a, b, c, d, jump};
use super::{Constant, Template};

/// Longest string that is shown in full, in bytes.
const SHOWN_BYTES: usize = 40;

/// Writes a listing of a function, its nested functions first.
///
/// # Divergence from LuaJIT
///
/// Bytes that are no UTF-8 become replacement characters. A chunk that is named by a long source
/// text is shown by its beginning; LuaJIT shows an address.
///
/// # Errors
///
/// Those of `out`.
pub fn disassemble(template: &Template, out: &mut impl Write) -> Result {
    let mut stack = vec![(template, 0)];
    while let Some((parent, visited)) = stack.last_mut() {
        let parent = *parent;
        match parent.constants.get(*visited) {
            Some(Constant::Child(child)) => {
                *visited += 1;
                stack.push((child, 0));
            }
            Some(_) => *visited += 1,
            None => {
                list(parent, out)?;
                stack.pop();
            }
        }
    }
    Ok(())
}

/// Writes one function without the nested ones.
fn list(template: &Template, out: &mut impl Write) -> Result {
    let last_line = template.first_line.saturating_add(template.num_lines);
    writeln!(out, "-- BYTECODE -- {}-{last_line}", location(template))?;
    let mut is_target = vec![false; template.code.len()];
    for (at, &word) in template.code.iter().enumerate() {
        if Op::of(word).is_some_and(|op| op.shape().cd == Operand::Jump)
            && let Some(flag) = is_target.get_mut(target(at, word))
        {
            *flag = true;
        }
    }
    for (at, &word) in template.code.iter().enumerate() {
        let mark = if is_target[at] { "=>" } else { "  " };
        write!(out, "{:04} {mark} ", at + 1)?;
        instruction(template, at, word, out)?;
    }
    writeln!(out)
}

/// Writes one instruction after its position and mark.
fn instruction(template: &Template, at: usize, word: u32, out: &mut impl Write) -> Result {
    let Some(op) = Op::of(word) else {
        return writeln!(out, "?{:<5} {word:#010x}", word & 0xff);
    };
    let shape = op.shape();
    write!(out, "{:<6} ", shape.name)?;
    match shape.a {
        Operand::None => write!(out, "    ")?,
        _ => write!(out, "{:3} ", a(word))?,
    }
    let has_b = shape.b != Operand::None;
    let value = if has_b { c(word) } else { d(word) };
    if shape.cd == Operand::Jump {
        return writeln!(out, "=> {:04}", target(at, word).wrapping_add(1) as isize);
    }
    if shape.cd == Operand::None {
        return writeln!(out);
    }
    let mut comment = comment(template, op, shape.cd, value);
    if shape.a == Operand::Uv {
        let written = upvalue_name(template, a(word));
        comment = match (written, comment) {
            (Some(written), Some(value)) => Some(format!("{written} ; {value}")),
            (written, value) => written.or(value),
        };
    }
    match (has_b, comment) {
        (true, Some(comment)) => writeln!(out, "{:3} {value:3}  ; {comment}", b(word)),
        (true, None) => writeln!(out, "{:3} {value:3}", b(word)),
        (false, Some(comment)) => writeln!(out, "{value:3}      ; {comment}"),
        (false, None) if shape.cd == Operand::LitS => writeln!(out, "{:3}", value as u16 as i16),
        (false, None) => writeln!(out, "{value:3}"),
    }
}

/// Returns what the last operand stands for.
fn comment(template: &Template, op: Op, operand: Operand, value: usize) -> Option<String> {
    match operand {
        Operand::Str => match template.constants.get(value)? {
            Constant::String(string) => Some(quote(string)),
            _ => None,
        },
        Operand::Num => {
            let number = *template.numbers.get(value)?;
            // The index is held as the lower bits of a double.
            let bias = if op == Op::TSETM {
                (1u64 << 52) as f64
            } else {
                0.0
            };
            Some(format_number(number - bias))
        }
        Operand::Func => match template.constants.get(value)? {
            Constant::Child(child) => Some(location(child)),
            _ => None,
        },
        Operand::Uv => upvalue_name(template, value),
        _ => None,
    }
}

fn upvalue_name(template: &Template, index: usize) -> Option<String> {
    let name = template.debug.as_ref()?.upvalue_names.get(index)?;
    Some(String::from_utf8_lossy(name).into_owned())
}

/// Returns the index of the instruction that a jump goes to, which may be out of range.
fn target(at: usize, word: u32) -> usize {
    (at + 1).wrapping_add_signed(jump(word))
}

/// Returns the short name of the chunk and the first line (LuaJIT, `lj_debug_pushloc`).
fn location(template: &Template) -> String {
    let line = template.first_line;
    let shown = |name| String::from_utf8_lossy(name);
    match &*template.chunk_name {
        [b'@', path @ ..] => {
            let start = path
                .iter()
                .rposition(|&byte| byte == b'/' || byte == b'\\')
                .filter(|&slash| slash > 0)
                .map_or(0, |slash| slash + 1);
            format!("{}:{line}", shown(&path[start..]))
        }
        name if name.len() > SHOWN_BYTES => format!("{}:{line}", quote(name)),
        [b'=', name @ ..] => format!("{}:{line}", shown(name)),
        name => format!("\"{}\":{line}", shown(name)),
    }
}

/// Returns a string in quotes, shortened with a `~` behind them where it is long.
fn quote(string: &[u8]) -> String {
    let mut escaped = Vec::new();
    for &byte in string {
        match byte {
            b'\n' => escaped.extend_from_slice(b"\\n"),
            b'\r' => escaped.extend_from_slice(b"\\r"),
            b'\t' => escaped.extend_from_slice(b"\\t"),
            0..32 | 127 => escaped.extend_from_slice(format!("\\{byte:03}").as_bytes()),
            _ => escaped.push(byte),
        }
        // LuaJIT decides by the length of the string but cuts what it escaped.
        if string.len() > SHOWN_BYTES && escaped.len() >= SHOWN_BYTES {
            escaped.truncate(SHOWN_BYTES);
            break;
        }
    }
    let mark = if string.len() > SHOWN_BYTES { "~" } else { "" };
    let text: Cow<'_, str> = String::from_utf8_lossy(&escaped);
    format!("\"{text}\"{mark}")
}

/// Formats a number like C's `%.14g`.
fn format_number(number: f64) -> String {
    const DIGITS: i32 = 14;
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:.13e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..DIGITS).contains(&exponent) {
        let decimals = (DIGITS - 1 - exponent) as usize;
        return trim_zeros(&format!("{number:.decimals$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim_zeros(mantissa), exponent.abs())
}

/// Removes zeros at the end of a fraction, and its point where nothing else is left.
fn trim_zeros(digits: &str) -> &str {
    if !digits.contains('.') {
        return digits;
    }
    digits.trim_end_matches('0').trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::super::dump;
    use super::super::dump::tests::{SAMPLE, leaf};
    use super::*;

    #[test]
    fn sample_is_listed_as_luajit_does() {
        let mut out = String::new();
        disassemble(&dump::read(SAMPLE.into()).unwrap(), &mut out).unwrap();
        let headers: Vec<_> = out.lines().filter(|line| line.starts_with("--")).collect();
        assert_eq!(
            headers,
            [
                "-- BYTECODE -- sample.lua:4-4",
                "-- BYTECODE -- sample.lua:2-7",
                "-- BYTECODE -- sample.lua:8-8",
                "-- BYTECODE -- sample.lua:0-12",
            ]
        );
        for line in [
            "0001    KSHORT   1   1\n",
            "0004    FORI     1 => 0010\n",
            "0005 => UGET     5   0      ; n\n",
            "0006    MULVN    6   4   0  ; 0.5\n",
            "0008    USETV    0   5      ; n\n",
            "0010 => GGET     1   0      ; \"pairs\"\n",
            "0015    FNEW     7   1      ; sample.lua:4\n",
            "0025    IST          1\n",
            "0037    TSETM    2   1      ; 2\n",
            "0038    KCDATA   2   3\n",
        ] {
            assert!(out.contains(line), "{line}{out}");
        }
    }

    #[test]
    fn unverified_code_is_listed() {
        let mut out = String::new();
        let code = vec![0xffff_ff58, 0xffff_ff27, 0xffff_ffff, 0x0000_0059];
        disassemble(&leaf(code, 0), &mut out).unwrap();
        assert_eq!(
            out,
            "-- BYTECODE -- leaf:0-0\n\
             0001    JMP    255 => 32769\n\
             0002    KSTR   255 65535\n\
             0003    ?255   0xffffffff\n\
             0004    FUNCF    0 \n\n"
        );
    }

    #[test]
    fn strings_are_escaped_and_cut() {
        assert_eq!(quote(b"a\n\t\r\0\x7f\""), "\"a\\n\\t\\r\\000\\127\"\"");
        assert_eq!(quote(&[b'x'; 40]), format!("\"{}\"", "x".repeat(40)));
        assert_eq!(quote(&[b'\n'; 41]), format!("\"{}\"~", "\\n".repeat(20)));
    }

    #[test]
    fn numbers_look_as_in_lua() {
        for (number, text) in [
            (0.1, "0.1"),
            (-0.0, "-0"),
            (1e14, "1e+14"),
            (123456789012345.0, "1.2345678901234e+14"),
            (99999999999999.0, "99999999999999"),
            (0.0001, "0.0001"),
            (0.00001234, "1.234e-05"),
            (1e300, "1e+300"),
            (1.0 / 3.0, "0.33333333333333"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(format_number(number), text);
        }
    }

    #[test]
    fn chunk_names_are_shortened() {
        let mut template = leaf(Vec::new(), 1);
        for (name, text) in [
            ("@/usr/share/x.lua", "x.lua:0"),
            ("@/x.lua", "/x.lua:0"),
            ("=stdin", "stdin:0"),
            ("return 1", "\"return 1\":0"),
        ] {
            template.chunk_name = name.as_bytes().into();
            assert_eq!(location(&template), text);
        }
    }
}
