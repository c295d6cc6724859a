//! What an embedder needs that mirrors objects elsewhere: which of them Lua has written, and which are garbage.
//!
//! Writes to a shared table or variable are noted where they happen, so what there is to tell costs what was
//! changed. While a VM is entered its notes lie in a variable of the OS thread: the writer has no `Vm` at hand.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use gc_arena::collect::Trace;
use gc_arena::{Collect, Finalization, Gc};

use crate::context::{Context, Stash};
use crate::function::{Function, Upvalue};
use crate::table::Table;
use crate::value::Value;

/// So many notes may hold repetitions before these are looked for.
const MANY: usize = 4096;

/// A write to something shared.
#[derive(Debug, Clone, Copy)]
pub enum Written<'gc> {
    /// A key of a table was assigned.
    Entry(Gc<'gc, Table<'gc>>, Value<'gc>),
    /// A table was given a metatable, or lost it.
    Metatable(Gc<'gc, Table<'gc>>),
    /// A variable that is no register was assigned, or has ceased to be one.
    Cell(Gc<'gc, Upvalue<'gc>>),
    /// A function was given another environment.
    Environment(Gc<'gc, Function<'gc>>),
}

/// Notes without their lifetime.
type Notes = Vec<Written<'static>>;

#[derive(Default)]
struct Record {
    notes: Notes,
    /// At that many, repetitions are removed.
    limit: usize,
}

thread_local! {
    /// The notes of the VM that is entered on this OS thread.
    static RECORD: RefCell<Record> = RefCell::default();
}

/// Names an object that the embedder knows but does not keep alive; see [`Context::watch`].
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watch(usize);

#[derive(Clone, Copy)]
enum Watched<'gc> {
    Nothing,
    Gone,
    Value(Value<'gc>),
    Cell(Gc<'gc, Upvalue<'gc>>),
}

impl<'gc> Watched<'gc> {
    fn is_dead(self, fc: &Finalization<'gc>) -> bool {
        match self {
            Watched::Nothing | Watched::Gone => false,
            Watched::Value(value) => Gc::is_dead(fc, value.erased()),
            Watched::Cell(cell) => Gc::is_dead(fc, Gc::erase(cell)),
        }
    }
}

/// The part of a VM that is about mirrored objects.
#[derive(Default)]
pub(crate) struct Mirror<'gc> {
    /// The notes while the VM is not entered.
    written: RefCell<Notes>,
    limit: Cell<usize>,
    watched: RefCell<Vec<Watched<'gc>>>,
    free: RefCell<Vec<usize>>,
    /// How many watches have lost their object.
    gone: Cell<usize>,
    /// Stashed values that are not to count as reachable for the moment, with their places.
    aside: RefCell<Vec<(usize, Value<'gc>)>>,
}

/// Holds a VM's notes in the variable of the OS thread, and puts them back at its end.
pub(crate) struct Entered<'a, 'gc> {
    mirror: &'a Mirror<'gc>,
    outer: Record,
}

impl<'a, 'gc> Entered<'a, 'gc> {
    pub(crate) fn new(mirror: &'a Mirror<'gc>) -> Self {
        let inner = Record {
            notes: mirror.written.take(),
            limit: mirror.limit.get().max(MANY),
        };
        Entered {
            mirror,
            outer: RECORD.replace(inner),
        }
    }
}

impl Drop for Entered<'_, '_> {
    fn drop(&mut self) {
        let inner = RECORD.replace(std::mem::take(&mut self.outer));
        self.mirror.limit.set(inner.limit);
        self.mirror.written.replace(inner.notes);
    }
}

/// Notes a write.
#[cold]
pub(crate) fn note(written: Written<'_>) {
    // SAFETY: only the lifetime changes; `Vm::trace` keeps what is noted alive, and it is handed out under
    // the lifetime of the same arena again.
    let written = unsafe { std::mem::transmute::<Written<'_>, Written<'static>>(written) };
    RECORD.with_borrow_mut(|record| {
        if let (Some(last), Some(place)) = (record.notes.last(), written.place())
            && last.place() == Some(place)
        {
            return;
        }
        record.notes.push(written);
        if record.notes.len() >= record.limit {
            remove_repetitions(&mut record.notes);
            record.limit = MANY.max(2 * record.notes.len());
        }
    });
}

