//! The natives of the test VM: what `lua/vm.lua` and `lua/threading.lua` build `vim` and threads from.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use interpreter::bytecode::opcode::Op;
use interpreter::{
    Call, Context, Error, Gc, Interrupt, NativeFn, NativeResult, Stash, Table, Task, Value,
};

use super::environment::Virtual;
use super::outcome::{Record, Status, ThreadTrace};

/// What a task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// Until that moment of the virtual clock.
    Sleep(u64),
    /// An event, at most until that moment: only main.
    Event(Option<u64>),
    /// Nothing: others may go first. Only main.
    Breathe,
    /// The answer to a call on main.
    Reply,
}

/// What main is to do.
#[derive(Debug)]
pub(super) enum Event {
    Call(Stash),
    /// A task of a sandbox has ended.
    End {
        sandbox: u64,
        number: u64,
        outcome: &'static str,
        traceback: Option<Vec<u8>>,
        is_ok: bool,
        values: Vec<Stash>,
    },
}

/// A task of a sandbox.
#[derive(Debug)]
pub(super) struct Running {
    /// Unique among all tasks; main is 0.
    pub(super) id: u64,
    pub(super) sandbox: u64,
    pub(super) number: u64,
    pub(super) task: Task,
    /// `None` when it can run.
    pub(super) waiting: Option<Request>,
    /// It has its answer from main and has not run since.
    pub(super) is_answered: bool,
    pub(super) is_cancelled: bool,
}

/// The limits of a thread, and what it has used.
#[derive(Debug, Default)]
pub(super) struct Sandbox {
    pub(super) fuel: Option<u64>,
    pub(super) memory: Option<usize>,
    pub(super) deadline: Option<u64>,
    pub(super) is_pure: bool,
    pub(super) fuel_used: u64,
    /// By how many bytes the heap has grown in its turns.
    pub(super) memory_used: isize,
    pub(super) host_calls: u64,
    /// How it has ended.
    pub(super) ended: Option<&'static str>,
}

/// State that the natives and the scheduler share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) environment: Rc<Virtual>,
    /// Id of the task that runs, and its sandbox; 0 is main.
    pub(super) current: Cell<(u64, u64)>,
    /// Set by the native function that suspends its task.
    pub(super) request: Cell<Option<Request>>,
    pub(super) queue: RefCell<VecDeque<Event>>,
    /// Callbacks by their moment and the order of their making.
    pub(super) timers: RefCell<BTreeMap<(u64, u64), Stash>>,
    pub(super) tasks: RefCell<Vec<Running>>,
    pub(super) sandboxes: RefCell<BTreeMap<u64, Sandbox>>,
    pub(super) on_end: RefCell<Option<Stash>>,
    /// The test that runs: its number and name.
    pub(super) begun: RefCell<Option<(u32, String)>>,
    /// The test that runs has just begun.
    pub(super) is_new: Cell<bool>,
    /// What the suite has reported.
    pub(super) reported: RefCell<Vec<Record>>,
    next: Cell<u64>,
}

