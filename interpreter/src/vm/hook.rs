//! Debug hooks (`debug.sethook`): when one is due, and its call between two instructions.
//!
//! The dispatch loop exists twice. The plain one knows nothing of hooks and pays nothing for them; the other
//! asks [`instruction`] before each instruction and makes all calls through `transfer::drive`, which asks
//! [`before_call`]. `sethook` leaves the loop, and [`go_on`] after each slow transfer, so that `run::run`
//! can enter the right one: a hook itself, and finalizers, run in the plain one. Counting with fuel instead
//! would see calls and back-edges only, but a hook counts instructions, and has to tell lines apart.
//!
//! A hook is called above the frame that it interrupts, with a continuation of its own. When it returns, the
//! instruction or call goes on at the next [`Stage`]. It cannot yield, and no hook interrupts it, so there is
//! at most one such frame in a VM, and what belongs to it can lie in [`Hooks`].
//!
//! Which events there are, and in which order, is LuaJIT's interpreter's doing (`lj_dispatch.c`): only Lua
//! functions have "return", there is no event for the return of what a tail call has replaced, and a line is
//! new when the last address seen is in another function or not before this one.

use std::cell::Cell;

use gc_arena::Gc;
use gc_arena::collect::Trace;

use crate::bytecode::opcode::{self, Op};
use crate::context::Context;
use crate::coroutine::{Coroutine, Link};
use crate::function::{Function, Instruction, Prototype};
use crate::value::Value;
use crate::vm::transfer::{self, Exit, Flow, Step, continuation};

/// Events that a hook asks for.
pub(crate) mod mask {
    pub(crate) const CALL: u8 = 1;
    pub(crate) const RETURN: u8 = 2;
    pub(crate) const LINE: u8 = 4;
    pub(crate) const COUNT: u8 = 8;
}

/// Slots that LuaJIT wants above the interrupted frame before it calls a hook (`1 + LUA_MINSTACK`).
const ROOM: usize = 21;

/// How far the events before an instruction have been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    #[default]
    Count,
    Line,
    Return,
    Done,
}

/// The hook of a VM and where it stands.
#[derive(Default)]
pub(crate) struct Hooks<'gc> {
    function: Cell<Option<Gc<'gc, Function<'gc>>>>,
    /// Of `mask`; 0 when there is no hook.
    events: Cell<u8>,
    /// Instructions from one count event to the next.
    period: Cell<i32>,
    /// Instructions to the next count event.
    left: Cell<i32>,
    /// A hook is being called.
    is_active: Cell<bool>,
    /// Finalizers that run: they are not hooked.
    finalizers: Cell<u32>,
    /// The loop for hooks was entered last.
    in_loop: Cell<bool>,
    stage: Cell<Stage>,
    /// The stage at which the instruction goes on when the hook that runs returns.
    following: Cell<Stage>,
    /// The address after the last instruction that was looked at.
    last: Cell<Address>,
    /// The same before the instruction at hand: what its line is compared with.
    before: Cell<Address>,
    /// Of the interrupted frame: `Coroutine::multiple`, or the number of arguments of the call.
    count: Cell<usize>,
    /// The call that follows has had its event.
    call_is_announced: Cell<bool>,
}

/// An instruction's address that is only compared: its function may be gone.
#[derive(Clone, Copy, Default)]
struct Address(usize);

impl From<*const Instruction> for Address {
    fn from(pc: *const Instruction) -> Self {
        Address(pc as usize)
    }
}

impl<'gc> Hooks<'gc> {
    /// Returns whether there is a hook.
    #[inline(always)]
    pub(crate) fn is_set(&self) -> bool {
        self.events.get() != 0
    }

    /// Returns whether events are to be looked for now.
    fn is_wanted(&self) -> bool {
        self.is_set() && !self.is_active.get() && self.finalizers.get() == 0
    }

    /// Says which loop is to be entered, and notes that it is.
    pub(crate) fn enter_loop(&self) -> bool {
        self.in_loop.set(self.is_wanted());
        self.in_loop.get()
    }

    /// Sets the hook; `events` may be 0, and then it is only remembered.
    pub(crate) fn set(&self, function: Option<Gc<'gc, Function<'gc>>>, events: u8, count: i32) {
        self.function.set(function);
        self.events.set(if function.is_some() { events } else { 0 });
        self.period.set(count);
        self.left.set(count);
        self.stage.set(Stage::Count);
        self.last.set(Address::default());
        self.call_is_announced.set(false);
    }

