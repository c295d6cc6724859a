//! A global allocator that keeps small freed blocks for the next requests of their size.
//!
//! A sweep frees thousands of objects of few sizes in a row, and the program then asks for as many again. glibc
//! keeps seven blocks of a size per thread; it merges each further one with its neighbours, only to split it again
//! soon. Here a thread keeps up to [`KEPT`] bytes of each size, so that most of that work is not done: programs that
//! allocate much take a tenth less time.
//!
//! All blocks are the system's, and go back to it when there are too many or their thread ends: one that is
//! allocated by one thread may be freed by another.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

/// Bytes of one size that a thread keeps.
const KEPT: usize = 1 << 16;

/// Distance between two sizes, and the alignment of all.
const GRAIN: usize = 16;

/// The smallest size. With this one and multiples of [`GRAIN`] above it, glibc's blocks have nothing to spare.
const SMALLEST: usize = 24;

/// Sizes that are kept: up to 264 bytes.
const CLASSES: usize = 16;

/// A block that nobody uses: what it holds is the next one.
struct Block {
    next: *mut Block,
}

/// The kept blocks of one size.
struct List {
    first: Cell<*mut Block>,
    count: Cell<usize>,
}

/// The kept blocks of a thread.
struct Lists([List; CLASSES]);

thread_local! {
    static LISTS: Lists = const {
        Lists([const { List { first: Cell::new(ptr::null_mut()), count: Cell::new(0) } }; CLASSES])
    };
}

/// Returns the layout of the blocks of a class.
const fn layout_of(class: usize) -> Layout {
    match Layout::from_size_align(SMALLEST + class * GRAIN, 8) {
        Ok(layout) => layout,
        Err(_) => panic!("small sizes are valid"),
    }
}

/// Returns the class of the blocks for a layout, if they are kept.
#[inline(always)]
fn class_of(layout: Layout) -> Option<usize> {
    let class = layout.size().saturating_sub(SMALLEST - GRAIN + 1) / GRAIN;
    (class < CLASSES && layout.align() <= 8).then_some(class)
}

impl List {
    fn take(&self) -> *mut u8 {
        let block = self.first.get();
        if !block.is_null() {
            // SAFETY: blocks in the list are ours alone, and hold the next.
            self.first.set(unsafe { (*block).next });
            self.count.set(self.count.get() - 1);
        }
        block.cast()
    }

    /// Keeps a block unless there are enough.
    ///
    /// # Safety
    ///
    /// The block must be of the list's size, and nobody may use it any more.
    unsafe fn keep(&self, block: *mut u8, class: usize) -> bool {
        if self.count.get() * layout_of(class).size() >= KEPT {
            return false;
        }
        let block = block.cast::<Block>();
        // SAFETY: the smallest block has room for an address, and all are aligned for one.
        unsafe {
            block.write(Block {
                next: self.first.get(),
            })
        };
        self.first.set(block);
        self.count.set(self.count.get() + 1);
        true
    }
}

impl Drop for Lists {
    fn drop(&mut self) {
        for (class, list) in self.0.iter().enumerate() {
            loop {
                let block = list.take();
                if block.is_null() {
                    break;
                }
                // SAFETY: it came from `System`, with this layout.
                unsafe { System.dealloc(block, layout_of(class)) };
            }
        }
    }
}

/// The allocator; a program installs it with `#[global_allocator]`.
#[derive(Debug, Clone, Copy)]
pub struct Recycler;

