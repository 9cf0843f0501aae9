//! What a call holds for as long as anything works for it: the call itself, a function that blocks and cannot be stopped, a
//! task that it has become.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use super::Facts;

/// Something that is given back when nobody works for the call any more.
pub(crate) type Thing = Arc<dyn Any + Send + Sync>;

/// What is held.
#[derive(Debug, Default)]
pub(crate) struct Holds(Mutex<Option<Thing>>);

impl Holds {
    /// What is held now, for work that may outlive the call.
    pub(crate) fn share(&self) -> Option<Thing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, thing: Option<Thing>) {
        let before = std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), thing);
        drop(before);
    }
}

/// The call's own hold, which ends with it.
pub(crate) struct Held<'a>(&'a Facts);

impl<'a> Held<'a> {
    pub(crate) fn keep(facts: &'a Facts, thing: impl Send + Sync + 'static) -> Self {
        facts.holds.put(Some(Arc::new(thing)));
        Self(facts)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.holds.put(None);
    }
}
