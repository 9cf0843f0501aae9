//! For how long, and by whom, what a server says may be kept.

use std::time::Duration;

/// Who may be given what a client keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheScope {
    /// Anybody: it is the same for all callers.
    Public,
    /// Only whoever asked.
    #[default]
    Private,
}

/// What results say of how they may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Hints {
    /// In milliseconds.
    pub(crate) ttl: u64,
    pub(crate) scope: CacheScope,
}

impl Hints {
    pub(crate) fn set_ttl(&mut self, ttl: Duration) {
        /// The largest number that every reader of JSON reads alike.
        const LARGEST: u64 = (1 << 53) - 1;
        self.ttl = u64::try_from(ttl.as_millis()).unwrap_or(LARGEST).min(LARGEST);
    }

    /// What holds for lists and discovery unless the author says otherwise: they do not change while a server runs, but a
    /// restart may bring others, and nothing is shared between callers unless somebody says that it may be.
    pub(crate) fn of_lists() -> Self {
        Self { ttl: 60_000, scope: CacheScope::Private }
    }
}
