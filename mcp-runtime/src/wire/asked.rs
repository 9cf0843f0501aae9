//! What a session has asked its client: an answer finds its question here, and nothing else.
//!
//! The numbers are the session's own, so an answer cannot reach another session's question.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::Value;

use super::envelope::Id;
use crate::model::Slot;

#[derive(Debug, Default)]
pub(crate) struct Asked {
    last: AtomicU64,
    open: Mutex<HashMap<u64, Weak<Slot>>>,
}

impl Asked {
    /// Of a session that other machines ask in too: each has numbers of its own, by chance.
    pub(super) fn shared() -> Self {
        let mut random = [0; 4];
        let _ = getrandom::fill(&mut random);
        // Numbers in JSON are exact up to 53 bits.
        Self { last: AtomicU64::new(u64::from(u32::from_ne_bytes(random)) << 20), ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Weak<Slot>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number that a question is sent under.
    pub(super) fn number(&self, slot: &Arc<Slot>) -> u64 {
        *slot.number.get_or_init(|| {
            let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
            let mut open = self.lock();
            // A call that is cancelled takes its questions along and says nothing of it: they are forgotten when there
            // are as many of them as of the others.
            if open.len() == open.capacity() {
                open.retain(|_, slot| slot.strong_count() > 0);
            }
            open.insert(number, Arc::downgrade(slot));
            number
        })
    }

    /// Takes a question back.
    pub(super) fn withdraw(&self, slot: &Slot) -> Option<u64> {
        let number = *slot.number.get()?;
        self.lock().remove(&number).map(|_| number)
    }

    /// Gives a client's answer to whoever asked. One to something that was not asked, or is not asked any more, is nothing;
    /// `false` where it was not asked here.
    pub(super) fn answered(&self, id: &Id, answer: Result<&str, &str>) -> bool {
        let Some(number) = id.number() else { return false };
        let Some(slot) = self.lock().remove(&number) else { return false };
        let Some(slot) = slot.upgrade() else { return true };
        let read = |raw: &str| serde_json::from_str::<Value>(raw).unwrap_or_default();
        slot.fill(answer.map(read).map_err(read));
        true
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use crate::model::Question;

    #[test]
    fn questions_that_nobody_waits_for_any_more_are_not_kept() {
        let asked = Asked::default();
        let waits = Arc::new(Slot::new(Question::Roots, String::new()));
        let number = asked.number(&waits);
        for _ in 0..10_000 {
            asked.number(&Arc::new(Slot::new(Question::Roots, String::new())));
        }
        assert!(asked.lock().len() < 10, "{}", asked.lock().len());
        asked.answered(&Id::read(&number.to_string()).unwrap(), Ok("{}"));
        let cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(waits.poll(&cx).is_ready(), "one that somebody waits for is");
    }
}
