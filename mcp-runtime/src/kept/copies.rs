//! Streams that go on at other machines: what is said is copied to where they find it, and what was said elsewhere is a stream
//! here too, for as long as it is read.

use std::fmt;
use std::sync::Arc;

use super::{EventId, Reader, Stream, Streams, Table, Writer, wake};
use crate::server::Reply;

/// Where messages are copied to. It must not wait.
pub(crate) trait Copies: fmt::Debug + Send + Sync {
    /// Something was said.
    fn said(&self, at: EventId, reply: &Reply);

    /// Nothing more is said on a stream.
    fn ended(&self, stream: u64);
}

impl Streams {
    /// Those of a session that other machines speak in too: the streams of each have numbers of their own, by chance.
    pub(crate) fn shared(polls: bool, copies: Option<Arc<dyn Copies>>) -> Arc<Self> {
        let mut random = [0; 4];
        let _ = getrandom::fill(&mut random);
        let last = u64::from(u32::from_ne_bytes(random)) << 20;
        Arc::new(Self { polls, copies, table: Table { last, ..Table::default() }.into() })
    }

    /// Copies what was said since the last time. Before the client has been told an event nobody can come back for it.
    pub(super) fn copy(&self, table: &mut Table, number: u64) {
        let (Some(copies), Some(stream)) = (&self.copies, table.streams.get_mut(&number)) else { return };
        if !stream.named || stream.mirror != 0 {
            return;
        }
        let new = stream.said.partition_point(|(said, _)| *said <= stream.copied);
        for (said, reply) in stream.said.iter().skip(new) {
            copies.said(EventId { stream: number, number: *said }, reply);
            stream.copied = *said;
        }
        if stream.ended && !stream.end_copied {
            stream.end_copied = true;
            copies.ended(number);
        }
    }

    /// A stream that is another machine's, from an event on: whoever writes it brings the messages, with their numbers. `None`
    /// where it is read already.
    pub(crate) fn mirror(self: &Arc<Self>, after: EventId) -> Option<(Writer, Reader)> {
        let EventId { stream: number, number: last } = after;
        let mut table = self.lock();
        if let Some(held) = table.streams.get(&number) {
            if held.is_read || held.mirror == 0 {
                return None;
            }
            table.forget(number);
            table.streams.remove(&number);
        }
        table.mirrors += 1;
        let mirror = table.mirrors;
        let stream = Stream {
            polls: self.polls,
            mirror,
            from: last,
            named: true,
            readers: 1,
            is_read: true,
            last,
            ..Stream::default()
        };
        table.streams.insert(number, stream);
        drop(table);
        let mut writer = Writer::new(self.clone(), number, true);
        writer.mirror = mirror;
        Some((writer, Reader::new(self.clone(), number, 1, last)))
    }
}

impl Writer {
    /// Keeps a message that has a number; `false` where nobody reads any more.
    pub(crate) fn say_at(&self, number: u64, reply: Reply) -> bool {
        let mut table = self.streams.lock();
        let Some(stream) = table.streams.get_mut(&self.stream).filter(|stream| self.writes(stream)) else {
            return false;
        };
        stream.last = number.saturating_sub(1);
        let waker = table.say(self.stream, reply);
        drop(table);
        wake(waker);
        true
    }

    fn writes(&self, stream: &Stream) -> bool {
        stream.is_read && stream.mirror == self.mirror
    }

    /// Whether somebody reads.
    pub(crate) fn is_read(&self) -> bool {
        self.streams.lock().streams.get(&self.stream).is_some_and(|stream| self.writes(stream))
    }

    /// Gives up a stream that is another machine's, and has not ended there.
    pub(crate) fn give_up(&self) {
        let mut table = self.streams.lock();
        if table.streams.get(&self.stream).is_some_and(|stream| stream.mirror == self.mirror) {
            table.forget(self.stream);
        }
    }
}
