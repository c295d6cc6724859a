//! Userdata: objects of the embedder, and what `newproxy` makes.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;

use gc_arena::collect::Trace;
use gc_arena::{Collect, Gc, Mutation};

use crate::heap::{self, Heap, OBJECT_HEADER};
use crate::table::Table;
use crate::value::Value;

/// A value whose contents only native functions see.
pub struct Userdata<'gc> {
    metatable: Cell<Option<Gc<'gc, Table<'gc>>>>,
    /// What `debug.getfenv` answers, when it is not the globals.
    env: Cell<Option<Gc<'gc, Table<'gc>>>>,
    /// A Lua value that belongs to the object and lives as long.
    attached: Cell<Value<'gc>>,
    /// Rust data; holds no heap pointers, being `'static`.
    data: RefCell<Box<dyn Any>>,
    /// Whether the object is or was in `Vm::finalizable`: it is finalized once.
    pub(crate) is_finalizable: Cell<bool>,
    /// Whether its finalizer has been or is about to be called.
    pub(crate) is_finalized: Cell<bool>,
    /// Serial number for `tostring`, 0 until it is needed.
    pub(crate) serial: Cell<u32>,
}

impl fmt::Debug for Userdata<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Userdata")
    }
}

impl<'gc> Userdata<'gc> {
    /// Makes a userdata around `data`.
    pub fn new(mc: &Mutation<'gc>, heap: &Heap, data: Box<dyn Any>) -> Gc<'gc, Userdata<'gc>> {
        heap.charge(OBJECT_HEADER + size_of::<Self>());
        Gc::new(
            mc,
            Userdata {
                metatable: Cell::new(None),
                env: Cell::new(None),
                attached: Cell::new(Value::NIL),
                data: RefCell::new(data),
                is_finalizable: Cell::new(false),
                is_finalized: Cell::new(false),
                serial: Cell::new(0),
            },
        )
    }

    pub fn metatable(&self) -> Option<Gc<'gc, Table<'gc>>> {
        self.metatable.get()
    }

    pub fn set_metatable(
        self_: Gc<'gc, Self>,
        mc: &Mutation<'gc>,
        metatable: Option<Gc<'gc, Table<'gc>>>,
    ) {
        if let Some(metatable) = metatable {
            mc.backward_barrier(Gc::erase(self_), Some(Gc::erase(metatable)));
        }
        self_.metatable.set(metatable);
    }

    pub fn env(&self) -> Option<Gc<'gc, Table<'gc>>> {
        self.env.get()
    }

    pub fn set_env(self_: Gc<'gc, Self>, mc: &Mutation<'gc>, env: Gc<'gc, Table<'gc>>) {
        mc.backward_barrier(Gc::erase(self_), Some(Gc::erase(env)));
        self_.env.set(Some(env));
    }

    pub fn attached(&self) -> Value<'gc> {
        self.attached.get()
    }

    pub fn attach(self_: Gc<'gc, Self>, mc: &Mutation<'gc>, value: Value<'gc>) {
        crate::table::write_barrier(mc, self_, value);
        self_.attached.set(value);
    }

    /// Gives access to the Rust data; it must not be borrowed across a call into Lua.
    pub fn data(&self) -> &RefCell<Box<dyn Any>> {
        &self.data
    }

    /// Returns whether the Rust data is of type `T`.
    pub fn is<T: Any>(&self) -> bool {
        self.data.try_borrow().is_ok_and(|data| data.is::<T>())
    }
}

// SAFETY: all heap pointers are traced.
unsafe impl<'gc> Collect<'gc> for Userdata<'gc> {
    fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        for table in [&self.metatable, &self.env] {
            if let Some(table) = table.get() {
                cc.trace_gc(Gc::erase(table));
            }
        }
        self.attached.get().trace(cc);
    }
}

impl Drop for Userdata<'_> {
    fn drop(&mut self) {
        heap::dropped(OBJECT_HEADER + size_of::<Self>());
    }
}
