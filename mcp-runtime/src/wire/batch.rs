//! Several messages in one array, for peers that agreed on a revision that has them.
//!
//! Each element is understood as if it had come alone. What no element may be, and what no two may have in common, is
//! refused here, before anything of the batch runs.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::decode::{CANCELLED, Decoded, about, refused, understand, unreadable};
use super::encode::Refusal;
use super::envelope::{self, Envelope, Id, Kind, Malformed, Problem};
use super::headers;
use super::peer::{Link, Peer};
use super::revision::Revision;
use super::stateful::{self, INITIALIZE};
use crate::server::Shared;

/// A batch of more messages is refused.
const MOST: usize = 100;

/// Whether a message is a JSON array, if it is JSON.
pub(super) fn is_array(message: &[u8]) -> bool {
    message.iter().find(|byte| !b" \t\r\n".contains(byte)) == Some(&b'[')
}

/// Understands a batch; `None` where the peer may send none.
pub(super) fn decode(server: &Shared, message: &[u8], peer: &Peer) -> Option<Decoded> {
    let revision = match agreed(server, peer)? {
        Ok(revision) => revision,
        Err(refusal) => return Some(Decoded::Done(refusal.reply(None))),
    };
    if !revision.has_batches() {
        return None;
    }
    // A batch of more calls than may be under way could never begin.
    let most = MOST.min(server.limits.in_flight);
    Some(match read(message, most) {
        Ok(elements) => Decoded::Batch(understood(server, elements, peer, revision)),
        Err(malformed) => Decoded::Done(unreadable(malformed, peer, Some(revision))),
    })
}

/// The revision that was agreed on with the peer; `None` where it cannot be one with batches.
fn agreed(server: &Shared, peer: &Peer) -> Option<Result<Revision, Refusal>> {
    let Link::Http(headers) = &peer.link else { return stateful::agreed(server, peer).map(Ok) };
    match headers::single(headers, &headers::PROTOCOL_VERSION) {
        Err(mismatch) => return Some(Err(mismatch.into())),
        Ok(Some(version)) => match Revision::named(version) {
            None => return Some(Err(Refusal::version(version))),
            Some(revision) if revision.is_stateless() => return None,
            Some(_) => {}
        },
        Ok(None) => {}
    }
    // Whoever names no session has agreed on nothing. One that is over is to be told so, to begin another.
    headers.contains_key(&headers::SESSION).then(|| Ok(stateful::session(server, peer, headers)?.revision))
}

type Element = Result<Envelope, Malformed>;

/// Takes a batch apart.
fn read(message: &[u8], most: usize) -> Result<Vec<Element>, Malformed> {
    let unparsable = |detail: String| Malformed { id: None, problem: Problem::Unparsable, detail };
    let invalid = |detail: String| Malformed { id: None, problem: Problem::Invalid, detail };
    let text = std::str::from_utf8(message)
        .map_err(|fault| unparsable(format!("invalid UTF-8 at byte {}", fault.valid_up_to())))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let elements = reader.deserialize_seq(Elements { most }).and_then(|elements| {
        reader.end()?;
        Ok(elements)
    });
    let elements = elements.map_err(|fault| match fault.is_data() {
        true => invalid(format!("a batch has at most {most} messages")),
        false => unparsable(fault.to_string()),
    })?;
    if elements.is_empty() {
        return Err(invalid("a batch has at least one message".into()));
    }
    let elements: Vec<_> = elements.iter().map(|element| envelope::read(element.get().as_bytes())).collect();
    let mut seen = HashSet::new();
    for element in &elements {
        if let Ok(Envelope { kind: Kind::Request { id, .. }, .. }) = element
            && !seen.insert(id)
        {
            return Err(invalid("two requests of the batch have the same id".into()));
        }
    }
    Ok(elements)
}

/// The texts of the elements of an array, so many at most: the rest is not looked at.
struct Elements {
    most: usize,
}

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = array.next_element()? {
            if elements.len() == self.most {
                return Err(A::Error::custom("too many"));
            }
            elements.push(element);
        }
        Ok(elements)
    }
}

fn understood(server: &Shared, elements: Vec<Element>, peer: &Peer, revision: Revision) -> Vec<Decoded> {
    let mut batch = Vec::with_capacity(elements.len());
    for element in elements {
        let envelope = match element {
            Ok(envelope) => envelope,
            // Each gets its answer: what answers a batch is no noise, and is never answered in turn.
            Err(malformed) => {
                batch.push(Decoded::Done(refused(malformed, Some(revision))));
                continue;
            }
        };
        match &envelope.kind {
            Kind::Request { id, method } => {
                let problem = match (method.as_str(), about(&envelope.params)) {
                    (INITIALIZE, _) => Some("\"initialize\" cannot be in a batch"),
                    (_, (_, Some(_))) => Some("a request that names its revision cannot be in a batch"),
                    _ => None,
                };
                if let Some(problem) = problem {
                    batch.push(Decoded::Done(Refusal::invalid(problem.into()).reply(Some(id))));
                    continue;
                }
            }
            // What stands before it in the batch is not under way yet, and so is in no table of calls.
            Kind::Notification { method } if method.as_str() == CANCELLED => {
                let id = envelope.params.get("requestId").and_then(Id::read);
                batch.retain(
                    |element| !matches!(element, Decoded::Request(call) if Some(&call.answer.id) == id.as_ref()),
                );
            }
            Kind::Notification { .. } | Kind::Response { .. } => {}
        }
        batch.push(understand(server, envelope, peer));
    }
    batch
}
