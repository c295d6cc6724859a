//! The test VM: one ordinary VM, a virtual clock, and a scheduler that interleaves tasks at safe points.
//!
//! Main runs until it waits; what is handed to it runs on it, whole. Bodies of threads are tasks, cut after any
//! amount of fuel. The sync guarantee says that every run across the bridge is one of these.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use interpreter::{
    Context, Error, Failure, Gc, Interrupt, Lua, Outcome, Stash, Table, Task, Value,
};

use super::environment::Virtual;
use super::natives::{self, Event, Request, Running, State};
use super::outcome::Record;
use super::schedule::{Chooser, Schedule, TURN};
use super::sources;

/// Fuel of main between two looks at the limits.
const MAIN_TURN: u64 = 200_000;

/// Fuel after which a task goes behind the others that can run, so that one that spins waits for them.
const PATIENCE: u64 = 100_000;

/// Fuel with which a task takes an answer from main: enough for what this runner does with it on the way.
const ARRIVAL: u32 = 8;

/// What a turn of main counts for that uses up none.
const TURN_OF_MAIN: u64 = 500;

/// Which tests of a file to run, and how.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) file: String,
    pub(super) filter: Vec<String>,
    pub(super) exclude: Vec<String>,
    pub(super) helpers: Vec<String>,
    /// Numbers of the first and the last test.
    pub(super) range: (u32, u32),
    /// Of all tests but those in `schedules`.
    pub(super) schedule: Schedule,
    /// Of tests by their number.
    pub(super) schedules: BTreeMap<u32, Schedule>,
    /// The fuel that the tasks of tests use, about, by their number.
    pub(super) lengths: BTreeMap<u32, u64>,
    pub(super) seed: u64,
    /// Fuel that a test may use.
    pub(super) fuel: u64,
    /// Bytes that the VM may hold.
    pub(super) memory: usize,
    /// Patterns for `package.path`, in front of the working directory's.
    pub(super) path: Vec<String>,
    /// `$VIMRUNTIME`, if there is a Neovim.
    pub(super) runtime: Option<PathBuf>,
}

/// Runs the tests of a file and returns what became of each; number 0 is the file itself.
pub(super) fn run(plan: &Plan) -> Vec<Record> {
    let mut records = Vec::new();
    let mut first = plan.range.0;
    loop {
        let mut world = World::new(plan, first);
        let ended = world.run();
        records.append(&mut world.state.reported.borrow_mut());
        let Some(record) = ended else { break };
        // What has ended the VM has ended one test; the others get another VM.
        first = record.index + 1;
        let is_last = record.index == 0;
        records.push(record);
        if is_last {
            break;
        }
    }
    records
}

struct World<'p> {
    plan: &'p Plan,
    lua: Lua,
    state: Rc<State>,
    main: Task,
    /// What main waits for; `None` when it runs.
    waiting: Option<Request>,
    chooser: Chooser,
    /// Who ran last, and how long in a row.
    last: (u64, u64),
    /// When the test began: fuel and moment.
    began: (u64, u64),
}

