//! What a function asks of others: tried again where that helps, not at all while it is known to be in vain, and never longer
//! than there is time for.
//!
//! It knows no transport: whoever calls gives a closure.

mod cached;
mod error;
mod http;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

pub use cached::Cached;
pub use error::UpstreamError;

use crate::handler::Context;
use crate::layer::{Breaker, BreakerState, Circuit, Shown};

/// A call that has no limit of its own waits no longer than this for another attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// What an error of a dependency says about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It may work at once, or soon: a timeout, a connection that broke, a server that is overloaded.
    Transient,
    /// It may work after so long: what `Retry-After` says.
    After(Duration),
    /// The dependency fails, and asking the same again does not help.
    Failed,
    /// The dependency works, and refuses what it was asked: no such record, no permission. Its breaker does not count it.
    Refused,
}

/// Something that functions depend on: a service, a database, a device.
///
/// One [`Upstream`] stands for one dependency, and all calls share it as a [`State`](crate::State). It
/// - tries again after a transient failure, 3 times in all, after 100 ms, 200 ms and so on with jitter, or when the service
///   says so, if the call has so much [time left](Context::remaining); where nothing limits it, that is 5 minutes;
/// - bounds each attempt, by 10 seconds and by the time that is left;
/// - has a [`Breaker`] that asks nothing while the dependency is out of order;
/// - counts and times what was asked: [`stats`](Self::stats).
///
/// ```
/// use std::time::Duration;
/// use mcp::{Context, State, ToolError, Upstream, Verdict};
///
/// # #[derive(Debug)] struct HttpError { status: u16 }
/// # impl std::fmt::Display for HttpError {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "status {}", self.status) }
/// # }
/// # impl std::error::Error for HttpError {}
/// # async fn get(url: &str) -> Result<String, HttpError> { Ok(url.into()) }
/// fn judge(error: &HttpError) -> Verdict {
///     match error.status {
///         429 => Verdict::After(Duration::from_secs(1)),
///         400..=499 => Verdict::Refused,
///         _ => Verdict::Transient,
///     }
/// }
///
/// /// Tells the weather.
/// #[mcp::tool(read_only)]
/// async fn weather(city: String, api: State<Upstream<HttpError>>, cx: Context) -> Result<String, ToolError> {
///     let report = api.call(&cx, || get(&city)).await?;
///     Ok(report)
/// }
///
/// let server = mcp::server!().state(Upstream::new("weather api", judge));
/// ```
pub struct Upstream<E> {
    name: String,
    judge: Box<dyn Fn(&E) -> Verdict + Send + Sync>,
    attempts: u32,
    first: Duration,
    longest: Duration,
    attempt: Duration,
    circuit: Option<Arc<Circuit>>,
    counts: Counts,
}

impl<E> fmt::Debug for Upstream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("name", &self.name)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU64,
    failed: AtomicU64,
    retries: AtomicU64,
    refused: AtomicU64,
    nanoseconds: AtomicU64,
}

/// What was asked of a dependency since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct UpstreamStats {
    /// How many calls were made, however often each was tried.
    pub calls: u64,
    /// How many of them gave no result.
    pub failed: u64,
    /// How many attempts there were beyond the first.
    pub retries: u64,
    /// How many calls the breaker kept away.
    pub refused: u64,
    /// How long all attempts took together.
    pub time: Duration,
}

impl<E> Upstream<E> {
    /// A dependency, which is called `name` in logs and in what the model reads, and what its errors say of trying again.
    pub fn new(name: impl Into<String>, judge: impl Fn(&E) -> Verdict + Send + Sync + 'static) -> Self {
        Self {
            name: name.into(),
            judge: Box::new(judge),
            attempts: 3,
            first: Duration::from_millis(100),
            longest: Duration::from_secs(5),
            attempt: Duration::from_secs(10),
            circuit: Some(Circuit::new(Breaker::new())),
            counts: Counts::default(),
        }
    }

    /// How often a call is tried in all, 3 times by default, once at least.
    #[must_use]
    pub fn attempts(mut self, count: u32) -> Self {
        self.attempts = count.max(1);
        self
    }

