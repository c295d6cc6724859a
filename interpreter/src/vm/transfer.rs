//! Transfers of control: calls, returns and errors; `switch` has those between coroutines.
//!
//! Everything here works on the saved state of the current coroutine and runs as a loop over steps, so
//! that no depth of calls between native functions uses Rust stack.

use gc_arena::{Gc, Mutation};

use crate::bytecode::opcode::{self, Op};
use crate::call::{Action, Call, NativeResult, Next};
use crate::context::Context;
use crate::coroutine::{Coroutine, Link, Resume, Status};
use crate::error::{Error, Interrupt, Thrown};
use crate::function::{Function, Instruction, NativeFn};
use crate::value::Value;
use crate::vm::{Failure, Metamethod, describe, hook, metamethod, switch, traceback};

/// What runs when a frame returns to a Lua function other than by its call instruction, or to the VM.
///
/// Held in the slot below the saved address; a native continuation is its address, which is larger.
pub(crate) mod continuation {
    /// Put the value into register `A` of the instruction.
    pub(crate) const STORE: u64 = 1;
    /// Forget the value.
    pub(crate) const DISCARD: u64 = 2;
    /// Take the jump that follows if the value is true.
    pub(crate) const JUMP_IF: u64 = 3;
    /// Take the jump that follows unless the value is true.
    pub(crate) const JUMP_UNLESS: u64 = 4;
    /// Go on with a concatenation; the register that takes the value is above the low eight bits.
    pub(crate) const CONCAT: u64 = 5;
    /// The value is the error that an `xpcall` handler has made of another.
    pub(crate) const HANDLER: u64 = 6;
    /// The protected call of a `pcall`.
    pub(crate) const PCALL: u64 = 7;
    /// The protected call of an `xpcall`, whose handler is its second argument.
    pub(crate) const XPCALL: u64 = 8;
    /// A finalizer: its errors are dropped.
    pub(crate) const FINALIZER: u64 = 9;
    /// A hook, called before an instruction, which is then executed.
    pub(crate) const HOOKED_INSTRUCTION: u64 = 10;
    /// A hook, called before a call, which is then made.
    pub(crate) const HOOKED_CALL: u64 = 11;
    /// Beside the address of a function: errors go to the handler of the protected call outside first.
    pub(crate) const OUTER_HANDLER: u64 = 12;
    /// All kinds are below; addresses of functions are not.
    pub(crate) const LIMIT: u64 = 1 << 16;
}

/// Why the VM stopped to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The first coroutine of the task returned: its results lie in these slots.
    Finished { first: usize, count: usize },
    /// The task ended with what `Vm::failure` holds.
    Failed,
    /// The fuel of the slice is used up.
    OutOfFuel,
    /// The collector is due.
    CollectDue,
    /// A program asked for a full collection.
    CollectAll,
    /// A program asked for so many kilobytes of one.
    CollectStep(u32),
    /// What the task is about to do needs so many bytes, and does not find them.
    NoRoom(usize),
    /// A native function waits for the embedder.
    Suspended,
    /// Another dispatch loop is to go on, since a hook was set or ends: `run::run` sees to it.
    Switch,
}

/// How to go on after a transfer.
#[derive(Debug)]
pub(crate) enum Flow {
    /// The current coroutine runs a Lua function at its saved address.
    Continue,
    Exit(Exit),
}

/// A transfer to be made.
#[derive(Debug)]
pub(crate) enum Step<'gc> {
    /// Call what is in `slot` with `count` arguments from `slot + 2` on; the link is in place.
    Call {
        slot: usize,
        count: usize,
    },
    /// Return values from the frame at `base`.
    Return {
        base: usize,
        first: usize,
        count: usize,
    },
    Throw(Error<'gc>),
    /// An error that an `xpcall` handler has seen.
    ThrowHandled(Value<'gc>),
    /// None: the current coroutine runs a Lua function at its saved address.
    ///
    /// Apart from `Exit`, so that what is said most often has nothing to be loaded from where it was just stored.
    Continue,
    Exit(Exit),
}

/// Makes the error of a coroutine whose stack is at its limit, or the interrupt when memory is.
#[cold]
pub(crate) fn stack_overflow(ctx: Context<'_>) -> Error<'_> {
    let wanted = ctx.vm.current.get().map_or(0, |current| current.larger());
    if !ctx.vm.heap.has_room(wanted) {
        return ctx.no_room(wanted);
    }
    // Without a position, since LuaJIT looks for it in the frame that does not fit.
    ctx.string("stack overflow").into()
}

/// Makes the error that the frame which is current has room for its registers but not for what it wants above
/// them: the values of a vararg expression, the call of a hook.
#[cold]
pub(crate) fn overflow_above<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
) -> Error<'gc> {
    let error = stack_overflow(ctx);
    let Some(message) = error.value().and_then(|value| value.as_string()) else {
        return error;
    };
    let mut text = describe::position(coroutine, coroutine.base.get(), 0);
    text.extend_from_slice(message.as_bytes());
    ctx.string(text).into()
}

