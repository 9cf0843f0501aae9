//! What calls have done once: it outlives the run that did it, so that neither another run nor a message that is sent again
//! does it twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::idempotency::{IdempotencyStore, Turn};

/// So much may be remembered at once.
const MOST: usize = 65_536;

/// What was done, by the call's nonce and the author's key, for as long as a state of that call is valid.
#[derive(Debug, Default)]
pub(crate) struct Onces {
    table: Mutex<Table>,
    /// Where other machines look too.
    shared: Option<Arc<dyn IdempotencyStore>>,
}

#[derive(Debug, Default)]
struct Table {
    held: HashMap<(String, String), Held>,
    /// When what is over is looked for again.
    sweep: u64,
}

/// What is over is looked for so often, in seconds.
const SWEEP_EVERY: u64 = 60;

#[derive(Debug)]
struct Held {
    until: u64,
    /// The same by a clock that nobody sets: one that was set forwards, and back again, must not bring a state to life whose
    /// deeds are forgotten.
    passes: Instant,
    cell: Arc<OnceCell<Value>>,
}

impl Onces {
    pub(crate) fn new(shared: Option<Arc<dyn IdempotencyStore>>) -> Self {
        Self { table: Mutex::default(), shared }
    }

    /// Asks the other machines, if there are any, before something is done here.
    pub(crate) async fn turn(&self, nonce: &str, key: &str, until: u64) -> Result<Turn, String> {
        match &self.shared {
            None => Ok(Turn::Alone),
            Some(store) => {
                Turn::take(store.clone(), nonce, key, Duration::from_secs(until.saturating_sub(now()))).await
            }
        }
    }

    /// Where the result is, or will be: whoever comes second waits for the first. `None` where too much is remembered.
    pub(crate) fn cell(&self, nonce: &str, key: &str, until: u64) -> Option<Arc<OnceCell<Value>>> {
        let Table { held, sweep } = &mut *self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        if *sweep <= now || held.len() >= MOST {
            *sweep = now + SWEEP_EVERY;
            let passed = Instant::now();
            held.retain(|_, held| held.until > now || held.passes > passed);
        }
        let full = held.len() >= MOST;
        let place = (nonce.to_owned(), key.to_owned());
        if full && !held.contains_key(&place) {
            return None;
        }
        let held = held.entry(place).or_insert_with(|| {
            let begun = Instant::now();
            let passes = begun.checked_add(Duration::from_secs(until.saturating_sub(now))).unwrap_or(begun);
            Held { until, passes, cell: Arc::default() }
        });
        Some(held.cell.clone())
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
