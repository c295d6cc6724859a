//! What Lua inside a sandbox can ask for: host calls, time, and the objects that stand for host values.
//!
//! The natives here are the vocabulary of `prelude.lua`, which builds `vim` from them.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bridge_wire::{Encoder, Id, Kind, Operation, Reference, Side};
use interpreter::{
    Call, Context, Coroutine, Error, Function, Gc, Interrupt, NativeFn, NativeResult, Stash,
    Status, Table, Userdata, Value,
};

use crate::clock;
use crate::handle::Options;
use crate::objects::Objects;
use crate::outgoing::{Outgoing, Tables};
use crate::policy::Policy;
use crate::sandbox::Link;

/// What a suspended task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// The answer to a host call.
    Reply(u64),
    /// The same, when a function of the program runs on the host: its errors are the program's own.
    Result(u64),
    Sleep(Instant),
}

impl Request {
    /// Returns the number of the host call that is waited for.
    pub(crate) fn host_call(self) -> Option<u64> {
        match self {
            Request::Reply(number) | Request::Result(number) => Some(number),
            Request::Sleep(_) => None,
        }
    }
}

/// Tables that the prelude and this file share.
#[derive(Debug)]
pub(crate) struct Hooks {
    /// Metatable of userdata that stand for remote values of which what is asked copies.
    remote: Stash,
    /// The same for those that are asked by reference.
    userdata: Stash,
    /// What a coroutine runs that stands for one of the host; takes that coroutine and its arguments.
    coroutine: Stash,
    /// Metatable of tables that stand for host tables known by path.
    proxy: Stash,
    /// Proxy to the array of its path's keys.
    path_of: Stash,
    /// Path to the object that has it.
    by_path: Stash,
    /// Object to path: what crosses by name.
    names: Stash,
    empty_dict: Stash,
    vim_nil: Stash,
}

/// State of a sandbox, as its natives see it.
pub(crate) struct State {
    pub(crate) objects: RefCell<Objects>,
    pub(crate) hooks: RefCell<Option<Hooks>>,
    pub(crate) link: Link,
    pub(crate) policy: Policy,
    /// Neovim's runtime files.
    runtime: PathBuf,
    /// Set by the native function that suspends its task.
    pub(crate) request: Cell<Option<Request>>,
    /// `vim.stop_thread` was called.
    pub(crate) is_stopping: Cell<bool>,
    next_call: Cell<u64>,
    /// A moment, and the nanoseconds that `hrtime` shows then.
    clock: (Instant, u64),
}

/// Data of a userdata that stands for a value of the host.
pub(crate) struct Remote(Reference, Id);

impl Remote {
    /// Returns the kind and id of the value that a userdata stands for, if it does.
    pub(crate) fn of(userdata: Gc<'_, Userdata<'_>>) -> Option<(Reference, Id)> {
        let data = userdata.data().try_borrow().ok()?;
        data.downcast_ref::<Remote>()
            .map(|remote| (remote.0, remote.1))
    }
}

/// Data of `vim.NIL`.
pub(crate) struct Nil;

impl State {
    pub(crate) fn new(objects: Objects, link: Link, options: &Options) -> State {
        let clock = options.hrtime.filter(|_| !clock::is_virtual());
        let clock = clock.unwrap_or_else(|| (clock::now(), 0));
        State {
            objects: RefCell::new(objects),
            hooks: RefCell::new(None),
            link,
            policy: options.policy.clone(),
            runtime: options.paths.vimruntime.clone(),
            request: Cell::new(None),
            is_stopping: Cell::new(false),
            next_call: Cell::new(1),
            clock,
        }
    }
}

fn state<'gc>(ctx: Context<'gc>) -> Rc<State> {
    ctx.embedder::<State>()
        .expect("set when the sandbox was made")
}

fn hook<'gc>(ctx: Context<'gc>, which: impl Fn(&Hooks) -> &Stash) -> Option<Gc<'gc, Table<'gc>>> {
    state(ctx)
        .hooks
        .borrow()
        .as_ref()
        .and_then(|hooks| ctx.fetch(which(hooks)).as_table())
}

