//! The public keys of an issuer: kept for a while, fetched anew when a token names one that is not among them, and used on
//! while the issuer cannot be reached.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::issuer::{Issuer, Key};
use super::jwt::Algorithm;

/// How long keys are good for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// After so long they are fetched anew.
    pub(super) fresh: Duration,
    /// While that fails they are good for so long.
    pub(super) stale: Duration,
    /// They are fetched once in so long at most, whatever tokens say.
    pub(super) cooldown: Duration,
}

impl Default for Times {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self { fresh: minutes(15), stale: minutes(24 * 60), cooldown: Duration::from_secs(10) }
    }
}

impl Times {
    /// While there are callers, keys are never so old, unless the issuer cannot be reached.
    fn overdue(&self) -> Duration {
        self.fresh.saturating_add(self.fresh.max(Duration::from_secs(60)))
    }
}

/// The keys of an issuer.
pub(super) struct Keys {
    pub(super) issuer: Issuer,
    pub(super) times: Times,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    known: RwLock<Known>,
    fetching: Mutex<Fetching>,
}

#[derive(Default, Clone)]
struct Known {
    keys: Arc<[Key]>,
    fetched: Option<Instant>,
    /// When it was in vain that they were fetched anew.
    failed: Option<Instant>,
}

#[derive(Default)]
struct Fetching {
    begun: Option<Instant>,
    /// Closed when it is over.
    under_way: Option<watch::Receiver<()>>,
}

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoKey {
    /// The issuer has none of that name.
    Unknown,
    /// Nobody knows what the issuer has.
    Unavailable,
}

impl Keys {
    pub(super) fn new(issuer: Issuer) -> Self {
        Self { issuer, times: Times::default(), shared: Arc::default() }
    }

    /// The key of this name for this algorithm. Without a name it is the only one that fits.
    pub(super) async fn find(&self, name: Option<&str>, algorithm: Algorithm) -> Result<Key, NoKey> {
        let now = Instant::now();
        let known = self.usable(now);
        let found = known.as_ref().and_then(|known| Some((known, known.find(name, algorithm)?)));
        let mut fetched = match found {
            Some((known, key)) => {
                if known.age(now) < self.times.fresh {
                    return Ok(key);
                }
                // Whoever comes first starts it, and nobody waits for it; but where nobody came for long, a key may have been
                // withdrawn for as long.
                let fetched = self.fetch(now);
                let long = |since: Instant| now.duration_since(since) >= self.times.overdue();
                // While the issuer cannot be reached, nobody waits for what will not come.
                let waits = known.fetched.is_none_or(long) && known.failed.is_none_or(long);
                let Some(fetched) = fetched.filter(|_| waits) else { return Ok(key) };
                fetched
            }
            None => {
                let none = if known.is_some() { NoKey::Unknown } else { NoKey::Unavailable };
                self.fetch(now).ok_or(none)?
            }
        };
        // It is over when its sender is gone.
        while fetched.changed().await.is_ok() {}
        match self.usable(Instant::now()) {
            Some(known) => known.find(name, algorithm).ok_or(NoKey::Unknown),
            None => Err(NoKey::Unavailable),
        }
    }

    fn usable(&self, now: Instant) -> Option<Known> {
        let known = self.shared.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        (known.fetched.is_some() && known.age(now) < self.times.stale).then_some(known)
    }

    /// Fetches the keys, unless that was done just now. What is under way already is not done twice.
    ///
    /// It has a task of its own, so that a caller who goes away does not stop what others wait for. Fetching has an end.
    fn fetch(&self, now: Instant) -> Option<watch::Receiver<()>> {
        let mut fetching = self.shared.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = fetching.under_way.as_ref().filter(|it| it.has_changed().is_ok()) {
            return Some(under_way.clone());
        }
        if fetching.begun.is_some_and(|begun| now.duration_since(begun) < self.times.cooldown) {
            return None;
        }
        let (over, under_way) = watch::channel(());
        *fetching = Fetching { begun: Some(now), under_way: Some(under_way.clone()) };
        drop(fetching);
        let (issuer, shared) = (self.issuer.clone(), self.shared.clone());
        tokio::spawn(async move {
            match issuer.keys().await {
                Ok(keys) => {
                    let known = Known { keys: keys.into(), fetched: Some(Instant::now()), failed: None };
                    *shared.known.write().unwrap_or_else(PoisonError::into_inner) = known;
                }
                Err(problem) => {
                    shared.known.write().unwrap_or_else(PoisonError::into_inner).failed =
                        Some(Instant::now());
                    tracing::warn!(
                        issuer = issuer.name(),
                        problem,
                        "the keys of an issuer cannot be fetched"
                    );
                }
            }
            drop(over);
        });
        Some(under_way)
    }
}

impl Known {
    fn age(&self, now: Instant) -> Duration {
        self.fetched.map_or(Duration::MAX, |fetched| now.duration_since(fetched))
    }

    fn find(&self, name: Option<&str>, algorithm: Algorithm) -> Option<Key> {
        let mut fitting = self.keys.iter().filter(|key| key.fits(algorithm));
        match name {
            Some(_) => fitting.find(|key| key.name() == name).cloned(),
            // A guess among several is none.
            None => {
                let only = fitting.next()?;
                fitting.next().is_none().then(|| only.clone())
            }
        }
    }
}