    /// Returns the function, the events and the count, as they were set.
    pub(crate) fn get(&self) -> (Option<Gc<'gc, Function<'gc>>>, u8, i32) {
        (self.function.get(), self.events.get(), self.period.get())
    }

    pub(crate) fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        if let Some(function) = self.function.get() {
            cc.trace_gc(Gc::erase(function));
        }
    }

    /// Notes that a finalizer begins.
    pub(crate) fn enter_finalizer(&self) {
        self.finalizers.set(self.finalizers.get() + 1);
    }

    /// Returns whether a finalizer runs.
    pub(crate) fn is_in_finalizer(&self) -> bool {
        self.finalizers.get() > 0
    }

    /// Notes that a finalizer has ended.
    pub(crate) fn leave_finalizer(&self) {
        self.finalizers.set(self.finalizers.get() - 1);
    }

    /// Notes that the next instruction is on a C frame of its own in LuaJIT: that of a resumed coroutine.
    pub(crate) fn came_from_afar(&self) {
        self.last.set(Address::default());
    }

    /// Notes that a call that has had its event will be made anew.
    pub(crate) fn announce_again(&self) {
        if self.is_wanted() && self.events.get() & mask::CALL != 0 {
            self.call_is_announced.set(true);
        }
    }

    /// Notes that the frame of the hook that runs has been dropped.
    pub(crate) fn leave_hook(&self) {
        self.is_active.set(false);
    }
}

/// Returns whether a continuation is one of a hook's frame.
pub(crate) fn is_hook(kind: u64) -> bool {
    matches!(
        kind,
        continuation::HOOKED_INSTRUCTION | continuation::HOOKED_CALL
    )
}

/// Calls `f` with the continuation of each frame of a coroutine that has one.
fn each_continuation<'gc>(coroutine: Gc<'gc, Coroutine<'gc>>, mut f: impl FnMut(u64)) {
    let mut base = coroutine.base.get();
    loop {
        match coroutine.link_at(base) {
            Link::Lua(_) => base = coroutine.caller(base).expect("has a caller").0,
            Link::Vararg(delta) => base -= delta,
            Link::Continuation(delta) | Link::Protected(delta) => {
                f(coroutine.slot(base - 4).bits());
                base -= delta;
            }
            Link::Bottom => return,
        }
    }
}

/// Returns whether a coroutine runs a hook or a finalizer: then it must not yield.
pub(crate) fn is_held<'gc>(ctx: Context<'gc>, coroutine: Gc<'gc, Coroutine<'gc>>) -> bool {
    let hooks = &ctx.vm.hooks;
    let mut found = false;
    if hooks.is_active.get() || hooks.finalizers.get() > 0 {
        each_continuation(coroutine, |kind| {
            found |= is_hook(kind) || kind == continuation::FINALIZER;
        });
    }
    found
}

/// Notes that nothing of a coroutine runs any more.
pub(crate) fn forget<'gc>(ctx: Context<'gc>, coroutine: Gc<'gc, Coroutine<'gc>>) {
    let hooks = &ctx.vm.hooks;
    if hooks.is_active.get() || hooks.finalizers.get() > 0 {
        each_continuation(coroutine, |kind| {
            if is_hook(kind) {
                hooks.leave_hook();
            } else if kind == continuation::FINALIZER {
                hooks.leave_finalizer();
            }
        });
    }
}

/// Goes on with a Lua function after a transfer: in the loop that runs, or by way of the other one.
#[cold]
pub(crate) fn go_on<'gc>(ctx: Context<'gc>) -> Flow {
    let hooks = &ctx.vm.hooks;
    if hooks.in_loop.get() == hooks.is_wanted() {
        Flow::Continue
    } else {
        Flow::Exit(Exit::Switch)
    }
}

/// Notes that control comes back to the native function that is current, from what it has called or resumed.
///
/// LuaJIT runs that on another C frame, which has an address of its own: the last one of this frame is that of
/// the native function's call, unless the call was an event.
#[cold]
pub(crate) fn came_back<'gc>(ctx: Context<'gc>, coroutine: Gc<'gc, Coroutine<'gc>>) {
    let hooks = &ctx.vm.hooks;
    if hooks.is_wanted() {
        hooks
            .last
            .set(match coroutine.link_at(coroutine.base.get()) {
                Link::Lua(pc) if hooks.events.get() & mask::CALL == 0 => pc.into(),
                _ => Address::default(),
            });
    }
}

