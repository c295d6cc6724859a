//! Shared tables: the entries that either side has written since the last sync point.
//!
//! As with variables, a table is compared with its shadow, a map of encoded keys to encoded values:
//! entry by entry, or only where something has been noted (`written.rs`). Runs while the host holds
//! the baton.

use std::ffi::c_int;

use bridge_wire::{Contents, Decoder, Encoder, Id, Reference, Side, Token};

use crate::capture::Capture;
use crate::error::HostError;
use crate::instantiate::Instantiate;
use crate::session::{EntryRecord, Part, TableRecord};
use crate::stack::Type;

impl Capture<'_, '_> {
    /// Writes the entries and the metatable of a table that differ from what the sandbox knows.
    pub(crate) fn changed_table(&mut self, id: Id) -> Result<(), HostError> {
        self.with_table(id, |capture, record, fills, table| {
            capture.compare_entries(id, record, fills, table)?;
            capture.compare_metatable(id, record, fills, table)
        })
    }

    /// Writes the entries of a table under the keys of a set, at an index, that differ from what the sandbox knows.
    pub(crate) fn changed_entries(&mut self, id: Id, keys: c_int) -> Result<(), HostError> {
        self.with_table(id, |capture, record, fills, table| {
            capture.compare_entries_of(id, record, fills, table, keys)
        })
    }

    /// Has `compare` look at a table of main's, which is on top of the stack at the index it is given.
    fn with_table(
        &mut self,
        id: Id,
        compare: impl FnOnce(&mut Self, &mut TableRecord, &mut Contents, c_int) -> Result<(), HostError>,
    ) -> Result<(), HostError> {
        let Some(record) = self.shared.tables.get_mut(&id) else {
            return Ok(());
        };
        // Out of the map while values are written, which may register further tables.
        let mut record = std::mem::take(record);
        let mut result = self.stack.reserve(12);
        let top = self.stack.top();
        if result.is_ok() {
            self.push_object(id);
            if self.stack.kind(-1) == Type::Table {
                let mut fills = std::mem::take(&mut self.delta.fills);
                result = compare(self, &mut record, &mut fills, top + 1);
                self.delta.fills = fills;
            }
        }
        self.stack.set_top(top);
        self.shared.tables.insert(id, record);
        result
    }

    /// Compares all entries.
    fn compare_entries(
        &mut self,
        id: Id,
        record: &mut TableRecord,
        fills: &mut Contents,
        table: c_int,
    ) -> Result<(), HostError> {
        record.comparison = record.comparison.wrapping_add(1);
        let entries = fills.begin_entries(id);
        let mut changed = 0;
        let mut seen = 0;
        let mut key = Encoder::new();
        let mut value = Encoder::new();
        self.stack.push_nil();
        while self.next(table) {
            key.clear();
            value.clear();
            let mark = self.remotes.len();
            self.key(table + 1, &mut key)?;
            self.value(table + 2, &mut value)?;
            self.stack.pop(1);
            seen += 1;
            if record.note(key.as_bytes(), value.as_bytes()) {
                self.entry(fills, &key, &value);
                changed += 1;
            } else {
                self.unsay(mark);
            }
        }
        if seen < record.shadow.len() {
            self.forget_collected(record, table);
            let comparison = record.comparison;
            let remotes = &mut self.shared.remotes;
            record.shadow.retain(|key, entry| {
                let kept = entry.seen == comparison;
                if !kept {
                    changed += 1;
                    let token = Decoder::new(key).token();
                    if let Ok(Token::Reference(_, id)) = token
                        && let Some(record) = remotes.get_mut(&id)
                    {
                        record.sent += 1;
                    }
                    fills.encoder().append(key);
                    fills.encoder().nil();
                }
                kept
            });
        }
        fills.end_entries(entries, changed);
        if changed > 0 {
            self.host.tell_of_table(self.session, self.stack, table);
        }
        Ok(())
    }

    /// Compares the entries under the keys of a set, at an index.
    fn compare_entries_of(
        &mut self,
        id: Id,
        record: &mut TableRecord,
        fills: &mut Contents,
        table: c_int,
        keys: c_int,
    ) -> Result<(), HostError> {
        let entries = fills.begin_entries(id);
        let mut changed = 0;
        let mut key = Encoder::new();
        let mut value = Encoder::new();
        self.stack.push_nil();
        while self.next(keys) {
            key.clear();
            value.clear();
            let mark = self.remotes.len();
            self.key(table + 1, &mut key)?;
            self.stack.push_value(table + 1);
            self.stack.raw_get(table);
            self.value(table + 3, &mut value)?;
            let is_changed = match self.stack.is_nil(table + 3) {
                true => record.shadow.remove(key.as_bytes()).is_some(),
                false => record.note(key.as_bytes(), value.as_bytes()),
            };
            self.stack.pop(2);
            if is_changed {
                self.entry(fills, &key, &value);
                changed += 1;
            } else {
                self.unsay(mark);
            }
        }
        fills.end_entries(entries, changed);
        if changed > 0 {
            self.host.tell_of_table(self.session, self.stack, table);
        }
        Ok(())
    }

    /// Writes an entry that has changed.
    fn entry(&self, fills: &mut Contents, key: &Encoder, value: &Encoder) {
        self.session.watch(key.as_bytes(), value.as_bytes());
        fills.encoder().append(key.as_bytes());
        fills.encoder().append(value.as_bytes());
    }

