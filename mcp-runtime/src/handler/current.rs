//! Which call the thread is working for just now.

use std::cell::RefCell;
use std::sync::Arc;

use crate::model::Facts;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Facts>>> = const { RefCell::new(None) };
}

/// The thread works for this call until what is given is dropped.
#[must_use]
pub(crate) fn enter(facts: &Arc<Facts>) -> Entered {
    Entered(CURRENT.replace(Some(facts.clone())))
}

pub(crate) struct Entered(Option<Arc<Facts>>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Whether the thread works for this call.
pub(crate) fn is(facts: &Arc<Facts>) -> bool {
    CURRENT.with_borrow(|current| current.as_ref().is_some_and(|current| Arc::ptr_eq(current, facts)))
}
