//! How many functions that block are at work: a process that wants to end must know, because they cannot be stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many may be at work or wait for a thread. Calls that were cancelled count until their turn has come.
const MOST: usize = 16_384;

#[derive(Debug, Default)]
pub(crate) struct Busy(AtomicUsize);

impl Busy {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    /// One more, until what is given is dropped; `None` where there are too many.
    pub(super) fn enter(self: Arc<Self>) -> Option<Guard> {
        let before = self.0.fetch_add(1, Ordering::AcqRel);
        let guard = Guard(self);
        (before < MOST).then_some(guard)
    }
}

pub(super) struct Guard(Arc<Busy>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}
