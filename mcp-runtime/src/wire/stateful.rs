//! Peers of the stateful revisions: what they say once, when they begin, is added to each of their requests, which then
//! are as complete as those of the stateless revisions.

use std::sync::{Arc, Mutex};

use http::HeaderMap;

use super::asked::Asked;
use super::decode::{CANCELLED, Decoded, Incoming, Spoken, facts, operation, progress_token};
use super::encode::{Answer, Back, Refusal};
use super::envelope::{Id, Inside, Params};
use super::headers;
use super::noted::Noted;
use super::peer::{Connection, Link, Peer};
use super::resumed::rewind;
use super::revision::Revision;
use super::session::Session;
use super::shared::{Known, answered_elsewhere, cancelled_elsewhere, streams};
use super::unserved::{self, Refused};
use crate::Error;
use crate::changes::Change;
use crate::json::Raw;
use crate::kept::Streams;
use crate::model::{Asking, Client, Level, ListingKind, Operation, Request, Subscription, UnknownLevel, Way};
use crate::server::{Reply, Shared};

pub(super) const INITIALIZE: &str = "initialize";
const PING: &str = "ping";
const SET_LEVEL: &str = "logging/setLevel";
const SUBSCRIBE: &str = "resources/subscribe";
const UNSUBSCRIBE: &str = "resources/unsubscribe";

/// What a peer says of itself may be so long, in bytes: a session keeps it.
const LONGEST_INTRODUCTION: usize = 4096;

/// A request on a connection that carries messages both ways: the connection is the session.
pub(super) fn on_connection(
    server: &Shared,
    id: Id,
    method: &str,
    params: &Params,
    noted: Option<&Noted<'_>>,
    peer: &Peer,
    connection: &Arc<Connection>,
) -> Decoded {
    let answer = |refusal: Refusal| Decoded::Done(refusal.reply(Some(&id)));
    match (method, connection.session.get()) {
        (INITIALIZE, Some(_)) => answer(Refusal::invalid("this connection is initialized already".into())),
        (INITIALIZE, None) => {
            let Ok(mut session) = begin(server, params, false) else { return answer(malformed_initialize()) };
            session.in_flight = connection.in_flight.clone();
            let reply = initialized(server, &id, &session);
            // Messages of one connection are read one after the other, so nobody was faster.
            let _ = connection.session.set(Arc::new(session));
            Decoded::Done(reply)
        }
        (PING, None) => Decoded::Done(Answer::new(&id, Revision::LATEST_STATEFUL).empty()),
        (_, Some(session)) => in_session(server, id, method, params, noted, peer, session),
        (_, None) => answer(Refusal::missing_meta(format!(
            "\"_meta\" must have \"{}\", or \"initialize\" must come first",
            super::meta::PROTOCOL_VERSION
        ))),
    }
}

/// A request over HTTP.
pub(super) fn over_http(
    server: &Shared,
    id: Id,
    method: &str,
    params: &Params,
    noted: Option<&Noted<'_>>,
    peer: &Peer,
    headers: &HeaderMap,
) -> Decoded {
    if method == INITIALIZE {
        return match begin(server, params, server.sessions.store.is_some()) {
            Err(()) => Decoded::Done(malformed_initialize().reply(Some(&id))),
            Ok(session) => {
                let reply = initialized(server, &id, &session);
                match server.sessions.begin(&peer.principal, session) {
                    Some(session) => Decoded::Done(reply.with_session(session)),
                    None => {
                        server.sight.limited("sessions");
                        Decoded::Done(
                            Refusal::busy("all sessions are at work: try again later").reply(Some(&id)),
                        )
                    }
                }
            }
        };
    }
    match session(server, peer, headers) {
        Ok(session) => in_session(server, id, method, params, noted, peer, &session),
        Err(refusal) => Decoded::Done(refusal.reply(Some(&id))),
    }
}

/// A notification over HTTP.
pub(super) fn notification_over_http(
    server: &Shared,
    method: &str,
    params: &Params,
    peer: &Peer,
    headers: &HeaderMap,
) -> Decoded {
    Decoded::Done(match session(server, peer, headers) {
        Ok(session) => {
            if method == CANCELLED
                && let Some(id) = params.get("requestId").and_then(Id::read)
                && !session.in_flight.cancel(&id)
            {
                cancelled_elsewhere(server, &session, &id);
            }
            Reply::accepted()
        }
        Err(refusal) => refusal.reply(None),
    })
}

/// A client's answer to a question of the session.
pub(super) fn answered(session: &Session, id: Option<&Id>, answer: &Result<Raw, Raw>) {
    if let Some(id) = id {
        session.asked.answered(id, written(answer));
    }
}

