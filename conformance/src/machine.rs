//! A VM with the world that it runs in and its limits: what `sandbox run` and `sandbox repl` share.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use interpreter::{
    Context, Environment, Error, Failure, Function, Gc, Interrupt, Isolated, Lua, Options, Outcome,
    Stash, System, Task, Value,
};

/// Fuel between two looks at the clock.
const SLICE: u64 = 200_000;

/// Fuel for the `__tostring` of an error that ends a program.
const MESSAGE_FUEL: u64 = 10_000_000;

/// How programs are run.
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
    /// The collector works at every safe point, so many objects at a time: for tests of the VM.
    pub collector_step: Option<f64>,
    /// The words of the command line before the file: `arg[-1]` is the last.
    pub command: Vec<OsString>,
}

/// Bytes for people to read, which need not be UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// Why a program did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("{0}")]
    Read(Text),
    /// The chunk cannot be compiled; the message says where.
    #[error("{0}")]
    Load(Text),
    /// An error that nothing caught: the message and the traceback.
    #[error("{0}")]
    Lua(Text),
    /// An error that nothing caught, with nil for a value: there is nothing to say of it.
    #[error("error without a value")]
    Nil,
    #[error("{0}")]
    Limit(Interrupt),
    /// The program called `os.exit` with this status.
    #[error("exited with status {0}")]
    Exit(u8),
    /// Nobody reads what the program prints any more.
    #[error("standard output is closed")]
    OutputClosed,
}

impl RunError {
    /// Returns what there is to say of it, `None` if nothing.
    pub fn message(&self) -> Option<Text> {
        match self {
            RunError::Read(text) | RunError::Load(text) | RunError::Lua(text) => Some(text.clone()),
            RunError::Limit(limit) => Some(Text(limit.to_string().into_bytes())),
            RunError::Nil | RunError::Exit(_) | RunError::OutputClosed => None,
        }
    }

    /// Returns the status that the process ends with.
    pub fn status(&self) -> u8 {
        match self {
            RunError::Read(_) | RunError::Load(_) | RunError::Lua(_) | RunError::Nil => 1,
            RunError::Limit(_) => 3,
            RunError::Exit(status) => *status,
            // What a shell says of a process that the signal SIGPIPE has ended.
            RunError::OutputClosed => 128 + 13,
        }
    }
}

#[derive(Debug)]
enum World {
    Trusted(Rc<System>),
    Pure(Rc<Isolated>),
}

/// A VM, its world and its limits.
#[derive(Debug)]
pub struct Machine {
    pub lua: Lua,
    world: World,
    fuel: Option<u64>,
    deadline: Option<Instant>,
}

impl Machine {
    pub fn new(options: &RunOptions) -> Machine {
        let (world, environment): (World, Rc<dyn Environment>) = if options.is_pure {
            let isolated = Rc::new(Isolated::new());
            (World::Pure(isolated.clone()), isolated)
        } else {
            let system = Rc::new(System::new());
            (World::Trusted(system.clone()), system)
        };
        let mut lua = Lua::new(Options {
            memory: options.memory,
            seed: options.seed,
            environment,
        });
        if let Some(step) = options.collector_step {
            lua.stress_collector(step);
        }
        let timeout = options.timeout_ms.map(Duration::from_millis);
        Machine {
            lua,
            world,
            fuel: options.fuel,
            deadline: timeout.map(|timeout| Instant::now() + timeout),
        }
    }

    /// Returns the world that output goes to, whatever the program may do itself.
    pub fn system(&self) -> &System {
        match &self.world {
            World::Trusted(system) => system,
            World::Pure(isolated) => isolated.system(),
        }
    }

