//! What a session has asked its client: an answer finds its question here, and nothing else.
//!
//! The numbers are the session's own, so an answer cannot reach another session's question.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::envelope::Id;
use crate::model::Slot;

#[derive(Debug, Default)]
pub(crate) struct Asked {
    last: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Slot>>>,
}

impl Asked {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Slot>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number that a question is sent under.
    pub(super) fn number(&self, slot: &Arc<Slot>) -> u64 {
        *slot.number.get_or_init(|| {
            let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
            self.lock().insert(number, slot.clone());
            number
        })
    }

    /// Takes a question back.
    pub(super) fn withdraw(&self, slot: &Slot) -> Option<u64> {
        let number = *slot.number.get()?;
        self.lock().remove(&number).map(|_| number)
    }

    /// Gives a client's answer to whoever asked. One to something that was not asked, or is not asked any more, is nothing.
    pub(super) fn answered(&self, id: &Id, answer: Result<&str, &str>) {
        let Ok(number) = id.raw().parse() else { return };
        let Some(slot) = self.lock().remove(&number) else { return };
        let read = |raw: &str| serde_json::from_str::<Value>(raw).unwrap_or_default();
        slot.fill(answer.map(read).map_err(read));
    }
}
