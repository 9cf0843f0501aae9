//! What comes of a request that goes through a layer: mostly what comes of the service inside, at no cost.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::extension::BoxFuture;
use crate::model::Response;

/// The response of a layer, when it is there.
pub(crate) enum Through<F> {
    /// The layer has nothing to do with it.
    Straight(F),
    /// The layer answers at once.
    Answered(Option<Response>),
    /// The layer does something before or after.
    Around(BoxFuture<'static, Response>),
}

impl<F> Through<F> {
    pub(crate) fn answered(response: Response) -> Self {
        Self::Answered(Some(response))
    }
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for Through<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match &mut *self {
            Self::Straight(inner) => Pin::new(inner).poll(cx),
            Self::Answered(response) => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending,
            },
            Self::Around(response) => response.as_mut().poll(cx).map(Ok),
        }
    }
}