/// Returns the metatable of `vim.empty_dict()`.
pub(crate) fn empty_dict_metatable<'gc>(ctx: Context<'gc>) -> Option<Gc<'gc, Table<'gc>>> {
    hook(ctx, |hooks| &hooks.empty_dict)
}

/// Returns `vim.NIL`.
pub(crate) fn vim_nil<'gc>(ctx: Context<'gc>) -> Value<'gc> {
    state(ctx)
        .hooks
        .borrow()
        .as_ref()
        .map_or(Value::NIL, |hooks| ctx.fetch(&hooks.vim_nil))
}

/// Makes the object that stands for a value of the host, of the same type as far as there is one.
pub(crate) fn remote<'gc>(ctx: Context<'gc>, kind: Reference, id: Id) -> Value<'gc> {
    match kind {
        Reference::NativeFunction => ctx.native("host_function", operate_call, &[]).into(),
        Reference::RemoteFunction => {
            let remote = ctx.userdata(Box::new(Remote(kind, id)));
            ctx.native("host_function", call_remote, &[remote.into()])
                .into()
        }
        Reference::Coroutine => {
            let start = ctx.native("host_coroutine", resume_coroutine, &[]);
            Coroutine::new(ctx.mutation(), ctx.heap(), start).into()
        }
        _ => {
            let userdata = ctx.userdata(Box::new(Remote(kind, id)));
            let metatable = hook(ctx, |hooks| match kind {
                Reference::Userdata => &hooks.userdata,
                _ => &hooks.remote,
            });
            Userdata::set_metatable(userdata, ctx.mutation(), metatable);
            userdata.into()
        }
    }
}

/// Stands for a native function of the host.
fn operate_call<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let args = std::iter::once(call.function().into());
    let args: Vec<Value<'gc>> = args
        .chain((1..=call.arg_count()).map(|n| call.arg(n)))
        .collect();
    send(call, Operation::Operate, Callee::Operator(b"call"), &args)
}

/// Stands for a function of the host that came out of a host call.
fn call_remote<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (_, id) = call
        .value(0)
        .as_userdata()
        .and_then(Remote::of)
        .expect("given when it was made");
    let args: Vec<Value<'gc>> = (1..=call.arg_count()).map(|n| call.arg(n)).collect();
    send(call, Operation::Call, Callee::Remote(id), &args)
}

/// Runs as a coroutine that stands for one of the host.
fn resume_coroutine<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let main = state(call.ctx())
        .hooks
        .borrow()
        .as_ref()
        .map_or(Value::NIL, |hooks| call.fetch(&hooks.coroutine));
    let args = std::iter::once(call.coroutine().into());
    let args: Vec<Value<'gc>> = args
        .chain((1..=call.arg_count()).map(|n| call.arg(n)))
        .collect();
    call.invoke(main, &args, |call| call.ret_top(call.result_count()))
}

/// `operate(operator, …)`: has the host apply an operator.
fn operate<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let operator = call.check_string(1)?;
    let args: Vec<Value<'gc>> = (2..=call.arg_count()).map(|n| call.arg(n)).collect();
    let operator = Callee::Operator(operator.as_bytes());
    send(call, Operation::Operate, operator, &args)
}

/// `coroutine.status`: of a coroutine of the host, the host knows whether it runs.
fn coroutine_status<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let Some(coroutine) = call.arg(1).as_coroutine() else {
        return Err(call.arg_error(1, "coroutine expected"));
    };
    let status = coroutine.status();
    if status == Status::Suspended {
        let id = state(call.ctx())
            .objects
            .borrow()
            .find(call.ctx(), call.arg(1));
        if id.is_some_and(|(_, id)| id.side() == Side::Host) {
            let operator = Callee::Operator(b"status");
            return send(call, Operation::Operate, operator, &[call.arg(1)]);
        }
    }
    call.ret(call.string(status.name()))
}

/// Returns the module's instance in this sandbox; the message that names it had it loaded.
pub(crate) fn module<'gc>(ctx: Context<'gc>, name: &[u8]) -> Value<'gc> {
    loaded_module(ctx, name).unwrap_or(Value::NIL)
}

