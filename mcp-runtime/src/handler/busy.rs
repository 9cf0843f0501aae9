//! How many functions that block are at work: a process that wants to end must know, because they cannot be stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Busy(AtomicUsize);

impl Busy {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    /// One more, until what is given is dropped.
    pub(super) fn enter(self: Arc<Self>) -> Guard {
        self.0.fetch_add(1, Ordering::AcqRel);
        Guard(self)
    }
}

pub(super) struct Guard(Arc<Busy>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}
