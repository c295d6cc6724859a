//! Reading from files in the formats of `io.read`: numbers, lines, counts of bytes, all of it.

use std::io;

use gc_arena::Gc;

use super::stream::Stream;
use super::with_stream;
use crate::call::Call;
use crate::compiler::number::{is_space, string_to_number};
use crate::error::Error;
use crate::heap::MAX_STRING;
use crate::stdlib::buffer::Buffer;
use crate::userdata::Userdata;
use crate::value::Value;

/// Longest text that is read as a number: C has no limit, but nothing needs more.
const MAX_NUMERAL: usize = 64 * 1024;

/// Room of LuaJIT's buffer for lines, at first.
const LINE_ROOM: usize = 8192;

/// Bytes read at a time, at first and at most.
const PART: usize = 8192;
const MAX_PART: usize = 1024 * 1024;

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
    let mut failure = None;
    for index in 0..count {
        let format = match formats.get(index) {
            Some(&format) => parse(call, format, first + index)?,
            None => default[0],
        };
        let result = match format {
            Format::Number => skip_space(call, file)
                .map(|skipped| skipped.and_then(|()| with_stream(file, read_number))),
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
            // All of a file always succeeds: the formats behind it are looked at before the error is reported.
            Err(error) if matches!(format, Format::All) => failure = Some(error),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(failure.map_or(Ok(values), Err))
}

fn parse<'gc>(call: &Call<'gc>, format: Value<'gc>, n: usize) -> Result<Format, Error<'gc>> {
    if let Some(number) = format.as_number() {
        // LuaJIT counts in 32 bits without a sign, and makes a buffer of that size first.
        let count = crate::call::to_int(number) as u32 as usize;
        if count > MAX_STRING {
            return Err(call.string("not enough memory").into());
        }
        return Ok(Format::Count(count));
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

/// Reads a line as LuaJIT does: piece by piece, of which each ends where C sees a string end. So a zero byte
/// cuts off the rest of its line, the end included.
fn read_line<'gc>(
    call: &Call<'gc>,
    file: Gc<'gc, Userdata<'gc>>,
    keep_end: bool,
) -> Result<Read<'gc>, Error<'gc>> {
    let mut line = Buffer::new();
    // Room of LuaJIT's buffer: it decides where a line with zero bytes is taken up again.
    let mut room = LINE_ROOM;
    let mut found = false;
    let mut used = 0;
    loop {
        let start = line.len();
        let wanted = room - start - 1;
        match read_piece(call, file, &mut line, wanted)? {
            Err(error) => return Ok(Err(error)),
            Ok(false) => break,
            Ok(true) => {}
        }
        used += line.len() - start;
        check_amount(call, used)?;
        let bytes = line.bytes_mut();
        if let Some(end) = memchr::memchr(0, &bytes[start..]) {
            bytes.truncate(start + end);
        }
        found |= !bytes.is_empty();
        if bytes.last() == Some(&b'\n') {
            if !keep_end {
                bytes.pop();
            }
            break;
        }
        if bytes.len() >= room - 64 {
            room *= 2;
        }
    }
    if !found {
        return Ok(Ok(None));
    }
    call.burn(line.len() / 64);
    Ok(Ok(Some(line.finish(call.ctx)?.into())))
}

/// Ends the reading of what never comes to an end, such as zeros from a device.
fn check_amount<'gc>(call: &Call<'gc>, used: usize) -> Result<(), Error<'gc>> {
    if used > MAX_STRING {
        return Err(call.string("not enough memory").into());
    }
    Ok(())
}

/// Appends bytes up to the end of the line, but `wanted` at most; returns false if there are none.
pub(in crate::stdlib) fn read_piece<'gc>(
    call: &Call<'gc>,
    file: Gc<'gc, Userdata<'gc>>,
    line: &mut Buffer,
    wanted: usize,
) -> Result<io::Result<bool>, Error<'gc>> {
    let mut left = wanted;
    while left > 0 {
        let part = with_stream(
            file,
            |stream| -> io::Result<(usize, bool, Result<(), Error<'gc>>)> {
                let ahead = stream.fill()?;
                let ahead = &ahead[..ahead.len().min(left)];
                let end = memchr::memchr(b'\n', ahead);
                let text = end.map_or(ahead, |end| &ahead[..=end]);
                let (len, appended) = (text.len(), line.append(call.ctx, text));
                stream.take(len);
                Ok((len, end.is_some(), appended))
            },
        );
        match part {
            Err(error) => return Ok(Err(error)),
            Ok((0, ..)) => break,
            Ok((len, ends, appended)) => {
                appended?;
                left -= len;
                if ends {
                    break;
                }
            }
        }
    }
    Ok(Ok(left < wanted))
}