/// Pushes the call of the hook at `top`, above what is alive of the current frame.
fn call_hook<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    top: usize,
    kind: u64,
    event: &str,
    line: Option<u32>,
) -> Step<'gc> {
    let hooks = &ctx.vm.hooks;
    let function = hooks.function.get().expect("a hook is set");
    if coroutine.ensure(&ctx.vm.heap, top + ROOM).is_err() {
        return Step::Throw(transfer::overflow_above(ctx, coroutine));
    }
    hooks.is_active.set(true);
    let line = line.map_or(Value::NIL, |line| Value::number(f64::from(line)));
    transfer::call_from(
        coroutine,
        top,
        kind,
        function.into(),
        &[ctx.string(event).into(), line],
    )
}

/// Returns the instruction that the values of an open call or vararg expression wait for, if `pc` is at it or
/// at what closes upvalues before it. The values are above the registers, where the collector would not see
/// them.
///
/// # Safety
///
/// `pc` is at an instruction of verified code.
unsafe fn taker_of_open_values(mut pc: *const Instruction) -> Option<u32> {
    loop {
        // SAFETY: the caller vouches for `pc`, and verified code jumps to its instructions only.
        let word = unsafe { (*pc).word };
        match Op::of(word)? {
            Op::CALLM | Op::CALLMT | Op::RETM | Op::TSETM => return Some(word),
            // Verified code has no open values across a jump back.
            Op::UCLO if opcode::jump(word) >= 0 => {
                pc = pc.wrapping_offset(1 + opcode::jump(word));
            }
            _ => return None,
        }
    }
}

/// Returns whether values of an open call or vararg expression wait at `pc`.
///
/// # Safety
///
/// `pc` is at an instruction of verified code.
pub(crate) unsafe fn holds_open_values(pc: *const Instruction) -> bool {
    // SAFETY: the caller's.
    unsafe { taker_of_open_values(pc) }.is_some()
}

/// Returns the line of the instruction before `pc`; 0 where it is not known.
fn line_before(prototype: &Prototype<'_>, pc: *const Instruction) -> u32 {
    crate::vm::describe::line_at(prototype, pc).unwrap_or(0)
}

/// Looks for the events of the instruction at the saved address and calls the hook for the first.
///
/// `Continue` means that the instruction is to be executed.
#[cold]
#[inline(never)]
pub(crate) fn instruction<'gc>(ctx: Context<'gc>) -> Flow {
    let hooks = &ctx.vm.hooks;
    loop {
        if !hooks.is_wanted() {
            return Flow::Exit(Exit::Switch);
        }
        let coroutine = ctx.vm.current.get().expect("running");
        let function = coroutine.function_at(coroutine.base.get());
        let prototype = function.and_then(|f| f.prototype()).expect("runs Lua code");
        let pc = coroutine.pc.get();
        let stage = hooks.stage.take();
        if stage == Stage::Count && pc == prototype.entry() && ctx.vm.fuel.get() <= 0 {
            return Flow::Exit(Exit::OutOfFuel);
        }
        // SAFETY: the coroutine is at an instruction of its function.
        let word = unsafe { (*pc).word };
        let op = Op::of(word).expect("verified");
        let next = pc.wrapping_add(1);
        let Some((event, line, following)) = due(hooks, prototype, stage, op, next) else {
            return Flow::Continue;
        };
        hooks.following.set(following);
        // Names and lines are looked up before the address, as everywhere.
        coroutine.pc.set(next);
        let multiple = coroutine.multiple.get();
        hooks.count.set(multiple);
        // SAFETY: as above.
        if let Some(taker) = unsafe { taker_of_open_values(pc) } {
            let base = coroutine.base.get() + opcode::a(taker);
            let waiting = match Op::of(taker) {
                Some(Op::CALLM) => base + 2 + opcode::c(taker),
                Some(Op::CALLMT) => base + 2 + opcode::d(taker),
                Some(Op::RETM) => base + opcode::d(taker),
                _ => base,
            };
            coroutine.top.set(waiting + multiple);
        }
        let step = call_hook(
            ctx,
            coroutine,
            coroutine.live_end(),
            continuation::HOOKED_INSTRUCTION,
            event,
            line,
        );
        match transfer::drive(ctx, step) {
            Flow::Continue => {}
            exit => return exit,
        }
    }
}

