//! The worker threads: each takes turns with its sandboxes, and sleeps when none has anything to do.
//!
//! A sandbox stays with its worker, where its heap is. Workers are started as they are needed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded, unbounded};

use crate::handle::{Handle, Options, Progress, SandboxId, Shared, SpawnError, Traced};
use crate::sandbox::{Link, SLICE, Sandbox, Slice, Turn};
use crate::{clock, stepper};

/// How long a worker without work looks for some before it sleeps: an answer of the host often comes
/// within microseconds, while waking a thread takes tens of them.
const SPIN: Duration = Duration::from_micros(50);

/// Looks after which a spinning worker lets other threads run, in case the host shares its processor.
const SPINS_BEFORE_YIELD: u32 = 20;

/// As many workers at least run sandboxes at once, else as many as there are processors; more sandboxes share
/// them: who waits for one of theirs would have to wait for the operating system to give it a processor.
const FEW_WORKERS: usize = 2;

/// As many are started when others are stuck.
const MOST_WORKERS: usize = 64;

/// What a worker is told.
pub(crate) enum Command {
    Spawn(Box<NewSandbox>),
    Wake(SandboxId),
    /// The host, which holds the baton, waits to hear what only it keeps alive.
    Trace(SandboxId, Sender<Option<Traced>>),
    ShutDown,
}

/// What a worker needs to make a sandbox on its own thread, where its heap will stay.
pub(crate) struct NewSandbox {
    options: Options,
    link: Link,
}

struct Worker {
    commands: Sender<Command>,
    handles: Vec<Handle>,
    stopped: Receiver<()>,
    progress: Arc<Progress>,
}

impl Worker {
    /// Forgets the sandboxes that have ended, and returns how many there are.
    fn load(&mut self) -> usize {
        self.handles
            .retain(|h| !matches!(h.status(), crate::Status::Ended(_)));
        self.handles.len()
    }
}

enum Workers {
    Running(Vec<Worker>),
    ShutDown,
}

static WORKERS: Mutex<Workers> = Mutex::new(Workers::Running(Vec::new()));
static NEXT_ID: AtomicU32 = AtomicU32::new(1);

/// Makes a sandbox. It runs nothing until a `Start` message arrives.
///
/// Messages of all sandboxes arrive on `outbox`; `wake` is called after each, from any thread.
///
/// # Errors
///
/// When the worker cannot be started, or was shut down.
pub fn spawn(
    options: Options,
    outbox: Sender<(SandboxId, Vec<u8>)>,
    wake: Arc<dyn Fn() + Send + Sync>,
) -> Result<Handle, SpawnError> {
    if let Some((id, commands)) = stepper::admit() {
        return found(
            options,
            outbox,
            wake,
            id,
            commands,
            Arc::new(Progress::new()),
        );
    }
    let mut workers = WORKERS.lock().unwrap_or_else(PoisonError::into_inner);
    let Workers::Running(workers) = &mut *workers else {
        return Err(SpawnError::ShutDown);
    };
    let worker = choose(workers)?;
    let id = SandboxId(NEXT_ID.fetch_add(1, Ordering::Relaxed));
    let (commands, progress) = (worker.commands.clone(), worker.progress.clone());
    let handle = found(options, outbox, wake, id, commands, progress)?;
    worker.handles.push(handle.clone());
    Ok(handle)
}

/// Returns the worker with the fewest sandboxes, a new one if all have some and there may be more.
fn choose(workers: &mut Vec<Worker>) -> Result<&mut Worker, SpawnError> {
    let key = |worker: &mut Worker| {
        let load = worker.load();
        (worker.progress.is_stuck(), load)
    };
    let best = (0..workers.len()).min_by_key(|&n| key(&mut workers[n]));
    let (is_stuck, load) = best.map_or((true, usize::MAX), |n| key(&mut workers[n]));
    let limit = if is_stuck {
        MOST_WORKERS
    } else {
        std::thread::available_parallelism().map_or(FEW_WORKERS, |n| n.get().max(FEW_WORKERS))
    };
    let index = match best {
        Some(best) if load == 0 || workers.len() >= limit => best,
        best => match (start(), best) {
            (Ok(worker), _) => {
                workers.push(worker);
                workers.len() - 1
            }
            (Err(_), Some(best)) => best,
            (Err(error), None) => return Err(error),
        },
    };
    Ok(&mut workers[index])
}

