//! Runs one Lua file in piccolo with its whole standard library: `cargo run --example piccolo_run FILE`.
//! piccolo is an independent implementation and serves as an oracle and as a peer in the benchmarks.
//! `benches/peers.rs` includes this file, so that a measured run is a process of its own.

use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use piccolo::{Closure, Executor, Lua};

/// Runs the file named by the last argument; an error goes to stderr and gives exit status 1.
pub(crate) fn main() -> ExitCode {
    let Some(path) = std::env::args_os().skip(1).last() else {
        eprintln!("usage: piccolo_run FILE");
        return ExitCode::FAILURE;
    };
    match run(path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("piccolo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(path: OsString) -> Result<(), Box<dyn Error>> {
    let source = std::fs::read(&path)?;
    let mut lua = Lua::full();
    let executor = lua.try_enter(|ctx| {
        let name = path.to_string_lossy();
        let closure = Closure::load(ctx, Some(&name), source.as_slice())?;
        Ok(ctx.stash(Executor::start(ctx, closure.into(), ())))
    })?;
    lua.execute::<()>(&executor)?;
    std::io::stdout().flush()?;
    Ok(())
}
