//! The `jit` table: what programs ask of it to learn where they run. There is no JIT to control.

pub(crate) mod util;

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::Error;
use crate::value::Value;

/// What Neovim 0.11.4's LuaJIT calls itself, whose dialect this is.
const VERSION: &str = "LuaJIT 2.1.1741730670";
const VERSION_NUMBER: f64 = 20199.0;

/// Optimizations that LuaJIT can turn on and off.
const OPTIMIZATIONS: [&str; 10] = [
    "fold", "cse", "dce", "fwd", "dse", "narrow", "loop", "abc", "sink", "fuse",
];

/// Numbers that it can be given.
const PARAMETERS: [&str; 15] = [
    "maxtrace",
    "maxrecord",
    "maxirconst",
    "maxside",
    "maxsnap",
    "minstitch",
    "hotloop",
    "hotexit",
    "tryside",
    "instunroll",
    "loopunroll",
    "callunroll",
    "recunroll",
    "sizemcode",
    "maxmcode",
];

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let library = ctx.table();
    ctx.register(
        library,
        &[
            ("on", set_mode),
            ("off", set_mode),
            ("flush", flush),
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
    ctx.register(options, &[("start", start)])?;
    ctx.set_field(library, "opt", options)?;
    ctx.set_field(ctx.globals(), "jit", library)
}

/// `jit.on` and `jit.off`: for all, for a function, or for the caller. Nothing is compiled anyway.
fn set_mode<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let subject = call.arg(1);
    let is_valid = if let Some(function) = subject.as_function() {
        function.prototype().is_some()
    } else if subject.same(Value::TRUE) {
        let caller = call.coroutine.caller(call.base);
        caller
            .and_then(|(base, _)| call.coroutine.function_at(base))
            .is_some_and(|function| !function.is_native())
    } else {
        subject.is_nil()
    };
    if is_valid {
        call.ret0()
    } else {
        Err(call.type_error(1, "function"))
    }
}

/// `jit.flush`: the same, or for a trace by its number.
fn flush<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    if call.arg(1).is_number() {
        return call.ret0();
    }
    set_mode(call)
}

/// `jit.opt.start`: looks whether the flags are ones that LuaJIT knows.
fn start<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    for n in 1..=call.arg_count() {
        let flag = call.check_string(n)?;
        let text = String::from_utf8_lossy(flag.as_bytes()).into_owned();
        if !is_known(&text) {
            let message = format!("unknown or malformed optimization flag '{text}'");
            return Err(call.error(message));
        }
    }
    call.ret0()
}

fn is_known(flag: &str) -> bool {
    if let [digit] = flag.as_bytes() {
        return digit.is_ascii_digit();
    }
    if let Some((name, value)) = flag.split_once('=') {
        // Nothing is 0.
        let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
        return is_number && PARAMETERS.contains(&name);
    }
    let name = flag.strip_prefix(['+', '-']).unwrap_or(flag);
    OPTIMIZATIONS.contains(&name)
        || name
            .strip_prefix("no")
            .is_some_and(|name| OPTIMIZATIONS.contains(&name.trim_start_matches('-')))
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
