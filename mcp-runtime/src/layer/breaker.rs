//! A function that keeps failing is not run for a while: whoever asks is told so at once, and what it depends on has time to
//! recover. Then one call at a time tries whether it works again.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_service::Service;

use super::refusal::Asked;
use super::through::Through;
use crate::error::FailureKind;
use crate::model::{Definition, Kind, Request, Response};
use crate::server::Server;

/// How long a try may be under way before those that are refused meanwhile should ask again.
const TRYING: Duration = Duration::from_secs(1);

/// When a function is held to be out of order, and for how long.
///
/// A breaker counts calls that failed in a way which the caller cannot mend: panics, timeouts, and errors of the function, unless
/// it said that the input was wrong ([`ToolError::invalid_input`](crate::ToolError::invalid_input)). Wrong arguments, refusals,
/// questions that nobody answered, and calls that were cancelled are not counted. Each call that works makes up for one that
/// failed, so that a function which fails now and then goes on.
///
/// All callers share the breaker of a function. So use one where failures come from something behind the function, and
/// tell wrong input from failures, or a caller can close the function for the others.
///
/// ```
/// use std::time::Duration;
/// use mcp::Breaker;
///
/// let breaker = Breaker::new().failures(5).within(Duration::from_secs(10)).open_for(Duration::from_secs(20));
/// let server = mcp::server!()
///     .breakers(Breaker::new())
///     .breaker("forecast", breaker);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    within: Duration,
    open_for: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new()
    }
}

impl Breaker {
    /// Opens after 3 failures within 60 seconds, for 30 seconds.
    pub const fn new() -> Self {
        Self { failures: 3, within: Duration::from_secs(60), open_for: Duration::from_secs(30) }
    }

    /// After so many failures it opens, one at least and 1,000 at most.
    #[must_use]
    pub const fn failures(mut self, count: u32) -> Self {
        self.failures = match count {
            0 => 1,
            1..=1000 => count,
            _ => 1000,
        };
        self
    }

    /// So close together the failures must be.
    #[must_use]
    pub const fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// For so long nothing is tried.
    #[must_use]
    pub const fn open_for(mut self, time: Duration) -> Self {
        self.open_for = time;
        self
    }

    /// How many failures, how close together, and for how long it is open then.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the command line shows it"))]
    pub(crate) const fn figures(&self) -> (u32, Duration, Duration) {
        (self.failures, self.within, self.open_for)
    }
}

/// What a breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerState {
    /// Everything: the function works.
    Closed {
        /// So many calls have failed lately that others have not made up for.
        failures: u32,
    },
    /// Nothing.
    Open {
        /// In so long the next call is tried.
        retry_after: Duration,
    },
    /// One call at a time, to see whether it works again.
    HalfOpen,
}

/// One breaker, which knows when calls failed.
#[derive(Debug)]
pub(crate) struct Circuit {
    breaker: Breaker,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// When the last calls failed, as many as matter.
    failed: VecDeque<Instant>,
    /// Since when it is open, if it is not closed.
    opened: Option<Instant>,
    /// Since when a call tries whether it works again.
    trying: Option<Instant>,
}

/// A call that was let through. Dropped without an outcome it was cancelled.
pub(crate) struct Passage {
    circuit: Arc<Circuit>,
    /// Whether it is to show that things work again.
    trial: bool,
    over: bool,
}

/// What a call has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Works,
    Fails,
    Nothing,
}

