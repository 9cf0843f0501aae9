//! What a session says on its streams, kept for a client whose connection breaks: it comes back, names the last event that
//! it has read, and is told what came after it on that stream.
//!
//! A stream is a log. A call says something at its end, and whoever reads it has a place in it: the client that called, and
//! later the same client on another connection. A call never waits for its reader; where too much is kept, notices are left
//! out, oldest first, and streams that have ended are forgotten. It knows nothing of how a stream travels, nor of what
//! makes a session.

mod copies;
mod ends;
mod event;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

pub(crate) use copies::Copies;
pub(crate) use ends::{Reader, Said, Writer};
pub(crate) use event::EventId;
use tokio::time::Instant;

use crate::server::{Reply, ReplyKind};

/// So many bytes a session keeps: as long as the longest message by default, so that a long result need not be lost with
/// the connection that it was sent on.
const MOST_BYTES: usize = 4 << 20;
/// So many streams that have ended a session keeps: a client that lost its connection comes back for all that it called at
/// once.
const MOST_ENDED: usize = 64;
/// So long a stream is kept after its end. Clients try again for some seconds, and a network may be gone for a minute.
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);
/// What a short message costs besides its own bytes.
const COST: usize = 128;

/// The streams of a session.
#[derive(Debug)]
pub(crate) struct Streams {
    /// Whether clients come back for the rest of a stream when the server ends its connection.
    polls: bool,
    /// Where other machines find what is said here.
    copies: Option<Arc<dyn Copies>>,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// The number of the last stream. That of the first is 1.
    last: u64,
    streams: BTreeMap<u64, Stream>,
    /// Those that have ended, and when, oldest first.
    ended: VecDeque<(u64, Instant)>,
    /// The number of the last mirror.
    mirrors: u64,
    bytes: usize,
}

/// What was said on one stream.
#[derive(Debug, Default)]
struct Stream {
    said: VecDeque<(u64, Arc<Reply>)>,
    /// The number of the last message. That of the first is 1.
    last: u64,
    bytes: usize,
    /// Whether the client has been told an event of it, and so can come back.
    named: bool,
    ended: bool,
    /// Whether nobody else can come to read it.
    forgotten: bool,
    /// Whether the client comes back for the rest when its connection is ended.
    polls: bool,
    /// How many have begun to read it: it is the turn of the last of them.
    readers: u64,
    is_read: bool,
    /// What is said on it is said by another machine: then which mirror of that it is, and from which event on.
    mirror: u64,
    from: u64,
    /// The number of the last message that was copied.
    copied: u64,
    end_copied: bool,
    hang_up: Option<Duration>,
    waker: Option<Waker>,
}