    /// How long it waits before the second attempt, 100 ms by default, and how long before any, 5 seconds by default. Each time
    /// it is twice as long as before, less up to a half by chance.
    #[must_use]
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        (self.first, self.longest) = (first, longest);
        self
    }

    /// How long an attempt may take, 10 seconds by default.
    #[must_use]
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt = limit;
        self
    }

    /// Its breaker, or `None` for none.
    #[must_use]
    pub fn breaker(mut self, breaker: impl Into<Option<Breaker>>) -> Self {
        self.circuit = breaker.into().map(Circuit::new);
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its breaker lets through, if it has one.
    pub fn state(&self) -> Option<BreakerState> {
        self.circuit.as_ref().map(|circuit| circuit.state())
    }

    /// What was asked of it since the start.
    pub fn stats(&self) -> UpstreamStats {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        UpstreamStats {
            calls: count(&self.counts.calls),
            failed: count(&self.counts.failed),
            retries: count(&self.counts.retries),
            refused: count(&self.counts.refused),
            time: Duration::from_nanos(count(&self.counts.nanoseconds)),
        }
    }

    /// Makes a call, and makes it again after a transient failure. So `make` must be harmless when it is done twice: a read, or a
    /// write with an idempotency key.
    ///
    /// # Errors
    ///
    /// The last error, or why there was none. `?` makes of it a [`ToolError`](crate::ToolError) that says whether to try again.
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops what is under way, and the breaker learns nothing of it.
    pub async fn call<T, F>(&self, cx: &Context, mut make: impl FnMut() -> F) -> Result<T, UpstreamError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.counts.calls.fetch_add(1, Ordering::Relaxed);
        let mut nth = 0;
        loop {
            nth += 1;
            let (error, wait) = match self.attempt(cx, &mut make).await {
                Ok(result) => return Ok(result),
                Err(failed) => failed,
            };
            let wait = wait.filter(|_| nth < self.attempts).map(|least| least.max(self.pause(nth)));
            // What cannot be done in the time that is left need not be begun; and a task, which has no limit, does not wait for
            // as long as a service likes.
            let wait = wait.filter(|wait| *wait < cx.remaining().unwrap_or(LONGEST_WAIT));
            let Some(wait) = wait else {
                self.failed(nth);
                return Err(error);
            };
            self.counts.retries.fetch_add(1, Ordering::Relaxed);
            sleep(wait).await;
        }
    }

    /// Makes a call once: for what must not be done twice.
    ///
    /// # Errors
    ///
    /// As [`Upstream::call`]; but where the call was begun and the dependency has not said that it did nothing,
    /// [`UpstreamError::Unknown`]. So the model is not told to try again, and the [key](crate::Idempotency) of its call
    /// stands for what may have been done. [`Verdict::After`] and [`Verdict::Refused`] say that nothing was.
    ///
    /// # Cancellation
    ///
    /// As [`Upstream::call`].
    pub async fn once<T, F>(&self, cx: &Context, make: impl FnOnce() -> F) -> Result<T, UpstreamError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.counts.calls.fetch_add(1, Ordering::Relaxed);
        self.attempt(cx, make).await.map_err(|(error, again)| {
            self.failed(1);
            match error {
                // Where it was not even begun, there is no word of trying again.
                UpstreamError::TimedOut { name } if again.is_some() => {
                    UpstreamError::Unknown { name, error: None }
                }
                UpstreamError::Failed { name, verdict: Verdict::Transient | Verdict::Failed, error } => {
                    UpstreamError::Unknown { name, error: Some(error) }
                }
                certain => certain,
            }
        })
    }

    fn failed(&self, attempts: u32) {
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(upstream = self.name, attempts, "a call of a dependency failed");
    }

    /// One attempt: its result, or its error and in how long at least another one may help.
    async fn attempt<T, F>(
        &self,
        cx: &Context,
        make: impl FnOnce() -> F,
    ) -> Result<T, (UpstreamError<E>, Option<Duration>)>
    where
        F: Future<Output = Result<T, E>>,
    {
        let left = cx.remaining();
        if left.is_some_and(|left| left.is_zero()) {
            return Err((UpstreamError::TimedOut { name: self.name.clone() }, None));
        }
        let passage = match self.circuit.as_ref().map(Circuit::enter).transpose() {
            Ok(passage) => passage,
            Err(retry_after) => {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                return Err((UpstreamError::Unavailable { name: self.name.clone(), retry_after }, None));
            }
        };
        let begun = Instant::now();
        let limit = left.map_or(self.attempt, |left| left.min(self.attempt));
        let made = timeout(limit, make()).await;
        let took = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.counts.nanoseconds.fetch_add(took, Ordering::Relaxed);
        let (shown, ended) = match made {
            Ok(Ok(result)) => (Shown::Works, Ok(result)),
            Ok(Err(error)) => {
                let verdict = (self.judge)(&error);
                let (shown, again) = match verdict {
                    Verdict::Transient => (Shown::Fails, Some(Duration::ZERO)),
                    Verdict::After(wait) => (Shown::Fails, Some(wait)),
                    Verdict::Failed => (Shown::Fails, None),
                    // Whoever refuses is there.
                    Verdict::Refused => (Shown::Works, None),
                };
                (shown, Err((UpstreamError::Failed { name: self.name.clone(), verdict, error }, again)))
            }
            Err(_) => {
                let late = UpstreamError::TimedOut { name: self.name.clone() };
                (Shown::Fails, Err((late, Some(Duration::ZERO))))
            }
        };
        if let Some(open) = passage.and_then(|passage| passage.end(shown)) {
            let state = if open { "open" } else { "closed" };
            tracing::warn!(upstream = self.name, state, "the breaker of a dependency has changed");
        }
        ended
    }

    /// How long to wait after the `nth` attempt.
    fn pause(&self, nth: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(nth.saturating_sub(1));
        let longest = self.first.saturating_mul(doubled).min(self.longest);
        let mut random = [0; 4];
        // Without randomness all wait as long as they may.
        let _ = getrandom::fill(&mut random);
        let less = f64::from(u32::from_ne_bytes(random)) / f64::from(u32::MAX) / 2.0;
        longest.mul_f64(1.0 - less)
    }
}
