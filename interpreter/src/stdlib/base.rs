//! The basic functions, except for those that load code.

use gc_arena::Gc;

use crate::call::{Call, NativeResult};
use crate::compiler::number::string_to_number;
use crate::context::Context;
use crate::coroutine::Coroutine;
use crate::error::Error;
use crate::function::{Function, NativeFn};
use crate::stdlib::os::check_option;
use crate::string::LuaString;
use crate::table::{Table, marks};
use crate::userdata::Userdata;
use crate::value::{Type, Value};
use crate::vm::transfer::continuation;
use crate::vm::{Metamethod, cdata, describe, metamethod};

/// Most arguments and results of `unpack` together.
const MAX_UNPACK: i64 = 8000;

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let globals = ctx.globals();
    ctx.register(
        globals,
        &[
            ("assert", assert),
            ("collectgarbage", collectgarbage),
            ("error", error),
            ("gcinfo", gcinfo),
            ("getfenv", getfenv),
            ("getmetatable", getmetatable),
            ("ipairs", ipairs),
            ("newproxy", newproxy),
            ("next", next),
            ("pairs", pairs),
            ("pcall", pcall),
            ("print", print),
            ("rawequal", rawequal),
            ("rawget", rawget),
            ("rawset", rawset),
            ("select", select),
            ("setfenv", setfenv),
            ("setmetatable", setmetatable),
            ("tonumber", tonumber),
            ("tostring", tostring),
            ("type", type_of),
            ("unpack", unpack),
            ("xpcall", xpcall),
        ],
    )?;
    super::note_restartable(
        ctx,
        globals,
        &[
            "assert", "ipairs", "newproxy", "next", "pairs", "pcall", "rawset", "select",
            "tonumber", "tostring", "unpack", "xpcall",
        ],
    );
    ctx.vm
        .next_function
        .set(globals.get(ctx.string("next").into()).as_function());
    ctx.vm
        .ipairs_iterator
        .set(Some(ctx.native("ipairs_aux", ipairs_step, &[])));
    ctx.set_field(globals, "_G", globals)?;
    ctx.set_field(globals, "_VERSION", ctx.string("Lua 5.1"))
}

fn assert<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    if call.check_any(1)?.is_truthy() {
        return call.ret_top(call.arg_count());
    }
    if call.arg_count() < 2 {
        return Err(call.error("assertion failed!"));
    }
    let message = call.arg(2);
    if message.as_string().is_some() || message.is_number() {
        let message = call.check_string(2)?;
        // LuaJIT puts the message together as a C string.
        let text = message.as_bytes().split(|&byte| byte == 0).next();
        return Err(call.error(text.unwrap_or_default()));
    }
    // LuaJIT raises what is on top of its stack.
    Err(Error::new(call.arg(call.arg_count())))
}

fn collectgarbage<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    const OPTIONS: &[&str] = &[
        "collect",
        "step",
        "count",
        "stop",
        "restart",
        "setpause",
        "setstepmul",
        "isrunning",
    ];
    let option = OPTIONS[check_option(call, 1, Some(0), OPTIONS)?];
    let argument = call.opt_int(2, 0)?;
    let vm = call.ctx.vm;
    match option {
        "collect" => call.collect(|call| call.ret(0.0)),
        "step" => call.collect_step(argument.max(0) as u32, |call| {
            call.ret(call.ctx.vm.cycle_finished.get())
        }),
        "count" => call.ret(vm.heap.used() as f64 / 1024.0),
        "setpause" => call.ret(f64::from(vm.pause.replace(argument))),
        "setstepmul" => call.ret(f64::from(vm.step_multiplier.replace(argument))),
        "isrunning" => call.ret(!vm.collector_stopped.get()),
        _ => {
            vm.collector_stopped.set(option == "stop");
            call.ret(0.0)
        }
    }
}

fn gcinfo<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    call.ret((call.heap().used() / 1024) as f64)
}

fn error<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let level = call.opt_int(2, 1)?;
    let value = call.arg(1);
    if level <= 0 || value.as_string().is_none() && !value.is_number() {
        return Err(Error::new(value));
    }
    let mut text = describe::position(call.coroutine, call.base, level as usize);
    text.extend_from_slice(call.check_string(1)?.as_bytes());
    Err(call.string(text).into())
}

