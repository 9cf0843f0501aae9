//! Changes as the protocol writes them: on a subscription's stream each carries the subscription's id, in a session none does.
//!
//! See the specification, "Subscriptions", and in the older revisions "Resources" and the sections on changed lists.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::envelope::{Id, Params};
use super::meta;
use crate::Error;
use crate::changes::{Change, LONGEST_TOPIC, MOST_TOPICS};
use crate::model::ListingKind;
use crate::server::Reply;

/// How a stream of changes speaks.
#[derive(Debug)]
pub(crate) enum Voice {
    /// To a session.
    Session,
    /// To whoever sent this request.
    Subscription { id: Id, server_info: String },
}

impl Voice {
    /// A message with what says which subscription it belongs to: the id as it was written, so that no digit is lost.
    fn notification(&self, method: &str, params: &Map<String, Value>) -> Reply {
        let mut members = Vec::with_capacity(2);
        if let Self::Subscription { id, .. } = self {
            members.push(format!("\"_meta\":{{\"{}\":{}}}", meta::SUBSCRIPTION_ID, id.raw()));
        }
        members.extend(params.iter().map(|(name, value)| format!("\"{name}\":{value}")));
        let params = match members.is_empty() {
            true => String::new(),
            false => format!(",\"params\":{{{}}}", members.join(",")),
        };
        let message = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{method}\"{params}}}");
        Reply::notification(message.into_bytes())
    }

    /// The first message of a subscription: what will be told.
    pub(crate) fn acknowledged(&self, topics: &BTreeSet<Change>) -> Option<Reply> {
        let Self::Subscription { .. } = self else { return None };
        let mut honoured = Map::new();
        let mut uris = Vec::new();
        for topic in topics {
            match topic {
                Change::List(kind) => {
                    honoured.insert(filter_of(*kind).into(), true.into());
                }
                Change::Resource(uri) => uris.push(uri.as_str()),
            }
        }
        if !uris.is_empty() {
            honoured.insert("resourceSubscriptions".into(), uris.into());
        }
        let params = Map::from_iter([("notifications".into(), honoured.into())]);
        Some(self.notification("notifications/subscriptions/acknowledged", &params))
    }

    /// A change.
    pub(crate) fn changed(&self, change: &Change) -> Reply {
        match change {
            Change::List(kind) => {
                let method = match kind {
                    ListingKind::Tools => "notifications/tools/list_changed",
                    ListingKind::Prompts => "notifications/prompts/list_changed",
                    ListingKind::Resources | ListingKind::Templates => "notifications/resources/list_changed",
                };
                self.notification(method, &Map::new())
            }
            Change::Resource(uri) => {
                let params = Map::from_iter([("uri".into(), uri.as_str().into())]);
                self.notification("notifications/resources/updated", &params)
            }
        }
    }

    /// The last message, where there is one.
    pub(crate) fn ended(&self) -> Option<Reply> {
        let Self::Subscription { id, server_info } = self else { return None };
        let body = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"resultType\":\"complete\",\"_meta\":{{\"{}\":{id},\"{}\":{server_info}}}}}}}",
            meta::SUBSCRIPTION_ID,
            meta::SERVER_INFO,
            id = id.raw(),
        );
        Some(Reply::response(200, body.into_bytes()))
    }
}

fn filter_of(kind: ListingKind) -> &'static str {
    match kind {
        ListingKind::Tools => "toolsListChanged",
        ListingKind::Prompts => "promptsListChanged",
        ListingKind::Resources | ListingKind::Templates => "resourcesListChanged",
    }
}

/// Refuses a URI that is too long to be kept.
pub(super) fn listenable(uri: &str) -> Result<(), Error> {
    match uri.len() {
        0..=LONGEST_TOPIC => Ok(()),
        _ => Err(Error::invalid_params(format!(
            "a URI that is subscribed to may have {LONGEST_TOPIC} bytes at most"
        ))),
    }
}

/// What a subscription asks to be told.
pub(super) fn topics(params: &Params) -> Result<BTreeSet<Change>, Error> {
    let wrong = |what: String| Error::invalid_params(what);
    let Ok(Some(filter)) = params.inside("notifications") else {
        return Err(wrong("\"notifications\" must be an object".into()));
    };
    let mut topics = BTreeSet::new();
    for kind in [ListingKind::Tools, ListingKind::Prompts, ListingKind::Resources] {
        let name = filter_of(kind);
        match filter.get(name).map(|raw| raw.as_str().to_owned()).as_deref() {
            Some("true") => {
                topics.insert(Change::List(kind));
            }
            None | Some("false") => {}
            Some(_) => return Err(wrong(format!("\"{name}\" must be true or false"))),
        }
    }
    if let Some(uris) = filter.get("resourceSubscriptions") {
        let uris: Vec<String> = serde_json::from_str(uris.as_str())
            .map_err(|_| wrong("\"resourceSubscriptions\" must be a list of URIs".into()))?;
        uris.iter().try_for_each(|uri| listenable(uri))?;
        topics.extend(uris.into_iter().map(Change::Resource));
    }
    if topics.len() > MOST_TOPICS {
        return Err(wrong(format!("a subscription may name {MOST_TOPICS} things at most")));
    }
    Ok(topics)
}
