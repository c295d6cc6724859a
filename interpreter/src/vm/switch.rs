//! Switches between coroutines: resuming one, yielding from it, and its end.

use gc_arena::Gc;

use crate::call::Next;
use crate::context::Context;
use crate::coroutine::{Coroutine, Link, MAX_NESTING, Resume, Status};
use crate::value::Value;
use crate::vm::transfer::{self, Exit, Step};
use crate::vm::{describe, hook};

/// Does what a native function, called by a Lua function, asks for if that is to resume a coroutine or to yield
/// and Lua functions are on both sides; else does nothing and returns false.
///
/// The same as the steps below with less said in between, since generators do little else.
pub(super) fn at_once<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    next: Next,
) -> bool {
    if ctx.vm.hooks.is_set() {
        return false;
    }
    match next {
        Next::Resume { count, wrapped } => {
            let Some(target) = target_of(coroutine, wrapped) else {
                return false;
            };
            let first = coroutine.top.get() - count as usize;
            if target.status.get() != Status::Suspended
                || target.resume.get() != Resume::Return(0)
                || coroutine.depth.get() >= MAX_NESTING
                || !deliver(ctx, None, coroutine, first, count as usize, target)
            {
                return false;
            }
            coroutine.top.set(first);
            wait_for(ctx, coroutine, target, wrapped);
            target.resume.set(Resume::Run);
            true
        }
        Next::Yield(count) => {
            let Some(resumer) = coroutine.resumer.get() else {
                return false;
            };
            let first = coroutine.top.get() - count as usize;
            let ok = (!coroutine.is_wrapped.get()).then_some(Value::TRUE);
            if hook::is_held(ctx, coroutine)
                || !deliver(ctx, ok, coroutine, first, count as usize, resumer)
            {
                return false;
            }
            coroutine.resumer.set(None);
            coroutine.status.set(Status::Suspended);
            coroutine.resume.set(Resume::Return(0));
            coroutine.top.set(first);
            switch_to(ctx, resumer);
            true
        }
        _ => false,
    }
}

/// Returns values from the native function in which `to` waits to the Lua function that has called it: `leading`,
/// then `count` slots of `from`. False, with nothing done, if another has called it or there is no room.
fn deliver<'gc>(
    ctx: Context<'gc>,
    leading: Option<Value<'gc>>,
    from: Gc<'gc, Coroutine<'gc>>,
    first: usize,
    count: usize,
    to: Gc<'gc, Coroutine<'gc>>,
) -> bool {
    let base = to.base.get();
    let Link::Lua(pc) = to.link_at(base) else {
        return false;
    };
    let target = base - 2;
    let skip = usize::from(leading.is_some());
    if to.ensure(&ctx.vm.heap, target + skip + count).is_err() {
        return false;
    }
    if let Some(value) = leading {
        to.set_slot(target, value);
    }
    for index in 0..count {
        to.set_slot(target + skip + index, from.slot(first + index));
    }
    transfer::complete_call(to, pc, target, skip + count);
    true
}

/// Ends a coroutine whose function returned.
pub(super) fn finish<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    first: usize,
    count: usize,
) -> Step<'gc> {
    coroutine.status.set(Status::Dead);
    // Nothing is left to be seen in a traceback.
    coroutine.set_slot(0, Value::NIL);
    coroutine.base.set(2);
    coroutine.top.set(first + count);
    let Some(resumer) = coroutine.resumer.take() else {
        return Step::Exit(Exit::Finished { first, count });
    };
    hand_over(ctx, coroutine, resumer, true, first, count)
}

/// Gives the values of a yield to the coroutine that waits for them, or of a refusal if it is not `ok`.
pub(super) fn give_to_resumer<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    ok: bool,
    count: usize,
) -> Step<'gc> {
    let resumer = if hook::is_held(ctx, coroutine) {
        None
    } else {
        coroutine.resumer.take()
    };
    let Some(resumer) = resumer else {
        let base = coroutine.base.get();
        let mut text = describe::position(coroutine, base, 1);
        text.extend_from_slice(b"attempt to yield across C-call boundary");
        return Step::Throw(ctx.string(text).into());
    };
    coroutine.status.set(Status::Suspended);
    coroutine.resume.set(Resume::Return(0));
    let first = coroutine.top.get() - count;
    coroutine.top.set(first);
    hand_over(ctx, coroutine, resumer, ok, first, count)
}