/// Returns a loaded module.
pub(crate) fn loaded_module<'gc>(ctx: Context<'gc>, name: &[u8]) -> Option<Value<'gc>> {
    let package = ctx.globals().get(ctx.string("package").into()).as_table()?;
    let loaded = package.get(ctx.string("loaded").into()).as_table()?;
    let module = loaded.get(ctx.string(name).into());
    (!module.is_nil()).then_some(module)
}

/// Returns the object of this side that has a dotted path, or one that stands for the host's.
pub(crate) fn named<'gc>(ctx: Context<'gc>, path: &[u8], is_function: bool) -> Value<'gc> {
    let Some(by_path) = hook(ctx, |hooks| &hooks.by_path) else {
        return Value::NIL;
    };
    let key = ctx.string(path);
    let known = by_path.get(key.into());
    if !known.is_nil() {
        return known;
    }
    if path == b"_G" {
        return ctx.globals().into();
    }
    let parts: Vec<&[u8]> = path.split(|&byte| byte == b'.').collect();
    let mut value: Value<'gc> = ctx.globals().into();
    for part in &parts {
        value = value
            .as_table()
            .map_or(Value::NIL, |t| t.get(ctx.string(part).into()));
    }
    if !value.is_nil() {
        return value;
    }
    let keys = ctx.table();
    let vim_parts = match parts.split_first() {
        Some((&b"vim", rest)) => rest.to_vec(),
        _ => [&[&b"_G"[..]], &parts[..]].concat(),
    };
    for (index, part) in vim_parts.iter().enumerate() {
        let _ = ctx.set(keys, (index + 1) as f64, ctx.string(part));
    }
    let object: Value<'gc> = if is_function {
        ctx.native("host_function", call_path, &[keys.into()])
            .into()
    } else {
        let proxy = ctx.table();
        proxy.set_metatable(ctx.mutation(), hook(ctx, |hooks| &hooks.proxy));
        if let Some(path_of) = hook(ctx, |hooks| &hooks.path_of) {
            let _ = ctx.set(path_of, proxy, keys);
        }
        proxy.into()
    };
    let _ = ctx.set(by_path, key, object);
    if let Some(names) = hook(ctx, |hooks| &hooks.names) {
        let _ = ctx.set(names, object, key);
    }
    object
}

/// Puts the natives into the table that the prelude gets.
pub(crate) fn natives<'gc>(ctx: Context<'gc>) -> Result<Gc<'gc, Table<'gc>>, Error<'gc>> {
    let natives: [(&'static str, NativeFn); 16] = [
        ("call", |call| host_call(call, Operation::Call)),
        ("get", |call| host_call(call, Operation::Get)),
        ("set", |call| host_call(call, Operation::Set)),
        ("post", |call| host_call(call, Operation::Post)),
        ("call_function", |call| function_call(call, Operation::Call)),
        ("post_function", |call| function_call(call, Operation::Post)),
        ("function_for", function_for),
        ("operate", operate),
        ("refuse", |call| call.refuse(call.arg(2))),
        ("status", coroutine_status),
        ("runtime_module", runtime_module),
        ("sleep", sleep),
        ("hrtime", hrtime),
        ("stop", stop),
        ("hooks", set_hooks),
        ("make_nil", |call| call.ret(call.userdata(Box::new(Nil)))),
    ];
    let table = ctx.table();
    ctx.register(table, &natives)?;
    let names = ctx.fetch(&state(ctx).objects.borrow().names);
    ctx.set_field(table, "names", names)?;
    let is_trusted = state(ctx).policy == Policy::Trusted;
    ctx.set_field(table, "is_trusted", Value::boolean(is_trusted))?;
    Ok(table)
}

fn set_hooks<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let ctx = call.ctx();
    let table = call.check_table(1)?;
    let field = |name: &str| ctx.stash(table.get(ctx.string(name).into()));
    let hooks = Hooks {
        remote: field("remote"),
        userdata: field("userdata"),
        coroutine: field("coroutine"),
        proxy: field("proxy"),
        path_of: field("path_of"),
        by_path: field("by_path"),
        names: ctx.stash(ctx.fetch(&state(ctx).objects.borrow().names)),
        empty_dict: field("empty_dict"),
        vim_nil: field("vim_nil"),
    };
    *state(ctx).hooks.borrow_mut() = Some(hooks);
    call.ret0()
}

