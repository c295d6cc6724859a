//! Prints bytecode the way `luajit -bl` does, for people and for comparison with LuaJIT.
//!
//! Works on templates that are not verified too: an operand that names nothing has no comment.
//! Source of the layout: LuaJIT 2.1, `jit/bc.lua`.

use std::io::{Result, Write};

use super::opcode::{Op, Operand, a, b, c, d, jump};
use super::{Constant, Template};
use crate::text::decimal::number_to_string;

/// Longest string that is shown in full, in bytes.
const SHOWN_BYTES: usize = 40;

/// What a listing shows besides the instructions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listing {
    /// The source line of each instruction, as `luajit -bL` does.
    pub lines: bool,
    /// Every constant of a function, used or not, in front of its instructions.
    pub constants: bool,
}

/// Writes a listing of a function, its nested functions first.
///
/// # Divergence from LuaJIT
///
/// A chunk that is named by a long source text is shown by its beginning; LuaJIT shows an address.
///
/// # Errors
///
/// Those of `out`.
pub fn disassemble(template: &Template, listing: Listing, out: &mut impl Write) -> Result<()> {
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
                list(parent, listing, out)?;
                stack.pop();
            }
        }
    }
    Ok(())
}

/// Writes one function without the nested ones.
fn list(template: &Template, listing: Listing, out: &mut impl Write) -> Result<()> {
    let last_line = template.first_line.saturating_add(template.num_lines);
    out.write_all(b"-- BYTECODE -- ")?;
    out.write_all(&location(template))?;
    writeln!(out, "-{last_line}")?;
    if listing.constants {
        list_constants(template, out)?;
    }
    let mut is_target = vec![false; template.code.len()];
    for (at, word) in template.code.words().enumerate() {
        if Op::of(word).is_some_and(|op| op.shape().cd == Operand::Jump)
            && let Some(flag) = is_target.get_mut(target(at, word))
        {
            *flag = true;
        }
    }
    let lines = template.debug.as_ref().map(|debug| &debug.lines);
    for (at, word) in template.code.words().enumerate() {
        let mark = if is_target[at] { "=>" } else { "  " };
        write!(out, "{:04} ", at + 1)?;
        if listing.lines {
            let line = lines.and_then(|lines| lines.get(at)).unwrap_or(0);
            write!(out, "{:>7} ", format!("[{line}]"))?;
        }
        write!(out, "{mark} ")?;
        instruction(template, at, word, out)?;
    }
    writeln!(out)
}

/// Writes the constants with the indices by which instructions name them.
fn list_constants(template: &Template, out: &mut impl Write) -> Result<()> {
    for (index, constant) in template.constants.iter().enumerate() {
        write!(out, "KGC    {index:<4} ")?;
        match constant {
            Constant::String(string) => out.write_all(&quote(string))?,
            Constant::Child(child) => out.write_all(&location(child))?,
            Constant::Table(table) => {
                let entries = table.array.len().saturating_sub(1);
                write!(out, "table {entries} {}", table.hash.len())?;
            }
            Constant::Int64(number) => write!(out, "{number}LL")?,
            Constant::Uint64(number) => write!(out, "{number}ULL")?,
            Constant::Complex(re, im) => write!(out, "{re}+{im}i")?,
        }
        writeln!(out)?;
    }
    for (index, &number) in template.numbers.iter().enumerate() {
        write!(out, "KN     {index:<4} ")?;
        out.write_all(&number_to_string(number))?;
        writeln!(out)?;
    }
    Ok(())
}

/// Writes one instruction after its position and mark.
fn instruction(template: &Template, at: usize, word: u32, out: &mut impl Write) -> Result<()> {
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
        let written = upvalue_name(template, a(word)).map(<[u8]>::to_vec);
        comment = match (written, comment) {
            (Some(written), Some(value)) => Some([&written, &b" ; "[..], &value].concat()),
            (written, value) => written.or(value),
        };
    }
    match has_b {
        true => write!(out, "{:3} {value:3}", b(word))?,
        false if comment.is_none() && shape.cd == Operand::LitS => {
            write!(out, "{:3}", value as u16 as i16)?;
        }
        false => write!(out, "{value:3}")?,
    }
    if let Some(comment) = comment {
        out.write_all(if has_b { b"  ; " } else { b"      ; " })?;
        out.write_all(&comment)?;
    }
    writeln!(out)
}

/// Returns what the last operand stands for.
fn comment(template: &Template, op: Op, operand: Operand, value: usize) -> Option<Vec<u8>> {
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
            Some(number_to_string(number - bias).to_vec())
        }
        Operand::Func => match template.constants.get(value)? {
            Constant::Child(child) => Some(location(child)),
            _ => None,
        },
        Operand::Uv => upvalue_name(template, value).map(<[u8]>::to_vec),
        _ => None,
    }
}

