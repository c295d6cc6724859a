//! Functions: prototypes, Lua closures, native functions, and the upvalues that closures share.
//!
//! Everything a `Value` of type function points to starts with a [`Function`] head, so that a call needs
//! one load to tell a Lua closure from a native function.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use gc_arena::collect::Trace;
use gc_arena::{Collect, Gc, Mutation};

pub(crate) use crate::bytecode::Instruction;
use crate::bytecode::{Constant, Origin, Template};
use crate::call::{Call, NativeResult};
use crate::coroutine::Coroutine;
use crate::heap::{self, Heap, OBJECT_HEADER};
use crate::mirror::{self, Written};
use crate::table::{Table, marks};
use crate::value::Value;

/// A [`Template`] brought to life: verified code with its constants on the heap.
pub struct Prototype<'gc> {
    pub(crate) template: Rc<Template>,
    /// First instruction of the template.
    entry: *const Instruction,
    /// Collectable constants in reverse, then numbers.
    constants: Box<[Value<'gc>]>,
    has_children: bool,
    pub(crate) num_params: u8,
    pub(crate) frame_size: u8,
    pub(crate) is_vararg: bool,
    num_constants: u32,
    /// Bytes of the template, as the memory limit counts them.
    template_bytes: usize,
}

impl fmt::Debug for Prototype<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Prototype({}:{})",
            String::from_utf8_lossy(&self.template.chunk_name),
            self.template.first_line
        )
    }
}

/// Estimates what a template takes; the text that it shares with its children counts for the main chunk.
fn template_bytes(template: &Template) -> usize {
    let mut bytes = size_of::<Template>()
        + template.code.bytes()
        + size_of_val(&*template.constants)
        + size_of_val(&*template.numbers);
    if let Some(debug) = &template.debug {
        bytes += debug.lines.bytes() + debug.upvalue_names.bytes() + debug.variables.bytes();
    }
    for constant in &template.constants {
        if let Constant::Table(table) = constant {
            bytes += size_of_val(&**table) + size_of_val(&*table.array) + size_of_val(&*table.hash);
        }
    }
    if template.first_line == 0 {
        bytes += match &template.origin {
            Origin::Source { text, .. } => text.len(),
            Origin::Dump { bytes, .. } => bytes.len(),
        };
    }
    bytes
}

impl<'gc> Prototype<'gc> {
    /// Makes a prototype; `constants` holds the collectable constants in reverse and then the numbers, the
    /// children among them as `Value::raw` of their address.
    ///
    /// The template must have passed `bytecode::verify`: the dispatch loop trusts it.
    pub(crate) fn new(
        mc: &Mutation<'gc>,
        heap: &Heap,
        template: Rc<Template>,
        constants: Box<[Value<'gc>]>,
    ) -> Gc<'gc, Prototype<'gc>> {
        let is_child = |constant: &Constant| matches!(constant, Constant::Child(_));
        let prototype = Prototype {
            num_params: template.num_params,
            frame_size: template.frame_size,
            template_bytes: template_bytes(&template),
            is_vararg: template.flags & crate::bytecode::flags::VARARG != 0,
            entry: template.code.as_ptr(),
            constants,
            has_children: template.constants.iter().any(is_child),
            num_constants: template.constants.len() as u32,
            template,
        };
        heap.charge(prototype.bytes());
        Gc::new(mc, prototype)
    }

    fn bytes(&self) -> usize {
        OBJECT_HEADER + size_of::<Self>() + size_of_val(&*self.constants) + self.template_bytes
    }

    /// Returns nested function `index`, in the order of the source.
    pub fn child(&self, index: usize) -> Option<Gc<'gc, Prototype<'gc>>> {
        self.children().nth(index)
    }

    /// Returns the nested functions.
    fn children(&self) -> impl Iterator<Item = Gc<'gc, Prototype<'gc>>> {
        let templates = match self.has_children {
            true => self.template.constants.as_slice(),
            false => &[],
        };
        templates
            .iter()
            .enumerate()
            .filter(|(_, constant)| matches!(constant, Constant::Child(_)))
            // SAFETY: such a constant holds the address of a prototype, taken from a `Gc`, which `trace`
            // keeps alive.
            .map(|(operand, _)| unsafe {
                Gc::from_ptr(self.constant(operand).bits() as *const Prototype<'gc>)
            })
    }

    /// What the prototype was made from.
    pub fn template(&self) -> &Rc<Template> {
        &self.template
    }

    #[inline(always)]
    pub(crate) fn entry(&self) -> *const Instruction {
        self.entry
    }

    /// Returns the pointer that numeric constant 0 lies at; the collectable ones lie below it.
    #[inline(always)]
    pub(crate) fn constants(&self) -> *const Value<'gc> {
        // SAFETY: `num_constants` values come before the numbers.
        unsafe { self.constants.as_ptr().add(self.num_constants as usize) }
    }

    /// Returns the index of the instruction at `pc`, which must point into this prototype or one past.
    pub(crate) fn index_of(&self, pc: *const Instruction) -> usize {
        (pc as usize).wrapping_sub(self.entry as usize) / size_of::<Instruction>()
    }

    /// Returns the collectable constant of an operand.
    pub(crate) fn constant(&self, operand: usize) -> Value<'gc> {
        self.constants[self.num_constants as usize - 1 - operand]
    }