/// Returns the function that argument 1 of `getfenv` and `setfenv` means; `None` for level 0.
fn function_at_level<'gc>(
    call: &Call<'gc>,
    default: Option<i32>,
) -> Result<Option<Gc<'gc, Function<'gc>>>, Error<'gc>> {
    if let Some(function) = call.arg(1).as_function() {
        return Ok(Some(function));
    }
    let level = match default {
        Some(default) => call.opt_int(1, default)?,
        None => call.check_int(1)?,
    };
    if level < 0 {
        return Err(call.arg_error(1, "invalid level"));
    }
    if level == 0 {
        return Ok(None);
    }
    describe::frame(call.coroutine, call.base, level as usize)
        .and_then(|(base, _)| call.coroutine.function_at(base))
        .map(Some)
        .ok_or_else(|| call.arg_error(1, "invalid level"))
}

fn getfenv<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    match function_at_level(call, Some(1))? {
        Some(function) => call.ret(function.env()),
        None => call.ret(call.env()),
    }
}

fn setfenv<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let env = call.check_table(2)?;
    match function_at_level(call, None)? {
        Some(function) if function.is_native() => {
            Err(call.error("'setfenv' cannot change environment of given object"))
        }
        Some(function) => {
            Function::set_env(function, call.mutation(), env);
            call.ret(function)
        }
        None => {
            if call.coroutine().resumer.get().is_none() {
                call.ctx.vm.globals.set(env);
            } else {
                Coroutine::set_env(call.coroutine(), call.mutation(), Some(env));
            }
            call.ret0()
        }
    }
}

fn getmetatable<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let value = call.check_any(1)?;
    let Some(metatable) = call.metatable(value) else {
        return call.ret(Value::NIL);
    };
    let protected = call.ctx.vm.handler(metatable, Metamethod::Metatable);
    if protected.is_nil() {
        call.ret(metatable)
    } else {
        call.ret(protected)
    }
}

fn setmetatable<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    let metatable = call.arg(2);
    if call.arg_count() < 2 || !(metatable.is_nil() || metatable.as_table().is_some()) {
        return Err(call.arg_error(2, "nil or table expected"));
    }
    if !call
        .ctx
        .vm
        .handler_of(table.into(), Metamethod::Metatable)
        .is_nil()
    {
        return Err(call.error("cannot change a protected metatable"));
    }
    table.set_metatable(call.mutation(), metatable.as_table());
    call.ret(table)
}

/// Returns the handler that `pairs` or `ipairs` calls for a 64-bit integer; no other type has one in LuaJIT.
fn traversal_handler<'gc>(
    call: &Call<'gc>,
    event: Metamethod,
) -> Result<Option<Value<'gc>>, Error<'gc>> {
    let value = call.check_any(1)?;
    if !value.is_cdata() {
        return Ok(None);
    }
    let handler = call.ctx.vm.handler_of(value, event);
    if call.ctx.vm.is_integer_handler(event, handler) {
        return Err(call.error(cdata::traversal_refusal(value, event)));
    }
    Ok(Some(handler).filter(|handler| !handler.is_nil()))
}

fn ipairs<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    if let Some(handler) = traversal_handler(call, Metamethod::IPairs)? {
        return call.invoke(handler, &[call.arg(1)], |call| {
            call.ret_top(call.result_count())
        });
    }
    let table = call.check_table(1)?;
    let step = call.ctx.vm.ipairs_iterator.get().expect("set by open");
    call.ret_all(&[step.into(), table.into(), Value::number(0.0)])
}

fn ipairs_step<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    let index = call.check_int(2)?.wrapping_add(1);
    let value = table.get_index(index as u32);
    if value.is_nil() {
        return call.ret0();
    }
    call.ret_all(&[Value::number(f64::from(index)), value])
}

fn next<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    match table.next(call.arg(2)) {
        Ok(Some((key, value))) => call.ret_all(&[key, value]),
        Ok(None) => call.ret(Value::NIL),
        Err(error) => Err(call.table_error(error)),
    }
}

fn pairs<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    if let Some(handler) = traversal_handler(call, Metamethod::Pairs)? {
        return call.invoke(handler, &[call.arg(1)], |call| {
            call.ret_top(call.result_count())
        });
    }
    let table = call.check_table(1)?;
    let next = call.ctx.vm.next_function.get().expect("set by open");
    call.ret_all(&[next.into(), table.into(), Value::NIL])
}

