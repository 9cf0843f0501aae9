//! The calls that are under way on a connection or in a session, so that they can be cancelled and no id is used twice
//! at once. It leads to cancellation only: no answer is ever found through it.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::envelope::Id;
use crate::model::Facts;

#[derive(Debug, Default)]
pub(crate) struct InFlight {
    calls: Mutex<HashMap<Id, Arc<Facts>>>,
    ended: Mutex<Option<Instant>>,
}

impl InFlight {
    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Arc<Facts>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a call; `None` where its id is taken.
    pub(crate) fn enter(self: &Arc<Self>, id: &Id, facts: &Arc<Facts>) -> Option<Entry> {
        match self.lock().entry(id.clone()) {
            Slot::Occupied(_) => None,
            Slot::Vacant(slot) => {
                slot.insert(facts.clone());
                Some(Entry { table: self.clone(), id: id.clone(), facts: facts.clone() })
            }
        }
    }

    pub(crate) fn contains(&self, id: &Id) -> bool {
        let calls = self.lock();
        // Mostly there are none, and then nothing need be hashed.
        !calls.is_empty() && calls.contains_key(id)
    }

    /// Cancels a call, and frees its id at once. An unknown id says nothing: the call may have ended just now. `false` where
    /// there is none.
    pub(crate) fn cancel(&self, id: &Id) -> bool {
        let call = self.lock().remove(id);
        if let Some(call) = &call {
            call.exchange.cancel();
        }
        call.is_some()
    }

    /// When the last call ended, if none is under way; `Err` while one is.
    pub(crate) fn idle_since(&self) -> Result<Option<Instant>, ()> {
        if self.lock().is_empty() {
            Ok(*self.ended.lock().unwrap_or_else(PoisonError::into_inner))
        } else {
            Err(())
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Cancels all calls.
    pub(crate) fn cancel_all(&self) {
        let calls: Vec<_> = self.lock().values().cloned().collect();
        calls.iter().for_each(|call| call.exchange.cancel());
    }
}

/// A call that is under way, until this is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    table: Arc<InFlight>,
    id: Id,
    facts: Arc<Facts>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        *self.table.ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        // After a cancellation the id may be another call's.
        if let Slot::Occupied(slot) = self.table.lock().entry(self.id.clone())
            && Arc::ptr_eq(slot.get(), &self.facts)
        {
            slot.remove();
        }
    }
}
