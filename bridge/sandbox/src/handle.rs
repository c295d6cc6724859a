//! The host's end of a sandbox. Its methods may be called from any thread, `enter` and `leave` from the
//! host's main thread only.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bridge_wire::Id;
use crossbeam_channel::Sender;

use crate::baton::Baton;
use crate::clock;
use crate::policy::Policy;
use crate::stepper;
use crate::worker::Command;

/// Names a sandbox within the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SandboxId(pub u32);

/// How to make a sandbox.
#[derive(Debug, Clone)]
pub struct Options {
    /// Shown in messages.
    pub name: String,
    /// Decides hash order.
    pub seed: u64,
    /// Calls and loop iterations in all.
    pub fuel: Option<u64>,
    /// Bytes of Lua data.
    pub memory: Option<usize>,
    /// Wall clock time from the start.
    pub timeout: Option<Duration>,
    pub policy: Policy,
    /// Callbacks on main do not wait for the sandbox, which tells now and then what it has written.
    pub relaxed: bool,
    /// A moment, and what the host's `vim.uv.hrtime` showed then, in nanoseconds: both sides have one clock.
    /// Without it, and in virtual time, the sandbox's begins at 0.
    pub hrtime: Option<(Instant, u64)>,
    pub paths: Paths,
}

/// Where Lua modules are found.
#[derive(Debug, Clone, Default)]
pub struct Paths {
    pub vimruntime: PathBuf,
    pub runtime_path: Vec<PathBuf>,
    /// `package.path` of the host.
    pub package_path: Vec<u8>,
}

/// How a sandbox or one of its tasks ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    Finished = 0,
    Failed,
    Cancelled,
    Killed,
    OutOfFuel,
    OutOfMemory,
    TimedOut,
}

impl Outcome {
    const ALL: [Outcome; 7] = [
        Outcome::Finished,
        Outcome::Failed,
        Outcome::Cancelled,
        Outcome::Killed,
        Outcome::OutOfFuel,
        Outcome::OutOfMemory,
        Outcome::TimedOut,
    ];

    /// Returns the name that messages and `thread:status()` use.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Finished => "finished",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
            Outcome::Killed => "killed",
            Outcome::OutOfFuel => "out of fuel",
            Outcome::OutOfMemory => "out of memory",
            Outcome::TimedOut => "timed out",
        }
    }
}

/// What a sandbox is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Some task has Lua code to run.
    Running,
    /// All tasks wait: for the host, or for time to pass.
    Waiting,
    /// There is no task, but the host can still reach the sandbox.
    Idle,
    Ended(Outcome),
}

impl Status {
    fn to_byte(self) -> u8 {
        match self {
            Status::Running => 0,
            Status::Waiting => 1,
            Status::Idle => 2,
            Status::Ended(outcome) => 3 + outcome as u8,
        }
    }

    fn from_byte(byte: u8) -> Status {
        match byte {
            0 => Status::Running,
            1 => Status::Waiting,
            2 => Status::Idle,
            ended => {
                let index = usize::from(ended - 3).min(Outcome::ALL.len() - 1);
                Status::Ended(Outcome::ALL[index])
            }
        }
    }
}

/// Counters of a sandbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Fuel used.
    pub fuel: u64,
    /// Bytes of Lua data, garbage included.
    pub memory: u64,
    /// Calls made to the host.
    pub host_calls: u64,
    /// Functions run for the host, by `Invoke` or by entering.
    pub callbacks: u64,
    /// Microseconds for which the host has waited for the baton.
    pub parked_us: u64,
    /// Objects known on both sides.
    pub shared_functions: u64,
    pub shared_tables: u64,
    pub shared_cells: u64,
    pub shared_remotes: u64,
}

/// Why no sandbox was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpawnError {
    #[error("the sandbox workers have been shut down")]
    ShutDown,
    #[error("the worker thread could not be started: {0}")]
    NoThread(String),
}

/// Numbers that the worker publishes and the host reads.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) fuel: AtomicU64,
    pub(crate) memory: AtomicU64,
    pub(crate) host_calls: AtomicU64,
    pub(crate) callbacks: AtomicU64,
    pub(crate) parked_us: AtomicU64,
    pub(crate) functions: AtomicU64,
    pub(crate) tables: AtomicU64,
    pub(crate) cells: AtomicU64,
    pub(crate) remotes: AtomicU64,
}

/// Since when a worker has been busy with one slice.
#[derive(Debug)]
pub(crate) struct Progress {
    made: Instant,
    /// When the slice began, in nanoseconds since `made`; 0 when none runs.
    began: AtomicU64,
}

/// A slice that takes longer waits for the operating system: a process, a pipe, a slow disk.
const STUCK: Duration = Duration::from_millis(20);

impl Progress {
    pub(crate) fn new() -> Self {
        Progress {
            made: Instant::now(),
            began: AtomicU64::new(0),
        }
    }

    pub(crate) fn begin_slice(&self) {
        let now = self.made.elapsed().as_nanos() as u64;
        self.began.store(now.max(1), Ordering::Relaxed);
    }

    pub(crate) fn end_slice(&self) {
        self.began.store(0, Ordering::Relaxed);
    }

    pub(crate) fn is_stuck(&self) -> bool {
        let began = self.began.load(Ordering::Relaxed);
        began != 0 && self.made.elapsed() > Duration::from_nanos(began) + STUCK
    }
}