    /// Returns the line of the instruction at `index`, if the debug information is there.
    pub(crate) fn line_of(&self, index: usize) -> Option<u32> {
        self.template.debug.as_ref()?.lines.get(index)
    }
}

// SAFETY: constants and children are traced; templates hold no heap pointers.
unsafe impl<'gc> Collect<'gc> for Prototype<'gc> {
    fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        for constant in &self.constants {
            constant.trace(cc);
        }
        for child in self.children() {
            cc.trace_gc(Gc::erase(child));
        }
    }
}

impl Drop for Prototype<'_> {
    fn drop(&mut self) {
        heap::dropped(self.bytes());
    }
}

/// A variable that closures share: open while it is a register of a running function, then closed.
pub struct Upvalue<'gc> {
    /// The register, or `closed` of this object.
    location: Cell<*mut Value<'gc>>,
    closed: Cell<Value<'gc>>,
    owner: Cell<Option<Gc<'gc, Coroutine<'gc>>>>,
    /// `table::marks`.
    pub(crate) marks: Cell<u8>,
    /// Serial number for `debug.upvalueid`, 0 until it is needed.
    pub(crate) serial: Cell<u32>,
}

impl fmt::Debug for Upvalue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upvalue({:?})", self.get())
    }
}

impl<'gc> Upvalue<'gc> {
    fn allocate(mc: &Mutation<'gc>, heap: &Heap, upvalue: Self) -> Gc<'gc, Self> {
        heap.charge(OBJECT_HEADER + size_of::<Self>());
        Gc::new(mc, upvalue)
    }

    /// Makes a variable that no running function holds in a register.
    pub fn closed(mc: &Mutation<'gc>, heap: &Heap, value: Value<'gc>) -> Gc<'gc, Self> {
        let upvalue = Self::allocate(
            mc,
            heap,
            Upvalue {
                location: Cell::new(std::ptr::null_mut()),
                closed: Cell::new(value),
                owner: Cell::new(None),
                marks: Cell::new(0),
                serial: Cell::new(0),
            },
        );
        upvalue.location.set(upvalue.closed.as_ptr());
        upvalue
    }

