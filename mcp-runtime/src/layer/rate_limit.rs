//! Who asks too often is told when to come back, and nothing is run for him.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_service::Service;

use super::refusal::Asked;
use super::through::Through;
use crate::limits::{Bucket, Counted, LimitStore, MOST, Memory, Rate, RateLimits, Taken, network};
use crate::model::{Request, Response};

/// A store that takes longer is as good as none.
const PATIENCE: Duration = Duration::from_millis(250);
/// That a store fails is said this often at most.
const COMPLAIN_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub(crate) struct RateLimit<S> {
    inner: S,
    limits: Arc<Counters>,
}

/// The limits, and the counts of this machine.
#[derive(Debug)]
pub(crate) struct Counters {
    limits: RateLimits,
    memory: Memory,
    complained: Mutex<Option<Instant>>,
}

impl Counters {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { memory: Memory::new(limits.keys), limits, complained: Mutex::default() }
    }

    /// What a request takes tokens of.
    fn buckets<'a>(&self, request: &'a Request) -> ([Bucket<'a>; MOST], usize) {
        let nothing = Bucket { counted: Counted::All, rate: Rate::per_second(1) };
        let (mut buckets, mut count) = ([nothing; MOST], 0);
        let mut add = |counted, rate: Option<Rate>| {
            if let (Some(rate), Some(place)) = (rate, buckets.get_mut(count)) {
                *place = Bucket { counted, rate };
                count += 1;
            }
        };
        let facts = &*request.facts;
        let Some(remote) = facts.remote else { return (buckets, 0) };
        if !facts.principal.is_anonymous() {
            add(Counted::Caller(&facts.principal), self.limits.caller);
        } else if let Some(address) = remote.address {
            add(Counted::Address(network(address)), self.limits.caller);
        }
        if let Some(session) = facts.session {
            add(Counted::Session(session), self.limits.session);
        }
        let asked = Asked::of(request);
        if let Some(name) = asked.name() {
            let rate = self.limits.functions.get(name).copied().or(self.limits.function);
            add(Counted::Function { word: asked.word(), name }, rate);
        }
        add(Counted::All, self.limits.global);
        (buckets, count)
    }

    /// The tokens of a store, or of this machine while the store fails.
    async fn take(&self, store: &dyn LimitStore, buckets: &[Bucket<'_>]) -> Taken {
        let failed = match tokio::time::timeout(PATIENCE, store.take(buckets)).await {
            Ok(Ok(taken)) => return taken,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it did not answer within {PATIENCE:?}"),
        };
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.is_none_or(|last| last.elapsed() >= COMPLAIN_EVERY) {
            *complained = Some(Instant::now());
            tracing::warn!(error = failed, "the store of rate limits fails: this machine counts for itself");
        }
        drop(complained);
        self.memory.take(buckets)
    }
}

impl<S> RateLimit<S> {
    pub(crate) fn new(inner: S, limits: Arc<Counters>) -> Self {
        Self { inner, limits }
    }
}

impl<S> Service<Request> for RateLimit<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Through<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if request.facts.remote.is_none() {
            return Through::Straight(self.inner.call(request));
        }
        if let Some(store) = self.limits.limits.store.clone() {
            let (limits, mut inner) = (self.limits.clone(), self.inner.clone());
            return Through::Around(Box::pin(async move {
                let (buckets, count) = limits.buckets(&request);
                let buckets = buckets.get(..count).unwrap_or_default();
                let refused = match limits.take(&*store, buckets).await {
                    Taken::All => None,
                    Taken::Refused { bucket, retry_after } => {
                        Some(refuse(&request, buckets.get(bucket), retry_after))
                    }
                };
                match refused {
                    Some(refused) => refused,
                    None => inner.call(request).await.unwrap_or_else(|never| match never {}),
                }
            }));
        }
        let (buckets, count) = self.limits.buckets(&request);
        let buckets = buckets.get(..count).unwrap_or_default();
        match self.limits.memory.take(buckets) {
            Taken::All => Through::Straight(self.inner.call(request)),
            Taken::Refused { bucket, retry_after } => {
                Through::answered(refuse(&request, buckets.get(bucket), retry_after))
            }
        }
    }
}

fn refuse(request: &Request, bucket: Option<&Bucket<'_>>, retry_after: Duration) -> Response {
    let asked = Asked::of(request);
    let _ = request.facts.limited.set("rate");
    let by = bucket.map(|bucket| (bucket.counted, bucket.rate));
    let said = match by {
        Some((Counted::Caller(_) | Counted::Address(_), rate)) => {
            format!("too many requests: each caller may make {rate}")
        }
        Some((Counted::Session(_), rate)) => format!("too many requests: each session may make {rate}"),
        Some((Counted::Function { .. }, rate)) => {
            format!("{asked} is asked for too often: all callers together may ask {rate}")
        }
        _ => "the server has too many requests".to_owned(),
    };
    tracing::debug!(what = %asked, said, "a request was over a rate limit");
    asked.limited(format!("{said}; it was not run"), retry_after)
}
