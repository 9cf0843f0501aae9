//! The replies to a batch: what its calls say as they say it, then all their responses as one array.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{Replies, Reply, ReplyKind};
use crate::kept::{Streams, Writer};

/// Several messages that came as one, while their replies come.
#[derive(Debug)]
pub(super) struct Batch {
    /// Those that have not given their response.
    under_way: VecDeque<Replies>,
    responses: Vec<Reply>,
    /// What answers a message that wants no reply.
    taken: Option<Reply>,
    has_calls: bool,
}

impl Batch {
    pub(super) fn new(messages: impl IntoIterator<Item = Replies>) -> Self {
        // A stream of changes never ends, so it is no part of what is answered together.
        let under_way: VecDeque<_> = messages.into_iter().filter(|one| !one.is_listening()).collect();
        let has_calls = under_way.iter().any(|replies| !replies.is_done());
        Self { under_way, responses: Vec::new(), taken: None, has_calls }
    }

    /// How many calls have not ended.
    pub(super) fn calls(&self) -> usize {
        self.under_way.iter().map(Replies::calls).sum()
    }

    pub(super) fn survives_disconnect(&self) -> bool {
        self.under_way.iter().any(Replies::survives_disconnect)
    }

    pub(super) fn streams(&self) -> Option<Arc<Streams>> {
        self.under_way.iter().find_map(Replies::streams)
    }

    pub(super) fn kept_by(&mut self, writer: &Arc<Writer>) {
        self.under_way.iter_mut().for_each(|replies| replies.kept_by(writer));
    }

    /// Refuses all that has not run.
    pub(super) fn refuse_busy(mut self) -> Reply {
        for replies in std::mem::take(&mut self.under_way) {
            self.take(replies.refuse_busy());
        }
        joined(503, &self.responses)
    }

    fn take(&mut self, reply: Reply) {
        match reply.kind() {
            ReplyKind::Response => self.responses.push(reply),
            _ => self.taken = Some(reply),
        }
    }

    /// The next notice, or, when there is nothing to wait for, the last reply.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Reply>> {
        for _ in 0..self.under_way.len() {
            let Some(mut replies) = self.under_way.pop_front() else { break };
            match replies.poll_reply(cx) {
                Poll::Pending => self.under_way.push_back(replies),
                // It was cancelled, and nothing more is said of it.
                Poll::Ready(None) => {}
                Poll::Ready(Some(reply)) if !reply.is_last() => {
                    // The others are asked first when it goes on, however much this one has to say.
                    self.under_way.push_back(replies);
                    return Poll::Ready(Some(reply));
                }
                Poll::Ready(Some(reply)) => self.take(reply),
            }
        }
        if !self.under_way.is_empty() {
            return Poll::Pending;
        }
        Poll::Ready(match self.responses.first() {
            // Where all are refused alike, that is what the status says.
            Some(first) => {
                let alike = self.responses.iter().all(|reply| reply.status() == first.status());
                Some(joined(if alike { first.status() } else { 200 }, &self.responses))
            }
            None if self.has_calls => None,
            None => self.taken.take(),
        })
    }
}

fn joined(status: u16, responses: &[Reply]) -> Reply {
    let bodies: Vec<_> = responses.iter().map(Reply::body).collect();
    let mut array = vec![b'['];
    array.extend_from_slice(&bodies.join(&b','));
    array.push(b']');
    Reply::response(status, array)
}
