//! Buckets of tokens in memory, by the generic cell rate algorithm: of each bucket one number is kept, the moment at which it
//! is full again. One that is full is the same as one that was never there, so only those are forgotten.
//!
//! The crate `governor` does the same. Limits are on by default, so it could not stand behind a feature of its own, and its 17
//! packages do not fit into what the library may bring; nor can it bound its table without forgetting debts.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Bucket, Counted, MOST, Taken};

/// Newcomers who find no room share so many buckets.
const SHARED: u64 = 256;
/// The keys of buckets that are not shared.
const OWN: u64 = u64::MAX >> 1;
/// Buckets that are full again are looked for this often at most, when there is no room.
const SWEEP_EVERY: u64 = 1_000_000_000;

/// The counts of one machine.
#[derive(Debug)]
pub(crate) struct Memory {
    begun: Instant,
    /// Keys are known by a hash that nobody outside can foretell.
    hasher: RandomState,
    most: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// When each bucket is full again, in nanoseconds since it all began.
    full: HashMap<u64, u64, BuildHasherDefault<Hashed>>,
    sweep: u64,
}

/// What is a hash already.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Memory {
    pub(crate) fn new(most: usize) -> Self {
        Self { begun: Instant::now(), hasher: RandomState::new(), most, table: Mutex::default() }
    }

    /// Takes a token from each bucket, or from none. Of more than [`MOST`] buckets the rest is left alone.
    pub(crate) fn take(&self, buckets: &[Bucket<'_>]) -> Taken {
        // The clock of the machine may be set; this one only goes on.
        let passed = self.begun.elapsed();
        let now = passed.as_secs().saturating_mul(1_000_000_000).saturating_add(passed.subsec_nanos().into());
        // Where each bucket stands, and when it is full again if a token is taken.
        let mut places = [(0, 0); MOST];
        let mut refused: Option<(usize, u64)> = None;
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, (bucket, place)) in buckets.iter().zip(&mut places).enumerate() {
            let (key, full) = self.find(&mut table, bucket, now);
            let interval = bucket.rate.interval();
            let allowed = interval.saturating_mul(u64::from(bucket.rate.at_once() - 1));
            *place = (key, full.saturating_add(interval));
            if let Some(wait) = (full - now).checked_sub(allowed).filter(|wait| *wait > 0)
                && refused.is_none_or(|(_, longest)| wait > longest)
            {
                refused = Some((at, wait));
            }
        }
        if let Some((bucket, wait)) = refused {
            return Taken::Refused { bucket, retry_after: Duration::from_nanos(wait) };
        }
        for (key, full) in places.iter().take(buckets.len()) {
            table.full.insert(*key, *full);
        }
        Taken::All
    }

    /// What is counted, as a number. Only what callers choose has to be hashed: sessions are numbers that nobody foretells, and
    /// functions stay where they are.
    fn key(&self, counted: Counted<'_>) -> u64 {
        match counted {
            Counted::Caller(_) | Counted::Address(_) => self.hasher.hash_one(counted) & OWN,
            Counted::Session(number) => number as u64 & OWN,
            Counted::Function { word, name } => {
                (name.as_ptr().addr() as u64) << 8 | word.bytes().next().map_or(0, u64::from)
            }
            Counted::All => !OWN | SHARED,
        }
    }

    /// What a bucket is known by, itself or, where there is no room for it, one of those that are shared; and when it is full.
    fn find(&self, table: &mut Table, bucket: &Bucket<'_>, now: u64) -> (u64, u64) {
        let key = self.key(bucket.counted);
        if let Some(full) = table.full.get(&key) {
            return (key, (*full).max(now));
        }
        // Of what callers do not choose there is only so much, and it is never counted with what they do.
        if matches!(bucket.counted, Counted::Function { .. } | Counted::All) {
            return (key, now);
        }
        if table.full.len() >= self.most && now >= table.sweep {
            table.full.retain(|_, full| *full > now);
            table.sweep = now.saturating_add(SWEEP_EVERY);
        }
        if table.full.len() < self.most {
            return (key, now);
        }
        let shared = !OWN | (key % SHARED);
        (shared, table.full.get(&shared).copied().unwrap_or_default().max(now))
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.table.lock().unwrap().full.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Rate;

    fn take(memory: &Memory, who: u128, rate: Rate) -> Taken {
        memory.take(&[Bucket { counted: Counted::Session(who), rate }])
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_a_token_exactly_when_it_was_said() {
        let memory = Memory::new(10);
        let rate = Rate::per_second(4).burst(3);
        for _ in 0..3 {
            assert_eq!(take(&memory, 1, rate), Taken::All);
        }
        let Taken::Refused { retry_after, .. } = take(&memory, 1, rate) else { panic!("it was not refused") };
        assert_eq!(retry_after, Duration::from_millis(250));
        tokio::time::advance(retry_after - Duration::from_millis(1)).await;
        assert!(matches!(take(&memory, 1, rate), Taken::Refused { .. }));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(take(&memory, 1, rate), Taken::All);
        assert!(matches!(take(&memory, 1, rate), Taken::Refused { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn in_any_second_there_are_no_more_than_the_rate_and_the_burst() {
        let memory = Memory::new(10);
        let rate = Rate::per_second(100).burst(50);
        let mut taken = 0;
        for _ in 0..10_000 {
            taken += u32::from(take(&memory, 1, rate) == Taken::All);
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!((1040..=1051).contains(&taken), "{taken}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_bucket_refuses_takes_nothing_from_the_others() {
        let memory = Memory::new(10);
        let pair = |one: u128, other: u128| {
            [(one, Rate::per_hour(1)), (other, Rate::per_hour(2))]
                .map(|(who, rate)| Bucket { counted: Counted::Session(who), rate })
        };
        assert_eq!(memory.take(&pair(1, 9)), Taken::All);
        for _ in 0..10 {
            assert!(matches!(memory.take(&pair(1, 9)), Taken::Refused { bucket: 0, .. }));
        }
        assert_eq!(memory.take(&pair(2, 9)), Taken::All);
        assert!(matches!(memory.take(&pair(3, 9)), Taken::Refused { bucket: 1, .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_as_many_resets_nobodys_bucket_and_fills_no_memory() {
        let memory = Memory::new(1000);
        let rate = Rate::per_hour(1);
        assert_eq!(take(&memory, 0, rate), Taken::All);
        let in_time = (1..1_000_000).filter(|who| take(&memory, *who, rate) == Taken::All).count();
        // Those who had room, and those who shared.
        assert!(in_time <= 1000 + SHARED as usize, "{in_time}");
        assert!(memory.len() <= 1000 + SHARED as usize);
        assert!(matches!(take(&memory, 0, rate), Taken::Refused { .. }), "the first bucket was forgotten");
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(take(&memory, 0, rate), Taken::All);
        assert_eq!(take(&memory, 7_000_000, rate), Taken::All, "there is room again");
        assert!(memory.len() <= 3, "{}", memory.len());
    }

    #[tokio::test(start_paused = true)]
    async fn debts_of_newcomers_are_never_those_of_all() {
        let memory = Memory::new(10);
        let all = Bucket { counted: Counted::All, rate: Rate::per_second(100) };
        let tool =
            Bucket { counted: Counted::Function { word: "tool", name: "a" }, rate: Rate::per_second(100) };
        for who in 0..3000 {
            let caller = Bucket { counted: Counted::Session(who), rate: Rate::per_hour(1) };
            memory.take(&[caller, tool, all]);
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        assert_eq!(memory.take(&[tool, all]), Taken::All);
    }

    #[tokio::test(start_paused = true)]
    async fn figures_at_the_ends_do_no_harm() {
        let memory = Memory::new(10);
        let slowest = Rate::new(1, Duration::MAX).burst(u32::MAX);
        let fastest = Rate::new(u32::MAX, Duration::from_nanos(1)).burst(0);
        for _ in 0..100 {
            let _ = take(&memory, 1, slowest);
            let _ = take(&memory, 2, fastest);
        }
        assert!(matches!(take(&memory, 3, Rate::new(0, Duration::ZERO)), Taken::All));
    }
}
