//! What happens when an instruction's operands are not what its fast path wants: conversions, metamethods,
//! and errors that name the operand.
//!
//! The functions here read the instruction before the saved address of the current coroutine, which must
//! run a Lua function.

use std::cell::Cell;

use gc_arena::Gc;

use crate::bytecode::opcode::{self, Op};
use crate::context::Context;
use crate::coroutine::{Coroutine, Link};
use crate::error::Error;
use crate::function::Instruction;
use crate::heap::MAX_STRING;
use crate::stdlib::string_buffer::with_contents;
use crate::string::LuaString;
use crate::table::{Table, TableError};
use crate::value::{Type, Value};
use crate::vm::transfer::{self, Exit, Flow, Step, call_above, continuation};
use crate::vm::{Metamethod, Vm, arithmetic, cdata, describe, hook};

/// Longest chain of `__index` or `__newindex` tables, as in LuaJIT.
const MAX_CHAIN: usize = 100;

fn instruction(pc: *const Instruction) -> u32 {
    // SAFETY: the saved address follows the instruction that is being executed.
    unsafe { (*pc.sub(1)).word }
}

fn register<'gc>(coroutine: Gc<'gc, Coroutine<'gc>>, index: usize) -> Value<'gc> {
    coroutine.slot(coroutine.base.get() + index)
}

/// Makes an error with the position of the current frame in front.
#[cold]
fn error_here<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    message: &[u8],
) -> Error<'gc> {
    let mut text = describe::position_at(coroutine, coroutine.base.get(), coroutine.pc.get());
    text.extend_from_slice(message);
    ctx.string(text).into()
}

/// Makes the error that an operation cannot be done on a value, naming it if it lies in a register.
#[cold]
fn operand_error<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    what: &str,
    value: Value<'gc>,
    slot: Option<usize>,
) -> Error<'gc> {
    let base = coroutine.base.get();
    let name = slot.and_then(|slot| {
        let prototype = coroutine.function_at(base)?.prototype()?;
        let index = prototype.index_of(coroutine.pc.get()).checked_sub(1)?;
        describe::register(prototype, index, slot)
    });
    let mut text = format!("attempt to {what} ").into_bytes();
    match name {
        Some((kind, name)) => {
            text.extend_from_slice(kind.as_bytes());
            text.extend_from_slice(b" '");
            text.extend_from_slice(&name);
            text.extend_from_slice(format!("' (a {} value)", value.type_name()).as_bytes());
        }
        None => text.extend_from_slice(format!("a {} value", value.type_name()).as_bytes()),
    }
    error_here(ctx, coroutine, &text)
}

/// Makes the error that what is in a slot cannot be called.
#[cold]
pub(crate) fn call_error<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    slot: usize,
) -> Error<'gc> {
    let base = coroutine.base.get();
    let value = coroutine.slot(slot);
    let is_lua = coroutine.function_at(base).is_some_and(|f| !f.is_native());
    // A metamethod has no name, and the instruction that wanted it is not where LuaJIT looks.
    let is_metamethod = matches!(coroutine.link_at(slot + 2), Link::Continuation(_));
    if !is_lua || is_metamethod || coroutine.pc.get().is_null() {
        return ctx
            .string(format!("attempt to call a {} value", value.type_name()))
            .into();
    }
    operand_error(ctx, coroutine, "call", value, slot.checked_sub(base))
}

/// The result of looking a key up.
pub(crate) enum Found<'gc> {
    Value(Value<'gc>),
    /// A function to be called with an object and the key.
    Call(Value<'gc>, Value<'gc>),
}

/// Makes the error of an operator that 64-bit integers do not have.
#[cold]
fn refuse<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    event: Metamethod,
    left: Value<'gc>,
    right: Value<'gc>,
) -> Error<'gc> {
    let message = cdata::refusal(event, left, right);
    error_here(ctx, coroutine, message.as_bytes())
}

/// Looks a key up that a value does not have, along `__index` tables; `None` when that gives no answer.
#[inline(never)]
pub(crate) fn inherited<'gc>(
    vm: &Vm<'gc>,
    metatable: Option<Gc<'gc, Table<'gc>>>,
    key: Value<'gc>,
) -> Option<Value<'gc>> {
    inherited_by(vm, metatable, |table| table.get(key))
}

