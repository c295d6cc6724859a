//! The `jit` table: what programs ask of it to learn where they run. There is no JIT to control.

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::Error;
use crate::function::NativeFn;
use crate::value::Value;

/// What Neovim 0.11.4's LuaJIT calls itself, whose dialect this is.
const VERSION: &str = "LuaJIT 2.1.1741730670";
const VERSION_NUMBER: f64 = 20199.0;

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let library = ctx.table();
    let nothing: NativeFn = |call| call.ret0();
    ctx.register(
        library,
        &[
            ("on", nothing),
            ("off", nothing),
            ("flush", nothing),
            ("status", status),
        ],
    )?;
    let os = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "OSX",
        "windows" => "Windows",
        "freebsd" | "openbsd" | "netbsd" => "BSD",
        _ => "Other",
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    for (name, text) in [("version", VERSION), ("os", os), ("arch", arch)] {
        ctx.set_field(library, name, ctx.string(text))?;
    }
    ctx.set_field(library, "version_num", VERSION_NUMBER)?;
    let options = ctx.table();
    ctx.register(options, &[("start", nothing)])?;
    ctx.set_field(library, "opt", options)?;
    ctx.set_field(ctx.globals(), "jit", library)
}

/// `jit.status()`: the JIT is off, and has no options.
fn status<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    call.ret(Value::FALSE)
}

/// The loader of `ffi`.
pub(crate) fn no_ffi<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    Err(call.error(
        "module 'ffi' is not available in a sandbox: C calls would reach past its limits and its thread",
    ))
}
