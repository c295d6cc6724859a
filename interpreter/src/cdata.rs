//! Cdata: boxed 64-bit integers, all that a VM without the ffi has of LuaJIT's C data.
//!
//! The literals `1LL` and `1ULL` make them, and arithmetic on them. They are immutable, and each has an
//! identity of its own, by which tables know it as a key.

use std::cell::Cell;
use std::fmt;

use gc_arena::{Collect, Gc, Mutation};

use crate::heap::{self, Heap, OBJECT_HEADER};
use crate::integer::Integer;

/// A boxed 64-bit integer.
pub struct Cdata {
    bits: u64,
    /// Serial number for `%p`, 0 until it is needed.
    pub(crate) serial: Cell<u32>,
    is_unsigned: bool,
}

impl fmt::Debug for Cdata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cdata({})", self.integer())
    }
}

impl Cdata {
    /// Boxes an integer.
    pub fn new<'gc>(mc: &Mutation<'gc>, heap: &Heap, integer: Integer) -> Gc<'gc, Cdata> {
        heap.charge(OBJECT_HEADER + size_of::<Self>());
        Gc::new(
            mc,
            Cdata {
                bits: integer.bits(),
                serial: Cell::new(0),
                is_unsigned: matches!(integer, Integer::Unsigned(_)),
            },
        )
    }

    /// Returns the integer in the box.
    pub fn integer(&self) -> Integer {
        if self.is_unsigned {
            Integer::Unsigned(self.bits)
        } else {
            Integer::Signed(self.bits as i64)
        }
    }
}

// SAFETY: a boxed integer holds no pointers into the heap.
unsafe impl<'gc> Collect<'gc> for Cdata {
    const NEEDS_TRACE: bool = false;
}

impl Drop for Cdata {
    fn drop(&mut self) {
        heap::dropped(OBJECT_HEADER + size_of::<Self>());
    }
}