impl State {
    pub(super) fn new(environment: Rc<Virtual>) -> State {
        State {
            environment,
            current: Cell::new((0, 0)),
            request: Cell::new(None),
            queue: RefCell::default(),
            timers: RefCell::default(),
            tasks: RefCell::default(),
            sandboxes: RefCell::default(),
            on_end: RefCell::new(None),
            begun: RefCell::new(None),
            is_new: Cell::new(false),
            reported: RefCell::default(),
            next: Cell::new(0),
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.environment.now.get()
    }

    fn next(&self) -> u64 {
        self.next.set(self.next.get() + 1);
        self.next.get()
    }

    /// Says whose turn it is.
    pub(super) fn set_turn(&self, id: u64, sandbox: u64) {
        self.current.set((id, sandbox));
        let is_pure = self.sandboxes.borrow().get(&sandbox).map(|s| s.is_pure);
        self.environment.is_pure.set(is_pure.unwrap_or(false));
    }

    /// Returns what will happen next by itself on the clock, apart from main.
    pub(super) fn next_moment(&self) -> Option<u64> {
        let timer = self
            .timers
            .borrow()
            .first_key_value()
            .map(|(&(due, _), _)| due);
        let tasks = self.tasks.borrow();
        let sleeps = tasks.iter().filter_map(|running| match running.waiting {
            Some(Request::Sleep(until)) => Some(until),
            _ => None,
        });
        let sandboxes = self.sandboxes.borrow();
        let deadlines = tasks
            .iter()
            .filter_map(|running| sandboxes.get(&running.sandbox)?.deadline);
        timer.into_iter().chain(sleeps).chain(deadlines).min()
    }

    /// Returns whether nothing can happen any more unless main does something.
    fn is_idle(&self) -> bool {
        let can_run = |running: &Running| running.waiting.is_none();
        self.queue.borrow().is_empty()
            && self.next_moment().is_none()
            && !self.tasks.borrow().iter().any(can_run)
    }

    /// Says who waits for what, when nothing can happen any more.
    pub(super) fn deadlock(&self) -> String {
        let tasks = self.tasks.borrow();
        let mut text = "deadlock: main waits, and nothing can happen any more".to_owned();
        match tasks.len() {
            0 => text.push_str(" (no thread runs, no timer is set)"),
            count => text.push_str(&format!(" ({count} waiting for main)")),
        }
        text
    }
}

fn state(ctx: Context<'_>) -> Rc<State> {
    ctx.embedder::<State>()
        .expect("set when the world was made")
}

/// Puts the natives into a table.
pub(super) fn natives<'gc>(ctx: Context<'gc>) -> Result<Gc<'gc, Table<'gc>>, Error<'gc>> {
    let natives: [(&'static str, NativeFn); 29] = [
        ("current", |call| {
            let (task, _) = state(call.ctx()).current.get();
            call.ret(Value::number(task as f64))
        }),
        ("sandbox", |call| {
            let (_, sandbox) = state(call.ctx()).current.get();
            call.ret(Value::number(sandbox as f64))
        }),
        ("now", |call| {
            call.ret(Value::number(state(call.ctx()).now() as f64))
        }),
        ("post", post),
        ("timer", timer),
        ("cancel_timer", cancel_timer),
        ("wait", wait),
        ("sleep", sleep),
        ("breathe", |call| suspend(call, Request::Breathe)),
        ("block", block),
        ("is_idle", |call| {
            call.ret(Value::boolean(state(call.ctx()).is_idle()))
        }),
        ("deadlock", |call| {
            let text = state(call.ctx()).deadlock();
            call.ret(call.string(text))
        }),
        ("reply", reply),
        ("on_end", |call| {
            let function = call.ctx().stash(call.check_function(1)?.into());
            state(call.ctx()).on_end.replace(Some(function));
            call.ret0()
        }),
        ("new_sandbox", new_sandbox),
        ("spawn", spawn),
        ("cancel", cancel),
        ("kill", kill),
        ("stop", stop),
        ("ended", ended),
        ("task_count", task_count),
        ("status", status),
        ("stats", stats),
        ("count", count),
        ("clear", clear),
        ("returns_nothing", returns_nothing),
        ("test_begin", test_begin),
        ("test_end", test_end),
        ("file_error", file_error),
    ];
    let table = ctx.table();
    ctx.register(table, &natives)?;
    Ok(table)
}

fn suspend<'gc>(call: &Call<'gc>, request: Request) -> NativeResult<'gc> {
    state(call.ctx()).request.set(Some(request));
    call.suspend()
}

/// Reads a number that counts something.
fn whole<'gc>(call: &Call<'gc>, n: usize) -> Result<u64, Error<'gc>> {
    // Out of range, it is the nearest that there is.
    Ok(call.check_number(n)? as u64)
}

/// `post(fn)`: has main call a function.
fn post<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let function = call.ctx().stash(call.check_any(1)?);
    let state = state(call.ctx());
    state.queue.borrow_mut().push_back(Event::Call(function));
    call.ret0()
}

/// `block(fn)`: has main call a function, and suspends the task until that answers with `reply`.
///
/// In one step: the answer may come at the very next safe point.
fn block<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let function = call.ctx().stash(call.check_function(1)?.into());
    let state = state(call.ctx());
    state.queue.borrow_mut().push_back(Event::Call(function));
    suspend(call, Request::Reply)
}

/// `timer(ns, fn)`: has main call a function later; returns what cancels it.
fn timer<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let state = state(call.ctx());
    let due = state.now().saturating_add(whole(call, 1)?);
    let function = call.ctx().stash(call.check_function(2)?.into());
    let number = state.next();
    state.timers.borrow_mut().insert((due, number), function);
    call.ret(Value::number(number as f64))
}

fn cancel_timer<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let number = whole(call, 1)?;
    let state = state(call.ctx());
    let mut timers = state.timers.borrow_mut();
    let key = timers.keys().find(|(_, its)| *its == number).copied();
    if let Some(function) = key.and_then(|key| timers.remove(&key)) {
        call.ctx().unstash(function);
    }
    call.ret0()
}

/// `wait(ns)`: suspends main until there is an event or the time is up; returns what to call, or nothing.
fn wait<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let state = state(call.ctx());
    let until = match call.opt_number(1, f64::INFINITY)? {
        ns if ns.is_finite() => Some(state.now().saturating_add(ns as u64)),
        _ => None,
    };
    suspend(call, Request::Event(until))
}