/// The same for a string; `cache` remembers in which node it was found.
#[inline(never)]
pub(crate) fn inherited_string<'gc>(
    vm: &Vm<'gc>,
    metatable: Option<Gc<'gc, Table<'gc>>>,
    key: Gc<'gc, LuaString>,
    cache: &Cell<u32>,
) -> Option<Value<'gc>> {
    inherited_by(vm, metatable, |table| {
        // SAFETY: both return nodes of the table.
        table
            .find_cached(key, cache)
            .map_or(Value::NIL, |node| unsafe { (*node).value })
    })
}

#[inline(always)]
fn inherited_by<'gc>(
    vm: &Vm<'gc>,
    metatable: Option<Gc<'gc, Table<'gc>>>,
    look_up: impl Fn(Gc<'gc, Table<'gc>>) -> Value<'gc>,
) -> Option<Value<'gc>> {
    let mut metatable = metatable?;
    for _ in 1..MAX_CHAIN {
        let handler = vm.handler(metatable, Metamethod::Index);
        if handler.is_nil() {
            return Some(Value::NIL);
        }
        let table = handler.as_table()?;
        let value = look_up(table);
        if !value.is_nil() {
            return Some(value);
        }
        let Some(next) = table.metatable() else {
            return Some(Value::NIL);
        };
        metatable = next;
    }
    None
}

/// Looks a key up as `object[key]` does, as far as the first handler that is a function.
pub(crate) fn look_up<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    object: Value<'gc>,
    key: Value<'gc>,
    slot: Option<usize>,
) -> Result<Found<'gc>, Error<'gc>> {
    let mut object = object;
    let first = object;
    for _ in 0..MAX_CHAIN {
        let handler = if let Some(table) = object.as_table() {
            let value = table.get(key);
            if !value.is_nil() {
                return Ok(Found::Value(value));
            }
            let Some(metatable) = table.metatable() else {
                return Ok(Found::Value(Value::NIL));
            };
            let handler = ctx.vm.handler(metatable, Metamethod::Index);
            if handler.is_nil() {
                return Ok(Found::Value(Value::NIL));
            }
            handler
        } else {
            let handler = ctx.vm.handler_of(object, Metamethod::Index);
            if handler.is_nil() {
                let slot = slot.filter(|_| object.same(first));
                return Err(operand_error(ctx, coroutine, "index", object, slot));
            }
            if object.is_cdata() && ctx.vm.is_integer_handler(Metamethod::Index, handler) {
                let message = cdata::index_refusal(object, key);
                return Err(error_here(ctx, coroutine, &message));
            }
            handler
        };
        if handler.as_function().is_some() {
            return Ok(Found::Call(handler, object));
        }
        object = handler;
    }
    Err(error_here(ctx, coroutine, b"loop in gettable"))
}

/// Completes `R[A] = object[key]`; `slot` is the register of the object, for errors.
#[inline(never)]
pub(crate) fn get<'gc>(
    ctx: Context<'gc>,
    object: Value<'gc>,
    key: Value<'gc>,
    slot: Option<usize>,
) -> Flow {
    let coroutine = ctx.vm.current.get().expect("running");
    match look_up(ctx, coroutine, object, key, slot) {
        Ok(Found::Value(value)) => {
            let a = opcode::a(instruction(coroutine.pc.get()));
            coroutine.set_slot(coroutine.base.get() + a, value);
            Flow::Continue
        }
        Ok(Found::Call(handler, object)) => {
            let step = call_above(coroutine, continuation::STORE, handler, &[object, key]);
            transfer::drive(ctx, step)
        }
        Err(error) => transfer::drive(ctx, Step::Throw(error)),
    }
}

