//! Live values of the host -> ids and a delta: the way out of Neovim, by reference.
//!
//! Main thread only, while the host holds the sandbox's baton (or before its first `Start`). An
//! object is registered before its contents are written, so cycles end; contents are written from
//! a worklist, so depth costs no stack.

use std::cell::RefMut;
use std::collections::HashSet;
use std::ffi::c_int;

use bridge_wire::{DeltaBuilder, Encoder, Id, Mutation, Reference, Side, mutated};

use crate::error::HostError;
use crate::session::{CellRecord, Host, Part, Session, Shared, Slot, TableRecord, View};
use crate::stack::{Stack, Type};

/// How many objects one message may create.
const MAX_OBJECTS: usize = 1_000_000;

/// An object whose contents are still to be written.
#[derive(Debug, Clone, Copy)]
enum Work {
    Cell(Id),
    Table(Id),
}

/// One message under way to a sandbox.
#[derive(Debug)]
pub(crate) struct Capture<'a, 'l> {
    pub(crate) host: &'a Host,
    pub(crate) session: &'a Session,
    pub(crate) stack: &'a mut Stack<'l>,
    pub(crate) view: View,
    pub(crate) shared: RefMut<'a, Shared>,
    pub(crate) delta: DeltaBuilder,
    work: Vec<Work>,
    objects: usize,
    modules: HashSet<Vec<u8>>,
    refreshed: bool,
    /// Tables are traversed in an order that their contents decide.
    ordered: bool,
    /// The remotes that were written, in order: each time is counted.
    pub(crate) remotes: Vec<Id>,
    scratch: Vec<u8>,
    /// Where the value that is being copied lies, and the top of the stack before that.
    pub(crate) copy_root: (c_int, c_int),
}

impl<'a, 'l> Capture<'a, 'l> {
    /// Starts a message; the session's tables stay on the stack until the caller drops them.
    pub(crate) fn new(
        host: &'a Host,
        session: &'a Session,
        stack: &'a mut Stack<'l>,
    ) -> Result<Capture<'a, 'l>, HostError> {
        let view = session.open(host, stack)?;
        let shared = session.shared.try_borrow_mut().map_err(|_| {
            HostError::Internal("a finalizer used a thread in the middle of its work".into())
        })?;
        Ok(Capture {
            host,
            session,
            stack,
            view,
            shared,
            delta: DeltaBuilder::new(),
            work: Vec::new(),
            objects: 0,
            modules: HashSet::new(),
            refreshed: false,
            ordered: bridge_sandbox::is_inline(),
            remotes: Vec::new(),
            scratch: Vec::new(),
            copy_root: (0, 0),
        })
    }

    /// Writes the value at an absolute index by reference.
    pub(crate) fn value(&mut self, index: c_int, out: &mut Encoder) -> Result<(), HostError> {
        match self.stack.kind(index) {
            Type::Nil | Type::None => out.nil(),
            Type::Boolean => out.boolean(self.stack.boolean(index)),
            Type::Number => out.number(self.stack.number(index)),
            Type::String => out.string(self.stack.string(index).unwrap_or_default()),
            Type::Table => self.table(index, out)?,
            Type::Cdata if self.integer(index, out)? => {}
            Type::Function if !self.stack.is_native_function(index) => self.function(index, out)?,
            _ => self.stays(index, Reference::Userdata, out)?,
        }
        Ok(())
    }

    /// Returns the id of an object that both sides have.
    fn known(&mut self, index: c_int, lost: Mutation) -> Option<Id> {
        let id = self.view.id_of(self.stack, Part::Ids, index);
        id.filter(|id| !mutated(lost) || id.side() == Side::Host)
    }

    fn table(&mut self, index: c_int, out: &mut Encoder) -> Result<(), HostError> {
        if let Some(id) = self.known(index, Mutation::LoseTableIdentity) {
            out.reference(Reference::Table, id);
            return Ok(());
        }
        if self.by_name(index, out) {
            return Ok(());
        }
        let id = self.register(index)?;
        self.delta.objects.table(id);
        self.shared.tables.insert(id, TableRecord::default());
        self.work.push(Work::Table(id));
        out.reference(Reference::Table, id);
        Ok(())
    }

    /// Gives the object at an index an id and keeps it until the sandbox releases it.
    fn register(&mut self, index: c_int) -> Result<Id, HostError> {
        self.count()?;
        let id = self.shared.ids.give();
        self.view.set_id(self.stack, Part::Ids, index, Some(id));
        self.stack.push_value(index);
        self.view.set_by_id(self.stack, Part::Originals, id);
        Ok(id)
    }

    pub(crate) fn count(&mut self) -> Result<(), HostError> {
        self.objects += 1;
        self.session.count_traffic();
        if self.objects > MAX_OBJECTS {
            return Err(HostError::TooMuch(MAX_OBJECTS));
        }
        Ok(())
    }

