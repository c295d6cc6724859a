//! The command `sandbox`: runs and shows Lua files with our own VM.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use conformance::run::{self, RunOptions};

const USAGE: &str = "\
usage: sandbox run FILE [ARG…] [options]   run a Lua file or dump in the VM
       sandbox disasm FILE                 show the bytecode of a Lua file or dump

options of run:
  --seed N        decides hash order (default 0)
  --fuel N        calls and loop iterations allowed in all
  --memory BYTES  bytes of Lua data allowed
  --timeout MS    milliseconds allowed
  --policy NAME   `trusted` (default) or `pure`: no files, no variables, no processes

exit status of run: 0, or 1 after an error, or 2 for bad usage, or 3 when a limit ended the program";

fn main() -> ExitCode {
    match dispatch() {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("sandbox: {error}\n{USAGE}"));
            ExitCode::from(2)
        }
    }
}

/// Writes to standard error; nobody can be told when that fails.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn dispatch() -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value};
    let mut parser = lexopt::Parser::from_env();
    match parser.next()? {
        Some(Value(command)) if command == "run" => run_command(parser),
        Some(Value(command)) if command == "disasm" => disassemble_command(parser),
        Some(Value(command)) => {
            Err(format!("unknown command '{}'", command.to_string_lossy()).into())
        }
        Some(Long("help") | Short('h')) => {
            let _ = writeln!(std::io::stdout(), "{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => Err(other.unexpected()),
        None => Err("which command?".into()),
    }
}

fn run_command(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Value, ValueExt};
    let mut options = RunOptions::default();
    let mut words: Vec<OsString> = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("fuel") => options.fuel = Some(parser.value()?.parse()?),
            Long("memory") => options.memory = Some(parser.value()?.parse()?),
            Long("timeout") => options.timeout_ms = Some(parser.value()?.parse()?),
            Long("policy") => {
                options.is_pure = match parser.value()?.to_str() {
                    Some("trusted") => false,
                    Some("pure") => true,
                    _ => return Err("--policy is `trusted` or `pure`".into()),
                };
            }
            Value(word) => words.push(word),
            other => return Err(other.unexpected()),
        }
    }
    if words.is_empty() {
        return Err("run which file?".into());
    }
    let file = words.remove(0);
    Ok(match run::run_file(file.as_ref(), &words, &options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(run::RunError::Exit(status)) => ExitCode::from(status),
        Err(run::RunError::Limit(limit)) => {
            complain(&format!("sandbox: {limit}"));
            ExitCode::from(3)
        }
        Err(error) => {
            complain(&format!("sandbox: {error}"));
            ExitCode::FAILURE
        }
    })
}

fn disassemble_command(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::Value;
    let Some(Value(file)) = parser.next()? else {
        return Err("show which file?".into());
    };
    Ok(match run::disassemble_file(file.as_ref()) {
        Ok(listing) => {
            let _ = std::io::stdout().write_all(listing.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&format!("sandbox: {error}"));
            ExitCode::FAILURE
        }
    })
}
