//! How the collector sees tables: large ones in chunks, the weak sides of weak ones not at all until what is
//! left of them is cleared.

use std::cell::RefCell;

use gc_arena::collect::Trace;
use gc_arena::{Collect, Finalization, Gc, Mutation};

use super::{MODE_UNKNOWN, Table};
use crate::heap::{self, Heap};
use crate::value::{Type, Value};

const WEAK_KEYS: u8 = 1;
const WEAK_VALUES: u8 = 2;

thread_local! {
    /// Weak tables that the running collection has traced, to be cleared when marking is done.
    static TRACED_WEAK: RefCell<Vec<WeakTable>> = const { RefCell::new(Vec::new()) };
}

/// A weak table that was traced, without its lifetime.
pub(crate) type WeakTable = *const Table<'static>;

/// Exchanges the weak tables traced on this OS thread with a VM's list of those that its collector has.
pub(crate) fn swap_weak_list(list: &mut Vec<WeakTable>) {
    TRACED_WEAK.with(|t| std::mem::swap(&mut *t.borrow_mut(), list));
    heap::forget_dropped();
}

/// Slots of an array that the collector traces in one go; more of them would be felt as a pause.
pub(super) const CHUNK: u32 = 8192;

/// The same for the nodes of a hash part.
pub(super) const NODE_CHUNK: u32 = 4096;

/// A part of a large array or hash, so that the collector can trace that in steps.
///
/// It has a colour of its own: what is stored in a table with chunks is marked at once (see
/// `Table::barrier`), because the colour of the table does not say which parts have been traced.
pub(super) struct Chunk<'gc> {
    table: *const Table<'gc>,
    start: u32,
    is_of_nodes: bool,
}

impl<'gc> Chunk<'gc> {
    pub(super) fn new(
        mc: &Mutation<'gc>,
        heap: &Heap,
        table: *const Table<'gc>,
        start: u32,
        is_of_nodes: bool,
    ) -> Gc<'gc, Chunk<'gc>> {
        heap.charge(heap::OBJECT_HEADER + size_of::<Self>());
        let chunk = Chunk {
            table,
            start,
            is_of_nodes,
        };
        Gc::new(mc, chunk)
    }
}

// SAFETY: only its table refers to a chunk, so that is alive, and the range is checked against its size.
unsafe impl<'gc> Collect<'gc> for Chunk<'gc> {
    fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        // SAFETY: as above.
        let table = unsafe { &*self.table };
        // Asked here again: the mode may have changed since the table itself was traced.
        let mode = table.note_traced();
        if self.is_of_nodes {
            table.trace_nodes(cc, mode, self.start, self.start + NODE_CHUNK);
        } else {
            table.trace_slots(cc, mode, self.start, self.start + CHUNK);
        }
    }
}

impl Drop for Chunk<'_> {
    fn drop(&mut self) {
        heap::dropped(heap::OBJECT_HEADER + size_of::<Self>());
    }
}

/// What traces a large table: one object for every `CHUNK` slots or `NODE_CHUNK` nodes of a part that is
/// large, none for one that is not.
#[derive(Default)]
pub(super) struct Chunks<'gc> {
    pub(super) array: Vec<Gc<'gc, Chunk<'gc>>>,
    pub(super) nodes: Vec<Gc<'gc, Chunk<'gc>>>,
}

/// Returns the number of chunks of an array part.
pub(super) fn chunk_count(array_len: u32) -> usize {
    if array_len > 2 * CHUNK {
        array_len.div_ceil(CHUNK) as usize
    } else {
        0
    }
}

/// Returns the number of chunks of a hash part.
pub(super) fn node_chunk_count(node_count: u32) -> usize {
    if node_count > 2 * NODE_CHUNK {
        (node_count / NODE_CHUNK) as usize
    } else {
        0
    }
}

/// Returns whether a key or value of a table with a mode is traced; strings are values, and never removed.
fn is_strong(mode: u8, side: u8, value: Value<'_>) -> bool {
    mode & side == 0 || value.type_of() == Type::String
}

impl<'gc> Table<'gc> {
    /// Returns the `WEAK_*` bits of a metatable; for `trace`, which cannot look `__mode` up by name.
    fn weak_mode(&self) -> u8 {
        if self.mode.get() == MODE_UNKNOWN {
            self.note_mode();
        }
        self.mode.get()
    }

    #[cold]
    fn note_mode(&self) {
        let mut mode = 0;
        self.for_each(|key, value| {
            if key.as_string().is_some_and(|s| s.as_bytes() == b"__mode")
                && let Some(text) = value.as_string()
            {
                if text.as_bytes().contains(&b'k') {
                    mode |= WEAK_KEYS;
                }
                if text.as_bytes().contains(&b'v') {
                    mode |= WEAK_VALUES;
                }
            }
        });
        self.mode.set(mode);
    }

    /// Removes the dead entries of every weak table that the finished marking has traced.
    pub(crate) fn clear_weak(fc: &Finalization<'gc>) {
        let mut tables = TRACED_WEAK.with(|t| std::mem::take(&mut *t.borrow_mut()));
        // One that was written to has been traced more than once.
        tables.sort_unstable();
        tables.dedup();
        for table in tables {
            // SAFETY: the table was traced in this cycle, of the arena that is being collected, hence alive.
            let table: &Table<'gc> = unsafe { &*table.cast() };
            table.clear_dead(fc);
        }
    }

