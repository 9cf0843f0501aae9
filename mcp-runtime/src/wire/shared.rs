//! Sessions that any machine can go on with: what a session is, is kept in a store, and a machine that is asked in one that it
//! does not have takes it from there. Only whoever the session belongs to leads to it.
//!
//! What is under way in a session stays where it began: answers and cancellations are passed on to there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::asked::Asked;
use super::encode::Refusal;
use super::envelope::Id;
use super::headers;
use super::peer::{Link, Peer};
use super::revision::Revision;
use super::session::Session;
use crate::changes::Change;
use crate::json::Raw;
use crate::kept::{Copies, Streams};
use crate::model::{Client, Level, ListingKind, Principal};
use crate::replicas::{OfSession, Stored, Told};
use crate::server::{Reply, Shared};

/// The names of what is kept.
const BEGUN: &str = "begun";
const LEVEL: &str = "level";
/// Before the URI of a resource that is listened to.
const TOPIC: &str = "topic ";

/// Longer ones are not ours.
const LONGEST_ID: usize = 64;

/// A longer answer is not passed on, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// What a session is from its beginning on.
#[derive(Serialize, Deserialize)]
struct Begun {
    number: String,
    revision: String,
    info: Option<Box<RawValue>>,
    capabilities: Option<Box<RawValue>>,
}

/// Named texts.
type Kept = BTreeMap<String, String>;
/// What has become of some of them.
type Changes = Vec<(String, Option<String>)>;

/// What the store was told of a session, or told.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Kept>);

impl Known {
    fn read(&self) -> Kept {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, known: Kept) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

impl Session {
    /// What is to be kept of it now.
    fn to_keep(&self) -> Kept {
        let raw = |raw: &Option<Raw>| {
            raw.as_ref().and_then(|raw| RawValue::from_string(raw.as_str().to_owned()).ok())
        };
        let begun = Begun {
            number: format!("{:032x}", self.number),
            revision: self.revision.name().to_owned(),
            info: raw(&self.client.info),
            capabilities: raw(&self.client.capabilities),
        };
        let mut kept = BTreeMap::from([(LEVEL.to_owned(), self.level().name().to_owned())]);
        if let Ok(begun) = serde_json::to_string(&begun) {
            kept.insert(BEGUN.to_owned(), begun);
        }
        for topic in self.listener.topics() {
            if let Change::Resource(uri) = topic {
                kept.insert(format!("{TOPIC}{uri}"), String::new());
            }
        }
        kept
    }

    /// What the store does not know yet.
    fn untold(&self) -> (Kept, Changes) {
        let (now, known) = (self.to_keep(), self.known.read());
        let gone = known.keys().filter(|name| !now.contains_key(*name)).map(|name| (name.clone(), None));
        let new = now.iter().filter(|(name, text)| known.get(*name) != Some(*text));
        let changes = new.map(|(name, text)| (name.clone(), Some(text.clone()))).chain(gone).collect();
        (now, changes)
    }

    /// Takes over what has changed elsewhere, and leaves what has changed here.
    fn learn(&self, kept: Kept) {
        let known = self.known.read();
        let names: BTreeSet<&String> = known.keys().chain(kept.keys()).collect();
        for name in names.into_iter().filter(|name| known.get(*name) != kept.get(*name)) {
            self.take(name, kept.get(name).map(String::as_str));
        }
        self.known.set(kept);
    }

