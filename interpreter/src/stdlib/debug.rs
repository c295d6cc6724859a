//! The debug library: what programs may learn of frames, functions and variables.

mod console;
mod hook;

use std::ops::Range;

use gc_arena::Gc;

use crate::call::{Call, NativeResult, low_half};
use crate::compiler::chunk_display;
use crate::compiler::number::string_to_number;
use crate::context::Context;
use crate::coroutine::{Coroutine, Link};
use crate::error::Error;
use crate::function::{Function, Instruction, Upvalue};
use crate::stdlib::os::c_string;
use crate::userdata::Userdata;
use crate::value::Value;
use crate::vm::transfer::continuation;
use crate::vm::{describe, traceback};

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let library = ctx.table();
    ctx.register(
        library,
        &[
            ("getfenv", getfenv),
            ("gethook", hook::gethook),
            ("getinfo", getinfo),
            ("getlocal", getlocal),
            ("getmetatable", getmetatable),
            ("getregistry", getregistry),
            ("getupvalue", getupvalue),
            ("setfenv", setfenv),
            ("sethook", hook::sethook),
            ("setlocal", setlocal),
            ("setmetatable", setmetatable),
            ("setupvalue", setupvalue),
            ("traceback", traceback),
            ("upvalueid", upvalueid),
            ("upvaluejoin", upvaluejoin),
        ],
    )?;
    super::note_restartable(ctx, library, &["traceback"]);
    console::open(ctx, library)?;
    ctx.set_field(ctx.globals(), "debug", library)
}

/// Returns the coroutine in argument 1 and how many arguments that takes, or the running one and 0.
fn target<'gc>(call: &Call<'gc>) -> (Gc<'gc, Coroutine<'gc>>, usize) {
    match call.arg(1).as_coroutine() {
        Some(coroutine) => (coroutine, 1),
        None => (call.coroutine, 0),
    }
}

/// Returns the frame at a level of a coroutine: base and next instruction.
fn frame<'gc>(
    call: &Call<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    level: i32,
) -> Option<(usize, *const Instruction)> {
    let base = if Gc::ptr_eq(coroutine, call.coroutine) {
        call.base
    } else {
        coroutine.base.get()
    };
    if level < 0 || coroutine.function_at(base).is_none() && level == 0 {
        return None;
    }
    describe::frame(coroutine, base, level as usize)
}

fn getinfo<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (coroutine, skip) = target(call);
    let options = call.opt_string(skip + 2)?;
    let options = options.as_ref().map_or(&b"flnSu"[..], |s| s.as_bytes());
    // They end where a C string ends.
    let options = options.split(|&byte| byte == 0).next().unwrap_or_default();
    let subject = call.arg(skip + 1);
    let (function, frame) = if let Some(function) = subject.as_function() {
        (function, None)
    } else {
        // LuaJIT takes the low half of a 64-bit integer, which is 0 for what has none.
        let text = subject.as_string();
        let level = (subject.as_number())
            .or_else(|| text.and_then(|text| string_to_number(text.as_bytes())))
            .ok_or_else(|| call.arg_error(skip + 1, "function or level expected"))?;
        let found = frame(call, coroutine, low_half(level));
        let Some(found) = found else {
            return call.ret(Value::NIL);
        };
        let Some(function) = coroutine.function_at(found.0) else {
            return call.ret(Value::NIL);
        };
        (function, Some(found))
    };
    let info = call.table();
    let prototype = function.prototype();
    let number = |n: u32| Value::number(f64::from(n));
    for option in options {
        match option {
            b'S' => {
                let (what, source, short, first, last) = match prototype {
                    Some(prototype) => {
                        let template = &prototype.template;
                        let what = if describe::is_main(prototype) {
                            "main"
                        } else {
                            "Lua"
                        };
                        let last = template.first_line + template.num_lines;
                        let short = chunk_display(&template.chunk_name);
                        let first = number(template.first_line);
                        (
                            what,
                            template.chunk_name.to_vec(),
                            short,
                            first,
                            number(last),
                        )
                    }
                    None => {
                        let none = Value::number(-1.0);
                        ("C", b"=[C]".to_vec(), b"[C]".to_vec(), none, none)
                    }
                };
                call.set_field(info, "what", call.string(what))?;
                call.set_field(info, "source", call.string(source))?;
                call.set_field(info, "short_src", call.string(short))?;
                call.set_field(info, "linedefined", first)?;
                call.set_field(info, "lastlinedefined", last)?;
            }
            b'l' => {
                let line = match (frame, prototype) {
                    (Some((_, pc)), Some(prototype)) if !pc.is_null() => {
                        describe::line_at(prototype, pc).map_or(-1.0, f64::from)
                    }
                    _ => -1.0,
                };
                call.set_field(info, "currentline", line)?;
            }
            b'u' => {
                call.set_field(info, "nups", function.upvalue_count() as f64)?;
                let (params, is_vararg) =
                    prototype.map_or((0, true), |p| (p.num_params, p.is_vararg));
                call.set_field(info, "nparams", f64::from(params))?;
                call.set_field(info, "isvararg", is_vararg)?;
            }
            b'n' => {
                let name = frame.and_then(|(base, _)| describe::function_name(coroutine, base));
                let (kind, name) = name.map_or(("", None), |(kind, name)| (kind, Some(name)));
                call.set_field(info, "namewhat", call.string(kind))?;
                if let Some(name) = name {
                    call.set_field(info, "name", call.string(name))?;
                }
            }
            b'f' => call.set_field(info, "func", function)?,
            b'L' => {
                let Some(prototype) = prototype else {
                    continue;
                };
                let lines = call.table();
                if let Some(debug) = &prototype.template.debug {
                    for line in debug.lines.iter() {
                        call.set(lines, f64::from(line), true)?;
                    }
                }
                call.set_field(info, "activelines", lines)?;
            }
            b'>' => return Err(call.arg_error(skip + 2, "invalid option")),
            _ => return Err(call.arg_error(skip + 2, "invalid option")),
        }
    }
    call.ret(info)
}