/// What both ends of a sandbox share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) id: SandboxId,
    pub(crate) baton: Baton,
    pub(crate) killed: AtomicBool,
    status: AtomicU8,
    pub(crate) counters: Counters,
    /// A `Wake` for this sandbox is on its way.
    pub(crate) woken: AtomicBool,
    pub(crate) progress: Arc<Progress>,
}

impl Shared {
    pub(crate) fn new(id: SandboxId, progress: Arc<Progress>) -> Self {
        Shared {
            id,
            baton: Baton::new(),
            killed: AtomicBool::new(false),
            status: AtomicU8::new(Status::Running.to_byte()),
            counters: Counters::default(),
            woken: AtomicBool::new(false),
            progress,
        }
    }

    pub(crate) fn set_status(&self, status: Status) {
        self.status.store(status.to_byte(), Ordering::Release);
    }
}

/// Whether the host may touch the sandbox's shared variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    Ready,
    /// The sandbox has ended; its last messages are in the queue. The entry counts all the same.
    Ended,
}

/// Shared objects to which nothing in a sandbox refers but on behalf of the host's replicas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traced {
    /// All of them.
    pub unreached: Vec<Id>,
    /// Those among them that stay in the sandbox, with what they refer to, which the host cannot know; nothing
    /// when that may be anything.
    pub locals: Vec<(Id, Option<Vec<Id>>)>,
}

/// The host's end of a sandbox.
#[derive(Debug, Clone)]
pub struct Handle {
    pub(crate) shared: Arc<Shared>,
    pub(crate) inbox: Sender<Vec<u8>>,
    pub(crate) commands: Sender<Command>,
}

impl Handle {
    pub fn id(&self) -> SandboxId {
        self.shared.id
    }

    fn wake(&self) {
        if !self.shared.woken.swap(true, Ordering::AcqRel) {
            // When the worker is gone there is nobody to wake.
            let _ = self.commands.send(Command::Wake(self.shared.id));
        }
    }

    /// Queues a message and wakes the worker; dropped when the sandbox has ended.
    pub fn send(&self, message: Vec<u8>) {
        stepper::note(b'>', self.shared.id, &message);
        let _ = self.inbox.send(message);
        self.wake();
    }

    /// Sends the answer to a host call: until the sandbox has gone on with it, `enter` waits.
    pub fn answer(&self, message: Vec<u8>) {
        self.shared.baton.answer();
        self.send(message);
    }

    /// Takes the baton, waiting for the running slice to end (some 100 µs); entries nest.
    pub fn enter(&self) -> Entered {
        let before = clock::now();
        if crate::is_inline() {
            stepper::settle(&self.shared);
        }
        let ready = self.shared.baton.enter();
        let waited = (clock::now() - before).as_micros() as u64;
        self.shared
            .counters
            .parked_us
            .fetch_add(waited, Ordering::Relaxed);
        self.count_callback();
        if ready {
            Entered::Ready
        } else {
            Entered::Ended
        }
    }

    fn count_callback(&self) {
        let callbacks = &self.shared.counters.callbacks;
        callbacks.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the baton like `enter` unless that takes waiting.
    pub fn try_enter(&self) -> Option<Entered> {
        let ready = self.shared.baton.try_enter()?;
        self.count_callback();
        Some(if ready {
            Entered::Ready
        } else {
            Entered::Ended
        })
    }

    /// Undoes one `enter`.
    pub fn leave(&self) {
        if self.shared.baton.leave() {
            self.wake();
        }
    }

    /// Has the sandbox collect its garbage and waits until it has; the caller holds the baton and has applied
    /// all messages. Returns what only the host's replicas keep alive; nothing when the sandbox cannot tell
    /// now, or has ended.
    pub fn trace(&self) -> Option<Traced> {
        let (answer, answered) = crossbeam_channel::bounded(1);
        self.commands
            .send(Command::Trace(self.shared.id, answer))
            .ok()?;
        if crate::is_inline() {
            // There is no worker to obey.
            crate::look();
        }
        answered.recv().ok().flatten()
    }

    /// Lets go of all entries at once while an `Operate` message is under way; see `reclaim`.
    pub fn lend(&self) {
        self.shared.baton.lend();
        self.wake();
    }

    /// Takes back what was lent, once the operation's `Finished` message is there.
    pub fn reclaim(&self) -> Entered {
        if self.shared.baton.reclaim() {
            Entered::Ready
        } else {
            Entered::Ended
        }
    }

    /// Ends the sandbox at its next safe point; `Finished` and `Ended` messages follow.
    pub fn kill(&self) {
        self.shared.killed.store(true, Ordering::Release);
        self.wake();
    }

    /// Returns whether the worker hangs in a call of the operating system, so that `enter` and `trace` would
    /// wait for that.
    pub fn is_held_up(&self) -> bool {
        self.shared.progress.is_stuck()
    }

    pub fn status(&self) -> Status {
        Status::from_byte(self.shared.status.load(Ordering::Acquire))
    }

    pub fn stats(&self) -> Stats {
        let counters = &self.shared.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            fuel: read(&counters.fuel),
            memory: read(&counters.memory),
            host_calls: read(&counters.host_calls),
            callbacks: read(&counters.callbacks),
            parked_us: read(&counters.parked_us),
            shared_functions: read(&counters.functions),
            shared_tables: read(&counters.tables),
            shared_cells: read(&counters.cells),
            shared_remotes: read(&counters.remotes),
        }
    }
}