    /// Makes a variable that lives in a register of `owner`.
    pub(crate) fn open(
        mc: &Mutation<'gc>,
        heap: &Heap,
        register: *mut Value<'gc>,
        owner: Gc<'gc, Coroutine<'gc>>,
    ) -> Gc<'gc, Self> {
        Self::allocate(
            mc,
            heap,
            Upvalue {
                location: Cell::new(register),
                closed: Cell::new(Value::NIL),
                owner: Cell::new(Some(owner)),
                marks: Cell::new(0),
                serial: Cell::new(0),
            },
        )
    }

    #[inline(always)]
    pub(crate) fn location(&self) -> *mut Value<'gc> {
        self.location.get()
    }

    /// Returns the variable's value.
    #[inline(always)]
    pub fn get(&self) -> Value<'gc> {
        // SAFETY: `location` is either `closed` of this object or a register of `owner`, which is kept
        // alive by `trace` and which redirects its open upvalues when its stack moves.
        unsafe { *self.location.get() }
    }

    /// Assigns the variable.
    #[inline(always)]
    pub fn set(self_: Gc<'gc, Self>, mc: &Mutation<'gc>, value: Value<'gc>) {
        // SAFETY: as in `get`.
        unsafe { *self_.location.get() = value };
        if self_.marks.get() != 0 {
            self_.note_write();
        }
        // The value now lies in what `trace` follows: the owner's stack while the variable is open.
        match self_.owner.get() {
            None => crate::table::write_barrier(mc, self_, value),
            Some(owner) => crate::table::write_barrier(mc, owner, value),
        }
    }

    /// Assigns without noting the write, for changes that come from the other side.
    pub fn set_unrecorded(self_: Gc<'gc, Self>, mc: &Mutation<'gc>, value: Value<'gc>) {
        let marks = self_.marks.replace(0);
        Self::set(self_, mc, value);
        self_.marks.set(marks);
    }

    /// Starts to note writes, for an embedder that mirrors the variable elsewhere.
    ///
    /// An open variable is a register that its function writes without notice; `close` notes that it was.
    pub fn share(&self) {
        self.marks.set(self.marks.get() | marks::SHARED);
    }

    /// Ends what `share` began.
    pub fn unshare(&self) {
        self.marks.set(self.marks.get() & !marks::SHARED);
    }

    #[cold]
    pub(crate) fn note_write(&self) {
        if self.marks.get() & (marks::SHARED | marks::NOTED) == marks::SHARED {
            self.marks.set(self.marks.get() | marks::NOTED);
            // SAFETY: variables are made by `allocate` only, so each lies behind a `Gc` of its arena.
            mirror::note(Written::Cell(unsafe { Gc::from_ptr(self) }));
        }
    }

    /// The note of a write was taken.
    pub(crate) fn end_note(&self) {
        self.marks.set(self.marks.get() & !marks::NOTED);
    }

    /// Returns the coroutine of whose stack an open variable is a register.
    pub(crate) fn owner(&self) -> Option<Gc<'gc, Coroutine<'gc>>> {
        self.owner.get()
    }

    /// Returns whether the variable still is a register.
    pub fn is_open(&self) -> bool {
        !std::ptr::eq(self.location.get(), self.closed.as_ptr())
    }

    /// Moves an open variable to the same register of a stack that was reallocated.
    pub(crate) fn relocate(&self, register: *mut Value<'gc>) {
        self.location.set(register);
    }

    /// Ends the variable's life as a register.
    pub(crate) fn close(self_: Gc<'gc, Self>, mc: &Mutation<'gc>) {
        let value = self_.get();
        self_.closed.set(value);
        self_.location.set(self_.closed.as_ptr());
        self_.owner.set(None);
        if self_.marks.get() != 0 {
            self_.note_write();
        }
        crate::table::write_barrier(mc, self_, value);
    }
}

// SAFETY: a closed upvalue traces its value; an open one keeps the coroutine whose register it is, which
// traces the value.
unsafe impl<'gc> Collect<'gc> for Upvalue<'gc> {
    #[inline]
    fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        // An open variable's value is traced here too: it may be assigned by another coroutine while its
        // owner, suspended, has been traced already.
        self.get().trace(cc);
        if let Some(owner) = self.owner.get() {
            cc.trace_gc(Gc::erase(owner));
        }
    }
}

impl Drop for Upvalue<'_> {
    #[inline]
    fn drop(&mut self) {
        heap::dropped(OBJECT_HEADER + size_of::<Self>());
    }
}

/// A native function: reads its arguments from the [`Call`], and says what the VM shall do next.
pub type NativeFn = for<'gc> fn(&Call<'gc>) -> NativeResult<'gc>;

/// The head of every function object.
#[repr(C)]
pub struct Function<'gc> {
    /// First instruction; null in a native function.
    pub(crate) entry: *const Instruction,
    /// Null in a native function.
    prototype: *const Prototype<'gc>,
    /// The prototype's [`constants`](Prototype::constants), a load closer; null in a native function.
    pub(crate) constants: *const Value<'gc>,
    env: Cell<Gc<'gc, Table<'gc>>>,
    /// Serial number for `tostring`, 0 until it is needed.
    pub(crate) serial: Cell<u32>,
    upvalue_count: u8,
    /// `table::marks`.
    marks: Cell<u8>,
}

/// A Lua closure with room for `N` upvalues; its last cell fills what it does not need.
#[repr(C)]
struct Closure<'gc, const N: usize> {
    head: Function<'gc>,
    cells: [Cell<Gc<'gc, Upvalue<'gc>>>; N],
}

