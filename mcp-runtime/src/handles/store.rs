//! Where handles are kept.

use std::time::Duration;

use crate::{BoxError, BoxFuture};

/// Where a server keeps what stands behind its handles, so that the next call finds it, perhaps on another replica.
///
/// It is given sealed text: whoever reads the store learns nothing, and cannot put anything in that a server would take. A
/// store forgets what its time is over for. For several machines implement it over something that they share, and give all of
/// them the same [`state_keys`](crate::ServerBuilder::state_keys).
pub trait HandleStore: Send + Sync + 'static {
    /// Keeps a value under a key; one that is there is replaced.
    ///
    /// It must be there for [`get`](Self::get) when the future is ready.
    fn put<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        keeping: Keeping<'a>,
    ) -> BoxFuture<'a, Result<Room, BoxError>>;

    /// What is kept under a key.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>>;

    /// Forgets what is kept under a key, and says whether there was something: of several that remove it at once, one did.
    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>>;
}

/// For whom something is kept, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keeping<'a> {
    /// Stands for the caller, so that no caller takes all the room. It does not say who he is.
    pub owner: &'a str,
    /// How long it is kept.
    pub time: Duration,
    /// How many values are kept for the caller: one more takes the place of his oldest.
    pub most: usize,
}

impl<'a> Keeping<'a> {
    /// For this caller, so long, who has 1,000 values at most.
    pub fn new(owner: &'a str, time: Duration) -> Self {
        Self { owner, time, most: 1_000 }
    }

    /// The same, where the caller has so many values at most.
    #[must_use]
    pub fn most(self, most: usize) -> Self {
        Self { most, ..self }
    }
}

/// Whether there was room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It is kept.
    Kept,
    /// It is not: there is too much already.
    Full,
}
