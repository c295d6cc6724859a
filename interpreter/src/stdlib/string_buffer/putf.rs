//! `buffer:putf`: `string.format` that writes to a buffer.
//!
//! What was written before an error or while a `__tostring` handler runs stays in the buffer, as in LuaJIT.

use gc_arena::Gc;

use super::{as_buffer, check_buffer, with};
use crate::call::{Call, NativeResult};
use crate::error::Error;
use crate::stdlib::base::{display, identity};
use crate::text::format::{self, Conversion, Directive, Piece, Pieces};
use crate::userdata::Userdata;
use crate::value::Value;

/// Most bytes that a directive without a string writes.
const DIRECTIVE_ROOM: usize = 512;

pub(super) fn putf<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    check_buffer(call)?;
    call.check_string(2)?;
    proceed(call, call.arg_count(), 0, 2, false)
}

/// Goes on at a position of the format string; `arg` is the argument used last.
///
/// `converted` tells that the next argument is what a handler returned, and is not asked for another.
fn proceed<'gc>(
    call: &Call<'gc>,
    count: usize,
    position: usize,
    mut arg: usize,
    mut converted: bool,
) -> NativeResult<'gc> {
    let ctx = call.ctx;
    let buffer = check_buffer(call)?;
    let text = call.check_string(2)?;
    let mut pieces = Pieces::at(text.as_bytes(), position);
    loop {
        let position = pieces.position();
        let Some(piece) = pieces.next() else { break };
        let directive = match piece {
            Ok(Piece::Literal(literal)) => {
                call.burn(literal.len() / 64);
                with(buffer, |buffer| buffer.append(ctx, literal))?;
                continue;
            }
            Ok(Piece::Directive(directive)) => directive,
            Err(invalid) => return Err(call.error(invalid.message())),
        };
        arg += 1;
        if arg > count {
            return Err(call.arg_error(arg, "value expected"));
        }
        let number = |write: fn(&mut Vec<u8>, &Directive, f64), number: f64| {
            with(buffer, |buffer| {
                buffer.reserve(ctx, DIRECTIVE_ROOM)?;
                write(&mut buffer.bytes, &directive, number);
                Ok::<(), Error<'gc>>(())
            })
        };
        match directive.conversion {
            Conversion::String | Conversion::Quoted => {
                let value = call.arg(arg);
                if let Err(handler) = put_string(call, buffer, &directive, arg, converted)? {
                    call.keep(count)?;
                    call.push(Value::number(position as f64))?;
                    call.push(Value::number(arg as f64))?;
                    return call.invoke(handler, &[value], after_conversion);
                }
            }
            Conversion::Signed | Conversion::Unsigned | Conversion::Octal | Conversion::Hex => {
                match call.arg(arg).as_cdata() {
                    Some(cdata) => with(buffer, |buffer| {
                        buffer.reserve(ctx, DIRECTIVE_ROOM)?;
                        let bits = cdata.integer().bits();
                        format::format_bits(&mut buffer.bytes, &directive, bits);
                        Ok::<(), Error<'gc>>(())
                    })?,
                    None => number(format::format_integer, call.check_number(arg)?)?,
                }
            }
            Conversion::Byte => number(format::format_byte, f64::from(call.check_int(arg)?))?,
            Conversion::HexFloat
            | Conversion::Exponent
            | Conversion::Fixed
            | Conversion::General => number(format::format_float, call.check_number(arg)?)?,
            Conversion::Pointer => {
                let pointer = pointer(call, call.arg(arg));
                with(buffer, |buffer| buffer.append(ctx, pointer.as_bytes()))?;
            }
        }
        converted = false;
        call.burn(1);
    }
    call.ret(call.arg(1))
}

fn after_conversion<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let result = call.result(1);
    let count = call.arg_count() - 2;
    let own = |n| call.arg(count + n).as_number().expect("pushed by putf") as usize;
    let (position, arg) = (own(1), own(2));
    call.keep(count)?;
    call.set_arg(arg, result);
    proceed(call, count, position, arg - 1, true)
}

/// Writes argument `n` by `%s` or `%q`, or returns its `__tostring` handler, which is to be called first.
fn put_string<'gc>(
    call: &Call<'gc>,
    buffer: Gc<'gc, Userdata<'gc>>,
    directive: &Directive,
    n: usize,
    converted: bool,
) -> Result<Result<(), Value<'gc>>, Error<'gc>> {
    let ctx = call.ctx;
    let value = call.arg(n);
    let write = |bytes: &[u8]| {
        call.burn(bytes.len() / 32);
        with(buffer, |buffer| {
            if directive.conversion == Conversion::Quoted {
                buffer.reserve(ctx, 4 * bytes.len() + 2)?;
                format::quote(&mut buffer.bytes, bytes);
            } else {
                buffer.reserve(ctx, format::string_len(directive, bytes.len()))?;
                format::format_string(&mut buffer.bytes, directive, bytes);
            }
            Ok(())
        })
    };
    if let Some(other) = as_buffer(value) {
        if Gc::ptr_eq(buffer, other) {
            // LuaJIT counts the argument once too often here.
            return Err(call.arg_error(n + 1, "cannot put buffer into itself"));
        }
        return with(other, |other| write(other.contents())).map(Ok);
    }
    match display(ctx, value) {
        Ok(string) => write(string.as_bytes()).map(Ok),
        Err(_) if converted => {
            let plain = format!("{}: 0x{:08x}", value.type_name(), identity(ctx, value));
            write(plain.as_bytes()).map(Ok)
        }
        Err(handler) => Ok(Err(handler)),
    }
}

/// What `%p` shows: a number that identifies an object, `NULL` for values that are none.
fn pointer<'gc>(call: &Call<'gc>, value: Value<'gc>) -> String {
    match value.as_string() {
        Some(string) => format!("0x{:08x}", string.hash()),
        None if value.is_collectable() => format!("0x{:08x}", identity(call.ctx, value)),
        None => "NULL".into(),
    }
}
