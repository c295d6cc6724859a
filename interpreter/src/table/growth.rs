//! How tables grow: the array part by doubling, the hash part by a count of all keys.

use std::alloc::{alloc, dealloc, realloc};

use gc_arena::{Gc, Mutation};

use super::{
    CHUNK, Chunk, MAX_SLOTS, Node, Table, TableError, array_index, array_layout, chunk_count,
    hash_of, node_layout, write_barrier,
};
use crate::heap::{self, Heap};
use crate::value::Value;

impl<'gc> Table<'gc> {
    /// Returns whether at least half of the array part is in use.
    pub(super) fn is_dense(&self) -> bool {
        let len = self.array_len.get();
        let used = |index: &u32| {
            self.array_slot(*index)
                .is_some_and(|slot| !slot.get().is_nil())
        };
        len <= 4 || used(&(len - 1)) && (1..len).filter(used).count() >= len as usize / 2
    }

    /// Moves values of whole-number keys from `start` to `end` out of the hash part.
    pub(super) fn take_from_hash(&self, mc: &Mutation<'gc>, start: u32, end: u32) {
        let move_one = |node: *mut Node<'gc>| {
            // SAFETY: `node` is one of this table's nodes.
            unsafe {
                if !(*node).value.is_nil()
                    && let Some(index) = array_index((*node).key)
                    && (start..end).contains(&index)
                {
                    self.move_to_slot(mc, index, (*node).value);
                    (*node).value = Value::NIL;
                }
            }
        };
        if self.node_count() > end - start {
            for index in start..end {
                if let Some(node) = self.find(Value::arithmetic(f64::from(index))) {
                    move_one(node);
                }
            }
        } else {
            for index in 0..self.node_count() {
                move_one(self.node_at(index).expect("in range"));
            }
        }
    }

    /// Reallocates the array part to `len` slots, which must not be fewer than before.
    pub(super) fn resize_array(&self, mc: &Mutation<'gc>, heap: &Heap, len: u32) {
        let old_len = self.array_len.get();
        debug_assert!(len > old_len);
        let layout = array_layout(len);
        // SAFETY: the old pointer, when there is one, was allocated with the layout of `old_len` slots; the
        // layout is not empty; the new slots are initialised before they become visible.
        unsafe {
            let array = if old_len == 0 {
                alloc(layout)
            } else {
                realloc(
                    self.array.get().cast(),
                    array_layout(old_len),
                    layout.size(),
                )
            }
            .cast::<Value<'gc>>();
            if array.is_null() {
                std::alloc::handle_alloc_error(layout);
            }
            for index in old_len..len {
                array.add(index as usize).write(Value::NIL);
            }
            self.array.set(array);
        }
        heap.charge(layout.size());
        heap.release(array_layout(old_len).size());
        self.array_len.set(len);
        if chunk_count(len) > chunk_count(old_len) {
            self.divide_array(mc, heap, chunk_count(old_len));
        }
    }

    /// Makes the chunks of an array part that has become large, or larger.
    #[cold]
    pub(super) fn divide_array(&self, mc: &Mutation<'gc>, heap: &Heap, old_count: usize) {
        let count = chunk_count(self.array_len.get());
        let mut chunks = self.take_chunks(old_count).into_vec();
        for index in old_count..count {
            heap.charge(heap::OBJECT_HEADER + size_of::<Chunk<'gc>>());
            chunks.push(Gc::new(
                mc,
                Chunk {
                    table: self,
                    start: index as u32 * CHUNK,
                },
            ));
        }
        // The new chunks are white, whatever has been traced of the table.
        mc.backward_barrier(Gc::erase(self.as_gc()), None);
        self.chunks
            .set(Box::into_raw(chunks.into_boxed_slice()).cast());
    }

    /// Takes the list of chunks, of which there are `count`, out of the table.
    pub(super) fn take_chunks(&self, count: usize) -> Box<[Gc<'gc, Chunk<'gc>>]> {
        let chunks = self.chunks.replace(std::ptr::null_mut());
        if chunks.is_null() {
            return Box::default();
        }
        // SAFETY: made by `divide_array` of a boxed slice of as many as belong to the array's size.
        unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(chunks, count)) }
    }

    /// Gives the table an empty hash part; the old one must be saved by the caller.
    pub(super) fn allocate_nodes(&self, heap: &Heap, count: u32) {
        debug_assert!(count.is_power_of_two());
        let layout = node_layout(count);
        heap.charge(layout.size());
        // SAFETY: the layout is not empty, and all nodes are initialised.
        unsafe {
            let nodes = alloc(layout).cast::<Node<'gc>>();
            if nodes.is_null() {
                std::alloc::handle_alloc_error(layout);
            }
            for index in 0..count as usize {
                nodes.add(index).write(Node {
                    key: Value::NIL,
                    value: Value::NIL,
                    next: 0,
                });
            }
            self.nodes.set(nodes);
        }
        self.mask.set(count - 1);
        self.last_free.set(count);
    }

    /// Adds a key that is not in the table.
    #[inline(never)]
    pub(super) fn insert(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        key: Value<'gc>,
        value: Value<'gc>,
    ) -> Result<(), TableError> {
        write_barrier(mc, self.as_gc(), key);
        loop {
            if self.has_nodes()
                && let Some(node) = self.new_node(key)
            {
                // SAFETY: `new_node` returns a node of this table.
                unsafe { (*node).value = value };
                if key.as_string().is_some() {
                    self.forget_metamethods();
                }
                return Ok(());
            }
            self.rehash(mc, heap, key)?;
            // The new sizes may have made room for the key in the array part.
            if let Some(slot) = array_index(key).and_then(|index| self.array_slot(index)) {
                slot.set(value);
                return Ok(());
            }
        }
    }

    /// Finds a place for a new key in the hash part and stores the key there.
    pub(super) fn new_node(&self, key: Value<'gc>) -> Option<*mut Node<'gc>> {
        let nodes = self.nodes.get();
        let mask = self.mask.get();
        // SAFETY: all node pointers stay within the `mask + 1` nodes: main positions are masked, `last_free`
        // never exceeds their number, and chains link nodes of this part.
        unsafe {
            let main = nodes.add((hash_of(key) & mask) as usize);
            if (*main).value.is_nil() {
                // Free, or dead: it may stay in the chain that it is in, for a look-up of the new key starts
                // right here.
                (*main).key = key;
                return Some(main);
            }
            let mut free = self.last_free.get();
            let spare = loop {
                if free == 0 {
                    self.last_free.set(0);
                    return None;
                }
                free -= 1;
                let candidate = nodes.add(free as usize);
                if (*candidate).key.is_nil() && (*candidate).value.is_nil() {
                    break candidate;
                }
            };
            self.last_free.set(free);
            let owner = nodes.add((hash_of((*main).key) & mask) as usize);
            if owner == main {
                // The colliding node is where it belongs: chain the new key behind it.
                (*spare).next = if (*main).next == 0 {
                    0
                } else {
                    main.offset((*main).next as isize).offset_from(spare) as i32
                };
                (*main).next = spare.offset_from(main) as i32;
                (*spare).key = key;
                Some(spare)
            } else {
                // The colliding node is a guest: move it and take its place. A dead node may have been
                // reused in place, so the guest need not be in its owner's chain; then it starts its own
                // look-ups at a position where no chain leads to it, and must not be relinked.
                let mut previous = owner;
                while (*previous).next != 0 && previous.offset((*previous).next as isize) != main {
                    previous = previous.offset((*previous).next as isize);
                }
                debug_assert!((*previous).next != 0, "a guest is in its owner's chain");
                (*previous).next = spare.offset_from(previous) as i32;
                *spare = *main;
                if (*main).next != 0 {
                    (*spare).next = main.offset((*main).next as isize).offset_from(spare) as i32;
                    (*main).next = 0;
                }
                (*main).key = key;
                (*main).value = Value::NIL;
                Some(main)
            }
        }
    }

    /// Chooses new sizes for both parts such that more than half of the array is in use, and moves
    /// everything there (Lua 5.1's `rehash`).
    #[cold]
    pub(super) fn rehash(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        extra: Value<'gc>,
    ) -> Result<(), TableError> {
        // counts[b] is the number of whole keys k with 2^(b-1) < k <= 2^b.
        let mut counts = [0u32; 32];
        let mut whole = 0u32;
        let mut total = 1u32;
        let mut count = |key: Value<'gc>| {
            if let Some(index) = array_index(key)
                && (1..=MAX_SLOTS).contains(&index)
            {
                counts[(u32::BITS - (index - 1).leading_zeros()) as usize] += 1;
                whole += 1;
            }
        };
        count(extra);
        for index in 1..self.array_len.get() {
            if !self.array_slot(index).expect("in range").get().is_nil() {
                count(Value::arithmetic(f64::from(index)));
                total += 1;
            }
        }
        if let Some(zero) = self.array_slot(0)
            && !zero.get().is_nil()
        {
            total += 1;
        }
        for index in 0..self.node_count() {
            // SAFETY: `node_at` returns nodes of this table.
            let node = unsafe { &*self.node_at(index).expect("in range") };
            if !node.value.is_nil() {
                count(node.key);
                total += 1;
            }
        }
        let (mut seen, mut in_array, mut best) = (0, 0, 0u32);
        let mut size = 1u32;
        for bucket in counts.iter().take(28) {
            seen += bucket;
            if seen > size / 2 {
                best = size;
                in_array = seen;
            }
            if seen == whole {
                break;
            }
            size *= 2;
        }
        // Slot 0 comes on top; an array that exists is never made smaller.
        let array_len = if best == 0 { 0 } else { best + 1 }.max(self.array_len.get());
        if array_len > best + 1 {
            in_array = 0;
            for index in 1..array_len {
                if let Some(slot) = self.array_slot(index)
                    && !slot.get().is_nil()
                {
                    in_array += 1;
                }
            }
        }
        let wanted = (total - in_array).max(1);
        if wanted > MAX_SLOTS || array_len > MAX_SLOTS {
            return Err(TableError::Overflow);
        }
        self.resize(mc, heap, array_len, wanted.next_power_of_two())
    }

    pub(super) fn resize(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        array_len: u32,
        node_count: u32,
    ) -> Result<(), TableError> {
        let room = array_layout(array_len).size() + node_layout(node_count).size();
        if !heap.has_room(room) {
            return Err(TableError::NoMemory);
        }
        let (old_nodes, old_count) = (self.nodes.get(), self.node_count());
        let old_array = self.array_len.get();
        if array_len > old_array {
            self.resize_array(mc, heap, array_len);
        }
        self.allocate_nodes(heap, node_count);
        for index in (0..old_count as usize).rev() {
            // SAFETY: the old part had `old_count` nodes; it is freed below, with the layout it was made with.
            let node = unsafe { *old_nodes.add(index) };
            if node.value.is_nil() {
                continue;
            }
            let index = array_index(node.key);
            if !index.is_some_and(|index| self.move_to_slot(mc, index, node.value)) {
                let place = self
                    .new_node(node.key)
                    .expect("the new part has room for all");
                // SAFETY: `new_node` returns a node of this table.
                unsafe { (*place).value = node.value };
            }
        }
        if old_count > 0 {
            // SAFETY: as above; nothing refers to the old nodes any more.
            unsafe { dealloc(old_nodes.cast(), node_layout(old_count)) };
            heap.release(node_layout(old_count).size());
        }
        Ok(())
    }
}