fn current<'gc>(ctx: Context<'gc>) -> Gc<'gc, Coroutine<'gc>> {
    ctx.vm.current.get().expect("a coroutine is running")
}

/// Makes transfers until a Lua function goes on, or the VM has to stop.
#[inline(never)]
pub(crate) fn drive<'gc>(ctx: Context<'gc>, step: Step<'gc>) -> Flow {
    let mut step = step;
    loop {
        step = match step {
            Step::Call { slot, count } => {
                if ctx.vm.hooks.is_set()
                    && let Some(step) = hook::before_call(ctx, slot, count)
                {
                    step
                } else {
                    call(ctx, slot, count)
                }
            }
            Step::Return { base, first, count } => give_back(ctx, base, first, count),
            Step::Throw(error) => throw(ctx, error, false),
            Step::ThrowHandled(value) => throw(ctx, Error::new(value), true),
            Step::Continue if ctx.vm.hooks.is_set() => return hook::go_on(ctx),
            Step::Continue => return Flow::Continue,
            Step::Exit(exit) => return Flow::Exit(exit),
        }
    }
}

fn call<'gc>(ctx: Context<'gc>, slot: usize, count: usize) -> Step<'gc> {
    let coroutine = current(ctx);
    let callee = coroutine.slot(slot);
    if let Some(function) = callee.as_function() {
        if !function.is_native() {
            return match enter(ctx, coroutine, function, slot + 2, count) {
                Ok(()) => {
                    // Metamethods that call each other do it without any instruction that costs fuel.
                    let fuel = ctx.vm.fuel.get() - 1;
                    ctx.vm.fuel.set(fuel);
                    if fuel > 0 {
                        Step::Continue
                    } else {
                        Step::Exit(Exit::OutOfFuel)
                    }
                }
                Err(error) => match error.wanted() {
                    Some(bytes) => call_again(ctx, coroutine, slot, count, Exit::NoRoom(bytes)),
                    None => refuse(coroutine, slot, error),
                },
            };
        }
        if ctx.vm.fuel.get() <= 0 {
            // So may library functions (`__tostring = tostring`).
            return call_again(ctx, coroutine, slot, count, Exit::OutOfFuel);
        }
        return call_native(ctx, coroutine, function, slot + 2, count);
    }
    let handler = ctx.vm.handler_of(callee, Metamethod::Call);
    if handler.as_function().is_none() {
        return refuse(
            coroutine,
            slot,
            metamethod::call_error(ctx, coroutine, slot),
        );
    }
    if coroutine.ensure(&ctx.vm.heap, slot + count + 4).is_err() {
        return refuse(coroutine, slot, stack_overflow(ctx));
    }
    coroutine.copy_slots(slot + 2, slot + 3, count);
    coroutine.set_slot(slot + 2, callee);
    coroutine.set_slot(slot, handler);
    Step::Call {
        slot,
        count: count + 1,
    }
}

/// Raises an error instead of making a call. What a `pcall` was to call counts as entered: it catches that too.
/// So does a hook, which has to end.
#[cold]
fn refuse<'gc>(coroutine: Gc<'gc, Coroutine<'gc>>, slot: usize, error: Error<'gc>) -> Step<'gc> {
    let is_entered = match coroutine.link_at(slot + 2) {
        Link::Protected(_) => true,
        Link::Continuation(_) => hook::is_hook(coroutine.slot(slot - 2).bits()),
        _ => false,
    };
    if is_entered {
        coroutine.base.set(slot + 2);
        coroutine.top.set(slot + 2);
    }
    Step::Throw(error)
}

