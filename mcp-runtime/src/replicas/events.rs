//! What calls say on their streams, for clients that come back to another machine than the one where the call is.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::kept::{Copies, EventId};
use crate::server::Reply;
use crate::{BoxError, BoxFuture};

/// Keeps what calls of stateful clients over HTTP say on their streams, for some minutes after it was said, so that a client whose
/// connection breaks can come back to any replica with `Last-Event-ID`.
///
/// A stream is known by a name that cannot be guessed.
pub trait EventStore: fmt::Debug + Send + Sync + 'static {
    /// Keeps an event, after those of lower numbers. Where a stream becomes too long, notices may be left out.
    ///
    /// # Errors
    ///
    /// Where it cannot be done. Then the event is lost for those who come back to another replica.
    fn say<'a>(&'a self, stream: &'a str, number: u64, event: &'a str)
    -> BoxFuture<'a, Result<(), BoxError>>;

    /// Ends a stream.
    ///
    /// # Errors
    ///
    /// Where it cannot be done.
    fn end<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<(), BoxError>>;

    /// The events of a stream after a number; `None` where there is no such stream. One whose machine is gone has ended.
    ///
    /// # Errors
    ///
    /// Where it cannot be told.
    fn read<'a>(&'a self, stream: &'a str, after: u64)
    -> BoxFuture<'a, Result<Option<EventsSaid>, BoxError>>;
}

/// What was said on a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventsSaid {
    /// The events, with their numbers, in order.
    pub events: Vec<(u64, String)>,
    /// Whether there will be no more.
    pub ended: bool,
}

/// So many bytes wait to be kept; what is said then is left out. That a stream has ended never is, since whoever waits for its end
/// would wait for long.
const MOST_BYTES: usize = 16 << 20;
/// What an event takes beside its own bytes.
const OVERHEAD: usize = 1 << 10;

type Waiting = (String, u64, Option<String>, Option<OwnedSemaphorePermit>);

/// Brings to a store what is said here, in order.
#[derive(Debug)]
pub(crate) struct Copying {
    pub(crate) store: Arc<dyn EventStore>,
    room: Arc<Semaphore>,
    waiting: OnceLock<mpsc::UnboundedSender<Waiting>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Copying {
    /// What a stream of a session is called.
    pub(crate) fn name_of(session: u128, stream: u64) -> String {
        format!("{session:032x}-{stream}")
    }

    pub(crate) fn new(store: Arc<dyn EventStore>) -> Arc<Self> {
        let room = Arc::new(Semaphore::new(MOST_BYTES));
        Arc::new(Self { store, room, waiting: OnceLock::new(), task: Mutex::default() })
    }

    fn copy(&self, stream: String, number: u64, event: Option<String>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let waiting = self.waiting.get_or_init(|| {
            let (sender, mut receiver) = mpsc::unbounded_channel::<Waiting>();
            let store = self.store.clone();
            let task = runtime.spawn(async move {
                while let Some((stream, number, event, _room)) = receiver.recv().await {
                    let kept = match &event {
                        Some(event) => store.say(&stream, number, event).await,
                        None => store.end(&stream).await,
                    };
                    if let Err(error) = kept {
                        tracing::warn!(%error, "what a call says cannot be kept for other machines");
                    }
                }
            });
            *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
            sender
        });
        let length = event
            .as_ref()
            .map_or(0, |event| u32::try_from(event.len().saturating_add(OVERHEAD)).unwrap_or(u32::MAX));
        let room = self.room.clone().try_acquire_many_owned(length).ok();
        if room.is_none() || waiting.send((stream, number, event, room)).is_err() {
            tracing::warn!("too much is said to be kept for other machines: some is left out");
        }
    }
}

impl Drop for Copying {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

/// The streams of a session.
#[derive(Debug)]
pub(crate) struct OfSession {
    pub(crate) copying: Arc<Copying>,
    pub(crate) session: u128,
}

impl Copies for OfSession {
    fn said(&self, at: EventId, reply: &Reply) {
        if let Some(event) = reply.to_keep() {
            self.copying.copy(Copying::name_of(self.session, at.stream), at.number, Some(event));
        }
    }

    fn ended(&self, stream: u64) {
        self.copying.copy(Copying::name_of(self.session, stream), 0, None);
    }
}