impl Streams {
    /// No streams yet. `polls` says whether clients come back when the server ends a connection.
    pub(crate) fn new(polls: bool) -> Arc<Self> {
        Arc::new(Self { polls, copies: None, table: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a stream for a client that reads events, or nothing but the result. Nobody else can find it before it
    /// [is begun](Reader::begin).
    pub(crate) fn open(self: &Arc<Self>, events: bool) -> (Arc<Writer>, Reader) {
        let mut table = self.lock();
        table.last += 1;
        let number = table.last;
        let polls = events && self.polls;
        table.streams.insert(number, Stream { polls, readers: 1, is_read: true, ..Stream::default() });
        drop(table);
        (Arc::new(Writer::new(self.clone(), number, events)), Reader::new(self.clone(), number, 1, 0))
    }

    /// Goes on with a stream after one of its events. Whoever read it before is told that it is over. `None` where no such
    /// event was told, or its stream is forgotten.
    pub(crate) fn resume(self: &Arc<Self>, after: EventId) -> Option<Reader> {
        let mut table = self.lock();
        table.expire(Instant::now());
        let stream = table.streams.get_mut(&after.stream).filter(|stream| stream.can_be_found())?;
        if after.number > stream.last || after.number < stream.from {
            return None;
        }
        stream.readers += 1;
        stream.is_read = true;
        stream.hang_up = None;
        let (turn, waker) = (stream.readers, stream.waker.take());
        drop(table);
        wake(waker);
        Some(Reader::new(self.clone(), after.stream, turn, after.number))
    }

    /// Forgets what ended long ago.
    pub(crate) fn expire(&self, now: Instant) {
        self.lock().expire(now);
    }

    /// Forgets everything. Whoever reads just now reads to the end.
    pub(crate) fn forget_all(&self) {
        let mut table = self.lock();
        table.ended.clear();
        let numbers: Vec<_> = table.streams.keys().copied().collect();
        numbers.into_iter().for_each(|number| table.forget(number));
    }
}

impl Stream {
    fn can_be_found(&self) -> bool {
        self.named && !self.forgotten
    }

    /// The next message after one, if it is there.
    fn after(&self, number: u64) -> Option<&(u64, Arc<Reply>)> {
        self.said.get(self.said.partition_point(|(said, _)| *said <= number))
    }

    /// Removes the oldest notice, unless it is the newest message. Questions and results are never left out. Gives how many
    /// bytes that saves.
    fn leave_out(&mut self) -> Option<usize> {
        let older = self.said.len().saturating_sub(1);
        let mut kinds = self.said.iter().take(older).map(|(_, reply)| reply.kind());
        let at = kinds.position(|kind| kind == ReplyKind::Notification)?;
        let (_, reply) = self.said.remove(at)?;
        self.bytes -= cost(&reply);
        Some(cost(&reply))
    }
}

impl Table {
    /// Keeps a message, where somebody reads the stream or may come to read it.
    fn say(&mut self, number: u64, reply: Reply) -> Option<Waker> {
        let stream = self.streams.get_mut(&number)?;
        if stream.forgotten && !stream.is_read {
            return None;
        }
        stream.last += 1;
        if !stream.forgotten {
            stream.bytes += cost(&reply);
            self.bytes += cost(&reply);
        }
        let id = EventId { stream: number, number: stream.last };
        stream.said.push_back((stream.last, Arc::new(reply.named(id))));
        let waker = stream.waker.take();
        self.make_room(number);
        waker
    }

    /// Forgets streams that have ended, and leaves notices of this one out, until what is kept is within its bounds.
    fn make_room(&mut self, number: u64) {
        while self.bytes > MOST_BYTES || self.ended.len() > MOST_ENDED {
            let Some((oldest, _)) = self.ended.pop_front() else { break };
            self.forget(oldest);
        }
        let Some(stream) = self.streams.get_mut(&number).filter(|stream| !stream.forgotten) else { return };
        while self.bytes > MOST_BYTES
            && let Some(saved) = stream.leave_out()
        {
            self.bytes -= saved;
        }
    }

    /// No more is said on a stream.
    fn end(&mut self, number: u64) -> Option<Waker> {
        let stream = self.streams.get_mut(&number)?;
        stream.ended = true;
        let waker = stream.waker.take();
        self.settle(number);
        waker
    }

    /// Keeps a stream that has ended for a while, or removes it where nobody can come to read it.
    fn settle(&mut self, number: u64) {
        let Some(stream) = self.streams.get_mut(&number).filter(|stream| stream.ended) else { return };
        if stream.can_be_found() {
            self.ended.push_back((number, Instant::now()));
            self.expire(Instant::now());
            self.make_room(number);
        } else if stream.forgotten && !stream.is_read {
            self.streams.remove(&number);
        }
    }

    /// Lets nobody else read a stream, and keeps nothing of it but for whoever reads it now.
    fn forget(&mut self, number: u64) {
        let Some(stream) = self.streams.get_mut(&number) else { return };
        self.bytes -= std::mem::take(&mut stream.bytes);
        stream.forgotten = true;
        if stream.is_read {
            return;
        }
        stream.said = VecDeque::new();
        if stream.ended {
            self.streams.remove(&number);
        }
    }

    fn expire(&mut self, now: Instant) {
        while let Some((number, ended)) = self.ended.front().copied()
            && now.duration_since(ended) >= KEPT_FOR
        {
            self.ended.pop_front();
            self.forget(number);
        }
    }
}

fn cost(reply: &Reply) -> usize {
    reply.body().len() + COST
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
