//! The change bus: whoever listens is told that a list or a resource is another one than before.
//!
//! Changes are facts, not messages: one that has not been read yet is not told twice, so a reader who is slow needs no more
//! room than what he listens to. It knows nothing of how changes travel.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use crate::limits::{Caller, Share, Shares};
use crate::model::ListingKind;
use crate::replicas::{Others, Told};
use crate::server::Shared;

/// What may change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Other items are listed. Resources and templates are one list here.
    List(ListingKind),
    /// The contents of a resource.
    Resource(String),
    /// Something that an extension knows: which of its topics, by the name that its filter has.
    Extension { topics: &'static str, topic: String },
}

/// Everybody who listens.
#[derive(Debug)]
pub(crate) struct Changes {
    listeners: Mutex<Vec<Weak<Listener>>>,
    streams: Arc<Shares>,
    /// Other machines, whose clients are told too.
    others: Option<Others>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { listeners: Mutex::default(), streams: Shares::new(MOST_STREAMS), others: None }
    }
}

/// So many subscription streams there may be at once. Sessions have a limit of their own.
const MOST_STREAMS: usize = 1024;

/// So much one listener may listen to.
pub(crate) const MOST_TOPICS: usize = 1024;
/// So long may be what names it, in bytes, and all of that together.
pub(crate) const LONGEST_TOPIC: usize = 2048;
pub(crate) const LONGEST_TOPICS: usize = 64 << 10;

impl Change {
    /// How much room it takes to know of it, in bytes.
    fn length(&self) -> usize {
        match self {
            Self::List(_) => 0,
            Self::Resource(name) | Self::Extension { topic: name, .. } => name.len(),
        }
    }
}

/// Whether somebody may listen to all of that.
pub(crate) fn may_be_heard(topics: &BTreeSet<Change>) -> bool {
    topics.len() <= MOST_TOPICS
        && topics.iter().all(|topic| topic.length() <= LONGEST_TOPIC)
        && topics.iter().map(Change::length).sum::<usize>() <= LONGEST_TOPICS
}

impl Changes {
    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Listener>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shared with other machines.
    pub(crate) fn with(others: Option<Others>) -> Self {
        Self { others, ..Self::default() }
    }

    /// Tells whoever listens to it, on all machines.
    pub(crate) fn publish(&self, change: &Change) {
        self.tell(change);
        if let Some(told) = self.others.as_ref().and_then(|_| Told::of(change)) {
            self.tell_others(&told);
        }
    }

    /// Tells other machines, if there are any.
    pub(crate) fn tell_others(&self, told: &Told) {
        if let Some(others) = &self.others {
            others.tell(told);
        }
    }

    /// Takes what another machine has told.
    pub(crate) fn heard(&self, told: Told) {
        if let Some(change) = told.change() {
            self.tell(&change);
        }
    }

    /// Something may have changed that was not heard of.
    pub(crate) fn missed(&self) {
        let listeners: Vec<_> = self.lock().iter().filter_map(Weak::upgrade).collect();
        listeners.iter().for_each(|listener| listener.tell_all());
    }

    /// Begins to listen to other machines, if there are any.
    pub(crate) fn listen_to_others(&self, server: &Arc<Shared>) {
        if let Some(others) = &self.others {
            others.listen(server);
        }
    }

    fn tell(&self, change: &Change) {
        let listeners: Vec<_> = self.lock().iter().filter_map(Weak::upgrade).collect();
        listeners.iter().for_each(|listener| listener.tell(change));
    }

    /// Listens for a session, which decides later to what. `polls` says whether its client comes back when a connection
    /// ends on which it was told changes.
    pub(crate) fn listen(&self, topics: BTreeSet<Change>, polls: bool) -> Arc<Listener> {
        self.enter(Listener {
            place: None,
            polls,
            readers: AtomicUsize::new(0),
            state: Mutex::new(State { topics, ..State::default() }),
        })
    }

    /// Listens for a stream; `None` where there are too many, or too many of this caller.
    pub(crate) fn stream(&self, topics: BTreeSet<Change>, caller: Option<Caller>) -> Option<Arc<Listener>> {
        let listener = Listener {
            place: Some(self.streams.take(caller, 1)?),
            polls: false,
            readers: AtomicUsize::new(0),
            state: Mutex::new(State { topics, ..State::default() }),
        };
        Some(self.enter(listener))
    }

