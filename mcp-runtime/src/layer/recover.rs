//! A panic ends the call that it happened in, and nothing else.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::Error;
use crate::error::FailureKind;
use crate::model::{Facts, Operation, Request, Response, ToolResult};

/// The outermost service.
#[derive(Debug, Clone)]
pub(crate) struct Recover<S> {
    inner: S,
}

impl<S> Recover<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S> Service<Request> for Recover<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Recovering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let is_tool = matches!(request.operation, Operation::CallTool(_));
        let facts = request.facts.clone();
        let inner = catch_unwind(AssertUnwindSafe(|| self.inner.call(request))).ok();
        Recovering { inner, is_tool, facts }
    }
}

/// The response of [`Recover`], when it is there.
pub(crate) struct Recovering<F> {
    /// Taken away by a panic.
    inner: Option<F>,
    is_tool: bool,
    facts: Arc<Facts>,
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for Recovering<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // The future is not used again after a panic, so nobody sees what the panic left half done in it.
        let polled =
            self.inner.as_mut().map(|inner| catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll(cx))));
        if let Some(Ok(polled)) = polled {
            return polled;
        }
        // Dropping what panicked may panic again.
        let inner = self.inner.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(inner)));
        let number = self.facts.correlation();
        tracing::error!(number, "a handler panicked; the panic's message is on standard error");
        let said = format!("the server failed while it worked on this (number {number})");
        Poll::Ready(Ok(match self.is_tool {
            true => Response::Tool(ToolResult::error(said).because(FailureKind::Panicked)),
            false => Response::Error(Error::internal(said)),
        }))
    }
}
