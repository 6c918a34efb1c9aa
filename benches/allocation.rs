//! An allocator that counts what is asked of it, while something is being counted: bytes and calls, and
//! the bytes that are held. Otherwise it is the system's and costs nothing more.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

static COUNTS: AtomicBool = AtomicBool::new(false);
static BYTES: AtomicU64 = AtomicU64::new(0);
static CALLS: AtomicU64 = AtomicU64::new(0);
static HELD: AtomicI64 = AtomicI64::new(0);

/// The system's allocator, counted.
pub struct Counting;

fn took(size: usize) {
    if COUNTS.load(Ordering::Relaxed) {
        BYTES.fetch_add(size as u64, Ordering::Relaxed);
        CALLS.fetch_add(1, Ordering::Relaxed);
        HELD.fetch_add(size as i64, Ordering::Relaxed);
    }
}

fn gave_back(size: usize) {
    if COUNTS.load(Ordering::Relaxed) {
        HELD.fetch_sub(size as i64, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller's promise about `layout` is the system allocator's own.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        gave_back(layout.size());
        // SAFETY: `pointer` came from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        took(size);
        gave_back(layout.size());
        // SAFETY: `pointer` came from `alloc` above with `layout`; the rest is the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// What was asked of the allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocated {
    /// Bytes.
    pub bytes: u64,
    /// Calls.
    pub calls: u64,
    /// Bytes that are held longer than the work took.
    pub held: i64,
}

/// Runs `work` and tells what it allocated, with its result.
pub fn counted<T>(work: impl FnOnce() -> T) -> (T, Allocated) {
    let now = || {
        let (bytes, calls) = (BYTES.load(Ordering::Relaxed), CALLS.load(Ordering::Relaxed));
        Allocated { bytes, calls, held: HELD.load(Ordering::Relaxed) }
    };
    let counted_already = COUNTS.swap(true, Ordering::Relaxed);
    let before = now();
    let result = work();
    let after = now();
    COUNTS.store(counted_already, Ordering::Relaxed);
    let (bytes, calls) = (after.bytes - before.bytes, after.calls - before.calls);
    (result, Allocated { bytes, calls, held: after.held - before.held })
}
