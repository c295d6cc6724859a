//! Strings: immutable bytes, each content once per VM, so that equality is identity.
//!
//! Short strings lie in the object itself, in one of a few size classes; longer ones own a buffer.
//! The interner holds its strings weakly: it is purged when the collector has marked.

use std::alloc::Layout;
use std::cell::{Cell, UnsafeCell};
use std::fmt;

use gc_arena::{Collect, Finalization, Gc, Mutation};

use crate::heap::{self, Heap, OBJECT_HEADER};

/// Longest string that is stored in the object.
const INLINE_MAX: usize = 128;

/// The common head of all string objects; the bytes follow it or hang from it.
///
/// Lives behind a `Gc` only: its address is what gives access to the bytes.
#[repr(C)]
pub struct LuaString {
    hash: u32,
    len: u32,
}

#[repr(C)]
struct Inline<const N: usize> {
    head: LuaString,
    bytes: [u8; N],
}

#[repr(C)]
struct Boxed {
    head: LuaString,
    bytes: Box<[u8]>,
}

// SAFETY: strings hold no pointers into the heap.
unsafe impl<'gc, const N: usize> Collect<'gc> for Inline<N> {
    const NEEDS_TRACE: bool = false;
}

// SAFETY: strings hold no pointers into the heap.
unsafe impl<'gc> Collect<'gc> for Boxed {
    const NEEDS_TRACE: bool = false;
}

// SAFETY: strings hold no pointers into the heap.
unsafe impl<'gc> Collect<'gc> for LuaString {
    const NEEDS_TRACE: bool = false;
}

impl<const N: usize> Drop for Inline<N> {
    #[inline]
    fn drop(&mut self) {
        heap::dropped(OBJECT_HEADER + size_of::<Self>());
    }
}

impl Drop for Boxed {
    fn drop(&mut self) {
        heap::dropped(OBJECT_HEADER + size_of::<Self>() + self.bytes.len());
    }
}

impl LuaString {
    /// Returns the bytes.
    #[inline(always)]
    pub fn as_bytes(&self) -> &[u8] {
        let len = self.len as usize;
        let head: *const LuaString = self;
        if len <= INLINE_MAX {
            // SAFETY: every string up to `INLINE_MAX` is allocated as `Inline<N>` with `N >= len`, whose
            // bytes start right after the head; the reference was derived from the whole object.
            unsafe {
                std::slice::from_raw_parts(head.cast::<u8>().add(size_of::<LuaString>()), len)
            }
        } else {
            // SAFETY: every longer string is allocated as `Boxed`.
            unsafe { &(*head.cast::<Boxed>()).bytes }
        }
    }

    /// Returns the number of bytes.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    pub(crate) fn hash(&self) -> u32 {
        self.hash
    }
}

impl fmt::Debug for LuaString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.as_bytes()))
    }
}

/// Mixes eight bytes at a time by multiplication; the seed keeps chosen collisions from being portable.
fn hash_bytes(seed: u64, bytes: &[u8]) -> u32 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(MULTIPLIER);
    let mut mix = |word: u64| {
        let product = u128::from(hash ^ word) * u128::from(MULTIPLIER | 1);
        hash = (product as u64) ^ ((product >> 64) as u64);
    };
    let mut rest = bytes;
    while let Some((chunk, more)) = rest.split_first_chunk::<8>()
        && !more.is_empty()
    {
        mix(u64::from_le_bytes(*chunk));
        rest = more;
    }
    mix(last_word(bytes, rest));
    (hash ^ (hash >> 32)) as u32
}

/// Returns a word that has all of `rest`, the last one to eight bytes of `bytes`. Its parts may overlap each
/// other or what came before: of two strings of one length the words still differ if the rests do.
#[inline(always)]
fn last_word(bytes: &[u8], rest: &[u8]) -> u64 {
    if let Some(last) = bytes.last_chunk::<8>() {
        return u64::from_le_bytes(*last);
    }
    if let (Some(first), Some(last)) = (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    match *rest {
        [first, .., last] => {
            u64::from(first) | u64::from(rest[rest.len() / 2]) << 8 | u64::from(last) << 16
        }
        [only] => only.into(),
        [] => 0,
    }
}

/// Compares two strings of bytes of one length, short ones without a call.
#[inline(always)]
fn are_equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    if left.len() > 16 {
        return left == right;
    }
    if let (Some(a), Some(b)) = (left.first_chunk::<8>(), right.first_chunk::<8>()) {
        return a == b && left.last_chunk::<8>() == right.last_chunk::<8>();
    }
    if let (Some(a), Some(b)) = (left.first_chunk::<4>(), right.first_chunk::<4>()) {
        return a == b && left.last_chunk::<4>() == right.last_chunk::<4>();
    }
    left.iter().zip(right).all(|(a, b)| a == b)
}

