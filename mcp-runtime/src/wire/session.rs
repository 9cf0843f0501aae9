//! Sessions of stateful peers: what they said once and leave out of every request after.
//!
//! Over HTTP they live in a bounded table, and each belongs to its principal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::asked::Asked;
use super::flight::InFlight;
use super::revision::Revision;
use super::shared::Known;
use crate::changes::Listener;
use crate::kept::Streams;
use crate::model::{Client, Level, Principal};
use crate::replicas::{Copying, EventStore, SessionStore};

/// What was agreed with a stateful peer.
#[derive(Debug)]
pub(crate) struct Session {
    /// A number of its own, which is nobody's secret.
    pub(crate) number: u128,
    pub(crate) revision: Revision,
    pub(crate) client: Client,
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) asked: Asked,
    pub(crate) listener: Arc<Listener>,
    pub(crate) level: Mutex<Level>,
    /// What it says over HTTP in answer to requests, for a client that lost its connection.
    pub(crate) streams: Arc<Streams>,
    /// What other machines can know of it.
    pub(crate) known: Known,
}

impl Session {
    /// From which level on the client wants to read log messages.
    pub(super) fn level(&self) -> Level {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_level(&self, level: Level) {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner) = level;
    }
}

/// How many sessions there may be, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionLimits {
    pub(crate) count: usize,
    pub(crate) idle: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { count: 10_000, idle: Duration::from_secs(30 * 60) }
    }
}

/// The sessions of an HTTP server.
#[derive(Debug)]
pub(crate) struct Sessions {
    limits: SessionLimits,
    /// Where other machines find them too.
    pub(crate) store: Option<Arc<dyn SessionStore>>,
    /// Where other machines find what is said in them.
    pub(crate) copying: Option<Arc<Copying>>,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    held: HashMap<Key, Held>,
    swept: Instant,
}

/// A session is found only by whoever it belongs to.
type Key = (Principal, String);

#[derive(Debug)]
struct Held {
    session: Arc<Session>,
    used: Instant,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Whoever listens in the session is told nothing more.
        self.session.listener.close();
    }
}

/// Whoever has such a part of all sessions has many.
const OWN: usize = 10;

/// Idle sessions are looked for this often at most.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

impl Sessions {
    pub(crate) fn new(
        limits: SessionLimits,
        store: Option<Arc<dyn SessionStore>>,
        events: Option<Arc<dyn EventStore>>,
    ) -> Self {
        let copying = events.filter(|_| store.is_some()).map(Copying::new);
        Self {
            limits,
            store,
            copying,
            table: Mutex::new(Table { held: HashMap::new(), swept: Instant::now() }),
        }
    }

    /// The table, without sessions that have been idle too long.
    fn table(&self, now: Instant) -> MutexGuard<'_, Table> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(table.swept) >= SWEEP_EVERY.min(self.limits.idle) {
            table.swept = now;
            table.held.retain(|_, held| !self.is_over(held, now));
            table.held.values().for_each(|held| held.session.streams.expire(now));
        }
        table
    }

    fn is_over(&self, held: &Held, now: Instant) -> bool {
        !held.session.listener.is_read()
            && held.session.in_flight.idle_since().is_ok_and(|ended| {
                let used = ended.map_or(held.used, |ended| ended.max(held.used));
                now.duration_since(used) >= self.limits.idle
            })
    }

    /// How many sessions there are.
    pub(crate) fn count(&self) -> usize {
        self.table(Instant::now()).held.len()
    }

    /// Begins a session and gives its id. `None` where the table is full of sessions at work, or the system gives no
    /// randomness: an id that can be guessed is worse than none.
    pub(crate) fn begin(&self, principal: &Principal, session: Session) -> Option<String> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).ok()?;
        let id = format!("{:032x}", u128::from_ne_bytes(random));
        self.enter(principal, &id, session)?;
        Some(id)
    }

    /// Takes over a session that began on another machine. Where there is no room it is not found.
    pub(crate) fn adopt(&self, principal: &Principal, id: &str, session: Session) {
        let _ = self.enter(principal, id, session);
    }

    fn enter(&self, principal: &Principal, id: &str, session: Session) -> Option<()> {
        let now = Instant::now();
        let mut table = self.table(now);
        if table.held.len() >= self.limits.count {
            let at_work = |session: &Session| session.listener.is_read() || !session.in_flight.is_empty();
            // Whoever has many ends one of his own: nobody begins so many that those of others end.
            let own = table.held.keys().filter(|(owner, _)| owner == principal).count();
            let his = own >= self.limits.count.div_ceil(OWN).max(1);
            let idle = table
                .held
                .iter()
                .filter(|((owner, _), held)| (!his || owner == principal) && !at_work(&held.session));
            let idlest = idle.min_by_key(|(_, held)| held.used).map(|(key, _)| key.clone())?;
            tracing::warn!(limit = self.limits.count, "the table of sessions is full: the idlest one ends");
            table.held.remove(&idlest);
        }
        // Of two requests that come at once the first has brought it.
        let held = table.held.entry((principal.clone(), id.to_owned()));
        held.or_insert_with(|| Held { session: Arc::new(session), used: now });
        Some(())
    }

    /// The session with this number, for what other machines say of it.
    pub(crate) fn numbered(&self, number: u128) -> Option<Arc<Session>> {
        let table = self.table(Instant::now());
        let mut sessions = table.held.values().map(|held| &held.session);
        sessions.find(|session| session.number == number).cloned()
    }

    /// After how long without a request a session ends.
    pub(crate) fn idle(&self) -> Duration {
        self.limits.idle
    }

    /// The session of this principal with this id.
    pub(crate) fn find(&self, principal: &Principal, id: &str) -> Option<Arc<Session>> {
        let now = Instant::now();
        let key = (principal.clone(), id.to_owned());
        let mut table = self.table(now);
        let held = table.held.get_mut(&key)?;
        if self.is_over(held, now) {
            table.held.remove(&key);
            return None;
        }
        held.used = now;
        Some(held.session.clone())
    }

    /// Ends a session, and what is under way in it. `false` where there is none.
    pub(crate) fn end(&self, principal: &Principal, id: &str) -> bool {
        let ended = self.table(Instant::now()).held.remove(&(principal.clone(), id.to_owned()));
        if let Some(held) = &ended {
            held.session.in_flight.cancel_all();
            held.session.streams.forget_all();
        }
        ended.is_some()
    }
}