fn pcall<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let function = call.check_any(1)?;
    call.invoke_protected(function, 2, continuation::PCALL)
}

fn xpcall<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    call.check_any(1)?;
    call.check_function(2)?;
    call.invoke_protected(call.arg(1), 3, continuation::XPCALL)
}

/// Returns a value as `tostring` shows it, or its `__tostring` handler.
pub(crate) fn display<'gc>(
    ctx: Context<'gc>,
    value: Value<'gc>,
) -> Result<Gc<'gc, LuaString>, Value<'gc>> {
    if let Some(string) = value.as_string() {
        return Ok(string);
    }
    let handler = ctx.vm.handler_of(value, Metamethod::ToString);
    if handler.is_nil() {
        Ok(plain_display(ctx, value))
    } else {
        Err(handler)
    }
}

/// Returns a value as `tostring` shows it when it has no handler.
fn plain_display<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> Gc<'gc, LuaString> {
    let serial = match value.type_of() {
        Type::Nil => return ctx.string("nil"),
        Type::Boolean => return ctx.string(if value.is_truthy() { "true" } else { "false" }),
        Type::Number | Type::String => {
            return crate::vm::arithmetic::to_string(ctx, value).expect("a number or string");
        }
        // The null pointer, as C prints it.
        Type::Userdata if value.same(Value::light(0)) => return ctx.string("userdata: NULL"),
        _ => identity(ctx, value),
    };
    if value
        .as_function()
        .is_some_and(|function| function.is_native())
    {
        return ctx.string(format!("function: builtin#{serial}"));
    }
    ctx.string(format!("{}: 0x{serial:08x}", value.type_name()))
}

/// Returns a number that stands for an object, given in the order in which programs ask.
pub(crate) fn identity<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> u32 {
    if let Some(table) = value.as_table() {
        ctx.serial(&table.serial)
    } else if let Some(function) = value.as_function() {
        ctx.serial(&function.serial)
    } else if let Some(coroutine) = value.as_coroutine() {
        ctx.serial(&coroutine.serial)
    } else if let Some(userdata) = value.as_userdata() {
        ctx.serial(&userdata.serial)
    } else if let Some(cdata) = value.as_cdata() {
        ctx.serial(&cdata.serial)
    } else {
        value.bits() as u32
    }
}

fn tostring<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    match display(call.ctx, call.check_any(1)?) {
        Ok(string) => call.ret(string),
        Err(handler) => call.tail_call(handler, &[call.arg(1)]),
    }
}

/// Writes the arguments as the global `tostring` makes them: whoever replaces it changes what is printed.
fn print<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let key = call.string("tostring").into();
    match metamethod::look_up(call.ctx, call.coroutine, call.env().into(), key, None)? {
        metamethod::Found::Value(converter) => print_with(call, converter),
        metamethod::Found::Call(handler, env) => call.invoke(handler, &[env, key], |call| {
            let converter = call.result(1);
            call.keep(call.arg_count())?;
            print_with(call, converter)
        }),
    }
}

/// Prints the arguments; the slots above them are the converter and the number of the next argument.
fn print_with<'gc>(call: &Call<'gc>, converter: Value<'gc>) -> NativeResult<'gc> {
    let count = call.arg_count();
    call.push(converter)?;
    call.push(Value::number(1.0))?;
    print_from(call, count, Vec::new())
}

fn print_from<'gc>(call: &Call<'gc>, count: usize, mut line: Vec<u8>) -> NativeResult<'gc> {
    let slot = |n: usize| call.coroutine.slot(call.base + n - 1);
    let converter = slot(count + 1);
    let is_tostring = converter
        .as_function()
        .and_then(|function| function.as_ref().native())
        .is_some_and(|native| std::ptr::fn_addr_eq(native.run, tostring as NativeFn));
    let first = slot(count + 2).as_number().unwrap_or(1.0) as usize;
    for n in first..=count {
        let Some(string) = is_tostring
            .then(|| display(call.ctx, slot(n)).ok())
            .flatten()
        else {
            // What it runs may print, too.
            print_text(call, &line);
            call.set_arg(count + 2, Value::number(n as f64));
            return call.invoke(converter, &[slot(n)], print_converted);
        };
        if n > 1 {
            line.push(b'\t');
        }
        line.extend_from_slice(string.as_bytes());
    }
    line.push(b'\n');
    print_text(call, &line);
    call.ret0()
}