/// Returns the first event of an instruction from a stage on: its name, its line, and what is to be looked at
/// after it.
fn due<'gc>(
    hooks: &Hooks<'gc>,
    prototype: &Prototype<'gc>,
    stage: Stage,
    op: Op,
    next: *const Instruction,
) -> Option<(&'static str, Option<u32>, Stage)> {
    let events = hooks.events.get();
    let has = |event: u8| events & event != 0;
    let is_return = matches!(op, Op::RETM | Op::RET | Op::RET0 | Op::RET1);
    if stage == Stage::Count {
        if has(mask::LINE | mask::COUNT) {
            hooks.left.set(hooks.left.get().wrapping_sub(1));
            // With a count and without lines nothing else is looked at in between.
            if hooks.left.get() != 0 && !has(mask::LINE) {
                return None;
            }
        } else if !is_return {
            return None;
        }
        hooks.before.set(hooks.last.replace(next.into()));
        if has(mask::COUNT) && hooks.left.get() == 0 {
            hooks.left.set(hooks.period.get());
            return Some(("count", None, Stage::Line));
        }
    }
    if matches!(stage, Stage::Count | Stage::Line) && has(mask::LINE) {
        let before = hooks.before.get().0 as *const Instruction;
        let line = line_before(prototype, next);
        let is_new =
            next <= before || before < prototype.entry() || line != line_before(prototype, before);
        if is_new {
            return Some(("line", Some(line), Stage::Return));
        }
    }
    (stage != Stage::Done && has(mask::RETURN) && is_return).then_some((
        "return",
        None,
        Stage::Done,
    ))
}

/// Calls the hook before a call, with the callee's frame in place but not begun; `None` if there is nothing
/// to be told.
#[cold]
pub(crate) fn before_call<'gc>(ctx: Context<'gc>, slot: usize, count: usize) -> Option<Step<'gc>> {
    let hooks = &ctx.vm.hooks;
    if hooks.call_is_announced.take() || hooks.events.get() & mask::CALL == 0 || !hooks.is_wanted()
    {
        return None;
    }
    let coroutine = ctx.vm.current.get()?;
    let function = coroutine.slot(slot).as_function()?;
    let base = slot + 2;
    let (entry, params, size) = match function.prototype() {
        Some(p) => (p.entry(), p.num_params as usize, p.frame_size as usize),
        None => (std::ptr::null(), 0, 0),
    };
    let end = base + count.max(params);
    // When there is no room, the call itself reports it.
    coroutine.ensure(&ctx.vm.heap, end + size).ok()?;
    for index in count..params {
        coroutine.set_slot(base + index, Value::NIL);
    }
    coroutine.base.set(base);
    coroutine.top.set(end);
    coroutine.pc.set(entry);
    // LuaJIT has nothing to compare the next line with after a call event.
    hooks.came_from_afar();
    hooks.count.set(count);
    Some(call_hook(
        ctx,
        coroutine,
        end,
        continuation::HOOKED_CALL,
        "call",
        None,
    ))
}

/// Goes on with what a hook has interrupted, once it has returned to that frame.
pub(crate) fn returned<'gc>(
    ctx: Context<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    kind: u64,
) -> Step<'gc> {
    let hooks = &ctx.vm.hooks;
    hooks.leave_hook();
    if kind == continuation::HOOKED_INSTRUCTION {
        coroutine.pc.set(coroutine.pc.get().wrapping_sub(1));
        coroutine.multiple.set(hooks.count.get());
        if hooks.is_set() {
            hooks.stage.set(hooks.following.get());
        }
        return Step::Continue;
    }
    let base = coroutine.base.get();
    let function = coroutine.function_at(base).expect("a call has a callee");
    let given = hooks.count.get();
    let mut count = given.max(function.prototype().map_or(0, |p| p.num_params as usize));
    // Missing parameters that the hook has set (`debug.setlocal`) count as given.
    while count > given && coroutine.slot(base + count - 1).is_nil() {
        count -= 1;
    }
    hooks
        .call_is_announced
        .set(hooks.events.get() & mask::CALL != 0);
    Step::Call {
        slot: base - 2,
        count,
    }
}
