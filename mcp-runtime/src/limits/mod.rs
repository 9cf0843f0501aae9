//! How often requests may come: figures, what they are counted by, and where the counts are kept.
//!
//! Nothing here knows requests; `layer::rate_limit` asks before it lets one in.

mod memory;
mod rate;
mod share;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

pub(crate) use memory::Memory;
pub use rate::Rate;
pub(crate) use share::{Caller, Share, Shares, network};

use crate::BoxError;
use crate::extension::BoxFuture;
use crate::model::Principal;

/// A request is counted by so many things at most.
pub(crate) const MOST: usize = 4;

/// How often requests may come: by caller, by session, by function, and in all.
///
/// Over HTTP these limits hold unless something else is said; each is a bucket of tokens that fills steadily, so that there may
/// be many requests at once, and no more than the rate for long:
///
/// | counted by | rate | at once |
/// |---|---|---|
/// | caller: the principal, or where there is none the address | 1,000 a second | 10,000 |
/// | session, of clients that have one | 500 a second | 5,000 |
/// | function: tool, resource or prompt | 5,000 a second | 20,000 |
/// | all requests | 10,000 a second | 50,000 |
///
/// On standard input and output, and on connections whose [`Peer`](crate::Peer) names no address, nothing is counted.
/// Behind a proxy all callers who have no name have the proxy's address, unless it is known which one is theirs.
///
/// A request that finds no token is not run. The model is told when to try again, in the result of its call and in
/// `retryAfter` of the result's `_meta`; for other requests it is an error with `retryAfter` in its data and HTTP status 429
/// with `Retry-After`.
///
/// ```
/// use mcp::{Rate, RateLimits};
///
/// let limits = RateLimits::new()
///     .caller(Rate::per_second(20).burst(100))
///     .function("send_mail", Rate::per_minute(10));
/// let server = mcp::server!().rate_limits(limits);
/// ```
#[derive(Debug, Clone)]
pub struct RateLimits {
    pub(crate) caller: Option<Rate>,
    pub(crate) session: Option<Rate>,
    pub(crate) function: Option<Rate>,
    pub(crate) functions: BTreeMap<String, Rate>,
    pub(crate) global: Option<Rate>,
    pub(crate) keys: usize,
    pub(crate) store: Option<Arc<dyn LimitStore>>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl RateLimits {
    /// The limits that hold where nothing is said.
    pub fn new() -> Self {
        Self {
            caller: Some(Rate::per_second(1_000).burst(10_000)),
            session: Some(Rate::per_second(500).burst(5_000)),
            function: Some(Rate::per_second(5_000).burst(20_000)),
            functions: BTreeMap::new(),
            global: Some(Rate::per_second(10_000).burst(50_000)),
            keys: 100_000,
            store: None,
        }
    }

    /// No limits: to begin with where only some are wanted.
    pub fn none() -> Self {
        Self { caller: None, session: None, function: None, global: None, ..Self::new() }
    }

    /// Of each caller: the principal, or where there is none the address that he comes from. IPv6 addresses of one network of
    /// 64 bits are one.
    #[must_use]
    pub fn caller(mut self, rate: Rate) -> Self {
        self.caller = Some(rate);
        self
    }

    /// In each session, of clients that have one.
    #[must_use]
    pub fn session(mut self, rate: Rate) -> Self {
        self.session = Some(rate);
        self
    }

    /// Of the tool, the resource or the prompt of this name, by all callers together.
    #[must_use]
    pub fn function(mut self, name: impl Into<String>, rate: Rate) -> Self {
        self.functions.insert(name.into(), rate);
        self
    }

    /// Of each tool, resource or prompt of which nothing is said by name, by all callers together.
    #[must_use]
    pub fn functions(mut self, rate: Rate) -> Self {
        self.function = Some(rate);
        self
    }

    /// In all.
    #[must_use]
    pub fn global(mut self, rate: Rate) -> Self {
        self.global = Some(rate);
        self
    }

    /// So many callers and sessions are told apart at most, 100,000 by default. Nobody is forgotten before his bucket is full
    /// again; where there is no room, newcomers share buckets, so whoever comes as many gains nothing by it.
    #[must_use]
    pub fn keys(mut self, most: usize) -> Self {
        self.keys = most.max(1);
        self
    }

    /// Where the counts are kept, for several machines that count together. While the store fails, or takes longer than
    /// 250 ms, each machine counts for itself.
    #[must_use]
    pub fn store(mut self, store: impl LimitStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }
}

/// Where tokens are counted: in memory by default; another store lets several machines count together.
///
/// ```
/// use mcp::limits::{Bucket, LimitStore, Taken};
/// use mcp::{BoxError, BoxFuture};
///
/// /// Has a token for everybody.
/// #[derive(Debug)]
/// struct Generous;
///
/// impl LimitStore for Generous {
///     fn take<'a>(&'a self, buckets: &'a [Bucket<'a>]) -> BoxFuture<'a, Result<Taken, BoxError>> {
///         Box::pin(async move {
///             for bucket in buckets {
///                 println!("{}: {}", bucket.counted, bucket.rate);
///             }
///             Ok(Taken::All)
///         })
///     }
/// }
/// ```
pub trait LimitStore: fmt::Debug + Send + Sync + 'static {
    /// Takes a token from each bucket, or, where one has none, from no bucket. It must be one step for all who count together.
    ///
    /// A bucket that is not known is full.
    ///
    /// # Errors
    ///
    /// Where it cannot be told: then this machine counts for itself.
    fn take<'a>(&'a self, buckets: &'a [Bucket<'a>]) -> BoxFuture<'a, Result<Taken, BoxError>>;
}

/// A bucket of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bucket<'a> {
    /// What is counted; as text it is a key for a store.
    pub counted: Counted<'a>,
    /// How it fills, and how much it holds.
    pub rate: Rate,
}

/// What requests are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Counted<'a> {
    /// The caller.
    Caller(&'a Principal),
    /// The address of a caller who has no name.
    Address(IpAddr),
    /// A session, by a number that is drawn for it.
    Session(u128),
    /// A tool, a resource or a prompt.
    Function {
        /// `tool`, `resource` or `prompt`.
        word: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// All requests.
    All,
}

impl fmt::Display for Counted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Debug writes quotes and escapes, so that no two callers have one key.
            Self::Caller(who) => {
                let (issuer, subject) = (who.issuer().unwrap_or_default(), who.subject().unwrap_or_default());
                write!(f, "principal:{issuer:?}:{subject:?}")?;
                // Two programs of one person are two callers.
                who.client().map_or(Ok(()), |client| write!(f, ":{client:?}"))
            }
            Self::Address(address) => write!(f, "address:{address}"),
            Self::Session(number) => write!(f, "session:{number:032x}"),
            Self::Function { word, name } => write!(f, "{word}:{name}"),
            Self::All => f.write_str("all"),
        }
    }
}

/// What came of taking tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Each bucket had one.
    All,
    /// A bucket had none, and none was taken.
    Refused {
        /// Which, by its place; of several, the one that needs the longest.
        bucket: usize,
        /// When it has one again.
        retry_after: std::time::Duration,
    },
}