    fn function(&mut self, index: c_int, out: &mut Encoder) -> Result<(), HostError> {
        if let Some(id) = self.known(index, Mutation::LoseFunctionIdentity) {
            out.reference(self.function_kind(id), id);
            return Ok(());
        }
        if self.by_name(index, out) {
            return Ok(());
        }
        let top = self.stack.top();
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        let mut function = index;
        let mut original = None;
        if self.host.push_wrapped(self.stack, index) {
            function = self.stack.top();
            original = self.host.original_code(self.stack, index)?;
        }
        match original {
            Some(original) => bytes = original,
            None => self.dump(function, &mut bytes)?,
        }
        let (code, dump) = self.host.codes.borrow_mut().intern(&bytes)?;
        self.scratch = bytes;
        if self.shared.codes.insert(code) {
            self.delta.objects.code(code, &dump.bytes);
        }
        let root = dump.root();
        let mut cells = Vec::with_capacity(root.upvalue_count());
        for n in 0..root.upvalue_count() {
            cells.push(self.cell(function, n as c_int + 1, root.is_immutable(n))?);
        }
        let id = self.register(index)?;
        if function != index {
            // Whoever gets hold of it through `debug` has the same function.
            self.view.set_id(self.stack, Part::Ids, function, Some(id));
        }
        self.environment(function, id)?;
        self.stack.set_top(top);
        self.shared
            .own_functions
            .insert(id, cells.as_slice().into());
        let range = (root.range.start as u64, root.range.end as u64);
        self.delta.objects.dumped_function(id, code, range, &cells);
        out.reference(Reference::Function, id);
        Ok(())
    }

    /// Returns as what the function with an id crosses: a stand-in for a native one looks like any other here.
    pub(crate) fn function_kind(&self, id: Id) -> Reference {
        match self.shared.locals.get(&id) {
            Some(&kind) => kind,
            None => Reference::Function,
        }
    }

    /// Writes the code of the function at an index; with the deterministic drive the same in each process.
    fn dump(&mut self, index: c_int, bytes: &mut Vec<u8>) -> Result<(), HostError> {
        let top = self.stack.top();
        if self.ordered {
            self.view.push_slot(self.stack, Slot::OrderedDump);
            self.stack.push_value(index);
            self.stack.call(1, 1, 0);
            let dump = self.stack.string(-1).ok_or(HostError::NoDump)?;
            bytes.extend_from_slice(dump);
        } else {
            self.stack.push_value(index);
            self.stack.dump(bytes)?;
        }
        self.stack.set_top(top);
        Ok(())
    }

    /// Returns the id of the variable behind an upvalue, which may be new.
    fn cell(&mut self, function: c_int, n: c_int, immutable: bool) -> Result<Id, HostError> {
        let mut key = self.stack.upvalue_id(function, n);
        if mutated(Mutation::CellsByName) {
            let name = self.stack.upvalue(function, n).unwrap_or_default();
            key = name
                .iter()
                .fold(7, |hash, &byte| hash * 31 + usize::from(byte));
            self.stack.pop(1);
        }
        if let Some(&id) = self.shared.cell_ids.get(&key) {
            // A variable that is gone may have left its address to another.
            self.view.push_carrier(self.stack, id);
            let lost = self.stack.is_nil(-1);
            self.stack.pop(1);
            if !lost {
                return Ok(id);
            }
        }
        self.count()?;
        let id = self.shared.ids.give();
        self.stack.push_value(function);
        self.view.set_by_id(self.stack, Part::Carriers, id);
        let record = CellRecord {
            upvalue: n,
            key,
            immutable,
            shadow: Vec::new(),
        };
        self.shared.cells.insert(id, record);
        self.shared.cell_ids.insert(key, id);
        self.delta.objects.cell(id, immutable);
        self.work.push(Work::Cell(id));
        Ok(id)
    }

    /// Writes an object that both sides have by its name, and returns whether it is one.
    pub(crate) fn by_name(&mut self, index: c_int, out: &mut Encoder) -> bool {
        loop {
            if let Some(path) = self.lookup(Slot::Names, index) {
                if self.stack.kind(index) == Type::Function {
                    out.named_function(&path);
                } else {
                    out.named(&path);
                }
                return true;
            }
            if !self.session.share_modules
                && let Some(name) = self.lookup(Slot::Modules, index)
            {
                out.module(&name);
                if self.modules.insert(name.clone()) {
                    self.delta.objects.module(&name);
                }
                return true;
            }
            if std::mem::replace(&mut self.refreshed, true) {
                return false;
            }
            self.view.push_slot(self.stack, Slot::Refresh);
            self.stack.call(0, 0, 0);
        }
    }

    pub(crate) fn lookup(&mut self, slot: Slot, index: c_int) -> Option<Vec<u8>> {
        self.view.push_slot(self.stack, slot);
        let names = self.stack.top();
        self.stack.push_value(index);
        self.stack.raw_get(names);
        let name = self.stack.string(-1).map(<[u8]>::to_vec);
        self.stack.set_top(names - 1);
        name
    }

    /// Writes the contents of all objects that were discovered; afterwards the delta is complete.
    pub(crate) fn finish(&mut self) -> Result<(), HostError> {
        while let Some(work) = self.work.pop() {
            match work {
                Work::Cell(id) => {
                    self.changed_cell(id)?;
                }
                Work::Table(id) => self.changed_table(id)?,
            }
        }
        Ok(())
    }

    /// Steps through a table as `Stack::next` does; with the deterministic drive in the same order in each
    /// process. `(-1, +2)`, at the end `(-1, +0)`
    pub(crate) fn next(&mut self, table: c_int) -> bool {
        if !self.ordered {
            return self.stack.next(table);
        }
        self.view.push_slot(self.stack, Slot::OrderedNext);
        let function = self.stack.top() - 1;
        self.stack.insert(function);
        self.stack.push_value(table);
        self.stack.insert(function + 1);
        let more = self.stack.call(2, 2, 0) && !self.stack.is_nil(function);
        if !more {
            self.stack.set_top(function - 1);
        }
        more
    }

    /// Pushes the object that has an id, nil if it is lost. `(-0, +1)`
    pub(crate) fn push_object(&mut self, id: Id) {
        let part = match id.side() {
            Side::Host => Part::Originals,
            Side::Sandbox => Part::Replicas,
        };
        self.view.push_by_id(self.stack, part, id);
    }
}
