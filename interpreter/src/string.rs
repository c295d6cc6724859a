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
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        mix(u64::from_le_bytes(
            chunk.try_into().expect("chunks of eight"),
        ));
    }
    let rest = chunks.remainder();
    let mut last = [0u8; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(u64::from_le_bytes(last));
    (hash ^ (hash >> 32)) as u32
}

/// An entry of the interner: the address of a string below the upper half of its hash, or 0.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Slot(u64);

impl Slot {
    const FREE: Slot = Slot(0);
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
/// Open addressing with linear probing.
pub(crate) struct Interner {
    seed: u64,
    slots: UnsafeCell<Vec<Slot>>,
    count: Cell<usize>,
}

impl fmt::Debug for Interner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interner")
            .field("count", &self.count.get())
            .finish_non_exhaustive()
    }
}

impl Interner {
    pub(crate) fn new(seed: u64) -> Self {
        Interner {
            // Spread small seeds over the word.
            seed: (seed ^ 0x5851_f42d_4c95_7f2d).wrapping_mul(0xd1b5_4a32_d192_ed03),
            slots: UnsafeCell::new(vec![Slot::FREE; 1024]),
            count: Cell::new(0),
        }
    }

    /// Returns the string with these bytes, which must not be longer than `heap::MAX_STRING`.
    pub(crate) fn intern<'gc>(
        &self,
        mc: &Mutation<'gc>,
        heap: &Heap,
        bytes: &[u8],
    ) -> Gc<'gc, LuaString> {
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
                if string.hash == hash && string.as_bytes() == bytes {
                    return string;
                }
            }
            index = (index + 1) & mask;
        }
        let string = allocate(mc, heap, hash, bytes);
        slots[index] = Slot::new(Gc::as_ptr(string), hash);
        self.count.set(self.count.get() + 1);
        if self.count.get() * 2 > slots.len() {
            let larger = slots.len() * 2;
            heap.charge(slots.len() * size_of::<Slot>());
            Self::rebuild(slots, larger);
        }
        string
    }

    /// Forgets the strings that the finished marking has not reached; to be called before sweeping.
    pub(crate) fn purge<'gc>(&self, fc: &Finalization<'gc>, heap: &Heap) {
        // SAFETY: as in `intern`.
        let slots = unsafe { &mut *self.slots.get() };
        let mut live = self.count.get();
        let mut index = 0;
        while index < slots.len() {
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
        let mut capacity = slots.len();
        while capacity > 1024 && live * 8 < capacity {
            capacity /= 2;
        }
        if capacity < slots.len() {
            heap.release((slots.len() - capacity) * size_of::<Slot>());
            Self::rebuild(slots, capacity);
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

    fn rebuild(slots: &mut Vec<Slot>, capacity: usize) {
        let old = std::mem::replace(slots, vec![Slot::FREE; capacity]);
        let mask = capacity - 1;
        for slot in old.into_iter().filter(|&slot| slot != Slot::FREE) {
            // SAFETY: as in `remove`.
            let mut index = unsafe { slot.home(mask) };
            while slots[index] != Slot::FREE {
                index = (index + 1) & mask;
            }
            slots[index] = slot;
        }
    }
}

fn allocate<'gc>(mc: &Mutation<'gc>, heap: &Heap, hash: u32, bytes: &[u8]) -> Gc<'gc, LuaString> {
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
                    bytes: bytes.into(),
                },
            );
            // SAFETY: the head is the first field of a `repr(C)` structure.
            unsafe { Gc::cast(object) }
        }
    }
}

const _: () = assert!(Layout::new::<Inline<16>>().size() == 24);
