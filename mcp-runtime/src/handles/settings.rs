//! How handles are kept.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{HandleStore, Memory};

/// How a server keeps [handles](crate::Handles), and the rests of [results that it cuts](crate::ServerBuilder::cut_results), for
/// [`ServerBuilder::handles`](crate::ServerBuilder::handles).
///
/// ```
/// use std::time::Duration;
/// use mcp::HandleRules;
///
/// let rules = HandleRules::new().keep(Duration::from_secs(24 * 3600)).most(100_000);
/// let server = mcp::server!().handles(rules);
/// ```
#[derive(Clone)]
pub struct HandleRules {
    pub(super) keep: Duration,
    most: usize,
    pub(super) per_caller: usize,
    bytes: usize,
    store: Option<Arc<dyn HandleStore>>,
}

impl fmt::Debug for HandleRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandleRules")
            .field("keep", &self.keep)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl Default for HandleRules {
    fn default() -> Self {
        Self::new()
    }
}

impl HandleRules {
    /// In memory, for an hour.
    pub fn new() -> Self {
        Self {
            keep: Duration::from_secs(3600),
            most: 10_000,
            per_caller: 1_000,
            bytes: 64 << 20,
            store: None,
        }
    }

    /// How long a handle holds since its value was put, one hour by default, in whole seconds.
    #[must_use]
    pub fn keep(mut self, time: Duration) -> Self {
        self.keep = time;
        self
    }

    /// How many handles are kept in memory, 10,000 by default. Where there are so many, a caller's new one takes the place of
    /// his own oldest; who has none is told to try again later.
    #[must_use]
    pub fn most(mut self, handles: usize) -> Self {
        self.most = handles.max(1);
        self
    }

    /// How many handles of one caller are kept, 1,000 by default: one more takes the place of his oldest. All whom
    /// nobody has asked who they are count as one caller.
    #[must_use]
    pub fn per_caller(mut self, handles: usize) -> Self {
        self.per_caller = handles.max(1);
        self
    }

    /// How many bytes are kept in memory, 64 MiB by default. One caller has a quarter of them at most.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Where they are kept, in memory by default, or in [`Redis`](crate::ServerBuilder::redis) where that is given. What
    /// another store has room for in all it says itself.
    #[must_use]
    pub fn store(mut self, store: impl HandleStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Takes another store where none was given.
    pub(crate) fn settle(&mut self, store: &Option<Arc<dyn HandleStore>>) {
        let own = self.store.take();
        self.store = own.or_else(|| store.clone());
    }

    pub(super) fn store_or_memory(&self) -> Arc<dyn HandleStore> {
        self.store.clone().unwrap_or_else(|| Arc::new(Memory::new(self.most, self.bytes)))
    }
}
