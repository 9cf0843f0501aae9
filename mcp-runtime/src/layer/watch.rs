//! What becomes of every request is seen from here: by the span of the request, the counts, and the audit.
//!
//! They stand together because they ask the same, and so that a request that nobody watches pays once for all of them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;
use tower_service::Service;
use tracing::Span;

use super::refusal::Asked;
use super::trace;
use crate::error::FailureKind;
use crate::model::{Facts, Request, Response};
use crate::sight::{Entry, Running, Sight};

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    /// The client is asked something, and is to send the request again with the answer.
    Asked,
    /// Nobody waits for it any more.
    Cancelled,
    Failed(FailureKind),
}

impl Outcome {
    /// All of them, each at its [index](Self::index).
    pub(crate) const ALL: [Self; 12] = [
        Self::Ok,
        Self::Asked,
        Self::Cancelled,
        Self::Failed(FailureKind::Input),
        Self::Failed(FailureKind::Forbidden),
        Self::Failed(FailureKind::Transient),
        Self::Failed(FailureKind::Fatal),
        Self::Failed(FailureKind::Unexpected),
        Self::Failed(FailureKind::Panicked),
        Self::Failed(FailureKind::Declined),
        Self::Failed(FailureKind::TimedOut),
        Self::Failed(FailureKind::Refused),
    ];

    fn of(response: &Response) -> Self {
        match response {
            Response::InputRequired(_) => Self::Asked,
            response => response.failure().map_or(Self::Ok, Self::Failed),
        }
    }

    pub(crate) fn index(self) -> usize {
        Self::ALL.iter().position(|known| *known == self).unwrap_or(0)
    }

    /// One word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Asked => "asked",
            Self::Cancelled => "cancelled",
            Self::Failed(kind) => kind.name(),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Watch<S> {
    inner: S,
    sight: Arc<Sight>,
}

impl<S> Watch<S> {
    pub(crate) fn new(inner: S, sight: Arc<Sight>) -> Self {
        Self { inner, sight }
    }
}

impl<S> Service<Request> for Watch<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Watched<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let span = trace::span(&request);
        if span.is_disabled() && self.sight.is_closed() {
            return Watched { inner: self.inner.call(request), seen: None };
        }
        let mut seen = Seen::of(&request, span, &self.sight);
        let inner = {
            let _noticed = Noticed(&mut seen);
            self.inner.call(request)
        };
        Watched { inner, seen: Some(Box::new(seen)) }
    }
}

/// The response of [`Watch`], when it is there.
pub(crate) struct Watched<F> {
    inner: F,
    /// Nothing where nobody watches.
    seen: Option<Box<Seen>>,
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for Watched<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { inner, seen } = &mut *self;
        let Some(seen) = seen else { return Pin::new(inner).poll(cx) };
        let polled = {
            let span = seen.span.clone();
            let _noticed = Noticed(seen);
            let _entered = span.enter();
            Pin::new(inner).poll(cx)
        };
        if let Poll::Ready(Ok(response)) = &polled {
            seen.end(Outcome::of(response), Some(response));
        }
        polled
    }
}

/// A request on its way, and who watches it.
struct Seen {
    span: Span,
    facts: Arc<Facts>,
    began: Instant,
    counted: Option<Running>,
    audited: Option<Entry>,
    over: bool,
}

impl Seen {
    fn of(request: &Request, span: Span, sight: &Sight) -> Self {
        Self {
            span,
            facts: request.facts.clone(),
            began: Instant::now(),
            counted: sight.metrics().map(|metrics| metrics.begin(Asked::of(request), &request.facts)),
            audited: sight.audit().map(|audit| audit.begin(request)),
            over: false,
        }
    }

    fn end(&mut self, outcome: Outcome, response: Option<&Response>) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        let took = self.began.elapsed();
        if !self.span.is_disabled() {
            trace::ended(&self.span, outcome, response);
        }
        if let Some(counted) = self.counted.take() {
            counted.end(outcome, took, response, &self.facts);
        }
        if let Some(audited) = self.audited.take() {
            audited.end(outcome, took, &self.facts);
        }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        // One that found no place was never run.
        let refused = self.facts.limited.get().map(|_| Outcome::Failed(FailureKind::Refused));
        self.end(refused.unwrap_or(Outcome::Cancelled), None);
    }
}

/// A panic goes through here on its way to whoever catches it.
struct Noticed<'a>(&'a mut Seen);

impl Drop for Noticed<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end(Outcome::Failed(FailureKind::Panicked), None);
        }
    }
}