    fn clear_dead(&self, fc: &Finalization<'gc>) {
        let is_dead = |value: Value<'gc>| value.is_collectable() && Gc::is_dead(fc, value.erased());
        // An object whose finalizer runs leaves weak values, but is still found as a weak key, as in LuaJIT.
        let has_weak_values = self
            .metatable
            .get()
            .is_some_and(|metatable| metatable.weak_mode() & WEAK_VALUES != 0);
        let is_finalized = |value: Value<'gc>| {
            has_weak_values && value.as_userdata().is_some_and(|u| u.is_finalized.get())
        };
        for index in 0..self.array_len.get() {
            let slot = self.array_slot(index).expect("in range");
            if is_dead(slot.get()) || is_finalized(slot.get()) {
                self.put(index, slot, Value::NIL);
            }
        }
        for index in 0..self.node_count() {
            // SAFETY: `node_at` returns nodes of this table.
            let node = unsafe { &mut *self.node_at(index).expect("in range") };
            if !node.value.is_nil()
                && (is_dead(node.key) || is_dead(node.value) || is_finalized(node.value))
            {
                node.value = Value::NIL;
            }
        }
    }

    /// Returns the table's mode, and lists the table if its dead entries will have to be removed.
    fn note_traced(&self) -> u8 {
        let mode = self
            .metatable
            .get()
            .map_or(0, |metatable| metatable.weak_mode());
        if mode != 0 {
            TRACED_WEAK.with(|t| {
                let mut list = t.borrow_mut();
                let table = (&raw const *self).cast();
                // Each chunk of a large table comes by.
                if list.last() != Some(&table) {
                    list.push(table);
                }
            });
        }
        mode
    }

    /// Traces a range of the array part.
    #[inline]
    fn trace_slots<T: Trace<'gc>>(&self, cc: &mut T, mode: u8, start: u32, end: u32) {
        let end = end.min(self.array_len.get());
        heap::pay_for_tracing(end.saturating_sub(start), SLOTS_PER_UNIT);
        if start >= end {
            return;
        }
        // SAFETY: there are `end` slots at least, and nothing changes them while they are traced.
        let slots = unsafe {
            std::slice::from_raw_parts(self.array.get().add(start as usize), (end - start) as usize)
        };
        for value in slots {
            if value.is_collectable() && is_strong(mode, WEAK_VALUES, *value) {
                value.trace(cc);
            }
        }
    }

    /// Traces a range of the hash part.
    #[inline]
    fn trace_nodes<T: Trace<'gc>>(&self, cc: &mut T, mode: u8, start: u32, end: u32) {
        let end = end.min(self.node_count());
        heap::pay_for_tracing(end.saturating_sub(start), NODES_PER_UNIT);
        if start >= end {
            return;
        }
        // SAFETY: as for the slots above.
        let nodes = unsafe {
            std::slice::from_raw_parts(self.nodes.get().add(start as usize), (end - start) as usize)
        };
        for node in nodes {
            if !node.key.is_collectable() && !node.value.is_collectable() {
                continue;
            }
            if !node.value.is_nil() {
                if is_strong(mode, WEAK_KEYS, node.key) {
                    node.key.trace(cc);
                }
                if is_strong(mode, WEAK_VALUES, node.value) {
                    node.value.trace(cc);
                }
            } else if node.key.as_string().is_some() {
                // Were it freed, the address of an equal string would decide whether this node is used again.
                node.key.trace(cc);
            }
        }
    }

    /// Traces a table of which a part is large, and that part by its chunks.
    #[cold]
    fn trace_divided<T: Trace<'gc>>(&self, cc: &mut T) {
        // SAFETY: the chunks are the table's own, and nothing changes them while it is traced.
        let Some(chunks) = (unsafe { self.chunks.get().as_ref() }) else {
            return;
        };
        for chunk in chunks.array.iter().chain(&chunks.nodes) {
            cc.trace_gc(Gc::erase(*chunk));
        }
        let mode = self.note_traced();
        if chunks.array.is_empty() {
            self.trace_slots(cc, mode, 0, self.array_len.get());
        }
        if chunks.nodes.is_empty() {
            self.trace_nodes(cc, mode, 0, self.node_count());
        }
    }
}

/// Slots, and nodes, that cost the collector as much as a small object.
const SLOTS_PER_UNIT: u32 = 8;
const NODES_PER_UNIT: u32 = 4;

// SAFETY: every live key and value and the metatable are traced, except for the weak sides of a weak table,
// which `clear_weak` removes before they are freed. The key of a node with a nil value is never followed
// unless it is a string.
unsafe impl<'gc> Collect<'gc> for Table<'gc> {
    fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        if let Some(metatable) = self.metatable.get() {
            cc.trace_gc(Gc::erase(metatable));
        }
        if self.chunks.get().is_null() {
            let mode = self.note_traced();
            self.trace_slots(cc, mode, 0, self.array_len.get());
            self.trace_nodes(cc, mode, 0, self.node_count());
        } else {
            self.trace_divided(cc);
        }
    }
}
