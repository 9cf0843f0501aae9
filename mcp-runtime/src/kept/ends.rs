//! The two ends of a stream: the call that says something, and whoever reads it.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{EventId, Streams, wake};
use crate::server::Reply;

/// Where a call says something. When it is dropped the stream has ended.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(super) streams: Arc<Streams>,
    pub(super) stream: u64,
    /// Whether anything is read but the result.
    events: bool,
    /// Which mirror it writes, if it is one.
    pub(super) mirror: u64,
}

impl Writer {
    pub(super) fn new(streams: Arc<Streams>, stream: u64, events: bool) -> Self {
        Self { streams, stream, events, mirror: 0 }
    }

    /// Keeps a message, and wakes whoever reads.
    pub(crate) fn say(&self, reply: Reply) {
        if !self.events && !reply.is_last() {
            return;
        }
        let mut table = self.streams.lock();
        let waker = table.say(self.stream, reply);
        self.streams.copy(&mut table, self.stream);
        drop(table);
        wake(waker);
    }

    /// Ends the connection of whoever reads, when he has read all there is, if he will come back by himself: after so long.
    pub(crate) fn hang_up(&self, retry: Duration) {
        let mut table = self.streams.lock();
        let Some(stream) = table.streams.get_mut(&self.stream) else { return };
        if !stream.is_read || !stream.polls {
            return;
        }
        stream.hang_up = Some(retry);
        let waker = stream.waker.take();
        drop(table);
        wake(waker);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut table = self.streams.lock();
        // A mirror may have made room for another one.
        if table.streams.get(&self.stream).is_none_or(|stream| stream.mirror != self.mirror) {
            return;
        }
        let waker = table.end(self.stream);
        self.streams.copy(&mut table, self.stream);
        drop(table);
        wake(waker);
    }
}

/// What a reader finds.
#[derive(Debug)]
pub(crate) enum Said {
    Message(Arc<Reply>),
    /// The call goes on without the connection. The client is to come back after so long.
    HangUp(Duration),
}

/// Whoever reads a stream, at his place in it.
#[derive(Debug)]
pub(crate) struct Reader {
    streams: Arc<Streams>,
    stream: u64,
    turn: u64,
    /// The number of the last message that was read.
    after: u64,
}

impl Reader {
    pub(super) fn new(streams: Arc<Streams>, stream: u64, turn: u64, after: u64) -> Self {
        Self { streams, stream, turn, after }
    }

    /// Whether the client comes back for the rest where its connection is ended.
    pub(crate) fn polls(&self) -> bool {
        self.streams.lock().streams.get(&self.stream).is_some_and(|stream| stream.polls)
    }

    /// Begins to tell events, from the first message on; from now on the client can come back. Gives the name of the place
    /// before the first.
    pub(crate) fn begin(&mut self) -> EventId {
        self.after = 0;
        let mut table = self.streams.lock();
        if let Some(stream) = table.streams.get_mut(&self.stream) {
            stream.named = true;
            table.settle(self.stream);
            self.streams.copy(&mut table, self.stream);
        }
        EventId { stream: self.stream, number: 0 }
    }

    pub(crate) async fn next(&mut self) -> Option<Said> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// What comes next; `None` when nothing does, or somebody else reads now.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Option<Said>> {
        let mut table = self.streams.lock();
        let Some(stream) = table.streams.get_mut(&self.stream) else { return Poll::Ready(None) };
        if stream.readers != self.turn {
            return Poll::Ready(None);
        }
        if let Some((number, reply)) = stream.after(self.after) {
            self.after = *number;
            return Poll::Ready(Some(Said::Message(reply.clone())));
        }
        if stream.ended {
            return Poll::Ready(None);
        }
        if let Some(retry) = stream.hang_up {
            return Poll::Ready(Some(Said::HangUp(retry)));
        }
        if !stream.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            stream.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut table = self.streams.lock();
        let Some(stream) = table.streams.get_mut(&self.stream).filter(|stream| stream.readers == self.turn)
        else {
            return;
        };
        stream.is_read = false;
        stream.hang_up = None;
        let waker = stream.waker.take();
        // Nobody knows an event of one that was never begun.
        if !stream.can_be_found() {
            table.forget(self.stream);
        }
        drop(table);
        drop(waker);
    }
}