/// Makes a Lua function's frame current: vararg layout, missing parameters, room for its registers.
pub(crate) fn enter<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    function: Gc<'gc, Function<'gc>>,
    base: usize,
    count: usize,
) -> Result<(), Error<'gc>> {
    let prototype = function.prototype().expect("a Lua function");
    let num_params = prototype.num_params as usize;
    let needed = base + count + 2 + prototype.frame_size as usize;
    coroutine
        .ensure(&ctx.vm.heap, needed)
        .map_err(|_| stack_overflow(ctx))?;
    let mut new_base = base;
    if prototype.is_vararg {
        new_base = base + count + 2;
        coroutine.set_slot(new_base - 2, function.into());
        coroutine.set_slot(new_base - 1, Link::vararg(count + 2));
        for index in 0..num_params {
            let value = if index < count {
                let value = coroutine.slot(base + index);
                coroutine.set_slot(base + index, Value::NIL);
                value
            } else {
                Value::NIL
            };
            coroutine.set_slot(new_base + index, value);
        }
    } else {
        for index in count..num_params {
            coroutine.set_slot(base + index, Value::NIL);
        }
    }
    coroutine.base.set(new_base);
    coroutine.top.set(new_base);
    coroutine.pc.set(prototype.entry());
    Ok(())
}

fn call_native<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    function: Gc<'gc, Function<'gc>>,
    base: usize,
    count: usize,
) -> Step<'gc> {
    if coroutine.ensure(&ctx.vm.heap, base + count).is_err() {
        return refuse(coroutine, base - 2, stack_overflow(ctx));
    }
    coroutine.base.set(base);
    coroutine.top.set(base + count);
    coroutine.pc.set(std::ptr::null());
    ctx.vm.fuel.set(ctx.vm.fuel.get() - 1);
    let run = function.native().expect("a native function").run;
    let result = run(&Call {
        ctx,
        coroutine,
        base,
        start: base + count,
    });
    first_step(ctx, coroutine, base, count, result)
}

/// Does what the answer of a native function to a call from a Lua function asks for.
#[inline(never)]
pub(crate) fn native_returned<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    base: usize,
    count: usize,
    result: NativeResult<'gc>,
) -> Flow {
    if let Ok(Action(next)) = result
        && switch::at_once(ctx, coroutine, next)
    {
        return Flow::Continue;
    }
    drive(ctx, first_step(ctx, coroutine, base, count, result))
}

/// Says what the answer of a native function to its call, with `count` arguments at `base`, asks for.
fn first_step<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    base: usize,
    count: usize,
    result: NativeResult<'gc>,
) -> Step<'gc> {
    if let Err(error) = &result
        && let Some(bytes) = error.wanted()
        && coroutine
            .function_at(base)
            .and_then(|function| function.native().map(|n| n.is_restartable.get()))
            .unwrap_or(false)
    {
        return call_again(ctx, coroutine, base - 2, count, Exit::NoRoom(bytes));
    }
    native_step(ctx, coroutine, base, result)
}

/// Leaves the VM to find room or fuel, then makes the call of what is in `slot` anew; its link is in place.
#[cold]
fn call_again<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    slot: usize,
    count: usize,
    exit: Exit,
) -> Step<'gc> {
    ctx.vm.hooks.announce_again();
    coroutine.top.set(slot + 2 + count);
    coroutine.resume.set(Resume::Call { slot, count });
    Step::Exit(exit)
}

/// Goes on after a Lua function could not be entered from another.
#[cold]
#[inline(never)]
pub(crate) fn enter_failed<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    slot: usize,
    count: usize,
    error: Error<'gc>,
) -> Flow {
    let step = match error.wanted() {
        Some(bytes) => call_again(ctx, coroutine, slot, count, Exit::NoRoom(bytes)),
        None => Step::Throw(error),
    };
    drive(ctx, step)
}

