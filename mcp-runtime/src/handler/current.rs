//! Which call the thread is working for just now.

use std::cell::RefCell;
use std::sync::Arc;

use crate::model::Facts;

struct Current {
    facts: Arc<Facts>,
    /// Whether what runs is polled, so that it may wait for its client.
    polled: bool,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// The thread polls this call until what is given is dropped.
#[must_use]
pub(crate) fn enter(facts: &Arc<Facts>) -> Entered {
    Entered(CURRENT.replace(Some(Current { facts: facts.clone(), polled: true })))
}

/// The thread works for this call and cannot wait for its client.
#[must_use]
pub(super) fn enter_blocking(facts: &Arc<Facts>) -> Entered {
    Entered(CURRENT.replace(Some(Current { facts: facts.clone(), polled: false })))
}

pub(crate) struct Entered(Option<Current>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Whether the thread polls this call.
pub(crate) fn is(facts: &Arc<Facts>) -> bool {
    CURRENT.with_borrow(|current| {
        current.as_ref().is_some_and(|current| current.polled && Arc::ptr_eq(&current.facts, facts))
    })
}

/// What the thread works for.
#[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the bridge from `tracing` asks"))]
pub(crate) fn call() -> Option<Arc<Facts>> {
    CURRENT
        .try_with(|current| current.try_borrow().ok()?.as_ref().map(|current| current.facts.clone()))
        .ok()?
}
