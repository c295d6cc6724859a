//! Coroutines: a value stack with the frames in it, and where execution stands.
//!
//! Frames are LuaJIT's (FR2): below a frame's base lie the function, at `base - 2`, and the link, at
//! `base - 1`, which says how to get back. See [`Link`].

use std::cell::{Cell, UnsafeCell};
use std::fmt;

use gc_arena::collect::Trace;
use gc_arena::{Collect, Gc, Mutation};

use crate::function::{Function, Instruction, Upvalue};
use crate::heap::{self, Heap, OBJECT_HEADER};
use crate::mirror::Node;
use crate::table::Table;
use crate::value::Value;

/// Slots that a coroutine may use, as in LuaJIT (`LJ_STACK_MAX`).
pub(crate) const MAX_STACK: usize = 65_500;

/// Coroutines that may wait for each other. LuaJIT goes on to more than 100,000, where its process runs out of
/// C stack and ends; this bounds what a recursion without end takes, by an error that can be caught.
pub(crate) const MAX_NESTING: u32 = 16_000;

/// Slots that the handler of an overflow may use beyond that.
const EMERGENCY: usize = 2_000;

/// Slots above a frame's registers that are always there, for continuation frames and short calls.
pub(crate) const SLACK: usize = 24;

const INITIAL_STACK: usize = 64;

/// How a frame returns: the decoded link word.
///
/// The word is a return address (an aligned pointer, low bits 0) or a kind in the low three bits with the
/// distance to the caller's base, in slots, above them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Link {
    /// Called by the Lua instruction before this address.
    Lua(*const Instruction),
    /// The registers of a vararg function; its arguments and its own link lie below.
    Vararg(usize),
    /// Called on behalf of an instruction or a native function: two more slots lie below the function,
    /// the continuation and the caller's instruction address.
    Continuation(usize),
    /// The same, and errors stop here (`pcall`).
    Protected(usize),
    /// First frame of a coroutine.
    Bottom,
}

const LINK_VARARG: u64 = 1;
const LINK_CONTINUATION: u64 = 2;
const LINK_PROTECTED: u64 = 3;
const LINK_BOTTOM: u64 = 4;

impl Link {
    pub(crate) fn vararg<'gc>(delta: usize) -> Value<'gc> {
        Value::raw((delta as u64) << 3 | LINK_VARARG)
    }

    pub(crate) fn continuation<'gc>(delta: usize) -> Value<'gc> {
        Value::raw((delta as u64) << 3 | LINK_CONTINUATION)
    }

    pub(crate) fn protected<'gc>(delta: usize) -> Value<'gc> {
        Value::raw((delta as u64) << 3 | LINK_PROTECTED)
    }

    pub(crate) fn bottom<'gc>() -> Value<'gc> {
        Value::raw(LINK_BOTTOM)
    }

    #[inline(always)]
    pub(crate) fn decode(word: Value<'_>) -> Link {
        let bits = word.bits();
        let delta = (bits >> 3) as usize;
        match bits & 7 {
            0 => Link::Lua(bits as *const Instruction),
            LINK_VARARG => Link::Vararg(delta),
            LINK_CONTINUATION => Link::Continuation(delta),
            LINK_PROTECTED => Link::Protected(delta),
            _ => Link::Bottom,
        }
    }
}

/// What `coroutine.status` distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Suspended,
    Running,
    /// Has resumed another coroutine.
    Normal,
    Dead,
}

impl Status {
    /// Returns what `coroutine.status` says.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Suspended => "suspended",
            Status::Running => "running",
            Status::Normal => "normal",
            Status::Dead => "dead",
        }
    }
}

/// What to do first when a coroutine runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resume {
    /// Go on at the saved instruction.
    Run,
    /// Call the function at the bottom of the stack with so many arguments.
    Start(usize),
    /// Return the topmost so many values from the frame at `base`.
    Return(usize),
    /// Raise the topmost value at the frame at `base`.
    Raise,
    /// Make a call anew that there was no memory for: what is in `slot`, with so many arguments.
    Call { slot: usize, count: usize },
}