    /// Runs a task to its end; `look` is called between slices and may do something to the task.
    ///
    /// # Errors
    ///
    /// See [`RunError`].
    pub fn run(
        &mut self,
        task: &mut Task,
        mut look: impl FnMut(&mut Lua, &mut Task),
    ) -> Result<(), RunError> {
        loop {
            if self.system().is_output_broken() {
                return Err(RunError::OutputClosed);
            }
            let left = self.fuel.map_or(SLICE, |fuel| {
                SLICE.min(fuel.saturating_sub(self.lua.fuel_used()))
            });
            if left == 0 {
                return Err(RunError::Limit(Interrupt::OutOfFuel));
            }
            let is_late = |deadline| Instant::now() >= deadline;
            if self.deadline.is_some_and(is_late) {
                return Err(RunError::Limit(Interrupt::TimedOut));
            }
            look(&mut self.lua, task);
            match self.lua.run(task, left) {
                Outcome::Finished => return Ok(()),
                // Nothing in a plain VM waits for its embedder.
                Outcome::OutOfFuel | Outcome::Suspended => {}
                Outcome::Failed(Failure::Interrupted(Interrupt::Exited(status))) => {
                    // The operating system keeps no more of it.
                    return Err(RunError::Exit(status as u8));
                }
                Outcome::Failed(Failure::Interrupted(interrupt)) => {
                    return Err(RunError::Limit(interrupt));
                }
                Outcome::Failed(Failure::Error { value, traceback }) => {
                    return Err(self.describe(value, &traceback));
                }
            }
        }
    }

    /// Calls the finalizers of what is left, as `lua_close` does.
    ///
    /// # Errors
    ///
    /// See [`RunError`]; errors in finalizers are reported and not among them.
    pub fn finalize(&mut self) -> Result<(), RunError> {
        match self.lua.enter(|ctx| ctx.finalizers()) {
            Some(mut task) => self.run(&mut task, |_, _| {}),
            None => Ok(()),
        }
    }

    /// Ends the VM: its files are written, and commands that it has started are waited for.
    pub fn finish(self) {
        let Machine { lua, world, .. } = self;
        drop(lua);
        match world {
            World::Trusted(system) => system.wait_for_commands(),
            World::Pure(_) => {}
        }
    }

    /// Words an error as `luajit` does: by its text, or by what its `__tostring` returns.
    fn describe(&mut self, value: Stash, traceback: &[u8]) -> RunError {
        let mut handler = self.lua.enter(|ctx| {
            let value = ctx.fetch(&value);
            let handler = ctx.metatable(value)?.get(ctx.string("__tostring").into());
            Some(ctx.task(handler.as_function()?, &[value]))
        });
        let text = match &mut handler {
            Some(task) => match self.lua.run(task, MESSAGE_FUEL) {
                Outcome::Finished => self
                    .lua
                    .enter(|ctx| ctx.results(task).first().and_then(|&value| text_of(value))),
                _ => None,
            },
            None => self.lua.enter(|ctx| text_of(ctx.fetch(&value))),
        };
        let is_nil = self.lua.enter(|ctx| {
            if let Some(task) = handler {
                ctx.drop_task(task);
            }
            ctx.unstash(value).is_nil()
        });
        match text {
            Some(text) => RunError::Lua(Text([&text, &b"\n"[..], traceback].concat())),
            None if is_nil => RunError::Nil,
            None => RunError::Lua(Text(b"(error object is not a string)".into())),
        }
    }
}

/// Returns the text of a string or number.
fn text_of(value: Value<'_>) -> Option<Vec<u8>> {
    if let Some(string) = value.as_string() {
        return Some(string.as_bytes().to_vec());
    }
    let number = value.as_number()?;
    Some(interpreter::text::decimal::number_to_string(number).to_vec())
}

/// Compiles a chunk into a function with the VM's globals.
///
/// # Errors
///
/// The message of the error.
pub(crate) fn compile<'gc>(
    ctx: Context<'gc>,
    chunk: &[u8],
    name: &[u8],
) -> Result<Gc<'gc, Function<'gc>>, RunError> {
    match ctx.load(chunk, name) {
        Ok(prototype) => Ok(ctx.main_function(prototype, ctx.globals())),
        Err(error) => Err(load_error(&error)),
    }
}

/// Returns what a failed compilation came to.
pub(crate) fn load_error(error: &Error<'_>) -> RunError {
    match error.value().and_then(text_of) {
        Some(text) => RunError::Load(Text(text)),
        None => RunError::Load(Text(error.to_string().into_bytes())),
    }
}

/// Words the failure to read a file as `luajit` does.
pub(crate) fn read_error(name: &OsString, error: &io::Error) -> RunError {
    // A directory can be opened and not read.
    let verb = match error.kind() {
        io::ErrorKind::IsADirectory => "cannot read ",
        _ => "cannot open ",
    };
    let mut reason = error.to_string();
    // Rust adds the number.
    if let Some(end) = reason.rfind(" (os error ") {
        reason.truncate(end);
    }
    let name = name.as_bytes();
    RunError::Read(Text(
        [verb.as_bytes(), name, b": ", reason.as_bytes()].concat(),
    ))
}
