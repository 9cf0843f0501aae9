//! The sessions of stateful clients: ids that cannot be guessed, in a bounded table.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hyper::header::HeaderValue;

/// So many sessions may be open at once.
const MOST_SESSIONS: usize = 10_000;

#[derive(Default)]
pub struct Sessions(Mutex<HashSet<HeaderValue>>);

impl Sessions {
    /// Begins a session; `None` if there are too many.
    pub fn begin(&self) -> Option<HeaderValue> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).ok()?;
        let id = HeaderValue::from_str(&format!("{:032x}", u128::from_ne_bytes(random))).ok()?;
        let mut open = self.open();
        (open.len() < MOST_SESSIONS && open.insert(id.clone())).then_some(id)
    }

    /// Whether the session is open.
    pub fn knows(&self, id: &HeaderValue) -> bool {
        self.open().contains(id)
    }

    /// Ends a session; whether it was open.
    pub fn end(&self, id: &HeaderValue) -> bool {
        self.open().remove(id)
    }

    fn open(&self) -> MutexGuard<'_, HashSet<HeaderValue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
