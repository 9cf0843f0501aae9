//! The handles of one machine. A caller makes room at his own cost only.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{HandleStore, Keeping, Room};
use crate::{BoxError, BoxFuture};

/// One caller has such a part of the bytes at most.
const SHARE: usize = 4;

#[derive(Debug)]
pub(super) struct Memory {
    most: usize,
    bytes: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    kept: HashMap<Arc<str>, Kept>,
    /// By when they are forgotten.
    ends: BTreeSet<(Instant, u64, Arc<str>)>,
    owners: HashMap<Arc<str>, Own>,
    bytes: usize,
    last: u64,
}

/// What one caller has.
#[derive(Debug, Default)]
struct Own {
    /// The keys, the oldest first.
    keys: BTreeMap<u64, Arc<str>>,
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    value: Box<str>,
    owner: Arc<str>,
    number: u64,
    end: Option<Instant>,
}

impl Memory {
    pub(super) fn new(most: usize, bytes: usize) -> Self {
        Self { most, bytes, table: Mutex::default() }
    }

    /// The table, without what its time is over for.
    fn table(&self) -> MutexGuard<'_, Table> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if table.ends.is_empty() {
            return table;
        }
        let now = Instant::now();
        while let Some((end, _, key)) = table.ends.first()
            && *end <= now
        {
            let key = key.clone();
            table.forget(&key);
        }
        table
    }

    fn put_now(&self, key: &str, value: &str, keeping: Keeping<'_>) -> Room {
        let mut table = self.table();
        let own = table.owners.get(keeping.owner).map_or((0, 0), |own| (own.keys.len(), own.bytes));
        let share = self.bytes.div_ceil(SHARE);
        // Nothing is forgotten in vain.
        if value.len() > share
            || table.kept.len() - own.0 >= self.most
            || table.bytes - own.1 + value.len() > self.bytes
        {
            return Room::Full;
        }
        table.forget(key);
        while let Some(own) = table.owners.get(keeping.owner)
            && (own.keys.len() >= keeping.most
                || own.bytes + value.len() > share
                || table.kept.len() >= self.most
                || table.bytes + value.len() > self.bytes)
            && let Some(oldest) = own.keys.values().next().cloned()
        {
            table.forget(&oldest);
        }
        table.last += 1;
        let number = table.last;
        let key: Arc<str> = key.into();
        let owner = table.owners.get_key_value(keeping.owner).map(|(owner, _)| owner.clone());
        let owner = owner.unwrap_or_else(|| keeping.owner.into());
        // Beyond what a clock can tell nothing is forgotten.
        let end = Instant::now().checked_add(keeping.time);
        table.ends.extend(end.map(|end| (end, number, key.clone())));
        let own = table.owners.entry(owner.clone()).or_default();
        own.keys.insert(number, key.clone());
        own.bytes += value.len();
        table.bytes += value.len();
        table.kept.insert(key, Kept { value: value.into(), owner, number, end });
        Room::Kept
    }
}

impl Table {
    /// Whether there was something to forget.
    fn forget(&mut self, key: &str) -> bool {
        let Some((key, kept)) = self.kept.remove_entry(key) else { return false };
        self.bytes -= kept.value.len();
        if let Some(end) = kept.end {
            self.ends.remove(&(end, kept.number, key));
        }
        if let Some(own) = self.owners.get_mut(&kept.owner) {
            own.keys.remove(&kept.number);
            own.bytes -= kept.value.len();
            if own.keys.is_empty() {
                self.owners.remove(&kept.owner);
            }
        }
        true
    }
}

impl HandleStore for Memory {
    fn put<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        keeping: Keeping<'a>,
    ) -> BoxFuture<'a, Result<Room, BoxError>> {
        Box::pin(std::future::ready(Ok(self.put_now(key, value, keeping))))
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        let found = self.table().kept.get(key).map(|kept| kept.value.to_string());
        Box::pin(std::future::ready(Ok(found)))
    }

    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
        let was_there = self.table().forget(key);
        Box::pin(std::future::ready(Ok(was_there)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn keeping(owner: &str) -> Keeping<'_> {
        Keeping::new(owner, Duration::from_secs(60)).most(2)
    }

    async fn get(memory: &Memory, key: &str) -> Option<String> {
        memory.get(key).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_its_time_is_over_for_is_forgotten() {
        let memory = Memory::new(10, 1000);
        assert_eq!(memory.put_now("a", "1", keeping("ada")), Room::Kept);
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(get(&memory, "a").await.as_deref(), Some("1"));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(get(&memory, "a").await, None);
        let table = memory.table();
        assert!(
            table.kept.is_empty() && table.ends.is_empty() && table.owners.is_empty() && table.bytes == 0
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_makes_room_at_his_own_cost_only() {
        let memory = Memory::new(3, 32);
        for key in ["a", "b", "c"] {
            assert_eq!(memory.put_now(key, "1", keeping("ada")), Room::Kept);
        }
        assert_eq!(get(&memory, "a").await, None, "his oldest has gone");
        assert_eq!(memory.put_now("x", "1", keeping("bob")), Room::Kept);
        assert_eq!(memory.put_now("y", "1", keeping("cyd")), Room::Full, "nobody else's goes");
        assert_eq!(memory.put_now("z", "1", keeping("bob")), Room::Kept);
        assert_eq!(get(&memory, "x").await, None);
        assert_eq!(memory.put_now("z", "123456789", keeping("bob")), Room::Full, "more than his share");
        assert_eq!(get(&memory, "z").await.as_deref(), Some("1"), "what is there stays");
        assert_eq!(memory.put_now("c", "1234567", keeping("ada")), Room::Kept);
        assert_eq!(get(&memory, "b").await.as_deref(), Some("1"));
        assert!(get(&memory, "c").await.is_some(), "one that is replaced takes its own place");
        assert_eq!(memory.put_now("c", "12345678", keeping("ada")), Room::Kept);
        assert_eq!(get(&memory, "b").await, None, "both were more than his share");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_forgotten_for_what_has_no_room_even_so() {
        let memory = Memory::new(100, 16);
        for (key, owner) in [("a", "ada"), ("b", "bob"), ("c", "cyd"), ("d", "dan")] {
            assert_eq!(
                memory.put_now(key, if key == "d" { "12" } else { "1234" }, keeping(owner)),
                Room::Kept
            );
        }
        assert_eq!(memory.put_now("e", "12", keeping("eve")), Room::Kept);
        assert_eq!(memory.put_now("f", "1234", keeping("eve")), Room::Full);
        assert_eq!(get(&memory, "e").await.as_deref(), Some("12"));
    }
}
