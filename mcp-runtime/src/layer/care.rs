//! What functions give can be read as it is seen: what is marked in it says `output`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tower_service::Service;

use crate::extension::BoxFuture;
use crate::model::{Request, Response, ToolResult};
use crate::output::{Care, Cutting, Look};

#[derive(Debug, Clone)]
pub(crate) struct LookAfter<S> {
    inner: S,
    care: Arc<Care>,
}

impl<S> LookAfter<S> {
    pub(crate) fn new(inner: S, care: Arc<Care>) -> Self {
        Self { inner, care }
    }
}

impl<S> Service<Request> for LookAfter<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = LookedAfter<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let look = request.definition().map_or(Look::NOTHING, |definition| self.care.look(definition));
        let cutting = self.care.cutting(&request);
        LookedAfter::Running { inner: self.inner.call(request), look, care: self.care.clone(), cutting }
    }
}

/// The response of [`LookAfter`], when it is there.
pub(crate) enum LookedAfter<F> {
    Running {
        inner: F,
        look: Look,
        care: Arc<Care>,
        cutting: Option<Box<Cutting>>,
    },
    /// The rest of a result is being kept.
    Cut(BoxFuture<'static, ToolResult>),
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for LookedAfter<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        loop {
            match &mut *self {
                Self::Cut(result) => {
                    return result.as_mut().poll(cx).map(|result| Ok(Response::Tool(result)));
                }
                Self::Running { inner, look, care, cutting } => {
                    let Ok(mut response) = ready!(Pin::new(inner).poll(cx));
                    care.look_after(&mut response, *look);
                    match (response, cutting.take()) {
                        (Response::Tool(result), Some(cutting)) if cutting.is_needed(&result) => {
                            *self = Self::Cut(Box::pin(cutting.cut(result)));
                        }
                        (response, _) => return Poll::Ready(Ok(response)),
                    }
                }
            }
        }
    }
}
