//! Neovim's side of the bridge: the library `threading_native` and its complete Lua surface.
//!
//! Everything here runs on the main thread, called by Lua. Each function catches panics and raises
//! Lua errors only when no Rust value is left to drop, so nothing unwinds across C the wrong way.
//! `lua/threading/types.lua` documents the surface for Lua.

mod callbacks;
mod calls;
mod capture;
mod cells;
mod collect;
mod copy;
mod drive;
mod dump;
mod environments;
mod error;
mod instantiate;
mod integers;
mod operations;
mod refs;
mod relaxed;
mod rewrite;
mod session;
mod stack;
mod tables;
mod tasks;
mod wake;
mod writes;
mod written;

use std::cell::RefCell;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use bridge_sandbox::{Outcome, SandboxId, Status};
use bridge_wire::Encoder;
use crossbeam_channel::Sender;
use interpreter::Recycler;
use mlua::ffi::lua_State;

use capture::Capture;
use error::HostError;
use instantiate::Instantiate;
use session::{Slot, host};
use stack::{Entry, Stack, Type};

#[global_allocator]
static ALLOCATOR: Recycler = Recycler;

type Outbox = Sender<(SandboxId, Vec<u8>)>;

thread_local! {
    /// Where sandboxes put their messages; exists once `setup` has run.
    static OUTBOX: RefCell<Option<Outbox>> = const { RefCell::new(None) };
}

