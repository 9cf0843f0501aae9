//! Requests of the stateless revisions: each is complete in itself, and nothing else is looked at.
//!
//! The order of the checks is the specification's, and what clients rely on: what is missing before what differs, what
//! differs before what is not served.

use super::decode::{Decoded, Incoming, facts, operation, progress_token};
use super::encode::{Answer, Refusal};
use super::envelope::{Id, Params};
use super::headers::{self, Mismatch};
use super::meta;
use super::peer::{Link, Peer};
use super::revision::Revision;
use crate::model::{Client, Operation, Request};
use crate::server::Shared;

pub(super) struct Message {
    pub(super) id: Id,
    pub(super) method: Box<str>,
    pub(super) params: Params,
    /// The revision that the request says it is of; `Err` where it says none that can be read.
    pub(super) version: Result<String, ()>,
}

pub(super) fn decode(server: &Shared, message: Message, peer: &Peer) -> Decoded {
    match understand(server, &message, peer) {
        Ok(incoming) => Decoded::Request(Box::new(incoming)),
        Err(refusal) => Decoded::Done(refusal.reply(Some(&message.id))),
    }
}

fn understand(server: &Shared, message: &Message, peer: &Peer) -> Result<Incoming, Refusal> {
    let Message { id, method, params, version } = message;
    let missing = |member: &str| Refusal::missing_meta(format!("\"_meta\" must have \"{member}\""));
    let found = match params.object("_meta") {
        Ok(Some(found)) => found,
        Ok(None) => return Err(missing(meta::PROTOCOL_VERSION)),
        Err(()) => return Err(Refusal::missing_meta("\"_meta\" must be an object".into())),
    };
    let Ok(version) = version else { return Err(missing(meta::PROTOCOL_VERSION)) };
    let object = |member: &str| match found.raw_member(member) {
        Some(raw) if raw.as_str().starts_with('{') => Ok(Some(raw)),
        Some(_) => Err(Refusal::missing_meta(format!("\"{member}\" must be an object"))),
        None => Ok(None),
    };
    let capabilities = object(meta::CLIENT_CAPABILITIES)?.ok_or_else(|| missing(meta::CLIENT_CAPABILITIES))?;
    let info = object(meta::CLIENT_INFO)?;

    let http = if let Link::Http(headers) = &peer.link { Some(&**headers) } else { None };
    if let Some(headers) = http {
        headers::matches(headers, headers::PROTOCOL_VERSION, version)?;
    }
    let revision = Revision::named(version).filter(|revision| revision.is_stateless());
    let revision = revision.ok_or_else(|| Refusal::version(version))?;
    if let Some(headers) = http {
        headers::matches(headers, headers::METHOD, method)?;
        let named = match &**method {
            "tools/call" | "prompts/get" => params.string("name"),
            "resources/read" => params.string("uri"),
            _ => None,
        };
        if let Some(name) = named {
            headers::matches_encoded(headers, headers::NAME, &name)?;
        }
    }

    let operation = match &**method {
        "server/discover" => Operation::Discover,
        method => operation(server, method, params).map_err(|error| Refusal::error(error, revision))?,
    };
    let client = Client { info, capabilities: Some(capabilities) };
    let facts = facts(peer, client, Some(&found));
    let entry = match &peer.link {
        Link::Connection(connection) => {
            Some(connection.in_flight.enter(id, &facts).ok_or_else(|| Refusal::id_in_use(revision))?)
        }
        Link::Http(_) => None,
    };
    let answer = Answer { id: id.clone(), revision, progress: progress_token(&found) };
    Ok(Incoming { request: Request { operation, facts }, answer, entry, survives_disconnect: false })
}

impl From<Mismatch> for Refusal {
    fn from(mismatch: Mismatch) -> Self {
        Self::header(mismatch)
    }
}
