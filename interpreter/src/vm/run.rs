//! How a slice begins and goes on: brings the current coroutine to an instruction, and executes from there.

use gc_arena::Gc;

use crate::context::Context;
use crate::coroutine::Resume;
use crate::error::Error;
use crate::vm::dispatch;
use crate::vm::transfer::{self, Exit, Flow, Step};

/// Runs the current coroutine until something stops it; the fuel left is in `Vm::fuel`.
pub(crate) fn run<'gc>(ctx: Context<'gc>) -> Exit {
    let coroutine = ctx.vm.current.get().expect("a coroutine to run");
    // From here on the stack is written without barriers.
    ctx.mc.backward_barrier(Gc::erase(coroutine), None);
    let mut flow = match coroutine.resume.get() {
        // One at a time, as LuaJIT does: none interrupts another.
        Resume::Run
            if !ctx.vm.finalizers.borrow().is_empty() && !ctx.vm.hooks.is_in_finalizer() =>
        {
            transfer::drive(ctx, transfer::finalize_next(ctx, coroutine))
        }
        // After a full collection, before its caller goes on.
        Resume::Return(0) if transfer::is_between_frames(coroutine) => {
            coroutine.resume.set(Resume::Run);
            transfer::drive(ctx, transfer::finalize_next(ctx, coroutine))
        }
        _ => go_on(ctx),
    };
    loop {
        let exit = match flow {
            Flow::Exit(exit) => exit,
            // SAFETY: the current coroutine is at an instruction of a Lua function, as `Continue` says.
            Flow::Continue => unsafe {
                if ctx.vm.hooks.enter_loop() {
                    dispatch::execute::<true>(ctx)
                } else {
                    dispatch::execute::<false>(ctx)
                }
            },
        };
        if exit != Exit::Switch {
            return exit;
        }
        flow = go_on(ctx);
    }
}

/// Does what the current coroutine has to do before it is at an instruction.
fn go_on<'gc>(ctx: Context<'gc>) -> Flow {
    let coroutine = ctx.vm.current.get().expect("a coroutine to run");
    match coroutine.resume.replace(Resume::Run) {
        Resume::Run => Flow::Continue,
        Resume::Start(count) => transfer::drive(ctx, Step::Call { slot: 0, count }),
        Resume::Call { slot, count } => transfer::drive(ctx, Step::Call { slot, count }),
        Resume::Return(count) => {
            let first = coroutine.top.get() - count;
            transfer::drive(
                ctx,
                Step::Return {
                    base: coroutine.base.get(),
                    first,
                    count,
                },
            )
        }
        Resume::Raise => {
            let top = coroutine.top.get() - 1;
            coroutine.top.set(top);
            let error = Error::new(coroutine.slot(top));
            transfer::drive(ctx, Step::Throw(error))
        }
    }
}