impl<'p> World<'p> {
    fn new(plan: &'p Plan, first: u32) -> World<'p> {
        let environment = Rc::new(Virtual::new());
        let mut lua = Lua::new(interpreter::Options {
            memory: Some(plan.memory),
            seed: 0,
            environment: environment.clone(),
        });
        let state = Rc::new(State::new(environment));
        let main = lua.enter(|ctx| {
            ctx.set_embedder(state.clone());
            start(ctx, plan, first).expect("the runner's own Lua can be loaded")
        });
        World {
            plan,
            lua,
            state,
            main,
            waiting: None,
            chooser: Chooser::new(&plan.schedule, b"", 0),
            last: (0, 0),
            began: (0, 0),
        }
    }

    /// Runs everything; returns what has ended it, if it is not the end of the file.
    fn run(&mut self) -> Option<Record> {
        loop {
            let result = match self.waiting {
                None => self.run_main(MAIN_TURN),
                Some(_) => self.schedule(),
            };
            match result {
                Ok(false) => {}
                Ok(true) => return None,
                Err(message) => {
                    let begun = self.state.begun.borrow().clone();
                    let (index, name) = begun.unwrap_or_default();
                    let mut record = Record::ended(index, &name, &self.plan.file, message);
                    self.complete(&mut record);
                    let output = self.state.environment.take_output();
                    record.output = String::from_utf8_lossy(&output).into_owned();
                    return Some(record);
                }
            }
            self.follow_tests();
            let used = self.lua.fuel_used() - self.began.0;
            if used > self.plan.fuel {
                return self.fuel_ended();
            }
        }
    }

    fn fuel_ended(&mut self) -> Option<Record> {
        let begun = self.state.begun.borrow().clone();
        let (index, name) = begun.unwrap_or_default();
        let message = format!(
            "ended after {} units of fuel (calls and loop iterations): it may never end; --fuel N allows more",
            self.plan.fuel
        );
        let mut record = Record::ended(index, &name, &self.plan.file, message);
        let text = self.lua.enter(|ctx| ctx.task_traceback(&self.main));
        let text = String::from_utf8_lossy(&text);
        let frames = text.lines().skip(1).map(str::trim_start);
        // What is further out is the runner.
        let frames = frames.take_while(|frame| *frame != "[C]: in function 'xpcall'");
        record.traceback = frames.collect::<Vec<_>>().join("\n");
        record.line = record.traceback.lines().find_map(line_of).unwrap_or(0);
        self.complete(&mut record);
        Some(record)
    }

    /// Fills in what only the scheduler knows.
    fn complete(&self, record: &mut Record) {
        record.decisions.clone_from(&self.chooser.taken);
        record.speed = self.chooser.speed;
        record.length = self.chooser.used;
        record.nanoseconds = self.state.now() - self.began.1;
    }

    /// Sees tests begin and end.
    fn follow_tests(&mut self) {
        if self.state.is_new.take() {
            let begun = self.state.begun.borrow();
            let (index, name) = begun.as_ref().expect("set with is_new");
            let schedule = self
                .plan
                .schedules
                .get(index)
                .unwrap_or(&self.plan.schedule);
            let length = self.plan.lengths.get(index).copied().unwrap_or(0);
            self.chooser = Chooser::new(schedule, name.as_bytes(), length);
            self.began = (self.lua.fuel_used(), self.state.now());
            self.last = (0, 0);
        }
        let mut reported = self.state.reported.borrow_mut();
        if let Some(record) = reported.last_mut()
            && record.speed == 0
        {
            self.complete(record);
        }
    }

    /// Moves the clock by what has been used, and returns it.
    fn account(&mut self, before: u64) -> u64 {
        let used = self.lua.fuel_used() - before;
        let clock = &self.state.environment.now;
        clock.set(clock.get().saturating_add(used * self.chooser.speed));
        used
    }

    fn remember(&mut self, who: u64, used: u64) {
        self.last = if self.last.0 == who {
            (who, self.last.1 + used)
        } else {
            (who, used)
        };
    }

    /// Lets main go on; returns whether it has ended.
    fn run_main(&mut self, fuel: u64) -> Result<bool, String> {
        self.waiting = None;
        self.state.set_turn(0, 0);
        let before = self.lua.fuel_used();
        let outcome = self.lua.run(&mut self.main, fuel);
        let used = self.account(before);
        self.remember(0, used + TURN_OF_MAIN);
        match outcome {
            Outcome::Finished => Ok(true),
            Outcome::OutOfFuel => Ok(false),
            Outcome::Suspended => {
                self.waiting = self.state.request.take();
                Ok(false)
            }
            Outcome::Failed(Failure::Interrupted(Interrupt::Exited(status))) => {
                Err(format!("called os.exit({status})"))
            }
            Outcome::Failed(Failure::Interrupted(Interrupt::OutOfMemory)) => Err(format!(
                "needs more than {} bytes; --memory BYTES allows more",
                self.plan.memory
            )),
            Outcome::Failed(Failure::Interrupted(interrupt)) => Err(interrupt.to_string()),
            Outcome::Failed(Failure::Error { value, traceback }) => {
                let value = self.lua.enter(|ctx| format!("{:?}", ctx.unstash(value)));
                let traceback = String::from_utf8_lossy(&traceback);
                Err(format!("the runner has failed: {value}\n{traceback}"))
            }
        }
    }

    /// Puts the callbacks of timers that are due into main's queue, and wakes who has slept enough.
    fn follow_clock(&mut self) {
        let now = self.state.now();
        let mut timers = self.state.timers.borrow_mut();
        while let Some(entry) = timers.first_entry()
            && entry.key().0 <= now
        {
            let event = Event::Call(entry.remove());
            self.state.queue.borrow_mut().push_back(event);
        }
        drop(timers);
        let mut tasks = self.state.tasks.borrow_mut();
        for running in tasks.iter_mut() {
            if let Some(Request::Sleep(until)) = running.waiting
                && until <= now
            {
                running.waiting = None;
                self.lua.enter(|ctx| {
                    let _ = ctx.resume(&running.task, &[]);
                });
            }
        }
        drop(tasks);
        self.end_late_sandboxes(now);
    }

    fn end_late_sandboxes(&mut self, now: u64) {
        let sandboxes = self.state.sandboxes.borrow();
        let is_late = |sandbox: &natives::Sandbox| {
            sandbox.ended.is_none() && sandbox.deadline.is_some_and(|deadline| deadline <= now)
        };
        let late = sandboxes.iter().filter(|(_, sandbox)| is_late(sandbox));
        let late: Vec<u64> = late.map(|(&id, _)| id).collect();
        drop(sandboxes);
        for id in late {
            self.end_sandbox(id, "timed out");
        }
    }

    /// Ends a sandbox that has reached a limit, and tells main.
    fn end_sandbox(&mut self, id: u64, outcome: &'static str) {
        let mut sandboxes = self.state.sandboxes.borrow_mut();
        if let Some(sandbox) = sandboxes.get_mut(&id) {
            sandbox.ended = Some(outcome);
        }
        drop(sandboxes);
        let mut tasks = self.state.tasks.borrow_mut();
        let ended: Vec<Running> = tasks.extract_if(.., |r| r.sandbox == id).collect();
        drop(tasks);
        for running in ended {
            self.report_limit(running, outcome);
        }
    }

    fn report_limit(&mut self, running: Running, outcome: &'static str) {
        let text = format!("the sandbox was ended: {outcome}");
        let value = self.lua.enter(|ctx| {
            let value: Value<'_> = ctx.string(text).into();
            ctx.stash(value)
        });
        self.report_end(running, outcome, None, false, vec![value]);
    }

    fn report_end(
        &mut self,
        running: Running,
        outcome: &'static str,
        traceback: Option<Vec<u8>>,
        is_ok: bool,
        values: Vec<Stash>,
    ) {
        self.state.queue.borrow_mut().push_back(Event::End {
            sandbox: running.sandbox,
            number: running.number,
            outcome,
            traceback,
            is_ok,
            values,
        });
        self.lua.enter(|ctx| ctx.drop_task(running.task));
    }

    /// Lets main or a task go on, or the clock if nobody can.
    fn schedule(&mut self) -> Result<bool, String> {
        let tasks = self.state.tasks.borrow();
        let answered = tasks.iter().find(|running| running.is_answered);
        let answered = answered.map(|running| running.id);
        drop(tasks);
        if let Some(id) = answered {
            // As across the bridge, nobody runs between a call to main and what is done with its results.
            return self.give_turn(id, ARRIVAL);
        }
        self.follow_clock();
        let now = self.state.now();
        let main_can = match self.waiting {
            Some(Request::Event(until)) => {
                !self.state.queue.borrow().is_empty() || until.is_some_and(|until| until <= now)
            }
            Some(Request::Sleep(until)) => until <= now,
            _ => true,
        };
        let mut ready: Vec<u64> = if main_can { vec![0] } else { Vec::new() };
        let tasks = self.state.tasks.borrow();
        ready.extend(tasks.iter().filter(|r| r.waiting.is_none()).map(|r| r.id));
        drop(tasks);
        let Some(&first) = ready.first() else {
            return self.let_time_pass();
        };
        if ready == [0] {
            return self.give_turn(first, TURN);
        }
        if let Some(place) = ready.iter().position(|&id| id == self.last.0) {
            let id = ready.remove(place);
            if self.last.1 < PATIENCE {
                ready.insert(0, id);
            } else {
                ready.push(id);
            }
        }
        let decision = self.chooser.choose(ready.len() as u32);
        let fuel = if decision.fuel == 0 {
            TURN
        } else {
            decision.fuel
        };
        self.give_turn(ready[decision.who as usize], fuel)
    }

    fn let_time_pass(&mut self) -> Result<bool, String> {
        let main = match self.waiting {
            Some(Request::Sleep(until) | Request::Event(Some(until))) => Some(until),
            _ => None,
        };
        match self.state.next_moment().into_iter().chain(main).min() {
            Some(moment) => {
                let clock = &self.state.environment.now;
                clock.set(clock.get().max(moment));
            }
            None => {
                let text = self.state.deadlock();
                self.lua.enter(|ctx| {
                    let text: Value<'_> = ctx.string(text).into();
                    ctx.raise(&self.main, text);
                });
                self.waiting = None;
            }
        }
        Ok(false)
    }

    fn give_turn(&mut self, id: u64, fuel: u32) -> Result<bool, String> {
        if id == 0 {
            self.resume_main();
            return self.run_main(MAIN_TURN);
        }
        let mut tasks = self.state.tasks.borrow_mut();
        let place = tasks.iter().position(|running| running.id == id);
        let mut running = tasks.remove(place.expect("the list of who can run is of now"));
        running.is_answered = false;
        drop(tasks);
        self.run_task(running, fuel);
        Ok(false)
    }

    /// Brings main what it has waited for.
    fn resume_main(&mut self) {
        let event = match self.waiting {
            Some(Request::Event(_)) => self.state.queue.borrow_mut().pop_front(),
            _ => None,
        };
        let state = &self.state;
        self.lua.enter(|ctx| {
            let values = event.map_or_else(Vec::new, |event| values_of(ctx, state, event));
            // There is room for a few values, and main does wait.
            let _ = ctx.resume(&self.main, &values);
        });
    }

    fn run_task(&mut self, mut running: Running, fuel: u32) {
        let sandbox = running.sandbox;
        let until = self.state.next_moment().unwrap_or(u64::MAX);
        let mut fuel = u64::from(fuel);
        // What the clock brings must find its place.
        let left = until.saturating_sub(self.state.now()) / self.chooser.speed + 1;
        fuel = fuel.min(left);
        let used_before = self.lua.enter(|ctx| ctx.used());
        if let Some(limits) = self.state.sandboxes.borrow().get(&sandbox) {
            if let Some(limit) = limits.fuel {
                fuel = fuel.min(limit.saturating_sub(limits.fuel_used));
            }
            if let Some(limit) = limits.memory {
                let left = (limit as isize - limits.memory_used).max(0) as usize;
                let most = self.plan.memory.min(used_before.saturating_add(left));
                self.lua.enter(|ctx| ctx.heap().set_limit(Some(most)));
            }
        }
        self.state.set_turn(running.id, sandbox);
        let before = self.lua.fuel_used();
        let outcome = if fuel == 0 {
            Outcome::OutOfFuel
        } else {
            self.lua.run(&mut running.task, fuel)
        };
        let used = self.account(before);
        let id = running.id;
        self.remember(id, used);
        self.chooser.count(used);
        let plan = self.plan;
        let used_after = self.lua.enter(|ctx| {
            ctx.heap().set_limit(Some(plan.memory));
            ctx.used()
        });
        self.state.set_turn(0, 0);
        let mut is_spent = false;
        if let Some(limits) = self.state.sandboxes.borrow_mut().get_mut(&sandbox) {
            limits.fuel_used += used;
            limits.memory_used += used_after as isize - used_before as isize;
            is_spent = limits.fuel.is_some_and(|fuel| limits.fuel_used >= fuel);
        }
        self.follow_task(running, outcome);
        if is_spent {
            self.end_sandbox(sandbox, "out of fuel");
        }
    }

    /// Deals with how a task's turn has ended.
    fn follow_task(&mut self, mut running: Running, outcome: Outcome) {
        match outcome {
            Outcome::OutOfFuel => self.put_back(running),
            Outcome::Suspended => {
                running.waiting = self.state.request.take();
                if running.waiting == Some(Request::Breathe) {
                    running.waiting = None;
                    self.lua.enter(|ctx| {
                        let _ = ctx.resume(&running.task, &[]);
                    });
                }
                self.put_back(running);
            }
            Outcome::Finished => {
                let values = self.lua.enter(|ctx| {
                    let results = ctx.results(&running.task);
                    results.into_iter().map(|value| ctx.stash(value)).collect()
                });
                self.report_end(running, "finished", None, true, values);
            }
            Outcome::Failed(Failure::Error { value, traceback }) => {
                let outcome = if running.is_cancelled {
                    "cancelled"
                } else {
                    "failed"
                };
                self.report_end(running, outcome, Some(traceback), false, vec![value]);
            }
            Outcome::Failed(Failure::Interrupted(interrupt)) => {
                let outcome = match interrupt {
                    Interrupt::OutOfMemory => "out of memory",
                    Interrupt::OutOfFuel => "out of fuel",
                    Interrupt::TimedOut => "timed out",
                    Interrupt::Exited(_) => "finished",
                    // `vim.stop_thread()`.
                    Interrupt::Killed => "cancelled",
                };
                let sandbox = running.sandbox;
                if interrupt == Interrupt::Killed {
                    let value = self.lua.enter(|ctx| {
                        let value: Value<'_> = ctx.string("the thread stopped itself").into();
                        ctx.stash(value)
                    });
                    self.report_end(running, outcome, None, false, vec![value]);
                    self.end_sandbox(sandbox, "finished");
                } else {
                    self.report_limit(running, outcome);
                    self.end_sandbox(sandbox, outcome);
                }
            }
        }
    }

    /// Puts a task back into the list, unless its sandbox has ended in its turn.
    fn put_back(&mut self, running: Running) {
        let sandboxes = self.state.sandboxes.borrow();
        let is_alive = sandboxes
            .get(&running.sandbox)
            .is_some_and(|sandbox| sandbox.ended.is_none());
        drop(sandboxes);
        if is_alive {
            let mut tasks = self.state.tasks.borrow_mut();
            let place = tasks.partition_point(|other| other.id < running.id);
            tasks.insert(place, running);
        } else {
            self.lua.enter(|ctx| ctx.drop_task(running.task));
        }
    }
}

/// Returns the line that a frame of a traceback is at, if it is at one.
fn line_of(frame: &str) -> Option<u32> {
    let (place, _) = frame.split_once(": in ")?;
    place.rsplit_once(':')?.1.parse().ok()
}

/// Returns what main calls for an event: a function and its arguments.
fn values_of<'gc>(ctx: Context<'gc>, state: &State, event: Event) -> Vec<Value<'gc>> {
    match event {
        Event::Call(function) => vec![ctx.unstash(function)],
        Event::End {
            sandbox,
            number,
            outcome,
            traceback,
            is_ok,
            values,
        } => {
            let on_end = state.on_end.borrow();
            let function = on_end.as_ref().map_or(Value::NIL, |stash| ctx.fetch(stash));
            let mut all = vec![
                function,
                Value::number(sandbox as f64),
                Value::number(number as f64),
                ctx.string(outcome).into(),
                traceback.map_or(Value::NIL, |text| ctx.string(text).into()),
                Value::boolean(is_ok),
            ];
            all.extend(values.into_iter().map(|value| ctx.unstash(value)));
            all
        }
    }
}

