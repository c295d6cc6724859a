//! The metatable of 64-bit integers, which LuaJIT's ffi library makes. A program reaches it by
//! `debug.getmetatable` only.
//!
//! The VM knows its operators and does their work in place (`vm::cdata`); these functions are for programs
//! that call them by hand.

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::Error;
use crate::function::NativeFn;
use crate::value::{Type, Value};
use crate::vm::{Metamethod, cdata};

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let metatable = ctx.table_with_room(0, 19);
    let handlers: [(Metamethod, NativeFn); 18] = [
        (Metamethod::Index, index),
        (Metamethod::NewIndex, new_index),
        (Metamethod::Eq, |call| operate(call, Metamethod::Eq)),
        (Metamethod::Len, |call| operate(call, Metamethod::Len)),
        (Metamethod::Lt, |call| operate(call, Metamethod::Lt)),
        (Metamethod::Le, |call| operate(call, Metamethod::Le)),
        (Metamethod::Concat, |call| operate(call, Metamethod::Concat)),
        (Metamethod::Add, |call| operate(call, Metamethod::Add)),
        (Metamethod::Sub, |call| operate(call, Metamethod::Sub)),
        (Metamethod::Mul, |call| operate(call, Metamethod::Mul)),
        (Metamethod::Div, |call| operate(call, Metamethod::Div)),
        (Metamethod::Mod, |call| operate(call, Metamethod::Mod)),
        (Metamethod::Pow, |call| operate(call, Metamethod::Pow)),
        (Metamethod::Unm, |call| operate(call, Metamethod::Unm)),
        (Metamethod::Call, call_integer),
        (Metamethod::ToString, to_string),
        (Metamethod::Pairs, |call| traverse(call, Metamethod::Pairs)),
        (Metamethod::IPairs, |call| {
            traverse(call, Metamethod::IPairs)
        }),
    ];
    for (event, run) in handlers {
        let function = ctx.native(event.name(), run, &[]);
        ctx.vm.integer_handlers[event as usize].set(Some(function));
        ctx.set_field(metatable, event.name(), function)?;
    }
    ctx.set_field(metatable, "__metatable", ctx.string("ffi"))?;
    ctx.vm.type_metatables[Type::Cdata as usize].set(Some(metatable));
    Ok(())
}

/// Returns argument 1, which must be an integer and be followed by `more` arguments.
fn check_cdata<'gc>(call: &Call<'gc>, more: usize) -> Result<Value<'gc>, Error<'gc>> {
    let value = call.arg(1);
    if value.as_cdata().is_none() || call.arg_count() <= more {
        return Err(call.type_error(1, "cdata"));
    }
    Ok(value)
}

fn operate<'gc>(call: &Call<'gc>, event: Metamethod) -> NativeResult<'gc> {
    if call.arg_count() < 2 {
        return Err(call.type_error(1, "cdata"));
    }
    match cdata::handle(call.ctx, event, call.arg(1), call.arg(2)) {
        Ok(value) => call.ret(value),
        Err(message) => Err(call.error(message)),
    }
}

fn index<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let object = check_cdata(call, 1)?;
    Err(call.error(cdata::index_refusal(object, call.arg(2))))
}

fn new_index<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let object = check_cdata(call, 2)?;
    Err(call.error(cdata::index_refusal(object, call.arg(2))))
}

fn call_integer<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    Err(call.error(cdata::call_refusal(check_cdata(call, 0)?)))
}

fn traverse<'gc>(call: &Call<'gc>, event: Metamethod) -> NativeResult<'gc> {
    Err(call.error(cdata::traversal_refusal(check_cdata(call, 0)?, event)))
}

fn to_string<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let value = check_cdata(call, 0)?;
    let integer = value.as_cdata().expect("checked").integer();
    call.ret(call.string(integer.to_string()))
}
