//! One sandbox: its VM, its tasks, its queue of messages. Runs on the worker's thread, one turn at a time.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bridge_wire::{Encoder, Kind, Message, Mutation, Reference, encode_message, mutated};
use crossbeam_channel::{Receiver, Sender};
use interpreter::{Failure, Interrupt, Isolated, Lua, Stash, System, Task, Value};

use crate::calls::{self, Request, State};
use crate::clock;
use crate::environments;
use crate::handle::{Options, Outcome, SandboxId, Shared, Status, Traced};
use crate::incoming::{ApplyError, Incoming};
use crate::objects::Objects;
use crate::outgoing::{Outgoing, Tables};
use crate::panics::describe_panic;
use crate::places::{as_called, caller_in, position_in};
use crate::policy::Policy;
use crate::prelude::{CHUNK_NAME, LEAST_MEMORY, StartFailure, run_prelude};
use crate::stepper;
use crate::worker::Command;

/// Fuel of one slice: some tens of microseconds, which bounds how long a callback waits for the baton.
pub const SLICE: u64 = 4_000;

/// How long a task that was cancelled may go on, to clean up; then the sandbox is killed.
const GRACE: Duration = Duration::from_secs(1);

/// Slices after which a relaxed sandbox publishes what it has written: some milliseconds.
const RELAXED: u32 = 64;

/// The worker's end of a sandbox's queues.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) shared: Arc<Shared>,
    pub(crate) messages: Receiver<Vec<u8>>,
    pub(crate) outbox: Sender<(SandboxId, Vec<u8>)>,
    pub(crate) wake: Arc<dyn Fn() + Send + Sync>,
}

impl Link {
    /// Sends a message to the host; when the host is gone it is dropped.
    pub(crate) fn send(&self, message: Vec<u8>) {
        stepper::note(b'<', self.shared.id, &message);
        if self.outbox.send((self.shared.id, message)).is_ok() {
            (self.wake)();
        }
    }
}

/// What a sandbox wants after its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Another turn.
    More,
    /// A turn when it is woken or its deadline has come.
    Wait,
    Ended,
}

/// How much a sandbox may do in its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    /// Fuel for a task before it is the next one's turn.
    pub(crate) units: u64,
    /// Slice after slice, as long as nobody wants anything.
    pub(crate) may_go_on: bool,
    /// When another sandbox wants something.
    pub(crate) until: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// It can run.
    No,
    For(Request),
}

/// A function that runs for the host, or loads a module.
struct Running {
    /// The host's number; 0 for a module.
    number: u64,
    task: Task,
    waiting: Waiting,
    /// It has its answer and has not run since.
    is_answered: bool,
    /// When it was cancelled.
    cancelled: Option<Instant>,
    /// The last host call that failed with a message.
    host_error: Option<HostError>,
}

/// An error of the host that was raised in a task.
struct HostError {
    message: Vec<u8>,
    /// Where it was raised on the host.
    traceback: Option<Vec<u8>>,
    /// The editor's own message, no function's of the program, and without a place.
    is_bare: bool,
}

pub(crate) struct Sandbox {
    lua: Lua,
    state: Rc<State>,
    link: Link,
    name: String,
    tasks: VecDeque<Running>,
    /// Tasks that main waits for in the middle of something: until the last has ended, nothing else runs.
    operations: Vec<u64>,
    /// The last of them has just ended: main gets the baton.
    hands_over: bool,
    /// Messages that were received but not applied.
    pending: VecDeque<Vec<u8>>,
    /// Answers to host calls that were applied.
    answers: u64,
    /// The prelude's function that runs `require` for each of its arguments.
    load_modules: Stash,
    fuel: Option<u64>,
    deadline: Option<Instant>,
    body_finished: bool,
    /// After how many slices in a row the host is told what was written.
    tells_after: u32,
    /// A limit of the VM was reached: nothing of the sandbox shall run any more.
    ending: Option<Outcome>,
}

