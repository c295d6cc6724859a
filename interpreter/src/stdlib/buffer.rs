//! A byte buffer that native functions build strings in, bounded by the VM's memory limit.
//!
//! Room is asked for before the buffer grows. A buffer that outlives a native call, because the call was
//! suspended, is charged to the heap; one that does not is left out, so as not to hasten the collector.

use gc_arena::Gc;

use crate::context::Context;
use crate::error::Error;
use crate::heap;
use crate::string::LuaString;

/// Bytes of a string in the making.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// Part of the capacity that the heap knows of.
    charged: usize,
}

impl Buffer {
    pub(crate) fn new() -> Buffer {
        Buffer::default()
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Empties the buffer and keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Returns the bytes of memory behind the buffer.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes room for `more` bytes, or raises the error that there is none.
    #[inline]
    pub(crate) fn reserve<'gc>(&mut self, ctx: Context<'gc>, more: usize) -> Result<(), Error<'gc>> {
        if more <= self.bytes.capacity() - self.bytes.len() {
            return Ok(());
        }
        self.grow(ctx, more)
    }

    #[cold]
    fn grow<'gc>(&mut self, ctx: Context<'gc>, more: usize) -> Result<(), Error<'gc>> {
        let needed = self.bytes.len().saturating_add(more);
        ctx.check_room(needed)?;
        self.bytes.reserve(more);
        Ok(())
    }

    #[inline]
    pub(crate) fn append<'gc>(&mut self, ctx: Context<'gc>, bytes: &[u8]) -> Result<(), Error<'gc>> {
        self.reserve(ctx, bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Gives access to the vector, for writers that stay within what was reserved.
    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Charges the heap for memory that it does not know of yet: to be called before a suspension.
    pub(crate) fn account(&mut self, ctx: Context<'_>) {
        let capacity = self.bytes.capacity();
        if capacity > self.charged {
            ctx.vm.heap.charge(capacity - self.charged);
            self.charged = capacity;
        }
    }

    /// Returns the finished string.
    #[inline]
    pub(crate) fn finish<'gc>(&self, ctx: Context<'gc>) -> Result<Gc<'gc, LuaString>, Error<'gc>> {
        ctx.checked_string(&self.bytes)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.charged > 0 {
            heap::dropped(self.charged);
        }
    }
}
