//! Calls that are made once, however often they are sent: a key names a call, and what came of it is kept under the key.
//!
//! Nothing here knows requests; `layer::idempotency` asks before it runs one.

mod digest;
mod memory;
mod turn;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use digest::Digest;
pub(crate) use memory::Memory;
pub(crate) use turn::Turn;

use crate::BoxError;
use crate::extension::BoxFuture;

/// How keyed calls of tools are kept, so that a call which is sent again is not made again.
///
/// The key is an argument that the tool names, `#[mcp::tool(idempotency = "request_id")]`, or `idempotencyKey` in the `_meta`
/// of any call of a tool. Calls with one key, of one tool and by one caller, are one call:
///
/// - the first is made, and those that come meanwhile wait for what it gives;
/// - those that come later get the same result, and nothing is run;
/// - one with other arguments is refused;
/// - where the call was begun and nobody knows how it ended, because it was cancelled, took too long, panicked or its
///   machine died, the answer is that the outcome is not known.
///
/// What was not done is not kept, and may be sent again under the same key: wrong arguments, a [transient
/// error](crate::ToolError::transient), a refusal by a limit, a question to the client. Any other error is a result.
///
/// Keys of one principal mean nothing for another. Callers without a name are told apart by their address where they come over
/// a network.
///
/// ```
/// use std::time::Duration;
/// use mcp::Idempotency;
///
/// let idempotency = Idempotency::new().keep(Duration::from_secs(24 * 3600)).most(1_000_000);
/// let server = mcp::server!().idempotency(idempotency);
/// ```
#[derive(Debug, Clone)]
pub struct Idempotency {
    pub(crate) keep: Duration,
    pub(crate) lease: Duration,
    pub(crate) most: usize,
    pub(crate) bytes: usize,
    pub(crate) store: Option<Arc<dyn IdempotencyStore>>,
}

impl Default for Idempotency {
    fn default() -> Self {
        Self::new()
    }
}

impl Idempotency {
    /// What holds where nothing is said: 100,000 keys, an hour long, 64 MiB of results in memory.
    pub fn new() -> Self {
        let (keep, lease) = (Duration::from_secs(3600), Duration::from_secs(60));
        Self { keep, lease, most: 100_000, bytes: 64 << 20, store: None }
    }

    /// How long a key is known after its call has ended, an hour by default.
    #[must_use]
    pub fn keep(mut self, time: Duration) -> Self {
        self.keep = time;
        self
    }

    /// After how long without a sign of life a machine that makes a call counts as dead, 60 seconds by default and one at least;
    /// then the outcome of the call is not known. It says that it is alive four times as often. It matters only where a
    /// [store](Self::store) is shared.
    #[must_use]
    pub fn lease(mut self, time: Duration) -> Self {
        self.lease = time.max(Duration::from_secs(1));
        self
    }

    /// How many keys are kept in memory at most, 100,000 by default, and a tenth of them for one caller. Where there are as
    /// many, a call with a new key is refused until a place is free: a key that was forgotten early would let a call be made
    /// twice.
    #[must_use]
    pub fn most(mut self, keys: usize) -> Self {
        self.most = keys.max(1);
        self
    }

    /// How long all results that are kept in memory may be together, in bytes: 64 MiB by default, and those of one caller no
    /// longer than what they leave for others. A call whose result finds no room is not made again either; it is answered
    /// that it was done.
    #[must_use]
    pub fn result_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Where keys are kept, for several machines that share them. While the store fails, calls with a key are refused: nobody
    /// knows whether they were made.
    #[must_use]
    pub fn store(mut self, store: impl IdempotencyStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }
}

/// Where the keys of calls are kept: in memory by default; another store lets several machines share them.
///
/// Each method is one step for all who share the store. Keys are text made of the caller, the tool and what he calls the key:
/// whoever calls, he has 256 bytes for the last.
pub trait IdempotencyStore: fmt::Debug + Send + Sync + 'static {
    /// Claims a key for a call, unless it is known.
    ///
    /// Where it is not, it is now claimed by `claim.owner`, who renews the claim before `claim.lease` is over. A key
    /// whose lease is over and that nobody has finished is [`Found::Unknown`], as long as `claim.keep`.
    ///
    /// # Errors
    ///
    /// Where it cannot be told. Then the call is not made.
    fn claim<'a>(&'a self, key: &'a str, claim: Claim<'a>) -> BoxFuture<'a, Result<Found, BoxError>>;

    /// Prolongs a claim of this owner by as long a lease again.
    ///
    /// # Errors
    ///
    /// Where it cannot be done. It is tried again before the lease is over.
    fn renew<'a>(&'a self, key: &'a str, claim: Claim<'a>) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Ends the claim of this owner, and keeps how the call ended for as long as `claim.keep`; nothing is kept of a call that
    /// was [`Ended::NotDone`]. What another owner has claimed since is left alone.
    ///
    /// # Errors
    ///
    /// Where it cannot be done. Then the key's lease ends, and how the call ended is not known.
    fn finish<'a>(
        &'a self,
        key: &'a str,
        claim: Claim<'a>,
        ended: Ended,
    ) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Ready when it may be worth while to claim a key again that somebody is at work for. By default it is, after a
    /// quarter of a second.
    fn changed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, ()> {
        let _ = key;
        Box::pin(tokio::time::sleep(Duration::from_millis(250)))
    }
}

/// A claim to make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim<'a> {
    /// What the arguments come to: another number is another call.
    pub digest: u64,
    /// Whoever makes the call: no two have the same.
    pub owner: &'a str,
    /// For so long the claim holds unless it is renewed.
    pub lease: Duration,
    /// For so long a call that has ended is known.
    pub keep: Duration,
    /// Who calls: so that one caller does not take all places.
    pub caller: &'a str,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// Nothing was: it is claimed now.
    Claimed,
    /// Somebody is at work for it.
    AtWork {
        /// What the arguments of that call come to.
        digest: u64,
    },
    /// The call has ended.
    Ended {
        /// What the arguments of that call come to.
        digest: u64,
        /// How it ended.
        ended: Ended,
    },
    /// The call was begun, and nobody knows how it ended.
    Unknown {
        /// What the arguments of that call come to.
        digest: u64,
    },
    /// There is no room for the key.
    Full {
        /// When there may be.
        retry_after: Duration,
    },
}

/// How a keyed call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// With this result, a JSON text.
    Kept(Arc<str>),
    /// With a result that is too long to be kept.
    TooLong,
    /// Nobody knows.
    Unknown,
    /// It was not made.
    NotDone,
}
