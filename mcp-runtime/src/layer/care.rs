//! What functions give can be read as it is seen: what is marked in it says `output`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::model::{Request, Response};
use crate::output::{Care, Look};

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
        LookedAfter { inner: self.inner.call(request), look, care: self.care.clone() }
    }
}

/// The response of [`LookAfter`], when it is there.
pub(crate) struct LookedAfter<F> {
    inner: F,
    look: Look,
    care: Arc<Care>,
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for LookedAfter<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { inner, look, care } = &mut *self;
        Pin::new(inner).poll(cx).map(|answered| {
            answered.map(|mut response| {
                care.look_after(&mut response, *look);
                response
            })
        })
    }
}