    /// Takes over one thing.
    fn take(&self, name: &str, text: Option<&str>) {
        if let Some(uri) = name.strip_prefix(TOPIC) {
            let topic = Change::Resource(uri.to_owned());
            match text {
                Some(_) => drop(self.listener.add(topic)),
                None => self.listener.remove(&topic),
            }
        } else if name == LEVEL
            && let Some(level) = text.and_then(|text| text.parse::<Level>().ok())
        {
            self.set_level(level);
        }
    }
}

/// What a session is called where it is kept.
fn key(principal: &Principal, id: &str) -> String {
    // Debug writes quotes and escapes, so that no two callers have one key. Two programs of one person are two callers.
    format!("{:?}:{:?}:{:?}:{id}", principal.issuer(), principal.client(), principal.subject())
}

/// The id of the session that a peer's headers name.
pub(super) fn named(peer: &Peer) -> Option<&str> {
    let Link::Http(headers) = &peer.link else { return None };
    headers::single(headers, &headers::SESSION).ok().flatten().filter(|id| id.len() <= LONGEST_ID)
}

/// Has the session of a peer here, if there is one anywhere, as it is now. A transport of HTTP says so before a message is
/// handled.
pub(crate) async fn meet(server: &Arc<Shared>, peer: &Peer) -> Result<(), Reply> {
    let Some(store) = &server.sessions.store else { return Ok(()) };
    let Some(id) = named(peer) else { return Ok(()) };
    let key = key(&peer.principal, id);
    let here = server.sessions.find(&peer.principal, id);
    match (store.load(&key, server.sessions.idle()).await, here) {
        (Ok(Stored::Kept(kept)), Some(session)) => session.learn(kept),
        (Ok(Stored::Kept(kept)), None) => {
            if let Some(session) = adopted(server, kept) {
                server.sessions.adopt(&peer.principal, id, session);
            }
        }
        (Ok(Stored::Ended), Some(_)) => drop(server.sessions.end(&peer.principal, id)),
        // The store has lost it: what is known here is kept again.
        (Ok(Stored::Unknown), Some(session)) => session.known.set(BTreeMap::new()),
        (Ok(Stored::Ended | Stored::Unknown), None) => {}
        (Err(error), Some(_)) => {
            tracing::warn!(%error, "sessions cannot be read: one goes on with what is known here");
        }
        (Err(error), None) => {
            tracing::error!(%error, "sessions cannot be read");
            return Err(Refusal::busy("sessions cannot be read now: try again").reply(None));
        }
    }
    Ok(())
}

/// The streams of a session that other machines speak in too.
pub(super) fn streams(server: &Shared, session: u128, revision: Revision) -> Arc<Streams> {
    let copies = server.sessions.copying.clone();
    let copies = copies.map(|copying| Arc::new(OfSession { copying, session }) as Arc<dyn Copies>);
    Streams::shared(revision.polls_streams(), copies)
}

/// Keeps what a message has changed in its session, before the peer is told so.
pub(crate) async fn remember(server: &Arc<Shared>, peer: &Peer, reply: Reply) -> Reply {
    let Some(store) = &server.sessions.store else { return reply };
    if !reply.is_last() {
        return reply;
    }
    let Some(id) = reply.session().or_else(|| named(peer)) else { return reply };
    let Some(session) = server.sessions.find(&peer.principal, id) else { return reply };
    let (now, changes) = session.untold();
    if changes.is_empty() {
        return reply;
    }
    match store.change(&key(&peer.principal, id), &changes, server.sessions.idle()).await {
        Ok(()) => {
            session.known.set(now);
            if reply.session().is_none() {
                let number = format!("{:032x}", session.number);
                server.changes.tell_others(&Told::Session { number, changes });
            }
            reply
        }
        Err(error) => {
            tracing::error!(%error, "a session cannot be kept");
            if reply.session().is_some() {
                server.sessions.end(&peer.principal, id);
            }
            Refusal::busy("the session cannot be kept now: try again").reply(id_of(&reply).as_ref())
        }
    }
}

/// Says everywhere that the session of a peer has ended.
pub(crate) async fn forget(server: &Arc<Shared>, peer: &Peer) {
    let Some(store) = &server.sessions.store else { return };
    let Some(id) = named(peer) else { return };
    if let Err(error) = store.end(&key(&peer.principal, id), server.sessions.idle()).await {
        tracing::error!(%error, "that a session has ended cannot be kept");
    }
}

/// The id of the request that is answered.
fn id_of(reply: &Reply) -> Option<Id> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
    }
    let head: Head<'_> = serde_json::from_slice(reply.body()).ok()?;
    Id::read(head.id.get())
}

/// A session that began elsewhere.
fn adopted(server: &Shared, kept: Kept) -> Option<Session> {
    let begun: Begun = serde_json::from_str(kept.get(BEGUN)?).ok()?;
    let revision = Revision::named(&begun.revision).filter(|revision| !revision.is_stateless())?;
    let raw = |raw: Option<Box<RawValue>>| raw.map(|raw| Raw::whole(raw.get()));
    let number = u128::from_str_radix(&begun.number, 16).ok()?;
    let session = Session {
        number,
        revision,
        client: Client { info: raw(begun.info), capabilities: raw(begun.capabilities) },
        in_flight: Arc::default(),
        asked: Asked::shared(),
        listener: server.changes.listen(
            [ListingKind::Tools, ListingKind::Prompts, ListingKind::Resources].map(Change::List).into(),
            revision.polls_streams(),
        ),
        level: Mutex::new(Level::Info),
        streams: streams(server, number, revision),
        known: Known::default(),
    };
    session.learn(kept);
    Some(session)
}

/// Does what another machine asks for, in a session that is here.
pub(crate) fn heard(server: &Shared, told: Told) {
    match told {
        Told::Session { number, changes } => {
            let Some(session) = find(server, &number) else { return };
            let mut known = session.known.read();
            for (name, text) in changes {
                session.take(&name, text.as_deref());
                match text {
                    Some(text) => drop(known.insert(name, text)),
                    None => drop(known.remove(&name)),
                }
            }
            session.known.set(known);
        }
        Told::Answer { session, id, answer } => {
            let Some(session) = find(server, &session) else { return };
            if let Some(id) = Id::read(&id) {
                let raw = answer.as_ref().map(|raw| raw.get()).map_err(|raw| raw.get());
                session.asked.answered(&id, raw);
            }
        }
        Told::Cancel { session, id } => {
            if let (Some(session), Some(id)) = (find(server, &session), Id::read(&id)) {
                session.in_flight.cancel(&id);
            }
        }
        told => server.changes.heard(told),
    }
}

fn find(server: &Shared, number: &str) -> Option<Arc<Session>> {
    server.sessions.numbered(u128::from_str_radix(number, 16).ok()?)
}

/// Passes an answer on to the machine that asked.
pub(super) fn answered_elsewhere(server: &Shared, session: &Session, id: &Id, answer: Result<&str, &str>) {
    if server.sessions.store.is_none() {
        return;
    }
    if answer.unwrap_or_else(|error| error).len() > LONGEST_ANSWER {
        tracing::warn!(
            "an answer came to another machine than the one that asked, and is too long to be passed on"
        );
        return;
    }
    let raw = |raw: &str| RawValue::from_string(raw.to_owned()).ok();
    let answer = match answer {
        Ok(result) => raw(result).map(Ok),
        Err(error) => raw(error).map(Err),
    };
    let Some(answer) = answer else { return };
    let session = format!("{:032x}", session.number);
    server.changes.tell_others(&Told::Answer { session, id: id.to_string(), answer });
}

/// Passes a cancellation on to the machine where the call is.
pub(super) fn cancelled_elsewhere(server: &Shared, session: &Session, id: &Id) {
    if server.sessions.store.is_some() {
        let session = format!("{:032x}", session.number);
        server.changes.tell_others(&Told::Cancel { session, id: id.to_string() });
    }
}
