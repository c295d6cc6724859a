//! Tables: an array part for the keys 0…n-1 and a hash part of chained nodes.
//!
//! The layout is LuaJIT's: the array has a slot for key 0, and a collision is resolved by moving the
//! node that is not in its main position (Brent's variation). Keys compare by word, since strings are
//! interned and -0 is stored as 0. A node whose value is nil is dead: its key stays, so that a traversal
//! that cleared it can go on, but is never followed unless it is a string, since the collector may have
//! freed it. Objects are hashed by serial number, so that order does not depend on addresses.

mod border;
mod growth;
mod trace;

use std::alloc::{Layout, dealloc};
use std::cell::Cell;
use std::fmt;

use gc_arena::{Gc, Mutation};

use crate::heap::{self, Heap};
use crate::mirror::{self, Written};
use crate::string::LuaString;
use crate::value::{Type, Value};

use self::trace::Chunks;
pub(crate) use self::trace::{WeakTable, swap_weak_list};

/// Most slots of an array part; LuaJIT's limit is the same.
const MAX_SLOTS: u32 = 1 << 27;

/// Most nodes of a hash part, LuaJIT's limit: their distances in bytes fit an `i32`.
const MAX_NODES: u32 = 1 << 26;

/// One entry of the hash part.
#[derive(Copy, Clone)]
#[repr(C)]
pub(crate) struct Node<'gc> {
    pub(crate) key: Value<'gc>,
    pub(crate) value: Value<'gc>,
    /// Distance in bytes to the next node of the chain, 0 at its end.
    next: i32,
    /// The serial number of a key that is an object, else 0. A dead node's key may have been freed, and its
    /// address be that of another object now.
    serial: u32,
}

impl<'gc> Node<'gc> {
    const EMPTY: Self = Node {
        key: Value::NIL,
        value: Value::NIL,
        next: 0,
        serial: 0,
    };

    /// Returns the node behind this one in its chain, `None` at the end.
    ///
    /// # Safety
    ///
    /// `node` must be one of a hash part that is still there.
    #[inline(always)]
    unsafe fn following(node: *mut Self) -> Option<*mut Self> {
        // SAFETY: by contract; a chain links nodes of one part.
        unsafe {
            match (*node).next {
                0 => None,
                distance => Some(node.byte_offset(distance as isize)),
            }
        }
    }

    /// Makes `next` the node behind `node`.
    ///
    /// # Safety
    ///
    /// Both must be nodes of one hash part.
    #[inline(always)]
    unsafe fn link(node: *mut Self, next: Option<*mut Self>) {
        // SAFETY: by contract; a part of `MAX_NODES` nodes has distances that fit.
        unsafe { (*node).next = next.map_or(0, |next| next.byte_offset_from(node) as i32) }
    }
}

struct SharedNode(Node<'static>);

// SAFETY: the shared empty node is never written: `newkey` checks for it first.
unsafe impl Sync for SharedNode {}

/// The hash part of every table that has none.
static EMPTY_NODE: SharedNode = SharedNode(Node::EMPTY);

/// Bits of [`Table::marks`].
pub(crate) mod marks {
    /// The object is mirrored elsewhere: every write to it is noted.
    pub(crate) const SHARED: u8 = 1;
    /// The variable was written since the embedder last asked.
    pub(crate) const NOTED: u8 = 2;
    /// The table is a metatable: writes to it must be seen by the cache of its metamethods.
    pub(crate) const METATABLE: u8 = 4;
    /// The hash part has chunks: what is stored there needs their barrier.
    pub(crate) const DIVIDED: u8 = 8;
    /// The table was made by `newproxy`, as the metatable of a proxy: others may take it from that.
    pub(crate) const OF_PROXY: u8 = 16;
}

/// A string key was assigned since `__mode` was looked up last.
const MODE_UNKNOWN: u8 = 4;

/// A Lua table.
pub struct Table<'gc> {
    array: Cell<*mut Value<'gc>>,
    nodes: Cell<*mut Node<'gc>>,
    metatable: Cell<Option<Gc<'gc, Table<'gc>>>>,
    /// Slots of the array part: keys 0 up to this.
    array_len: Cell<u32>,
    /// The only border of the array part, or [`border::UNKNOWN`].
    border: Cell<u32>,
    /// Nodes of the hash part less one; their number is a power of two.
    mask: Cell<u32>,
    /// All nodes from this index on are in use.
    last_free: Cell<u32>,
    /// What traces the parts that are large, null when none is; owned.
    chunks: Cell<*mut Chunks<'gc>>,
    /// Serial number for `tostring`, 0 until it is needed.
    pub(crate) serial: Cell<u32>,
    /// For a metatable: bit `m` is set when metamethod `m` is known to be absent.
    pub(crate) absent: Cell<u8>,
    /// For a metatable: `WEAK_*` bits of its `__mode`, or `MODE_UNKNOWN`.
    mode: Cell<u8>,
    /// [`marks`].
    pub(crate) marks: Cell<u8>,
}