/// Says what a native function's answer asks for.
pub(crate) fn native_step<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    base: usize,
    result: NativeResult<'gc>,
) -> Step<'gc> {
    let Action(next) = match result {
        Ok(action) => action,
        Err(error) => return Step::Throw(error),
    };
    let top = coroutine.top.get();
    match next {
        Next::Return(count) => Step::Return {
            base,
            first: top - count as usize,
            count: count as usize,
        },
        Next::Call(count) => Step::Call {
            slot: top - count as usize - 2,
            count: count as usize,
        },
        Next::TailCall(count) => {
            let slot = top - count as usize - 1;
            coroutine.set_slot(base - 2, coroutine.slot(slot));
            coroutine.copy_slots(slot + 1, base, count as usize);
            Step::Call {
                slot: base - 2,
                count: count as usize,
            }
        }
        Next::Yield(count) => switch::give_to_resumer(ctx, coroutine, true, count as usize),
        Next::Refuse => switch::give_to_resumer(ctx, coroutine, false, 1),
        Next::Resume { count, wrapped } => switch::resume(ctx, coroutine, count as usize, wrapped),
        Next::Suspend => {
            coroutine.resume.set(Resume::Return(0));
            Step::Exit(Exit::Suspended)
        }
        Next::Switch => {
            coroutine.resume.set(Resume::Return(0));
            Step::Exit(Exit::Switch)
        }
        Next::Again | Next::Collect | Next::CollectStep(_) => {
            coroutine.base.set(top);
            coroutine.resume.set(Resume::Return(0));
            Step::Exit(match next {
                Next::Collect => Exit::CollectAll,
                Next::CollectStep(kilobytes) => Exit::CollectStep(kilobytes),
                _ => Exit::OutOfFuel,
            })
        }
    }
}

/// Returns values from the frame at `base` to whoever called it.
fn give_back<'gc>(ctx: Context<'gc>, base: usize, first: usize, count: usize) -> Step<'gc> {
    let coroutine = current(ctx);
    match coroutine.link_at(base) {
        Link::Vararg(delta) => Step::Return {
            base: base - delta,
            first,
            count,
        },
        Link::Lua(pc) => {
            let target = base - 2;
            coroutine.copy_slots(first, target, count);
            complete_call(coroutine, pc, target, count);
            Step::Continue
        }
        Link::Continuation(delta) => {
            let kind = coroutine.slot(base - 4).bits();
            let caller = base - delta;
            coroutine.base.set(caller);
            if kind >= continuation::LIMIT {
                coroutine.copy_slots(first, base - 4, count);
                coroutine.top.set(base - 4 + count);
                return continue_native(ctx, coroutine, caller, base - 4, kind);
            }
            let value = if count > 0 {
                coroutine.slot(first)
            } else {
                Value::NIL
            };
            coroutine
                .pc
                .set(coroutine.slot(base - 3).bits() as *const Instruction);
            if kind == continuation::HANDLER {
                return Step::ThrowHandled(value);
            }
            coroutine.top.set(caller);
            metamethod::resume(ctx, coroutine, kind, value)
        }
        Link::Protected(delta) => {
            let caller = base - delta;
            coroutine.base.set(caller);
            if coroutine.slot(base - 4).bits() == continuation::FINALIZER {
                coroutine
                    .pc
                    .set(coroutine.slot(base - 3).bits() as *const Instruction);
                coroutine.top.set(caller);
                ctx.vm.hooks.leave_finalizer();
                return finalize_next(ctx, coroutine);
            }
            let kind = coroutine.slot(base - 4).bits();
            coroutine.copy_slots(first, base - 3, count);
            coroutine.set_slot(base - 4, Value::TRUE);
            coroutine.top.set(base - 3 + count);
            if kind >= continuation::LIMIT {
                return continue_native(ctx, coroutine, caller, base - 4, kind);
            }
            Step::Return {
                base: caller,
                first: base - 4,
                count: count + 1,
            }
        }
        Link::Bottom => switch::finish(ctx, coroutine, first, count),
    }
}

/// Goes on in the Lua function that called, at `pc`, what has put `count` values from `target` on.
pub(super) fn complete_call<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    pc: *const Instruction,
    target: usize,
    count: usize,
) {
    // SAFETY: a return address follows the call instruction that it was made by.
    let call = unsafe { (*pc.sub(1)).word };
    let wanted = opcode::b(call);
    if wanted == 0 {
        coroutine.multiple.set(count);
    } else {
        for index in count..wanted - 1 {
            coroutine.set_slot(target + index, Value::NIL);
        }
    }
    let base = target - opcode::a(call);
    coroutine.base.set(base);
    coroutine.top.set(base);
    coroutine.pc.set(pc);
}

