//! The services of a server, one inside the other, dispatch innermost.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::authorise::Authorise;
use super::breaker::Break;
use super::bulkhead::{Bulk, Bulkheads};
use super::care::LookAfter;
use super::idempotency::{Keys, Once};
use super::rate_limit::{Counters, RateLimit};
use super::recover::Recover;
use super::settings::Guards;
use super::size::Size;
use super::timeout::Timeout;
use super::watch::Watch;
use crate::dispatch::Dispatch;
use crate::model::{Facts, Operation, Request, Response, ToolResult};
use crate::{BoxError, Error};

/// What a request goes through. Without layers of the author's there is nothing on the way that is not known while
/// compiling.
#[derive(Debug, Clone)]
pub(crate) enum Stack {
    Plain(Admitted<Guarded>),
    Layered(Admitted<Next>),
}

/// What sees every request, and decides whether it comes in.
type Admitted<S> = Recover<Watch<Authorise<RateLimit<S>>>>;

/// What decides whether, and how long, a function is run. The author's layers stand around it: they see whatever is let in,
/// results that are replayed too; what they refuse is no failure of the function, and their time is not its time.
type Guarded = Once<Break<Bulk<Timeout<Size<LookAfter<Dispatch>>>>>>;

fn guard(dispatch: Dispatch, guards: &Guards) -> Guarded {
    let Guards { protection, breakers, definitions, .. } = guards;
    let careful = LookAfter::new(dispatch, guards.output.clone());
    let timed = Timeout::new(Size::new(careful, protection.sizes), protection.timeout);
    let bulk = Bulk::new(timed, Bulkheads::new(definitions, |name| protection.bulkheads.get(name).copied()));
    Once::new(Break::new(bulk, breakers.clone()), Arc::new(Keys::new(&protection.idempotency)))
}

fn admit<S>(inner: S, guards: &Guards) -> Admitted<S> {
    let limited = RateLimit::new(inner, Arc::new(Counters::new(guards.protection.rate_limits.clone())));
    let allowed = Authorise::new(limited, guards.rules.clone());
    Recover::new(Watch::new(allowed, guards.sight.clone()))
}

impl Stack {
    /// Puts the author's layers where they belong; the first is the outermost.
    pub(crate) fn new(dispatch: Dispatch, layers: &[AnyLayer], guards: &Guards) -> Self {
        let guarded = guard(dispatch, guards);
        if layers.is_empty() {
            return Self::Plain(admit(guarded, guards));
        }
        let innermost = Next::new(guarded);
        let layered = layers.iter().rev().fold(innermost, |inner, layer| layer(inner));
        Self::Layered(admit(layered, guards))
    }

    pub(crate) fn call(&self, request: Request) -> StackFuture {
        match self {
            Self::Plain(service) => StackFuture::Plain(service.clone().call(request)),
            Self::Layered(service) => StackFuture::Layered(service.clone().call(request)),
        }
    }
}

/// The response of a stack, when it is there.
pub(crate) enum StackFuture {
    Plain(<Admitted<Guarded> as Service<Request>>::Future),
    Layered(<Admitted<Next> as Service<Request>>::Future),
}

impl Future for StackFuture {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Plain(future) => Pin::new(future).poll(cx),
            Self::Layered(future) => Pin::new(future).poll(cx),
        }
    }
}

/// A layer whose type has been forgotten.
pub(crate) type AnyLayer = Box<dyn Fn(Next) -> Next + Send + Sync>;

/// Any `tower` layer, with its errors turned into responses.
pub(crate) fn any<L>(layer: L) -> AnyLayer
where
    L: Layer<Next> + Send + Sync + 'static,
    L::Service: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
    <L::Service as Service<Request>>::Error: Into<BoxError>,
    <L::Service as Service<Request>>::Future: Send,
{
    Box::new(move |inner| Next::new(layer.layer(inner)))
}

type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// What a layer surrounds: the layers inside it, and the function in the middle. It is always ready.
#[derive(Clone)]
pub struct Next(Arc<dyn Fn(Request) -> Answering + Send + Sync>);

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Next")
    }
}

impl Next {
    fn new<S>(service: S) -> Self
    where
        S: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
    {
        Self(Arc::new(move |request| {
            let mut service = service.clone();
            Box::pin(async move {
                let is_tool = matches!(request.operation, Operation::CallTool(_));
                let facts = request.facts.clone();
                // A service is called only when it says that it is ready; one that waits for a place waits here.
                if let Err(error) = poll_fn(|cx| service.poll_ready(cx)).await {
                    return Ok(refused(&*error.into(), is_tool, &facts));
                }
                let answered = service.call(request).await;
                Ok(answered.unwrap_or_else(|error| refused(&*error.into(), is_tool, &facts)))
            })
        }))
    }
}

/// What the peer is told when a layer ends a request with an error. A public peer is told a number only: the text was
/// not written for him.
fn refused(error: &(dyn std::error::Error + Send + Sync), is_tool: bool, facts: &Facts) -> Response {
    let number = facts.correlation();
    tracing::warn!(%error, number, "a layer ended a request");
    let said =
        if facts.public { format!("the request was refused (number {number})") } else { error.to_string() };
    if is_tool { Response::Tool(ToolResult::error(said)) } else { Response::Error(Error::internal(said)) }
}

impl Service<Request> for Next {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answering {
        (self.0)(request)
    }
}