/// Why a table refuses an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    #[error("table index is nil")]
    NilKey,
    #[error("table index is NaN")]
    NanKey,
    #[error("table overflow")]
    Overflow,
    /// The memory limit leaves no room for so many bytes of a larger table; nothing was changed.
    #[error("not enough memory")]
    NoMemory(usize),
    /// The key given to `next` is not in the table.
    #[error("invalid key to 'next'")]
    UnknownKey,
}

impl fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("array_len", &self.array_len.get())
            .field("nodes", &self.node_count())
            .finish_non_exhaustive()
    }
}

fn empty_nodes<'gc>() -> *mut Node<'gc> {
    (&raw const EMPTY_NODE.0).cast_mut().cast()
}

fn array_layout(len: u32) -> Layout {
    Layout::array::<Value<'_>>(len as usize).expect("bounded by MAX_SLOTS")
}

fn node_layout(len: u32) -> Layout {
    Layout::array::<Node<'_>>(len as usize).expect("bounded by MAX_NODES")
}

/// Truncates to some integer; the right one if it fits.
#[inline(always)]
fn truncate(n: f64) -> i32 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_mm_cvttsd_si32, _mm_set_sd};
        // One instruction; `as` adds five to saturate.
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_cvttsd_si32(_mm_set_sd(n)) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        n as i32
    }
}

/// Returns the key as an index of the array part, if it is a whole number that fits.
#[inline(always)]
pub(crate) fn array_index(key: Value<'_>) -> Option<u32> {
    if key.is_number() {
        let n = key.unchecked_number();
        let index = truncate(n);
        if f64::from(index) == n {
            return Some(index as u32);
        }
    }
    None
}

/// Returns where an object keeps the serial number that it is hashed by, `None` for what is no object or a string.
#[inline]
fn identity<'gc>(key: Value<'gc>) -> Option<&'gc Cell<u32>> {
    if !key.is_collectable() {
        return None;
    }
    match key.type_of() {
        Type::Table => key.as_table().map(|table| &Gc::as_ref(table).serial),
        Type::Function => key
            .as_function()
            .map(|function| &Gc::as_ref(function).serial),
        Type::Userdata => key
            .as_userdata()
            .map(|userdata| &Gc::as_ref(userdata).serial),
        Type::Coroutine => key
            .as_coroutine()
            .map(|coroutine| &Gc::as_ref(coroutine).serial),
        Type::Cdata => key.as_cdata().map(|cdata| &Gc::as_ref(cdata).serial),
        _ => None,
    }
}

/// Hashes a key: numbers and booleans as LuaJIT does on this processor, so that `pairs` visits them in its order.
#[inline(always)]
fn hash_of(key: Value<'_>) -> u32 {
    if key.is_number() {
        return hash_of_number(key);
    }
    if let Some(string) = key.as_string() {
        return string.hash();
    }
    match identity(key) {
        Some(serial) => hash_of_object(serial.get()),
        None => hash_of_primitive(key),
    }
}

#[inline(always)]
fn hash_of_number(key: Value<'_>) -> u32 {
    let bits = key.bits();
    let (low, high) = (bits as u32, (bits >> 32) as u32);
    let high = high << 1;
    let low = low ^ high;
    let high = high.rotate_left(14);
    let low = low.wrapping_sub(high);
    let high = high.rotate_left(5) ^ low;
    high.wrapping_sub(low.rotate_left(13))
}

/// Hashes a boolean, or a light userdata.
#[inline(always)]
fn hash_of_primitive(key: Value<'_>) -> u32 {
    match key.as_boolean() {
        Some(boolean) => boolean.into(),
        None => mixed(key.bits()),
    }
}

/// Hashes an object by its serial number, since its address differs from run to run.
#[inline(always)]
fn hash_of_object(serial: u32) -> u32 {
    mixed(serial.into())
}