fn written(answer: &Result<Raw, Raw>) -> Result<&str, &str> {
    answer.as_ref().map(Raw::as_str).map_err(Raw::as_str)
}

/// An answer over HTTP.
pub(super) fn response_over_http(
    server: &Shared,
    id: Option<&Id>,
    answer: &Result<Raw, Raw>,
    peer: &Peer,
    headers: &HeaderMap,
) -> Decoded {
    Decoded::Done(match session(server, peer, headers) {
        Ok(session) => {
            if let Some(id) = id
                && !session.asked.answered(id, written(answer))
            {
                answered_elsewhere(server, &session, id, written(answer));
            }
            Reply::accepted()
        }
        Err(refusal) => refusal.reply(None),
    })
}

/// Ends the session that the peer's headers name.
pub(crate) fn end_session(server: &Shared, peer: &Peer) -> Reply {
    let Link::Http(headers) = &peer.link else { return Refusal::session_required().reply(None) };
    if let Err(refusal) = revision_of(headers) {
        return refusal.reply(None);
    }
    match headers::single(headers, &headers::SESSION) {
        Ok(Some(id)) if server.sessions.end(&peer.principal, id) => Reply::nothing(),
        Ok(Some(_)) => Refusal::no_session().reply(None),
        Ok(None) => Refusal::session_required().reply(None),
        Err(mismatch) => Refusal::header(mismatch).reply(None),
    }
}

/// Sessions, and so the methods GET and DELETE, are there in the stateful revisions only.
pub(super) fn revision_of(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers::single(headers, &headers::PROTOCOL_VERSION)? {
        None => Ok(()),
        Some(version) => match Revision::named(version) {
            None => Err(Refusal::version(version)),
            Some(revision) if revision.is_stateless() => Err(Refusal::method_not_allowed()),
            Some(_) => Ok(()),
        },
    }
}

/// The session that the headers name, if it belongs to the peer.
///
/// Its revision is the one that `initialize` agreed on. The version header should repeat it, and says nothing where it
/// names another that is served: the specification has only what is invalid or not served refused, and clients that send
/// a fixed one are about. Where the header is missing, the session says what the revision is; where the session is
/// missing too, the revision to assume is 2025-03-26, in which a server of sessions asks for one.
pub(super) fn session(server: &Shared, peer: &Peer, headers: &HeaderMap) -> Result<Arc<Session>, Refusal> {
    let id = headers::single(headers, &headers::SESSION)?.ok_or_else(Refusal::session_required)?;
    server.sessions.find(&peer.principal, id).ok_or_else(Refusal::no_session)
}

/// The revision that was agreed on with the peer, if one was.
pub(super) fn agreed(server: &Shared, peer: &Peer) -> Option<Revision> {
    match &peer.link {
        Link::Connection(connection) => connection.session.get().map(|session| session.revision),
        Link::Http(headers) => session(server, peer, headers).ok().map(|session| session.revision),
    }
}

fn in_session(
    server: &Shared,
    id: Id,
    method: &str,
    params: &Params,
    noted: Option<&Noted<'_>>,
    peer: &Peer,
    session: &Arc<Session>,
) -> Decoded {
    let revision = session.revision;
    match method {
        PING => return Decoded::Done(Answer::new(&id, revision).empty()),
        INITIALIZE => {
            let refusal = Refusal::invalid("this session is initialized already".into());
            return Decoded::Done(refusal.reply(Some(&id)));
        }
        SET_LEVEL => {
            let level = params.string("level").ok_or(UnknownLevel).and_then(|name| name.parse());
            return Decoded::Done(match level {
                Ok(level) => {
                    session.set_level(level);
                    Answer::new(&id, revision).empty()
                }
                Err(unknown) => Refusal::params(format!("\"level\": {unknown}")).reply(Some(&id)),
            });
        }
        _ => {}
    }
    let understood = || {
        let operation = match method {
            SUBSCRIBE | UNSUBSCRIBE => subscription(server, params, session, method == SUBSCRIBE),
            _ => operation(server, method, params),
        };
        let operation = operation.map_err(|error| Refusal::error(error, revision))?;
        if session.in_flight.contains(&id) {
            return Err(Refusal::id_in_use(revision));
        }
        // A `_meta` that is no object cannot hold a progress token, and nothing else of it is looked at.
        let progress = progress_token(noted);
        let way = if peer.reads_events() { Way::Waiting(server.limits.answer) } else { Way::Closed };
        let (client, level, asking) = (session.client.clone(), Some(session.level()), Asking::new(way));
        let spoken = Spoken { id: &id, revision, session: Some(session.number) };
        let facts = facts(peer, client, noted, false, level, asking, spoken);
        let answer = Answer { id: id.clone(), revision, progress, back: Back::Session(session.clone()) };
        let in_flight = Some(session.in_flight.clone());
        Ok(Incoming { request: Request { operation, facts }, answer, in_flight, survives_disconnect: true })
    };
    match understood() {
        Ok(incoming) => Decoded::Request(incoming),
        Err::<_, Refusal>(refusal) => {
            let session = Some(session.number);
            unserved::tell(server, peer, &Refused { method, params, noted, session, refusal: &refusal });
            Decoded::Done(refusal.reply(Some(&id)))
        }
    }
}