/// Runs the continuation of the native function at `base`, with the values from `start` on as results.
fn continue_native<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    base: usize,
    start: usize,
    kind: u64,
) -> Step<'gc> {
    // SAFETY: such a word was made of a `NativeFn` by `Call::push_frame`, and only there.
    let then: NativeFn = unsafe { std::mem::transmute(kind as usize) };
    coroutine.base.set(base);
    coroutine.pc.set(std::ptr::null());
    if ctx.vm.hooks.is_set() {
        hook::came_back(ctx, coroutine);
    }
    // Free of charge: what it comes back to after `again` must not be exhausted already.
    let result = then(&Call {
        ctx,
        coroutine,
        base,
        start,
    });
    native_step(ctx, coroutine, base, result)
}

/// Finds the innermost protected call from the frame at `base` on: the base of its callee, and whether a hook is
/// running above it.
fn find_protected<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    mut base: usize,
) -> (Option<usize>, bool) {
    let mut in_hook = false;
    loop {
        match coroutine.link_at(base) {
            Link::Lua(_) => base = coroutine.caller(base).expect("has a caller").0,
            Link::Vararg(delta) => base -= delta,
            Link::Continuation(delta) => {
                in_hook |= hook::is_hook(coroutine.slot(base - 4).bits());
                base -= delta;
            }
            Link::Protected(_) => return (Some(base), in_hook),
            Link::Bottom => return (None, in_hook),
        }
    }
}

/// Returns the handler that is to see an error before the protected call, with its callee at `base`, does.
fn handler_of<'gc>(coroutine: Gc<'gc, Coroutine<'gc>>, mut base: usize) -> Option<Value<'gc>> {
    loop {
        let Link::Protected(delta) = coroutine.link_at(base) else {
            unreachable!("a protected call")
        };
        let caller = base - delta;
        let kind = coroutine.slot(base - 4).bits();
        if kind == continuation::XPCALL {
            return Some(coroutine.slot(caller + 1));
        }
        let passes_on = kind >= continuation::LIMIT
            && coroutine.slot(base - 3).bits() == continuation::OUTER_HANDLER;
        if !passes_on {
            return None;
        }
        base = find_protected(coroutine, caller).0?;
    }
}

/// Takes an error to its protected call, through coroutines if it must, or ends the task.
#[cold]
fn throw<'gc>(ctx: Context<'gc>, error: Error<'gc>, handled: bool) -> Step<'gc> {
    let coroutine = current(ctx);
    let value = match error.into_thrown() {
        Thrown::Lua(value) => value,
        Thrown::Interrupt(interrupt) => return interrupt_all(ctx, coroutine, interrupt),
        Thrown::NoRoom(bytes) => match retry_store(coroutine, bytes) {
            Some(step) => return step,
            None => return interrupt_all(ctx, coroutine, Interrupt::OutOfMemory),
        },
        Thrown::TooLarge => {
            if coroutine.resumer.get().is_none()
                && find_protected(coroutine, coroutine.base.get()).0.is_none()
            {
                return interrupt_all(ctx, coroutine, Interrupt::OutOfMemory);
            }
            ctx.string("not enough memory").into()
        }
    };
    let (protected, in_hook) = find_protected(coroutine, coroutine.base.get());
    let Some(base) = protected else {
        if in_hook {
            ctx.vm.hooks.leave_hook();
        }
        return uncaught(ctx, coroutine, value);
    };
    let kind = coroutine.slot(base - 4).bits();
    let Link::Protected(delta) = coroutine.link_at(base) else {
        unreachable!("just found")
    };
    let caller = base - delta;
    let mut value = value;
    if !handled && let Some(handler) = handler_of(coroutine, base) {
        if coroutine.is_handling.get() {
            value = error_in_handler(ctx, coroutine);
        } else {
            coroutine.is_handling.set(true);
            return match call_handler(ctx, coroutine, handler, value) {
                Ok(step) => step,
                Err(()) => {
                    if in_hook {
                        ctx.vm.hooks.leave_hook();
                    }
                    coroutine.is_handling.set(false);
                    let value = error_in_handler(ctx, coroutine);
                    unwind(ctx, coroutine, base, caller, value)
                }
            };
        }
    }
    coroutine.is_handling.set(false);
    if in_hook {
        ctx.vm.hooks.leave_hook();
    }
    if kind == continuation::FINALIZER {
        close_from(ctx.mc, coroutine, base - 4);
        report_finalizer(ctx, value);
        return Step::Return {
            base,
            first: base,
            count: 0,
        };
    }
    unwind(ctx, coroutine, base, caller, value)
}