impl Sandbox {
    /// Makes a sandbox on the worker's thread; `None` when it failed, which the host has been told.
    pub(crate) fn new(options: Options, link: Link) -> Option<Sandbox> {
        let result = catch_unwind(AssertUnwindSafe(|| Self::build(&options, link.clone())));
        let failure = match result {
            Ok(Ok(sandbox)) => return Some(sandbox),
            Ok(Err(failure)) => failure,
            Err(panic) => StartFailure::Other(describe_panic(&*panic)),
        };
        let (outcome, message) = match failure {
            StartFailure::NoRoom => {
                let limit = options.memory.unwrap_or(usize::MAX);
                let needs = format!("a thread takes some {LEAST_MEMORY} before it runs anything");
                let message = format!("{limit} bytes of memory are too few: {needs}");
                (Outcome::OutOfMemory, message)
            }
            StartFailure::Other(message) => (Outcome::Failed, message),
        };
        let text = format!("the sandbox '{}' could not start: {message}", options.name);
        report_end(&link, outcome, &text, &[1]);
        None
    }

    fn build(options: &Options, link: Link) -> Result<Sandbox, StartFailure> {
        let lua = Lua::try_new(interpreter::Options {
            memory: options.memory,
            seed: options.seed,
            environment: match options.policy {
                Policy::Trusted if clock::is_virtual() => {
                    Rc::new(System::with_clock(clock::seconds))
                }
                Policy::Trusted => Rc::new(System::new()),
                Policy::Pure | Policy::Listed(_) => Rc::new(Isolated::mute()),
            },
        });
        let mut lua = lua.ok_or(StartFailure::NoRoom)?;
        let state = lua.enter(|ctx| {
            let objects = Objects::new(ctx);
            let state = Rc::new(State::new(objects, link.clone(), options));
            ctx.set_embedder(state.clone());
            state
        });
        let load_modules = run_prelude(&mut lua, options)?;
        state.objects.borrow_mut().standard_globals = lua.enter(environments::global_names);
        Ok(Sandbox {
            lua,
            state,
            link,
            name: options.name.clone(),
            tasks: VecDeque::new(),
            operations: Vec::new(),
            hands_over: false,
            pending: VecDeque::new(),
            answers: 0,
            load_modules,
            fuel: options.fuel,
            deadline: options.timeout.map(|timeout| clock::now() + timeout),
            body_finished: false,
            tells_after: if options.relaxed { RELAXED } else { u32::MAX },
            ending: None,
        })
    }

    /// Lets the next `wake` of the host's end send a command again.
    pub(crate) fn acknowledge_wake(&self) {
        self.link.shared.woken.store(false, Ordering::Release);
    }

