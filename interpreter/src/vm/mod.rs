//! The state of one virtual machine, and the code that runs it.
//!
//! `dispatch` is the loop; `transfer` moves between frames (calls, returns, errors, coroutine switches);
//! `metamethod` is what happens when an operand is not what the fast path wants, and `hook` what happens
//! before an instruction that a program wants to see.

pub(crate) mod arithmetic;
pub(crate) mod cdata;
pub(crate) mod describe;
pub(crate) mod dispatch;
pub(crate) mod hook;
pub(crate) mod metamethod;
pub(crate) mod run;
mod switch;
pub(crate) mod traceback;
pub(crate) mod transfer;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use gc_arena::collect::Trace;
use gc_arena::{Collect, Gc, Mutation};

use crate::coroutine::Coroutine;
use crate::environment::Environment;
use crate::error::Interrupt;
use crate::function::Function;
use crate::heap::Heap;
use crate::mirror::Mirror;
use crate::string::{Interner, LuaString};
use crate::table::Table;
use crate::text::random::Random;
use crate::userdata::Userdata;
use crate::value::{Type, Value};

macro_rules! metamethods {
    ($($name:ident = $text:literal,)*) => {
        /// Events that a metatable can handle; the first eight can be cached as absent.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Metamethod { $($name,)* }

        const METAMETHOD_NAMES: [&str; [$($text,)*].len()] = [$($text,)*];
    };
}

metamethods! {
    Index = "__index",
    NewIndex = "__newindex",
    Eq = "__eq",
    Len = "__len",
    Call = "__call",
    Lt = "__lt",
    Le = "__le",
    Concat = "__concat",
    Add = "__add",
    Sub = "__sub",
    Mul = "__mul",
    Div = "__div",
    Mod = "__mod",
    Pow = "__pow",
    Unm = "__unm",
    Gc = "__gc",
    Metatable = "__metatable",
    ToString = "__tostring",
    Pairs = "__pairs",
    IPairs = "__ipairs",
}

impl Metamethod {
    /// Returns the field of a metatable that handles the event.
    pub(crate) fn name(self) -> &'static str {
        METAMETHOD_NAMES[self as usize]
    }
}

/// Everything one VM owns; the root of its heap.
pub(crate) struct Vm<'gc> {
    pub(crate) heap: Heap,
    pub(crate) interner: Interner,
    pub(crate) globals: Cell<Gc<'gc, Table<'gc>>>,
    /// `debug.getregistry()`; `_LOADED` in it is `package.loaded`.
    pub(crate) registry: Gc<'gc, Table<'gc>>,
    /// Values that the embedder keeps alive, by `Stash` index.
    pub(crate) stash: RefCell<Vec<Value<'gc>>>,
    pub(crate) stash_free: RefCell<Vec<usize>>,
    pub(crate) mirror: Mirror<'gc>,
    pub(crate) type_metatables: [Cell<Option<Gc<'gc, Table<'gc>>>>; Type::COUNT],
    /// What `type` returns, kept from the first request on.
    type_names: [Cell<Option<Gc<'gc, LuaString>>>; Type::COUNT],
    names: Vec<Gc<'gc, LuaString>>,
    /// Handlers that the metatable of 64-bit integers came with, by event: the VM does their work in place.
    pub(crate) integer_handlers: [Cell<Option<Gc<'gc, Function<'gc>>>>; METAMETHOD_NAMES.len()],
    /// The coroutine that runs, while one does.
    pub(crate) current: Cell<Option<Gc<'gc, Coroutine<'gc>>>>,
    /// Fuel left in the current slice.
    pub(crate) fuel: Cell<i64>,
    /// The function `next`, which `ISNEXT` wants to see.
    pub(crate) next_function: Cell<Option<Gc<'gc, Function<'gc>>>>,
    /// The iterator of `ipairs`, which `ITERC` runs without a call.
    pub(crate) ipairs_iterator: Cell<Option<Gc<'gc, Function<'gc>>>>,
    /// The error that ended the task, taken by the embedder.
    pub(crate) failure: RefCell<Option<Failure<'gc>>>,
    /// Userdata whose metatable has `__gc`: weak, looked through when marking is done.
    pub(crate) finalizable: RefCell<Vec<Gc<'gc, Userdata<'gc>>>>,
    /// So many of them have been looked through in the collection under way.
    pub(crate) finalizable_seen: Cell<usize>,
    /// Userdata to be finalized at the next safe point.
    pub(crate) finalizers: RefCell<Vec<Gc<'gc, Userdata<'gc>>>>,
    pub(crate) random: RefCell<Random>,
    pub(crate) environment: Rc<dyn Environment>,
    /// Weak tables that the collection under way has traced.
    pub(crate) traced_weak: RefCell<Vec<crate::table::WeakTable>>,
    /// Scratch space for building strings.
    pub(crate) buffer: Cell<Vec<u8>>,
    /// State of the embedder, for its native functions.
    pub(crate) embedder: RefCell<Option<Rc<dyn Any>>>,
    /// Set by `collectgarbage("stop")`.
    pub(crate) collector_stopped: Cell<bool>,
    /// Pause of the collector in percent, as `collectgarbage("setpause")` sets it.
    pub(crate) pause: Cell<i32>,
    pub(crate) step_multiplier: Cell<i32>,
    /// Whether the step that a program asked for ended a cycle.
    pub(crate) cycle_finished: Cell<bool>,
    /// The debug hook; there is one for all coroutines, as in LuaJIT.
    pub(crate) hooks: hook::Hooks<'gc>,
}

