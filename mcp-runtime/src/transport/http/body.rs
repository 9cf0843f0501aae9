//! The body of a reply: one JSON message, a stream of events, or all that a connection says.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::events::Events;
use super::sse::Feed;

/// The body of a reply.
#[derive(Debug)]
pub struct Body(Content);

#[derive(Debug)]
enum Content {
    Whole(Bytes),
    Events(Box<Events>),
    Feed(Box<Feed>),
}

impl Body {
    pub(super) fn whole(content: impl Into<Bytes>) -> Self {
        Self(Content::Whole(content.into()))
    }

    pub(super) fn events(events: Events) -> Self {
        Self(Content::Events(Box::new(events)))
    }

    pub(super) fn feed(feed: Feed) -> Self {
        Self(Content::Feed(Box::new(feed)))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Content::Whole(content) if content.is_empty() => Poll::Ready(None),
            Content::Whole(content) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(content))))),
            Content::Events(events) => events.poll(cx).map(|event| event.map(|event| Ok(Frame::data(event)))),
            Content::Feed(feed) => feed.poll(cx).map(|event| event.map(|event| Ok(Frame::data(event)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Content::Whole(content) if content.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Whole(content) => SizeHint::with_exact(content.len() as u64),
            Content::Events(_) | Content::Feed(_) => SizeHint::default(),
        }
    }
}