/// Copies values to the resumer's stack and returns them from its `resume`.
fn hand_over<'gc>(
    ctx: Context<'gc>,
    from: Gc<'gc, Coroutine<'gc>>,
    resumer: Gc<'gc, Coroutine<'gc>>,
    ok: bool,
    first: usize,
    count: usize,
) -> Step<'gc> {
    switch_to(ctx, resumer);
    let start = resumer.top.get();
    if resumer.ensure(&ctx.vm.heap, start + count + 1).is_err() {
        return Step::Throw(transfer::stack_overflow(ctx));
    }
    let mut end = start;
    if !from.is_wrapped.get() {
        resumer.set_slot(end, ok.into());
        end += 1;
    }
    for index in 0..count {
        resumer.set_slot(end + index, from.slot(first + index));
    }
    end += count;
    resumer.top.set(end);
    Step::Return {
        base: resumer.base.get(),
        first: start,
        count: end - start,
    }
}

pub(super) fn switch_to<'gc>(ctx: Context<'gc>, coroutine: Gc<'gc, Coroutine<'gc>>) {
    ctx.mc.backward_barrier(Gc::erase(coroutine), None);
    coroutine.status.set(Status::Running);
    ctx.vm.current.set(Some(coroutine));
    if ctx.vm.hooks.is_set() {
        hook::came_back(ctx, coroutine);
    }
}

/// Returns the coroutine that the function at the current base of this one resumes: that of a `wrap`, or its first
/// argument.
fn target_of<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    wrapped: bool,
) -> Option<Gc<'gc, Coroutine<'gc>>> {
    let base = coroutine.base.get();
    if wrapped {
        let function = coroutine.function_at(base)?;
        function.native()?.values[0].get().as_coroutine()
    } else {
        coroutine.slot(base).as_coroutine()
    }
}

/// Makes `target` the running coroutine and `coroutine` the one that waits for it.
fn wait_for<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    target: Gc<'gc, Coroutine<'gc>>,
    wrapped: bool,
) {
    coroutine.status.set(Status::Normal);
    ctx.mc
        .backward_barrier(Gc::erase(target), Some(Gc::erase(coroutine)));
    target.resumer.set(Some(coroutine));
    target.is_wrapped.set(wrapped);
    target.depth.set(coroutine.depth.get() + 1);
    switch_to(ctx, target);
}

/// Moves the topmost values to another coroutine and runs that.
pub(super) fn resume<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    count: usize,
    wrapped: bool,
) -> Step<'gc> {
    let base = coroutine.base.get();
    let target = target_of(coroutine, wrapped).expect("checked by the library");
    let first = coroutine.top.get() - count;
    let obstacle = match target.status.get() {
        Status::Dead => Some("cannot resume dead coroutine"),
        Status::Running | Status::Normal => Some("cannot resume running coroutine"),
        Status::Suspended if coroutine.depth.get() >= MAX_NESTING => Some("C stack overflow"),
        Status::Suspended => None,
    };
    if let Some(message) = obstacle {
        if wrapped {
            let mut text = describe::position(coroutine, base, 1);
            text.extend_from_slice(message.as_bytes());
            return Step::Throw(ctx.string(text).into());
        }
        let top = coroutine.top.get();
        coroutine.set_slot(top, Value::FALSE);
        coroutine.set_slot(top + 1, ctx.string(message).into());
        coroutine.top.set(top + 2);
        return Step::Return {
            base,
            first: top,
            count: 2,
        };
    }
    let start = target.top.get();
    if target.ensure(&ctx.vm.heap, start + count).is_err() {
        return Step::Throw(transfer::stack_overflow(ctx));
    }
    for index in 0..count {
        target.set_slot(start + index, coroutine.slot(first + index));
    }
    target.top.set(start + count);
    coroutine.top.set(first);
    wait_for(ctx, coroutine, target, wrapped);
    ctx.vm.hooks.came_from_afar();
    match target.resume.replace(Resume::Run) {
        Resume::Start(_) => Step::Call { slot: 0, count },
        _ => Step::Return {
            base: target.base.get(),
            first: start,
            count,
        },
    }
}
