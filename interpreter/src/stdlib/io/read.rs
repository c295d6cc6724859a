//! Reading from files in the formats of `io.read`: numbers, lines, counts of bytes, all of it.

use std::io;

use gc_arena::Gc;

use super::stream::Stream;
use super::with_stream;
use crate::call::Call;
use crate::compiler::number::string_to_number;
use crate::error::Error;
use crate::stdlib::buffer::Buffer;
use crate::userdata::Userdata;
use crate::value::Value;

/// Longest text that is read as a number.
const MAX_NUMERAL: usize = 200;

#[derive(Debug, Clone, Copy)]
enum Format {
    Number,
    Line { keep_end: bool },
    All,
    Count(usize),
}

/// What one format came to: a value, or nothing at the end of the file.
type Read<'gc> = io::Result<Option<Value<'gc>>>;

/// Reads one value for each format, a line when there is none, and stops with nil where one fails.
///
/// `first` is the number of the argument that the first format was.
pub(super) fn read<'gc>(
    call: &Call<'gc>,
    file: Gc<'gc, Userdata<'gc>>,
    formats: &[Value<'gc>],
    first: usize,
) -> Result<io::Result<Vec<Value<'gc>>>, Error<'gc>> {
    let mut values = Vec::with_capacity(formats.len().max(1));
    let default = [Format::Line { keep_end: false }];
    let count = formats.len().max(1);
    for index in 0..count {
        let format = match formats.get(index) {
            Some(&format) => parse(call, format, first + index)?,
            None => default[0],
        };
        let result = match format {
            Format::Number => Ok(with_stream(file, read_number)),
            Format::Line { keep_end } => read_line(call, file, keep_end),
            Format::All => {
                read_bytes(call, file, usize::MAX).map(|read| read.map(|(value, _)| Some(value)))
            }
            Format::Count(0) => Ok(with_stream(file, |stream| {
                Ok((!stream.fill()?.is_empty()).then(|| call.string(b"").into()))
            })),
            Format::Count(count) => read_bytes(call, file, count)
                .map(|read| read.map(|(value, len)| (len > 0).then_some(value))),
        };
        match result? {
            Ok(Some(value)) => values.push(value),
            Ok(None) => {
                values.push(Value::NIL);
                break;
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(values))
}

fn parse<'gc>(call: &Call<'gc>, format: Value<'gc>, n: usize) -> Result<Format, Error<'gc>> {
    if let Some(number) = format.as_number() {
        // LuaJIT counts in 32 bits without a sign.
        return Ok(Format::Count(crate::call::to_int(number) as u32 as usize));
    }
    let Some(text) = format.as_string() else {
        return Err(call.arg_error(n, "invalid option"));
    };
    let text = text.as_bytes();
    match text.strip_prefix(b"*").unwrap_or(text).first() {
        Some(b'n') => Ok(Format::Number),
        Some(b'l') => Ok(Format::Line { keep_end: false }),
        Some(b'L') => Ok(Format::Line { keep_end: true }),
        Some(b'a') => Ok(Format::All),
        _ => Err(call.arg_error(n, "invalid format")),
    }
}

fn read_line<'gc>(
    call: &Call<'gc>,
    file: Gc<'gc, Userdata<'gc>>,
    keep_end: bool,
) -> Result<Read<'gc>, Error<'gc>> {
    let mut line = Buffer::new();
    loop {
        // The part of the line in the buffer, and whether it ends there; nothing at the end of the file.
        let part = with_stream(
            file,
            |stream| -> io::Result<Option<(Result<(), Error<'gc>>, bool)>> {
                let ahead = stream.fill()?;
                if ahead.is_empty() {
                    return Ok(None);
                }
                let end = memchr::memchr(b'\n', ahead);
                let (text, used) = match end {
                    Some(end) => (&ahead[..end + usize::from(keep_end)], end + 1),
                    None => (ahead, ahead.len()),
                };
                let appended = line.append(call.ctx, text);
                stream.take(used);
                Ok(Some((appended, end.is_some())))
            },
        );
        match part {
            Err(error) => return Ok(Err(error)),
            Ok(None) if line.len() == 0 => return Ok(Ok(None)),
            Ok(Some((appended, false))) => appended?,
            Ok(None) | Ok(Some((Ok(()), true))) => break,
            Ok(Some((Err(error), true))) => return Err(error),
        }
    }
    call.burn(line.len() / 64);
    Ok(Ok(Some(line.finish(call.ctx)?.into())))
}

/// Reads up to `count` bytes and returns them with their number.
fn read_bytes<'gc>(
    call: &Call<'gc>,
    file: Gc<'gc, Userdata<'gc>>,
    count: usize,
) -> Result<io::Result<(Value<'gc>, usize)>, Error<'gc>> {
    let mut bytes = Buffer::new();
    while bytes.len() < count {
        let wanted = count - bytes.len();
        let part = with_stream(
            file,
            |stream| -> io::Result<(usize, Result<(), Error<'gc>>)> {
                let ahead = stream.fill()?;
                let part = &ahead[..ahead.len().min(wanted)];
                let len = part.len();
                let appended = bytes.append(call.ctx, part);
                stream.take(len);
                Ok((len, appended))
            },
        );
        match part {
            Err(error) => return Ok(Err(error)),
            Ok((0, _)) => break,
            Ok((_, appended)) => appended?,
        }
    }
    call.burn(bytes.len() / 64);
    Ok(Ok((bytes.finish(call.ctx)?.into(), bytes.len())))
}

/// Reads a number as C's `scanf` does: the longest text that could be one, which is used up in any case.
fn read_number<'gc>(stream: &mut Stream) -> Read<'gc> {
    fn peek(stream: &mut Stream) -> io::Result<Option<u8>> {
        Ok(stream.fill()?.first().copied())
    }
    fn accept(
        stream: &mut Stream,
        text: &mut Vec<u8>,
        accepts: impl Fn(u8) -> bool,
    ) -> io::Result<bool> {
        match peek(stream)? {
            Some(byte) if accepts(byte) && text.len() < MAX_NUMERAL => {
                text.push(byte);
                stream.take(1);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
    while peek(stream)?.is_some_and(crate::compiler::number::is_space) {
        stream.take(1);
    }
    let mut text = Vec::new();
    accept(stream, &mut text, |b| matches!(b, b'+' | b'-'))?;
    let is_hex = accept(stream, &mut text, |b| b == b'0')?
        && accept(stream, &mut text, |b| matches!(b, b'x' | b'X'))?;
    let is_digit = move |b: u8| {
        if is_hex {
            b.is_ascii_hexdigit()
        } else {
            b.is_ascii_digit()
        }
    };
    while accept(stream, &mut text, is_digit)? {}
    if accept(stream, &mut text, |b| b == b'.')? {
        while accept(stream, &mut text, is_digit)? {}
    }
    let is_exponent = move |b: u8| {
        if is_hex {
            matches!(b, b'p' | b'P')
        } else {
            matches!(b, b'e' | b'E')
        }
    };
    if text.iter().any(|&b| is_digit(b)) && accept(stream, &mut text, is_exponent)? {
        accept(stream, &mut text, |b| matches!(b, b'+' | b'-'))?;
        while accept(stream, &mut text, |b| b.is_ascii_digit())? {}
    }
    // C's number syntax has a sign `+`, Lua's has not.
    let text = text.strip_prefix(b"+").unwrap_or(&text);
    Ok(string_to_number(text).map(Value::number))
}