/// An entry of the interner: the address of a string below the upper half of its hash, or 0.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
struct Slot(u64);

impl Slot {
    const FREE: Slot = Slot(0);
    /// An old slot whose entry was moved; no string has this address.
    const MOVED: Slot = Slot(1);
    const ADDRESS: u64 = (1 << 48) - 1;

    fn new(string: *const LuaString, hash: u32) -> Slot {
        Slot(string as u64 | Self::tag(hash))
    }

    #[inline(always)]
    fn tag(hash: u32) -> u64 {
        u64::from(hash >> 16) << 48
    }

    /// Returns whether the string may be one with this hash.
    #[inline(always)]
    fn may_be(self, hash: u32) -> bool {
        self.0 & !Self::ADDRESS == Self::tag(hash)
    }

    #[inline(always)]
    fn string(self) -> *const LuaString {
        (self.0 & Self::ADDRESS) as *const LuaString
    }

    /// Returns where a look-up of the string starts.
    ///
    /// # Safety
    ///
    /// The entry must be taken, by a string that has not been freed.
    unsafe fn home(self, mask: usize) -> usize {
        // SAFETY: by contract.
        unsafe { (*self.string()).hash as usize & mask }
    }
}

/// All strings of one VM, found by content.
///
/// Open addressing with linear probing. Neither growth nor the purge of dead strings is done in one go:
/// with a million strings either would be felt as a pause.
pub(crate) struct Interner {
    seed: u64,
    slots: UnsafeCell<Vec<Slot>>,
    /// The slots before the last change of their number; what is left in them has not been moved yet.
    old: UnsafeCell<Vec<Slot>>,
    /// Slots of `old` below this have been moved.
    moved: Cell<usize>,
    count: Cell<usize>,
    /// A purge is under way: slots below `purged` hold no string that was dead when it began.
    is_purging: Cell<bool>,
    purged: Cell<usize>,
    /// There are old slots, or a purge is under way: new strings need a closer look.
    is_busy: Cell<bool>,
}

/// Tables of so many slots are rebuilt in one go.
const SMALL: usize = 1 << 14;

/// Old slots that are moved for each new string: some microseconds, and done long before the next growth.
const MOVED_PER_STRING: usize = 256;

impl fmt::Debug for Interner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interner")
            .field("count", &self.count.get())
            .finish_non_exhaustive()
    }
}

/// Makes free slots; large numbers of them cost nothing until they are used.
fn free_slots(count: usize) -> Vec<Slot> {
    let mut words = std::mem::ManuallyDrop::new(vec![0u64; count]);
    // SAFETY: a slot is one word, and free when that is zero; the vector is not dropped as one of words.
    unsafe { Vec::from_raw_parts(words.as_mut_ptr().cast(), count, words.capacity()) }
}

impl Interner {
    pub(crate) fn new(seed: u64) -> Self {
        Interner {
            // Spread small seeds over the word.
            seed: (seed ^ 0x5851_f42d_4c95_7f2d).wrapping_mul(0xd1b5_4a32_d192_ed03),
            slots: UnsafeCell::new(free_slots(1024)),
            old: UnsafeCell::default(),
            moved: Cell::new(0),
            count: Cell::new(0),
            is_purging: Cell::new(false),
            purged: Cell::new(0),
            is_busy: Cell::new(false),
        }
    }