    /// Compares the metatable.
    fn compare_metatable(
        &mut self,
        id: Id,
        record: &mut TableRecord,
        fills: &mut Contents,
        table: c_int,
    ) -> Result<(), HostError> {
        let mut value = Encoder::new();
        let mark = self.remotes.len();
        if self.stack.metatable(table) {
            self.value(table + 1, &mut value)?;
        }
        if record.metatable == value.as_bytes() {
            self.unsay(mark);
            return Ok(());
        }
        if value.is_empty() {
            fills.metatable(id).nil();
        } else {
            fills.metatable(id).append(value.as_bytes());
        }
        record.metatable = value.into_bytes();
        self.host.tell_of_table(self.session, self.stack, table);
        Ok(())
    }

    /// Forgets entries that have not been seen because a collection has taken them: from a weak table, whose other
    /// half in the thread may still have them, or from the thread's half, which has released their keys.
    fn forget_collected(&mut self, record: &mut TableRecord, table: c_int) {
        let top = self.stack.top();
        let mut is_weak = false;
        if self.stack.metatable(table) {
            self.stack.push_string(b"__mode");
            self.stack.raw_get(top + 1);
            is_weak = !self.stack.is_nil(-1);
        }
        self.stack.set_top(top);
        let comparison = record.comparison;
        let mut is_lost = |encoded: &[u8]| {
            let Ok(Token::Reference(_, id)) = Decoder::new(encoded).token() else {
                return false;
            };
            let part = match id.side() {
                Side::Host => Part::Originals,
                Side::Sandbox if is_weak => Part::Replicas,
                Side::Sandbox => return false,
            };
            self.view.push_by_id(self.stack, part, id);
            let lost = self.stack.is_nil(-1);
            self.stack.pop(1);
            lost
        };
        record.shadow.retain(|key, entry| {
            entry.seen == comparison || !(is_lost(key) || is_weak && is_lost(&entry.value))
        });
    }

    /// Writes the key at an index.
    fn key(&mut self, index: c_int, out: &mut Encoder) -> Result<(), HostError> {
        match self.stack.kind(index) {
            // As a key a 64-bit integer is an object, unlike all others of the same value.
            Type::Cdata => self.stays(index, Reference::Userdata, out),
            _ => self.value(index, out),
        }
    }
}

impl TableRecord {
    /// Notes what an entry is now, and returns whether that is new.
    fn note(&mut self, key: &[u8], value: &[u8]) -> bool {
        let seen = self.comparison;
        if let Some(entry) = self.shadow.get_mut(key) {
            entry.seen = seen;
            if *entry.value == *value {
                return false;
            }
            entry.value = value.into();
        } else {
            let value = value.into();
            self.shadow.insert(key.into(), EntryRecord { value, seen });
        }
        true
    }
}

impl Instantiate<'_, '_> {
    /// Applies entries that the sandbox has written to a table.
    pub(crate) fn fill_table(
        &mut self,
        id: Id,
        pairs: u32,
        mut values: Decoder<'_>,
    ) -> Result<(), HostError> {
        let top = self.stack.top();
        self.object(id)?;
        self.host.tell_of_table(self.session, self.stack, top + 1);
        for _ in 0..pairs {
            let key_start = values.offset();
            self.key(&mut values)?;
            let value_start = values.offset();
            let key = values.slice(key_start, value_start);
            let keeps = self.has_own_entry(top + 1, id, key)?;
            self.value(&mut values)?;
            let deleted = self.stack.is_nil(-1);
            if keeps {
                self.stack.pop(2);
            } else {
                self.stack.raw_set(top + 1);
            }
            let value = values.slice(value_start, values.offset());
            self.session.watch(key, value);
            if let Some(record) = self.shared.tables.get_mut(&id) {
                if deleted {
                    record.shadow.remove(key);
                } else {
                    let entry = EntryRecord {
                        value: value.into(),
                        seen: record.comparison,
                    };
                    record.shadow.insert(key.into(), entry);
                }
            }
        }
        self.stack.set_top(top);
        Ok(())
    }

    /// Sets a table's metatable as the sandbox has.
    pub(crate) fn fill_metatable(
        &mut self,
        id: Id,
        mut value: Decoder<'_>,
    ) -> Result<(), HostError> {
        let start = value.offset();
        let top = self.stack.top();
        self.object(id)?;
        let is_nil = value.clone().token()? == Token::Nil;
        self.value(&mut value)?;
        if !matches!(self.stack.kind(-1), Type::Nil | Type::Table) {
            return Err(self.unknown(id));
        }
        self.host.tell_of_table(self.session, self.stack, top + 1);
        if !self.has_own_metatable(top + 1, id)? {
            self.stack.set_metatable(top + 1);
        }
        self.stack.set_top(top);
        if let Some(record) = self.shared.tables.get_mut(&id) {
            record.metatable.clear();
            if !is_nil {
                let bytes = value.slice(start, value.offset());
                record.metatable.extend_from_slice(bytes);
            }
        }
        Ok(())
    }

    /// Fills tables that were made again after having been lost, from their shadows.
    pub(crate) fn refill(&mut self) -> Result<(), HostError> {
        while let Some(id) = self.refill.pop() {
            let Some(record) = self.shared.tables.get(&id) else {
                continue;
            };
            let metatable = record.metatable.clone();
            let entries: Vec<_> = record
                .shadow
                .iter()
                .map(|(key, entry)| (key.clone(), entry.value.clone()))
                .collect();
            let top = self.stack.top();
            self.object(id)?;
            for (key, value) in entries {
                self.key(&mut Decoder::new(&key))?;
                self.value(&mut Decoder::new(&value))?;
                self.stack.raw_set(top + 1);
            }
            if !metatable.is_empty() {
                self.value(&mut Decoder::new(&metatable))?;
                self.stack.set_metatable(top + 1);
            }
            self.stack.set_top(top);
        }
        Ok(())
    }
}
