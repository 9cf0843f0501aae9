//! What the machines of one server tell each other.
//!
//! A [`Bus`] carries texts and knows nothing of what they mean; in memory there is none, because nobody else is there.

mod events;
mod sessions;
mod told;

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

pub(crate) use events::{Copying, OfSession};
pub use events::{EventStore, EventsSaid};
pub use sessions::{SessionStore, Stored};
pub(crate) use told::Told;

use crate::server::Shared;
use crate::tasks;
use crate::wire::heard;

/// Carries what the machines of one server tell each other.
///
/// ```
/// use mcp::replicas::{Bus, Hearing};
///
/// /// Nobody is there.
/// #[derive(Debug)]
/// struct Alone;
///
/// impl Bus for Alone {
///     fn tell(&self, text: String) {}
///     fn listen(&self, hearing: Hearing) {}
/// }
///
/// let server = mcp::server!().bus(Alone);
/// ```
pub trait Bus: fmt::Debug + Send + Sync + 'static {
    /// Tells all machines something, without waiting for it. What cannot be told is left out, and when the others can be
    /// reached again they are told that they have [missed](Hearing::missed) something.
    fn tell(&self, text: String);

    /// Gives what others tell to `hearing` from now on. It is called once, and not before there is a tokio runtime; what is
    /// spawned for it ends when the bus is dropped.
    fn listen(&self, hearing: Hearing);
}

/// Where a [`Bus`] brings what others have told.
#[derive(Debug)]
pub struct Hearing {
    /// What is told by this machine itself begins with it, and is nothing new.
    own: Arc<str>,
    server: Weak<Shared>,
}

impl Hearing {
    /// Takes what somebody has told. `false` where the server is gone, and nobody hears any more.
    pub fn hear(&self, text: &str) -> bool {
        let Some(server) = self.server.upgrade() else { return false };
        let Some((teller, text)) = text.split_once(' ') else { return true };
        if *teller == *self.own {
            return true;
        }
        match serde_json::from_str(text) {
            Ok(Told::CancelTask { id }) => tasks::cancelled_elsewhere(&server.states, id),
            Ok(Told::AnswerTask { id, answers }) => tasks::answered_elsewhere(&server.states, &id, &answers),
            Ok(told) => heard(&server, told),
            Err(error) => tracing::warn!(%error, "another machine told something that cannot be understood"),
        }
        true
    }

    /// Something was told, or may have been, that did not arrive: everything that somebody listens to may be another. `false`
    /// where the server is gone.
    pub fn missed(&self) -> bool {
        let Some(server) = self.server.upgrade() else { return false };
        server.changes.missed();
        true
    }
}

/// The other machines, as seen from this one.
#[derive(Debug)]
pub(crate) struct Others {
    bus: Arc<dyn Bus>,
    own: Arc<str>,
    listening: OnceLock<()>,
}

impl Others {
    /// Where the system gives no randomness, this machine hears itself too, which costs a notice more.
    pub(crate) fn new(bus: Arc<dyn Bus>) -> Self {
        let mut random = [0; 16];
        let _ = getrandom::fill(&mut random);
        Self { bus, own: format!("{:032x}", u128::from_ne_bytes(random)).into(), listening: OnceLock::new() }
    }

    pub(crate) fn tell(&self, told: &Told) {
        match serde_json::to_string(told) {
            Ok(text) => self.bus.tell(format!("{} {text}", self.own)),
            Err(error) => tracing::error!(%error, "something cannot be told to other machines"),
        }
    }

    /// Begins to listen, when there is a runtime to do so.
    pub(crate) fn listen(&self, server: &Arc<Shared>) {
        if self.listening.get().is_none()
            && tokio::runtime::Handle::try_current().is_ok()
            && self.listening.set(()).is_ok()
        {
            self.bus.listen(Hearing { own: self.own.clone(), server: Arc::downgrade(server) });
        }
    }
}