/// A Lua coroutine.
pub struct Coroutine<'gc> {
    stack: Cell<*mut Value<'gc>>,
    size: Cell<usize>,
    /// Slots that may be used: a few more while the handler of an overflow runs.
    limit: Cell<usize>,
    /// A message handler was called and no error has been caught since: one that comes now has no handler.
    pub(crate) is_handling: Cell<bool>,
    /// Index of the current frame's base.
    pub(crate) base: Cell<usize>,
    /// Index of the first slot that nothing lives in, while the coroutine does not run Lua code.
    pub(crate) top: Cell<usize>,
    /// Next instruction of the current frame, if it runs Lua code.
    pub(crate) pc: Cell<*const Instruction>,
    /// Number of values that the last open-ended call or vararg expression produced.
    pub(crate) multiple: Cell<usize>,
    pub(crate) status: Cell<Status>,
    pub(crate) resume: Cell<Resume>,
    /// The coroutine that waits for this one.
    pub(crate) resumer: Cell<Option<Gc<'gc, Coroutine<'gc>>>>,
    /// How many coroutines wait for this one, and for each other.
    pub(crate) depth: Cell<u32>,
    /// Resumed by the function of `coroutine.wrap`, which passes errors on.
    pub(crate) is_wrapped: Cell<bool>,
    /// The globals of the chunks that it loads, when they are not the VM's (`setfenv(0, t)`).
    env: Cell<Option<Gc<'gc, Table<'gc>>>>,
    /// Open upvalues in order of their registers.
    open: UnsafeCell<Vec<Gc<'gc, Upvalue<'gc>>>>,
    /// Serial number for `tostring`, 0 until it is needed.
    pub(crate) serial: Cell<u32>,
}

impl fmt::Debug for Coroutine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Coroutine({:?})", self.status.get())
    }
}

/// The stack cannot grow: the coroutine is at its limit or the VM out of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StackOverflow;

impl<'gc> Coroutine<'gc> {
    /// Makes a coroutine that will call `function`.
    pub fn new(
        mc: &Mutation<'gc>,
        heap: &Heap,
        function: Gc<'gc, Function<'gc>>,
    ) -> Gc<'gc, Coroutine<'gc>> {
        let mut slots = vec![Value::NIL; INITIAL_STACK].into_boxed_slice();
        slots[0] = function.into();
        slots[1] = Link::bottom();
        heap.charge(OBJECT_HEADER + size_of::<Self>() + size_of_val(&*slots));
        Gc::new(
            mc,
            Coroutine {
                stack: Cell::new(Box::into_raw(slots).cast()),
                size: Cell::new(INITIAL_STACK),
                limit: Cell::new(MAX_STACK),
                is_handling: Cell::new(false),
                base: Cell::new(2),
                top: Cell::new(2),
                pc: Cell::new(std::ptr::null()),
                multiple: Cell::new(0),
                status: Cell::new(Status::Suspended),
                resume: Cell::new(Resume::Start(0)),
                resumer: Cell::new(None),
                depth: Cell::new(0),
                is_wrapped: Cell::new(false),
                env: Cell::new(None),
                open: UnsafeCell::new(Vec::new()),
                serial: Cell::new(0),
            },
        )
    }

    /// Returns the globals of the chunks that the coroutine loads, when they are not the VM's.
    pub(crate) fn env(&self) -> Option<Gc<'gc, Table<'gc>>> {
        self.env.get()
    }

    pub(crate) fn set_env(
        self_: Gc<'gc, Self>,
        mc: &Mutation<'gc>,
        env: Option<Gc<'gc, Table<'gc>>>,
    ) {
        mc.backward_barrier(Gc::erase(self_), None);
        self_.env.set(env);
    }

    /// Returns the status.
    pub fn status(&self) -> Status {
        self.status.get()
    }

    /// Ends the coroutine without running it any further, if it is suspended.
    pub fn end(self_: Gc<'gc, Self>, mc: &Mutation<'gc>) {
        if self_.status.get() == Status::Suspended {
            self_.status.set(Status::Dead);
            self_.close_upvalues(mc, self_.stack());
        }
    }

    /// Returns whether its function has not been called yet: it has no frame that anybody should see.
    pub(crate) fn is_unstarted(&self) -> bool {
        self.status.get() == Status::Suspended && matches!(self.resume.get(), Resume::Start(_))
    }

