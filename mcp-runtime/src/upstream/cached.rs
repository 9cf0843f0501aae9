//! What was asked lately need not be asked again, and what is being asked is not asked twice.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;

/// Results that are kept for a while. Whoever asks for one that somebody is getting just now waits for it and gets the same.
///
/// All callers share what is kept. What only one of them may see has him in its key, such as
/// [`Principal`](crate::Principal).
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use mcp::{Cached, State};
///
/// struct Rates(Cached<String, f64, std::io::Error>);
///
/// # async fn fetch(currency: &str) -> std::io::Result<f64> { Ok(1.1) }
/// /// Tells what a euro is worth.
/// #[mcp::tool(read_only)]
/// async fn rate(currency: String, rates: State<Rates>) -> Result<f64, Arc<std::io::Error>> {
///     rates.0.get(&currency, || fetch(&currency)).await
/// }
///
/// let rates = Rates(Cached::new(Duration::from_secs(300)).most(200));
/// let server = mcp::server!().state(rates);
/// ```
pub struct Cached<K, V, E> {
    lifetime: Duration,
    most: usize,
    table: Mutex<Table<K, V, E>>,
}

struct Table<K, V, E> {
    held: HashMap<K, Held<V, E>>,
    /// What is kept, by when it is over: everything is kept equally long.
    ends: VecDeque<(Instant, K)>,
}

enum Held<V, E> {
    /// Somebody gets it.
    Flight(Arc<Flight<V, E>>),
    Kept {
        value: V,
        until: Instant,
    },
}

type Flight<V, E> = OnceCell<Result<V, Arc<E>>>;

impl<K, V, E> fmt::Debug for Cached<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached")
            .field("lifetime", &self.lifetime)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl<K: Hash + Eq + Clone, V: Clone, E> Cached<K, V, E> {
    /// Keeps results so long, 1,000 at most.
    pub fn new(lifetime: Duration) -> Self {
        let table = Table { held: HashMap::new(), ends: VecDeque::new() };
        Self { lifetime, most: 1000, table: Mutex::new(table) }
    }

    /// Keeps so many results at most, one at least. When there are more, the oldest goes.
    #[must_use]
    pub fn most(mut self, count: usize) -> Self {
        self.most = count.max(1);
        self
    }

    fn lock(&self) -> MutexGuard<'_, Table<K, V, E>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept under the key, or what `get` gives.
    ///
    /// # Errors
    ///
    /// What `get` gave, to everybody who waited for it. An error is not kept: whoever comes later tries anew.
    ///
    /// # Cancellation
    ///
    /// Where the one that gets it is dropped, one of those that wait begins anew.
    pub async fn get<F>(&self, key: &K, get: impl FnOnce() -> F) -> Result<V, Arc<E>>
    where
        F: Future<Output = Result<V, E>>,
    {
        let flight = match self.find(key) {
            Ok(value) => return Ok(value),
            Err(flight) => flight,
        };
        let aboard = Aboard { cache: self, key, flight };
        let result = aboard
            .flight
            .get_or_init(|| async {
                let result = get().await.map_err(Arc::new);
                self.land(key, &aboard.flight, &result);
                result
            })
            .await;
        result.clone()
    }

    /// Forgets what is kept under the key.
    pub fn forget(&self, key: &K) {
        self.lock().held.remove(key);
    }

    fn find(&self, key: &K) -> Result<V, Arc<Flight<V, E>>> {
        let mut table = self.lock();
        match table.held.get(key) {
            Some(Held::Kept { value, until }) if *until > Instant::now() => return Ok(value.clone()),
            Some(Held::Flight(flight)) => return Err(flight.clone()),
            Some(Held::Kept { .. }) | None => {}
        }
        let flight = Arc::new(OnceCell::new());
        table.make_room(self.most);
        // Where so many are being got at once, one more is got for one caller only.
        if table.held.len() < self.most || table.held.contains_key(key) {
            table.held.insert(key.clone(), Held::Flight(flight.clone()));
        }
        Err(flight)
    }

    fn land(&self, key: &K, flight: &Arc<Flight<V, E>>, result: &Result<V, Arc<E>>) {
        let mut table = self.lock();
        // It may have been forgotten meanwhile, or never have had a place.
        if !table.flies(key, flight) {
            return;
        }
        let until = Instant::now().checked_add(self.lifetime);
        match (result, until) {
            (Ok(value), Some(until)) => {
                table.held.insert(key.clone(), Held::Kept { value: value.clone(), until });
                table.ends.push_back((until, key.clone()));
            }
            _ => {
                table.held.remove(key);
            }
        }
    }
}

/// Whoever gets a result, or waits for it.
struct Aboard<'a, K: Hash + Eq, V, E> {
    cache: &'a Cached<K, V, E>,
    key: &'a K,
    flight: Arc<Flight<V, E>>,
}

impl<K: Hash + Eq, V, E> Drop for Aboard<'_, K, V, E> {
    fn drop(&mut self) {
        if self.flight.initialized() {
            return;
        }
        let mut table = self.cache.table.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody else is aboard: the other one is the table's. A flight that nobody ends takes no place for ever.
        if Arc::strong_count(&self.flight) <= 2 && table.flies(self.key, &self.flight) {
            table.held.remove(self.key);
        }
    }
}

impl<K: Hash + Eq, V, E> Table<K, V, E> {
    /// Whether this flight is the one that newcomers find.
    fn flies(&self, key: &K, flight: &Arc<Flight<V, E>>) -> bool {
        matches!(self.held.get(key), Some(Held::Flight(found)) if Arc::ptr_eq(found, flight))
    }

    /// Takes away what is over, and the oldest where there is no room for one more.
    fn make_room(&mut self, most: usize) {
        let now = Instant::now();
        while let Some((end, _)) = self.ends.front()
            && (*end <= now || self.held.len() >= most || self.ends.len() >= most.saturating_mul(2))
        {
            let Some((end, key)) = self.ends.pop_front() else { return };
            // It may have been got anew since.
            if matches!(self.held.get(&key), Some(Held::Kept { until, .. }) if *until == end) {
                self.held.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_forgotten_and_got_anew_takes_no_more_room() {
        let cached: Cached<u32, u32, std::io::Error> = Cached::new(Duration::from_secs(60)).most(10);
        for round in 0..10_000 {
            let key = round % 15;
            assert_eq!(cached.get(&key, || async { Ok(round) }).await.unwrap(), round);
            cached.forget(&key);
        }
        let table = cached.lock();
        assert!(
            table.held.len() <= 10 && table.ends.len() <= 20,
            "{} {}",
            table.held.len(),
            table.ends.len()
        );
    }
}
