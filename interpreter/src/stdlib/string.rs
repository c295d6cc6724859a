//! The library `string`, and the metatable that gives strings their methods.

mod format;
mod gsub;
mod search;

use gc_arena::Gc;

use crate::bytecode::dump;
use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::Error;
use crate::stdlib::buffer::Buffer;
use crate::text::bytes::{rep_len, repeat_until, sub_range};
use crate::value::{Type, Value};

/// Most values that `string.byte` returns (LuaJIT's `LUAI_MAXCSTACK`).
const MAX_SLICE: usize = 8000;

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let library = ctx.table();
    ctx.register(
        library,
        &[
            ("byte", byte),
            ("char", char),
            ("dump", dump),
            ("find", search::find),
            ("format", format::format),
            ("gmatch", search::gmatch),
            ("gsub", gsub::gsub),
            ("len", len),
            ("lower", |call| {
                map_bytes(call, u8::is_ascii_uppercase, u8::to_ascii_lowercase)
            }),
            ("match", search::match_),
            ("rep", rep),
            ("reverse", reverse),
            ("sub", sub),
            ("upper", |call| {
                map_bytes(call, u8::is_ascii_lowercase, u8::to_ascii_uppercase)
            }),
        ],
    )?;
    super::note_restartable(
        ctx,
        library,
        &[
            "byte", "char", "dump", "find", "format", "gmatch", "gsub", "lower", "match", "rep",
            "reverse", "sub", "upper",
        ],
    );
    let metatable = ctx.table();
    ctx.set_field(metatable, "__index", library)?;
    ctx.vm.type_metatables[Type::String as usize].set(Some(metatable));
    ctx.set_field(ctx.globals(), "string", library)
}

fn byte<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let string = call.check_string(1)?;
    let start = call.opt_int(2, 1)?;
    let stop = call.opt_int(3, start)?;
    match &string.as_bytes()[sub_range(string.len(), start, stop)] {
        [] => call.ret0(),
        &[byte] => call.ret(f64::from(byte)),
        bytes => {
            if bytes.len() > MAX_SLICE {
                return Err(call.error("string slice too long"));
            }
            call.reserve(bytes.len())?;
            for &byte in bytes {
                call.push(Value::number(f64::from(byte)))?;
            }
            call.ret_top(bytes.len())
        }
    }
}

fn char<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let count = call.arg_count();
    let mut short = [0; 32];
    let mut long = Vec::new();
    let bytes = if count <= short.len() {
        &mut short[..count]
    } else {
        long.resize(count, 0);
        &mut long[..]
    };
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::try_from(call.check_int(index + 1)?)
            .map_err(|_| call.arg_error(index + 1, "invalid value"))?;
    }
    call.ret(call.string(bytes))
}

fn dump<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let function = call.check_function(1)?;
    let Some(prototype) = function.prototype() else {
        return Err(call.error("unable to dump given function"));
    };
    let strip = match call.arg(2).as_string() {
        Some(mode) => mode.as_bytes().contains(&b's'),
        None => call.arg(2).is_truthy(),
    };
    let bytes = dump::write(prototype.template(), strip);
    call.burn(bytes.len() / 16);
    call.ret(call.checked_string(&bytes)?)
}

fn len<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    if let Some(string) = call.arg(1).as_string() {
        return call.ret(string.len() as f64);
    }
    // LuaJIT has it written in Lua: a missing argument is nil.
    let string = crate::vm::arithmetic::to_string(call.ctx, call.arg(1)).ok_or_else(|| {
        call.arg_error(
            1,
            format!("string expected, got {}", call.arg(1).type_name()),
        )
    })?;
    call.ret(string.len() as f64)
}

/// Maps each byte by `map`; `changes` tells which ones it would change.
#[inline(always)]
fn map_bytes<'gc>(
    call: &Call<'gc>,
    changes: impl Fn(&u8) -> bool,
    map: impl Fn(&u8) -> u8,
) -> NativeResult<'gc> {
    let string = call.check_string(1)?;
    let bytes = string.as_bytes();
    if !bytes.iter().any(changes) {
        return call.ret(string);
    }
    call.burn(bytes.len() / 32);
    let mut out = Buffer::new();
    out.reserve(call.ctx, bytes.len())?;
    out.bytes_mut().extend(bytes.iter().map(map));
    call.ret(out.finish(call.ctx)?)
}

fn reverse<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let string = call.check_string(1)?;
    call.burn(string.len() / 32);
    let mut out = Buffer::new();
    out.reserve(call.ctx, string.len())?;
    out.bytes_mut().extend(string.as_bytes().iter().rev());
    call.ret(out.finish(call.ctx)?)
}

fn rep<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let string = call.check_string(1)?;
    let count = call.check_int(2)?;
    let separator = call.opt_string(3)?;
    if count == 1 {
        return call.ret(string);
    }
    let separator = separator.map_or(&b""[..], |s| Gc::as_ref(s).as_bytes());
    let total = rep_len(string.len(), count, separator.len()).unwrap_or(usize::MAX);
    call.check_room(total)?;
    call.burn(total / 64);
    let mut out = Buffer::new();
    out.reserve(call.ctx, total)?;
    if separator.is_empty() {
        repeat_until(out.bytes_mut(), string.as_bytes(), total);
    } else {
        repeat_until(
            out.bytes_mut(),
            &[string.as_bytes(), separator].concat(),
            total,
        );
    }
    call.ret(out.finish(call.ctx)?)
}

fn sub<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let string = call.check_string(1)?;
    let start = call.check_int(2)?;
    let stop = call.opt_int(3, -1)?;
    let range = sub_range(string.len(), start, stop);
    if range.len() == string.len() {
        return call.ret(string);
    }
    call.burn(range.len() / 64);
    call.ret(call.checked_string(&string.as_bytes()[range])?)
}
