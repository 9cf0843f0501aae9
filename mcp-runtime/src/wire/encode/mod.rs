//! From what answers a request to the bytes of its revision: the only place where results are stamped, projected to
//! older revisions, and given an HTTP status.

mod content;
mod list;
mod notice;
mod refusal;
mod result;

use std::sync::Arc;

use serde::Serialize;

use content::Said;
pub(crate) use list::catalogue;
pub(super) use refusal::Refusal;
pub(crate) use refusal::code_of;
pub(crate) use result::result_to_keep;

use super::changed::Voice;
use super::envelope::Id;
use super::identity::Identity;
use super::meta;
use super::revision::Revision;
use super::session::Session;
use super::state::Binding;
use crate::json::Raw;
use crate::model::{Content, Extended, Facts, Hints, Meta, Response};
use crate::server::{Reply, Shared};

/// How the answers to one request are written.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) id: Id,
    pub(crate) revision: Revision,
    pub(crate) progress: Option<Raw>,
    pub(crate) back: Back,
}

/// How questions reach the client, and its answers the call.
#[derive(Debug)]
pub(crate) enum Back {
    /// They do not.
    None,
    /// The session sends them while the call waits.
    Session(Arc<Session>),
    /// The client carries the state of the call.
    Carried(Binding),
}

impl Answer {
    pub(in crate::wire) fn new(id: &Id, revision: Revision) -> Self {
        Self { id: id.clone(), revision, progress: None, back: Back::None }
    }

    /// A result that says nothing.
    pub(in crate::wire) fn empty(&self) -> Reply {
        self.with_body("")
    }

    /// A result that is written already.
    pub(in crate::wire) fn with_body(&self, body: &str) -> Reply {
        let mut out = Vec::with_capacity(64 + body.len());
        self.open(&mut out);
        out.extend_from_slice(body.as_bytes());
        out.extend_from_slice(b"}}");
        Reply::response(200, out)
    }

    fn open(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        self.id.write(out);
        out.extend_from_slice(b",\"result\":{");
    }

    /// Writes what answers the request.
    pub(crate) fn encode(&self, response: Response, server: &Shared, facts: &Facts) -> Reply {
        if matches!(response, Response::Empty) && !self.revision.stamps_results() {
            return self.empty();
        }
        let identity = &server.identity;
        let mut out = Vec::with_capacity(512 + self.length(&response));
        self.open(&mut out);
        if self.revision.stamps_results() {
            match &response {
                Response::InputRequired(_) => {}
                Response::Extended(Extended { kind: Some(kind), .. }) => {
                    member(&mut out, "resultType", *kind);
                    out.push(b',');
                }
                _ => out.extend_from_slice(b"\"resultType\":\"complete\","),
            }
        }
        let mut own = Meta::default();
        match response {
            Response::Error(error) => return Refusal::error(error, self.revision).reply(Some(&self.id)),
            Response::InputRequired(asked) => {
                if let Err(error) = self.input_required(&mut out, *asked, server, facts) {
                    return Refusal::error(error, self.revision).reply(Some(&self.id));
                }
            }
            Response::Extended(extended) => {
                for (at, (name, content)) in extended.members.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    member(&mut out, name, content);
                }
                without_comma(&mut out);
            }
            // A stream of changes has a voice of its own.
            Response::Listening(_) | Response::Empty => without_comma(&mut out),
            Response::Tool(result) => {
                self.tool_result(&mut out, &result);
                own = result.meta;
            }
            Response::Resource(result) => {
                member(&mut out, "contents", &result.contents);
                self.cache_hints(&mut out, result.hints);
                own = result.meta;
            }
            Response::Prompt(result) => {
                let messages = result.messages.iter().map(|message| Said::new(message, self.revision));
                member(&mut out, "messages", &messages.collect::<Vec<_>>());
                own = result.meta;
            }
            Response::Completion(found) => {
                let (values, total, more) = found.to_send();
                let found = serde_json::json!({"values": values, "total": total, "hasMore": more});
                member(&mut out, "completion", &found);
            }
            Response::List(page) => {
                out.extend_from_slice(&self.list(&page));
                self.cache_hints(&mut out, page.listing.hints(identity.hints));
            }
            Response::Discovery => {
                let known = format!(
                    "\"supportedVersions\":{},\"capabilities\":{}{}",
                    Revision::supported(),
                    identity.capabilities(self.revision),
                    identity.instructions
                );
                out.extend_from_slice(known.as_bytes());
                self.cache_hints(&mut out, identity.hints);
            }
        }
        if self.revision.stamps_results() {
            out.extend_from_slice(b",\"_meta\":{\"");
            out.extend_from_slice(meta::SERVER_INFO.as_bytes());
            out.extend_from_slice(b"\":");
            out.extend_from_slice(identity.server_info(self.revision).as_bytes());
            for (name, content) in own.members() {
                out.push(b',');
                value(&mut out, name);
                out.push(b':');
                value(&mut out, content);
            }
            out.push(b'}');
        } else if !own.is_empty() {
            out.push(b',');
            member(&mut out, "_meta", &own);
        }
        out.extend_from_slice(b"}}");
        Reply::response(200, out)
    }

    /// How long the part of an answer is that may be long, as far as that is known at once: a buffer that grows is copied.
    fn length(&self, response: &Response) -> usize {
        match response {
            Response::Tool(result) => {
                let texts: usize = result.content.iter().filter_map(Content::as_text).map(str::len).sum();
                // As text, where there is none, and as what it is; quotes are written as two characters in text.
                texts + result.structured.as_ref().map_or(0, |structured| structured.len() * 5 / 2)
            }
            Response::List(page) if page.after.is_none() => self.list(page).len(),
            _ => 0,
        }
    }

    /// How a stream of changes speaks that answers the request.
    pub(crate) fn voice(&self, identity: &Identity) -> Voice {
        let server_info = identity.server_info(self.revision).to_owned();
        Voice::Subscription { id: self.id.clone(), server_info }
    }

    /// The answer to a request for which there is no place now.
    pub(crate) fn busy(&self) -> Reply {
        Refusal::busy("too many calls are under way: try again later").reply(Some(&self.id))
    }

    /// The answer to a request whose id another one has that is under way.
    pub(crate) fn id_in_use(&self) -> Reply {
        Refusal::id_in_use(self.revision).reply(Some(&self.id))
    }

    fn cache_hints(&self, out: &mut Vec<u8>, hints: Hints) {
        if self.revision.stamps_results() {
            out.push(b',');
            member(out, "ttlMs", &hints.ttl);
            out.push(b',');
            member(out, "cacheScope", &hints.scope);
        }
    }
}

/// What was stamped before ends with a comma for what follows, and nothing may follow.
fn without_comma(out: &mut Vec<u8>) {
    if out.last() == Some(&b',') {
        out.pop();
    }
}

fn member<T: Serialize + ?Sized>(out: &mut Vec<u8>, name: &str, content: &T) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    value(out, content);
}

fn value<T: Serialize + ?Sized>(out: &mut Vec<u8>, content: &T) {
    let start = out.len();
    // Our own types always have a form in JSON; were one to fail, half of it must not stay.
    if let Err(error) = serde_json::to_writer(&mut *out, content) {
        tracing::error!(%error, "a value has no form in JSON");
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}
