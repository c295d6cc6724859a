//! Runs one Lua file in a VM of its own, as `sandbox run` does.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use interpreter::{
    Context, Environment, Error, Failure, Interrupt, Isolated, Lua, Options, Outcome, System, Task,
    Value,
};

/// Fuel between two looks at the clock.
const SLICE: u64 = 200_000;

/// How a file is run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Decides hash order.
    pub seed: u64,
    /// Calls and loop iterations allowed in all.
    pub fuel: Option<u64>,
    /// Bytes of Lua data allowed.
    pub memory: Option<usize>,
    /// Milliseconds allowed.
    pub timeout_ms: Option<u64>,
    /// No files, no variables, no processes.
    pub is_pure: bool,
}

/// Why a file did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("cannot read {0}: {1}")]
    Read(String, io::Error),
    /// The file cannot be compiled; the message says where.
    #[error("{0}")]
    Load(String),
    /// An error that nothing caught, with its traceback.
    #[error("{message}\n{traceback}")]
    Lua { message: String, traceback: String },
    #[error("{0}")]
    Limit(Interrupt),
    /// The program called `os.exit` with a status other than 0.
    #[error("exited with status {0}")]
    Exit(u8),
}

/// Runs a file of Lua source or a dump, with `arg` and `...` set.
///
/// # Errors
///
/// See [`RunError`].
pub fn run_file(file: &Path, words: &[OsString], options: &RunOptions) -> Result<(), RunError> {
    let chunk =
        std::fs::read(file).map_err(|error| RunError::Read(file.display().to_string(), error))?;
    let environment: Rc<dyn Environment> = if options.is_pure {
        Rc::new(Isolated::new())
    } else {
        Rc::new(System::new())
    };
    let mut lua = Lua::new(Options {
        memory: options.memory,
        seed: options.seed,
        environment: environment.clone(),
    });
    let name = [b"@", file.as_os_str().as_bytes()].concat();
    let mut task = lua
        .enter(|ctx| start(ctx, &chunk, &name, file, words).map_err(|error| error.to_string()))
        .map_err(RunError::Load)?;
    let result = run_task(&mut lua, &mut task, options);
    // What was printed must be out before an error is.
    let _ = environment.flush();
    result
}

fn start<'gc>(
    ctx: Context<'gc>,
    chunk: &[u8],
    name: &[u8],
    file: &Path,
    words: &[OsString],
) -> Result<Task, Error<'gc>> {
    let main = ctx.main_function(ctx.load(chunk, name)?, ctx.globals());
    let arguments: Vec<Value<'gc>> = words
        .iter()
        .map(|word| ctx.string(word.as_bytes()).into())
        .collect();
    let arg = ctx.table();
    ctx.set(arg, 0.0, ctx.string(file.as_os_str().as_bytes()))?;
    for (index, &word) in arguments.iter().enumerate() {
        ctx.set(arg, (index + 1) as f64, word)?;
    }
    ctx.set_field(ctx.globals(), "arg", arg)?;
    Ok(ctx.task(main, &arguments))
}

fn run_task(lua: &mut Lua, task: &mut Task, options: &RunOptions) -> Result<(), RunError> {
    let deadline = options
        .timeout_ms
        .map(|ms| Instant::now() + Duration::from_millis(ms));
    loop {
        let left = options.fuel.map_or(SLICE, |fuel| {
            SLICE.min(fuel.saturating_sub(lua.fuel_used()))
        });
        if left == 0 {
            return Err(RunError::Limit(Interrupt::OutOfFuel));
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(RunError::Limit(Interrupt::TimedOut));
        }
        match lua.run(task, left) {
            Outcome::Finished => return Ok(()),
            // Nothing in a plain VM waits for its embedder.
            Outcome::OutOfFuel | Outcome::Suspended => {}
            Outcome::Failed(Failure::Interrupted(Interrupt::Exited(status))) => {
                // What the operating system keeps of it.
                return match status as u8 {
                    0 => Ok(()),
                    status => Err(RunError::Exit(status)),
                };
            }
            Outcome::Failed(Failure::Interrupted(interrupt)) => {
                return Err(RunError::Limit(interrupt));
            }
            Outcome::Failed(Failure::Error { value, traceback }) => {
                let message = lua.enter(|ctx| Error::new(ctx.unstash(value)).to_string());
                let traceback = String::from_utf8_lossy(&traceback).into_owned();
                return Err(RunError::Lua { message, traceback });
            }
        }
    }
}

/// Returns the bytecode listing of a file of Lua source or a dump.
///
/// # Errors
///
/// See [`RunError`].
pub fn disassemble_file(file: &Path) -> Result<String, RunError> {
    use interpreter::bytecode::{disassemble, dump};
    let chunk =
        std::fs::read(file).map_err(|error| RunError::Read(file.display().to_string(), error))?;
    let template = if chunk.starts_with(b"\x1bLJ") {
        dump::read(chunk.into()).map_err(|error| RunError::Load(error.to_string()))?
    } else {
        let name = [b"@", file.as_os_str().as_bytes()].concat();
        interpreter::compiler::compile(&chunk, &name)
            .map_err(|error| RunError::Load(String::from_utf8_lossy(&error.message).into_owned()))?
    };
    let mut listing = String::new();
    // Writing to a string cannot fail.
    let _ = disassemble::disassemble(&template, &mut listing);
    Ok(listing)
}
