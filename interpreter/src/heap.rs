//! Counts the bytes that a VM holds, paces its collector by them and enforces its memory limit.
//!
//! gc-arena counts objects; a table of a million entries is one object. So every allocation made for Lua
//! is charged here, and every `Drop` of a heap object reports what it gives back.

use std::cell::Cell;

/// What gc-arena adds to each object: the link of its list and the vtable.
pub(crate) const OBJECT_HEADER: usize = 16;

/// Longest string, as in LuaJIT (`LJ_MAX_STR`).
pub const MAX_STRING: usize = 0x7fff_ff00;

thread_local! {
    /// Bytes dropped by the collection that runs on this OS thread, see [`Heap::settle`].
    ///
    /// Objects are dropped only inside `Arena` collection (or with the arena), when no VM code can
    /// reach its own `Heap`; a thread-local sum is cheaper than a back pointer in each object.
    static DROPPED: Cell<usize> = const { Cell::new(0) };
}

/// Reports that a heap object of `bytes` was dropped.
#[inline(always)]
pub(crate) fn dropped(bytes: usize) {
    DROPPED.with(|d| d.set(d.get() + bytes));
}

/// Forgets what was dropped outside a collection: the heap of a VM that is no more.
pub(crate) fn forget_dropped() {
    DROPPED.with(|d| d.set(0));
}

/// The byte counters of one VM.
#[derive(Debug)]
pub struct Heap {
    /// Bytes in use, garbage included.
    used: Cell<usize>,
    /// Bytes that may still be allocated before the collector should work; negative when it is due.
    credit: Cell<isize>,
    /// Most bytes that may be in use.
    limit: Cell<usize>,
    /// Highest value of `used`.
    peak: Cell<usize>,
    /// The collector is due at every safe point: a test wants it so.
    stressed: Cell<bool>,
}

impl Heap {
    pub(crate) fn new(limit: Option<usize>) -> Heap {
        DROPPED.with(|d| d.set(0));
        Heap {
            used: Cell::new(0),
            credit: Cell::new(64 * 1024),
            limit: Cell::new(limit.unwrap_or(usize::MAX)),
            peak: Cell::new(0),
            stressed: Cell::new(false),
        }
    }

    /// Adds an allocation that was made.
    #[inline(always)]
    pub(crate) fn charge(&self, bytes: usize) {
        self.used.set(self.used.get() + bytes);
        self.credit.set(self.credit.get() - bytes as isize);
    }

    /// Takes back a buffer that was freed outside a collection.
    #[inline(always)]
    pub(crate) fn release(&self, bytes: usize) {
        self.used.set(self.used.get().saturating_sub(bytes));
    }

    /// Books what the collection that just ran has dropped.
    pub(crate) fn settle(&self) {
        self.peak.set(self.peak.get().max(self.used.get()));
        let dropped = DROPPED.with(|d| d.replace(0));
        self.used.set(self.used.get().saturating_sub(dropped));
    }

    /// Grants `bytes` of allocation before the collector is due again.
    pub(crate) fn grant(&self, bytes: usize) {
        let headroom = self.limit.get().saturating_sub(self.used.get());
        // Near the limit garbage must not fill what is left, so at most half of it is granted.
        let credit = bytes.min(headroom / 2).max(4096) as isize;
        self.credit
            .set(if self.stressed.get() { 0 } else { credit });
    }

    /// Makes the collector due at every safe point from now on.
    pub(crate) fn stress(&self) {
        self.stressed.set(true);
        self.credit.set(0);
    }

    /// Returns whether the collector should work before more is allocated.
    #[inline(always)]
    pub(crate) fn is_due(&self) -> bool {
        self.credit.get() <= 0
    }

    /// Returns the bytes in use, garbage included.
    pub fn used(&self) -> usize {
        self.used.get()
    }

    /// Returns the most bytes that were in use when a collection ended.
    pub fn peak(&self) -> usize {
        self.peak.get().max(self.used.get())
    }

    /// Returns the limit in bytes, `usize::MAX` when there is none.
    pub fn limit(&self) -> usize {
        self.limit.get()
    }

    /// Returns whether another `bytes` fit under the limit.
    #[inline(always)]
    pub fn has_room(&self, bytes: usize) -> bool {
        bytes <= self.limit.get().saturating_sub(self.used.get())
    }

    /// Returns whether more is in use than allowed.
    #[inline]
    pub(crate) fn is_exceeded(&self) -> bool {
        self.used.get() > self.limit.get()
    }
}