    fn enter(&self, listener: Listener) -> Arc<Listener> {
        let listener = Arc::new(listener);
        let mut listeners = self.lock();
        // Those who have gone are forgotten when there are as many of them as of the others.
        if listeners.len() == listeners.capacity() {
            listeners.retain(|listener| listener.strong_count() > 0);
        }
        listeners.push(Arc::downgrade(&listener));
        listener
    }
}

/// Somebody who listens.
#[derive(Debug)]
pub(crate) struct Listener {
    #[allow(dead_code, reason = "it is held, and given back when it is dropped")]
    place: Option<Share>,
    readers: AtomicUsize,
    pub(crate) polls: bool,
    state: Mutex<State>,
}

/// Somebody reads, until this is dropped.
#[derive(Debug)]
pub(crate) struct Reading(Arc<Listener>);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::AcqRel);
    }
}

#[derive(Debug, Default)]
struct State {
    topics: BTreeSet<Change>,
    untold: BTreeSet<Change>,
    /// What was told, and as the how manieth the last time: whoever it did not reach is told again.
    told: BTreeMap<Change, u64>,
    count: u64,
    waker: Option<Waker>,
    /// Whose turn it is to be told: who began last.
    reader: u64,
}

impl Listener {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, change: &Change) {
        let mut state = self.lock();
        if !state.topics.contains(change) || !state.untold.insert(change.clone()) {
            return;
        }
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Tells of everything that is listened to, but for what only this machine knows.
    fn tell_all(&self) {
        let mut state = self.lock();
        let State { topics, untold, waker, .. } = &mut *state;
        untold.extend(topics.iter().filter(|topic| Told::of(topic).is_some()).cloned());
        let waker = waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Listens to one thing more; `false` where that is too much.
    pub(crate) fn add(&self, topic: Change) -> bool {
        let mut state = self.lock();
        if state.topics.insert(topic.clone()) && !may_be_heard(&state.topics) {
            state.topics.remove(&topic);
            return false;
        }
        true
    }

    pub(crate) fn remove(&self, topic: &Change) {
        let mut state = self.lock();
        state.topics.remove(topic);
        state.untold.remove(topic);
        state.told.remove(topic);
    }

    pub(crate) fn topics(&self) -> BTreeSet<Change> {
        self.lock().topics.clone()
    }

    /// Says that somebody reads.
    pub(crate) fn reading(self: &Arc<Self>) -> Reading {
        self.readers.fetch_add(1, Ordering::AcqRel);
        Reading(self.clone())
    }

    /// Whether anybody reads.
    pub(crate) fn is_read(&self) -> bool {
        self.readers.load(Ordering::Acquire) > 0
    }

    /// Ends the reading, such as because the session has ended.
    pub(crate) fn close(&self) {
        self.begin();
    }

    /// Begins to read; whoever read before is told that it is over.
    pub(crate) fn begin(&self) -> u64 {
        let mut state = self.lock();
        state.reader += 1;
        let (reader, waker) = (state.reader, state.waker.take());
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        reader
    }

    /// How many changes were told.
    pub(crate) fn count(&self) -> u64 {
        self.lock().count
    }

    /// Tells again what was told after so many changes, because it did not arrive. `false` where there were not so many.
    pub(crate) fn rewind(&self, arrived: u64) -> bool {
        let mut state = self.lock();
        let State { told, untold, count, .. } = &mut *state;
        let lost = told.iter().filter(|(_, number)| **number > arrived);
        untold.extend(lost.map(|(change, _)| change.clone()));
        arrived <= *count
    }

    /// The next change, and how many were told with it; `None` when somebody else reads.
    pub(crate) fn poll(&self, reader: u64, cx: &Context<'_>) -> Poll<Option<(u64, Change)>> {
        let mut state = self.lock();
        if state.reader != reader {
            return Poll::Ready(None);
        }
        if let Some(change) = state.untold.pop_first() {
            state.count += 1;
            let count = state.count;
            state.told.insert(change.clone(), count);
            return Poll::Ready(Some((count, change)));
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
