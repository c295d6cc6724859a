//! What a callback has written: the way out of its turn, which looks at no more than that.
//!
//! At the end of a turn everything counts that code of the thread has written on main, and what that has called.
//! Three sorts of code can have run:
//!
//! 1. Functions of the sandbox and those that they have made. They run through a wrapper or an envelope, which
//!    notes the function (`support.lua`: `note_run`), and carry instructions that note table and key of each store
//!    and look at each callee (`writes.rs`). What they assign to variables stands in their instructions, so the
//!    variables of all functions that have run are compared, and all variables if a function shares one that is
//!    its own, which has no name here.
//! 2. Native functions that are known to write nothing shared, or only their first argument (`notes.lua`).
//! 3. Anything else: functions of main's own, other native functions, code of other threads. Whatever could get
//!    there marks the turn, and then all that is shared is compared, as at every other sync point.
//!
//! So it has to be shown that the third sort does not run without a mark.
//!
//! - It is called by the first: each call, in whatever form, looks at its callee before it is made.
//! - A native function calls it: none of the second sort calls its arguments, but for `pcall`, where the first is
//!   looked at too. Every other native function is of the third sort itself.
//! - Neovim calls it, as something that the thread has handed over: its wrapper says so.
//! - It is a metamethod of a shared object: as soon as a function that is not the sandbox's is an entry of a shared
//!   table with a metamethod's name, all is compared for ever (`Session::watch`); so it is when the code stores one
//!   under such a name in any table, and with a userdata that has one. `setmetatable` is of the third sort. A
//!   `__newindex` that is a table, so that a store goes elsewhere, is looked for at the first store of a turn.
//! - It is a metamethod of an object that the sandbox does not share, to which its code has come over an argument,
//!   a global variable or a module: an argument, a global variable that is not the standard library's or a module
//!   among its variables marks the turn.
//! - It runs after what it has written was handed over, since its turn goes on: behind a yield, or when main has
//!   waited for the thread inside it, the rest of the turn is marked.
//! - It has called the callback: while main serves an operation or a call into Neovim, each turn compares all.
//!
//! An object that becomes shared during a turn is sent whole at its end. What two threads share: an exchange of one
//! marks the other, and inside a turn of one all turns of the other compare all. Where a thread is relaxed, or
//! replicas have been collected, all is compared.

use std::collections::BTreeSet;
use std::ffi::c_int;

use bridge_wire::{Decoder, Id, Mutation, Reference, Side, Token, mutated};

use crate::capture::Capture;
use crate::error::HostError;
use crate::session::{Host, Part, Session};
use crate::stack::{Stack, Type};

/// Fields of the notes, see `notes.lua`.
const STORES: c_int = 1;
const RAN: c_int = 2;
const WHOLE: c_int = 3;
const ANYTHING: c_int = 4;
const ALWAYS: c_int = 5;
const COUNT: c_int = 6;
const OFF: c_int = 7;
const RENEW: c_int = 8;
pub(crate) const NOTES_CARRIER: c_int = 9;

/// Emptied tables keep their size: behind more notes than these they are replaced.
const MANY: f64 = 64.0;

/// What a turn has written, if that is known.
#[derive(Debug, Default)]
struct Turn {
    cells: BTreeSet<Id>,
    all_cells: bool,
    /// Tables of which anything may have been written.
    whole: BTreeSet<Id>,
    /// Tables of which single entries were written.
    tables: BTreeSet<Id>,
}

impl Capture<'_, '_> {
    /// Writes what the turn that ends has changed; everything if that is not known better.
    pub(crate) fn collect_written(&mut self) -> Result<(), HostError> {
        let top = self.stack.top();
        let turn = self.read_notes();
        self.stack.set_top(top);
        let Some(turn) = turn else {
            // A collection may have taken an entry of a weak table before it was deleted: the notes know of that.
            let noted = self.noted_tables();
            self.noted_entries(noted)?;
            return self.collect_delta();
        };
        if turn.all_cells {
            self.changed_cells()?;
        } else if !mutated(Mutation::ForgetAssigned) {
            for id in turn.cells {
                self.changed_cell(id)?;
            }
        }
        for id in turn.whole {
            self.changed_table(id)?;
        }
        self.noted_entries(turn.tables)?;
        self.changed_environments()?;
        self.ended_coroutines();
        self.finish()?;
        self.forget_notes();
        Ok(())
    }

