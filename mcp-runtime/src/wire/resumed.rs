//! A client that comes back for the rest of a stream, with the name of the last event that it has read.
//!
//! See the specification of the stateful revisions, "Resumability and Redelivery".

use super::encode::Refusal;
use super::headers;
use super::peer::{Link, Peer};
use super::stateful::{revision_of, session};
use crate::kept::{EventId, Reader};
use crate::server::{Reply, Shared};

/// The header that names the last event that was read.
const LAST_EVENT: &str = "last-event-id";

/// What came after the event that the peer's headers name; `None` where they name none.
///
/// An event is one of the peer's own session or nothing at all. What is not kept any more is answered with status 400: 404
/// would say that the session is over, and the client would have to begin a new one.
pub(crate) fn resume(server: &Shared, peer: &Peer) -> Option<Result<Reader, Reply>> {
    let Link::Http(headers) = &peer.link else { return None };
    headers.get(LAST_EVENT)?;
    let found = || {
        revision_of(headers)?;
        let session = session(server, peer, headers)?;
        let named = headers::single(headers, LAST_EVENT)?.unwrap_or_default();
        let reader = EventId::read(named).and_then(|event| session.streams.resume(event));
        reader.ok_or_else(|| {
            let problem =
                "header last-event-id names no event that is kept: what came after it is lost, call again";
            Refusal::invalid(problem.into())
        })
    };
    Some(found().map_err(|refusal: Refusal| refusal.reply(None)))
}
