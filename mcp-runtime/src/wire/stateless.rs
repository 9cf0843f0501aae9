//! Requests of the stateless revisions: each is complete in itself, and nothing else is looked at.
//!
//! The order of the checks is the specification's, and what clients rely on: what is missing before what differs, what
//! differs before what is not served.

use std::sync::Arc;

use super::changed;
use super::decode::{Decoded, Incoming, Spoken, facts, operation, progress_token};
use super::encode::{Answer, Back, Refusal};
use super::envelope::{Id, Params};
use super::headers::{self, Mismatch};
use super::meta;
use super::noted::{Note, Noted};
use super::peer::{Link, Peer};
use super::revision::Revision;
use super::state::{self, Binding};
use super::unserved::{self, Refused};
use crate::Error;
use crate::extension::{Extension, ExtensionCall, ExtensionMethod};
use crate::json::Raw;
use crate::model::{Asking, Client, Level, Operation, Request, Topics, UnknownLevel};
use crate::server::Shared;

/// What stands where `_meta` should: an object, nothing, or something else.
type Meta<'a> = &'a Result<Option<Noted<'a>>, ()>;

/// A request, not yet understood.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) id: &'a Id,
    pub(super) method: &'a str,
    pub(super) params: &'a Params,
    pub(super) found: Meta<'a>,
    /// The revision that it names, as it was written.
    pub(super) version: &'a Raw,
}

pub(super) fn decode(server: &Shared, message: Message<'_>, peer: &Peer) -> Decoded {
    match understand(server, message, peer) {
        Ok(incoming) => Decoded::Request(incoming),
        Err(refusal) => {
            let Message { method, params, found, .. } = message;
            let noted = found.as_ref().ok().and_then(Option::as_ref);
            unserved::tell(
                server,
                peer,
                &Refused { method, params, noted, session: None, refusal: &refusal },
            );
            Decoded::Done(refusal.reply(Some(message.id)))
        }
    }
}

/// The answer to a request that should name its revision and does not.
pub(super) fn without_version(found: Meta<'_>) -> Refusal {
    match found {
        Ok(_) => missing(meta::PROTOCOL_VERSION),
        Err(()) => Refusal::missing_meta("\"_meta\" must be an object".into()),
    }
}

fn missing(member: &str) -> Refusal {
    Refusal::missing_meta(format!("\"_meta\" must have \"{member}\""))
}

fn understand(server: &Shared, message: Message<'_>, peer: &Peer) -> Result<Incoming, Refusal> {
    let Message { id, method, params, found, version } = message;
    let Ok(Some(found)) = found else { return Err(without_version(found)) };
    let version = crate::json::string(version.as_str());
    let version = version
        .ok_or_else(|| Refusal::missing_meta(format!("\"{}\" must be a string", meta::PROTOCOL_VERSION)))?;
    let object = |note: Note, member: &str| match found.get(note) {
        Some(raw) if raw.as_str().starts_with('{') => Ok(Some(raw)),
        Some(_) => Err(Refusal::missing_meta(format!("\"{member}\" must be an object"))),
        None => Ok(None),
    };
    let capabilities = object(Note::Capabilities, meta::CLIENT_CAPABILITIES)?
        .ok_or_else(|| missing(meta::CLIENT_CAPABILITIES))?;
    let info = object(Note::Client, meta::CLIENT_INFO)?;

    let http = if let Link::Http(headers) = &peer.link { Some(&**headers) } else { None };
    if let Some(headers) = http {
        headers::matches(headers, &headers::PROTOCOL_VERSION, &version)?;
    }
    let revision = Revision::named(&version).filter(|revision| revision.is_stateless());
    let revision = revision.ok_or_else(|| Refusal::version(&version))?;
    if let Some(headers) = http {
        headers::matches(headers, &headers::METHOD, method)?;
        let named = match method {
            "tools/call" | "prompts/get" => params.string("name"),
            "resources/read" => params.string("uri"),
            _ => {
                let extended = server.extensions.method(method);
                extended.and_then(|(_, method)| params.string(method.named_by?))
            }
        };
        if let Some(name) = named {
            headers::matches_encoded(headers, &headers::NAME, &name)?;
        }
    }

    let client = Client { info, capabilities: Some(capabilities) };
    let operation = match method {
        "server/discover" => Operation::Discover,
        "subscriptions/listen" => {
            let topics = changed::topics(params, &server.extensions, &client)
                .map_err(|error| Refusal::error(error, revision))?;
            Operation::Listen(Topics(topics))
        }
        method => match server.extensions.method(method) {
            Some((extension, known)) => extended(extension, known, params, &client),
            None => operation(server, method, params),
        }
        .map_err(|error| Refusal::error(error, revision))?,
    };
    if let (Some(headers), Operation::CallTool(call)) = (http, &operation) {
        super::mirrored::check(headers, call)?;
    }
    let in_flight = match &peer.link {
        Link::Connection(connection) => Some(connection.in_flight.clone()),
        Link::Http(_) => None,
    };
    if in_flight.as_ref().is_some_and(|calls| calls.contains(id)) {
        return Err(Refusal::id_in_use(revision));
    }
    let binding = Binding::of(&operation, params);
    let asking = match &binding {
        Some(binding) => state::asking(server, params, binding, &peer.principal)?,
        None => Asking::default(),
    };
    let log = log_level(found).map_err(|error| Refusal::error(error, revision))?;
    let progress = progress_token(Some(found));
    let facts = facts(peer, client, Some(found), true, log, asking, Spoken { id, revision, session: None });
    let answer =
        Answer { id: id.clone(), revision, progress, back: binding.map_or(Back::None, Back::Carried) };
    Ok(Incoming { request: Request { operation, facts }, answer, in_flight, survives_disconnect: false })
}

/// A method of an extension, for a client that declared it.
fn extended(
    extension: &Arc<dyn Extension>,
    known: &ExtensionMethod,
    params: &Params,
    client: &Client,
) -> Result<Operation, Error> {
    if client.extension(extension.id()).is_none() {
        return Err(Error::missing_extension(extension.id()));
    }
    let params =
        serde_json::from_str(params.whole()).map_err(|error| Error::invalid_params(error.to_string()))?;
    Ok(Operation::Extension(ExtensionCall { extension: extension.clone(), method: known.name, params }))
}

/// From which level on the client wants to read log messages: without one it wants none.
fn log_level(found: &Noted<'_>) -> Result<Option<Level>, Error> {
    let Some(raw) = found.get(Note::LogLevel) else { return Ok(None) };
    let level = crate::json::string(raw.as_str()).ok_or(UnknownLevel).and_then(|name| name.parse());
    level.map(Some).map_err(|unknown| Error::invalid_params(format!("\"{}\": {unknown}", meta::LOG_LEVEL)))
}

impl From<Mismatch> for Refusal {
    fn from(mismatch: Mismatch) -> Self {
        Self::header(mismatch)
    }
}