/// Completes `object[key] = value`.
#[inline(never)]
pub(crate) fn set<'gc>(
    ctx: Context<'gc>,
    object: Value<'gc>,
    key: Value<'gc>,
    value: Value<'gc>,
    slot: Option<usize>,
) -> Flow {
    let coroutine = ctx.vm.current.get().expect("running");
    let mut object = object;
    let first = object;
    for _ in 0..MAX_CHAIN {
        let handler = if let Some(table) = object.as_table() {
            let handler = match table.metatable() {
                Some(metatable) if table.get(key).is_nil() => {
                    ctx.vm.handler(metatable, Metamethod::NewIndex)
                }
                _ => Value::NIL,
            };
            if handler.is_nil() {
                return match table.set(ctx.mc, &ctx.vm.heap, key, value) {
                    Ok(()) if ctx.vm.heap.is_due() => Flow::Exit(Exit::CollectDue),
                    Ok(()) => Flow::Continue,
                    Err(error) => {
                        transfer::drive(ctx, Step::Throw(set_error(ctx, coroutine, error)))
                    }
                };
            }
            handler
        } else {
            let handler = ctx.vm.handler_of(object, Metamethod::NewIndex);
            if handler.is_nil() {
                let slot = slot.filter(|_| object.same(first));
                let error = operand_error(ctx, coroutine, "index", object, slot);
                return transfer::drive(ctx, Step::Throw(error));
            }
            if object.is_cdata() && ctx.vm.is_integer_handler(Metamethod::NewIndex, handler) {
                let message = cdata::index_refusal(object, key);
                let error = error_here(ctx, coroutine, &message);
                return transfer::drive(ctx, Step::Throw(error));
            }
            handler
        };
        if handler.as_function().is_some() {
            let step = call_above(
                coroutine,
                continuation::DISCARD,
                handler,
                &[object, key, value],
            );
            return transfer::drive(ctx, step);
        }
        object = handler;
    }
    let error = error_here(ctx, coroutine, b"loop in settable");
    transfer::drive(ctx, Step::Throw(error))
}

#[cold]
fn set_error<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    error: TableError,
) -> Error<'gc> {
    match error {
        TableError::NoMemory(_) => ctx.table_error(error),
        other => error_here(ctx, coroutine, other.to_string().as_bytes()),
    }
}

/// Completes an arithmetic instruction on values that are not both numbers.
#[inline(never)]
pub(crate) fn arithmetic<'gc>(ctx: Context<'gc>, left: Value<'gc>, right: Value<'gc>) -> Flow {
    let coroutine = ctx.vm.current.get().expect("running");
    let word = instruction(coroutine.pc.get());
    let op = Op::of(word).expect("verified");
    let event = arithmetic::event_of(op);
    let numbers = if left.as_table().is_some() || right.as_table().is_some() {
        (arithmetic::to_number(left), None)
    } else {
        (arithmetic::to_number(left), arithmetic::to_number(right))
    };
    if let (Some(a), Some(b)) = numbers {
        let result = Value::number(arithmetic::compute(event, a, b));
        coroutine.set_slot(coroutine.base.get() + opcode::a(word), result);
        return Flow::Continue;
    }
    let mut handler = ctx.vm.handler_of(left, event);
    if handler.is_nil() {
        handler = ctx.vm.handler_of(right, event);
    }
    if handler.is_nil() {
        // The operand to blame is the second one if the first would do; constants are never to blame.
        let (b, c) = match op {
            Op::UNM => (opcode::d(word), opcode::d(word)),
            _ => (opcode::b(word), opcode::c(word)),
        };
        let reversed = (Op::ADDNV..=Op::MODNV).contains(&op);
        let (value, slot) = if numbers.0.is_some() {
            (right, if reversed { b } else { c })
        } else {
            (left, b)
        };
        let error = operand_error(ctx, coroutine, "perform arithmetic on", value, Some(slot));
        return transfer::drive(ctx, Step::Throw(error));
    }
    if ctx.vm.is_integer_handler(event, handler) {
        return match cdata::handle(ctx, event, left, right) {
            Ok(value) => {
                coroutine.set_slot(coroutine.base.get() + opcode::a(word), value);
                if ctx.vm.heap.is_due() {
                    Flow::Exit(Exit::CollectDue)
                } else {
                    Flow::Continue
                }
            }
            Err(message) => {
                let error = error_here(ctx, coroutine, message.as_bytes());
                transfer::drive(ctx, Step::Throw(error))
            }
        };
    }
    let step = call_above(coroutine, continuation::STORE, handler, &[left, right]);
    transfer::drive(ctx, step)
}

/// Completes `R[A] = #value` for what is neither a string nor a table.
#[inline(never)]
pub(crate) fn length<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> Flow {
    let coroutine = ctx.vm.current.get().expect("running");
    let handler = ctx.vm.handler_of(value, Metamethod::Len);
    let step = if handler.is_nil() {
        let slot = opcode::d(instruction(coroutine.pc.get()));
        Step::Throw(operand_error(
            ctx,
            coroutine,
            "get length of",
            value,
            Some(slot),
        ))
    } else if ctx.vm.is_integer_handler(Metamethod::Len, handler) {
        Step::Throw(refuse(ctx, coroutine, Metamethod::Len, value, Value::NIL))
    } else {
        // Handlers of operators always get two operands.
        call_above(
            coroutine,
            continuation::STORE,
            handler,
            &[value, Value::NIL],
        )
    };
    transfer::drive(ctx, step)
}

