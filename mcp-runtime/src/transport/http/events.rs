//! Replies as server-sent events.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::server::{Replies, Reply};

/// When nothing was said for so long, a comment keeps proxies from closing the stream.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What says nothing.
pub(super) const COMMENT: &[u8] = b":\n\n";

/// A stream of replies, which ends with the response.
#[derive(Debug)]
pub(super) struct Events {
    first: Option<Reply>,
    source: Source,
    quiet: Pin<Box<Sleep>>,
    /// Ready when the server is to end.
    ending: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    ended: bool,
}

/// Where replies come from.
#[derive(Debug)]
pub(super) enum Source {
    /// The call itself: it ends with the stream.
    Call { replies: Replies, _place: Option<OwnedSemaphorePermit> },
    /// A task that goes on without the stream.
    Task(mpsc::Receiver<Reply>),
}

impl Source {
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Reply>> {
        match self {
            Self::Call { replies, .. } => replies.poll_reply(cx),
            Self::Task(replies) => replies.poll_recv(cx),
        }
    }

    fn is_listening(&self) -> bool {
        matches!(self, Self::Call { replies, .. } if replies.is_listening())
    }

    fn wind_up(&mut self) {
        if let Self::Call { replies, .. } = self {
            replies.wind_up();
        }
    }

    pub(super) async fn next(&mut self) -> Option<Reply> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }
}

impl Events {
    pub(super) fn new(first: Option<Reply>, source: Source, ending: CancellationToken) -> Self {
        let quiet = Box::pin(tokio::time::sleep(KEEP_ALIVE));
        let ending = source.is_listening().then(|| Box::pin(ending.cancelled_owned()));
        Self { first, source, quiet, ending, ended: false }
    }

    /// A stream that ends at once.
    pub(super) fn ended() -> Self {
        let (_, nothing) = mpsc::channel(1);
        let quiet = Box::pin(tokio::time::sleep(KEEP_ALIVE));
        Self { first: None, source: Source::Task(nothing), quiet, ending: None, ended: true }
    }

    /// The next event, ready to be sent.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(ending) = &mut self.ending
            && ending.as_mut().poll(cx).is_ready()
        {
            self.ending = None;
            self.source.wind_up();
        }
        let reply = match self.first.take() {
            Some(reply) => Poll::Ready(Some(reply)),
            None => self.source.poll(cx),
        };
        match reply {
            Poll::Ready(Some(reply)) => {
                self.ended = reply.is_last();
                self.quiet.as_mut().reset(Instant::now() + KEEP_ALIVE);
                Poll::Ready(Some(event(reply.body())))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                if self.quiet.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.quiet.as_mut().reset(Instant::now() + KEEP_ALIVE);
                // The new time is to be waited for too.
                cx.waker().wake_by_ref();
                Poll::Ready(Some(Bytes::from_static(COMMENT)))
            }
        }
    }
}

/// One message as an event. It stands in one line, so it is one `data` field.
pub(super) fn event(message: &[u8]) -> Bytes {
    let mut event = BytesMut::with_capacity(message.len() + 24);
    event.put_slice(b"event: message\ndata: ");
    event.put_slice(message);
    event.put_slice(b"\n\n");
    event.freeze()
}
