//! Counts the bytes that a VM holds, paces its collector by them and enforces its memory limit.
//!
//! gc-arena counts objects; a table of a million entries is one object. So every allocation made for Lua
//! is charged here, and every `Drop` of a heap object reports what it gives back.

use std::cell::{Cell, RefCell};

use gc_arena::metrics::Metrics;

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

/// Sets up the allocator of the process, once, for a VM's use of it.
///
/// glibc keeps small blocks that were freed in lists of their own, and merges all of them when a larger one
/// is asked for: that takes ten milliseconds after a sweep of a large heap, and scatters what is allocated
/// next. Without these lists allocation-heavy programs take half the time.
pub(crate) fn tune_allocator() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            // SAFETY: `mallopt` may be called at any time, by any thread.
            unsafe { libc::mallopt(libc::M_MXFAST, 0) };
        });
    }
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

thread_local! {
    /// The books of the collection that runs on this OS thread.
    static BOOKS: RefCell<Option<Metrics>> = const { RefCell::new(None) };
}

/// Fewer parts of an object than these are covered by what the object counts as one.
const FREE_OF_CHARGE: u32 = 32;

/// Names the books in which the collection that is about to run on this OS thread is to count its work.
pub(crate) fn keep_books(metrics: Option<Metrics>) {
    BOOKS.with(|books| *books.borrow_mut() = metrics);
}

/// Counts the tracing of an object with `parts` slots as work, of which gc-arena sees one object.
#[inline]
pub(crate) fn pay_for_tracing(parts: u32, parts_per_unit: u32) {
    if parts > FREE_OF_CHARGE {
        BOOKS.with(|books| {
            if let Some(metrics) = &*books.borrow() {
                metrics.adjust_debt(-f64::from(parts / parts_per_unit));
            }
        });
    }
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
    /// The last serial number that an object was given.
    serials: Cell<u32>,
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
            serials: Cell::new(0),
        }
    }

    /// Returns the serial number kept in `cell`, given at the first request.
    ///
    /// It stands for the object where its address must not be seen: in `tostring`, and in hash order.
    pub(crate) fn serial(&self, cell: &Cell<u32>) -> u32 {
        if cell.get() == 0 {
            self.serials.set(self.serials.get().wrapping_add(1).max(1));
            cell.set(self.serials.get());
        }
        cell.get()
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

    /// Sets another limit in bytes, `None` for no limit: it counts from the next collection or large allocation on.
    pub fn set_limit(&self, limit: Option<usize>) {
        self.limit.set(limit.unwrap_or(usize::MAX));
        // What was granted under another limit may be more than is left now.
        let left = self.limit.get().saturating_sub(self.used.get());
        let credit = isize::try_from(left / 2).unwrap_or(isize::MAX);
        self.credit.set(self.credit.get().min(credit));
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