/// Runs the body of a C function: its results are on top of the stack, their number is returned.
///
/// # Safety
/// `l` must be the state with which Lua called the C function that calls this, as its last action.
unsafe fn protect(
    l: *mut lua_State,
    body: impl FnOnce(&mut Stack<'_>) -> Result<c_int, HostError>,
) -> isize {
    {
        // SAFETY: passed on from the caller.
        let mut stack = unsafe { Stack::new(l) };
        let message = match catch_unwind(AssertUnwindSafe(|| body(&mut stack))) {
            Ok(Ok(results)) => return results as isize,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => format!(
                "threading: defect in the library: {}; please report it",
                bridge_sandbox::describe_panic(&*panic)
            ),
        };
        stack.set_top(0);
        stack.push_string(message.as_bytes());
    }
    // SAFETY: everything of this frame was dropped in the block above.
    unsafe { stack::raise(l) }
}

/// Defines the C function behind each entry of the library's table.
macro_rules! surface {
    ($($(#[$doc:meta])* $name:ident => $body:expr;)*) => {
        $($(#[$doc])*
        unsafe extern "C-unwind" fn $name(l: *mut lua_State) -> isize {
            // SAFETY: Lua called this function with `l`, and nothing follows.
            unsafe { protect(l, $body) }
        })*
        const SURFACE: &[(&str, Entry)] = &[$((stringify!($name), $name as Entry),)*];
    };
}

surface! {
    /// `setup(async, vim, support_chunk_name?, dispatch)`
    setup => setup_host;
    /// `start(fn, args, n, options) -> id`
    start => tasks::start_sandbox;
    /// `call(id, fn, args, n) -> task`
    call => tasks::call_sandbox;
    /// `cancel(id, task, reason)`
    cancel => tasks::cancel_task;
    /// `kill(id)`
    kill => |stack| {
        if let Some(session) = host()?.session(id_argument(stack, 1)) {
            session.handle.0.kill();
        }
        Ok(0)
    };
    /// `status(id) -> string | nil`
    status => |stack| {
        let Some(session) = host()?.session(id_argument(stack, 1)) else {
            return Ok(0);
        };
        stack.push_string(status_name(session.handle.0.status()).as_bytes());
        Ok(1)
    };
    /// `stats(id) -> table | nil`
    stats => push_stats;
    /// `sync(id) -> boolean`
    sync => |stack| {
        let host = host()?;
        let Some(session) = host.session(id_argument(stack, 1)) else {
            return Ok(0);
        };
        let ready = host.enter(stack, &session)?;
        if ready {
            let sent = host.send_changes(stack, &session);
            host.leave(stack, &session);
            sent?;
        }
        stack.push_boolean(ready);
        Ok(1)
    };
    /// `drain()`
    drain => |stack| {
        host()?.drain(stack)?;
        Ok(0)
    };
    /// `nudge()`: has the inbox drained soon, by a nested loop if one is running. May be called in a fast context.
    nudge => |_| {
        wake::wake_again();
        Ok(0)
    };
    /// `suspend(id) -> depth`: gives the baton back while main waits inside a callback.
    suspend => suspend_callbacks;
    /// `resume(id, depth)`: undoes `suspend`.
    resume => |stack| {
        let host = host()?;
        if let Some(session) = host.session(id_argument(stack, 1)) {
            for _ in 0..stack.number(2) as u32 {
                // Turns go on whose writes were handed over in the middle.
                session.compare_all.set(true);
                if !host.enter(stack, &session)? {
                    break;
                }
            }
        }
        Ok(0)
    };
    /// `enter(id) -> boolean`: takes the baton for a callback; false if there is none to take.
    enter => |stack| {
        let host = host()?;
        let entered = match host.session(id_argument(stack, 1)) {
            Some(session) => host.begin_callback(stack, &session)?,
            None => false,
        };
        stack.push_boolean(entered);
        Ok(1)
    };
    /// `exit(id)`: undoes one `enter`, with the callback's changes.
    exit => |stack| {
        let host = host()?;
        if let Some(session) = host.session(id_argument(stack, 1)) {
            host.end_callback(stack, &session)?;
        }
        Ok(0)
    };
    /// `invoke(id, function id, n, …) -> task`: called by a wrapper whose function runs elsewhere.
    invoke => tasks::invoke_function;
    /// `wait_task(id, task, ms) -> boolean`: works for a while; true when the task has finished.
    wait_task => tasks::work_for_task;
    /// `take_task(id, task) -> outcome, traceback, ok, …`
    take_task => tasks::take_task_results;
    /// `operate(id, operator, …) -> task`: has the sandbox apply an operator, for which main waits.
    operate => operations::begin;
    /// `wait_operation(id, task, ms) -> boolean`: works for a while; true when it is done.
    wait_operation => operations::work;
    /// `environment_set(fn)`: a Lua function was given another environment.
    environment_set => |stack| {
        host()?.changed_environment(stack, 1, None)?;
        Ok(0)
    };
    /// `collected()`: the garbage collector has run.
    collected => |_| {
        let host = host()?;
        for session in host.sessions.borrow().values() {
            session.sweep.set(true);
            if let Ok(mut collected) = session.collected.try_borrow_mut() {
                collected.host_cycles += 1;
            }
        }
        if !host.sessions.borrow().is_empty() {
            wake::wake();
        }
        Ok(0)
    };
    /// `returns_nothing(fn) -> boolean`: whether no path through a function returns a value.
    returns_nothing => |stack| {
        let is_lua = stack.kind(1) == Type::Function && !stack.is_native_function(1);
        let mut bytes = Vec::new();
        stack.set_top(1);
        let nothing = is_lua
            && stack.dump(&mut bytes).is_ok()
            && dump::Dump::parse(bytes).is_some_and(|dump| dump.root().returns_nothing);
        stack.push_boolean(nothing);
        Ok(1)
    };
    /// `leave_neovim(ms) -> boolean`: ends everything for good; true if all workers have stopped.
    leave_neovim => |stack| {
        let milliseconds = stack.number(1).max(0.0) as u64;
        if let Ok(host) = host() {
            host.leaving.set(true);
        }
        let stopped = bridge_sandbox::shut_down(Duration::from_millis(milliseconds));
        wake::close();
        stack.push_boolean(stopped);
        Ok(1)
    };
    /// `drive("inline")`: for tests; no threads, main steps its sandboxes with `step`. Before `setup`.
    drive => drive::choose;
    /// `look() -> ready, messages, ms | nil`: how many sandboxes can run, how many messages wait for main,
    /// and when the next sandbox wakes up by itself. Inline only.
    look => drive::look;
    /// `step(units, pick) -> id | nil`: gives a sandbox a turn of at most `units` of fuel; of those that
    /// are ready the one at index `pick`, from 0. Inline only.
    step => drive::step;
    /// `take() -> boolean`: deals with one message; false when there was none. For tests.
    take => drive::take;
    /// `listen(ms) -> boolean`: waits for a message, at most that long; true if one waits. For tests.
    listen => drive::listen;
    /// `pass(ms)`: lets virtual time pass. Inline only.
    pass => drive::pass;
    /// `trace(true)` records messages from now on; `trace() -> string` takes what was recorded. Inline only.
    trace => drive::trace;
    /// `codec(value) -> value, bytes`: encodes and decodes a plain value; for measurements.
    codec => round_trip;
}

/// Returns the sandbox id at an index; 0, which no sandbox has, for anything else.
fn id_argument(stack: &Stack<'_>, index: c_int) -> u32 {
    stack.number(index) as u32
}

fn expect(
    stack: &Stack<'_>,
    index: c_int,
    kind: Type,
    what: &'static str,
) -> Result<(), HostError> {
    if stack.kind(index) != kind {
        return Err(HostError::Argument(what, stack.type_name(index)));
    }
    Ok(())
}

fn setup_host(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    if host().is_ok() {
        return Ok(0);
    }
    stack.set_top(4);
    expect(stack, 2, Type::Table, "the native functions")?;
    expect(stack, 3, Type::Table, "the table `vim`")?;
    expect(stack, 4, Type::Function, "the function that takes events")?;
    wake::set_handle(stack, 1)?;
    stack.load(include_bytes!("support.lua"), c"=(threading)")?;
    stack.push_value(2);
    stack.push_value(3);
    stack.load(bridge_sandbox::OPERATORS.as_bytes(), c"=(threading)")?;
    if !stack.call(0, 1, 0) {
        return Err(HostError::Internal("no operators".into()));
    }
    stack.load(include_bytes!("notes.lua"), c"=(threading)")?;
    stack.load(include_bytes!("names.lua"), c"=(threading)")?;
    stack.load(include_bytes!("ordered.lua"), c"=(threading)")?;
    if !stack.call(6, 1, 0) || stack.kind(-1) != Type::Table {
        let reason = stack.string(-1).unwrap_or(b"no table");
        let reason = String::from_utf8_lossy(reason).into_owned();
        return Err(HostError::Internal(reason));
    }
    let support = stack.top();
    stack.push_value(4);
    stack.raw_set_index(support, Slot::Dispatch as c_int);
    let (outbox, inbox) = crossbeam_channel::unbounded();
    OUTBOX.set(Some(outbox));
    session::install(stack, inbox);
    Ok(0)
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Waiting => "waiting",
        Status::Idle => "idle",
        Status::Ended(Outcome::Finished) => "finished",
        Status::Ended(Outcome::Failed) => "failed",
        Status::Ended(Outcome::Cancelled) => "cancelled",
        Status::Ended(Outcome::Killed) => "killed",
        Status::Ended(Outcome::OutOfFuel) => "out of fuel",
        Status::Ended(Outcome::OutOfMemory) => "out of memory",
        Status::Ended(Outcome::TimedOut) => "timed out",
    }
}

fn push_stats(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let Some(session) = host()?.session(id_argument(stack, 1)) else {
        return Ok(0);
    };
    push_stats_of(stack, &session);
    Ok(1)
}

/// Pushes a table of a sandbox's counters.
pub(crate) fn push_stats_of(stack: &mut Stack<'_>, session: &session::Session) {
    let stats = session.handle.0.stats();
    let shared = session.shared.borrow();
    let functions = shared.functions.len() + shared.own_functions.len();
    let counts = [
        ("cells", shared.cells.len()),
        ("tables", shared.tables.len()),
        ("functions", functions),
        ("remotes", shared.remotes.len() + shared.locals.len()),
    ];
    drop(shared);
    stack.new_table(0, 8);
    let table = stack.top();
    let numbers = [
        ("fuel", stats.fuel as f64),
        ("memory", stats.memory as f64),
        ("host_calls", stats.host_calls as f64),
        ("callbacks", stats.callbacks as f64),
        ("parked_us", stats.parked_us as f64),
    ];
    for (name, value) in numbers {
        stack.push_string(name.as_bytes());
        stack.push_number(value);
        stack.raw_set(table);
    }
    stack.push_string(b"shared");
    stack.new_table(0, 4);
    for (name, count) in counts {
        stack.push_string(name.as_bytes());
        stack.push_number(count as f64);
        stack.raw_set(table + 2);
    }
    stack.raw_set(table);
}

fn suspend_callbacks(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let host = host()?;
    let mut depth = 0;
    if let Some(session) = host.session(id_argument(stack, 1)) {
        depth = session.depth.get();
        if session.relaxed {
            host.hand_over(stack, &session)?;
        }
        if depth > 0 {
            let sent = host.send_changes(stack, &session);
            for _ in 0..depth {
                host.leave(stack, &session);
            }
            sent?;
        }
    }
    stack.push_number(depth.into());
    Ok(1)
}

fn round_trip(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let host = host()?;
    let id = id_argument(stack, 2);
    let session = host.session(id).ok_or(HostError::Ended(id))?;
    let top = stack.top();
    let mut out = Encoder::new();
    let start = Instant::now();
    Capture::new(&host, &session, stack)?.copy(1, "the value", &mut out)?;
    let encoded = start.elapsed();
    stack.set_top(top);
    let start = Instant::now();
    let mut instantiate = Instantiate::new(&host, &session, stack)?;
    instantiate.value(&mut bridge_wire::Decoder::new(out.as_bytes()))?;
    drop(instantiate);
    let decoded = start.elapsed();
    stack.push_number(encoded.as_secs_f64() * 1e6);
    stack.push_number(decoded.as_secs_f64() * 1e6);
    stack.push_string(out.as_bytes());
    Ok(4)
}

/// What `require` calls: returns the table of native functions, with the versions to check.
///
/// # Safety
/// To be called by Lua only.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn luaopen_threading_native(l: *mut lua_State) -> isize {
    let body = |stack: &mut Stack<'_>| {
        bridge_sandbox::silence_panics();
        stack.reserve(8)?;
        stack.new_table(0, 32);
        let table = stack.top();
        for &(name, entry) in SURFACE {
            stack.push_string(name.as_bytes());
            stack.push_entry(entry);
            stack.raw_set(table);
        }
        stack.push_string(b"version");
        stack.push_string(env!("CARGO_PKG_VERSION").as_bytes());
        stack.raw_set(table);
        stack.push_string(b"protocol");
        stack.push_number(bridge_wire::PROTOCOL.into());
        stack.raw_set(table);
        Ok(1)
    };
    // SAFETY: Lua called this function with `l`, and nothing follows.
    unsafe { protect(l, body) }
}
