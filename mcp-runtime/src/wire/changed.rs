//! Changes as the protocol writes them: on a subscription's stream each carries the subscription's id, in a session none does.
//!
//! See the specification, "Subscriptions", and in the older revisions "Resources" and the sections on changed lists.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::envelope::{Id, Params};
use super::meta;
use crate::Error;
use crate::changes::{Change, LONGEST_TOPIC, LONGEST_TOPICS, MOST_TOPICS, may_be_heard};
use crate::extension::Extensions;
use crate::model::{Client, ListingKind};
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
    fn notification(&self, method: &str, params: Map<String, Value>) -> Reply {
        let mut members = Vec::new();
        if let Self::Subscription { id, .. } = self {
            // As it was written: who asked knows it by that.
            members.push(format!("\"_meta\":{{\"{}\":{}}}", meta::SUBSCRIPTION_ID, id));
        }
        members.extend(params.iter().map(|(name, value)| format!("{}:{value}", json!(name))));
        let params = match members.is_empty() {
            true => String::new(),
            false => format!(",\"params\":{{{}}}", members.join(",")),
        };
        let message = format!("{{\"jsonrpc\":\"2.0\",\"method\":{}{params}}}", json!(method));
        Reply::notification(message.into_bytes())
    }

    /// The first message of a subscription: what will be told.
    pub(crate) fn acknowledged(&self, topics: &BTreeSet<Change>) -> Option<Reply> {
        let Self::Subscription { .. } = self else { return None };
        let mut honoured = Map::new();
        let mut uris = Vec::new();
        let mut extended = std::collections::BTreeMap::<_, Vec<&str>>::new();
        for topic in topics {
            match topic {
                Change::Extension { topics, topic } => extended.entry(*topics).or_default().push(topic),
                Change::List(kind) => {
                    honoured.insert(filter_of(*kind).into(), true.into());
                }
                Change::Resource(uri) => uris.push(uri.as_str()),
            }
        }
        if !uris.is_empty() {
            honoured.insert("resourceSubscriptions".into(), uris.into());
        }
        honoured.extend(extended.into_iter().map(|(name, topics)| (name.to_owned(), topics.into())));
        let params = Map::from_iter([("notifications".into(), honoured.into())]);
        Some(self.notification("notifications/subscriptions/acknowledged", params))
    }

    /// A change; none where there is nothing to tell of it any more.
    pub(crate) fn changed(&self, change: &Change, extensions: &Extensions) -> Option<Reply> {
        Some(match change {
            Change::Extension { topics, topic } => {
                let extension = extensions.iter().find(|it| it.topics() == Some(*topics))?;
                let (method, params) = extension.news(topic)?;
                self.notification(method, params)
            }
            Change::List(kind) => {
                let method = match kind {
                    ListingKind::Tools => "notifications/tools/list_changed",
                    ListingKind::Prompts => "notifications/prompts/list_changed",
                    ListingKind::Resources | ListingKind::Templates => "notifications/resources/list_changed",
                };
                self.notification(method, Map::new())
            }
            Change::Resource(uri) => {
                let params = Map::from_iter([("uri".into(), uri.as_str().into())]);
                self.notification("notifications/resources/updated", params)
            }
        })
    }

    /// The last message, where there is one.
    pub(crate) fn ended(&self) -> Option<Reply> {
        let Self::Subscription { id, server_info } = self else { return None };
        let body = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"resultType\":\"complete\",\"_meta\":{{\"{}\":{id},\"{}\":{server_info}}}}}}}",
            meta::SUBSCRIPTION_ID,
            meta::SERVER_INFO,
            id = id,
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

/// What a subscription asks to be told.
pub(super) fn topics(
    params: &Params,
    extensions: &Extensions,
    client: &Client,
) -> Result<BTreeSet<Change>, Error> {
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
        topics.extend(uris.into_iter().map(Change::Resource));
    }
    for extension in extensions.iter() {
        let Some(name) = extension.topics() else { continue };
        let Some(asked) = filter.get(name) else { continue };
        if client.extension(extension.id()).is_none() {
            return Err(Error::missing_extension(extension.id()));
        }
        let asked: Vec<String> = serde_json::from_str(asked.as_str())
            .map_err(|_| wrong(format!("\"{name}\" must be a list of strings")))?;
        topics.extend(asked.into_iter().map(|topic| Change::Extension { topics: name, topic }));
    }
    if !may_be_heard(&topics) {
        return Err(wrong(format!(
            "a subscription may name {MOST_TOPICS} things at most, each with {LONGEST_TOPIC} bytes, and {LONGEST_TOPICS} \
             bytes in all"
        )));
    }
    Ok(topics)
}
