//! From the bytes of a message to what is to be done with it: which era it belongs to, and what it asks.

use std::sync::{Arc, OnceLock};

use super::encode::{Answer, Refusal};
use super::envelope::{self, Envelope, Id, Inside, Kind, Malformed, Params, Problem};
use super::flight::InFlight;
use super::noted::{Note, Noted};
use super::peer::{Link, Peer};
use super::revision::Revision;
use super::stateless::{self, Message};
use super::{batch, completion, cursor, headers, stateful};
use crate::Error;
use crate::changes::Listener;
use crate::json::{Object, Raw};
use crate::model::{
    Arguments, Asking, Budget, Client, Correlation, Exchange, Facts, Holds, Level, ListRequest, ListingKind,
    Operation, PromptGet, Request, ResourceRead, ToolCall,
};
use crate::server::{Reply, Shared};
use crate::sight::Unknown;

/// What is to be done with a message.
pub(crate) enum Decoded {
    /// It is answered already, or wants no answer.
    Done(Reply),
    /// It is to be served.
    Request(Incoming),
    /// A session listens to what changes.
    Listening(Arc<Listener>),
    /// Several messages in one; none of them is such a one itself.
    Batch(Vec<Decoded>),
}

/// A request that is to be served.
pub(crate) struct Incoming {
    pub(crate) request: Request,
    pub(crate) answer: Answer,
    /// Where the call is entered while it is under way, so that it can be cancelled.
    pub(crate) in_flight: Option<Arc<InFlight>>,
    /// Whether the call goes on when the connection that it came by is gone.
    pub(crate) survives_disconnect: bool,
}

/// Understands a message.
pub(crate) fn decode(server: &Shared, message: &[u8], peer: &Peer) -> Decoded {
    if batch::is_array(message)
        && let Some(batch) = batch::decode(server, message, peer)
    {
        return batch;
    }
    match envelope::read(message) {
        Ok(envelope) => understand(server, envelope, peer),
        Err(malformed) => Decoded::Done(unreadable(malformed, peer, stateful::agreed(server, peer))),
    }
}

/// Understands a message that is well-formed.
pub(super) fn understand(server: &Shared, Envelope { kind, params }: Envelope, peer: &Peer) -> Decoded {
    match &peer.link {
        Link::Connection(connection) => match kind {
            Kind::Response { id, answer } => {
                if let Some(session) = connection.session.get() {
                    stateful::answered(session, id.as_ref(), &answer);
                }
                Decoded::Done(Reply::nothing())
            }
            Kind::Notification { method } => {
                match (method.as_str(), connection.session.get()) {
                    (CANCELLED, _) => cancel(&connection.in_flight, &params),
                    (INITIALIZED, Some(session)) => return Decoded::Listening(session.listener.clone()),
                    _ => {}
                }
                Decoded::Done(Reply::nothing())
            }
            Kind::Request { id, method } => {
                let (meta, version) = about(&params);
                match version {
                    Some(version) => {
                        let (id, method, params) = (&id, method.as_str(), &params);
                        let message = Message { id, method, params, found: &meta, version: &version };
                        stateless::decode(server, message, peer)
                    }
                    None => {
                        let noted = meta.as_ref().ok().and_then(Option::as_ref);
                        stateful::on_connection(server, id, method.as_str(), &params, noted, peer, connection)
                    }
                }
            }
        },
        Link::Http(headers) => over_http(server, kind, &params, peer, headers),
    }
}

pub(super) const CANCELLED: &str = "notifications/cancelled";
const INITIALIZED: &str = "notifications/initialized";

/// The `_meta` of a request, and the revision that it names there: only the stateless revisions ask for that.
pub(super) fn about(params: &Params) -> (Result<Option<Noted<'_>>, ()>, Option<Raw>) {
    let noted = Noted::of(params);
    let version = noted.ok().flatten().and_then(|noted| noted.get(Note::Version));
    (noted, version)
}

