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
mod sort;
mod string;
pub(crate) mod string_buffer;
mod table;

use crate::context::Context;
use crate::error::Error;

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