fn traceback<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (coroutine, skip) = target(call);
    let message = call.arg(skip + 1);
    let is_text = message.is_number() || message.as_string().is_some();
    if call.arg_count() > skip && !is_text {
        // An explicit nil too, as LuaJIT has it.
        return call.ret(message);
    }
    let message = call.opt_string(skip + 1)?;
    let own = Gc::ptr_eq(coroutine, call.coroutine);
    let level = call.opt_int(skip + 2, i32::from(own))?;
    let message = message.map(c_string);
    let text = match usize::try_from(level) {
        Ok(level) => traceback::traceback(coroutine, message, level),
        Err(_) => traceback::head(message),
    };
    call.ret(call.string(text))
}

/// Returns the slots that belong to the frame at `base` alone: they end where the next frame begins.
///
/// What lies above holds links, which must never be taken for values, nor be assigned.
fn own_slots<'gc>(coroutine: Gc<'gc, Coroutine<'gc>>, base: usize) -> Range<usize> {
    let mut next = coroutine.base.get();
    if next == base {
        return base..coroutine.top.get();
    }
    loop {
        let Some((caller, _)) = coroutine.caller(next) else {
            return base..base;
        };
        if caller == base {
            break;
        }
        next = caller;
    }
    let mut start = next;
    while let Link::Vararg(delta) = coroutine.link_at(start) {
        start -= delta;
    }
    match coroutine.link_at(start) {
        // The arguments of a protected call are the callee's in LuaJIT; what is left is `xpcall`'s handler.
        Link::Protected(_) => match coroutine.slot(start - 4).bits() {
            continuation::PCALL => base..base,
            continuation::XPCALL => base + 1..base + 2,
            _ => base..start - 4,
        },
        Link::Continuation(_) => base..start - 4,
        _ => base..start - 2,
    }
}

/// Finds local variable `n` of a frame: its name and slot. Negative ones are the extra arguments.
fn local<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    (base, pc): (usize, *const Instruction),
    n: i32,
) -> Option<(Vec<u8>, usize)> {
    let function = coroutine.function_at(base)?;
    if n < 0 {
        let prototype = function.prototype().filter(|p| p.is_vararg)?;
        let (start, end) = match coroutine.link_at(base) {
            Link::Vararg(delta) => (base - delta, base - 2),
            // A call hook sees the frame as the caller has left it.
            _ => (base, own_slots(coroutine, base).end),
        };
        let slot = start + prototype.num_params as usize + n.unsigned_abs() as usize - 1;
        return (slot < end).then(|| (b"(*vararg)".to_vec(), slot));
    }
    let index = (n as usize).checked_sub(1)?;
    // The names in a dump may claim any register.
    let slot = own_slots(coroutine, base).nth(index)?;
    let name = function
        .prototype()
        .and_then(|prototype| describe::variable_before(prototype, prototype.index_of(pc), index));
    Some((name.unwrap_or_else(|| b"(*temporary)".to_vec()), slot))
}

fn getlocal<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (coroutine, skip) = target(call);
    let n = call.check_int(skip + 2)?;
    if let Some(function) = call.arg(skip + 1).as_function() {
        // Of a function that is not active only the parameters are known.
        let Some(prototype) = function.prototype() else {
            return call.ret(Value::NIL);
        };
        let name = (n >= 1 && n <= i32::from(prototype.num_params))
            .then(|| describe::variable_before(prototype, 1, n as usize - 1))
            .flatten();
        return match name {
            Some(name) => call.ret(call.string(name)),
            None => call.ret(Value::NIL),
        };
    }
    let Some(found) = frame(call, coroutine, call.check_int(skip + 1)?) else {
        return Err(call.arg_error(skip + 1, "level out of range"));
    };
    match local(coroutine, found, n) {
        Some((name, slot)) => call.ret_all(&[call.string(name).into(), coroutine.slot(slot)]),
        None => call.ret(Value::NIL),
    }
}

