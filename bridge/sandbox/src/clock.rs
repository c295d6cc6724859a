//! The time that sandboxes see: the real one, or, where a [`crate::step`] runs them, one that stands still
//! until it is told to pass.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The moment at which virtual time begins, in seconds since the Unix epoch: 2001-09-09.
const EPOCH: f64 = 1e9;

/// Virtual time: a moment of the real one to count from, and what has passed since.
#[derive(Debug, Clone, Copy)]
struct Virtual {
    start: Instant,
    passed: Duration,
}

thread_local! {
    static VIRTUAL: Cell<Option<Virtual>> = const { Cell::new(None) };
}

/// Returns the moment that it is for sandboxes of this thread.
pub(crate) fn now() -> Instant {
    match VIRTUAL.get() {
        Some(time) => time.start + time.passed,
        None => Instant::now(),
    }
}

/// Has this thread's time stand still from now on.
pub(crate) fn stop() {
    VIRTUAL.set(Some(Virtual {
        start: Instant::now(),
        passed: Duration::ZERO,
    }));
}

/// Lets virtual time pass; real time takes no notice.
pub(crate) fn pass(time: Duration) {
    if let Some(mut now) = VIRTUAL.get() {
        now.passed = now.passed.saturating_add(time);
        VIRTUAL.set(Some(now));
    }
}

/// Returns virtual time in seconds since the Unix epoch, for `os.time` and `os.clock`.
pub(crate) fn seconds() -> f64 {
    EPOCH + VIRTUAL.get().map_or(0.0, |time| time.passed.as_secs_f64())
}

/// Returns whether time is virtual on this thread.
pub(crate) fn is_virtual() -> bool {
    VIRTUAL.get().is_some()
}