/// Takes or skips the jump that follows a comparison.
fn jump<'gc>(ctx: Context<'gc>, coroutine: Gc<'gc, Coroutine<'gc>>, taken: bool) {
    ctx.vm.fuel.set(ctx.vm.fuel.get() - 1);
    let pc = coroutine.pc.get();
    // SAFETY: the verifier has made sure that a comparison is followed by a jump within the function.
    unsafe {
        let distance = if taken { opcode::jump((*pc).word) } else { 0 };
        coroutine.pc.set(pc.add(1).offset(distance));
    }
}

fn compare_error<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    a: Value<'gc>,
    b: Value<'gc>,
) -> Error<'gc> {
    let (first, second) = (a.type_name(), b.type_name());
    let message = if first == second {
        format!("attempt to compare two {first} values")
    } else {
        format!("attempt to compare {first} with {second}")
    };
    error_here(ctx, coroutine, message.as_bytes())
}

/// The handler of a comparison event that both operands agree on, as Lua 5.1 wants it; a 64-bit integer
/// asks nobody.
fn common_handler<'gc>(
    ctx: Context<'gc>,
    a: Value<'gc>,
    b: Value<'gc>,
    event: Metamethod,
) -> Value<'gc> {
    if a.is_cdata() || b.is_cdata() {
        return ctx.vm.handler_of(if a.is_cdata() { a } else { b }, event);
    }
    let first = ctx.vm.handler_of(a, event);
    if first.is_nil() {
        return Value::NIL;
    }
    if first.raw_equal(ctx.vm.handler_of(b, event)) {
        first
    } else {
        Value::NIL
    }
}

/// Answers `a < b` (or `a <= b`) as far as no handler must be called.
pub(crate) fn raw_compare<'gc>(a: Value<'gc>, b: Value<'gc>, or_equal: bool) -> Option<bool> {
    if let (Some(a), Some(b)) = (a.as_number(), b.as_number()) {
        return Some(if or_equal { a <= b } else { a < b });
    }
    let (a, b) = (a.as_string()?, b.as_string()?);
    Some(if or_equal {
        a.as_bytes() <= b.as_bytes()
    } else {
        a.as_bytes() < b.as_bytes()
    })
}

/// The handler that decides `a < b`, with the arguments to give it, or the error that there is none.
pub(crate) fn less_than_handler<'gc>(
    ctx: Context<'gc>,
    a: Value<'gc>,
    b: Value<'gc>,
) -> Result<Value<'gc>, String> {
    let handler = common_handler(ctx, a, b, Metamethod::Lt);
    if !handler.is_nil() {
        return Ok(handler);
    }
    let (first, second) = (a.type_name(), b.type_name());
    Err(if first == second {
        format!("attempt to compare two {first} values")
    } else {
        format!("attempt to compare {first} with {second}")
    })
}

/// Completes `ISLT`, `ISGE`, `ISLE`, `ISGT` on values that are not both numbers.
#[inline(never)]
pub(crate) fn compare<'gc>(ctx: Context<'gc>, a: Value<'gc>, b: Value<'gc>) -> Flow {
    let coroutine = ctx.vm.current.get().expect("running");
    let op = Op::of(instruction(coroutine.pc.get())).expect("verified");
    let or_equal = matches!(op, Op::ISLE | Op::ISGT);
    let negated = matches!(op, Op::ISGE | Op::ISGT);
    if let Some(result) = raw_compare(a, b, or_equal) {
        jump(ctx, coroutine, result != negated);
        return Flow::Continue;
    }
    let kind = |negated| {
        if negated {
            continuation::JUMP_UNLESS
        } else {
            continuation::JUMP_IF
        }
    };
    let event = if or_equal {
        Metamethod::Le
    } else {
        Metamethod::Lt
    };
    let handler = common_handler(ctx, a, b, event);
    let step = if ctx.vm.is_integer_handler(event, handler) {
        match cdata::compare(event, a, b) {
            Ok(result) => {
                jump(ctx, coroutine, result != negated);
                return Flow::Continue;
            }
            Err(message) => Step::Throw(error_here(ctx, coroutine, message.as_bytes())),
        }
    } else if !handler.is_nil() {
        call_above(coroutine, kind(negated), handler, &[a, b])
    } else if or_equal && !a.is_cdata() && !b.is_cdata() {
        // a <= b is not (b < a) where only `__lt` is there.
        let handler = common_handler(ctx, a, b, Metamethod::Lt);
        if handler.is_nil() {
            Step::Throw(compare_error(ctx, coroutine, a, b))
        } else {
            call_above(coroutine, kind(!negated), handler, &[b, a])
        }
    } else {
        Step::Throw(compare_error(ctx, coroutine, a, b))
    };
    transfer::drive(ctx, step)
}

