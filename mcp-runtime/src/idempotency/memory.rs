//! The keys of one machine.
//!
//! Keys are forgotten when their time is over and never before: where there is no room, new ones find none.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Claim, Ended, Found, IdempotencyStore};
use crate::BoxError;
use crate::extension::BoxFuture;

#[derive(Debug)]
pub(crate) struct Memory {
    most: usize,
    most_bytes: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    held: HashMap<Arc<str>, Held>,
    /// Those that have ended, by when they are forgotten: all are kept equally long.
    ends: VecDeque<(Instant, Arc<str>)>,
    callers: HashMap<Arc<str>, Share>,
    bytes: usize,
}

/// What a caller has.
#[derive(Debug, Default)]
struct Share {
    keys: usize,
    bytes: usize,
}

/// So many keys are looked at to say when there is room.
const LOOKED_AT: usize = 1000;

#[derive(Debug)]
struct Held {
    digest: u64,
    owner: Box<str>,
    caller: Arc<str>,
    /// None while somebody is at work.
    ended: Option<Ended>,
    changed: Arc<Notify>,
}

impl Memory {
    pub(crate) fn new(most: usize, most_bytes: usize) -> Self {
        Self { most, most_bytes, table: Mutex::default() }
    }

    /// The table, without keys whose time is over.
    fn table(&self) -> MutexGuard<'_, Table> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if table.ends.is_empty() {
            return table;
        }
        let now = Instant::now();
        while table.ends.front().is_some_and(|(end, _)| *end <= now)
            && let Some((_, key)) = table.ends.pop_front()
        {
            table.forget(&key);
        }
        table
    }

    fn claim_now(&self, key: &str, claim: Claim<'_>) -> Found {
        let mut table = self.table();
        if let Some(Held { digest, ended, .. }) = table.held.get(key) {
            let digest = *digest;
            return match ended {
                None => Found::AtWork { digest },
                Some(Ended::Unknown) => Found::Unknown { digest },
                Some(ended) => Found::Ended { digest, ended: ended.clone() },
            };
        }
        let own = table.callers.get(claim.caller).map_or(0, |share| share.keys);
        if table.held.len() >= self.most || own >= self.most.div_ceil(10) {
            let frees = |(_, key): &&(Instant, Arc<str>)| {
                let held = table.held.get(key);
                table.held.len() >= self.most || held.is_some_and(|held| &*held.caller == claim.caller)
            };
            // Beyond those that are looked at there is none before the last of them.
            let next = table.ends.iter().take(LOOKED_AT).find(frees);
            let next = next.or_else(|| table.ends.get(LOOKED_AT - 1));
            let soon = Duration::from_secs(1);
            let retry_after = next.map_or(soon, |(end, _)| end.duration_since(Instant::now()).max(soon));
            return Found::Full { retry_after };
        }
        let known = table.callers.get_key_value(claim.caller).map(|(caller, _)| caller.clone());
        let caller = known.unwrap_or_else(|| claim.caller.into());
        table.callers.entry(caller.clone()).or_default().keys += 1;
        let held = Held {
            digest: claim.digest,
            owner: claim.owner.into(),
            caller,
            ended: None,
            changed: Arc::default(),
        };
        table.held.insert(key.into(), held);
        Found::Claimed
    }

    fn finish_now(&self, key: &str, claim: Claim<'_>, mut ended: Ended) {
        let mut table = self.table();
        let bytes = table.bytes;
        let Some((key, held)) = table.held.get_key_value(key).map(|(key, held)| (key.clone(), held)) else {
            return;
        };
        if *held.owner != *claim.owner || held.ended.is_some() {
            return;
        }
        if ended == Ended::NotDone {
            table.forget(&key);
            return;
        }
        if let Ended::Kept(result) = &ended {
            let (length, caller) = (result.len(), held.caller.clone());
            let own = table.callers.entry(caller).or_default();
            let left = self.most_bytes.checked_sub(bytes.saturating_add(length));
            // Whoever keeps much leaves as much for the others.
            if left.is_none_or(|left| own.bytes.saturating_add(length) > left) {
                ended = Ended::TooLong;
            } else {
                own.bytes += length;
                table.bytes += length;
            }
        }
        // Beyond what a clock can tell nothing is forgotten.
        if let Some(end) = Instant::now().checked_add(claim.keep) {
            table.ends.push_back((end, key.clone()));
        }
        if let Some(held) = table.held.get_mut(&key) {
            held.ended = Some(ended);
            held.changed.notify_waiters();
        }
    }
}

impl Table {
    fn forget(&mut self, key: &str) {
        let Some(held) = self.held.remove(key) else { return };
        held.changed.notify_waiters();
        let length = if let Some(Ended::Kept(result)) = &held.ended { result.len() } else { 0 };
        self.bytes = self.bytes.saturating_sub(length);
        if let Some(own) = self.callers.get_mut(&held.caller) {
            own.keys -= 1;
            own.bytes = own.bytes.saturating_sub(length);
            if own.keys == 0 {
                self.callers.remove(&held.caller);
            }
        }
    }
}

impl IdempotencyStore for Memory {
    fn claim<'a>(&'a self, key: &'a str, claim: Claim<'a>) -> BoxFuture<'a, Result<Found, BoxError>> {
        Box::pin(std::future::ready(Ok(self.claim_now(key, claim))))
    }

    /// Whoever claims a key in this process cannot die without ending the claim.
    fn renew<'a>(&'a self, _: &'a str, _: Claim<'a>) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn finish<'a>(
        &'a self,
        key: &'a str,
        claim: Claim<'a>,
        ended: Ended,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        self.finish_now(key, claim, ended);
        Box::pin(std::future::ready(Ok(())))
    }

    fn changed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, ()> {
        let at_work = self.table().held.get(key).filter(|held| held.ended.is_none()).map(|held| {
            let mut changed = Box::pin(held.changed.clone().notified_owned());
            // From here on nothing is missed.
            changed.as_mut().enable();
            changed
        });
        match at_work {
            Some(changed) => changed,
            None => Box::pin(std::future::ready(())),
        }
    }
}
