//! Runs one Lua file in a VM of its own, as `sandbox run` does.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use interpreter::bytecode::disassemble::{Listing, disassemble};
use interpreter::{Context, Environment, Task, Value};

use crate::machine::{Machine, compile, load_error, read_error};

pub use crate::machine::{RunError, RunOptions, Text};

/// Bytes without which there is not even room for the library.
pub const LEAST_MEMORY: usize = 100_000;

/// Reads a memory limit of so many bytes at least.
///
/// # Errors
///
/// When the text is no number, or one that is too small.
pub fn memory_limit(text: &str, least: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes) if bytes >= least => Ok(bytes),
        Ok(_) => Err(format!(
            "it is {least} at least: less leaves no room for the library"
        )),
        Err(_) => Err("it is a number of bytes".into()),
    }
}

/// Reads a chunk and returns it with its name; the file `-` is standard input.
fn read(file: &Path) -> Result<(Vec<u8>, Vec<u8>), RunError> {
    let mut chunk = Vec::new();
    let (result, name) = if file.as_os_str() == "-" {
        (io::stdin().read_to_end(&mut chunk), b"=stdin".to_vec())
    } else {
        let read = std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut chunk));
        (read, [b"@", file.as_os_str().as_bytes()].concat())
    };
    match result {
        Ok(_) => Ok((chunk, name)),
        Err(error) => Err(read_error(&file.into(), &error)),
    }
}

/// Runs a file of Lua source or a dump, with `arg` and `...` set.
///
/// # Errors
///
/// See [`RunError`].
pub fn run_file(file: &Path, words: &[OsString], options: &RunOptions) -> Result<(), RunError> {
    let (chunk, name) = read(file)?;
    let mut machine = Machine::new(options);
    let result = machine
        .lua
        .enter(|ctx| start(ctx, &chunk, &name, file, words, options));
    let mut result = result.and_then(|mut task| machine.run(&mut task, |_, _| {}));
    // Not when a limit or the program itself has ended it.
    if matches!(result, Ok(()) | Err(RunError::Lua(_) | RunError::Nil)) {
        let finalized = machine.finalize();
        result = result.and(finalized);
    }
    // What was printed must be out before an error is; nobody can be told that it cannot.
    let _ = machine.system().flush();
    let is_broken = machine.system().is_output_broken();
    match result {
        // Here C waits for nobody.
        Err(RunError::Exit(status)) => drop((machine, status)),
        _ => machine.finish(),
    }
    match result {
        Ok(()) | Err(RunError::Exit(0)) if is_broken => Err(RunError::OutputClosed),
        Err(RunError::Exit(0)) => Ok(()),
        result => result,
    }
}

fn start<'gc>(
    ctx: Context<'gc>,
    chunk: &[u8],
    name: &[u8],
    file: &Path,
    words: &[OsString],
    options: &RunOptions,
) -> Result<Task, RunError> {
    let main = compile(ctx, chunk, name)?;
    let arguments: Vec<Value<'gc>> = words
        .iter()
        .map(|word| ctx.string(word.as_bytes()).into())
        .collect();
    let arg = ctx.table();
    let command = options.command.iter().map(OsString::as_os_str);
    let all = command.chain([file.as_os_str()]);
    let first = -(options.command.len() as f64);
    for (index, word) in all.chain(words.iter().map(OsString::as_os_str)).enumerate() {
        let word = ctx.string(word.as_bytes());
        ctx.set(arg, first + index as f64, word)
            .map_err(|error| load_error(&error))?;
    }
    ctx.set_field(ctx.globals(), "arg", arg)
        .map_err(|error| load_error(&error))?;
    Ok(ctx.task(main, &arguments))
}

/// Returns the bytecode listing of a file of Lua source or a dump.
///
/// # Errors
///
/// See [`RunError`].
pub fn disassemble_file(file: &Path, listing: Listing) -> Result<Vec<u8>, RunError> {
    use interpreter::bytecode::dump;
    let (chunk, name) = read(file)?;
    let load_error = |message: Vec<u8>| RunError::Load(Text(message));
    let template = if chunk.starts_with(b"\x1bLJ") {
        dump::read(chunk.into()).map_err(|error| {
            let shown = interpreter::compiler::chunk_display(&name);
            load_error([&shown, format!(": {error}").as_bytes()].concat())
        })?
    } else {
        interpreter::compiler::compile(&chunk, &name)
            .map_err(|error| load_error(error.message.to_vec()))?
    };
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = disassemble(&template, listing, &mut text);
    Ok(text)
}