// SAFETY: all memory is `System`'s. A block of a class was requested with the layout of the class, which has room for
// every layout of that class, and it is in no list while it is in use.
unsafe impl GlobalAlloc for Recycler {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(class) = class_of(layout) else {
            // SAFETY: by contract.
            return unsafe { System.alloc(layout) };
        };
        // A thread that ends has no lists any more.
        let kept = LISTS
            .try_with(|lists| lists.0[class].take())
            .unwrap_or(ptr::null_mut());
        if kept.is_null() {
            // SAFETY: the size is not 0.
            unsafe { System.alloc(layout_of(class)) }
        } else {
            kept
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(class) = class_of(layout) else {
            // SAFETY: by contract; it was requested with the same layout.
            return unsafe { System.dealloc(block, layout) };
        };
        // SAFETY: `alloc` has given it for a layout of this class.
        let is_kept = LISTS.try_with(|lists| unsafe { lists.0[class].keep(block, class) });
        if !is_kept.unwrap_or(false) {
            // SAFETY: it was requested with the layout of the class.
            unsafe { System.dealloc(block, layout_of(class)) };
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if class_of(layout).is_none() {
            // SAFETY: by contract.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: by contract.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: the block is at least that large.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: by contract, the new size is valid with the alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (class_of(layout), class_of(wanted)) {
            // SAFETY: by contract; neither size is one that is kept.
            (None, None) => unsafe { System.realloc(block, layout, size) },
            (Some(before), Some(after)) if before == after => block,
            // SAFETY: by contract; the blocks are different ones, each at least as large as what is copied.
            _ => unsafe {
                let new = self.alloc(wanted);
                if !new.is_null() {
                    ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                    self.dealloc(block, layout);
                }
                new
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).expect("small")
    }

    #[test]
    fn a_class_has_room_for_its_sizes_and_for_no_others() {
        for size in 1..=SMALLEST + (CLASSES - 1) * GRAIN {
            let class = class_of(layout(size)).expect("kept");
            assert!(size <= layout_of(class).size());
            assert!(class == 0 || size > layout_of(class - 1).size());
        }
        assert_eq!(class_of(layout(SMALLEST + (CLASSES - 1) * GRAIN + 1)), None);
        assert_eq!(
            class_of(Layout::from_size_align(32, 16).expect("valid")),
            None
        );
    }

    /// Blocks of all sizes keep what is in them, through growth and shrinking, beside many others.
    #[test]
    fn blocks_keep_their_contents() {
        let mut blocks: Vec<(*mut u8, usize, u8)> = Vec::new();
        let mut random = 1u64;
        let mut next = |below: u64| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 33) % below
        };
        let holds = |block: *mut u8, size: usize, mark: u8| {
            // SAFETY: the block is in use, has this size and was filled.
            unsafe { std::slice::from_raw_parts(block, size) }
                .iter()
                .all(|&byte| byte == mark)
        };
        for round in 0..200_000u32 {
            let size = 1 + next(400) as usize;
            let mark = round as u8;
            // SAFETY: each block is used with the size it was requested with, and not after it was freed.
            unsafe {
                match next(4) {
                    0 | 1 if blocks.len() < 5000 => {
                        let block = if round % 2 == 0 {
                            Recycler.alloc(layout(size))
                        } else {
                            let block = Recycler.alloc_zeroed(layout(size));
                            assert!(holds(block, size, 0));
                            block
                        };
                        block.write_bytes(mark, size);
                        blocks.push((block, size, mark));
                    }
                    2 if !blocks.is_empty() => {
                        let index = next(blocks.len() as u64) as usize;
                        let (block, old, before) = blocks[index];
                        let block = Recycler.realloc(block, layout(old), size);
                        assert!(holds(block, old.min(size), before));
                        block.write_bytes(mark, size);
                        blocks[index] = (block, size, mark);
                    }
                    _ if !blocks.is_empty() => {
                        let index = next(blocks.len() as u64) as usize;
                        let (block, size, mark) = blocks.swap_remove(index);
                        assert!(holds(block, size, mark));
                        Recycler.dealloc(block, layout(size));
                    }
                    _ => {}
                }
            }
        }
        for (block, size, mark) in blocks {
            assert!(holds(block, size, mark));
            // SAFETY: as above.
            unsafe { Recycler.dealloc(block, layout(size)) };
        }
    }

    /// What one thread has allocated may be freed by another, which ends.
    #[test]
    fn blocks_go_from_thread_to_thread() {
        for _ in 0..20 {
            let blocks: Vec<usize> = (0..5000)
                // SAFETY: the size is not 0.
                .map(|index| unsafe { Recycler.alloc(layout(1 + index % 300)) } as usize)
                .collect();
            let other = std::thread::spawn(move || {
                for (index, block) in blocks.into_iter().enumerate() {
                    // SAFETY: requested with this layout, and used by nobody.
                    unsafe { Recycler.dealloc(block as *mut u8, layout(1 + index % 300)) };
                }
            });
            other.join().expect("no panic");
        }
    }

    #[test]
    fn a_thread_keeps_a_bounded_number_of_blocks() {
        let blocks: Vec<*mut u8> = (0..2 * KEPT / SMALLEST)
            // SAFETY: the size is not 0.
            .map(|_| unsafe { Recycler.alloc(layout(16)) })
            .collect();
        for block in blocks {
            // SAFETY: requested with this layout, and used by nobody.
            unsafe { Recycler.dealloc(block, layout(16)) };
        }
        LISTS.with(|lists| assert!(lists.0[0].count.get() * SMALLEST < KEPT + SMALLEST));
    }
}
