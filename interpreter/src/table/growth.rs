//! How tables grow: both parts by a count of all keys.

use std::alloc::{alloc, dealloc, realloc};

use gc_arena::{Gc, Mutation};

use super::trace::{CHUNK, Chunk, Chunks, NODE_CHUNK, chunk_count, node_chunk_count};
use super::{
    MAX_NODES, MAX_SLOTS, Node, Table, TableError, array_index, array_layout, empty_nodes, hash_of,
    identity, marks, node_layout,
};
use crate::heap::Heap;
use crate::value::Value;

impl<'gc> Table<'gc> {
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
            self.divide_array(mc, heap);
        }
    }

    /// Moves the upper end of the array part, which must be small, to the hash part.
    fn shrink_array(&self, mc: &Mutation<'gc>, heap: &Heap, len: u32) {
        let old_len = self.array_len.get();
        debug_assert!(len < old_len && chunk_count(old_len) == 0);
        for index in len..old_len {
            let value = self.array_slot(index).expect("in range").get();
            if !value.is_nil() {
                let place = self
                    .new_node(mc, Value::arithmetic(f64::from(index)))
                    .expect("the new part has room for all");
                // SAFETY: `new_node` returns a node of this table.
                unsafe { (*place).value = value };
            }
        }
        // SAFETY: the array was allocated with the layout of `old_len` slots, and the first `len` are kept; a
        // layout of no slots is freed instead.
        unsafe {
            let array = self.array.get();
            if len == 0 {
                dealloc(array.cast(), array_layout(old_len));
                self.array.set(std::ptr::null_mut());
            } else {
                let layout = array_layout(len);
                let array = realloc(array.cast(), array_layout(old_len), layout.size());
                if array.is_null() {
                    std::alloc::handle_alloc_error(layout);
                }
                self.array.set(array.cast());
            }
        }
        heap.release(array_layout(old_len).size() - array_layout(len).size());
        self.array_len.set(len);
        self.find_border();
    }

    /// Makes the chunks of an array part that has become large, or larger.
    #[cold]
    fn divide_array(&self, mc: &Mutation<'gc>, heap: &Heap) {
        let count = chunk_count(self.array_len.get());
        let table: *const Self = self;
        self.with_chunks(|chunks| {
            for index in chunks.array.len()..count {
                chunks
                    .array
                    .push(Chunk::new(mc, heap, table, index as u32 * CHUNK, false));
            }
        });
        // The new chunks are white, whatever has been traced of the table.
        mc.backward_barrier(Gc::erase(self.as_gc()), None);
    }

    /// Replaces the chunks of the hash part by those of a new one.
    ///
    /// All are new, because the entries have moved between them.
    pub(super) fn divide_nodes(&self, mc: &Mutation<'gc>, heap: &Heap) {
        let count = node_chunk_count(self.node_count());
        if count == 0 && self.marks.get() & marks::DIVIDED == 0 {
            return;
        }
        let table: *const Self = self;
        self.with_chunks(|chunks| {
            chunks.nodes = (0..count as u32)
                .map(|index| Chunk::new(mc, heap, table, index * NODE_CHUNK, true))
                .collect();
        });
        let others = self.marks.get() & !marks::DIVIDED;
        self.marks.set(if count > 0 {
            others | marks::DIVIDED
        } else {
            others
        });
        mc.backward_barrier(Gc::erase(self.as_gc()), None);
    }

    fn with_chunks(&self, change: impl FnOnce(&mut Chunks<'gc>)) {
        if self.chunks.get().is_null() {
            self.chunks.set(Box::into_raw(Box::default()));
        }
        // SAFETY: the chunks are the table's own, and there is no other reference to them.
        change(unsafe { &mut *self.chunks.get() });
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
                nodes.add(index).write(Node::EMPTY);
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
        if key.is_collectable() {
            self.barrier(mc, key);
            if let Some(serial) = identity(key) {
                heap.serial(serial);
            }
        }
        loop {
            if self.has_nodes()
                && let Some(node) = self.new_node(mc, key)
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
            if let Some(index) = array_index(key)
                && let Some(slot) = self.array_slot(index)
            {
                self.put(index, slot, value);
                return Ok(());
            }
        }
    }

    /// Finds a place for a new key in the hash part and stores the key there.
    fn new_node(&self, mc: &Mutation<'gc>, key: Value<'gc>) -> Option<*mut Node<'gc>> {
        let nodes = self.nodes.get();
        let mask = self.mask.get();
        let serial = if key.is_number() || key.as_string().is_some() {
            0
        } else {
            identity(key).map_or(0, |serial| serial.get())
        };
        // SAFETY: all node pointers stay within the `mask + 1` nodes: main positions are masked, `last_free`
        // never exceeds their number, and chains link nodes of this part.
        unsafe {
            let main = nodes.add((hash_of(key) & mask) as usize);
            if (*main).value.is_nil() {
                // Free, or dead: it may stay in the chain that it is in, for a look-up of the new key starts
                // right here.
                (*main).key = key;
                (*main).serial = serial;
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
                Node::link(spare, Node::following(main));
                Node::link(main, Some(spare));
                (*spare).key = key;
                (*spare).serial = serial;
                Some(spare)
            } else {
                // The colliding node is a guest: move it and take its place. A dead node may have been
                // reused in place, so the guest need not be in its owner's chain; then it starts its own
                // look-ups at a position where no chain leads to it, and must not be relinked.
                let mut previous = owner;
                while let Some(next) = Node::following(previous)
                    && next != main
                {
                    previous = next;
                }
                debug_assert!((*previous).next != 0, "a guest is in its owner's chain");
                Node::link(previous, Some(spare));
                *spare = *main;
                Node::link(spare, Node::following(main));
                if self.marks.get() & marks::DIVIDED != 0 {
                    // It may have left a chunk that is still to be traced.
                    self.barrier(mc, (*spare).key);
                    self.barrier(mc, (*spare).value);
                }
                (*main).next = 0;
                (*main).key = key;
                (*main).serial = serial;
                (*main).value = Value::NIL;
                Some(main)
            }
        }
    }

    /// Chooses new sizes for both parts such that more than half of the array is in use, and moves everything
    /// there: as LuaJIT does (`rehashtab`), because the sizes decide the order of `pairs` and what `#` finds
    /// where there are holes.
    #[cold]
    pub(super) fn rehash(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        extra: Value<'gc>,
    ) -> Result<(), TableError> {
        // counts[b] is the number of whole keys k with 2^b < k <= 2^(b+1); 0 and 1 are with 2.
        let mut counts = [0u32; 28];
        let old_len = self.array_len.get();
        let old_used = self.count_array(&mut counts);
        let mut whole = old_used;
        let mut total = 1 + old_used;
        let mut count = |key: Value<'gc>| {
            if let Some(index) = array_index(key)
                && index <= MAX_SLOTS
            {
                counts[index.max(2).wrapping_sub(1).ilog2() as usize] += 1;
                whole += 1;
            }
        };
        count(extra);
        for index in 0..self.node_count() {
            // SAFETY: `node_at` returns nodes of this table.
            let node = unsafe { &*self.node_at(index).expect("in range") };
            if !node.value.is_nil() {
                count(node.key);
                total += 1;
            }
        }
        let (mut seen, mut in_array, mut array_len) = (0, 0, 0u32);
        for (bits, &bucket) in counts.iter().enumerate() {
            if 2 * whole <= 1 << bits || seen == whole {
                break;
            }
            seen += bucket;
            if bucket > 0 && 2 * seen > 1 << bits {
                array_len = (2 << bits) + 1;
                in_array = seen;
            }
        }
        if array_len < old_len && chunk_count(old_len) > 0 {
            // The collector may be looking at the chunks of a large one: that is never made smaller.
            array_len = old_len;
            let extra_fits = array_index(extra).is_some_and(|index| index < old_len);
            in_array = old_used + u32::from(extra_fits);
        }
        let wanted = total - in_array;
        if wanted > MAX_NODES || array_len > MAX_SLOTS {
            return Err(TableError::Overflow);
        }
        let nodes = match wanted {
            0 => 0,
            _ => wanted.next_power_of_two().max(2),
        };
        self.resize(mc, heap, array_len, nodes)
    }

    /// Counts the keys of the array part into the buckets of `rehash`; returns how many there are.
    fn count_array(&self, counts: &mut [u32; 28]) -> u32 {
        let len = self.array_len.get() as usize;
        if len == 0 {
            return 0;
        }
        // SAFETY: the array part has `len` initialised slots, and nothing changes them here.
        let slots = unsafe { std::slice::from_raw_parts(self.array.get(), len) };
        let (mut start, mut sum) = (0, 0);
        for (bits, bucket) in counts.iter_mut().enumerate() {
            let end = ((2 << bits) + 1).min(len);
            if start >= end {
                break;
            }
            let used = slots[start..end].iter().filter(|v| !v.is_nil()).count() as u32;
            *bucket += used;
            sum += used;
            start = end;
        }
        sum
    }

    /// Makes the array part at least `len` slots large.
    pub(crate) fn reserve_array(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        len: u32,
    ) -> Result<(), TableError> {
        if len <= self.array_len.get() {
            return Ok(());
        }
        self.resize(mc, heap, len, self.node_count())
    }

    /// Makes room for `count` items from the index `first` on, which a constructor is about to store: as many slots
    /// as LuaJIT has then (`TSETM`), since the length of what has holes depends on them.
    pub(crate) fn reserve_items(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        first: u32,
        count: u32,
    ) -> Result<(), TableError> {
        // A gap is in damaged bytecode only.
        if count == 0 || first > self.array_len.get().max(1) {
            return Ok(());
        }
        match first.checked_add(count) {
            Some(end) if end > self.array_len.get() => self.reserve_array(mc, heap, end + 1),
            _ => Ok(()),
        }
    }

    fn resize(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        array_len: u32,
        node_count: u32,
    ) -> Result<(), TableError> {
        let room = array_layout(array_len).size() + node_layout(node_count).size();
        if !heap.has_room(room) {
            return Err(TableError::NoMemory(room));
        }
        let (old_nodes, old_count) = (self.nodes.get(), self.node_count());
        let old_array = self.array_len.get();
        if array_len > old_array {
            self.resize_array(mc, heap, array_len);
        }
        if node_count > 0 {
            self.allocate_nodes(heap, node_count);
        } else {
            self.nodes.set(empty_nodes());
            self.mask.set(0);
            self.last_free.set(0);
        }
        if array_len < old_array {
            self.shrink_array(mc, heap, array_len);
        }
        for index in 0..old_count as usize {
            // SAFETY: the old part had `old_count` nodes; it is freed below, with the layout it was made with.
            let node = unsafe { *old_nodes.add(index) };
            if node.value.is_nil() {
                continue;
            }
            let index = array_index(node.key);
            if !index.is_some_and(|index| self.rehash_to_slot(mc, index, node.value)) {
                let place = self
                    .new_node(mc, node.key)
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
        self.divide_nodes(mc, heap);
        if !self.knows_border() {
            self.find_border();
        }
        Ok(())
    }
}
