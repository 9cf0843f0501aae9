//! The services of a server, one inside the other, dispatch innermost.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt};

use super::Recover;
use crate::BoxError;
use crate::dispatch::{Dispatch, Dispatched};
use crate::model::{Operation, Request, Response, ToolResult};

/// What a request goes through. Without layers of the author's there is nothing on the way that is not known while
/// compiling.
#[derive(Debug, Clone)]
pub(crate) enum Stack {
    Plain(Recover<Dispatch>),
    Layered(Recover<Layered>),
}

type Layered = Boxed;

/// A boxed service whose futures can be moved.
#[derive(Debug, Clone)]
pub(crate) struct Boxed(BoxCloneSyncService<Request, Response, Infallible>);

impl Service<Request> for Boxed {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // A service is called only when it says that it is ready; one that waits for a place waits here.
        Box::pin(self.0.clone().oneshot(request))
    }
}

impl Stack {
    pub(crate) fn new(dispatch: Dispatch) -> Self {
        Self::Plain(Recover::new(dispatch))
    }

    /// Puts layers around dispatch; the first is the outermost.
    pub(crate) fn layered(dispatch: Dispatch, layers: &[Box<dyn AnyLayer>]) -> Self {
        if layers.is_empty() {
            return Self::new(dispatch);
        }
        let innermost = BoxCloneSyncService::new(dispatch);
        let stack = layers.iter().rev().fold(innermost, |inner, layer| layer.layer(inner));
        Self::Layered(Recover::new(Boxed(stack)))
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
    Plain(<Recover<Dispatch> as Service<Request>>::Future),
    Layered(<Recover<Layered> as Service<Request>>::Future),
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

const _: fn(Dispatched) = |future| {
    fn movable<T: Unpin>(_: T) {}
    movable(future);
};

/// A layer whose type has been forgotten.
pub(crate) trait AnyLayer: Send + Sync {
    fn layer(
        &self,
        inner: BoxCloneSyncService<Request, Response, Infallible>,
    ) -> BoxCloneSyncService<Request, Response, Infallible>;
}

/// Any `tower` layer, with its errors turned into responses.
pub(crate) struct Flattened<L>(pub(crate) L);

impl<L> AnyLayer for Flattened<L>
where
    L: Layer<BoxCloneSyncService<Request, Response, Infallible>> + Send + Sync,
    L::Service: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
    <L::Service as Service<Request>>::Error: Into<BoxError>,
    <L::Service as Service<Request>>::Future: Send,
{
    fn layer(
        &self,
        inner: BoxCloneSyncService<Request, Response, Infallible>,
    ) -> BoxCloneSyncService<Request, Response, Infallible> {
        let service = self.0.layer(inner);
        BoxCloneSyncService::new(tower::service_fn(move |request: Request| {
            let service = service.clone();
            async move {
                let is_tool = matches!(request.operation, Operation::CallTool(_));
                let refused = match service.oneshot(request).await {
                    Ok(response) => return Ok::<_, Infallible>(response),
                    Err(error) => error.into(),
                };
                tracing::warn!(error = %refused, "a layer ended a request");
                Ok(match is_tool {
                    true => Response::Tool(ToolResult::error(refused.to_string())),
                    false => Response::Error(crate::Error::internal(refused.to_string())),
                })
            }
        }))
    }
}
