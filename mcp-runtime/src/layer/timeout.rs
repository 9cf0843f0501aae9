//! Nobody waits for a function longer than it may take. An async function is dropped then; one that blocks goes on, is
//! told that nobody waits, and keeps its place until it ends.
//!
//! A call that is ready at once never looks at the clock.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep_until};
use tower_service::Service;

use super::refusal::Asked;
use crate::ToolError;
use crate::error::FailureKind;
use crate::model::{Definition, Facts, Operation, Request, Response};

/// A limit that is never reached.
pub(crate) const NEVER: Duration = Duration::MAX;

#[derive(Debug, Clone)]
pub(crate) struct Timeout<S> {
    inner: S,
    /// For functions that say nothing of it.
    default: Duration,
}

impl<S> Timeout<S> {
    pub(crate) fn new(inner: S, default: Duration) -> Self {
        Self { inner, default }
    }
}

impl<S> Service<Request> for Timeout<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Timed<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let own = |definition: &Definition| definition.timeout.unwrap_or(self.default);
        let limit = match &request.operation {
            Operation::CallTool(call) => own(&call.tool.definition),
            Operation::ReadResource(read) => own(&read.resource.definition),
            Operation::GetPrompt(get) => own(&get.prompt.definition),
            // What completes an argument stands beside the function, which says nothing of it.
            Operation::Complete(_) => self.default,
            _ => NEVER,
        };
        let clock = (limit != NEVER).then(|| {
            request.facts.time.set(limit);
            Clock { facts: request.facts.clone(), limit, asked: Asked::of(&request), sleep: None }
        });
        Timed { inner: Some(self.inner.call(request)), clock }
    }
}

struct Clock {
    facts: Arc<Facts>,
    limit: Duration,
    asked: Asked,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// The response of [`Timeout`], when it is there.
pub(crate) struct Timed<F> {
    /// Taken away when it is over.
    inner: Option<F>,
    clock: Option<Clock>,
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for Timed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Timed { inner, clock } = &mut *self;
        let Some(running) = inner else { return Poll::Pending };
        if let Poll::Ready(response) = Pin::new(running).poll(cx) {
            return Poll::Ready(response);
        }
        let Some(found) = clock else { return Poll::Pending };
        if found.facts.asking.is_waiting() {
            found.facts.time.pause();
            return Poll::Pending;
        }
        ready!(found.over(cx));
        let (asked, limit) = (found.asked, in_words(found.limit));
        found.facts.exchange.expire();
        *clock = None;
        *inner = None;
        tracing::warn!(what = %asked, limit, "a call took too long and was given up");
        let error = ToolError::transient(format!(
            "{asked} took longer than {limit} and was given up; a part of its work may be done"
        ));
        Poll::Ready(Ok(asked.failed(error, FailureKind::TimedOut)))
    }
}

impl Clock {
    /// Ready when there is no time left.
    fn over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(until) = self.facts.time.run() else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if sleep.deadline() != until {
            sleep.as_mut().reset(until);
        }
        sleep.as_mut().poll(cx)
    }
}

/// A limit as the model reads it.
fn in_words(limit: Duration) -> String {
    match limit.subsec_millis() {
        0 => format!("{} s", limit.as_secs()),
        _ => format!("{} ms", limit.as_millis()),
    }
}