    /// Returns the tables of which single entries were noted.
    fn noted_tables(&mut self) -> BTreeSet<Id> {
        let mut tables = BTreeSet::new();
        let top = self.stack.top();
        if self.session.relaxed || self.stack.reserve(8).is_err() {
            return tables;
        }
        self.stack
            .raw_get_index(self.view.part(Part::Notes), STORES);
        self.stack.push_nil();
        while self.stack.next(top + 1) {
            tables.extend(self.view.id_of(self.stack, Part::Ids, top + 2));
            self.stack.pop(1);
        }
        self.stack.set_top(top);
        tables
    }

    /// Writes what has changed among the noted entries of some tables.
    fn noted_entries(&mut self, tables: BTreeSet<Id>) -> Result<(), HostError> {
        if tables.is_empty() || mutated(Mutation::ForgetNoted) {
            return Ok(());
        }
        let top = self.stack.top();
        self.stack.reserve(8)?;
        let stores = top + 1;
        self.stack
            .raw_get_index(self.view.part(Part::Notes), STORES);
        for id in tables {
            self.push_object(id);
            self.stack.raw_get(stores);
            if self.stack.kind(stores + 1) == Type::Table {
                self.changed_entries(id, stores + 1)?;
            }
            self.stack.set_top(stores);
        }
        self.stack.set_top(top);
        Ok(())
    }

    /// Returns what the turn has written; nothing if it may have been anything.
    fn read_notes(&mut self) -> Option<Turn> {
        let session = self.session;
        if session.relaxed
            || session.compare_all.get()
            || session.always_compare.get()
            || session.sweep.get()
            || session.serving.get() > 0
            || session.depth.get() != 1
            || self.others_write()
        {
            return None;
        }
        let notes = self.view.part(Part::Notes);
        self.stack.reserve(8).ok()?;
        let top = self.stack.top();
        self.stack.raw_get_index(notes, ANYTHING);
        self.stack.raw_get_index(notes, ALWAYS);
        let (anything, always) = (self.stack.boolean(top + 1), self.stack.boolean(top + 2));
        if always {
            session.always_compare.set(true);
        }
        if (anything || always) && !mutated(Mutation::TrustUnknown) {
            return None;
        }
        self.stack.set_top(top);
        let mut turn = Turn::default();
        self.stack.raw_get_index(notes, RAN);
        self.stack.push_nil();
        while self.stack.next(top + 1) {
            let id = Id::from_raw(self.stack.number(top + 2) as u64)?;
            self.stack.pop(1);
            self.note_function(id, &mut turn)?;
        }
        self.stack.set_top(top);
        self.stack.raw_get_index(notes, WHOLE);
        self.stack.push_nil();
        while self.stack.next(top + 1) {
            let id = self.view.id_of(self.stack, Part::Ids, top + 2);
            turn.whole.extend(id);
            self.stack.pop(1);
        }
        self.stack.set_top(top);
        turn.tables = self.noted_tables();
        turn.tables.retain(|id| !turn.whole.contains(id));
        Some(turn)
    }

    /// Returns whether code of another sandbox may have written what it has not handed over yet.
    fn others_write(&self) -> bool {
        let sessions = self.host.sessions.borrow();
        let mut others = sessions.values().filter(|one| one.id != self.session.id);
        others.any(|one| one.relaxed || one.depth.get() > 0)
    }

    /// Adds the variables that a function has assigned; nothing if it may have written anything.
    fn note_function(&self, id: Id, turn: &mut Turn) -> Option<()> {
        let function = self.shared.functions.get(&id)?;
        let written = &function.written;
        if written.anything {
            return None;
        }
        let is_module = |id: &Id| {
            let cell = self.shared.cells.get(id);
            cell.is_none_or(|cell| {
                matches!(Decoder::new(&cell.shadow).token(), Ok(Token::Module(_)))
            })
        };
        if function.cells.iter().any(is_module) {
            return None;
        }
        turn.all_cells |= written.all_cells;
        turn.cells.extend(&written.cells);
        Some(())
    }

