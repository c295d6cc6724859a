//! The objects that a sandbox shares with the host, by id and by identity.
//!
//! Lives on the worker's thread. What was made here is kept until the host releases it; what stands for an object
//! of the host is watched, and released when it is garbage.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::handle::Traced;
use bridge_wire::{Id, IdSource, Reference, Side};
use interpreter::{
    Context, Coroutine, Function, Gc, Lua, Node, Prototype, Stash, Status, Table, Upvalue, Value,
    Watch, Written,
};

/// One shared object.
#[derive(Debug)]
struct Entry {
    kind: Reference,
    /// Finds the object, or the variable.
    watch: Watch,
    /// Keeps it alive; for a variable, a closure that has it as its only upvalue.
    hold: Option<Stash>,
    /// How often the host has named it since it was last released.
    times: u64,
    address: usize,
}

/// How many objects are looked at for what a value that stays here refers to.
const MAX_BEHIND: usize = 10_000;

/// What was written to one object.
#[derive(Debug)]
pub(crate) enum Change<'gc> {
    Cell(Gc<'gc, Upvalue<'gc>>),
    /// Keys, and whether the metatable is another.
    Table(Gc<'gc, Table<'gc>>, Vec<Value<'gc>>, bool),
    Environment(Gc<'gc, Function<'gc>>),
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
    /// Variables that may be registers, which are written without notice, with the value that the host knows.
    open: BTreeMap<Id, Stash>,
    /// Messages wait, which may name anything: all is kept.
    pinned: BTreeSet<Id>,
    /// Coroutines of this side whose end the host has not been told of.
    coroutines: BTreeSet<Id>,
    /// Coroutines of the host that have come to their end.
    ended: BTreeSet<Id>,
    /// Entries of each kind.
    counts: BTreeMap<Reference, usize>,
    /// Functions and locals that were made here: while there are any, the host can reach the sandbox.
    exports: usize,
    /// Dumps that the host has sent, by its number.
    dumps: BTreeMap<u64, Rc<[u8]>>,
    codes: Vec<Code>,
    /// A function for each range of a dump that was instantiated, for its prototype.
    prototypes: BTreeMap<(u64, u64, u64), Stash>,
    /// A table: objects that cross by name, each with its path.
    pub(crate) names: Stash,
    /// Names of the globals that each sandbox has, and so the host.
    pub(crate) standard_globals: BTreeSet<Box<[u8]>>,
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
            open: BTreeMap::new(),
            pinned: BTreeSet::new(),
            coroutines: BTreeSet::new(),
            ended: BTreeSet::new(),
            counts: BTreeMap::new(),
            exports: 0,
            dumps: BTreeMap::new(),
            codes: Vec::new(),
            prototypes: BTreeMap::new(),
            names: ctx.stash(ctx.table().into()),
            standard_globals: BTreeSet::new(),
            carrier: ctx.stash(carrier.into()),
        }
    }

    pub(crate) fn give_id(&mut self) -> Id {
        self.ids.give()
    }

    /// Returns how many objects of one kind there are.
    pub(crate) fn count(&self, kind: Reference) -> usize {
        self.counts.get(&kind).copied().unwrap_or(0)
    }

    /// Returns how many values of the host there are that stay there.
    pub(crate) fn count_remotes(&self) -> usize {
        let counts = self.counts.iter();
        counts
            .filter(|(kind, _)| kind.is_remote())
            .map(|(_, n)| n)
            .sum()
    }

    /// Returns whether the host holds functions that were made here.
    pub(crate) fn has_exports(&self) -> bool {
        self.exports > 0
    }

    /// Returns the id of a value that is shared already.
    pub(crate) fn find<'gc>(
        &self,
        ctx: Context<'gc>,
        value: Value<'gc>,
    ) -> Option<(Reference, Id)> {
        let id = *self.by_address.get(&value.address()?)?;
        let entry = self.entries.get(&id)?;
        // One that is gone may have left its address to another.
        ctx.watched(&entry.watch)?;
        Some((entry.kind, id))
    }

    pub(crate) fn find_cell<'gc>(
        &self,
        ctx: Context<'gc>,
        cell: Gc<'gc, Upvalue<'gc>>,
    ) -> Option<Id> {
        let id = *self.by_address.get(&cell_address(cell))?;
        ctx.watched_cell(&self.entries.get(&id)?.watch)?;
        Some(id)
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
        }
        if let (Reference::Function, Some(function)) = (kind, value.as_function()) {
            function.share();
        }
        let address = value.address().expect("only objects are shared");
        let hold = (id.side() == Side::Sandbox).then(|| ctx.stash(value));
        self.insert(ctx, id, kind, ctx.watch(value), hold, address);
    }

    pub(crate) fn add_cell<'gc>(&mut self, ctx: Context<'gc>, id: Id, cell: Gc<'gc, Upvalue<'gc>>) {
        cell.share();
        let hold = (id.side() == Side::Sandbox).then(|| self.carry(ctx, cell));
        let (watch, address) = (ctx.watch_cell(cell), cell_address(cell));
        self.insert(ctx, id, Reference::Cell, watch, hold, address);
        if cell.is_open() {
            self.open.insert(id, ctx.stash(Value::NIL));
        }
    }

    /// Keeps a variable alive.
    fn carry<'gc>(&self, ctx: Context<'gc>, cell: Gc<'gc, Upvalue<'gc>>) -> Stash {
        let carrier = ctx.fetch(&self.carrier).as_function().expect("made by new");
        let prototype = carrier.prototype_gc().expect("a Lua function");
        let carrier = ctx.closure(prototype, ctx.globals(), &[cell]);
        ctx.stash(carrier.into())
    }

    fn insert<'gc>(
        &mut self,
        ctx: Context<'gc>,
        id: Id,
        kind: Reference,
        watch: Watch,
        hold: Option<Stash>,
        address: usize,
    ) {
        let times = self.remove(ctx, id);
        let entry = Entry {
            kind,
            watch,
            hold,
            times,
            address,
        };
        self.by_address.insert(address, id);
        *self.counts.entry(kind).or_default() += 1;
        if kind == Reference::LocalCoroutine {
            self.coroutines.insert(id);
        }
        if is_export(id, kind) {
            self.exports += 1;
        }
        self.entries.insert(id, entry);
    }

    /// Forgets an object: from now on it is this side's alone. Returns how often the host has named it.
    pub(crate) fn remove<'gc>(&mut self, ctx: Context<'gc>, id: Id) -> u64 {
        let Some(entry) = self.entries.remove(&id) else {
            return 0;
        };
        if self.by_address.get(&entry.address) == Some(&id) {
            self.by_address.remove(&entry.address);
        }
        if let Some(value) = self.open.remove(&id) {
            ctx.unstash(value);
        }
        self.pinned.remove(&id);
        self.coroutines.remove(&id);
        if let Some(count) = self.counts.get_mut(&entry.kind) {
            *count -= 1;
        }
        if is_export(id, entry.kind) {
            self.exports -= 1;
        }
        let value = ctx.watched(&entry.watch);
        if let Some(table) = value.and_then(Value::as_table) {
            table.unshare();
        }
        if let Some(function) = value.and_then(Value::as_function) {
            function.unshare();
        }
        if let Some(cell) = ctx.watched_cell(&entry.watch) {
            cell.unshare();
        }
        ctx.unwatch(entry.watch);
        if let Some(hold) = entry.hold {
            ctx.unstash(hold);
        }
        entry.times
    }

    /// Returns a shared object that is no variable.
    pub(crate) fn value<'gc>(&self, ctx: Context<'gc>, id: Id) -> Option<Value<'gc>> {
        ctx.watched(&self.entries.get(&id)?.watch)
    }

    pub(crate) fn table<'gc>(&self, ctx: Context<'gc>, id: Id) -> Option<Gc<'gc, Table<'gc>>> {
        self.value(ctx, id)?.as_table()
    }

    pub(crate) fn cell<'gc>(&self, ctx: Context<'gc>, id: Id) -> Option<Gc<'gc, Upvalue<'gc>>> {
        ctx.watched_cell(&self.entries.get(&id)?.watch)
    }

    /// Returns whether a table is an entry of another shared one; looks at all of them, for a mutation.
    pub(crate) fn is_nested<'gc>(&self, ctx: Context<'gc>, table: Gc<'gc, Table<'gc>>) -> bool {
        let mut nested = false;
        for &id in self.entries.keys() {
            if let Some(other) = self.table(ctx, id) {
                other
                    .for_each(|_, value| nested |= value.address() == Value::from(table).address());
            }
        }
        nested
    }

    /// Counts that the host has named a remote.
    pub(crate) fn count_received(&mut self, id: Id) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.times += 1;
        }
    }

    /// Returns the ids of the variables that may be registers.
    pub(crate) fn open_cells(&self) -> Vec<Id> {
        self.open.keys().copied().collect()
    }

    /// Returns whether an open variable has another value than the host knows, and takes note of it.
    pub(crate) fn open_cell_changed<'gc>(
        &mut self,
        ctx: Context<'gc>,
        id: Id,
        cell: Gc<'gc, Upvalue<'gc>>,
    ) -> bool {
        let Some(known) = self.open.get(&id) else {
            return false;
        };
        if ctx.fetch(known).same(cell.get()) {
            return false;
        }
        if let Some(known) = self.open.insert(id, ctx.stash(cell.get())) {
            ctx.unstash(known);
        }
        true
    }

    /// What the host knows of an open variable is uncertain.
    pub(crate) fn forget_known<'gc>(&mut self, ctx: Context<'gc>, id: Id) {
        // Nothing is the same as a new table.
        if let Some(known) = self.open.get_mut(&id) {
            ctx.unstash(std::mem::replace(known, ctx.stash(ctx.table().into())));
        }
    }

    /// A variable is no register any more: its writes are noted.
    pub(crate) fn close_cell(&mut self, ctx: Context<'_>, id: Id) {
        if let Some(known) = self.open.remove(&id) {
            ctx.unstash(known);
        }
    }

    /// Returns the coroutines of this side that have come to their end, each once.
    pub(crate) fn take_ended<'gc>(&mut self, ctx: Context<'gc>) -> Vec<Id> {
        let is_dead = |&id: &Id| {
            let coroutine = self.value(ctx, id).and_then(Value::as_coroutine);
            coroutine.is_some_and(|coroutine| coroutine.status() == Status::Dead)
        };
        let ended: Vec<Id> = self.coroutines.iter().copied().filter(is_dead).collect();
        for id in &ended {
            self.coroutines.remove(id);
        }
        ended
    }

    /// Notes that a coroutine of the host has come to its end.
    pub(crate) fn note_ended<'gc>(&mut self, ctx: Context<'gc>, id: Id) {
        self.ended.insert(id);
        if let Some(value) = self.value(ctx, id) {
            self.end_stand_in(ctx, id, value);
        }
    }

    /// Ends what stands for a coroutine of the host if that has ended.
    pub(crate) fn end_stand_in<'gc>(&self, ctx: Context<'gc>, id: Id, value: Value<'gc>) {
        if self.ended.contains(&id)
            && let Some(coroutine) = value.as_coroutine()
        {
            Coroutine::end(coroutine, ctx.mutation());
        }
    }

    /// Groups what was written by object, in the order of the first write to each.
    pub(crate) fn group<'gc>(
        &self,
        ctx: Context<'gc>,
        written: &[Written<'gc>],
    ) -> Vec<(Id, Change<'gc>)> {
        let mut changes: Vec<(Id, Change<'gc>)> = Vec::new();
        let mut places: BTreeMap<Id, usize> = BTreeMap::new();
        for &one in written {
            match one {
                Written::Cell(cell) => {
                    if let Some(id) = self.find_cell(ctx, cell) {
                        changes.push((id, Change::Cell(cell)));
                    }
                }
                Written::Environment(function) => {
                    if let Some((Reference::Function, id)) = self.find(ctx, function.into()) {
                        changes.push((id, Change::Environment(function)));
                    }
                }
                Written::Entry(table, _) | Written::Metatable(table) => {
                    let Some((Reference::Table, id)) = self.find(ctx, table.into()) else {
                        continue;
                    };
                    let place = *places.entry(id).or_insert_with(|| {
                        let keys = Vec::new();
                        changes.push((id, Change::Table(table, keys, false)));
                        changes.len() - 1
                    });
                    if let (_, Change::Table(_, keys, metatable)) = &mut changes[place] {
                        match one {
                            Written::Entry(_, key) => keys.push(key),
                            _ => *metatable = true,
                        }
                    }
                }
            }
        }
        changes
    }

    /// Keeps everything until `unpin`: messages wait that may name what is garbage otherwise.
    pub(crate) fn pin<'gc>(&mut self, ctx: Context<'gc>) {
        let ids: Vec<Id> = self.entries.keys().copied().collect();
        for id in ids {
            let Some(entry) = self.entries.get(&id).filter(|entry| entry.hold.is_none()) else {
                continue;
            };
            let hold = match (ctx.watched(&entry.watch), ctx.watched_cell(&entry.watch)) {
                (Some(value), _) => ctx.stash(value),
                (None, Some(cell)) => self.carry(ctx, cell),
                (None, None) => continue,
            };
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.hold = Some(hold);
                self.pinned.insert(id);
            }
        }
    }

    /// Undoes `pin`.
    pub(crate) fn unpin(&mut self, ctx: Context<'_>) {
        for id in std::mem::take(&mut self.pinned) {
            let hold = self
                .entries
                .get_mut(&id)
                .and_then(|entry| entry.hold.take());
            if let Some(hold) = hold {
                ctx.unstash(hold);
            }
        }
    }

    /// Forgets the objects of the host that are garbage here; returns each with how often it was named.
    ///
    /// Only sound when no message of the host is left to apply.
    pub(crate) fn take_gone(&mut self, ctx: Context<'_>) -> Vec<(Id, u64)> {
        if !ctx.has_gone() {
            return Vec::new();
        }
        let gone = self.entries.iter();
        let gone = gone.filter(|(_, entry)| ctx.is_gone(&entry.watch));
        let gone: Vec<Id> = gone.map(|(&id, _)| id).collect();
        let release = |id| {
            self.ended.remove(&id);
            (id, self.remove(ctx, id).max(1))
        };
        gone.into_iter().map(release).collect()
    }

    /// Collects garbage and returns what only the host's replicas keep alive.
    pub(crate) fn trace(&self, lua: &mut Lua) -> Traced {
        let holds = self
            .entries
            .values()
            .filter_map(|entry| entry.hold.as_ref());
        let reached = lua.collect_without(holds);
        let mut traced = Traced::default();
        for (&id, entry) in &self.entries {
            if reached.contains(&entry.watch) {
                continue;
            }
            traced.unreached.push(id);
            if entry.kind.is_local() {
                let behind = lua.enter(|ctx| self.behind(ctx, id));
                traced.locals.push((id, behind));
            }
        }
        traced
    }

    /// Returns the ids of what a value refers to, through what only this side knows; nothing if that is much.
    fn behind(&self, ctx: Context<'_>, id: Id) -> Option<Vec<Id>> {
        let start = Node::Value(self.value(ctx, id)?);
        let globals = Value::from(ctx.globals()).address()?;
        let mut seen = BTreeSet::from([start.address()?, globals]);
        let mut open = vec![start];
        let mut behind = Vec::new();
        while let Some(node) = open.pop() {
            node.references(&mut |node| {
                let Some(address) = node.address() else {
                    return;
                };
                if !seen.insert(address) {
                    return;
                }
                let known = match node {
                    Node::Value(value) => self.find(ctx, value).map(|(_, id)| id),
                    Node::Cell(cell) => self.find_cell(ctx, cell),
                };
                match known {
                    Some(id) => behind.push(id),
                    None => open.push(node),
                }
            });
            if seen.len() > MAX_BEHIND {
                return None;
            }
        }
        Some(behind)
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
    id.side() == Side::Sandbox && (kind == Reference::Function || kind.is_local())
}

fn cell_address<'gc>(cell: Gc<'gc, Upvalue<'gc>>) -> usize {
    Gc::as_ptr(cell) as usize
}
