//! A client that comes back for the rest of a stream, with the name of the last event that it has read.
//!
//! An event is one of the peer's own session or nothing at all. See the specification of the stateful revisions,
//! "Resumability and Redelivery".

use http::{HeaderMap, HeaderName};

use super::encode::Refusal;
use super::headers;
use super::peer::{Link, Peer};
use super::session::Session;
use super::stateful::{revision_of, session};
use crate::kept::{EventId, Reader};
use crate::server::{Reply, Shared};

/// The header that names the last event that was read.
static LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// What came after the event that the peer's headers name; `None` where they name none of a stream that answers a request.
pub(crate) fn resume(server: &Shared, peer: &Peer) -> Option<Result<Reader, Reply>> {
    let Link::Http(headers) = &peer.link else { return None };
    let named = headers.get(&LAST_EVENT)?.to_str().ok().and_then(EventId::read);
    if named.is_some_and(|event| event.stream == EventId::CHANGES) {
        return None;
    }
    let found = || {
        revision_of(headers)?;
        let session = session(server, peer, headers)?;
        let event = last(headers)?.ok_or_else(no_such_event)?;
        session.streams.resume(event).ok_or_else(no_such_event)
    };
    Some(found().map_err(|refusal: Refusal| refusal.reply(None)))
}

/// Has the session told again what it was told after the event that the headers name, if they name one.
pub(super) fn rewind(session: &Session, headers: &HeaderMap) -> Result<(), Refusal> {
    match last(headers)? {
        None => Ok(()),
        Some(event) if event.stream == EventId::CHANGES && session.listener.rewind(event.number) => Ok(()),
        Some(_) => Err(no_such_event()),
    }
}

pub(super) fn last(headers: &HeaderMap) -> Result<Option<EventId>, Refusal> {
    let named = headers::single(headers, &LAST_EVENT)?;
    named.map(|named| EventId::read(named).ok_or_else(no_such_event)).transpose()
}

/// Not with status 404: that would say that the session is over, and the client would have to begin a new one.
fn no_such_event() -> Refusal {
    let problem = "header last-event-id names no event that is kept: what came after it is lost, call again";
    Refusal::invalid(problem.into())
}
