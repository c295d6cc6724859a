//! `string.format`. The directives are `text::format`'s; this fetches their arguments.
//!
//! A `__tostring` handler is called like any function: what was formatted so far waits in a userdata.

use crate::call::{Call, NativeResult};
use crate::error::Error;
use crate::stdlib::base::{display, identity};
use crate::stdlib::buffer::Buffer;
use crate::stdlib::table::take_state;
use crate::text::decimal::append_number;
use crate::text::format::{self, Conversion, Directive, Piece, Pieces};
use crate::value::Value;

/// Most bytes that a directive without a string writes.
const DIRECTIVE_ROOM: usize = 512;

/// A formatting under way.
#[derive(Debug, Default)]
struct State {
    out: Buffer,
    /// Where the next piece of the format string starts.
    position: usize,
    /// Number of the argument that was used last.
    arg: usize,
    /// Argument that is the result of a `__tostring` handler, and is not asked for another.
    converted: usize,
}

pub(super) fn format<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    call.check_string(1)?;
    let state = State {
        out: Buffer::new(),
        position: 0,
        arg: 1,
        converted: 0,
    };
    proceed(call, state, call.arg_count())
}

fn after_conversion<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let result = call.result(1);
    let slot = call.arg_count();
    let mut state: State = take_state(call, slot);
    state.converted = state.arg + 1;
    call.keep(slot - 1)?;
    call.set_arg(state.converted, result);
    proceed(call, state, slot - 1)
}

fn proceed<'gc>(call: &Call<'gc>, mut state: State, arg_count: usize) -> NativeResult<'gc> {
    let ctx = call.ctx;
    let text = call.check_string(1)?;
    let mut pieces = Pieces::at(text.as_bytes(), state.position);
    loop {
        state.position = pieces.position();
        let Some(piece) = pieces.next() else { break };
        let directive = match piece {
            Ok(Piece::Literal(literal)) => {
                state.out.append(ctx, literal)?;
                continue;
            }
            Ok(Piece::Directive(directive)) => directive,
            Err(invalid) => return Err(call.error(invalid.message())),
        };
        let n = state.arg + 1;
        if n > arg_count {
            return Err(call.arg_error(n, "value expected"));
        }
        let out = &mut state.out;
        match directive.conversion {
            Conversion::String | Conversion::Quoted => {
                let value = call.arg(n);
                if let Err(handler) = put_string(call, &mut state, &directive, value)? {
                    state.out.account(ctx);
                    call.keep(arg_count)?;
                    call.push(ctx.userdata(Box::new(state)).into())?;
                    return call.invoke(handler, &[value], after_conversion);
                }
            }
            Conversion::Signed | Conversion::Unsigned | Conversion::Octal | Conversion::Hex => {
                if let Some(cdata) = call.arg(n).as_cdata() {
                    out.reserve(ctx, DIRECTIVE_ROOM)?;
                    format::format_bits(out.bytes_mut(), &directive, cdata.integer().bits());
                } else {
                    let number = call.check_number(n)?;
                    out.reserve(ctx, DIRECTIVE_ROOM)?;
                    format::format_integer(out.bytes_mut(), &directive, number);
                }
            }
            Conversion::Byte => {
                let number = f64::from(call.check_int(n)?);
                out.reserve(ctx, DIRECTIVE_ROOM)?;
                format::format_byte(out.bytes_mut(), &directive, number);
            }
            Conversion::HexFloat
            | Conversion::Exponent
            | Conversion::Fixed
            | Conversion::General => {
                let number = call.check_number(n)?;
                out.reserve(ctx, DIRECTIVE_ROOM)?;
                format::format_float(out.bytes_mut(), &directive, number);
            }
            Conversion::Pointer => {
                let pointer = pointer(call, call.arg(n));
                out.append(ctx, pointer.as_bytes())?;
            }
        }
        state.arg = n;
    }
    call.burn(state.out.len() / 16);
    call.ret(state.out.finish(ctx)?)
}

/// Writes a value by `%s` or `%q`, or returns its `__tostring` handler, which is to be called first.
fn put_string<'gc>(
    call: &Call<'gc>,
    state: &mut State,
    directive: &Directive,
    value: Value<'gc>,
) -> Result<Result<(), Value<'gc>>, Error<'gc>> {
    let ctx = call.ctx;
    let shown = if value.as_number().is_some() && ctx.metatable(value).is_none() {
        None
    } else {
        match display(ctx, value) {
            Ok(string) => Some(string),
            Err(_) if state.converted == state.arg + 1 => Some(ctx.string(format!(
                "{}: 0x{:08x}",
                value.type_name(),
                identity(ctx, value)
            ))),
            Err(handler) => return Ok(Err(handler)),
        }
    };
    let mut digits = Vec::new();
    let bytes = match (&shown, value.as_number()) {
        (Some(string), _) => string.as_bytes(),
        (None, Some(number)) => {
            if directive.conversion == Conversion::String
                && directive.width == 0
                && directive.precision.is_none()
            {
                state.out.reserve(ctx, DIRECTIVE_ROOM)?;
                append_number(state.out.bytes_mut(), number);
                return Ok(Ok(()));
            }
            append_number(&mut digits, number);
            &digits
        }
        (None, None) => &digits,
    };
    if directive.conversion == Conversion::Quoted {
        state.out.reserve(ctx, 4 * bytes.len() + 2)?;
        format::quote(state.out.bytes_mut(), bytes);
    } else {
        state
            .out
            .reserve(ctx, format::string_len(directive, bytes.len()))?;
        format::format_string(state.out.bytes_mut(), directive, bytes);
    }
    Ok(Ok(()))
}

/// What `%p` shows: a number that identifies an object, `NULL` for values that are none.
fn pointer<'gc>(call: &Call<'gc>, value: Value<'gc>) -> String {
    match value.as_string() {
        Some(string) => format!("0x{:08x}", string.hash()),
        None if value.is_collectable() => format!("0x{:08x}", identity(call.ctx, value)),
        None => "NULL".into(),
    }
}