/// Makes the host's end of a sandbox, and has the worker behind `commands` make the other.
fn found(
    options: Options,
    outbox: Sender<(SandboxId, Vec<u8>)>,
    wake: Arc<dyn Fn() + Send + Sync>,
    id: SandboxId,
    commands: Sender<Command>,
    progress: Arc<Progress>,
) -> Result<Handle, SpawnError> {
    let shared = Arc::new(Shared::new(id, progress));
    let (inbox, messages) = unbounded();
    let link = Link {
        shared: shared.clone(),
        messages,
        outbox,
        wake,
    };
    let handle = Handle {
        shared,
        inbox,
        commands,
    };
    let new = Box::new(NewSandbox { options, link });
    let sent = handle.commands.send(Command::Spawn(new));
    sent.map_err(|_| SpawnError::ShutDown)?;
    Ok(handle)
}

/// Kills all sandboxes and waits for the workers to end; false when they do not in time.
pub fn shut_down(timeout: Duration) -> bool {
    stepper::close();
    let mut workers = WORKERS.lock().unwrap_or_else(PoisonError::into_inner);
    let Workers::Running(workers) = std::mem::replace(&mut *workers, Workers::ShutDown) else {
        return true;
    };
    for worker in &workers {
        for handle in &worker.handles {
            handle.kill();
        }
        let _ = worker.commands.send(Command::ShutDown);
    }
    let deadline = Instant::now() + timeout;
    workers.iter().all(|worker| {
        let ended = worker.stopped.recv_deadline(deadline);
        !matches!(ended, Err(RecvTimeoutError::Timeout))
    })
}

fn start() -> Result<Worker, SpawnError> {
    let (commands, receiver) = unbounded();
    let (stopping, stopped) = bounded::<()>(1);
    std::thread::Builder::new()
        .name("lua-sandbox".into())
        .spawn(move || {
            run(&receiver);
            drop(stopping);
        })
        .map_err(|error| SpawnError::NoThread(error.to_string()))?;
    Ok(Worker {
        commands,
        handles: Vec::new(),
        stopped,
        progress: Arc::new(Progress::new()),
    })
}

/// The sandboxes of one worker.
#[derive(Default)]
pub(crate) struct Sandboxes {
    all: BTreeMap<SandboxId, Sandbox>,
    /// Those that may have something to do, in order of their turns.
    ready: VecDeque<SandboxId>,
}

impl Sandboxes {
    /// Carries a command out; false when the worker shall end.
    pub(crate) fn obey(&mut self, command: Command) -> bool {
        match command {
            Command::Spawn(new) => {
                let id = new.link.shared.id;
                if let Some(sandbox) = Sandbox::new(new.options, new.link) {
                    self.all.insert(id, sandbox);
                    self.ready.push_back(id);
                }
            }
            Command::Wake(id) => {
                if let Some(sandbox) = self.all.get(&id) {
                    sandbox.acknowledge_wake();
                    if !self.ready.contains(&id) {
                        self.ready.push_back(id);
                    }
                }
            }
            Command::Trace(id, answer) => {
                let sandbox = self.all.get_mut(&id);
                let _ = answer.send(sandbox.and_then(Sandbox::trace));
            }
            Command::ShutDown => return false,
        }
        true
    }