fn over_http(
    server: &Shared,
    kind: Kind,
    params: &Params,
    peer: &Peer,
    headers: &Arc<http::HeaderMap>,
) -> Decoded {
    let announced = match headers::single(headers, &headers::PROTOCOL_VERSION) {
        Ok(announced) => announced,
        Err(mismatch) => {
            let id = if let Kind::Request { id, .. } = kind { Some(id) } else { None };
            return Decoded::Done(Refusal::header(mismatch).reply(id.as_ref()));
        }
    };
    let known = announced.map(Revision::named);
    if let (Some(None), Some(requested), Kind::Notification { .. } | Kind::Response { .. }) =
        (known, announced, &kind)
    {
        return Decoded::Done(Refusal::version(requested).reply(None));
    }
    let stateless_header = matches!(known, Some(Some(revision)) if revision.is_stateless());
    match kind {
        Kind::Request { id, method } => {
            let (meta, version) = about(params);
            match version {
                Some(version) => {
                    let message =
                        Message { id: &id, method: method.as_str(), params, found: &meta, version: &version };
                    stateless::decode(server, message, peer)
                }
                None if stateless_header => Decoded::Done(stateless::without_version(&meta).reply(Some(&id))),
                None => match (known, announced) {
                    (Some(None), Some(requested)) => {
                        Decoded::Done(Refusal::version(requested).reply(Some(&id)))
                    }
                    _ => {
                        let noted = meta.as_ref().ok().and_then(Option::as_ref);
                        stateful::over_http(server, id, method.as_str(), params, noted, peer, headers)
                    }
                },
            }
        }
        Kind::Notification { .. } if stateless_header => Decoded::Done(Reply::accepted()),
        Kind::Notification { method } => {
            stateful::notification_over_http(server, method.as_str(), params, peer, headers)
        }
        Kind::Response { id, answer } => {
            stateful::response_over_http(server, id.as_ref(), &answer, peer, headers)
        }
    }
}

/// The answer to what is no message, in the revision of the session if there is one.
pub(super) fn unreadable(malformed: Malformed, peer: &Peer, revision: Option<Revision>) -> Reply {
    let Malformed { id, problem, detail } = malformed;
    // An answer that names a request can be told from noise; one that names none could be answered in turn, for ever.
    if id.is_none()
        && let Link::Connection(connection) = &peer.link
        && !connection.may_complain()
    {
        return Reply::nothing();
    }
    refused(Malformed { id, problem, detail }, revision)
}

/// The same, however much noise there was before.
pub(super) fn refused(Malformed { id, problem, detail }: Malformed, revision: Option<Revision>) -> Reply {
    let refusal = match problem {
        Problem::Unparsable => Refusal::parse(detail),
        Problem::Invalid => Refusal::invalid(detail),
    };
    match id {
        Some(id) => refusal.reply(Some(&id)),
        None => refusal.reply_to_unreadable(revision),
    }
}

/// The answer to a message that a transport did not even keep, because it was too long.
pub(crate) fn too_long(limit: usize, peer: &Peer) -> Reply {
    let detail = format!("the message is longer than {limit} bytes");
    let revision = match &peer.link {
        Link::Connection(connection) => connection.session.get().map(|session| session.revision),
        Link::Http(_) => None,
    };
    unreadable(Malformed { id: None, problem: Problem::Invalid, detail }, peer, revision)
}

/// Cancels the call that a notification names. One that names none, or one unknown, is ignored.
pub(super) fn cancel(in_flight: &InFlight, params: &Params) {
    if let Some(id) = params.get("requestId").and_then(Id::read) {
        in_flight.cancel(&id);
    }
}

/// What a request asks, whichever revision it came by.
pub(super) fn operation(server: &Shared, method: &str, params: &Params) -> Result<Operation, Error> {
    let registry = &server.registry;
    let list = |kind: ListingKind, offered: bool| {
        if !offered {
            return Err(Error::method_not_found(method));
        }
        // An empty text is a cursor too, and none that was ever given out.
        let after = params.get("cursor").map(|cursor| {
            let after = crate::json::string(cursor).and_then(|cursor| cursor::read(kind, &cursor));
            after.ok_or_else(|| Error::invalid_params("\"cursor\" is invalid: take it from the page before"))
        });
        Ok(Operation::List(ListRequest { kind, after: after.transpose()? }))
    };
    match method {
        "tools/call" if registry.has_tools() => {
            let [name, arguments] = params.spans(&["name", "arguments"]);
            let name = name.and_then(|name| params.string_at(name));
            let name = name.ok_or_else(|| Error::invalid_params("\"name\" must be a string"))?;
            let tool = registry.tool(&name).inspect_err(|_| server.sight.unknown(Unknown::Tool))?;
            let arguments = match params.inside_at(arguments) {
                Ok(arguments) => arguments.map_or_else(Object::empty, Inside::to_object),
                Err(()) => return Err(Error::invalid_params("\"arguments\" must be an object")),
            };
            Ok(Operation::CallTool(ToolCall { tool, arguments: Arguments::Json(arguments) }))
        }
        "resources/read" if registry.has_resources() => {
            let uri =
                params.string("uri").ok_or_else(|| Error::invalid_params("\"uri\" must be a string"))?;
            let (resource, variables) = registry.resource(&uri).ok_or_else(|| {
                server.sight.unknown(Unknown::Resource);
                Error::resource_not_found(&*uri)
            })?;
            let uri = uri.into_owned();
            Ok(Operation::ReadResource(ResourceRead { resource, uri, variables }))
        }
        "prompts/get" if registry.has_prompts() => {
            let name =
                params.string("name").ok_or_else(|| Error::invalid_params("\"name\" must be a string"))?;
            let prompt = registry.prompt(&name).inspect_err(|_| server.sight.unknown(Unknown::Prompt))?;
            let arguments = prompt_arguments(params)?;
            Ok(Operation::GetPrompt(PromptGet { prompt, arguments }))
        }
        "completion/complete" if registry.has_completions() => completion::read(registry, params),
        "tools/list" => list(ListingKind::Tools, registry.has_tools()),
        "resources/list" => list(ListingKind::Resources, registry.has_resources()),
        "resources/templates/list" => list(ListingKind::Templates, registry.has_resources()),
        "prompts/list" => list(ListingKind::Prompts, registry.has_prompts()),
        _ => {
            server.sight.unknown(Unknown::Method);
            Err(Error::method_not_found(method))
        }
    }
}