    /// Looks at what a value that stays here can do besides what is called: if that is anything, all noting ends.
    pub(crate) fn watch_metatable(&mut self, index: c_int) -> Result<(), HostError> {
        self.stack.reserve(8)?;
        let top = self.stack.top();
        let is_object = matches!(self.stack.kind(index), Type::Userdata | Type::Table);
        let mut is_unknown = self.stack.kind(index) == Type::Cdata;
        if is_object && self.stack.metatable(index) {
            self.stack.push_nil();
            while self.stack.next(top + 1) {
                is_unknown |= match self.stack.kind(top + 3) {
                    Type::Function => !self.stack.is_native_function(top + 3),
                    // Another object's metamethods.
                    Type::Table if self.stack.metatable(top + 3) => {
                        self.stack.pop(1);
                        true
                    }
                    _ => false,
                };
                self.stack.pop(1);
            }
        }
        self.stack.set_top(top);
        if is_unknown {
            self.session.always_compare.set(true);
        }
        Ok(())
    }

    /// Begins with the notes anew.
    pub(crate) fn forget_notes(&mut self) {
        let top = self.stack.top();
        let notes = self.view.part(Part::Notes);
        if self.stack.reserve(8).is_err() {
            return;
        }
        self.stack.push_nil();
        self.stack.raw_set_index(notes, ANYTHING);
        let mut count = 0.0;
        for part in [RAN, WHOLE, STORES] {
            self.stack.raw_get_index(notes, part);
            self.stack.push_nil();
            while self.stack.next(top + 1) {
                self.stack.pop(1);
                self.stack.push_value(top + 2);
                self.stack.push_nil();
                self.stack.raw_set(top + 1);
                count += 1.0;
            }
            self.stack.set_top(top);
        }
        self.stack.raw_get_index(notes, COUNT);
        count += self.stack.number(top + 1);
        self.stack.set_top(top);
        if count > MANY {
            self.stack.raw_get_index(notes, RENEW);
            self.stack.call(0, 0, 0);
        } else if count > 0.0 {
            self.stack.push_number(0.0);
            self.stack.raw_set_index(notes, COUNT);
        }
        self.stack.set_top(top);
    }
}

impl Session {
    /// Looks at an entry of a shared table, both encoded: a metamethod that notes nothing ends all noting.
    pub(crate) fn watch(&self, key: &[u8], value: &[u8]) {
        let name = match key {
            [0xa0..=0xbf, name @ ..] | [0xd9, _, name @ ..] => name,
            _ => return,
        };
        if !name.starts_with(b"__") {
            return;
        }
        let notes_itself = match Decoder::new(value).token() {
            Ok(Token::Nil | Token::Boolean(_) | Token::Number(_) | Token::String(_)) => true,
            Ok(Token::Reference(Reference::Table, _)) => true,
            Ok(Token::Reference(Reference::Function, id)) => id.side() == Side::Sandbox,
            _ => false,
        };
        if !notes_itself {
            self.always_compare.set(true);
        }
    }

    /// Ends the noting for good: what goes on running does so by itself.
    pub(crate) fn end_notes(&self, stack: &mut Stack<'_>) {
        if stack.reserve(4).is_err() {
            return;
        }
        let top = stack.top();
        self.push_part(stack, Part::Notes);
        if stack.kind(-1) == Type::Table {
            stack.push_boolean(true);
            stack.raw_set_index(top + 1, OFF);
            stack.raw_get_index(top + 1, RENEW);
            stack.call(0, 0, 0);
        }
        stack.set_top(top);
    }

    /// Pushes one of the session's tables. `(-0, +1)`
    fn push_part(&self, stack: &mut Stack<'_>, part: Part) {
        stack.push_kept(self.parts);
        let parts = stack.top();
        stack.raw_get_index(parts, part as c_int);
        stack.remove(parts);
    }
}

impl Host {
    /// Has the other sandboxes look for changes if one of them shares the table at an index.
    pub(crate) fn tell_of_table(&self, of: &Session, stack: &mut Stack<'_>, table: c_int) {
        let sessions = self.sessions.borrow();
        for session in sessions.values() {
            if session.id == of.id || session.compare_all.get() || session.ended.get() {
                continue;
            }
            session.push_part(stack, Part::Ids);
            let ids = stack.top();
            stack.push_value(table);
            stack.raw_get(ids);
            if !stack.is_nil(-1) {
                session.compare_all.set(true);
            }
            stack.set_top(ids - 1);
        }
    }

    /// The same for a variable, by its identity.
    pub(crate) fn tell_of_cell(&self, of: &Session, key: usize) {
        for session in self.sessions.borrow().values() {
            if session.id == of.id {
                continue;
            }
            let shared = session.shared.try_borrow();
            if shared.map_or(true, |shared| shared.cell_ids.contains_key(&key)) {
                session.compare_all.set(true);
            }
        }
    }
}
