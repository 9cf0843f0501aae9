//! The streams that are open: each has an id that nobody can guess, and an inbox that only its principal reaches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::model::Principal;

/// So many messages wait at most for a connection that does not take them.
const WAITING: usize = 256;

/// The open streams of a server.
#[derive(Debug, Default)]
pub(in super::super) struct Streams(Mutex<HashMap<Key, Inbox>>);

/// A stream is found only by whoever it belongs to.
type Key = (Principal, String);

#[derive(Debug, Clone)]
struct Inbox {
    sender: mpsc::Sender<Posted>,
    /// For so many bytes, in all, there is room.
    room: Arc<Semaphore>,
}

/// A message that waits to be taken.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) message: Bytes,
    _room: OwnedSemaphorePermit,
}

/// Why a message was not taken.
#[derive(Debug)]
pub(super) enum Undelivered {
    NoSuchStream,
    /// Whoever sends it may do less than when he opened the stream.
    Narrower,
    Full,
}

/// A stream in the table, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    streams: Arc<Streams>,
    key: Key,
}

impl Place {
    pub(super) fn id(&self) -> &str {
        &self.key.1
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.table().remove(&self.key);
    }
}

impl Streams {
    fn table(&self) -> MutexGuard<'_, HashMap<Key, Inbox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a stream whose waiting messages have `room` bytes at most. `None` where there are `most` already, or the
    /// system gives no randomness.
    pub(super) fn open(
        self: &Arc<Self>,
        principal: Principal,
        most: usize,
        room: usize,
    ) -> Option<(Place, mpsc::Receiver<Posted>)> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).ok()?;
        let key = (principal, format!("{:032x}", u128::from_ne_bytes(random)));
        let (sender, inbox) = mpsc::channel(WAITING);
        let room = Arc::new(Semaphore::new(room.min(Semaphore::MAX_PERMITS)));
        let mut table = self.table();
        if table.len() >= most {
            return None;
        }
        table.insert(key.clone(), Inbox { sender, room });
        Some((Place { streams: self.clone(), key }, inbox))
    }

    /// Puts a message into the inbox of a stream, if there is room in it.
    pub(super) fn deliver(&self, principal: Principal, id: &str, message: Bytes) -> Result<(), Undelivered> {
        let key = (principal, id.to_owned());
        let found =
            self.table().get_key_value(&key).map(|((opener, _), inbox)| (opener.clone(), inbox.clone()));
        let (opener, Inbox { sender, room }) = found.ok_or(Undelivered::NoSuchStream)?;
        // What is sent is done as the opener, so he must not be allowed more.
        if !opener.scopes().all(|scope| key.0.has_scope(scope)) {
            return Err(Undelivered::Narrower);
        }
        let length = u32::try_from(message.len()).map_err(|_| Undelivered::Full)?;
        let _room = room.try_acquire_many_owned(length).map_err(|_| Undelivered::Full)?;
        sender.try_send(Posted { message, _room }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Undelivered::Full,
            mpsc::error::TrySendError::Closed(_) => Undelivered::NoSuchStream,
        })
    }
}
