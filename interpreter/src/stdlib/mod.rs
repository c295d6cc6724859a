//! The standard library that programs see, one file per library.

mod base;
mod bit;
mod buffer;
mod cdata;
mod coroutine;
mod debug;
mod io;
mod jit;
mod load;
mod math;
mod os;
mod package;
pub(crate) mod sort;
mod string;
pub(crate) mod string_buffer;
mod table;

use gc_arena::Gc;

use crate::context::Context;
use crate::error::Error;
use crate::table::Table;

/// Opens all libraries.
pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    base::open(ctx)?;
    load::open(ctx)?;
    coroutine::open(ctx)?;
    string::open(ctx)?;
    table::open(ctx)?;
    math::open(ctx)?;
    bit::open(ctx)?;
    cdata::open(ctx)?;
    os::open(ctx)?;
    io::open(ctx)?;
    debug::open(ctx)?;
    jit::open(ctx)?;
    // Last, for it lists the others in `package.loaded`.
    package::open(ctx)
}

/// Says of functions of a library, by their names, that they have changed nothing when they fail for want of
/// memory before they call anything, so that they can be called again after a collection.
fn note_restartable<'gc>(ctx: Context<'gc>, library: Gc<'gc, Table<'gc>>, names: &[&str]) {
    for name in names {
        let function = library.get(ctx.string(name).into()).as_function();
        if let Some(native) = function.as_ref().and_then(|function| function.native()) {
            native.is_restartable.set(true);
        }
    }
}