fn prompt_arguments(params: &Params) -> Result<Arguments, Error> {
    let wrong = || Error::invalid_params("\"arguments\" must be an object whose values are strings");
    let Some(given) = params.inside("arguments").map_err(|()| wrong())? else { return Ok(Arguments::none()) };
    let pairs = given.pairs().map(|(name, raw)| {
        let value = crate::json::string(raw).ok_or_else(wrong)?;
        Ok((name.into_owned(), value.into_owned()))
    });
    Ok(Arguments::Text(pairs.collect::<Result<_, Error>>()?))
}

/// How a request came.
pub(super) struct Spoken<'a> {
    pub(super) id: &'a Id,
    pub(super) revision: Revision,
    /// The number of its session, if it belongs to one.
    pub(super) session: Option<u128>,
}

/// What is known of a request beside what it asks.
pub(super) fn facts(
    peer: &Peer,
    client: Client,
    noted: Option<&Noted<'_>>,
    extensions: bool,
    log: Option<Level>,
    asking: Asking,
    Spoken { id, revision, session }: Spoken<'_>,
) -> Arc<Facts> {
    let text = |note: Note, legal: fn(&str) -> bool| {
        let raw = noted?.get(note)?;
        let value = crate::json::string(raw.as_str())?;
        legal(&value).then(|| Box::from(&*value))
    };
    Arc::new(Facts {
        client,
        principal: peer.principal.clone(),
        headers: match &peer.link {
            Link::Http(headers) => Some(headers.clone()),
            Link::Connection(_) => None,
        },
        correlation: Correlation::default(),
        called: id.called(),
        protocol: Some(revision.name()),
        trace_parent: text(Note::TraceParent, is_trace_parent),
        trace_state: text(Note::TraceState, |value| is_list(value, 512)),
        baggage: text(Note::Baggage, |value| is_list(value, 8192)),
        idempotency_key: text(Note::IdempotencyKey, |_| true),
        remote: peer.remote,
        session,
        public: peer.public,
        progress: progress_token(noted).is_some(),
        log,
        extensions,
        exchange: Exchange::default(),
        asking,
        dialect: peer.dialect,
        time: Budget::default(),
        holds: Holds::default(),
        limited: OnceLock::new(),
        secrets: OnceLock::new(),
    })
}

/// The token that notices of progress must carry, as it was written.
pub(super) fn progress_token(noted: Option<&Noted<'_>>) -> Option<Raw> {
    let token = noted?.get(Note::Progress)?;
    Id::read(token.as_str()).is_some().then_some(token)
}

/// The form that W3C Trace Context gives the header.
pub(super) fn is_trace_parent(value: &str) -> bool {
    let parts: Vec<_> = value.split('-').collect();
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    // Later versions may say more behind it, but no essays.
    lengths.starts_with(&[2, 32, 16, 2])
        && (parts.len() == 4 || (parts.first() != Some(&"00") && value.len() <= 256))
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The form that W3C Trace Context and W3C Baggage give a list: pairs of printable characters, so many bytes at most.
fn is_list(value: &str, longest: usize) -> bool {
    (1..=longest).contains(&value.len())
        && value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte))
        && value.split(',').all(|pair| pair.trim().is_empty() || pair.contains('='))
}