/// Makes the error that replaces one of an error handler. The handler of an overflow has little room, and LuaJIT
/// does not look whether that was the reason.
fn error_in_handler<'gc>(ctx: Context<'gc>, coroutine: Gc<'gc, Coroutine<'gc>>) -> Value<'gc> {
    let text = if coroutine.is_beyond_limit() {
        "stack overflow"
    } else {
        "error in error handling"
    };
    ctx.string(text).into()
}

/// Ends the task with an interrupt.
fn interrupt_all<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    interrupt: Interrupt,
) -> Step<'gc> {
    end_all(ctx, coroutine);
    *ctx.vm.failure.borrow_mut() = Some(Failure::Interrupt(interrupt));
    Step::Exit(Exit::Failed)
}

/// Leaves the VM to find room if the error was raised by an instruction that has not done anything yet, and
/// then can be executed anew.
#[cold]
fn retry_store<'gc>(coroutine: Gc<'gc, Coroutine<'gc>>, bytes: usize) -> Option<Step<'gc>> {
    let pc = coroutine.pc.get();
    let function = coroutine.function_at(coroutine.base.get())?;
    if pc.is_null() || function.is_native() {
        return None;
    }
    // SAFETY: the saved address follows the instruction that is being executed.
    let here = unsafe { pc.sub(1) };
    // SAFETY: as above.
    let op = Op::of(unsafe { (*here).word })?;
    matches!(
        op,
        Op::TSETV | Op::TSETS | Op::TSETB | Op::TSETM | Op::GSET | Op::CAT
    )
    .then(|| {
        coroutine.pc.set(here);
        Step::Exit(Exit::NoRoom(bytes))
    })
}

fn close_from<'gc>(mc: &Mutation<'gc>, coroutine: Gc<'gc, Coroutine<'gc>>, slot: usize) {
    // SAFETY: the slot is within the stack.
    coroutine.close_upvalues(mc, unsafe { coroutine.stack().add(slot) });
}

/// Drops all frames above a protected call and returns `false` and the error from it.
fn unwind<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    base: usize,
    caller: usize,
    value: Value<'gc>,
) -> Step<'gc> {
    close_from(ctx.mc, coroutine, base - 4);
    let kind = coroutine.slot(base - 4).bits();
    coroutine.base.set(caller);
    coroutine.set_slot(base - 4, Value::FALSE);
    coroutine.set_slot(base - 3, value);
    coroutine.top.set(base - 2);
    coroutine.restore_limit(base);
    if kind >= continuation::LIMIT {
        return continue_native(ctx, coroutine, caller, base - 4, kind);
    }
    Step::Return {
        base: caller,
        first: base - 4,
        count: 2,
    }
}

/// Calls an `xpcall` handler on top of the frame that raised the error, whose stack it can so inspect.
fn call_handler<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    handler: Value<'gc>,
    value: Value<'gc>,
) -> Result<Step<'gc>, ()> {
    let base = coroutine.base.get();
    let top = coroutine.live_end();
    coroutine.raise_limit(top);
    coroutine.ensure(&ctx.vm.heap, top + 8).map_err(|_| ())?;
    coroutine.set_slot(top, Value::raw(continuation::HANDLER));
    coroutine.set_slot(top + 1, Value::raw(coroutine.pc.get() as u64));
    coroutine.set_slot(top + 2, handler);
    coroutine.set_slot(top + 3, Link::continuation(top + 4 - base));
    coroutine.set_slot(top + 4, value);
    Ok(Step::Call {
        slot: top + 2,
        count: 1,
    })
}

