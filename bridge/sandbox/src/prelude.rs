//! What a sandbox runs before anything else: the prelude, which builds `vim`.

use interpreter::compiler::SyntaxError;
use interpreter::{Chunk, Failure, Lua, Stash, Task, Value};

use crate::calls;
use crate::handle::Options;

/// Builds `vim` and what else a sandbox has beyond the standard library.
const PRELUDE: &[u8] = include_bytes!("prelude.lua");

/// The name of the prelude, for messages.
pub(crate) const CHUNK_NAME: &[u8] = b"=(sandbox prelude)";

/// Operators on values that stay on the other side; a chunk that both sides run.
pub const OPERATORS: &str = include_str!("operators.lua");

thread_local! {
    /// The prelude and the operators, compiled for all sandboxes of this thread.
    static CHUNKS: Result<[Chunk; 2], SyntaxError> = Chunk::compile(PRELUDE, CHUNK_NAME)
        .and_then(|prelude| {
            let operators = Chunk::compile(OPERATORS.as_bytes(), b"=(sandbox operators)")?;
            Ok([prelude, operators])
        });
}

/// About what a sandbox takes before it runs anything, in bytes; only said in messages.
pub(crate) const LEAST_MEMORY: usize = 200_000;

/// Why a sandbox could not be made.
pub(crate) enum StartFailure {
    /// Its memory limit is too small for the library.
    NoRoom,
    Other(String),
}

/// Runs the prelude; returns its function that loads modules.
pub(crate) fn run_prelude(lua: &mut Lua, options: &Options) -> Result<Stash, StartFailure> {
    let [prelude, operators] = CHUNKS
        .with(Clone::clone)
        .map_err(|error| StartFailure::Other(error.to_string()))?;
    let task = lua.enter(|ctx| -> Result<Task, String> {
        let prelude = ctx
            .load_chunk(&prelude)
            .map_err(|error| error.to_string())?;
        let main = ctx.main_function(prelude, ctx.globals());
        let operators = ctx
            .load_chunk(&operators)
            .map_err(|error| error.to_string())?;
        let operators = ctx.main_function(operators, ctx.globals());
        let natives = calls::natives(ctx).map_err(|error| error.to_string())?;
        ctx.set_field(natives, "operators", operators)
            .map_err(|error| error.to_string())?;
        let path = ctx.string(module_path(options));
        let seed = Value::number(options.seed as f64);
        Ok(ctx.task(main, &[natives.into(), path.into(), seed]))
    });
    // What fails in there fails for want of memory.
    let mut task = task.map_err(|_| StartFailure::NoRoom)?;
    loop {
        match lua.run(&mut task, u64::MAX) {
            interpreter::Outcome::Finished => break,
            interpreter::Outcome::OutOfFuel => {}
            interpreter::Outcome::Suspended => {
                return Err(StartFailure::Other("the prelude waits".into()));
            }
            interpreter::Outcome::Failed(Failure::Error { value, .. }) => {
                let text = lua.enter(|ctx| format!("{:?}", ctx.unstash(value)));
                return Err(StartFailure::Other(text));
            }
            interpreter::Outcome::Failed(Failure::Interrupted(_)) => {
                return Err(StartFailure::NoRoom);
            }
        }
    }
    Ok(lua.enter(|ctx| {
        let results = ctx.results(&task);
        ctx.drop_task(task);
        ctx.stash(results.first().copied().unwrap_or(Value::NIL))
    }))
}

/// Returns `package.path` for a sandbox: the runtime's directories, then the host's own.
fn module_path(options: &Options) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    let paths = &options.paths;
    let mut path = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for directory in std::iter::once(&paths.vimruntime).chain(&paths.runtime_path) {
        if directory.as_os_str().is_empty() || !seen.insert(directory) {
            continue;
        }
        for pattern in ["/lua/?.lua;", "/lua/?/init.lua;"] {
            path.extend_from_slice(directory.as_os_str().as_bytes());
            path.extend_from_slice(pattern.as_bytes());
        }
    }
    path.extend_from_slice(&paths.package_path);
    path
}