/// Reads up to `count` bytes and returns them with their number.
fn read_bytes<'gc>(
    call: &Call<'gc>,
    file: Gc<'gc, Userdata<'gc>>,
    count: usize,
) -> Result<io::Result<(Value<'gc>, usize)>, Error<'gc>> {
    let mut bytes = Buffer::new();
    let mut part = PART;
    while bytes.len() < count {
        let start = bytes.len();
        let wanted = (count - start).min(part);
        bytes.reserve(call.ctx, wanted)?;
        bytes.bytes_mut().resize(start + wanted, 0);
        let read = with_stream(file, |stream| stream.read(&mut bytes.bytes_mut()[start..]));
        bytes
            .bytes_mut()
            .truncate(start + *read.as_ref().unwrap_or(&0));
        match read {
            Err(error) => return Ok(Err(error)),
            Ok(0) => break,
            Ok(read) => call.burn(read / 64),
        }
        // Few large reads for a large file, small ones for a pipe that brings little.
        if bytes.len() - start == wanted {
            part = (2 * part).min(MAX_PART);
        }
    }
    Ok(Ok((bytes.finish(call.ctx)?.into(), bytes.len())))
}

fn peek(stream: &mut Stream) -> io::Result<Option<u8>> {
    Ok(stream.fill()?.first().copied())
}

/// Takes the next byte if it is one that `accepts` likes.
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

/// Takes the letters of a word; the byte that does not fit is used up too.
fn accept_word(stream: &mut Stream, text: &mut Vec<u8>, word: &[u8]) -> io::Result<bool> {
    for &letter in word {
        if !accept(stream, text, |byte| byte.eq_ignore_ascii_case(&letter))? {
            stream.take(1);
            return Ok(false);
        }
    }
    Ok(true)
}

/// Skips the white space in front of a number.
fn skip_space<'gc>(
    call: &Call<'gc>,
    file: Gc<'gc, Userdata<'gc>>,
) -> Result<io::Result<()>, Error<'gc>> {
    // `scanf` refuses what cannot be read without making it an error of the file.
    if !with_stream(file, |stream| stream.may_read) {
        return Ok(Ok(()));
    }
    let mut used = 0;
    loop {
        let skipped = with_stream(file, |stream| -> io::Result<(usize, bool)> {
            let ahead = stream.fill()?;
            let space = ahead.iter().take_while(|&&byte| is_space(byte)).count();
            let goes_on = space > 0 && space == ahead.len();
            stream.take(space);
            Ok((space, goes_on))
        });
        match skipped {
            Err(error) => return Ok(Err(error)),
            Ok((_, false)) => return Ok(Ok(())),
            Ok((space, true)) => used += space,
        }
        call.burn(1);
        check_amount(call, used)?;
    }
}

/// Reads a number as `scanf` of Linux's C library does: the longest text that could begin one is used up.
fn read_number<'gc>(stream: &mut Stream) -> Read<'gc> {
    if !stream.may_read {
        return Ok(None);
    }
    let mut text = Vec::new();
    accept(stream, &mut text, |b| matches!(b, b'+' | b'-'))?;
    let is_number = match peek(stream)? {
        Some(b'n' | b'N') => accept_word(stream, &mut text, b"nan")?,
        Some(b'i' | b'I') => {
            accept_word(stream, &mut text, b"inf")?
                && (!matches!(peek(stream)?, Some(b'i' | b'I'))
                    || accept_word(stream, &mut text, b"inity")?)
        }
        _ => read_digits(stream, &mut text)?,
    };
    Ok(is_number
        .then(|| string_to_number(&text))
        .flatten()
        .map(Value::number))
}

/// Takes the digits of a number, its point and its exponent; false when there is no number.
fn read_digits(stream: &mut Stream, text: &mut Vec<u8>) -> io::Result<bool> {
    let has_zero = accept(stream, text, |b| b == b'0')?;
    let is_hex = has_zero && accept(stream, text, |b| matches!(b, b'x' | b'X'))?;
    let mantissa = text.len();
    let is_digit = move |b: u8| {
        if is_hex {
            b.is_ascii_hexdigit()
        } else {
            b.is_ascii_digit()
        }
    };
    let is_exponent = move |b: u8| {
        if is_hex {
            matches!(b, b'p' | b'P')
        } else {
            matches!(b, b'e' | b'E')
        }
    };
    while accept(stream, text, is_digit)? {}
    if accept(stream, text, |b| b == b'.')? {
        while accept(stream, text, is_digit)? {}
    }
    let has_digits = text[mantissa..].iter().any(|&b| is_digit(b));
    if !has_digits && is_hex {
        // The zero in front of the `x` is a number, but only when something follows.
        let has_point = text.len() > mantissa;
        text.truncate(mantissa - 1);
        return Ok(has_point);
    }
    let end = text.len();
    if (has_digits || has_zero) && accept(stream, text, is_exponent)? {
        accept(stream, text, |b| matches!(b, b'+' | b'-'))?;
        while accept(stream, text, |b| b.is_ascii_digit())? {}
        if !text.last().is_some_and(u8::is_ascii_digit) {
            // An exponent without digits is used up and counts for nothing.
            text.truncate(end);
        }
    }
    Ok(has_digits || has_zero)
}