/// Completes `ISEQV`, `ISNEV` and their kin on two different objects that may have handlers.
#[inline(never)]
pub(crate) fn equal<'gc>(ctx: Context<'gc>, a: Value<'gc>, b: Value<'gc>) -> Flow {
    let coroutine = ctx.vm.current.get().expect("running");
    let negated = matches!(
        Op::of(instruction(coroutine.pc.get())),
        Some(Op::ISNEV | Op::ISNES | Op::ISNEN | Op::ISNEP)
    );
    let comparable =
        matches!(a.type_of(), Type::Table | Type::Userdata) && a.type_of() == b.type_of();
    let handler = if comparable || a.is_cdata() || b.is_cdata() {
        common_handler(ctx, a, b, Metamethod::Eq)
    } else {
        Value::NIL
    };
    if handler.is_nil() || ctx.vm.is_integer_handler(Metamethod::Eq, handler) {
        let result = !handler.is_nil() && cdata::equal(a, b);
        jump(ctx, coroutine, result != negated);
        return Flow::Continue;
    }
    let kind = if negated {
        continuation::JUMP_UNLESS
    } else {
        continuation::JUMP_IF
    };
    transfer::drive(ctx, call_above(coroutine, kind, handler, &[a, b]))
}

/// Executes `CAT` from the registers up to `last` down.
#[inline(never)]
pub(crate) fn concat<'gc>(ctx: Context<'gc>) -> Flow {
    let coroutine = ctx.vm.current.get().expect("running");
    let last = opcode::c(instruction(coroutine.pc.get()));
    let step = concat_step(ctx, coroutine, last);
    match step {
        Step::Continue => Flow::Continue,
        Step::Exit(exit) => Flow::Exit(exit),
        step => transfer::drive(ctx, step),
    }
}

fn concat_step<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    last: usize,
) -> Step<'gc> {
    let word = instruction(coroutine.pc.get());
    let first = opcode::b(word);
    let base = coroutine.base.get();
    let mut last = last;
    let is_text = |value: Value<'gc>| value.is_number() || value.as_string().is_some();
    let can_be_joined =
        |value: Value<'gc>| is_text(value) || with_contents(value, |_| ()).is_some();
    while last > first {
        let right = register(coroutine, last);
        let left = register(coroutine, last - 1);
        if !can_be_joined(left) || !can_be_joined(right) {
            let mut handler = ctx.vm.handler_of(left, Metamethod::Concat);
            if handler.is_nil() {
                handler = ctx.vm.handler_of(right, Metamethod::Concat);
            }
            if handler.is_nil() {
                let slot = if is_text(left) { last } else { last - 1 };
                let value = register(coroutine, slot);
                let error = operand_error(ctx, coroutine, "concatenate", value, Some(slot));
                return Step::Throw(error);
            }
            if ctx.vm.is_integer_handler(Metamethod::Concat, handler) {
                let error = refuse(ctx, coroutine, Metamethod::Concat, left, right);
                return Step::Throw(error);
            }
            let kind = continuation::CONCAT | ((last - 1) as u64) << 8;
            return call_above(coroutine, kind, handler, &[left, right]);
        }
        // As many neighbours as are text are joined at once.
        let mut start = last - 1;
        while start > first && can_be_joined(register(coroutine, start - 1)) {
            start -= 1;
        }
        match join(ctx, coroutine, base + start, last - start + 1) {
            Ok(joined) => coroutine.set_slot(base + start, joined),
            // What has been joined before took the place of its parts.
            Err(error) if last < opcode::c(word) => return Step::Throw(error.without_retry()),
            Err(error) => return Step::Throw(error),
        }
        last = start;
    }
    coroutine.set_slot(base + opcode::a(word), register(coroutine, first));
    if ctx.vm.heap.is_due() {
        Step::Exit(Exit::CollectDue)
    } else {
        Step::Continue
    }
}