#[inline(always)]
fn mixed(bits: u64) -> u32 {
    ((bits ^ bits >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

/// Tells the collector that `parent` now holds `child`.
#[inline(always)]
pub(crate) fn write_barrier<'gc, T>(mc: &Mutation<'gc>, parent: Gc<'gc, T>, child: Value<'gc>) {
    if child.is_collectable() {
        mc.backward_barrier(Gc::erase(parent), Some(child.erased()));
    }
}

impl<'gc> Table<'gc> {
    /// Makes a table with room for `array_len` array slots (key 0 included) and `nodes` hash entries.
    pub(crate) fn new(
        mc: &Mutation<'gc>,
        heap: &Heap,
        array_len: u32,
        nodes: u32,
    ) -> Gc<'gc, Table<'gc>> {
        heap.charge(heap::OBJECT_HEADER + size_of::<Self>());
        let table = Gc::new(
            mc,
            Table {
                array: Cell::new(std::ptr::null_mut()),
                nodes: Cell::new(empty_nodes()),
                metatable: Cell::new(None),
                array_len: Cell::new(0),
                border: Cell::new(0),
                mask: Cell::new(0),
                last_free: Cell::new(0),
                chunks: Cell::new(std::ptr::null_mut()),
                serial: Cell::new(0),
                absent: Cell::new(0),
                mode: Cell::new(MODE_UNKNOWN),
                marks: Cell::new(0),
            },
        );
        if array_len > 0 {
            table.resize_array(mc, heap, array_len.min(MAX_SLOTS));
        }
        if nodes > 0 {
            table.allocate_nodes(heap, nodes.min(MAX_NODES).next_power_of_two().max(2));
            table.divide_nodes(mc, heap);
        }
        table
    }

    #[inline(always)]
    fn as_gc(&self) -> Gc<'gc, Table<'gc>> {
        // SAFETY: tables are made by `new` only, so each lies behind a `Gc` of its arena.
        unsafe { Gc::from_ptr(self) }
    }

    /// Returns the metatable.
    #[inline(always)]
    pub fn metatable(&self) -> Option<Gc<'gc, Table<'gc>>> {
        self.metatable.get()
    }

    /// Sets or removes the metatable.
    pub fn set_metatable(&self, mc: &Mutation<'gc>, metatable: Option<Gc<'gc, Table<'gc>>>) {
        if let Some(metatable) = metatable {
            mc.backward_barrier(Gc::erase(self.as_gc()), Some(Gc::erase(metatable)));
            metatable
                .marks
                .set(metatable.marks.get() | marks::METATABLE);
        }
        self.metatable.set(metatable);
        if self.marks.get() & marks::SHARED != 0 {
            mirror::note(Written::Metatable(self.as_gc()));
        }
    }

    /// Notes that a string key was assigned: what is known of metamethods may be wrong now.
    #[inline(always)]
    fn forget_metamethods(&self) {
        self.absent.set(0);
        self.mode.set(MODE_UNKNOWN);
    }

    /// Notes that an entry is about to be assigned.
    #[inline(always)]
    fn note_write(&self, key: impl FnOnce() -> Value<'gc>) {
        if self.marks.get() & marks::SHARED != 0 {
            mirror::note(Written::Entry(self.as_gc(), key()));
        }
    }

    /// Starts to note writes, for an embedder that mirrors the table elsewhere; see `Context::take_written`.
    pub fn share(&self) {
        self.marks.set(self.marks.get() | marks::SHARED);
    }

    /// Ends what `share` began.
    pub fn unshare(&self) {
        self.marks.set(self.marks.get() & !marks::SHARED);
    }

    #[inline(always)]
    pub(crate) fn has_nodes(&self) -> bool {
        !std::ptr::eq(self.nodes.get(), empty_nodes())
    }

    /// Returns the number of nodes in the hash part.
    fn node_count(&self) -> u32 {
        if self.has_nodes() {
            self.mask.get() + 1
        } else {
            0
        }
    }

    #[inline(always)]
    pub(crate) fn array_len(&self) -> u32 {
        self.array_len.get()
    }

    /// Tells the collector that the table is about to hold `value` in whichever part.
    #[inline(always)]
    pub(crate) fn barrier(&self, mc: &Mutation<'gc>, value: Value<'gc>) {
        if value.is_collectable() {
            if self.chunks.get().is_null() {
                mc.backward_barrier(Gc::erase(self.as_gc()), Some(value.erased()));
            } else {
                mc.forward_barrier(None, value.erased());
            }
        }
    }

    /// Overwrites a slot of the array part with a value that is in the table already; false when there is
    /// no such slot.
    #[inline]
    pub(crate) fn rehash_to_slot(&self, mc: &Mutation<'gc>, index: u32, value: Value<'gc>) -> bool {
        let Some(slot) = self.array_slot(index) else {
            return false;
        };
        if !self.chunks.get().is_null() {
            self.barrier(mc, value);
        }
        self.put(index, slot, value);
        true
    }

    /// The same when the program can see it.
    #[inline]
    pub(crate) fn move_to_slot(&self, mc: &Mutation<'gc>, index: u32, value: Value<'gc>) -> bool {
        let is_there = self.rehash_to_slot(mc, index, value);
        if is_there {
            self.note_write(|| Value::arithmetic(f64::from(index)));
        }
        is_there
    }

    /// Returns the slot of the array part.
    #[inline(always)]
    pub(crate) fn array_slot(&self, index: u32) -> Option<&Cell<Value<'gc>>> {
        if index < self.array_len.get() {
            // SAFETY: `array` holds `array_len` initialised slots; no reference is kept across a resize
            // because callers use the cell at once.
            Some(unsafe {
                &*self
                    .array
                    .get()
                    .add(index as usize)
                    .cast::<Cell<Value<'gc>>>()
            })
        } else {
            None
        }
    }

    /// Returns the node at `index` of the hash part if there is one, whatever its key.
    #[inline(always)]
    pub(crate) fn node_at(&self, index: u32) -> Option<*mut Node<'gc>> {
        if index <= self.mask.get() {
            // SAFETY: there are `mask + 1` nodes.
            Some(unsafe { self.nodes.get().add(index as usize) })
        } else {
            None
        }
    }

    /// Returns the index of a node of this table.
    #[inline(always)]
    pub(crate) fn index_of(&self, node: *mut Node<'gc>) -> u32 {
        (node as usize - self.nodes.get() as usize) as u32 / size_of::<Node<'_>>() as u32
    }

    #[inline(always)]
    fn find_hashed(&self, key: Value<'gc>, hash: u32) -> Option<*mut Node<'gc>> {
        // SAFETY: chains stay within the `mask + 1` nodes, and end.
        unsafe {
            let mut node = self.nodes.get().add((hash & self.mask.get()) as usize);
            loop {
                if (*node).key.same(key) {
                    return Some(node);
                }
                node = Node::following(node)?;
            }
        }
    }

    /// Finds the node of a string key; its value may be nil.
    #[inline(always)]
    pub(crate) fn find_string(&self, key: Gc<'gc, LuaString>) -> Option<*mut Node<'gc>> {
        self.find_hashed(Value::from(key), key.hash())
    }

    /// The same, beginning with the node in which `cache` says that it was found last.
    #[inline(always)]
    pub(crate) fn find_cached(
        &self,
        key: Gc<'gc, LuaString>,
        cache: &Cell<u32>,
    ) -> Option<*mut Node<'gc>> {
        if let Some(node) = self.node_at(cache.get()) {
            // SAFETY: `node_at` returns nodes of this table.
            let found = unsafe { (*node).key };
            if found.same(Value::from(key)) {
                return Some(node);
            }
        }
        let node = self.find_string(key)?;
        cache.set(self.index_of(node));
        Some(node)
    }

    /// Returns the value under a key that is neither an index of the array part nor a string.
    #[inline(never)]
    pub(crate) fn get_other(&self, key: Value<'gc>) -> Value<'gc> {
        // SAFETY: `find` returns nodes of this table.
        self.find(key)
            .map_or(Value::NIL, |node| unsafe { (*node).value })
    }

    #[inline]
    fn find(&self, key: Value<'gc>) -> Option<*mut Node<'gc>> {
        if key.is_number() {
            self.find_hashed(key, hash_of_number(key))
        } else if let Some(string) = key.as_string() {
            self.find_string(string)
        } else {
            self.find_other(key)
        }
    }

    #[inline(never)]
    fn find_other(&self, key: Value<'gc>) -> Option<*mut Node<'gc>> {
        let Some(serial) = identity(key) else {
            if key.is_nil() {
                return None;
            }
            return self.find_hashed(key, hash_of_primitive(key));
        };
        let hash = hash_of_object(serial.get());
        let node = self.find_hashed(key, hash)?;
        // SAFETY: `find_hashed` returns nodes of this table.
        if unsafe { (*node).serial } == serial.get() {
            return Some(node);
        }
        self.find_object(key, hash, serial.get())
    }

    /// Finds the node of an object when there is a dead one of another object, which had the same address.
    #[cold]
    fn find_object(&self, key: Value<'gc>, hash: u32, serial: u32) -> Option<*mut Node<'gc>> {
        // SAFETY: chains stay within the `mask + 1` nodes, and end.
        unsafe {
            let mut node = self.nodes.get().add((hash & self.mask.get()) as usize);
            loop {
                if (*node).key.same(key) && (*node).serial == serial {
                    return Some(node);
                }
                node = Node::following(node)?;
            }
        }
    }

    /// Returns the value under `key`, nil when there is none; metamethods are not asked.
    #[inline]
    pub fn get(&self, key: Value<'gc>) -> Value<'gc> {
        if let Some(index) = array_index(key) {
            return self.get_index(index);
        }
        // SAFETY: `find` returns nodes of this table.
        self.find(key)
            .map_or(Value::NIL, |node| unsafe { (*node).value })
    }

    /// Returns the value under a whole number that was reduced by [`array_index`].
    #[inline]
    pub(crate) fn get_index(&self, index: u32) -> Value<'gc> {
        if let Some(slot) = self.array_slot(index) {
            return slot.get();
        }
        if !self.has_nodes() {
            return Value::NIL;
        }
        let key = Value::arithmetic(f64::from(index as i32));
        // SAFETY: `find_hashed` returns nodes of this table.
        self.find_hashed(key, hash_of_number(key))
            .map_or(Value::NIL, |node| unsafe { (*node).value })
    }

    /// Returns the value under a string.
    #[inline(always)]
    pub fn get_string(&self, key: Gc<'gc, LuaString>) -> Value<'gc> {
        // SAFETY: `find_string` returns nodes of this table.
        self.find_string(key)
            .map_or(Value::NIL, |node| unsafe { (*node).value })
    }

    /// Puts `value` under `key`, as `rawset` does.
    ///
    /// # Errors
    ///
    /// When the key cannot be one, or the table cannot grow; the table is then unchanged.
    pub fn set(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        key: Value<'gc>,
        value: Value<'gc>,
    ) -> Result<(), TableError> {
        self.barrier(mc, value);
        if let Some(index) = array_index(key) {
            self.note_write(|| Value::arithmetic(f64::from(index as i32)));
            return self.set_index_unbarriered(mc, heap, index, value);
        }
        self.set_hashed(mc, heap, key, value)
    }

    /// Puts `value` under a key that is neither an index nor a string.
    #[inline(never)]
    pub(crate) fn set_other(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        key: Value<'gc>,
        value: Value<'gc>,
    ) -> Result<(), TableError> {
        self.barrier(mc, value);
        self.set_hashed(mc, heap, key, value)
    }

    #[inline(always)]
    fn set_hashed(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        key: Value<'gc>,
        value: Value<'gc>,
    ) -> Result<(), TableError> {
        if let Some(node) = self.find(key) {
            self.note_write(|| key);
            // A dead node comes to life: while its value was nil, nobody traced the key.
            self.barrier(mc, key);
            // SAFETY: `find` returns nodes of this table.
            unsafe { (*node).value = value };
            if key.as_string().is_some() {
                self.forget_metamethods();
            }
            return Ok(());
        }
        if key.is_nil() {
            return Err(TableError::NilKey);
        }
        if key.is_number() && key.unchecked_number().is_nan() {
            return Err(TableError::NanKey);
        }
        self.note_write(|| key);
        // LuaJIT makes an entry even for nil, and `pairs` can tell by its order.
        self.insert(mc, heap, key, value)
    }

    /// Puts `value` under a whole number.
    pub(crate) fn set_index(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        index: u32,
        value: Value<'gc>,
    ) -> Result<(), TableError> {
        self.note_write(|| Value::arithmetic(f64::from(index as i32)));
        self.barrier(mc, value);
        self.set_index_unbarriered(mc, heap, index, value)
    }

    fn set_index_unbarriered(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        index: u32,
        value: Value<'gc>,
    ) -> Result<(), TableError> {
        if let Some(slot) = self.array_slot(index) {
            self.put(index, slot, value);
            return Ok(());
        }
        let key = Value::arithmetic(f64::from(index as i32));
        if self.has_nodes()
            && let Some(node) = self.find_hashed(key, hash_of_number(key))
        {
            // SAFETY: `find` returns nodes of this table.
            unsafe { (*node).value = value };
            return Ok(());
        }
        self.insert(mc, heap, key, value)
    }

    /// Returns the first entry at or after the traversal position, with the position after it.
    #[inline(always)]
    pub(crate) fn entry_from(&self, mut position: u32) -> Option<(u32, Value<'gc>, Value<'gc>)> {
        let len = self.array_len.get();
        while position < len {
            let value = self.array_slot(position).expect("in range").get();
            position += 1;
            if !value.is_nil() {
                return Some((position, Value::arithmetic(f64::from(position - 1)), value));
            }
        }
        if self.has_nodes() {
            let mut index = position - len;
            while let Some(node) = self.node_at(index) {
                index += 1;
                // SAFETY: `node_at` returns nodes of this table.
                let node = unsafe { &*node };
                if !node.value.is_nil() {
                    return Some((index + len, node.key, node.value));
                }
            }
        }
        None
    }

    /// Returns the entry after `key` in traversal order, the first one for nil, `None` at the end.
    ///
    /// # Errors
    ///
    /// When the key is not in the table.
    pub fn next(&self, key: Value<'gc>) -> Result<Option<(Value<'gc>, Value<'gc>)>, TableError> {
        let position = if key.is_nil() {
            0
        } else if let Some(index) = array_index(key).filter(|&i| i < self.array_len.get()) {
            index + 1
        } else {
            let key = match array_index(key) {
                Some(index) => Value::arithmetic(f64::from(index as i32)),
                None => key,
            };
            let node = self
                .find(key)
                .filter(|_| self.has_nodes())
                .ok_or(TableError::UnknownKey)?;
            self.array_len.get() + self.index_of(node) + 1
        };
        Ok(self
            .entry_from(position)
            .map(|(_, key, value)| (key, value)))
    }

    /// Calls `visit` for every entry, in traversal order.
    pub fn for_each(&self, mut visit: impl FnMut(Value<'gc>, Value<'gc>)) {
        let mut position = 0;
        while let Some((next, key, value)) = self.entry_from(position) {
            visit(key, value);
            position = next;
        }
    }

    /// Copies the contents of a constant table, as `TDUP` does.
    pub(crate) fn duplicate(&self, mc: &Mutation<'gc>, heap: &Heap) -> Gc<'gc, Table<'gc>> {
        let copy = Table::new(mc, heap, self.array_len.get(), self.node_count());
        // SAFETY: both tables have parts of the same sizes, and they do not overlap. `copy` is new, so no
        // barrier is needed: it is white, or allocated while sweeping.
        unsafe {
            if self.array_len.get() > 0 {
                std::ptr::copy_nonoverlapping(
                    self.array.get(),
                    copy.array.get(),
                    self.array_len.get() as usize,
                );
                copy.border.set(self.border.get());
            }
            if self.has_nodes() {
                std::ptr::copy_nonoverlapping(
                    self.nodes.get(),
                    copy.nodes.get(),
                    self.mask.get() as usize + 1,
                );
                copy.last_free.set(self.last_free.get());
            }
        }
        copy
    }

    /// Removes all entries and keeps the room that they took.
    pub(crate) fn clear(&self) {
        if self.marks.get() & marks::SHARED != 0 {
            self.for_each(|key, _| mirror::note(Written::Entry(self.as_gc(), key)));
        }
        for index in 0..self.array_len.get() {
            self.array_slot(index).expect("in range").set(Value::NIL);
        }
        self.border.set(0);
        for index in 0..self.node_count() {
            // SAFETY: `node_at` returns nodes of this table.
            unsafe {
                *self.node_at(index).expect("in range") = Node::EMPTY;
            }
        }
        if self.has_nodes() {
            self.last_free.set(self.mask.get() + 1);
        }
        self.forget_metamethods();
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        let (array_len, node_count) = (self.array_len.get(), self.node_count());
        let mut bytes = heap::OBJECT_HEADER + size_of::<Self>();
        // SAFETY: the parts were allocated with these layouts, and the chunks by `Box`.
        unsafe {
            if !self.chunks.get().is_null() {
                drop(Box::from_raw(self.chunks.get()));
            }
            if array_len > 0 {
                bytes += array_layout(array_len).size();
                dealloc(self.array.get().cast(), array_layout(array_len));
            }
            if node_count > 0 {
                bytes += node_layout(node_count).size();
                dealloc(self.nodes.get().cast(), node_layout(node_count));
            }
        }
        heap::dropped(bytes);
    }
}
