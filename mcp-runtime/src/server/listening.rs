//! A stream of changes: what answers somebody who listens, until he goes or the server ends.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::{Reply, Shared};
use crate::changes::{Listener, Reading};
use crate::kept::EventId;
use crate::model::{Facts, Taken};
use crate::wire::{Entry, Voice};

/// A stream of changes.
pub(super) struct Listening {
    voice: Voice,
    listener: Arc<Listener>,
    reader: u64,
    _reading: Reading,
    /// The request that it answers, so that it can be cancelled.
    facts: Option<Arc<Facts>>,
    _entry: Option<Entry>,
    shared: Arc<Shared>,
    begun: bool,
    ending: bool,
    over: bool,
}

impl Listening {
    pub(super) fn new(
        voice: Voice,
        listener: Arc<Listener>,
        facts: Option<Arc<Facts>>,
        entry: Option<Entry>,
        shared: Arc<Shared>,
    ) -> Self {
        let reader = listener.begin();
        let _reading = listener.reading();
        Self {
            voice,
            listener,
            reader,
            _reading,
            facts,
            _entry: entry,
            shared,
            begun: false,
            ending: false,
            over: false,
        }
    }

    /// The name of the place before what is told next, for a client that comes back with it.
    pub(super) fn beginning(&self) -> Option<EventId> {
        let number = self.listener.count();
        self.listener.polls.then_some(EventId { stream: EventId::CHANGES, number })
    }

    /// Ends the stream with its last message.
    pub(super) fn wind_up(&mut self) {
        self.ending = true;
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Reply>> {
        if let Some(facts) = &self.facts
            && matches!(facts.exchange.take(cx), Taken::Cancelled)
        {
            return Poll::Ready(None);
        }
        if !std::mem::replace(&mut self.begun, true)
            && let Some(acknowledged) = self.voice.acknowledged(&self.listener.topics())
        {
            return Poll::Ready(Some(acknowledged));
        }
        if self.ending {
            let last = self.voice.ended().filter(|_| !self.over);
            self.over = true;
            return Poll::Ready(last);
        }
        loop {
            let Some((number, change)) = ready!(self.listener.poll(self.reader, cx)) else {
                return Poll::Ready(None);
            };
            let Some(told) = self.voice.changed(&change, &self.shared.extensions) else { continue };
            return Poll::Ready(Some(match self.voice {
                Voice::Session => told.named(EventId { stream: EventId::CHANGES, number }),
                Voice::Subscription { .. } => told,
            }));
        }
    }
}