/// How a task failed.
#[derive(Debug)]
pub(crate) enum Failure<'gc> {
    Error {
        value: Value<'gc>,
        traceback: Vec<u8>,
    },
    Interrupt(Interrupt),
}

impl fmt::Debug for Vm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vm")
            .field("heap", &self.heap)
            .finish_non_exhaustive()
    }
}

impl<'gc> Vm<'gc> {
    pub(crate) fn new(
        mc: &Mutation<'gc>,
        memory: Option<usize>,
        seed: u64,
        environment: Rc<dyn Environment>,
    ) -> Self {
        let heap = Heap::new(memory);
        let interner = Interner::new(seed);
        let names = METAMETHOD_NAMES
            .iter()
            .map(|name| interner.intern(mc, &heap, name.as_bytes()))
            .collect();
        let globals = Cell::new(Table::new(mc, &heap, 0, 64));
        let registry = Table::new(mc, &heap, 0, 4);
        Vm {
            heap,
            interner,
            globals,
            registry,
            stash: RefCell::default(),
            stash_free: RefCell::default(),
            mirror: Mirror::default(),
            type_metatables: Default::default(),
            type_names: Default::default(),
            names,
            integer_handlers: Default::default(),
            current: Cell::new(None),
            fuel: Cell::new(0),
            next_function: Cell::new(None),
            ipairs_iterator: Cell::new(None),
            failure: RefCell::new(None),
            finalizable: RefCell::default(),
            finalizable_seen: Cell::new(0),
            finalizers: RefCell::default(),
            random: RefCell::new(Random::new()),
            environment,
            traced_weak: RefCell::default(),
            buffer: Cell::default(),
            embedder: RefCell::new(None),
            collector_stopped: Cell::new(false),
            pause: Cell::new(200),
            step_multiplier: Cell::new(200),
            hooks: hook::Hooks::default(),
            cycle_finished: Cell::new(false),
        }
    }

    /// Returns the metatable of any value.
    #[inline]
    pub(crate) fn metatable_of(&self, value: Value<'gc>) -> Option<Gc<'gc, Table<'gc>>> {
        if let Some(table) = value.as_table() {
            table.metatable()
        } else if let Some(userdata) = value.as_userdata() {
            userdata.metatable()
        } else {
            self.type_metatables[value.type_of() as usize].get()
        }
    }