/// Longer strings are built in memory of their own.
const LONG: usize = 64 * 1024;

/// Joins strings, numbers and string buffers in consecutive slots.
fn join<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    start: usize,
    count: usize,
) -> Result<Value<'gc>, Error<'gc>> {
    let len = |value: Value<'gc>| match value.as_string() {
        Some(string) => string.len(),
        None if value.is_number() => 32,
        None => with_contents(value, <[u8]>::len).unwrap_or(0),
    };
    let total: usize = (start..start + count)
        .map(|slot| len(coroutine.slot(slot)))
        .sum();
    if total > MAX_STRING {
        return Err(error_here(ctx, coroutine, b"string length overflow"));
    }
    if total > 4096 {
        ctx.check_room(total)?;
    }
    ctx.vm.fuel.set(ctx.vm.fuel.get() - (total / 64) as i64);
    let append = |buffer: &mut Vec<u8>| {
        for slot in start..start + count {
            let value = coroutine.slot(slot);
            match value.as_string() {
                Some(string) => buffer.extend_from_slice(string.as_bytes()),
                None if value.is_number() => {
                    crate::text::decimal::append_number(buffer, value.unchecked_number());
                }
                None => {
                    with_contents(value, |contents| buffer.extend_from_slice(contents));
                }
            }
        }
    };
    if total > LONG {
        let mut buffer = Vec::with_capacity(total);
        append(&mut buffer);
        return Ok(ctx.string_of(buffer).into());
    }
    let mut buffer = ctx.vm.buffer.take();
    buffer.clear();
    append(&mut buffer);
    let joined = ctx.string(&buffer);
    ctx.vm.buffer.set(buffer);
    Ok(joined.into())
}

/// Goes on with an instruction whose handler has returned `value`.
pub(crate) fn resume<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    kind: u64,
    value: Value<'gc>,
) -> Step<'gc> {
    match kind & 0xff {
        continuation::STORE => {
            let a = opcode::a(instruction(coroutine.pc.get()));
            coroutine.set_slot(coroutine.base.get() + a, value);
        }
        continuation::JUMP_IF => jump(ctx, coroutine, value.is_truthy()),
        continuation::JUMP_UNLESS => jump(ctx, coroutine, !value.is_truthy()),
        continuation::CONCAT => {
            let slot = (kind >> 8) as usize;
            coroutine.set_slot(coroutine.base.get() + slot, value);
            return concat_step(ctx, coroutine, slot);
        }
        continuation::HOOKED_INSTRUCTION | continuation::HOOKED_CALL => {
            return hook::returned(ctx, coroutine, kind);
        }
        _ => {}
    }
    Step::Continue
}

/// Completes `FORI` on values that are not all numbers.
#[inline(never)]
pub(crate) fn prepare_loop<'gc>(ctx: Context<'gc>) -> Result<(), Flow> {
    let coroutine = ctx.vm.current.get().expect("running");
    let a = opcode::a(instruction(coroutine.pc.get()));
    for (index, what) in ["initial", "limit", "step"].into_iter().enumerate() {
        let slot = coroutine.base.get() + a + index;
        match arithmetic::to_number(coroutine.slot(slot)) {
            Some(number) => coroutine.set_slot(slot, Value::number(number)),
            None => {
                let noun = if what == "initial" {
                    "initial value"
                } else {
                    what
                };
                let message = format!("'for' {noun} must be a number");
                let error = error_here(ctx, coroutine, message.as_bytes());
                return Err(transfer::drive(ctx, Step::Throw(error)));
            }
        }
    }
    Ok(())
}

/// Raises the error of a table store that failed in the dispatch loop.
#[cold]
#[inline(never)]
pub(crate) fn store_failed<'gc>(ctx: Context<'gc>, error: TableError) -> Flow {
    let coroutine = ctx.vm.current.get().expect("running");
    let error = set_error(ctx, coroutine, error);
    transfer::drive(ctx, Step::Throw(error))
}
