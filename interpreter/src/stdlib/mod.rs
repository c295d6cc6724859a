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
    package::open(ctx)?;
    note_restartable(ctx);
    Ok(())
}

/// Functions that have changed nothing when they fail for want of memory before they call anything.
const RESTARTABLE: &[(&str, &[&str])] = &[
    (
        "_G",
        &[
            "assert",
            "ipairs",
            "load",
            "loadstring",
            "newproxy",
            "next",
            "pairs",
            "pcall",
            "rawset",
            "select",
            "tonumber",
            "tostring",
            "unpack",
            "xpcall",
        ],
    ),
    (
        "string",
        &[
            "byte", "char", "dump", "find", "format", "gmatch", "gsub", "lower", "match", "rep",
            "reverse", "sub", "upper",
        ],
    ),
    ("table", &["concat", "insert"]),
    ("coroutine", &["create", "wrap"]),
    ("debug", &["traceback"]),
];

fn note_restartable(ctx: Context<'_>) {
    for (library, names) in RESTARTABLE {
        let Some(library) = ctx.globals().get(ctx.string(library).into()).as_table() else {
            continue;
        };
        for name in *names {
            let function = library.get(ctx.string(name).into()).as_function();
            if let Some(native) = function.as_ref().and_then(|f| f.native()) {
                native.is_restartable.set(true);
            }
        }
    }
}