    #[inline(always)]
    pub(crate) fn stack(&self) -> *mut Value<'gc> {
        self.stack.get()
    }

    /// Returns the pointer one past the last slot that a frame's registers may take.
    #[inline(always)]
    pub(crate) fn limit(&self) -> *mut Value<'gc> {
        // SAFETY: the stack is never smaller than the slack.
        unsafe { self.stack.get().add(self.size.get() - SLACK) }
    }

    /// Reads a slot.
    #[inline(always)]
    pub(crate) fn slot(&self, index: usize) -> Value<'gc> {
        assert!(index < self.size.get());
        // SAFETY: just checked; all slots are initialised.
        unsafe { *self.stack.get().add(index) }
    }

    /// Writes a slot.
    ///
    /// The collector sees the write because a coroutine is barriered whenever it starts to run, and
    /// because one that is written to while it does not run is barriered by the writer.
    #[inline(always)]
    pub(crate) fn set_slot(&self, index: usize, value: Value<'gc>) {
        assert!(index < self.size.get());
        // SAFETY: just checked.
        unsafe { *self.stack.get().add(index) = value };
    }

    /// Moves `count` slots, which may overlap.
    pub(crate) fn copy_slots(&self, from: usize, to: usize, count: usize) {
        assert!(from + count <= self.size.get() && to + count <= self.size.get());
        // SAFETY: just checked.
        unsafe {
            let (source, target) = (self.stack.get().add(from), self.stack.get().add(to));
            if count <= 4 && to <= from {
                // Too few for a call of `memmove` to pay.
                for index in 0..count {
                    *target.add(index) = *source.add(index);
                }
            } else {
                std::ptr::copy(source, target, count);
            }
        }
    }

    /// Returns the bytes of a stack that is twice as large.
    pub(crate) fn larger(&self) -> usize {
        2 * self.size.get() * size_of::<Value<'_>>()
    }

    /// Makes room for slots up to index `needed`, and the slack above.
    ///
    /// The stack may move: pointers into it must be taken again.
    #[inline]
    pub(crate) fn ensure(&self, heap: &Heap, needed: usize) -> Result<(), StackOverflow> {
        if needed + SLACK <= self.size.get() {
            Ok(())
        } else {
            self.grow(heap, needed)
        }
    }

    /// Lets the error handler that is about to run above `top` go a little beyond the limit, if it is near.
    pub(crate) fn raise_limit(&self, top: usize) {
        if top + EMERGENCY / 2 > MAX_STACK {
            self.limit.set(MAX_STACK + EMERGENCY);
        }
    }

    /// Returns whether an error handler may go beyond the limit now.
    pub(crate) fn is_beyond_limit(&self) -> bool {
        self.limit.get() > MAX_STACK
    }

    /// Takes that back once an error has been caught further down, where `top` is all that lives.
    pub(crate) fn restore_limit(&self, top: usize) {
        if self.is_beyond_limit() && top + EMERGENCY / 2 < MAX_STACK {
            self.limit.set(MAX_STACK);
            if self.size.get() > MAX_STACK + SLACK {
                heap::dropped((self.size.get() - MAX_STACK - SLACK) * size_of::<Value<'_>>());
                self.resize(MAX_STACK + SLACK);
            }
        }
    }

    #[cold]
    fn grow(&self, heap: &Heap, needed: usize) -> Result<(), StackOverflow> {
        let limit = self.limit.get();
        if needed > limit {
            return Err(StackOverflow);
        }
        let old = self.size.get();
        let size = (old * 2).clamp(needed + SLACK, (limit + SLACK).max(needed + SLACK));
        if !heap.has_room(size * size_of::<Value<'_>>()) {
            return Err(StackOverflow);
        }
        self.resize(size);
        heap.charge((size - old) * size_of::<Value<'_>>());
        Ok(())
    }

    /// Moves the stack to one of another size, which must have room for all that lives.
    fn resize(&self, size: usize) {
        let old = self.size.get();
        let kept = old.min(size);
        let mut slots = vec![Value::NIL; size].into_boxed_slice();
        // SAFETY: the old stack has `old` initialised slots and is freed with the layout of a boxed slice. Open
        // upvalues are registers that live.
        unsafe {
            let old_stack = self.stack.get();
            slots[..kept].copy_from_slice(std::slice::from_raw_parts(old_stack, kept));
            let stack: *mut Value<'gc> = Box::into_raw(slots).cast();
            for upvalue in &*self.open.get() {
                upvalue.relocate(stack.add(upvalue.location().offset_from(old_stack) as usize));
            }
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(
                old_stack, old,
            )));
            self.stack.set(stack);
        }
        self.size.set(size);
    }

    /// Returns the upvalue for a register, made when there is none yet.
    #[inline]
    pub(crate) fn find_upvalue(
        self_: Gc<'gc, Self>,
        mc: &Mutation<'gc>,
        heap: &Heap,
        register: *mut Value<'gc>,
    ) -> Gc<'gc, Upvalue<'gc>> {
        // SAFETY: no reference to the list outlives this function, and nothing called here re-enters.
        let open = unsafe { &mut *self_.open.get() };
        let mut place = open.len();
        while place > 0 {
            let location = open[place - 1].location();
            if location == register {
                return open[place - 1];
            }
            if location < register {
                break;
            }
            place -= 1;
        }
        let upvalue = Upvalue::open(mc, heap, register, self_);
        mc.backward_barrier(Gc::erase(self_), Some(Gc::erase(upvalue)));
        open.insert(place, upvalue);
        upvalue
    }

    /// Closes all upvalues from a register up.
    #[inline(always)]
    pub(crate) fn close_upvalues(&self, mc: &Mutation<'gc>, from: *mut Value<'gc>) {
        // SAFETY: as in `find_upvalue`.
        let open = unsafe { &mut *self.open.get() };
        while let Some(upvalue) = open.last() {
            if upvalue.location() < from {
                break;
            }
            Upvalue::close(*upvalue, mc);
            open.pop();
        }
    }

    /// Returns the function of the frame at `base`; every frame has one.
    pub(crate) fn function_at(&self, base: usize) -> Option<Gc<'gc, Function<'gc>>> {
        self.slot(base - 2).as_function()
    }

    /// Returns how the frame at `base` returns.
    pub(crate) fn link_at(&self, base: usize) -> Link {
        Link::decode(self.slot(base - 1))
    }

    /// Returns the base of the frame that called the one at `base`, and the instruction at which it is.
    ///
    /// `None` at the bottom. The address is null for native callers.
    pub(crate) fn caller(&self, base: usize) -> Option<(usize, *const Instruction)> {
        let mut base = base;
        loop {
            match self.link_at(base) {
                Link::Lua(pc) => {
                    // SAFETY: a return address follows the call instruction that it was made by.
                    let call = unsafe { (*pc.sub(1)).word };
                    return Some((base - 2 - crate::bytecode::opcode::a(call), pc));
                }
                Link::Vararg(delta) => base -= delta,
                Link::Continuation(delta) | Link::Protected(delta) => {
                    let pc = self.slot(base - 3).bits() as *const Instruction;
                    return Some((base - delta, pc));
                }
                Link::Bottom => return None,
            }
        }
    }

    /// Calls `visit` with all that the coroutine refers to.
    pub(crate) fn references(&self, visit: &mut dyn FnMut(Node<'gc>)) {
        for index in 0..self.live_end() {
            visit(Node::Value(self.slot(index)));
        }
        if let Some(env) = self.env.get() {
            visit(Node::Value(env.into()));
        }
        // SAFETY: nothing runs meanwhile that could change the list.
        for upvalue in unsafe { &*self.open.get() } {
            visit(Node::Cell(*upvalue));
        }
    }

    /// Returns the first slot above everything that lives.
    pub(crate) fn live_end(&self) -> usize {
        let base = self.base.get();
        let mut end = self.top.get().max(base);
        if let Some(prototype) = self.function_at(base).and_then(|f| f.prototype()) {
            end = end.max(base + prototype.frame_size as usize);
        }
        end.min(self.size.get())
    }
}

// SAFETY: all slots that can be read again are traced; those above are cleared, so that a register of a
// later frame, read before it is written, never holds a pointer that was freed.
unsafe impl<'gc> Collect<'gc> for Coroutine<'gc> {
    fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        let end = self.live_end();
        heap::pay_for_tracing(end as u32, 8);
        for index in 0..end {
            self.slot(index).trace(cc);
        }
        for index in end..self.size.get() {
            self.set_slot(index, Value::NIL);
        }
        if let Some(resumer) = self.resumer.get() {
            cc.trace_gc(Gc::erase(resumer));
        }
        if let Some(env) = self.env.get() {
            cc.trace_gc(Gc::erase(env));
        }
        // SAFETY: no reference to the list is held while the collector runs.
        for upvalue in unsafe { &*self.open.get() } {
            cc.trace_gc(Gc::erase(*upvalue));
        }
    }
}

impl Drop for Coroutine<'_> {
    fn drop(&mut self) {
        let size = self.size.get();
        heap::dropped(OBJECT_HEADER + size_of::<Self>() + size * size_of::<Value<'_>>());
        // SAFETY: the stack was made from a boxed slice of `size` values.
        unsafe {
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(
                self.stack.get(),
                size,
            )));
        }
    }
}