/// A resource that the session wants to be told of, or no longer.
fn subscription(server: &Shared, params: &Params, session: &Session, on: bool) -> Result<Operation, Error> {
    if !server.registry.has_resources() {
        return Err(Error::method_not_found(if on { SUBSCRIBE } else { UNSUBSCRIBE }));
    }
    let uri = params.string("uri").ok_or_else(|| Error::invalid_params("\"uri\" must be a string"))?;
    let (resource, _) = server.registry.resource(&uri).ok_or_else(|| Error::resource_not_found(&*uri))?;
    let (uri, listener) = (uri.into_owned(), session.listener.clone());
    Ok(Operation::Subscribe(Subscription { resource, uri, on, listener }))
}

/// What the server says on its own in the session that the peer's headers name, as the HTTP method GET asks for.
pub(crate) fn listen(server: &Shared, peer: &Peer) -> Decoded {
    let session = match &peer.link {
        Link::Http(headers) => {
            let session = revision_of(headers).and_then(|()| session(server, peer, headers));
            session.and_then(|session| rewind(&session, headers).map(|()| session))
        }
        Link::Connection(connection) => {
            connection.session.get().cloned().ok_or_else(Refusal::session_required)
        }
    };
    match session {
        Ok(session) => Decoded::Listening(session.listener.clone()),
        Err(refusal) => Decoded::Done(refusal.reply(None)),
    }
}

/// Reads what a stateful peer says of itself. It may ask for any revision: one that is not served is answered with the
/// newest that is, and the peer decides whether to go on.
fn begin(server: &Shared, params: &Params, shared: bool) -> Result<Session, ()> {
    let requested = params.string("protocolVersion").ok_or(())?;
    let revision = Revision::named(&requested).filter(|revision| !revision.is_stateless());
    let revision = revision.unwrap_or(Revision::LATEST_STATEFUL);
    let object = |member: &str| params.inside(member).map(|found| found.map(abridged));
    let mut number = [0; 16];
    // Without randomness, sessions are counted as one.
    let _ = getrandom::fill(&mut number);
    let number = u128::from_ne_bytes(number);
    Ok(Session {
        number,
        revision,
        client: Client { info: object("clientInfo")?, capabilities: object("capabilities")? },
        in_flight: Arc::default(),
        asked: if shared { Asked::shared() } else { Asked::default() },
        listener: server.changes.listen(
            [ListingKind::Tools, ListingKind::Prompts, ListingKind::Resources].map(Change::List).into(),
            revision.polls_streams(),
        ),
        level: Mutex::new(Level::Info),
        streams: match shared {
            true => streams(server, number, revision),
            false => Streams::new(revision.polls_streams()),
        },
        known: Known::default(),
    })
}

/// What a peer says of itself, in a buffer of its own, so that a session does not keep the whole message. Where it is
/// long, such as for pictures in it, the members that are short stand for it.
fn abridged(said: Inside<'_>) -> Raw {
    if said.raw().len() <= LONGEST_INTRODUCTION {
        return Raw::whole(said.raw());
    }
    let mut kept = serde_json::Map::new();
    let mut length = 0;
    for (name, raw) in said.pairs() {
        length += name.len() + raw.len();
        if length > LONGEST_INTRODUCTION {
            length -= name.len() + raw.len();
        } else if let Ok(value) = serde_json::from_str(raw) {
            kept.insert(name.into_owned(), value);
        }
    }
    Raw::whole(&serde_json::Value::Object(kept).to_string())
}

fn initialized(server: &Shared, id: &Id, session: &Session) -> Reply {
    let identity = &server.identity;
    let body = format!(
        "\"protocolVersion\":\"{}\",\"capabilities\":{},\"serverInfo\":{}{}",
        session.revision.name(),
        identity.capabilities(session.revision),
        identity.server_info(session.revision),
        identity.instructions,
    );
    Answer::new(id, session.revision).with_body(&body)
}

fn malformed_initialize() -> Refusal {
    Refusal::params(
        "\"initialize\" must have \"protocolVersion\", a string; \"capabilities\" and \"clientInfo\" must be objects"
            .into(),
    )
}
