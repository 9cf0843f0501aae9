//! What a transport knows of whoever sent a message.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use super::flight::InFlight;
use super::session::Session;
use crate::dialect::Dialect;
use crate::model::{Principal, Remote};

/// Whoever sent a message, as far as the transport knows him.
///
/// A transport of messages makes one [`Peer::connection`] for each connection and gives it with each message of that
/// connection. One that carries HTTP makes a [`Peer::http`] for each request.
#[derive(Debug, Clone)]
pub struct Peer {
    pub(super) principal: Principal,
    pub(super) public: bool,
    pub(super) dialect: Option<Dialect>,
    pub(super) remote: Option<Remote>,
    pub(super) link: Link,
}

#[derive(Debug, Clone)]
pub(super) enum Link {
    Connection(Arc<Connection>),
    Http(Arc<HeaderMap>),
}

/// What lasts as long as a connection.
#[derive(Debug, Default)]
pub(super) struct Connection {
    pub(super) in_flight: Arc<InFlight>,
    pub(super) session: OnceLock<Arc<Session>>,
    complained: Mutex<Option<Instant>>,
}

/// Messages that cannot be read are answered at most this often, so that two peers never answer each other's answers
/// for ever.
const COMPLAINT_EVERY: Duration = Duration::from_secs(1);

impl Connection {
    /// Whether to answer a message that cannot be read.
    pub(super) fn may_complain(&self) -> bool {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = complained.is_none_or(|last| now.duration_since(last) >= COMPLAINT_EVERY);
        if due {
            *complained = Some(now);
        }
        due
    }
}

impl Peer {
    /// The other side of a connection that carries messages both ways: a pipe, a socket, a channel.
    pub fn connection() -> Self {
        Self {
            principal: Principal::anonymous(),
            public: false,
            dialect: None,
            remote: None,
            link: Link::Connection(Arc::default()),
        }
    }

    /// The sender of one HTTP request.
    pub fn http(headers: HeaderMap) -> Self {
        Self {
            principal: Principal::anonymous(),
            public: false,
            dialect: None,
            remote: Some(Remote::default()),
            link: Link::Http(Arc::new(headers)),
        }
    }

    /// Says who it is.
    #[must_use]
    pub fn principal(mut self, principal: Principal) -> Self {
        self.principal = principal;
        self
    }

    /// Says from which address it comes. Whoever has no name is known by it: [`RateLimits`](crate::RateLimits) count by it, and
    /// count requests of a connection only where it is said.
    #[must_use]
    pub fn address(self, address: IpAddr) -> Self {
        self.remote(Some(address))
    }

    /// Says that it comes over a network.
    pub(crate) fn remote(mut self, address: Option<IpAddr>) -> Self {
        self.remote = Some(Remote { address });
        self
    }

    /// Says that it may be anybody. Then only errors that were written for the caller reach him: a
    /// [`ToolError`](crate::ToolError), an [`Error`](crate::Error) or a string; of any other he is told a number, which
    /// the log explains.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.public = true;
        self
    }

    /// Says in which dialect he is told of tools; otherwise it is the [server's](crate::ServerBuilder::dialect).
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// Whether the peer reads more than one message as the answer to a request.
    pub(super) fn reads_events(&self) -> bool {
        let Link::Http(headers) = &self.link else { return true };
        let accepted = headers.get_all(http::header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        accepted.flat_map(|value| value.split(',')).any(|range| {
            let kind = range.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("text/event-stream")
                || kind == "*/*"
                || kind.eq_ignore_ascii_case("text/*")
        })
    }

    /// Cancels what is under way on a connection that has ended.
    pub(crate) fn disconnect(&self) {
        if let Link::Connection(connection) = &self.link {
            connection.in_flight.cancel_all();
        }
    }
}
