//! Shared tables: the entries that either side has written since the last sync point.
//!
//! As with variables, each table is compared with its shadow, a map of encoded keys to encoded
//! values; this costs a pass over every shared table. Runs while the host holds the baton.

use bridge_wire::{Decoder, Encoder, Id, Reference, Token};

use crate::capture::Capture;
use crate::error::HostError;
use crate::instantiate::Instantiate;
use crate::session::EntryRecord;
use crate::stack::Type;

impl Capture<'_, '_> {
    /// Writes the entries and the metatable of a table that differ from what the sandbox knows.
    pub(crate) fn changed_table(&mut self, id: Id) -> Result<(), HostError> {
        let Some(record) = self.shared.tables.get_mut(&id) else {
            return Ok(());
        };
        // Out of the map while values are written, which may register further tables.
        let mut record = std::mem::take(record);
        self.stack.reserve(12)?;
        let top = self.stack.top();
        self.push_object(id);
        if self.stack.kind(-1) == Type::Table {
            let table = top + 1;
            record.comparison = record.comparison.wrapping_add(1);
            let mut fills = std::mem::take(&mut self.delta.fills);
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
                match self.stack.kind(table + 1) {
                    // As a key a 64-bit integer is an object, unlike all others of the same value.
                    Type::Cdata => self.stays(table + 1, Reference::Userdata, &mut key)?,
                    _ => self.value(table + 1, &mut key)?,
                }
                self.value(table + 2, &mut value)?;
                self.stack.pop(1);
                seen += 1;
                match record.shadow.get_mut(key.as_bytes()) {
                    Some(entry) => {
                        entry.seen = record.comparison;
                        if *entry.value == *value.as_bytes() {
                            self.unsay(mark);
                            continue;
                        }
                        entry.value = value.as_bytes().into();
                    }
                    None => {
                        let entry = EntryRecord {
                            value: value.as_bytes().into(),
                            seen: record.comparison,
                        };
                        record.shadow.insert(key.as_bytes().into(), entry);
                    }
                }
                changed += 1;
                fills.encoder().append(key.as_bytes());
                fills.encoder().append(value.as_bytes());
            }
            if seen < record.shadow.len() {
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
            value.clear();
            let mark = self.remotes.len();
            if self.stack.metatable(table) {
                self.value(table + 1, &mut value)?;
            }
            if record.metatable != value.as_bytes() {
                if value.is_empty() {
                    fills.metatable(id).nil();
                } else {
                    fills.metatable(id).append(value.as_bytes());
                }
                record.metatable = value.into_bytes();
            } else {
                self.unsay(mark);
            }
            self.delta.fills = fills;
        }
        self.stack.set_top(top);
        self.shared.tables.insert(id, record);
        Ok(())
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