    /// Returns a metatable's handler of an event, nil when there is none.
    #[inline]
    pub(crate) fn handler(&self, metatable: Gc<'gc, Table<'gc>>, event: Metamethod) -> Value<'gc> {
        let bit = 1u8.checked_shl(event as u32).unwrap_or(0);
        if metatable.absent.get() & bit != 0 {
            return Value::NIL;
        }
        let handler = metatable.get_string(self.names[event as usize]);
        if handler.is_nil() {
            metatable.absent.set(metatable.absent.get() | bit);
        }
        handler
    }

    /// Returns whether a table is known to have no handler of one of the first eight events.
    #[inline(always)]
    pub(crate) fn lacks(table: Gc<'gc, Table<'gc>>, event: Metamethod) -> bool {
        table
            .metatable()
            .is_none_or(|metatable| metatable.absent.get() & 1 << event as u8 != 0)
    }

    /// Returns a value's handler of an event, nil when there is none.
    pub(crate) fn handler_of(&self, value: Value<'gc>, event: Metamethod) -> Value<'gc> {
        self.metatable_of(value)
            .map_or(Value::NIL, |metatable| self.handler(metatable, event))
    }

    /// Returns the name of a type as a string.
    pub(crate) fn type_name(&self, mc: &Mutation<'gc>, of: Type) -> Gc<'gc, LuaString> {
        let kept = &self.type_names[of as usize];
        kept.get().unwrap_or_else(|| {
            let name = self.interner.intern(mc, &self.heap, of.name().as_bytes());
            // No barrier: the VM is traced again after every entry.
            kept.set(Some(name));
            name
        })
    }

    /// Notes that a userdata has a metatable, which may have `__gc` when the object dies.
    pub(crate) fn note_finalizable(&self, userdata: Gc<'gc, Userdata<'gc>>) {
        if !userdata.is_finalizable.replace(true) {
            self.finalizable.borrow_mut().push(userdata);
        }
    }

    /// Makes all userdata with finalizers due for them, as at the end of a program; returns whether any are.
    pub(crate) fn finalize_all(&self) -> bool {
        let mut finalizers = self.finalizers.borrow_mut();
        self.finalizable_seen.set(0);
        for userdata in self.finalizable.take() {
            userdata.is_finalized.set(true);
            finalizers.push(userdata);
        }
        !finalizers.is_empty()
    }
}

// SAFETY: all strong pointers are traced. The interner and `finalizable` are weak and are purged before
// anything is freed.
unsafe impl<'gc> Collect<'gc> for Vm<'gc> {
    fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        cc.trace_gc(Gc::erase(self.globals.get()));
        cc.trace_gc(Gc::erase(self.registry));
        for value in self.stash.borrow().iter() {
            value.trace(cc);
        }
        self.mirror.trace(cc);
        for metatable in &self.type_metatables {
            if let Some(metatable) = metatable.get() {
                cc.trace_gc(Gc::erase(metatable));
            }
        }
        for name in &self.names {
            cc.trace_gc(Gc::erase(*name));
        }
        for name in self.type_names.iter().filter_map(Cell::get) {
            cc.trace_gc(Gc::erase(name));
        }
        self.hooks.trace(cc);
        if let Some(current) = self.current.get() {
            cc.trace_gc(Gc::erase(current));
        }
        let iterators = [&self.next_function, &self.ipairs_iterator];
        for function in self.integer_handlers.iter().chain(iterators) {
            if let Some(function) = function.get() {
                cc.trace_gc(Gc::erase(function));
            }
        }
        if let Some(Failure::Error { value, .. }) = &*self.failure.borrow() {
            value.trace(cc);
        }
        for userdata in self.finalizers.borrow().iter() {
            cc.trace_gc(Gc::erase(*userdata));
        }
    }
}