fn remove_repetitions(notes: &mut Notes) {
    let mut seen = HashSet::new();
    notes.retain(|one| one.place().is_none_or(|place| seen.insert(place)));
}

impl Written<'_> {
    /// Says what was written, so that repetitions can be found; nothing for what is not noted twice.
    fn place(&self) -> Option<(usize, u64)> {
        match self {
            Written::Entry(table, key) => Some((Gc::as_ptr(*table) as usize, key.bits())),
            Written::Metatable(table) => Some((Gc::as_ptr(*table) as usize, Value::NIL.bits())),
            Written::Environment(function) => {
                Some((Gc::as_ptr(*function) as usize, Value::NIL.bits()))
            }
            Written::Cell(_) => None,
        }
    }
}

impl<'gc> Mirror<'gc> {
    /// Traces what was noted: it is told as it is at the time of asking.
    pub(crate) fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        for written in self.written.borrow().iter() {
            // SAFETY: the notes are of this VM; see `note`.
            let written =
                unsafe { std::mem::transmute::<Written<'static>, Written<'gc>>(*written) };
            match written {
                Written::Entry(table, key) => {
                    cc.trace_gc(Gc::erase(table));
                    key.trace(cc);
                }
                Written::Metatable(table) => cc.trace_gc(Gc::erase(table)),
                Written::Cell(cell) => cc.trace_gc(Gc::erase(cell)),
                Written::Environment(function) => Value::from(function).trace(cc),
            }
        }
    }

    /// Forgets the watched objects that the finished marking has not found.
    pub(crate) fn clear_dead(&self, fc: &Finalization<'gc>) {
        for watched in self.watched.borrow_mut().iter_mut() {
            if watched.is_dead(fc) {
                *watched = Watched::Gone;
                self.gone.set(self.gone.get() + 1);
            }
        }
    }

    /// Takes stashed values from the sight of the marking that follows.
    pub(crate) fn set_aside(&self, stash: &mut [Value<'gc>], places: &[usize]) {
        let mut aside = self.aside.borrow_mut();
        for &place in places {
            aside.push((place, std::mem::replace(&mut stash[place], Value::NIL)));
        }
    }

    /// Returns which watched objects a marking has found.
    pub(crate) fn reached(&self, fc: &Finalization<'gc>) -> Reached {
        let watched = self.watched.borrow();
        Reached(watched.iter().map(|one| !one.is_dead(fc)).collect())
    }

    /// Undoes `set_aside`; marking has to go on from what it had put aside.
    pub(crate) fn restore(&self, fc: &Finalization<'gc>, stash: &mut [Value<'gc>]) {
        for (place, value) in self.aside.take() {
            stash[place] = value;
            if value.is_collectable() {
                Gc::resurrect(fc, value.erased());
            }
        }
    }
}

/// Which watched objects could be reached.
#[derive(Debug)]
pub struct Reached(Vec<bool>);

impl Reached {
    /// Returns whether the object was reached, or was gone before.
    pub fn contains(&self, watch: &Watch) -> bool {
        self.0.get(watch.0).copied().unwrap_or(true)
    }
}

