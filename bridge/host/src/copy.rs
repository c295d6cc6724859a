//! Live values of the host -> bytes, by value: what `vim.*` functions return to a sandbox.
//!
//! Sent without the baton, so nothing here names a function, a table or a cell of the host.

use std::ffi::c_int;

use bridge_wire::{Encoder, MAX_DEPTH, Reference, Side};

use crate::capture::Capture;
use crate::error::HostError;
use crate::session::{Part, Slot};
use crate::stack::Type;

/// At every so many levels a table is compared with those around it.
const CYCLE_CHECK: usize = 10;
/// How many keys of a path an error shows.
const MAX_KEYS: usize = 12;

/// Why a value cannot be copied, with the keys that lead to it, innermost first.
struct Refusal {
    keys: Vec<String>,
    reason: String,
}

impl From<HostError> for Refusal {
    fn from(error: HostError) -> Refusal {
        Refusal {
            keys: Vec::new(),
            reason: error.to_string(),
        }
    }
}

impl Capture<'_, '_> {
    /// Writes a copy of the value at an absolute index; `what` names it in errors.
    pub(crate) fn copy(
        &mut self,
        index: c_int,
        what: &str,
        out: &mut Encoder,
    ) -> Result<(), HostError> {
        self.copy_root = (index, self.stack.top());
        self.copy_value(index, 0, out).map_err(|refusal| {
            let more = refusal.keys.len() > MAX_KEYS;
            let keys: String = refusal.keys.into_iter().rev().take(MAX_KEYS).collect();
            HostError::Copy {
                path: format!("{what}{keys}{}", if more { "…" } else { "" }),
                reason: refusal.reason,
            }
        })
    }

    fn copy_value(&mut self, index: c_int, depth: usize, out: &mut Encoder) -> Result<(), Refusal> {
        match self.stack.kind(index) {
            Type::Nil | Type::None => out.nil(),
            Type::Boolean => out.boolean(self.stack.boolean(index)),
            Type::Number => out.number(self.stack.number(index)),
            Type::String => out.string(self.stack.string(index).unwrap_or_default()),
            Type::Table => self.copy_table(index, depth, out)?,
            Type::Function => {
                let id = self.view.id_of(self.stack, Part::Ids, index);
                match id.filter(|id| id.side() == Side::Sandbox) {
                    Some(id) => out.reference(self.function_kind(id), id),
                    None => self.stays_unshared(index, out)?,
                }
            }
            Type::Cdata if self.integer(index, out)? => {}
            // What does not come by reference answers by copies.
            Type::Userdata => self.stays(index, Reference::Remote, out)?,
            _ => self.stays(index, Reference::Userdata, out)?,
        }
        Ok(())
    }

    /// Writes a function or an object with behaviour: by its name, or as a remote.
    fn stays_unshared(&mut self, index: c_int, out: &mut Encoder) -> Result<(), HostError> {
        let known = self.view.id_of(self.stack, Part::Remotes, index).is_some();
        if !known && self.by_name(index, out) {
            return Ok(());
        }
        let kind = match self.stack.kind(index) {
            Type::Function => Reference::RemoteFunction,
            _ => Reference::Remote,
        };
        self.remote(index, kind, out)
    }

    fn copy_table(&mut self, index: c_int, depth: usize, out: &mut Encoder) -> Result<(), Refusal> {
        self.stack.reserve(10)?;
        if depth % CYCLE_CHECK == CYCLE_CHECK - 1 && self.is_within_itself(index) {
            return Err(Refusal {
                keys: Vec::new(),
                reason: "the table contains itself".into(),
            });
        }
        if depth >= MAX_DEPTH {
            return Err(Refusal {
                keys: Vec::new(),
                reason: format!("it nests more than {MAX_DEPTH} tables"),
            });
        }
        let mut empty_dict = false;
        if self.stack.metatable(index) {
            self.view.push_slot(self.stack, Slot::EmptyDict);
            empty_dict = self.stack.raw_equal(-1, -2);
            self.stack.pop(2);
            if !empty_dict {
                // A copy would lose what the metatable gives: an object, which stays here.
                return Ok(self.stays_unshared(index, out)?);
            }
        }
        let start = out.len();
        let len = self.stack.raw_len(index);
        if len > 0 && !empty_dict {
            out.array_len(len);
            if self.copy_array(index, len, depth, out)? {
                return Ok(());
            }
            out.truncate(start);
        }
        let top = self.stack.top();
        let map = out.begin_map();
        let mut entries = 0;
        self.stack.push_nil();
        while self.next(index) {
            entries += 1;
            self.copy_value(top + 1, depth + 1, out)
                .map_err(|refusal| self.below("[a key]", refusal))?;
            if let Err(refusal) = self.copy_value(top + 2, depth + 1, out) {
                let key = self.describe_key(top + 1);
                return Err(self.below(&key, refusal));
            }
            self.stack.pop(1);
        }
        if entries == 0 && !empty_dict {
            out.truncate(start);
            out.array_len(0);
        } else {
            out.end_map(map, entries);
        }
        Ok(())
    }

    /// Writes the elements of a table if its keys are 1 to `len` and no other.
    fn copy_array(
        &mut self,
        index: c_int,
        len: usize,
        depth: usize,
        out: &mut Encoder,
    ) -> Result<bool, Refusal> {
        let top = self.stack.top();
        let mut n = 0;
        self.stack.push_nil();
        while self.next(index) {
            n += 1;
            let in_order =
                self.stack.kind(top + 1) == Type::Number && self.stack.number(top + 1) == n as f64;
            if n > len || !in_order {
                self.stack.set_top(top);
                return Ok(false);
            }
            if let Err(refusal) = self.copy_value(top + 2, depth + 1, out) {
                return Err(self.below(&format!("[{n}]"), refusal));
            }
            self.stack.pop(1);
        }
        Ok(n == len)
    }

    fn below(&self, key: &str, mut refusal: Refusal) -> Refusal {
        refusal.keys.push(key.to_string());
        refusal
    }

    fn describe_key(&self, index: c_int) -> String {
        match self.stack.string(index) {
            Some(key) => format!(".{}", String::from_utf8_lossy(key)),
            None if self.stack.kind(index) == Type::Number => {
                format!("[{}]", self.stack.number(index))
            }
            None => format!("[a {}]", self.stack.type_name(index)),
        }
    }

    /// Returns whether a table is one of those on the way to it, which are still on the stack.
    fn is_within_itself(&self, index: c_int) -> bool {
        let (root, base) = self.copy_root;
        let table = self.stack.pointer(index);
        let holds = |at: c_int| {
            at != index && self.stack.kind(at) == Type::Table && self.stack.pointer(at) == table
        };
        holds(root) || (base + 1..=self.stack.top()).any(holds)
    }
}