/// A native function and the values that it was made with.
#[repr(C)]
pub(crate) struct Native<'gc> {
    head: Function<'gc>,
    pub(crate) run: NativeFn,
    pub(crate) name: &'static str,
    /// When it fails in its first run for want of memory it has changed nothing, and may be run anew.
    pub(crate) is_restartable: Cell<bool>,
    pub(crate) values: Box<[Cell<Value<'gc>>]>,
}

impl fmt::Debug for Function<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prototype() {
            Some(prototype) => write!(f, "Function({prototype:?})"),
            None => write!(f, "Function(native)"),
        }
    }
}

impl<'gc> Function<'gc> {
    /// Makes a Lua closure; `cell` gives each upvalue by index.
    pub fn new(
        mc: &Mutation<'gc>,
        heap: &Heap,
        prototype: Gc<'gc, Prototype<'gc>>,
        env: Gc<'gc, Table<'gc>>,
        mut cell: impl FnMut(usize) -> Gc<'gc, Upvalue<'gc>>,
    ) -> Gc<'gc, Function<'gc>> {
        let count = prototype.template.upvalues.len();
        let head = Function {
            entry: prototype.entry(),
            prototype: Gc::as_ptr(prototype),
            constants: prototype.constants(),
            env: Cell::new(env),
            serial: Cell::new(0),
            upvalue_count: count as u8,
            marks: Cell::new(0),
        };
        macro_rules! sized {
            ($($n:literal)*) => {
                match count {
                    $(..=$n => {
                        let mut last = None;
                        let cells: [Cell<Gc<'gc, Upvalue<'gc>>>; $n] = std::array::from_fn(|i| {
                            let filler = if i < count { None } else { last };
                            let cell = filler.unwrap_or_else(|| cell(i));
                            last = Some(cell);
                            Cell::new(cell)
                        });
                        heap.charge(OBJECT_HEADER + size_of::<Closure<'gc, $n>>());
                        let closure = Gc::new(mc, Closure::<'gc, $n> { head, cells });
                        // SAFETY: the head is the first field of a `repr(C)` structure.
                        unsafe { Gc::cast::<Function<'gc>>(closure) }
                    })*
                    _ => unreachable!("upvalues are numbered by a byte"),
                }
            };
        }
        sized!(0 1 2 3 4 5 6 7 8 12 16 24 32 60 256)
    }

    /// Makes a native function with values of its own.
    pub(crate) fn new_native(
        mc: &Mutation<'gc>,
        heap: &Heap,
        name: &'static str,
        run: NativeFn,
        env: Gc<'gc, Table<'gc>>,
        values: &[Value<'gc>],
    ) -> Gc<'gc, Function<'gc>> {
        let head = Function {
            entry: std::ptr::null(),
            prototype: std::ptr::null(),
            constants: std::ptr::null(),
            env: Cell::new(env),
            serial: Cell::new(0),
            upvalue_count: values.len() as u8,
            marks: Cell::new(0),
        };
        let values: Box<[_]> = values.iter().map(|&v| Cell::new(v)).collect();
        heap.charge(OBJECT_HEADER + size_of::<Native<'gc>>() + size_of_val(&*values));
        let native = Gc::new(
            mc,
            Native {
                head,
                run,
                name,
                is_restartable: Cell::new(false),
                values,
            },
        );
        // SAFETY: the head is the first field of a `repr(C)` structure.
        unsafe { Gc::cast(native) }
    }

    #[inline(always)]
    pub fn is_native(&self) -> bool {
        self.entry.is_null()
    }

    /// Returns the prototype of a Lua closure.
    #[inline(always)]
    pub fn prototype(&self) -> Option<&'gc Prototype<'gc>> {
        // SAFETY: a non-null pointer was taken from a `Gc` that `trace` keeps alive.
        unsafe { self.prototype.as_ref() }
    }

    /// Returns the prototype of a Lua closure, as a heap object.
    pub fn prototype_gc(&self) -> Option<Gc<'gc, Prototype<'gc>>> {
        // SAFETY: as above.
        self.prototype().map(|p| unsafe { Gc::from_ptr(p) })
    }

    /// Returns the prototype of what is known to be a Lua closure.
    ///
    /// # Safety
    ///
    /// The function must not be native.
    #[inline(always)]
    pub(crate) unsafe fn prototype_unchecked(&self) -> &'gc Prototype<'gc> {
        // SAFETY: by contract.
        unsafe { &*self.prototype }
    }

    /// Returns the parts of a native function.
    #[inline(always)]
    pub(crate) fn native(&self) -> Option<&Native<'gc>> {
        if self.is_native() {
            // SAFETY: heads without an entry are made by `new_native` only.
            Some(unsafe { &*(&raw const *self).cast::<Native<'gc>>() })
        } else {
            None
        }
    }

    /// Returns the function's environment: the table of its globals.
    #[inline(always)]
    pub fn env(&self) -> Gc<'gc, Table<'gc>> {
        self.env.get()
    }

    /// Changes the function's environment.
    pub fn set_env(self_: Gc<'gc, Self>, mc: &Mutation<'gc>, env: Gc<'gc, Table<'gc>>) {
        if self_.marks.get() & marks::SHARED != 0 {
            mirror::note(Written::Environment(self_));
        }
        Self::set_env_unrecorded(self_, mc, env);
    }

    /// Starts to note changes of the environment, for an embedder that mirrors the function elsewhere.
    pub fn share(&self) {
        self.marks.set(self.marks.get() | marks::SHARED);
    }

    /// Ends what `share` began.
    pub fn unshare(&self) {
        self.marks.set(self.marks.get() & !marks::SHARED);
    }

    /// Changes the environment without a note, for changes that come from the other side.
    pub fn set_env_unrecorded(self_: Gc<'gc, Self>, mc: &Mutation<'gc>, env: Gc<'gc, Table<'gc>>) {
        mc.backward_barrier(Gc::erase(self_), Some(Gc::erase(env)));
        self_.env.set(env);
    }

    /// Returns the number of upvalues of a Lua closure, or of values of a native function.
    pub fn upvalue_count(&self) -> usize {
        self.upvalue_count as usize
    }

    /// Returns the cells of a Lua closure; none for a native function.
    #[inline]
    pub fn upvalues(&self) -> &[Cell<Gc<'gc, Upvalue<'gc>>>] {
        if self.is_native() {
            return &[];
        }
        // SAFETY: the head of a Lua closure is followed by at least so many cells.
        unsafe { std::slice::from_raw_parts(self.cells(), self.upvalue_count as usize) }
    }

    /// Returns a cell of a Lua closure.
    ///
    /// # Safety
    ///
    /// The index must be below the number of upvalues, which verified code guarantees.
    #[inline(always)]
    pub(crate) unsafe fn upvalue_unchecked(&self, index: usize) -> Gc<'gc, Upvalue<'gc>> {
        // SAFETY: by contract.
        unsafe { (*self.cells().add(index)).get() }
    }

    /// Returns where the cells of a Lua closure lie: behind its head, see `Closure`.
    #[inline(always)]
    fn cells(&self) -> *const Cell<Gc<'gc, Upvalue<'gc>>> {
        (&raw const *self).wrapping_add(1).cast()
    }

    /// Makes a closure use another cell for one of its upvalues.
    pub fn set_upvalue(
        self_: Gc<'gc, Self>,
        mc: &Mutation<'gc>,
        index: usize,
        cell: Gc<'gc, Upvalue<'gc>>,
    ) {
        mc.backward_barrier(Gc::erase(self_), Some(Gc::erase(cell)));
        self_.upvalues()[index].set(cell);
    }
}

fn trace_head<'gc, T: Trace<'gc>>(head: &Function<'gc>, cc: &mut T) {
    cc.trace_gc(Gc::erase(head.env.get()));
    if let Some(prototype) = head.prototype_gc() {
        cc.trace_gc(Gc::erase(prototype));
    }
}

// SAFETY: the head and all cells are traced.
unsafe impl<'gc, const N: usize> Collect<'gc> for Closure<'gc, N> {
    #[inline]
    fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        trace_head(&self.head, cc);
        for cell in &self.cells {
            cc.trace_gc(Gc::erase(cell.get()));
        }
    }
}

// SAFETY: the head and all values are traced.
unsafe impl<'gc> Collect<'gc> for Native<'gc> {
    fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        trace_head(&self.head, cc);
        for value in &self.values {
            value.get().trace(cc);
        }
    }
}

impl<const N: usize> Drop for Closure<'_, N> {
    #[inline]
    fn drop(&mut self) {
        heap::dropped(OBJECT_HEADER + size_of::<Self>());
    }
}

impl Drop for Native<'_> {
    fn drop(&mut self) {
        heap::dropped(OBJECT_HEADER + size_of::<Self>() + size_of_val(&*self.values));
    }
}