    /// Returns the string with these bytes, which must not be longer than `heap::MAX_STRING`. A long vector
    /// becomes the string without being copied.
    pub(crate) fn intern<'gc, B: AsRef<[u8]> + Into<Box<[u8]>>>(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        source: B,
    ) -> Gc<'gc, LuaString> {
        let bytes = source.as_ref();
        let hash = hash_bytes(self.seed, bytes);
        // SAFETY: no reference into the slots outlives this function, and nothing called here re-enters.
        let slots = unsafe { &mut *self.slots.get() };
        let mask = slots.len() - 1;
        let mut index = hash as usize & mask;
        loop {
            let slot = slots[index];
            if slot == Slot::FREE {
                break;
            }
            if slot.may_be(hash) {
                // SAFETY: the interner is purged of dead strings before any of them is freed, so an entry
                // points to a live string of this arena.
                let string: Gc<'gc, LuaString> = unsafe { Gc::from_ptr(slot.string()) };
                if string.hash == hash && are_equal(string.as_bytes(), bytes) {
                    return string;
                }
            }
            index = (index + 1) & mask;
        }
        if self.is_busy.get()
            && let Some(string) = self.find_old(hash, bytes)
        {
            return string;
        }
        let string = allocate(mc, heap, hash, source);
        slots[index] = Slot::new(Gc::as_ptr(string), hash);
        self.count.set(self.count.get() + 1);
        if self.is_busy.get() {
            if self.is_purging.get() {
                // Its slot may have been passed already, and it must not die before the next purge.
                mc.forward_barrier(None, Gc::erase(string));
            }
            self.move_old(heap, MOVED_PER_STRING);
        }
        if self.count.get() * 2 > mask {
            self.resize(heap, (mask + 1) * 2);
        }
        string
    }

    /// Looks for a string among those that have not been moved.
    #[cold]
    fn find_old<'gc>(&self, hash: u32, bytes: &[u8]) -> Option<Gc<'gc, LuaString>> {
        // SAFETY: as in `intern`.
        let old = unsafe { &*self.old.get() };
        if old.is_empty() {
            return None;
        }
        let mask = old.len() - 1;
        let mut index = hash as usize & mask;
        loop {
            match old[index] {
                Slot::FREE => return None,
                Slot::MOVED => {}
                slot if slot.may_be(hash) => {
                    // SAFETY: as in `intern`.
                    let string: Gc<'gc, LuaString> = unsafe { Gc::from_ptr(slot.string()) };
                    if string.hash == hash && are_equal(string.as_bytes(), bytes) {
                        return Some(string);
                    }
                }
                _ => {}
            }
            index = (index + 1) & mask;
        }
    }

    /// Changes the number of slots, to be filled at once when they are few, else by and by.
    #[cold]
    fn resize(&self, heap: &Heap, capacity: usize) {
        // Were there any old slots, they would have been moved by now.
        self.move_old(heap, usize::MAX);
        heap.charge(capacity * size_of::<Slot>());
        // SAFETY: no reference into either is held here.
        unsafe {
            *self.old.get() = std::mem::replace(&mut *self.slots.get(), free_slots(capacity));
        }
        self.moved.set(0);
        self.purged.set(0);
        self.is_busy.set(true);
        if capacity <= SMALL {
            self.move_old(heap, usize::MAX);
        }
    }

    /// Moves what lies in the next `budget` old slots.
    #[cold]
    fn move_old(&self, heap: &Heap, budget: usize) {
        // SAFETY: as in `intern`; the two are different vectors.
        let (old, slots) = unsafe { (&mut *self.old.get(), &mut *self.slots.get()) };
        if old.is_empty() {
            return;
        }
        let start = self.moved.get();
        let end = start.saturating_add(budget).min(old.len());
        let mask = slots.len() - 1;
        for slot in &mut old[start..end] {
            if *slot == Slot::FREE {
                continue;
            }
            // SAFETY: taken entries point to strings that have not been freed.
            let mut index = unsafe { slot.home(mask) };
            while slots[index] != Slot::FREE {
                index = (index + 1) & mask;
            }
            slots[index] = std::mem::replace(slot, Slot::MOVED);
        }
        self.moved.set(end);
        if end == old.len() {
            heap.release(old.len() * size_of::<Slot>());
            *old = Vec::new();
            self.is_busy.set(self.is_purging.get());
        }
    }

    /// Forgets strings that the finished marking has not reached, at `budget` slots; returns whether there
    /// are no others. From the first call until `end_purge`, before sweeping, marking must be finished at each.
    pub(crate) fn purge<'gc>(&self, fc: &Finalization<'gc>, heap: &Heap, budget: usize) -> bool {
        if !self.is_purging.replace(true) {
            self.purged.set(0);
            self.is_busy.set(true);
        }
        // SAFETY: no reference is kept.
        if !unsafe { &*self.old.get() }.is_empty() {
            self.move_old(heap, budget);
            return false;
        }
        // SAFETY: as in `intern`.
        let slots = unsafe { &mut *self.slots.get() };
        let mut live = self.count.get();
        let mut index = self.purged.get();
        let end = index.saturating_add(budget).min(slots.len());
        while index < end {
            let slot = slots[index];
            // SAFETY: nothing has been freed since the string was interned or last purged.
            if slot != Slot::FREE && Gc::is_dead(fc, unsafe { Gc::from_ptr(slot.string()) }) {
                Self::remove(slots, index);
                live -= 1;
                // Another entry may have moved here.
            } else {
                index += 1;
            }
        }
        self.count.set(live);
        self.purged.set(index);
        index == slots.len()
    }

    /// Ends a purge, when sweeping begins.
    pub(crate) fn end_purge(&self, heap: &Heap) {
        self.is_purging.set(false);
        self.is_busy.set(false);
        // SAFETY: no reference is kept.
        let capacity = unsafe { &*self.slots.get() }.len();
        if capacity > 1024 && self.count.get() * 8 < capacity {
            self.resize(heap, capacity / 2);
        }
    }

    /// Frees an entry and moves those behind it forward that were displaced by it.
    fn remove(slots: &mut [Slot], index: usize) {
        let mask = slots.len() - 1;
        let (mut hole, mut next) = (index, (index + 1) & mask);
        while slots[next] != Slot::FREE {
            // SAFETY: taken entries point to strings that have not been freed.
            let home = unsafe { slots[next].home(mask) };
            // The entry may fill the hole unless its home lies between them.
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(hole) & mask {
                slots[hole] = slots[next];
                hole = next;
            }
            next = (next + 1) & mask;
        }
        slots[hole] = Slot::FREE;
    }
}