/// An error that no protected call of the coroutine catches ends it, and goes on in its resumer.
fn uncaught<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    value: Value<'gc>,
) -> Step<'gc> {
    coroutine.status.set(Status::Dead);
    let Some(resumer) = coroutine.resumer.take() else {
        let traceback = traceback::of_failed(coroutine);
        *ctx.vm.failure.borrow_mut() = Some(Failure::Error { value, traceback });
        return Step::Exit(Exit::Failed);
    };
    // The stack stays as it is, for `debug.traceback`; nothing runs on it any more.
    switch::switch_to(ctx, resumer);
    let base = resumer.base.get();
    if coroutine.is_wrapped.get() {
        let value = match value.as_string() {
            // Each level of nesting adds its position, but not without end.
            Some(message) if message.len() < 4096 => {
                let mut text = describe::position(resumer, base, 1);
                // Put together as a C string.
                let message = message.as_bytes().split(|&byte| byte == 0).next();
                text.extend_from_slice(message.unwrap_or_default());
                ctx.string(text).into()
            }
            _ => value,
        };
        return Step::Throw(Error::new(value));
    }
    let top = resumer.top.get();
    resumer.set_slot(top, Value::FALSE);
    resumer.set_slot(top + 1, value);
    resumer.top.set(top + 2);
    Step::Return {
        base,
        first: top,
        count: 2,
    }
}

/// Marks the coroutine and all that wait for it as dead.
pub(crate) fn end_all<'gc>(ctx: Context<'gc>, coroutine: Gc<'gc, Coroutine<'gc>>) {
    let mut next = Some(coroutine);
    while let Some(coroutine) = next {
        coroutine.status.set(Status::Dead);
        hook::forget(ctx, coroutine);
        // Closures that outlive the task keep the last values of its variables.
        close_from(ctx.mc, coroutine, 0);
        next = coroutine.resumer.take();
    }
}

/// Pushes the call of a handler above the registers of the Lua function that runs.
pub(crate) fn call_above<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    kind: u64,
    handler: Value<'gc>,
    args: &[Value<'gc>],
) -> Step<'gc> {
    call_from(coroutine, coroutine.live_end(), kind, handler, args)
}

/// Pushes the same call at `top`, which must be above what is alive.
pub(crate) fn call_from<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    top: usize,
    kind: u64,
    handler: Value<'gc>,
    args: &[Value<'gc>],
) -> Step<'gc> {
    let base = coroutine.base.get();
    // A frame always has slack for this: four slots and at most three arguments.
    coroutine.set_slot(top, Value::raw(kind));
    coroutine.set_slot(top + 1, Value::raw(coroutine.pc.get() as u64));
    coroutine.set_slot(top + 2, handler);
    let link = top + 4 - base;
    coroutine.set_slot(
        top + 3,
        if kind == continuation::FINALIZER {
            Link::protected(link)
        } else {
            Link::continuation(link)
        },
    );
    for (index, &arg) in args.iter().enumerate() {
        coroutine.set_slot(top + 4 + index, arg);
    }
    Step::Call {
        slot: top + 2,
        count: args.len(),
    }
}

/// Tells of an error in a finalizer, which nobody can catch, as Neovim's LuaJIT does.
fn report_finalizer<'gc>(ctx: Context<'gc>, value: Value<'gc>) {
    let mut text = b"ERROR in finalizer: ".to_vec();
    match value.as_string() {
        Some(message) => text.extend_from_slice(message.as_bytes()),
        None => text.push(b'?'),
    }
    text.push(b'\n');
    // Nobody can be told that standard error is gone either.
    let _ = ctx.vm.environment.write_error(&text);
}

/// Returns whether a native function waits to be continued without results: `Next::Again`, `Next::Collect`.
pub(crate) fn is_between_frames<'gc>(coroutine: Gc<'gc, Coroutine<'gc>>) -> bool {
    let base = coroutine.base.get();
    base == coroutine.top.get() && coroutine.function_at(base).is_none()
}

/// Calls the finalizer of the next object that is due for it, above the Lua function that runs or the native
/// function that waits to be continued; goes on with that when there is none.
pub(crate) fn finalize_next<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
) -> Step<'gc> {
    loop {
        let next = ctx.vm.finalizers.borrow_mut().pop();
        let Some(userdata) = next else {
            if is_between_frames(coroutine) {
                let base = coroutine.base.get();
                return Step::Return {
                    base,
                    first: base,
                    count: 0,
                };
            }
            return Step::Continue;
        };
        let handler = ctx.vm.handler_of(userdata.into(), Metamethod::Gc);
        if !handler.is_nil() {
            ctx.vm.hooks.enter_finalizer();
            return call_above(
                coroutine,
                continuation::FINALIZER,
                handler,
                &[userdata.into()],
            );
        }
    }
}
