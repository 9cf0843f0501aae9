//! Replies as server-sent events.

use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::places::Place;
use crate::kept::{EventId, Reader, Said};
use crate::server::{Replies, Reply};

/// When nothing was said for so long, a comment keeps proxies from closing the stream.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What says nothing.
pub(super) const COMMENT: &[u8] = b":\n\n";

/// A client whose connection breaks comes back after so long, unless it is told otherwise.
const RETRY: Duration = Duration::from_secs(1);

/// The timers of some clients overflow not far beyond, and they would come back at once.
const LONGEST_RETRY: Duration = Duration::from_secs(24 * 60 * 60);

/// A stream of replies, which ends with the response.
#[derive(Debug)]
pub(super) struct Events {
    first: Option<Event>,
    source: Source,
    quiet: Pin<Box<Sleep>>,
    /// Ready when the server is to end.
    ending: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// Ready when its reader is not known any more.
    expiry: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

/// An event, ready to be sent.
#[derive(Debug)]
struct Event {
    bytes: Bytes,
    is_last: bool,
}

/// Where replies come from.
#[derive(Debug)]
pub(super) enum Source {
    /// The call itself: it ends with the stream.
    Call { replies: Replies, _place: Option<Place> },
    /// What is kept of a call that goes on without the stream.
    Kept(Reader),
}

impl Source {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        match self {
            Self::Call { replies, .. } => {
                replies.poll_reply(cx).map(|reply| reply.as_ref().map(Event::reply))
            }
            Self::Kept(reader) => reader.poll(cx).map(|said| said.as_ref().map(Event::said)),
        }
    }

    fn wind_up(&mut self) {
        if let Self::Call { replies, .. } = self {
            replies.wind_up();
        }
    }
}

impl Event {
    fn reply(reply: &Reply) -> Self {
        Self { bytes: event(reply.event_id(), reply.body()), is_last: reply.is_last() }
    }

    fn said(said: &Said) -> Self {
        match said {
            Said::Message(reply) => Self::reply(reply),
            Said::HangUp(retry) => Self {
                bytes: format!("retry: {}\n\n", retry.min(&LONGEST_RETRY).as_millis()).into(),
                is_last: true,
            },
        }
    }

    /// Says nothing but its name, so that the client can come back whatever happens to the connection.
    fn priming(id: EventId) -> Self {
        let bytes = format!("id: {id}\nretry: {}\ndata:\n\n", RETRY.as_millis());
        Self { bytes: bytes.into(), is_last: false }
    }
}

impl Events {
    /// What a call says while somebody reads it, or a stream of changes.
    pub(super) fn of_call(
        first: &Reply,
        replies: Replies,
        place: Option<Place>,
        ending: CancellationToken,
        until: Option<Instant>,
    ) -> Self {
        // A call that began while its caller was known has its result to give; a stream of changes has no end of its own.
        let listening = replies.is_listening();
        let ending = listening.then(|| Box::pin(ending.cancelled_owned()));
        let expiry = until.filter(|_| listening).map(|at| Box::pin(tokio::time::sleep_until(at)));
        Self {
            ending,
            expiry,
            ..Self::new(Some(Event::reply(first)), Source::Call { replies, _place: place })
        }
    }

    /// What has changed, for as long as the session is listened to.
    pub(super) fn of_changes(
        replies: Replies,
        place: Place,
        ending: CancellationToken,
        until: Option<Instant>,
    ) -> Self {
        let expiry = until.map(|at| Box::pin(tokio::time::sleep_until(at)));
        let first = replies.beginning().map(Event::priming);
        let source = Source::Call { replies, _place: Some(place) };
        Self { ending: Some(Box::pin(ending.cancelled_owned())), expiry, ..Self::new(first, source) }
    }

    /// What is kept of a call, from its first message on.
    pub(super) fn begun(mut reader: Reader) -> Self {
        let id = reader.begin();
        let first = reader.polls().then(|| Event::priming(id));
        Self::new(first, Source::Kept(reader))
    }

    /// What is kept of a call, from where its client stopped to read.
    pub(super) fn resumed(reader: Reader) -> Self {
        Self::new(None, Source::Kept(reader))
    }

    fn new(first: Option<Event>, source: Source) -> Self {
        let quiet = Box::pin(tokio::time::sleep(KEEP_ALIVE));
        Self { first, source, quiet, ending: None, expiry: None, ended: false }
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
        if let Some(expiry) = &mut self.expiry
            && expiry.as_mut().poll(cx).is_ready()
        {
            self.expiry = None;
            self.source.wind_up();
        }
        let event = match self.first.take() {
            Some(event) => Poll::Ready(Some(event)),
            None => self.source.poll(cx),
        };
        match event {
            Poll::Ready(Some(Event { bytes, is_last })) => {
                self.ended = is_last;
                self.quiet.as_mut().reset(Instant::now() + KEEP_ALIVE);
                Poll::Ready(Some(bytes))
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

/// One message as an event, with its name if it has one. The message stands in one line, so it is one `data` field.
pub(super) fn event(id: Option<impl Display>, message: &[u8]) -> Bytes {
    let mut event = BytesMut::with_capacity(message.len() + 48);
    if let Some(id) = id {
        event.put_slice(format!("id: {id}\n").as_bytes());
    }
    event.put_slice(b"event: message\ndata: ");
    event.put_slice(message);
    event.put_slice(b"\n\n");
    event.freeze()
}