fn allocate<'gc, B: AsRef<[u8]> + Into<Box<[u8]>>>(
    mc: &Mutation<'gc>,
    heap: &Heap,
    hash: u32,
    source: B,
) -> Gc<'gc, LuaString> {
    fn inline<'gc, const N: usize>(
        mc: &Mutation<'gc>,
        heap: &Heap,
        hash: u32,
        bytes: &[u8],
    ) -> Gc<'gc, LuaString> {
        let mut buffer = [0u8; N];
        buffer[..bytes.len()].copy_from_slice(bytes);
        let head = LuaString {
            hash,
            len: bytes.len() as u32,
        };
        heap.charge(OBJECT_HEADER + size_of::<Inline<N>>());
        let object = Gc::new(
            mc,
            Inline::<N> {
                head,
                bytes: buffer,
            },
        );
        // SAFETY: the head is the first field of a `repr(C)` structure.
        unsafe { Gc::cast(object) }
    }
    let bytes = source.as_ref();
    // Sizes that, with both headers, fill malloc's chunks.
    match bytes.len() {
        0..=16 => inline::<16>(mc, heap, hash, bytes),
        17..=32 => inline::<32>(mc, heap, hash, bytes),
        33..=48 => inline::<48>(mc, heap, hash, bytes),
        49..=64 => inline::<64>(mc, heap, hash, bytes),
        65..=96 => inline::<96>(mc, heap, hash, bytes),
        97..=INLINE_MAX => inline::<INLINE_MAX>(mc, heap, hash, bytes),
        len => {
            heap.charge(OBJECT_HEADER + size_of::<Boxed>() + len);
            let head = LuaString {
                hash,
                len: len as u32,
            };
            let object = Gc::new(
                mc,
                Boxed {
                    head,
                    bytes: source.into(),
                },
            );
            // SAFETY: the head is the first field of a `repr(C)` structure.
            unsafe { Gc::cast(object) }
        }
    }
}

const _: () = assert!(Layout::new::<Inline<16>>().size() == 24);