    /// Gives the next sandbox its turn; at a moment it shall end, since another's time has come.
    fn take_turn(&mut self, until: Option<Instant>, commands: &Receiver<Command>) {
        // One that main waits for goes first.
        let is_wanted = |id: &SandboxId| self.all.get(id).is_some_and(Sandbox::is_wanted);
        let first = self.ready.iter().position(is_wanted).unwrap_or(0);
        let Some(id) = self.ready.remove(first) else {
            return;
        };
        let slice = Slice {
            units: SLICE,
            may_go_on: self.ready.is_empty(),
            until,
        };
        self.turn_of(id, slice, commands);
    }

    /// Gives one sandbox that is ready a turn of a single slice, and tells which it was.
    pub(crate) fn step(
        &mut self,
        units: u64,
        pick: usize,
        commands: &Receiver<Command>,
    ) -> Option<SandboxId> {
        let index = pick.checked_rem(self.ready.len())?;
        let id = self.ready.remove(index)?;
        let slice = Slice {
            units,
            may_go_on: false,
            until: None,
        };
        self.turn_of(id, slice, commands);
        Some(id)
    }

    /// Gives one sandbox a turn up to its next safe point; false if it has nothing to do.
    pub(crate) fn step_one(&mut self, id: SandboxId, commands: &Receiver<Command>) -> bool {
        let index = self.ready.iter().position(|&ready| ready == id);
        index.is_some_and(|index| self.step(1, index, commands).is_some())
    }

    /// Returns how many sandboxes may have something to do.
    pub(crate) fn ready_count(&self) -> usize {
        self.ready.len()
    }

    fn turn_of(&mut self, id: SandboxId, slice: Slice, commands: &Receiver<Command>) {
        let Some(sandbox) = self.all.get_mut(&id) else {
            return;
        };
        match sandbox.turn(slice, commands) {
            Turn::More => self.ready.push_back(id),
            Turn::Wait => {}
            Turn::Ended => {
                self.all.remove(&id);
            }
        }
    }

    /// Makes those ready whose time has come; returns when the next one's will.
    pub(crate) fn check_timers(&mut self) -> Option<Instant> {
        let now = clock::now();
        let mut next: Option<Instant> = None;
        for (id, sandbox) in &self.all {
            let Some(deadline) = sandbox.deadline() else {
                continue;
            };
            if deadline <= now {
                if !self.ready.contains(id) {
                    self.ready.push_back(*id);
                }
            } else if next.is_none_or(|next| deadline < next) {
                next = Some(deadline);
            }
        }
        next
    }
}

fn run(commands: &Receiver<Command>) {
    let mut sandboxes = Sandboxes::default();
    loop {
        loop {
            match commands.try_recv() {
                Ok(command) => {
                    if !sandboxes.obey(command) {
                        return;
                    }
                }
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => break,
            }
        }
        let next_timer = sandboxes.check_timers();
        if !sandboxes.ready.is_empty() {
            sandboxes.take_turn(next_timer, commands);
            continue;
        }
        match wait(commands, next_timer) {
            Ok(Some(command)) => {
                if !sandboxes.obey(command) {
                    return;
                }
            }
            Ok(None) => {}
            Err(()) => return,
        }
    }
}

/// Waits for a command or until a moment; an error when there is nobody left to send one.
fn wait(commands: &Receiver<Command>, until: Option<Instant>) -> Result<Option<Command>, ()> {
    let started = Instant::now();
    let mut spins = 0;
    while started.elapsed() < SPIN {
        match commands.try_recv() {
            Ok(command) => return Ok(Some(command)),
            Err(TryRecvError::Disconnected) => return Err(()),
            Err(TryRecvError::Empty) => {}
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Ok(None);
        }
        spins += 1;
        if spins < SPINS_BEFORE_YIELD {
            std::hint::spin_loop();
        } else {
            std::thread::yield_now();
        }
    }
    match until {
        None => commands.recv().map(Some).map_err(|_| ()),
        Some(until) => match commands.recv_deadline(until) {
            Ok(command) => Ok(Some(command)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(()),
        },
    }
}
