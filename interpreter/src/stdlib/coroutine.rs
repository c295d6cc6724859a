//! The coroutine library. Yields work across everything, since nothing runs on the Rust stack.

use gc_arena::Gc;

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::coroutine::Coroutine;
use crate::error::Error;
use crate::value::Value;
use crate::vm::hook;

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let library = ctx.table();
    ctx.register(
        library,
        &[
            ("create", create),
            ("isyieldable", isyieldable),
            ("resume", resume),
            ("running", running),
            ("status", status),
            ("wrap", wrap),
            ("yield", yield_),
        ],
    )?;
    super::note_restartable(ctx, library, &["create", "wrap"]);
    ctx.set_field(ctx.globals(), "coroutine", library)
}

/// Makes a coroutine of the function in argument 1, with the globals of the one that makes it.
fn new<'gc>(call: &Call<'gc>) -> Result<Gc<'gc, Coroutine<'gc>>, Error<'gc>> {
    let function = call.check_function(1)?;
    let coroutine = Coroutine::new(call.mutation(), call.heap(), function);
    Coroutine::set_env(coroutine, call.mutation(), call.coroutine().env());
    Ok(coroutine)
}

fn create<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let coroutine = new(call)?;
    call.ret(coroutine)
}

fn resume<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    if call.arg(1).as_coroutine().is_none() {
        return Err(call.arg_error(1, "coroutine expected"));
    }
    call.resume_top(call.arg_count() - 1, false)
}

fn wrap<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let coroutine = new(call)?;
    call.ret(call.native(
        "wrap",
        |call| call.resume_top(call.arg_count(), true),
        &[coroutine.into()],
    ))
}

fn yield_<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    call.yield_top(call.arg_count())
}

fn running<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let current = call.coroutine();
    if current.resumer.get().is_none() {
        call.ret(Value::NIL)
    } else {
        call.ret(current)
    }
}

fn isyieldable<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let coroutine = call.coroutine();
    call.ret(coroutine.resumer.get().is_some() && !hook::is_held(call.ctx(), coroutine))
}

fn status<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let Some(coroutine) = call.arg(1).as_coroutine() else {
        return Err(call.arg_error(1, "coroutine expected"));
    };
    call.ret(call.string(coroutine.status().name()))
}