fn sleep<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let until = state(call.ctx()).now().saturating_add(whole(call, 1)?);
    suspend(call, Request::Sleep(until))
}

/// `reply(task, ok, …)`: answers a task that is blocked.
fn reply<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (ctx, id) = (call.ctx(), whole(call, 1)?);
    let state = state(ctx);
    let mut tasks = state.tasks.borrow_mut();
    let waits = |running: &&mut Running| running.waiting == Some(Request::Reply);
    let found = tasks.iter_mut().find(|running| running.id == id);
    // It may have been cancelled or killed meanwhile.
    let Some(running) = found.filter(waits) else {
        return call.ret0();
    };
    if call.arg(2).is_truthy() {
        let values: Vec<Value<'gc>> = (3..=call.arg_count()).map(|n| call.arg(n)).collect();
        ctx.resume(&running.task, &values)?;
    } else {
        ctx.raise(&running.task, call.arg(3));
    }
    running.waiting = None;
    running.is_answered = true;
    call.ret0()
}

/// `new_sandbox(id, fuel, memory, timeout, is_pure)`.
fn new_sandbox<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let state = state(call.ctx());
    let limit = |n: usize| call.arg(n).as_number();
    let deadline = limit(4).map(|ms| state.now().saturating_add((ms * 1e6) as u64));
    let sandbox = Sandbox {
        fuel: limit(2).map(|fuel| fuel as u64),
        memory: limit(3).map(|bytes| bytes as usize),
        deadline,
        is_pure: call.arg(5).is_truthy(),
        ..Sandbox::default()
    };
    state
        .sandboxes
        .borrow_mut()
        .insert(whole(call, 1)?, sandbox);
    call.ret0()
}

/// `spawn(sandbox, number, fn, …)`: starts a task.
fn spawn<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let args: Vec<Value<'gc>> = (4..=call.arg_count()).map(|n| call.arg(n)).collect();
    let task = call.ctx().task(call.check_function(3)?, &args);
    let state = state(call.ctx());
    let running = Running {
        id: state.next(),
        sandbox: whole(call, 1)?,
        number: whole(call, 2)?,
        task,
        waiting: None,
        is_answered: false,
        is_cancelled: false,
    };
    state.tasks.borrow_mut().push(running);
    call.ret0()
}

/// `cancel(sandbox, number, reason)`: raises an error where a task is.
fn cancel<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (sandbox, number) = (whole(call, 1)?, whole(call, 2)?);
    let state = state(call.ctx());
    let mut tasks = state.tasks.borrow_mut();
    let found = tasks
        .iter_mut()
        .find(|running| running.sandbox == sandbox && running.number == number);
    if let Some(running) = found {
        call.ctx().raise(&running.task, call.arg(3));
        running.waiting = None;
        running.is_cancelled = true;
    }
    call.ret0()
}

/// `kill(sandbox)`: none of its tasks runs any more.
fn kill<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let sandbox = whole(call, 1)?;
    let state = state(call.ctx());
    if let Some(sandbox) = state.sandboxes.borrow_mut().get_mut(&sandbox) {
        sandbox.ended.get_or_insert("killed");
    }
    let mut tasks = state.tasks.borrow_mut();
    for running in tasks.extract_if(.., |running| running.sandbox == sandbox) {
        call.ctx().drop_task(running.task);
    }
    call.ret0()
}

/// `stop()`: ends the sandbox of the task that runs.
fn stop<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let state = state(call.ctx());
    let (task, sandbox) = state.current.get();
    if task == 0 {
        return Err(call.error("vim.stop_thread: this is no thread"));
    }
    if let Some(sandbox) = state.sandboxes.borrow_mut().get_mut(&sandbox) {
        sandbox.ended = Some("finished");
    }
    Err(Interrupt::Killed.into())
}

fn ended<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let sandbox = whole(call, 1)?;
    let state = state(call.ctx());
    let sandboxes = state.sandboxes.borrow();
    match sandboxes
        .get(&sandbox)
        .map_or(Some("killed"), |sandbox| sandbox.ended)
    {
        Some(outcome) => call.ret(call.string(outcome)),
        None => call.ret(Value::NIL),
    }
}

fn task_count<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let sandbox = whole(call, 1)?;
    let state = state(call.ctx());
    let tasks = state.tasks.borrow();
    let count = tasks.iter().filter(|r| r.sandbox == sandbox).count();
    call.ret(Value::number(count as f64))
}

/// `status(sandbox)`: what a sandbox does that has not ended.
fn status<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let sandbox = whole(call, 1)?;
    let state = state(call.ctx());
    let tasks = state.tasks.borrow();
    let its = || tasks.iter().filter(|r| r.sandbox == sandbox);
    let status = if its().next().is_none() {
        "idle"
    } else if its().any(|running| running.waiting.is_none()) {
        "running"
    } else {
        "waiting"
    };
    call.ret(call.string(status))
}