fn upvalue_name(template: &Template, index: usize) -> Option<&[u8]> {
    template.debug.as_ref()?.upvalue_names.get(index)
}

/// Returns the index of the instruction that a jump goes to, which may be out of range.
fn target(at: usize, word: u32) -> usize {
    (at + 1).wrapping_add_signed(jump(word))
}

/// Returns the short name of the chunk and the first line (LuaJIT, `lj_debug_pushloc`).
fn location(template: &Template) -> Vec<u8> {
    let mut place = match &*template.chunk_name {
        [b'@', path @ ..] => {
            let start = path
                .iter()
                .rposition(|&byte| byte == b'/' || byte == b'\\')
                .filter(|&slash| slash > 0)
                .map_or(0, |slash| slash + 1);
            path[start..].to_vec()
        }
        name if name.len() > SHOWN_BYTES => quote(name),
        [b'=', name @ ..] => name.to_vec(),
        name => [b"\"", name, b"\""].concat(),
    };
    place.extend_from_slice(format!(":{}", template.first_line).as_bytes());
    place
}

/// Returns a string in quotes, shortened with a `~` behind them where it is long.
fn quote(string: &[u8]) -> Vec<u8> {
    let mut text = vec![b'"'];
    for &byte in string {
        match byte {
            b'\n' => text.extend_from_slice(b"\\n"),
            b'\r' => text.extend_from_slice(b"\\r"),
            b'\t' => text.extend_from_slice(b"\\t"),
            0..32 | 127 => text.extend_from_slice(format!("\\{byte:03}").as_bytes()),
            _ => text.push(byte),
        }
        // LuaJIT decides by the length of the string but cuts what it escaped.
        if string.len() > SHOWN_BYTES && text.len() > SHOWN_BYTES {
            text.truncate(1 + SHOWN_BYTES);
            break;
        }
    }
    text.push(b'"');
    if string.len() > SHOWN_BYTES {
        text.push(b'~');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::dump;
    use super::super::dump::tests::{SAMPLE, leaf};
    use super::*;

    #[test]
    fn sample_is_listed_as_luajit_does() {
        let mut out = Vec::new();
        let sample = dump::read(SAMPLE.into()).unwrap();
        disassemble(&sample, Listing::default(), &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
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
        let mut out = Vec::new();
        let code = vec![0xffff_ff58, 0xffff_ff27, 0xffff_ffff, 0x0000_0059];
        disassemble(&leaf(code, 0), Listing::default(), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "-- BYTECODE -- leaf:0-0\n\
             0001    JMP    255 => 32769\n\
             0002    KSTR   255 65535\n\
             0003    ?255   0xffffffff\n\
             0004    FUNCF    0 \n\n"
        );
    }

    #[test]
    fn lines_and_constants_are_listed_on_demand() {
        let listing = Listing {
            lines: true,
            constants: true,
        };
        let source = b"local t = { 1, 2, x = 3 }\nreturn t, '\xff', 0.5,\n  function() end";
        let template = crate::compiler::compile(source, b"@x.lua").unwrap();
        let mut out = Vec::new();
        disassemble(&template, listing, &mut out).unwrap();
        let main = out.split_inclusive(|&byte| byte == b'\n').skip(4);
        let main: Vec<u8> = main.collect::<Vec<_>>().concat();
        let expected = b"\
KGC    0    table 2 1
KGC    1    \"\xff\"
KGC    2    x.lua:3
KN     0    0.5
0001     [1]    TDUP     0   0
0002     [2]    MOV      1   0
0003     [2]    KSTR     2   1      ; \"\xff\"
0004     [2]    KNUM     3   0      ; 0.5
0005     [3]    FNEW     4   2      ; x.lua:3
";
        assert!(
            main.windows(expected.len()).any(|part| part == expected),
            "{}",
            String::from_utf8_lossy(&out)
        );
    }

    #[test]
    fn strings_are_escaped_and_cut() {
        assert_eq!(quote(b"a\n\t\r\0\x7f\""), b"\"a\\n\\t\\r\\000\\127\"\"");
        assert_eq!(
            quote(&[b'x'; 40]),
            format!("\"{}\"", "x".repeat(40)).as_bytes()
        );
        assert_eq!(
            quote(&[b'\n'; 41]),
            format!("\"{}\"~", "\\n".repeat(20)).as_bytes()
        );
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
            assert_eq!(location(&template), text.as_bytes());
        }
    }
}