fn print_text(call: &Call<'_>, text: &[u8]) {
    call.burn(text.len() / 16);
    // Nobody can be told that standard output is gone.
    let _ = call.ctx.vm.environment.write(text);
}

/// Takes what the converter made of an argument.
fn print_converted<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let Some(text) = crate::vm::arithmetic::to_string(call.ctx, call.result(1)) else {
        return Err(call.error("'tostring' must return a string to 'print'"));
    };
    let slots = call.arg_count();
    let n = call.arg(slots).as_number().unwrap_or(1.0);
    let mut line = Vec::new();
    if n > 1.0 {
        line.push(b'\t');
    }
    line.extend_from_slice(text.as_bytes());
    call.keep(slots)?;
    call.set_arg(slots, Value::number(n + 1.0));
    print_from(call, slots - 2, line)
}

fn rawequal<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let equal = call.check_any(1)?.raw_equal(call.check_any(2)?);
    call.ret(equal)
}

fn rawget<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    call.ret(table.get(call.check_any(2)?))
}

fn rawset<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    let (key, value) = (call.check_any(2)?, call.check_any(3)?);
    call.set(table, key, value)?;
    call.ret(table)
}

fn select<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let count = call.arg_count();
    if call
        .arg(1)
        .as_string()
        .is_some_and(|s| s.as_bytes().starts_with(b"#"))
    {
        return call.ret((count - 1) as f64);
    }
    let n = i64::from(call.check_int(1)?);
    let n = if n < 0 { count as i64 + n } else { n };
    if n < 1 {
        return Err(call.arg_error(1, "index out of range"));
    }
    call.ret_top((count as i64 - n).max(0) as usize)
}

fn tonumber<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let base = call.opt_int(2, 10)?;
    if base == 10 {
        let value = call.check_any(1)?;
        if value.is_number() {
            return call.ret(value);
        }
        if let Some(cdata) = value.as_cdata() {
            return call.ret(cdata.integer().to_number());
        }
        return match value
            .as_string()
            .and_then(|s| string_to_number(s.as_bytes()))
        {
            Some(number) => call.ret(number),
            None => call.ret(Value::NIL),
        };
    }
    let text = call.check_string(1)?;
    if !(2..=36).contains(&base) {
        return Err(call.arg_error(2, "base out of range"));
    }
    match crate::text::radix::parse_in_base(text.as_bytes(), base as u32) {
        Some(number) => call.ret(number),
        None => call.ret(Value::NIL),
    }
}

fn type_of<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let type_of = call.check_any(1)?.type_of();
    call.ret(call.ctx.vm.type_name(call.mutation(), type_of))
}

fn unpack<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    let first = i64::from(call.opt_int(2, 1)?);
    let last = if call.arg(3).is_nil() {
        i64::from(table.length())
    } else {
        i64::from(call.check_int(3)?)
    };
    if first > last {
        return call.ret0();
    }
    let count = last - first + 1;
    if count + call.arg_count() as i64 > MAX_UNPACK {
        return Err(call.error("too many results to unpack"));
    }
    call.reserve(count as usize)?;
    call.burn(count as usize / 8);
    for index in first..=last {
        call.push_reserved(table.get_index(index as i32 as u32));
    }
    call.ret_top(count as usize)
}

fn newproxy<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let proxy = call.userdata(Box::new(()));
    let argument = call.arg(1);
    let metatable = if !argument.is_truthy() {
        None
    } else if argument.as_boolean().is_some() {
        let metatable = call.table();
        metatable.marks.set(marks::OF_PROXY);
        Some(metatable)
    } else {
        let metatable = call.ctx.metatable(argument);
        let is_of_proxy = |table: &Gc<'gc, Table<'gc>>| table.marks.get() & marks::OF_PROXY != 0;
        let Some(metatable) = metatable.filter(is_of_proxy) else {
            return Err(call.arg_error(1, "boolean or proxy expected"));
        };
        Some(metatable)
    };
    Userdata::set_metatable(proxy, call.mutation(), metatable);
    if metatable.is_some() {
        // `__gc` is usually put into the metatable after this.
        call.ctx.vm.note_finalizable(proxy);
    }
    call.ret(proxy)
}