fn setlocal<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (coroutine, skip) = target(call);
    let Some(found) = frame(call, coroutine, call.check_int(skip + 1)?) else {
        return Err(call.arg_error(skip + 1, "level out of range"));
    };
    let value = call.check_any(skip + 3)?;
    let n = call.check_int(skip + 2)?;
    match local(coroutine, found, n) {
        Some((name, slot)) => {
            // Native functions keep their state among their temporaries, and rely on it.
            let is_lua = |function: Gc<'gc, Function<'gc>>| !function.is_native();
            if coroutine.function_at(found.0).is_some_and(is_lua) {
                call.mutation().backward_barrier(Gc::erase(coroutine), None);
                coroutine.set_slot(slot, value);
            }
            call.ret(call.string(name))
        }
        None => call.ret(Value::NIL),
    }
}

/// Returns upvalue `n` of a function: its name and its cell. What native functions keep is their own.
fn upvalue<'gc>(
    function: Gc<'gc, Function<'gc>>,
    n: i32,
) -> Option<(Vec<u8>, Gc<'gc, Upvalue<'gc>>)> {
    let index = usize::try_from(n).ok()?.checked_sub(1)?;
    if function.is_native() {
        return None;
    }
    let cell = function.upvalues().get(index)?.get();
    let debug = function.prototype()?.template.debug.as_ref();
    let name = debug.and_then(|debug| debug.upvalue_names.get(index));
    Some((name.map_or_else(Vec::new, |name| name.to_vec()), cell))
}

fn getupvalue<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let n = call.check_int(2)?;
    let function = call.check_function(1)?;
    match upvalue(function, n) {
        Some((name, cell)) => call.ret_all(&[call.string(name).into(), cell.get()]),
        None => call.ret0(),
    }
}

fn setupvalue<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let value = call.check_any(3)?;
    let n = call.check_int(2)?;
    let function = call.check_function(1)?;
    match upvalue(function, n) {
        Some((name, cell)) => {
            Upvalue::set(cell, call.mutation(), value);
            call.ret(call.string(name))
        }
        _ => call.ret0(),
    }
}

/// Returns the cell that arguments `n` and `n + 1` name.
fn check_cell<'gc>(call: &Call<'gc>, n: usize) -> Result<Gc<'gc, Upvalue<'gc>>, Error<'gc>> {
    let function = call.check_function(n)?;
    let index = call.check_int(n + 1)?;
    match upvalue(function, index) {
        Some((_, cell)) => Ok(cell),
        _ => Err(call.arg_error(n + 1, "index out of range")),
    }
}

fn upvalueid<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let cell = check_cell(call, 1)?;
    call.ret(Value::light(call.ctx.serial(&cell.serial)))
}

fn upvaluejoin<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    for n in [1, 3] {
        if call.check_function(n)?.is_native() {
            return Err(call.arg_error(n, "Lua function expected"));
        }
        if n == 1 {
            check_cell(call, 1)?;
        }
    }
    let cell = check_cell(call, 3)?;
    let function = call.check_function(1)?;
    Function::set_upvalue(
        function,
        call.mutation(),
        call.check_int(2)? as usize - 1,
        cell,
    );
    call.ret0()
}

fn getmetatable<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    match call.metatable(call.check_any(1)?) {
        Some(metatable) => call.ret(metatable),
        None => call.ret(Value::NIL),
    }
}

fn setmetatable<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let value = call.arg(1);
    let metatable = call.arg(2);
    if call.arg_count() < 2 || !(metatable.is_nil() || metatable.as_table().is_some()) {
        return Err(call.arg_error(2, "nil or table expected"));
    }
    let metatable = metatable.as_table();
    if let Some(table) = value.as_table() {
        table.set_metatable(call.mutation(), metatable);
    } else if let Some(userdata) = value.as_userdata() {
        Userdata::set_metatable(userdata, call.mutation(), metatable);
        call.ctx.vm.note_finalizable(userdata);
    } else {
        call.ctx.vm.type_metatables[value.type_of() as usize].set(metatable);
    }
    call.ret(true)
}

fn getfenv<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let value = call.check_any(1)?;
    let env = if let Some(function) = value.as_function() {
        return call.ret(function.env());
    } else if let Some(userdata) = value.as_userdata() {
        userdata.env()
    } else if let Some(coroutine) = value.as_coroutine() {
        coroutine.env()
    } else {
        return call.ret(Value::NIL);
    };
    call.ret(env.unwrap_or_else(|| call.globals()))
}

fn setfenv<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let env = call.check_table(2)?;
    let value = call.arg(1);
    if let Some(coroutine) = value.as_coroutine() {
        Coroutine::set_env(coroutine, call.mutation(), Some(env));
    } else if let Some(function) = value.as_function() {
        Function::set_env(function, call.mutation(), env);
    } else if let Some(userdata) = value.as_userdata() {
        Userdata::set_env(userdata, call.mutation(), env);
    } else {
        return Err(call.error("'setfenv' cannot change environment of given object"));
    }
    call.ret(value)
}

fn getregistry<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    call.ret(call.ctx.vm.registry)
}