/// Makes main: the runner's Lua with its natives and options.
fn start<'gc>(ctx: Context<'gc>, plan: &Plan, first: u32) -> Result<Task, Error<'gc>> {
    let prototype = ctx.load(sources::VM, &sources::chunk_name("vm"))?;
    let main = ctx.main_function(prototype, ctx.globals());
    let host = natives::natives(ctx)?;
    let options = options(ctx, plan, first)?;
    let parts = ctx.table();
    for (name, source) in sources::PARTS {
        let prototype = ctx.load(source, &sources::chunk_name(name))?;
        let part = ctx.main_function(prototype, ctx.globals());
        ctx.set_field(parts, name, part)?;
    }
    Ok(ctx.task(main, &[host.into(), options.into(), parts.into()]))
}

fn options<'gc>(
    ctx: Context<'gc>,
    plan: &Plan,
    first: u32,
) -> Result<Gc<'gc, Table<'gc>>, Error<'gc>> {
    let list = |texts: &[String]| -> Result<Gc<'gc, Table<'gc>>, Error<'gc>> {
        let list = ctx.table();
        for (index, text) in texts.iter().enumerate() {
            ctx.set(list, (index + 1) as f64, ctx.string(text))?;
        }
        Ok(list)
    };
    let options = ctx.table();
    ctx.set_field(options, "file", ctx.string(&plan.file))?;
    ctx.set_field(options, "filter", list(&plan.filter)?)?;
    ctx.set_field(options, "exclude", list(&plan.exclude)?)?;
    ctx.set_field(options, "helpers", list(&plan.helpers)?)?;
    ctx.set_field(options, "first", f64::from(first))?;
    ctx.set_field(options, "last", f64::from(plan.range.1))?;
    ctx.set_field(options, "seed", plan.seed as f64)?;
    let plugin = crate::cases::root().join("lua");
    let mut path = plan.path.clone();
    let mut add = |folder: &std::path::Path| {
        path.push(folder.join("?.lua").display().to_string());
        path.push(folder.join("?/init.lua").display().to_string());
    };
    add("lua".as_ref());
    if let Some(runtime) = &plan.runtime {
        add(&runtime.join("lua"));
        let runtime = ctx.string(runtime.display().to_string());
        ctx.set_field(options, "runtime", runtime)?;
    }
    add(&plugin);
    ctx.set_field(options, "path", ctx.string(path.join(";")))?;
    ctx.set_field(options, "plugin", ctx.string(plugin.display().to_string()))?;
    Ok(options)
}