impl<'gc> Context<'gc> {
    /// Returns what was written to shared objects since this was last asked, each once and in the order of the
    /// first writes, and forgets it.
    pub fn take_written(self) -> Vec<Written<'gc>> {
        let mut notes = RECORD.with_borrow_mut(|record| std::mem::take(&mut record.notes));
        if notes.len() > 1 {
            remove_repetitions(&mut notes);
        }
        for written in &notes {
            if let Written::Cell(cell) = written {
                cell.end_note();
            }
        }
        // SAFETY: the notes are of the VM that is entered, which is this one.
        unsafe { std::mem::transmute::<Vec<Written<'static>>, Vec<Written<'gc>>>(notes) }
    }

    /// Notes writes again that could not be told.
    pub fn note_again(self, written: &[Written<'gc>]) {
        for &one in written {
            match one {
                Written::Cell(cell) => cell.note_write(),
                _ => note(one),
            }
        }
    }

    /// Returns about how many writes to shared objects there are to tell.
    pub fn written_count(self) -> usize {
        RECORD.with_borrow(|record| record.notes.len())
    }

    /// Watches an object: [`Context::watched`] finds it until it is garbage.
    ///
    /// # Panics
    ///
    /// When the value is no object.
    pub fn watch(self, value: Value<'gc>) -> Watch {
        assert!(value.is_collectable());
        self.add_watch(Watched::Value(value))
    }

    /// Watches a variable.
    pub fn watch_cell(self, cell: Gc<'gc, Upvalue<'gc>>) -> Watch {
        self.add_watch(Watched::Cell(cell))
    }

    fn add_watch(self, one: Watched<'gc>) -> Watch {
        let mirror = &self.vm.mirror;
        let mut watched = mirror.watched.borrow_mut();
        if let Some(index) = mirror.free.borrow_mut().pop() {
            watched[index] = one;
            return Watch(index);
        }
        watched.push(one);
        Watch(watched.len() - 1)
    }

    /// Returns a watched object unless it is gone.
    pub fn watched(self, watch: &Watch) -> Option<Value<'gc>> {
        match self.vm.mirror.watched.borrow()[watch.0] {
            Watched::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Returns a watched variable unless it is gone.
    pub fn watched_cell(self, watch: &Watch) -> Option<Gc<'gc, Upvalue<'gc>>> {
        match self.vm.mirror.watched.borrow()[watch.0] {
            Watched::Cell(cell) => Some(cell),
            _ => None,
        }
    }

    /// Ends a watch.
    pub fn unwatch(self, watch: Watch) {
        let mirror = &self.vm.mirror;
        let watched =
            std::mem::replace(&mut mirror.watched.borrow_mut()[watch.0], Watched::Nothing);
        if let Watched::Gone = watched {
            mirror.gone.set(mirror.gone.get() - 1);
        }
        mirror.free.borrow_mut().push(watch.0);
    }

    /// Returns whether any watched object has died whose watch was not ended.
    pub fn has_gone(self) -> bool {
        self.vm.mirror.gone.get() > 0
    }

    /// Returns whether the object of a watch has died.
    pub fn is_gone(self, watch: &Watch) -> bool {
        matches!(self.vm.mirror.watched.borrow()[watch.0], Watched::Gone)
    }
}

/// An object or a variable, as something that refers to others.
#[derive(Debug, Clone, Copy)]
pub enum Node<'gc> {
    Value(Value<'gc>),
    Cell(Gc<'gc, Upvalue<'gc>>),
}

impl<'gc> Node<'gc> {
    /// Returns the object's identity, nothing for a plain value.
    pub fn address(self) -> Option<usize> {
        match self {
            Node::Value(value) if value.as_string().is_some() => None,
            Node::Value(value) => value.address(),
            Node::Cell(cell) => Some(Gc::as_ptr(cell) as usize),
        }
    }

    /// Calls `visit` with all that the object refers to, weakly or not; constants of its code are left out.
    pub fn references(self, visit: &mut dyn FnMut(Node<'gc>)) {
        let value = match self {
            Node::Value(value) => value,
            Node::Cell(cell) => {
                visit(Node::Value(cell.get()));
                if let Some(owner) = cell.owner() {
                    visit(Node::Value(owner.into()));
                }
                return;
            }
        };
        if let Some(table) = value.as_table() {
            table.for_each(|key, value| {
                visit(Node::Value(key));
                visit(Node::Value(value));
            });
            if let Some(metatable) = table.metatable() {
                visit(Node::Value(metatable.into()));
            }
        } else if let Some(function) = value.as_function() {
            visit(Node::Value(function.env().into()));
            for cell in function.upvalues() {
                visit(Node::Cell(cell.get()));
            }
            for value in function.native().iter().flat_map(|native| &native.values) {
                visit(Node::Value(value.get()));
            }
        } else if let Some(userdata) = value.as_userdata() {
            visit(Node::Value(userdata.attached()));
            if let Some(metatable) = userdata.metatable() {
                visit(Node::Value(metatable.into()));
            }
        } else if let Some(coroutine) = value.as_coroutine() {
            coroutine.references(visit);
        }
    }
}

impl crate::Lua {
    /// Collects all garbage and returns which watched objects something else than these stashes keeps alive.
    pub fn collect_without<'s>(&mut self, stashes: impl IntoIterator<Item = &'s Stash>) -> Reached {
        let places: Vec<usize> = stashes.into_iter().map(Stash::place).collect();
        self.collect_aside(&places)
    }
}