/// `function_for(path)`: a function that calls the host's function at a path.
fn function_for<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let path = call.check_table(1)?;
    call.ret(call.native("host_function", call_path, &[path.into()]))
}

/// A function made by `function_for`.
fn call_path<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let path = call.value(0).as_table().expect("given by function_for");
    let args: Vec<Value<'gc>> = (1..=call.arg_count()).map(|n| call.arg(n)).collect();
    send(call, Operation::Call, Callee::Path(path), &args)
}

/// `call(path, …)`, `get(path)`, `set(path, value)`, `post(path, …)`.
fn host_call<'gc>(call: &Call<'gc>, operation: Operation) -> NativeResult<'gc> {
    let args: Vec<Value<'gc>> = (2..=call.arg_count()).map(|n| call.arg(n)).collect();
    if let Some((_, id)) = call.arg(1).as_userdata().and_then(Remote::of) {
        let objects = &state(call.ctx()).objects;
        if objects.borrow().find(call.ctx(), call.arg(1)).is_none() {
            return Err(call.error("this value of the host is gone: only a weak table held it"));
        }
        return send(call, operation, Callee::Remote(id), &args);
    }
    let path = call.check_table(1)?;
    send(call, operation, Callee::Path(path), &args)
}

/// `call_function(f, …)`, `post_function(f, …)`: runs a Lua function on the host.
fn function_call<'gc>(call: &Call<'gc>, operation: Operation) -> NativeResult<'gc> {
    let function = call.check_function(1)?;
    let args: Vec<Value<'gc>> = (2..=call.arg_count()).map(|n| call.arg(n)).collect();
    send(call, operation, Callee::Function(function), &args)
}

/// What a host call is about.
enum Callee<'a, 'gc> {
    Path(Gc<'gc, Table<'gc>>),
    Operator(&'a [u8]),
    Remote(Id),
    Function(Gc<'gc, Function<'gc>>),
}

fn send<'gc>(
    call: &Call<'gc>,
    operation: Operation,
    callee: Callee<'_, 'gc>,
    args: &[Value<'gc>],
) -> NativeResult<'gc> {
    let ctx = call.ctx();
    let state = state(ctx);
    call.burn(20);
    if state.policy != Policy::Trusted {
        let what = match callee {
            Callee::Path(path) => match checked_path(&state.policy, path) {
                Ok(()) => None,
                Err(shown) if operation == Operation::Get && state.policy.leads_on(&shown) => {
                    // What is allowed lies further down: nothing is asked for yet.
                    return call.ret(named(ctx, shown.as_bytes(), false));
                }
                Err(shown) => Some(shown),
            },
            // Whatever the host has handed over may be used.
            Callee::Remote(_) | Callee::Operator(_) if state.policy != Policy::Pure => None,
            Callee::Remote(_) | Callee::Operator(_) => Some("a value of the host".into()),
            Callee::Function(_) => Some("to run a function on main".into()),
        };
        if let Some(what) = what {
            let policy = state.policy.name();
            return Err(call.error(format!("{what} is not allowed by {policy}")));
        }
    }
    let waits = operation != Operation::Post;
    let number = if waits { state.next_call.get() } else { 0 };
    let mut objects = state.objects.borrow_mut();
    let mut message = Outgoing::new(ctx, &mut objects);
    let mut fields = Encoder::new();
    fields.unsigned(operation as u64);
    let mut tables = Tables::ByValue;
    let request = match callee {
        Callee::Function(_) | Callee::Operator(_) => Request::Result(number),
        _ => Request::Reply(number),
    };
    let encoded = match callee {
        Callee::Path(path) => {
            let length = path.length();
            fields.array_len(length as usize);
            (1..=length).try_for_each(|index| {
                let key = path.get(Value::number(f64::from(index)));
                message.value(&mut fields, key, Tables::ByValue)
            })
        }
        Callee::Operator(name) => {
            tables = Tables::ByReference;
            fields.array_len(1);
            fields.string(name);
            Ok(())
        }
        Callee::Remote(id) => {
            fields.reference(Reference::Remote, id);
            Ok(())
        }
        Callee::Function(function) => {
            tables = Tables::ByReference;
            message.value(&mut fields, function.into(), tables)
        }
    };
    message.may_hold_functions = state.policy == Policy::Trusted;
    message.may_hold_closures = state.policy.allows_callbacks();
    let encoded = encoded.and_then(|()| message.list(&mut fields, "argument", args, tables));
    // What else is sent was shared before.
    message.may_hold_functions = true;
    if encoded.is_err() {
        message.forget();
    }
    let bytes = encoded.and_then(|()| message.finish(Kind::HostCall, number, &fields));
    drop(objects);
    let bytes = bytes.map_err(|error| call.error(error.to_string()))?;
    state
        .link
        .shared
        .counters
        .host_calls
        .fetch_add(1, Ordering::Relaxed);
    state.link.send(bytes);
    if !waits {
        return call.ret0();
    }
    state.next_call.set(number + 1);
    state.request.set(Some(request));
    call.suspend()
}

