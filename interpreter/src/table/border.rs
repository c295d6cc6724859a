//! The length of tables: `n` with `t[n] ~= nil` and `t[n + 1] == nil`.
//!
//! A table with holes has several such borders, and programs come to depend on which one `#` finds. It is the one that
//! LuaJIT finds (`lj_tab_len`), by halving the array part. Most tables are sequences, of which the array part has one
//! border only: that one is remembered, so that `t[#t + 1] = v` searches nothing.

use std::cell::Cell;

use super::Table;
use crate::value::Value;

/// Stands for a border that has to be looked for. It and the next number are no indices.
const UNKNOWN: u32 = u32::MAX - 1;

impl<'gc> Table<'gc> {
    /// Puts a value into the slot of the array part that has this index.
    #[inline(always)]
    pub(crate) fn put(&self, index: u32, slot: &Cell<Value<'gc>>, value: Value<'gc>) {
        let was_nil = slot.replace(value).is_nil();
        if was_nil != value.is_nil() {
            self.move_border(index, was_nil);
        }
    }

    /// Notes that a slot has come to hold a value, or has ceased to.
    #[inline(always)]
    fn move_border(&self, index: u32, is_added: bool) {
        let border = self.border.get();
        if index == 0 {
            return;
        }
        self.border.set(if is_added && index == border + 1 {
            index
        } else if !is_added && index == border {
            index - 1
        } else {
            UNKNOWN
        });
    }

    /// Returns whether the array part is known to have one border only, and which.
    #[inline]
    pub(super) fn knows_border(&self) -> bool {
        self.border.get() != UNKNOWN
    }

    /// Looks whether the array part has one border only.
    pub(super) fn find_border(&self) {
        let holds = |index: &u32| self.array_slot(*index).is_some_and(|s| !s.get().is_nil());
        let len = self.array_len.get();
        let first_nil = (1..len).find(|index| !holds(index)).unwrap_or(len.max(1));
        let is_only = !(first_nil..len).any(|index| holds(&index));
        self.border
            .set(if is_only { first_nil - 1 } else { UNKNOWN });
    }

    /// Returns a border, as the operator `#` does.
    pub fn length(&self) -> u32 {
        let last = self.array_len.get().saturating_sub(1);
        let border = self.border.get();
        if border < last {
            return border;
        }
        if border == UNKNOWN
            && self
                .array_slot(last)
                .is_some_and(|slot| slot.get().is_nil())
        {
            return self.halve(last);
        }
        if !self.has_nodes() {
            return last;
        }
        self.length_with_nodes(last)
    }

    /// Finds a border of the array part, of which the slot `high` is nil.
    fn halve(&self, mut high: u32) -> u32 {
        let mut low = 0;
        while high - low > 1 {
            let middle = (low + high) / 2;
            if self
                .array_slot(middle)
                .is_some_and(|slot| slot.get().is_nil())
            {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    }

    /// Finds a border in the hash part, behind an array part that is full up to `last`.
    fn length_with_nodes(&self, last: u32) -> u32 {
        let present = |index: u32| !self.get_index(index).is_nil();
        let (mut low, mut high) = (last, last + 1);
        while present(high) {
            low = high;
            if high > i32::MAX as u32 / 2 {
                // Built to mislead: search in steps of one (Lua 5.1's `unbound_search`).
                let mut index = 1;
                while present(index) {
                    index += 1;
                }
                return index - 1;
            }
            high *= 2;
        }
        while high - low > 1 {
            let middle = (low + high) / 2;
            if present(middle) {
                low = middle
            } else {
                high = middle
            }
        }
        low
    }
}
