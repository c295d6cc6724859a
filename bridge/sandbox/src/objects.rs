//! The objects that a sandbox shares with the host, by id and by identity.
//!
//! Lives on the worker's thread. Every entry keeps its object alive until the host releases it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bridge_wire::{Id, IdSource, Reference, Side};
use interpreter::{Context, Function, Gc, Prototype, Stash, Table, Upvalue, Value};

/// One shared object.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) kind: Reference,
    /// The object itself; for a cell, a closure that has it as its only upvalue.
    pub(crate) value: Stash,
    /// What the host knows of the contents: of a table a copy, of a cell its value.
    pub(crate) known: Option<Stash>,
    /// Identity of the metatable that the host knows.
    pub(crate) metatable: Option<usize>,
    address: usize,
}

/// Bytes of a dump that functions of this sandbox were made of.
#[derive(Debug)]
struct Code {
    bytes: Rc<[u8]>,
    /// The number under which the host knows the dump.
    number: u64,
    /// What must be added to a position in `bytes` for the position in the host's dump.
    shift: isize,
}

/// All shared objects of one sandbox.
#[derive(Debug)]
pub(crate) struct Objects {
    ids: IdSource,
    entries: BTreeMap<Id, Entry>,
    by_address: BTreeMap<usize, Id>,
    /// The cells and tables: what can change.
    mutable: BTreeSet<Id>,
    /// Entries of each kind.
    counts: BTreeMap<u8, usize>,
    /// Functions and locals that were made here: while there are any, the host can reach the sandbox.
    exports: usize,
    /// Dumps that the host has sent, by its number.
    dumps: BTreeMap<u64, Rc<[u8]>>,
    codes: Vec<Code>,
    /// A function for each range of a dump that was instantiated, for its prototype.
    prototypes: BTreeMap<(u64, u64, u64), Stash>,
    /// A table: objects that cross by name, each with its path.
    pub(crate) names: Stash,
    /// A closure whose prototype has one upvalue and returns it.
    carrier: Stash,
}