impl Circuit {
    pub(crate) fn new(breaker: Breaker) -> Arc<Self> {
        Arc::new(Self { breaker, inner: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a call through, or says when to try again.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Passage, Duration> {
        let now = Instant::now();
        let mut inner = self.lock();
        let trial = match inner.opened {
            None => false,
            Some(opened) => {
                let open = self.breaker.open_for.saturating_sub(now.saturating_duration_since(opened));
                if !open.is_zero() {
                    return Err(open);
                }
                // One that has no end, or waits for its client, does not keep the others away for ever.
                let patience = self.breaker.open_for.max(TRYING);
                if inner.trying.is_some_and(|since| now.saturating_duration_since(since) < patience) {
                    return Err(TRYING);
                }
                inner.trying = Some(now);
                true
            }
        };
        Ok(Passage { circuit: self.clone(), trial, over: false })
    }

    pub(crate) fn state(&self) -> BreakerState {
        let now = Instant::now();
        let inner = self.lock();
        match inner.opened {
            None => {
                let lately = |at: &&Instant| now.saturating_duration_since(**at) < self.breaker.within;
                let failures = inner.failed.iter().filter(lately).count();
                BreakerState::Closed { failures: u32::try_from(failures).unwrap_or(u32::MAX) }
            }
            Some(opened) => {
                let retry_after = self.breaker.open_for.saturating_sub(now.saturating_duration_since(opened));
                if retry_after.is_zero() {
                    BreakerState::HalfOpen
                } else {
                    BreakerState::Open { retry_after }
                }
            }
        }
    }
}

impl Passage {
    /// Says what the call has shown. What has changed by it, if anything: whether the breaker is open now.
    pub(crate) fn end(mut self, shown: Shown) -> Option<bool> {
        self.say(shown)
    }

    fn say(&mut self, shown: Shown) -> Option<bool> {
        if std::mem::replace(&mut self.over, true) {
            return None;
        }
        let now = Instant::now();
        let breaker = self.circuit.breaker;
        let mut inner = self.circuit.lock();
        if self.trial {
            // One that took too long is no try any more.
            inner.opened?;
            inner.trying = None;
            match shown {
                Shown::Works => {
                    *inner = Inner::default();
                    return Some(false);
                }
                Shown::Fails => {
                    inner.opened = Some(now);
                    return Some(true);
                }
                Shown::Nothing => return None,
            }
        }
        // One that was under way when the breaker opened opens it no further.
        if inner.opened.is_some() || shown == Shown::Nothing {
            return None;
        }
        // Where most calls work, a failure now and then is no reason to send everybody away.
        if shown == Shown::Works {
            inner.failed.pop_front();
            return None;
        }
        inner.failed.push_back(now);
        while inner.failed.len() > breaker.failures as usize
            || inner
                .failed
                .front()
                .is_some_and(|first| now.saturating_duration_since(*first) >= breaker.within)
        {
            inner.failed.pop_front();
        }
        (inner.failed.len() >= breaker.failures as usize).then(|| {
            inner.failed.clear();
            inner.opened = Some(now);
            true
        })
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        let shown = if std::thread::panicking() { Shown::Fails } else { Shown::Nothing };
        self.say(shown);
    }
}

/// The breakers of all functions that have one.
#[derive(Debug, Default)]
pub(crate) struct Breakers(HashMap<(&'static str, &'static str), Arc<Circuit>>);

impl Breakers {
    /// Of these definitions; `said` is what the builder says of one.
    pub(crate) fn new(definitions: &[Definition], said: impl Fn(&str) -> Option<Breaker>) -> Self {
        let breakers = definitions.iter().filter_map(|definition| {
            let word = match definition.kind {
                Kind::Tool(_) => "tool",
                Kind::Resource { .. } => "resource",
                Kind::Prompt => "prompt",
            };
            Some(((word, definition.name), Circuit::new(said(definition.name)?)))
        });
        Self(breakers.collect())
    }

    fn of(&self, asked: Asked) -> Option<&Arc<Circuit>> {
        self.0.get(&(asked.word(), asked.name()?))
    }
}

/// What the breaker of a function lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerStatus {
    /// `tool`, `resource` or `prompt`.
    pub kind: &'static str,
    /// The function's name.
    pub name: &'static str,
    /// What it lets through.
    pub state: BreakerState,
}

impl Server {
    /// What the breakers of the functions let through just now, sorted; of functions that have none nothing is said.
    ///
    /// ```
    /// # use mcp::{BreakerState, Server};
    /// /// The tools that do not work just now.
    /// fn out_of_order(server: &Server) -> Vec<&'static str> {
    ///     let broken = server.breakers().into_iter().filter(|it| !matches!(it.state, BreakerState::Closed { .. }));
    ///     broken.map(|it| it.name).collect()
    /// }
    /// ```
    pub fn breakers(&self) -> Vec<BreakerStatus> {
        let Some(breakers) = self.shared.states.get::<Breakers>() else { return Vec::new() };
        let status = breakers.0.iter().map(|((kind, name), circuit)| BreakerStatus {
            kind,
            name,
            state: circuit.state(),
        });
        let mut statuses: Vec<_> = status.collect();
        statuses.sort_by_key(|status| (status.kind, status.name));
        statuses
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Break<S> {
    inner: S,
    breakers: Arc<Breakers>,
}

impl<S> Break<S> {
    pub(crate) fn new(inner: S, breakers: Arc<Breakers>) -> Self {
        Self { inner, breakers }
    }
}

impl<S> Service<Request> for Break<S>
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
        if self.breakers.0.is_empty() {
            return Through::Straight(self.inner.call(request));
        }
        let asked = Asked::of(&request);
        let Some(circuit) = self.breakers.of(asked) else {
            return Through::Straight(self.inner.call(request));
        };
        let passage = match circuit.enter() {
            Ok(passage) => passage,
            Err(retry_after) => {
                let _ = request.facts.limited.set("breaker");
                let said = format!("{asked} is unavailable: it has failed several times; it was not run");
                return Through::answered(asked.unavailable(said, retry_after));
            }
        };
        let running = self.inner.call(request);
        Through::Around(Box::pin(async move {
            // Held here, so that a panic unwinds through it.
            let passage = passage;
            let response = running.await.unwrap_or_else(|never| match never {});
            match passage.end(shown(&response)) {
                Some(true) => {
                    tracing::warn!(what = %asked, "a breaker opened: calls are refused for a while")
                }
                Some(false) => tracing::info!(what = %asked, "a breaker closed: it works again"),
                None => {}
            }
            response
        }))
    }
}

fn shown(response: &Response) -> Shown {
    match (response, response.failure()) {
        // A question is no end, and neither is a task.
        (Response::InputRequired(_) | Response::Extended(_), _) => Shown::Nothing,
        (_, None) => Shown::Works,
        // Whoever says what is wrong with the input has looked at it.
        (
            _,
            Some(FailureKind::Input | FailureKind::Forbidden | FailureKind::Refused | FailureKind::Declined),
        ) => Shown::Nothing,
        (_, Some(_)) => Shown::Fails,
    }
}
