//! Runs a chunk in a VM of its own that sees no world: its output is kept, its clock stands still.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::rc::Rc;

use interpreter::{Environment, Error, Failure, Interrupt, Lua, Options, Outcome, Stash};

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
    let (mut lua, world) = build(limits);
    let end = match load(&mut lua, chunk, name) {
        Ok(function) => call(&mut lua, &function, arguments, limits.fuel),
        Err(message) => End::Failed(message),
    };
    drop(lua);
    let output = world.0.take();
    (output, end)
}

/// A chunk that is run again and again in one VM, since to build one takes longer than most runs: it must leave
/// no trace there.
#[derive(Debug)]
pub struct Repeated {
    chunk: &'static [u8],
    name: &'static [u8],
    limits: Limits,
    built: Option<(Lua, Stash)>,
    /// Runs of the VM.
    runs: u32,
}

/// What a VM does before there is a new one, so that what it has gathered stays little.
const MOST_RUNS: u32 = 1000;

impl Repeated {
    pub fn new(chunk: &'static [u8], name: &'static [u8], limits: Limits) -> Repeated {
        Repeated {
            chunk,
            name,
            limits,
            built: None,
            runs: 0,
        }
    }

    /// Runs the chunk with strings as its arguments; what it prints is lost.
    pub fn run(&mut self, arguments: &[&[u8]]) -> End {
        // Taken out: a VM that panics or is interrupted is not used again.
        let (mut lua, function) = match self.built.take().filter(|_| self.runs < MOST_RUNS) {
            Some(built) => built,
            None => {
                self.runs = 0;
                let (mut lua, _) = build(self.limits);
                match load(&mut lua, self.chunk, self.name) {
                    Ok(function) => (lua, function),
                    Err(message) => return End::Failed(message),
                }
            }
        };
        self.runs += 1;
        let end = call(&mut lua, &function, arguments, self.limits.fuel);
        let used = lua.enter(|ctx| ctx.heap().used());
        // Room enough for the next arguments, whatever garbage there is.
        if !matches!(end, End::Interrupted(_)) && used < self.limits.memory / 2 {
            self.built = Some((lua, function));
        }
        end
    }
}

fn build(limits: Limits) -> (Lua, Rc<Nowhere>) {
    let world = Rc::new(Nowhere::default());
    let mut lua = Lua::new(Options {
        memory: Some(limits.memory),
        seed: 0,
        environment: world.clone(),
    });
    if let Some(step) = limits.stress {
        lua.stress_collector(step);
    }
    (lua, world)
}

fn load(lua: &mut Lua, chunk: &[u8], name: &[u8]) -> Result<Stash, String> {
    lua.enter(|ctx| {
        let prototype = ctx.load(chunk, name).map_err(|error| error.to_string())?;
        let function = ctx.main_function(prototype, ctx.globals());
        Ok(ctx.stash(function.into()))
    })
}

fn call(lua: &mut Lua, function: &Stash, arguments: &[&[u8]], fuel: u64) -> End {
    let task = lua.enter(|ctx| {
        let mut values = Vec::new();
        for bytes in arguments {
            let string = ctx.checked_string(bytes);
            values.push(string.map_err(|error| error.to_string())?.into());
        }
        let function = ctx.fetch(function).as_function().expect("made by load");
        Ok(ctx.task(function, &values))
    });
    let mut task = match task {
        Ok(task) => task,
        Err(message) => return End::Failed(message),
    };
    let end = match lua.run(&mut task, fuel) {
        Outcome::Finished => End::Finished,
        Outcome::OutOfFuel | Outcome::Suspended => End::Interrupted(Interrupt::OutOfFuel),
        Outcome::Failed(Failure::Interrupted(interrupt)) => End::Interrupted(interrupt),
        Outcome::Failed(Failure::Error { value, .. }) => {
            End::Failed(lua.enter(|ctx| Error::new(ctx.unstash(value)).to_string()))
        }
    };
    lua.enter(|ctx| ctx.drop_task(task));
    end
}