impl Objects {
    pub(crate) fn new<'gc>(ctx: Context<'gc>) -> Objects {
        let source = b"local value return function() return value end";
        let main = ctx.load(source, b"=carrier").expect("compiles");
        let child = main.child(0).expect("has a nested function");
        let carrier = ctx.closure(child, ctx.globals(), &[ctx.upvalue(Value::NIL)]);
        Objects {
            ids: IdSource::new(Side::Sandbox),
            entries: BTreeMap::new(),
            by_address: BTreeMap::new(),
            mutable: BTreeSet::new(),
            counts: BTreeMap::new(),
            exports: 0,
            dumps: BTreeMap::new(),
            codes: Vec::new(),
            prototypes: BTreeMap::new(),
            names: ctx.stash(ctx.table().into()),
            carrier: ctx.stash(carrier.into()),
        }
    }

    pub(crate) fn give_id(&mut self) -> Id {
        self.ids.give()
    }

    pub(crate) fn entry(&self, id: Id) -> Option<&Entry> {
        self.entries.get(&id)
    }

    pub(crate) fn entry_mut(&mut self, id: Id) -> Option<&mut Entry> {
        self.entries.get_mut(&id)
    }

    /// Returns the ids of all cells and tables.
    pub(crate) fn mutable(&self) -> Vec<Id> {
        self.mutable.iter().copied().collect()
    }

    /// Returns how many objects of one kind there are.
    pub(crate) fn count(&self, kind: Reference) -> usize {
        self.counts.get(&(kind as u8)).copied().unwrap_or(0)
    }

    /// Returns whether the host holds functions that were made here.
    pub(crate) fn has_exports(&self) -> bool {
        self.exports > 0
    }

    /// Returns the id of a value that is shared already.
    pub(crate) fn find(&self, value: Value<'_>) -> Option<(Reference, Id)> {
        let id = *self.by_address.get(&value.address()?)?;
        Some((self.entries.get(&id)?.kind, id))
    }

    pub(crate) fn find_cell<'gc>(&self, cell: Gc<'gc, Upvalue<'gc>>) -> Option<Id> {
        self.by_address.get(&cell_address(cell)).copied()
    }

    /// Adds a function, table, remote or local.
    pub(crate) fn add<'gc>(
        &mut self,
        ctx: Context<'gc>,
        id: Id,
        kind: Reference,
        value: Value<'gc>,
    ) {
        if let (Reference::Table, Some(table)) = (kind, value.as_table()) {
            table.share();
            table.take_dirty();
        }
        let address = value.address().expect("only objects are shared");
        self.insert(ctx, id, kind, value, address);
    }

    pub(crate) fn add_cell<'gc>(&mut self, ctx: Context<'gc>, id: Id, cell: Gc<'gc, Upvalue<'gc>>) {
        cell.share();
        cell.take_dirty();
        let carrier = ctx.fetch(&self.carrier).as_function().expect("made by new");
        let prototype = carrier.prototype_gc().expect("a Lua function");
        let carrier = ctx.closure(prototype, ctx.globals(), &[cell]);
        self.insert(ctx, id, Reference::Cell, carrier.into(), cell_address(cell));
    }

    fn insert<'gc>(
        &mut self,
        ctx: Context<'gc>,
        id: Id,
        kind: Reference,
        value: Value<'gc>,
        address: usize,
    ) {
        self.remove(ctx, id);
        let entry = Entry {
            kind,
            value: ctx.stash(value),
            known: None,
            metatable: None,
            address,
        };
        self.by_address.insert(address, id);
        if matches!(kind, Reference::Cell | Reference::Table) {
            self.mutable.insert(id);
        }
        *self.counts.entry(kind as u8).or_default() += 1;
        if is_export(id, kind) {
            self.exports += 1;
        }
        self.entries.insert(id, entry);
    }

    /// Forgets an object: its host side is gone.
    pub(crate) fn remove<'gc>(&mut self, ctx: Context<'gc>, id: Id) {
        if let Some(entry) = self.entries.remove(&id) {
            if self.by_address.get(&entry.address) == Some(&id) {
                self.by_address.remove(&entry.address);
            }
            self.mutable.remove(&id);
            if let Some(count) = self.counts.get_mut(&(entry.kind as u8)) {
                *count -= 1;
            }
            if is_export(id, entry.kind) {
                self.exports -= 1;
            }
            drop_entry(ctx, entry);
        }
    }

    /// Returns a shared object that is no cell.
    pub(crate) fn value<'gc>(&self, ctx: Context<'gc>, id: Id) -> Option<Value<'gc>> {
        let entry = self
            .entries
            .get(&id)
            .filter(|entry| entry.kind != Reference::Cell)?;
        Some(ctx.fetch(&entry.value))
    }

    pub(crate) fn table<'gc>(&self, ctx: Context<'gc>, id: Id) -> Option<Gc<'gc, Table<'gc>>> {
        self.value(ctx, id)?.as_table()
    }

    pub(crate) fn cell<'gc>(&self, ctx: Context<'gc>, id: Id) -> Option<Gc<'gc, Upvalue<'gc>>> {
        let entry = self
            .entries
            .get(&id)
            .filter(|entry| entry.kind == Reference::Cell)?;
        Some(
            ctx.fetch(&entry.value)
                .as_function()?
                .upvalues()
                .first()?
                .get(),
        )
    }

    /// Remembers a dump of the host.
    pub(crate) fn add_dump(&mut self, number: u64, bytes: Rc<[u8]>) {
        self.dumps.insert(number, bytes);
    }

    pub(crate) fn dump(&self, number: u64) -> Option<Rc<[u8]>> {
        self.dumps.get(&number).cloned()
    }

    /// Returns the prototype that was made of a range of a dump before.
    pub(crate) fn prototype<'gc>(
        &self,
        ctx: Context<'gc>,
        place: (u64, u64, u64),
    ) -> Option<Gc<'gc, Prototype<'gc>>> {
        ctx.fetch(self.prototypes.get(&place)?)
            .as_function()?
            .prototype_gc()
    }

    /// Remembers a function made of a range of a dump, and how positions in its own bytes relate to it.
    pub(crate) fn add_prototype<'gc>(
        &mut self,
        ctx: Context<'gc>,
        place: (u64, u64, u64),
        function: Gc<'gc, Function<'gc>>,
        bytes: Rc<[u8]>,
        shift: isize,
    ) {
        self.codes.push(Code {
            bytes,
            number: place.0,
            shift,
        });
        self.prototypes.insert(place, ctx.stash(function.into()));
    }

    /// Returns the host's number of a dump, and what to add to positions in these bytes of it.
    pub(crate) fn code_of(&self, bytes: &Rc<[u8]>) -> Option<(u64, isize)> {
        let code = self
            .codes
            .iter()
            .find(|code| Rc::ptr_eq(&code.bytes, bytes))?;
        Some((code.number, code.shift))
    }

    /// Returns the path under which an object crosses.
    pub(crate) fn name_of<'gc>(&self, ctx: Context<'gc>, value: Value<'gc>) -> Option<Value<'gc>> {
        let names = ctx.fetch(&self.names).as_table()?;
        let name = names.get(value);
        name.as_string().map(|_| name)
    }
}

fn is_export(id: Id, kind: Reference) -> bool {
    id.side() == Side::Sandbox && matches!(kind, Reference::Function | Reference::Local)
}

fn drop_entry<'gc>(ctx: Context<'gc>, entry: Entry) {
    ctx.unstash(entry.value);
    if let Some(known) = entry.known {
        ctx.unstash(known);
    }
}

fn cell_address<'gc>(cell: Gc<'gc, Upvalue<'gc>>) -> usize {
    Gc::as_ptr(cell) as usize
}