    /// Returns when the sandbox must have a turn even if nobody wakes it.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let sleeps = self
            .tasks
            .iter()
            .filter_map(|running| match running.waiting {
                Waiting::For(Request::Sleep(until)) => Some(until),
                _ => None,
            });
        sleeps.chain(self.deadline).chain(self.grace()).min()
    }

    /// Returns when the patience with a cancelled task that goes on is at its end.
    fn grace(&self) -> Option<Instant> {
        let cancelled = self.tasks.iter().filter_map(|running| running.cancelled);
        cancelled.min().map(|since| since + GRACE)
    }

    /// Applies messages and runs tasks until nothing is left to do or somebody else wants to.
    pub(crate) fn turn(&mut self, slice: Slice, commands: &Receiver<Command>) -> Turn {
        let result = catch_unwind(AssertUnwindSafe(|| self.take_turn(slice, commands)));
        result.unwrap_or_else(|panic| {
            let message = format!("internal error: {}", describe_panic(&*panic));
            self.end(Outcome::Failed, &message);
            Turn::Ended
        })
    }

    fn take_turn(&mut self, slice: Slice, commands: &Receiver<Command>) -> Turn {
        if let Some(ended) = self.check_limits() {
            return ended;
        }
        if !self.link.shared.baton.try_take() {
            // The host wakes us when it leaves.
            return Turn::Wait;
        }
        let mut turn;
        let mut slices = 0;
        loop {
            self.pending.extend(self.link.messages.try_iter());
            if let Err(error) = self.apply_pending() {
                self.end(
                    Outcome::Failed,
                    &format!("a message of the host is damaged: {error}"),
                );
                return Turn::Ended;
            }
            self.end_sleeps();
            let Some(index) = self.runnable() else {
                turn = Turn::Wait;
                break;
            };
            self.link.shared.progress.begin_slice();
            self.run(index, slice.units);
            self.link.shared.progress.end_slice();
            if let Some(ended) = self.check_limits() {
                return ended;
            }
            turn = Turn::More;
            slices += 1;
            if self.hands_over
                || slices >= self.tells_after
                || !slice.may_go_on
                || slice.until.is_some_and(|until| clock::now() >= until)
                || self.link.shared.baton.is_wanted()
                || !commands.is_empty()
            {
                break;
            }
        }
        if self.state.is_stopping.get() {
            self.end(Outcome::Finished, "the thread stopped itself");
            return Turn::Ended;
        }
        if self.body_finished
            && self.tasks.is_empty()
            && self.pending.is_empty()
            && self.link.messages.is_empty()
            && !self.state.objects.borrow().has_exports()
        {
            self.end(Outcome::Finished, "the thread has finished");
            return Turn::Ended;
        }
        if !mutated(Mutation::SkipSliceFlush) {
            self.publish(self.pending.is_empty());
        }
        self.count();
        self.link
            .shared
            .set_status(if self.tasks.is_empty() && self.body_finished {
                Status::Idle
            } else if turn == Turn::More || self.tasks.is_empty() {
                // Without a task it has not been started yet.
                Status::Running
            } else {
                Status::Waiting
            });
        if std::mem::take(&mut self.hands_over) {
            self.link.shared.baton.hand_over();
        } else {
            let taken = self.answers_taken(turn);
            self.link.shared.baton.give(taken);
        }
        turn
    }

    /// Returns how many answers main need not wait for any more when it wants the baton.
    fn answers_taken(&self, turn: Turn) -> u64 {
        let is_answer = |bytes: &&Vec<u8>| {
            Message::decode(bytes).is_ok_and(|message| message.kind == Kind::Reply)
        };
        if turn == Turn::Wait {
            // What is left waits for main itself: a module that is being loaded, an operation.
            return self.answers + self.pending.iter().filter(is_answer).count() as u64;
        }
        let left = self.tasks.iter().filter(|running| running.is_answered);
        self.answers - left.count() as u64
    }

    /// Returns whether main waits for this sandbox.
    pub(crate) fn is_wanted(&self) -> bool {
        self.link.shared.baton.is_wanted()
    }

    /// Returns the next task to run: while main waits for an operation that one only, and what loads modules.
    fn runnable(&self) -> Option<usize> {
        let is_loading = self.is_loading();
        let is_operation = |bytes: &Vec<u8>| {
            Message::decode(bytes).is_ok_and(|message| message.kind == Kind::Operate)
        };
        let only = match self.operations.last() {
            // An operation that waits for its modules keeps the others from running too.
            _ if is_loading && self.pending.iter().any(is_operation) => Some(0),
            operation => operation.copied(),
        };
        let may_run = |running: &Running| {
            running.waiting == Waiting::No
                && (running.number == 0 || only.is_none_or(|only| running.number == only))
        };
        let answered = |running: &Running| running.is_answered && may_run(running);
        let next = self.tasks.iter().position(answered);
        next.or_else(|| self.tasks.iter().position(may_run))
    }

    fn is_loading(&self) -> bool {
        self.tasks.iter().any(|running| running.number == 0)
    }

    /// Notes that a task has ended; main gets the baton if it waits for that in the middle of something.
    fn end_operation(&mut self, number: u64) {
        if self.operations.last() == Some(&number) {
            self.operations.pop();
            self.hands_over = true;
        }
    }

    /// Ends the sandbox if it was killed or has used up what it may.
    fn check_limits(&mut self) -> Option<Turn> {
        let outcome = if let Some(outcome) = self.ending {
            outcome
        } else if self.link.shared.killed.load(Ordering::Acquire)
            || self.grace().is_some_and(|end| clock::now() >= end)
        {
            Outcome::Killed
        } else if self.fuel.is_some_and(|fuel| self.lua.fuel_used() >= fuel) {
            Outcome::OutOfFuel
        } else if self
            .deadline
            .is_some_and(|deadline| clock::now() >= deadline)
        {
            Outcome::TimedOut
        } else {
            return None;
        };
        self.end(outcome, outcome.name());
        Some(Turn::Ended)
    }

    fn end_sleeps(&mut self) {
        let now = clock::now();
        for running in &mut self.tasks {
            if let Waiting::For(Request::Sleep(until)) = running.waiting
                && until <= now
            {
                running.waiting = Waiting::No;
                self.lua.enter(|ctx| {
                    let _ = ctx.resume(&running.task, &[]);
                });
            }
        }
    }

    /// Applies messages in order; one that needs modules waits until they are loaded.
    fn apply_pending(&mut self) -> Result<(), ApplyError> {
        while let Some(bytes) = self.pending.pop_front() {
            if self.is_loading() {
                self.pending.push_front(bytes);
                self.answer_loader()?;
                self.pin();
                return Ok(());
            }
            let message = Message::decode(&bytes)?;
            if let Some(modules) = self.missing_modules(&message)? {
                // What has become garbage in this turn is in none of the messages: those that name objects were
                // sent before it.
                self.publish(true);
                self.pending.push_front(bytes);
                self.pin();
                self.start_loading(modules);
                return Ok(());
            }
            if let Err(error) = self.apply(&message) {
                // The next turn must fail of it, too.
                self.pending.push_front(bytes);
                return Err(error);
            }
        }
        let state = self.state.clone();
        self.lua.enter(|ctx| state.objects.borrow_mut().unpin(ctx));
        Ok(())
    }

    /// Keeps all objects of the host as long as messages wait that may name them.
    fn pin(&mut self) {
        let state = self.state.clone();
        self.lua.enter(|ctx| state.objects.borrow_mut().pin(ctx));
    }

    /// Collects garbage while the host holds the baton; returns what only the host's replicas keep alive, or
    /// nothing when messages must wait for modules.
    pub(crate) fn trace(&mut self) -> Option<Traced> {
        let traced = catch_unwind(AssertUnwindSafe(|| {
            self.pending.extend(self.link.messages.try_iter());
            self.apply_pending().ok()?;
            if !self.pending.is_empty() {
                return None;
            }
            let state = self.state.clone();
            let objects = state.objects.borrow();
            let traced = objects.trace(&mut self.lua);
            drop(objects);
            self.publish(true);
            self.count();
            Some(traced)
        }));
        traced.ok().flatten()
    }

    /// While modules load, only the answers to their own host calls are applied, ahead of the others.
    fn answer_loader(&mut self) -> Result<(), ApplyError> {
        let waits = self.tasks.iter().find_map(|running| match running.waiting {
            Waiting::For(request) if running.number == 0 => request.host_call(),
            _ => None,
        });
        let Some(number) = waits else { return Ok(()) };
        for index in 0..self.pending.len() {
            let message = Message::decode(&self.pending[index])?;
            if message.kind == Kind::Reply
                && message.number == number
                && let Some(bytes) = self.pending.remove(index)
            {
                return self.apply(&Message::decode(&bytes)?);
            }
        }
        Ok(())
    }

    /// Returns the modules that a message refers to and that are not loaded, if there are any.
    fn missing_modules(
        &mut self,
        message: &Message<'_>,
    ) -> Result<Option<Vec<Vec<u8>>>, ApplyError> {
        let Some(delta) = &message.delta else {
            return Ok(None);
        };
        let mut names = delta.modules.clone();
        let mut missing = Vec::new();
        while let Some(name) = names.next_string()? {
            if self
                .lua
                .enter(|ctx| calls::loaded_module(ctx, name).is_none())
            {
                missing.push(name.to_vec());
            }
        }
        Ok((!missing.is_empty()).then_some(missing))
    }

    fn start_loading(&mut self, modules: Vec<Vec<u8>>) {
        let task = self.lua.enter(|ctx| {
            let load = ctx
                .fetch(&self.load_modules)
                .as_function()
                .expect("the prelude's function");
            let names: Vec<Value<'_>> =
                modules.iter().map(|name| ctx.string(name).into()).collect();
            ctx.task(load, &names)
        });
        self.add_task(0, task);
    }

    fn add_task(&mut self, number: u64, task: Task) {
        self.tasks.push_back(Running {
            number,
            task,
            waiting: Waiting::No,
            is_answered: false,
            cancelled: None,
            host_error: None,
        });
    }

    fn apply(&mut self, message: &Message<'_>) -> Result<(), ApplyError> {
        let state = self.state.clone();
        let mut objects = state.objects.borrow_mut();
        let mut fields = message.fields.clone();
        let (tasks, answers) = (&mut self.tasks, &mut self.answers);
        let started = self.lua.enter(|ctx| -> Result<Option<Task>, ApplyError> {
            let mut incoming = Incoming {
                ctx,
                objects: &mut objects,
            };
            if let Some(delta) = &message.delta {
                incoming.apply(delta)?;
            }
            match message.kind {
                Kind::Start | Kind::Invoke | Kind::Operate => {
                    let function = incoming.function(&mut fields)?;
                    let args = incoming.list(&mut fields)?;
                    return Ok(Some(ctx.task(function, &args)));
                }
                Kind::Reply => {
                    *answers += 1;
                    let waits = |running: &Running| match running.waiting {
                        Waiting::For(request) => request.host_call() == Some(message.number),
                        Waiting::No => false,
                    };
                    let Some(running) = tasks.iter_mut().find(|r| waits(r)) else {
                        // The task was cancelled meanwhile.
                        return Ok(None);
                    };
                    let waiting = std::mem::replace(&mut running.waiting, Waiting::No);
                    running.is_answered = true;
                    if fields.boolean()? {
                        let results = incoming.list(&mut fields)?;
                        ctx.resume(&running.task, &results)
                            .map_err(|error| ApplyError::NoRoom(error.to_string()))?;
                    } else {
                        let mut error = incoming.value(&mut fields)?;
                        let traceback = fields.optional_string()?.map(<[u8]>::to_vec);
                        let lacks_place = fields.boolean()?;
                        if lacks_place && let Some(message) = error.as_string() {
                            let name = ctx.task_callee(&running.task, CHUNK_NAME);
                            let traceback = ctx.task_traceback(&running.task);
                            let place = caller_in(&traceback).unwrap_or_default();
                            let message = as_called(message.as_bytes(), name);
                            error = ctx.string([place, &message].concat()).into();
                        }
                        let is_editors = matches!(waiting, Waiting::For(Request::Reply(_)));
                        let is_placed = lacks_place && error.as_string().is_some();
                        running.host_error = error.as_string().map(|message| HostError {
                            message: message.as_bytes().to_vec(),
                            traceback,
                            is_bare: is_editors && !is_placed,
                        });
                        ctx.raise(&running.task, error);
                    }
                }
                Kind::Cancel => {
                    let reason = incoming.value(&mut fields)?;
                    let found = tasks.iter_mut().find(|r| r.number == message.number);
                    if let Some(running) = found {
                        running.waiting = Waiting::No;
                        running.cancelled = Some(clock::now());
                        ctx.raise(&running.task, reason);
                    }
                }
                _ => {}
            }
            Ok(None)
        })?;
        if let Some(task) = started {
            if message.kind == Kind::Operate {
                self.operations.push(message.number);
            }
            self.add_task(message.number, task);
        }
        Ok(())
    }

    /// Gives a task a slice, and tells the host when it has ended.
    fn run(&mut self, index: usize, units: u64) {
        let Some(mut running) = self.tasks.remove(index) else {
            return;
        };
        running.is_answered = false;
        let left = self.fuel.map_or(units, |fuel| {
            fuel.saturating_sub(self.lua.fuel_used()).min(units)
        });
        match self.lua.run(&mut running.task, left) {
            interpreter::Outcome::OutOfFuel => self.tasks.push_back(running),
            interpreter::Outcome::Suspended => {
                running.waiting = match self.state.request.take() {
                    Some(request) => Waiting::For(request),
                    None => Waiting::No,
                };
                self.tasks.push_back(running);
            }
            interpreter::Outcome::Finished => self.report_results(running),
            interpreter::Outcome::Failed(failure) => self.report_failure(running, failure),
        }
    }

    fn report_results(&mut self, running: Running) {
        let Running { number, task, .. } = running;
        self.body_finished |= number == 1;
        self.end_operation(number);
        let state = self.state.clone();
        let mut objects = state.objects.borrow_mut();
        let message = self.lua.enter(|ctx| {
            let results = ctx.results(&task);
            ctx.drop_task(task);
            if number == 0 {
                return None;
            }
            let mut outgoing = Outgoing::new(ctx, &mut objects);
            let mut fields = Encoder::new();
            fields.boolean(true);
            let encoded = outgoing.list(&mut fields, "result", &results, Tables::ByReference);
            if encoded.is_err() {
                outgoing.forget();
            }
            fields.string(Outcome::Finished.name().as_bytes());
            fields.nil();
            let bytes = encoded.and_then(|()| outgoing.finish(Kind::Finished, number, &fields));
            Some(bytes.unwrap_or_else(|error| {
                finished_message(number, &error.to_string(), Outcome::Failed, None)
            }))
        });
        if let Some(message) = message {
            self.link.send(message);
        }
    }

    fn report_failure(&mut self, running: Running, failure: Failure) {
        let Running {
            number,
            task,
            cancelled,
            host_error,
            ..
        } = running;
        self.body_finished |= number == 1;
        self.end_operation(number);
        let (value, traceback) = match failure {
            Failure::Interrupted(Interrupt::Killed) if self.state.is_stopping.get() => {
                self.lua.enter(|ctx| ctx.drop_task(task));
                self.link.send(finished_message(
                    number,
                    "the thread stopped itself",
                    Outcome::Cancelled,
                    None,
                ));
                return;
            }
            Failure::Interrupted(interrupt) => {
                let outcome = match interrupt {
                    Interrupt::OutOfMemory => Outcome::OutOfMemory,
                    Interrupt::OutOfFuel => Outcome::OutOfFuel,
                    Interrupt::TimedOut => Outcome::TimedOut,
                    Interrupt::Killed => Outcome::Killed,
                    Interrupt::Exited(0) => Outcome::Finished,
                    Interrupt::Exited(_) => Outcome::Failed,
                };
                self.lua.enter(|ctx| ctx.drop_task(task));
                let text = format!("the sandbox '{}' was ended: {interrupt}", self.name);
                self.link
                    .send(finished_message(number, &text, outcome, None));
                self.ending = Some(outcome);
                return;
            }
            Failure::Error { value, traceback } => (value, traceback),
        };
        let state = self.state.clone();
        let mut objects = state.objects.borrow_mut();
        let outcome = if cancelled.is_some() {
            Outcome::Cancelled
        } else {
            Outcome::Failed
        };
        let message = self.lua.enter(|ctx| {
            ctx.drop_task(task);
            if mutated(Mutation::DropWritesBeforeError) {
                ctx.take_written();
            }
            let mut value = ctx.unstash(value);
            let mut traceback = traceback;
            if let Some(error) = host_error
                && value
                    .as_string()
                    .is_some_and(|text| text.as_bytes() == error.message)
            {
                if error.is_bare
                    && let Some(position) = position_in(&traceback)
                {
                    // As in the foreground, the thread itself saw the editor's bare message.
                    value = ctx.string([position, &error.message].concat()).into();
                }
                if let Some(on_main) = error.traceback {
                    traceback = join_tracebacks(&on_main, &traceback);
                }
            }
            let mut outgoing = Outgoing::new(ctx, &mut objects);
            let mut fields = Encoder::new();
            fields.boolean(false);
            let encoded = outgoing.value(&mut fields, value, Tables::ByReference);
            if encoded.is_err() {
                outgoing.forget();
            }
            fields.string(outcome.name().as_bytes());
            fields.string(&traceback);
            let bytes = encoded.and_then(|()| outgoing.finish(Kind::Finished, number, &fields));
            bytes.unwrap_or_else(|error| {
                finished_message(
                    number,
                    &error.to_string(),
                    Outcome::Failed,
                    Some(&traceback),
                )
            })
        });
        if number == 0 {
            // A module that cannot be loaded: whoever uses it finds nil in its place, with the error.
            return;
        }
        self.link.send(message);
    }

    /// Sends what has changed, before the baton is given, and, if no message is left to apply, what is garbage.
    fn publish(&mut self, releases: bool) {
        let state = self.state.clone();
        let mut objects = state.objects.borrow_mut();
        let message = self
            .lua
            .enter(|ctx| Outgoing::new(ctx, &mut objects).finish_changes(releases));
        if let Some(message) = message {
            self.link.send(message);
        }
    }

    fn count(&mut self) {
        let counters = &self.link.shared.counters;
        let objects = self.state.objects.borrow();
        let count = |kind| objects.count(kind) as u64;
        counters.fuel.store(self.lua.fuel_used(), Ordering::Relaxed);
        counters
            .memory
            .store(self.lua.enter(|ctx| ctx.used()) as u64, Ordering::Relaxed);
        counters
            .functions
            .store(count(Reference::Function), Ordering::Relaxed);
        counters
            .tables
            .store(count(Reference::Table), Ordering::Relaxed);
        counters
            .cells
            .store(count(Reference::Cell), Ordering::Relaxed);
        counters
            .remotes
            .store(objects.count_remotes() as u64, Ordering::Relaxed);
    }

    /// Ends all tasks and tells the host.
    fn end(&mut self, outcome: Outcome, reason: &str) {
        let numbers: Vec<u64> = self
            .tasks
            .iter()
            .map(|r| r.number)
            .filter(|&n| n != 0)
            .collect();
        // Without the baton everything was said when it was given, and the host may have written since.
        if outcome != Outcome::Failed && self.link.shared.baton.is_workers() {
            self.publish(false);
        }
        self.count();
        for running in &mut self.tasks {
            self.lua.interrupt(&mut running.task);
        }
        let started_nothing = numbers.is_empty() && !self.body_finished;
        let text = format!("the sandbox '{}' has ended: {reason}", self.name);
        let numbers = if started_nothing { vec![1] } else { numbers };
        report_end(&self.link, outcome, &text, &numbers);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Whoever waits for the baton must not wait for a worker that is gone.
        self.link.shared.baton.end();
    }
}