/// `stats(sandbox)`: fuel, bytes, host calls, callbacks.
fn stats<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let sandbox = whole(call, 1)?;
    let state = state(call.ctx());
    let sandboxes = state.sandboxes.borrow();
    let Some(sandbox) = sandboxes.get(&sandbox) else {
        return call.ret(Value::NIL);
    };
    let numbers = [
        sandbox.fuel_used as f64,
        sandbox.memory_used.max(0) as f64,
        sandbox.host_calls as f64,
        0.0,
    ];
    call.ret_all(&numbers.map(Value::number))
}

/// `count("host_calls")`: counts a call of the task that runs.
fn count<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let state = state(call.ctx());
    let (_, sandbox) = state.current.get();
    if let Some(sandbox) = state.sandboxes.borrow_mut().get_mut(&sandbox) {
        sandbox.host_calls += 1;
    }
    call.ret0()
}

/// `clear()`: forgets timers, events and tasks: a test has ended.
fn clear<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (ctx, state) = (call.ctx(), state(call.ctx()));
    for (_, function) in std::mem::take(&mut *state.timers.borrow_mut()) {
        ctx.unstash(function);
    }
    for event in state.queue.borrow_mut().drain(..) {
        match event {
            Event::Call(function) => drop(ctx.unstash(function)),
            Event::End { values, .. } => {
                for value in values {
                    ctx.unstash(value);
                }
            }
        }
    }
    for running in state.tasks.borrow_mut().drain(..) {
        ctx.drop_task(running.task);
    }
    state.sandboxes.borrow_mut().clear();
    call.ret0()
}

/// `returns_nothing(fn)`: whether no path through a function returns a value.
fn returns_nothing<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let function = call.check_function(1)?;
    let returns_value = |op| matches!(op, Op::CALLMT | Op::CALLT | Op::RETM | Op::RET | Op::RET1);
    let answer = function.prototype().is_some_and(|prototype| {
        let mut words = prototype.template().code.words();
        !words.any(|word| Op::of(word).is_some_and(returns_value))
    });
    call.ret(Value::boolean(answer))
}

/// `test_begin(index, name)`: from here on everything belongs to that test.
fn test_begin<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let name = String::from_utf8_lossy(call.check_string(2)?.as_bytes()).into_owned();
    let state = state(call.ctx());
    state.environment.take_output();
    state.begun.replace(Some((whole(call, 1)? as u32, name)));
    state.is_new.set(true);
    // The scheduler is told before the test does anything.
    suspend(call, Request::Breathe)
}

fn test_end<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    report(call)?;
    state(call.ctx()).begun.replace(None);
    suspend(call, Request::Breathe)
}

/// `file_error(record)`: something went wrong outside all tests.
fn file_error<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    state(call.ctx()).begun.replace(None);
    report(call)?;
    call.ret0()
}

fn report<'gc>(call: &Call<'gc>) -> Result<(), Error<'gc>> {
    let (ctx, record) = (call.ctx(), call.check_table(1)?);
    let state = state(ctx);
    let field = |table: Gc<'gc, Table<'gc>>, name: &str| -> Option<String> {
        let value = table.get(ctx.string(name).into());
        Some(String::from_utf8_lossy(value.as_string()?.as_bytes()).into_owned())
    };
    let threads = record.get(ctx.string("threads").into()).as_table();
    let threads = threads.map_or_else(Vec::new, |list| {
        let items = (1..=list.length()).map(|index| list.get(Value::number(f64::from(index))));
        let tables = items.filter_map(|item| item.as_table());
        tables
            .map(|table| ThreadTrace {
                name: field(table, "name").unwrap_or_default(),
                traceback: field(table, "traceback").unwrap_or_default(),
            })
            .collect()
    });
    let line = record.get(ctx.string("line").into()).as_number();
    let (index, name) = state.begun.borrow().clone().unwrap_or_default();
    let status = field(record, "status").unwrap_or_default();
    let report = Record {
        index,
        name,
        status: Status::parse(status.as_bytes()),
        message: field(record, "message").unwrap_or_default(),
        expected: field(record, "expected"),
        actual: field(record, "actual"),
        traceback: field(record, "traceback").unwrap_or_default(),
        threads,
        file: field(record, "file").unwrap_or_default(),
        line: line.unwrap_or(0.0) as u32,
        output: String::from_utf8_lossy(&state.environment.take_output()).into_owned(),
        nanoseconds: 0,
        decisions: Vec::new(),
        speed: 0,
        length: 0,
    };
    state.reported.borrow_mut().push(report);
    Ok(())
}