/// Checks a path against a policy; an error is the path as Lua writes it.
fn checked_path(policy: &Policy, path: Gc<'_, Table<'_>>) -> std::result::Result<(), String> {
    let first = path.get(Value::number(1.0));
    if first.as_userdata().and_then(Remote::of).is_some() && *policy != Policy::Pure {
        return Ok(());
    }
    let shown = show_path(path);
    // What `tostring` asks of a remote value.
    if policy.allows(&shown) || (shown == "tostring" && *policy != Policy::Pure) {
        return Ok(());
    }
    Err(shown)
}

/// Returns a path as Lua writes it, without numbers: an option of buffer 2 is an option.
fn show_path(path: Gc<'_, Table<'_>>) -> String {
    let keys = (1..=path.length()).map(|index| path.get(Value::number(f64::from(index))));
    let names: Vec<String> = keys
        .filter_map(|key| key.as_string())
        .map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned())
        .collect();
    match names.split_first() {
        Some((root, rest)) if root == "_G" => rest.join("."),
        _ => format!("vim.{}", names.join(".")),
    }
}

/// Modules of Neovim's runtime that need nothing but Lua: those that a sandbox may load though it reads no files.
const PURE_MODULES: [&[u8]; 8] = [
    b"vim.F",
    b"vim.func",
    b"vim.func._memoize",
    b"vim.inspect",
    b"vim.iter",
    b"vim.shared",
    b"vim.text",
    b"vim.version",
];

/// `runtime_module(name)`: the text of a pure module for a sandbox that may not read it itself, else nothing.
fn runtime_module<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let state = state(call.ctx());
    let name = call.arg(1).as_string();
    let known = PURE_MODULES
        .into_iter()
        .find(|module| name.is_some_and(|name| name.as_bytes() == *module));
    let Some(module) = known.filter(|_| state.policy != Policy::Trusted) else {
        return call.ret0();
    };
    let module = String::from_utf8_lossy(module).replace('.', "/");
    match std::fs::read(state.runtime.join("lua").join(module + ".lua")) {
        Ok(text) => call.ret(call.ctx().checked_string(&text)?),
        Err(_) => call.ret0(),
    }
}

/// `sleep(ms)`: suspends the task.
fn sleep<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let milliseconds = call.check_number(1)?.clamp(0.0, 1e12);
    let deadline = clock::now() + Duration::from_micros((milliseconds * 1000.0) as u64);
    state(call.ctx())
        .request
        .set(Some(Request::Sleep(deadline)));
    call.suspend()
}

/// `hrtime()`: nanoseconds of a clock that only goes forward.
fn hrtime<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (moment, shown) = state(call.ctx()).clock;
    let elapsed = clock::now().saturating_duration_since(moment);
    call.ret(shown as f64 + elapsed.as_nanos() as f64)
}

/// `stop()`: ends the sandbox from within.
fn stop<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    state(call.ctx()).is_stopping.set(true);
    Err(Interrupt::Killed.into())
}