/// Tells the host that tasks have ended with the sandbox, and that it has.
fn report_end(link: &Link, outcome: Outcome, text: &str, numbers: &[u64]) {
    // Whoever reads one of these messages must find the status changed.
    link.shared.set_status(Status::Ended(outcome));
    for &number in numbers {
        link.send(finished_message(number, text, outcome, None));
    }
    let mut fields = Encoder::new();
    fields.string(outcome.name().as_bytes());
    link.send(encode_message(Kind::Ended, 0, None, &fields));
    link.shared.baton.end();
}

/// Makes the message that a task has failed, with a text for its error.
fn finished_message(
    number: u64,
    text: &str,
    outcome: Outcome,
    traceback: Option<&[u8]>,
) -> Vec<u8> {
    let mut fields = Encoder::new();
    fields.boolean(false);
    fields.string(text.as_bytes());
    fields.string(outcome.name().as_bytes());
    match traceback {
        Some(traceback) => fields.string(traceback),
        None => fields.nil(),
    }
    encode_message(Kind::Finished, number, None, &fields)
}

/// Puts the traceback of an error on main before that of the thread's call.
fn join_tracebacks(on_main: &[u8], traceback: &[u8]) -> Vec<u8> {
    let head: &[u8] = b"stack traceback:";
    match on_main.strip_prefix(head) {
        Some(rest) => [b"stack traceback of main:", rest, b"\n", traceback].concat(),
        // It says itself what is of main and what of another thread.
        None => [on_main, b"\n", traceback].concat(),
    }
}
