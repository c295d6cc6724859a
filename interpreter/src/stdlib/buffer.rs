//! Memory of native functions: a byte buffer to build strings in, bounded by the VM's memory limit.
//!
//! Room is asked for before a buffer grows. What outlives a native call, because the call was suspended, is
//! charged to the heap; what does not is left out, so as not to hasten the collector.

use std::cell::Cell;

use gc_arena::Gc;

use crate::context::Context;
use crate::error::Error;
use crate::heap;
use crate::string::LuaString;

/// Largest buffer that is kept for the next one.
const SPARE: usize = 64 * 1024;

thread_local! {
    /// The memory of a buffer that is no longer used: most native calls then allocate nothing.
    static SPARE_BYTES: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Bytes charged to the heap on behalf of Rust data in a userdata; given back when dropped.
#[derive(Debug, Default)]
pub(crate) struct Charge(usize);

impl Charge {
    /// Charges the heap for what `bytes` is more than was charged so far.
    pub(crate) fn raise_to(&mut self, ctx: Context<'_>, bytes: usize) {
        if bytes > self.0 {
            ctx.vm.heap.charge(bytes - self.0);
            self.0 = bytes;
        }
    }

    /// Gives back everything, while the VM is entered.
    pub(crate) fn release(&mut self, ctx: Context<'_>) {
        ctx.vm.heap.release(self.0);
        self.0 = 0;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if self.0 > 0 {
            heap::dropped(self.0);
        }
    }
}

/// Bytes of a string in the making.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    charge: Charge,
}

impl Buffer {
    #[inline]
    pub(crate) fn new() -> Buffer {
        let mut bytes = SPARE_BYTES.take();
        bytes.clear();
        Buffer {
            bytes,
            charge: Charge::default(),
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Makes room for `more` bytes, or raises the error that there is none.
    #[inline]
    pub(crate) fn reserve<'gc>(
        &mut self,
        ctx: Context<'gc>,
        more: usize,
    ) -> Result<(), Error<'gc>> {
        if more <= self.bytes.capacity() - self.bytes.len() {
            return Ok(());
        }
        self.grow(ctx, more)
    }

    #[cold]
    fn grow<'gc>(&mut self, ctx: Context<'gc>, more: usize) -> Result<(), Error<'gc>> {
        ctx.check_room(self.bytes.len().saturating_add(more))?;
        self.bytes.reserve(more);
        Ok(())
    }

    #[inline]
    pub(crate) fn append<'gc>(
        &mut self,
        ctx: Context<'gc>,
        bytes: &[u8],
    ) -> Result<(), Error<'gc>> {
        self.reserve(ctx, bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Gives access to the vector, for writers that stay within what was reserved.
    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Charges the heap for the buffer: to be called before a suspension.
    pub(crate) fn account(&mut self, ctx: Context<'_>) {
        // About its capacity; that itself depends on what the memory was used for before.
        self.charge
            .raise_to(ctx, self.bytes.len().next_power_of_two());
    }

    /// Returns the finished string.
    #[inline]
    pub(crate) fn finish<'gc>(&self, ctx: Context<'gc>) -> Result<Gc<'gc, LuaString>, Error<'gc>> {
        ctx.checked_string(&self.bytes)
    }
}

impl Drop for Buffer {
    #[inline]
    fn drop(&mut self) {
        // A buffer may be dropped when its thread ends and the spare one is gone.
        if (1..=SPARE).contains(&self.bytes.capacity()) {
            let bytes = std::mem::take(&mut self.bytes);
            let _ = SPARE_BYTES.try_with(|spare| spare.set(bytes));
        }
    }
}
