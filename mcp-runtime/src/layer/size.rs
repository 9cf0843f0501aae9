//! What goes in and what comes out is no longer than it may be.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

use super::refusal::Asked;
use crate::ToolError;
use crate::error::FailureKind;
use crate::model::{Arguments, Operation, Request, Response};

/// How long arguments and results may be, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) arguments: usize,
    pub(crate) result: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { arguments: usize::MAX, result: 16 << 20 }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Size<S> {
    inner: S,
    sizes: Sizes,
}

impl<S> Size<S> {
    pub(crate) fn new(inner: S, sizes: Sizes) -> Self {
        Self { inner, sizes }
    }
}

impl<S> Service<Request> for Size<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Measured<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let asked = Asked::of(&request);
        let given = match &request.operation {
            Operation::CallTool(call) => length(&call.arguments),
            Operation::ReadResource(read) => read.uri.len(),
            Operation::GetPrompt(get) => length(&get.arguments),
            _ => 0,
        };
        if given > self.sizes.arguments {
            let _ = request.facts.limited.set("size");
            let said = format!(
                "the arguments of {asked} have {given} bytes, and may have {}: ask for less at once",
                self.sizes.arguments
            );
            return Measured::TooLong(Some(asked.wrong(said)));
        }
        Measured::Running { inner: self.inner.call(request), asked, most: self.sizes.result }
    }
}

fn length(arguments: &Arguments) -> usize {
    match arguments {
        Arguments::Json(object) => object.raw().len(),
        Arguments::Text(pairs) => pairs.iter().map(|(name, value)| name.len() + value.len()).sum(),
    }
}

/// The response of [`Size`], when it is there.
pub(crate) enum Measured<F> {
    TooLong(Option<Response>),
    Running { inner: F, asked: Asked, most: usize },
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for Measured<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match &mut *self {
            Self::TooLong(response) => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending,
            },
            Self::Running { inner, asked, most } => {
                let (asked, most) = (*asked, *most);
                Pin::new(inner)
                    .poll(cx)
                    .map(|answered| answered.map(|response| bounded(response, asked, most)))
            }
        }
    }
}

fn bounded(response: Response, asked: Asked, most: usize) -> Response {
    let length = response.length();
    if length <= most {
        return response;
    }
    tracing::warn!(what = %asked, length, most, "a result was too long to be sent");
    let error = ToolError::fatal(format!(
        "the result of {asked} has {length} bytes, and may have {most}: ask for less at once"
    ));
    asked.failed(error, FailureKind::Fatal)
}
