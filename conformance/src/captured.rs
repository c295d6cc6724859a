//! Runs a chunk in a VM of its own that sees no world: its output is kept, its clock stands still.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::rc::Rc;

use interpreter::{
    Context, Environment, Error, Failure, Interrupt, Lua, Options, Outcome, Task, Value,
};

/// Output beyond this many bytes is dropped.
const MAX_OUTPUT: usize = 4 << 20;

/// A world without time and files, which remembers what was printed.
#[derive(Debug, Default)]
struct Nowhere(RefCell<Vec<u8>>);

impl Environment for Nowhere {
    fn time(&self) -> f64 {
        0.0
    }

    fn clock(&self) -> f64 {
        0.0
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut output = self.0.borrow_mut();
        let room = MAX_OUTPUT - output.len();
        output.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(())
    }

    fn read_file(&self, _path: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn variable(&self, _name: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// What a chunk may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Calls, loop iterations and the like.
    pub fuel: u64,
    /// Bytes of Lua data.
    pub memory: usize,
    /// Objects that the collector looks at at every safe point, if it is to be tested too.
    pub stress: Option<f64>,
}

/// How a chunk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Finished,
    /// It did not load, or raised this and nothing caught it.
    Failed(String),
    Interrupted(Interrupt),
}

/// Runs a chunk with strings as its arguments; returns its output and how it ended.
pub fn run(chunk: &[u8], name: &[u8], arguments: &[&[u8]], limits: Limits) -> (Vec<u8>, End) {
    let world = Rc::new(Nowhere::default());
    let mut lua = Lua::new(Options {
        memory: Some(limits.memory),
        seed: 0,
        environment: world.clone(),
    });
    if let Some(step) = limits.stress {
        lua.stress_collector(step);
    }
    let end = run_in(&mut lua, chunk, name, arguments, limits.fuel);
    drop(lua);
    let output = world.0.take();
    (output, end)
}

fn start<'gc>(
    ctx: Context<'gc>,
    chunk: &[u8],
    name: &[u8],
    arguments: &[&[u8]],
) -> Result<Task, Error<'gc>> {
    let prototype = ctx.load(chunk, name)?;
    let function = ctx.main_function(prototype, ctx.globals());
    let mut values: Vec<Value<'gc>> = Vec::new();
    for bytes in arguments {
        values.push(ctx.checked_string(bytes)?.into());
    }
    Ok(ctx.task(function, &values))
}

fn run_in(lua: &mut Lua, chunk: &[u8], name: &[u8], arguments: &[&[u8]], fuel: u64) -> End {
    let task =
        lua.enter(|ctx| start(ctx, chunk, name, arguments).map_err(|error| error.to_string()));
    let mut task = match task {
        Ok(task) => task,
        Err(message) => return End::Failed(message),
    };
    match lua.run(&mut task, fuel) {
        Outcome::Finished => End::Finished,
        Outcome::OutOfFuel | Outcome::Suspended => End::Interrupted(Interrupt::OutOfFuel),
        Outcome::Failed(Failure::Interrupted(interrupt)) => End::Interrupted(interrupt),
        Outcome::Failed(Failure::Error { value, .. }) => {
            End::Failed(lua.enter(|ctx| Error::new(ctx.unstash(value)).to_string()))
        }
    }
}
