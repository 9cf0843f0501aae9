//! From what answers a request to the bytes of its revision: the only place where results are stamped, projected to
//! older revisions, and given an HTTP status.

use serde::Serialize;

use super::cursor;
use super::envelope::Id;
use super::extra::{Extra, Marks};
use super::headers::Mismatch;
use super::identity::Identity;
use super::meta;
use super::revision::Revision;
use crate::error::ErrorKind;
use crate::json::{Raw, shortened};
use crate::model::{Hints, Items, Kind, ListPage, Progress, Resource, Response, Tool, ToolResult};
use crate::server::Reply;
use crate::{Error, model};

/// How the answers to one request are written.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) id: Id,
    pub(crate) revision: Revision,
    pub(crate) progress: Option<Raw>,
}

/// What a call says before its result.
pub(crate) type Notice = Progress;

impl Answer {
    pub(super) fn new(id: &Id, revision: Revision) -> Self {
        Self { id: id.clone(), revision, progress: None }
    }

    /// A result that says nothing.
    pub(super) fn empty(&self) -> Reply {
        self.with_body("")
    }

    /// A result that is written already.
    pub(super) fn with_body(&self, body: &str) -> Reply {
        let mut out = Vec::with_capacity(64 + body.len());
        self.open(&mut out);
        out.extend_from_slice(body.as_bytes());
        out.extend_from_slice(b"}}");
        Reply::response(200, out)
    }

    fn open(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        out.extend_from_slice(self.id.raw().as_bytes());
        out.extend_from_slice(b",\"result\":{");
    }

    /// Writes what answers the request.
    pub(crate) fn encode(&self, response: Response, identity: &Identity) -> Reply {
        let mut out = Vec::with_capacity(512);
        self.open(&mut out);
        if self.revision.stamps_results() {
            out.extend_from_slice(b"\"resultType\":\"complete\",");
        }
        let mut own = model::Meta::default();
        match response {
            Response::Error(error) => return Refusal::error(error, self.revision).reply(Some(&self.id)),
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
                member(&mut out, "messages", &result.messages);
                own = result.meta;
            }
            Response::Completion(found) => {
                let (values, total, more) = found.to_send();
                let found = serde_json::json!({"values": values, "total": total, "hasMore": more});
                member(&mut out, "completion", &found);
            }
            Response::List(page) => {
                out.extend_from_slice(&self.list(&page));
                self.cache_hints(&mut out, identity.hints);
            }
            Response::Discovery => {
                let known = format!(
                    "\"supportedVersions\":{},\"capabilities\":{}{}",
                    Revision::supported(),
                    identity.capabilities,
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

    /// The answer to a request for which there is no place now.
    pub(crate) fn busy(&self) -> Reply {
        Refusal::busy("too many calls are under way: try again later").reply(Some(&self.id))
    }

    /// The answer to a request whose id another one has that is under way.
    pub(crate) fn id_in_use(&self) -> Reply {
        Refusal::id_in_use(self.revision).reply(Some(&self.id))
    }

    /// Writes what a call says before its result; `None` where the peer did not ask to be told.
    pub(crate) fn notice(&self, notice: &Notice) -> Option<Reply> {
        let token = self.progress.as_ref()?;
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(
            b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":",
        );
        out.extend_from_slice(token.as_str().as_bytes());
        out.push(b',');
        member(&mut out, "progress", &number(notice.done));
        if let Some(total) = notice.total.filter(|total| total.is_finite()) {
            out.push(b',');
            member(&mut out, "total", &number(total));
        }
        if let Some(message) = &notice.message {
            out.push(b',');
            member(&mut out, "message", message);
        }
        out.extend_from_slice(b"}}");
        Some(Reply::notification(out))
    }

    fn cache_hints(&self, out: &mut Vec<u8>, hints: Hints) {
        if self.revision.stamps_results() {
            out.push(b',');
            member(out, "ttlMs", &hints.ttl);
            out.push(b',');
            member(out, "cacheScope", &hints.scope);
        }
    }

    fn tool_result(&self, out: &mut Vec<u8>, result: &ToolResult) {
        match &result.structured {
            // Clients that know no structured results, and models, read its text.
            Some(structured) if result.content.is_empty() => {
                out.extend_from_slice(b"\"content\":[{\"type\":\"text\",\"text\":");
                value(out, structured);
                out.extend_from_slice(b"}]");
            }
            _ => member(out, "content", &result.content),
        }
        if let Some(structured) = &result.structured
            && (self.revision.any_structured_result() || structured.starts_with('{'))
        {
            out.extend_from_slice(b",\"structuredContent\":");
            let start = out.len();
            out.extend_from_slice(structured.as_bytes());
            // JSON that was passed on as it came may have line ends, all of them white space. A message has none.
            if memchr::memchr2(b'\n', b'\r', structured.as_bytes()).is_some() {
                let written = out.get_mut(start..).unwrap_or_default();
                written.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
            }
        }
        if result.is_error {
            out.extend_from_slice(b",\"isError\":true");
        }
    }

    fn list<'a>(&self, page: &'a ListPage) -> std::borrow::Cow<'a, [u8]> {
        match page.after {
            None => page.listing.form(self.revision.list_form(), || self.page(page)),
            Some(_) => self.page(page).into(),
        }
    }

    /// Writes a page of a list, with the cursor of the next one.
    fn page(&self, page: &ListPage) -> Vec<u8> {
        let mut out = Vec::new();
        let (range, last) = page.range();
        let items = &page.listing.items;
        match items {
            Items::Tools(found) => {
                let found = found.get(range).unwrap_or_default().iter();
                let found: Vec<_> = found.map(|tool| PublishedTool::new(tool, self.revision)).collect();
                member(&mut out, "tools", &found);
            }
            Items::Resources(found) | Items::Templates(found) => {
                let found = found.get(range).unwrap_or_default().iter();
                let found: Vec<_> =
                    found.map(|resource| PublishedResource::new(resource, self.revision)).collect();
                let list = if let Items::Resources(_) = items { "resources" } else { "resourceTemplates" };
                member(&mut out, list, &found);
            }
            Items::Prompts(found) => {
                let found = found.get(range).unwrap_or_default().iter();
                let found: Vec<_> = found.map(|prompt| PublishedPrompt::new(prompt, self.revision)).collect();
                member(&mut out, "prompts", &found);
            }
        }
        if let Some(last) = last {
            out.push(b',');
            member(&mut out, "nextCursor", &cursor::write(items.kind(), last));
        }
        out
    }
}

/// Whole numbers without a fraction, as people write them.
fn number(value: f64) -> serde_json::Number {
    #[allow(clippy::cast_possible_truncation, reason = "the value is whole and far inside the range")]
    let whole = (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64);
    whole.map(Into::into).or_else(|| serde_json::Number::from_f64(value)).unwrap_or_else(|| 0.into())
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublishedTool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: &'a str,
    input_schema: &'a crate::schema::InputSchema,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<&'a serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<model::Annotations>,
    #[serde(flatten)]
    extra: Extra<'a>,
}

impl<'a> PublishedTool<'a> {
    fn new(tool: &'a Tool, revision: Revision) -> Self {
        let definition = &tool.definition;
        let any = revision.any_structured_result();
        let output = tool.output.as_ref().filter(|schema| any || schema.is_object());
        Self {
            name: definition.name,
            title: definition.title,
            description: definition.published_description(),
            input_schema: &tool.input,
            output_schema: output.map(|schema| &schema.0),
            annotations: match definition.kind {
                Kind::Tool(hints) if hints != model::Annotations::default() => Some(hints),
                _ => None,
            },
            extra: Extra::new(definition, &tool.meta, revision),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublishedResource<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_template: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Marks>,
    #[serde(flatten)]
    extra: Extra<'a>,
}

impl<'a> PublishedResource<'a> {
    fn new(resource: &'a Resource, revision: Revision) -> Self {
        let definition = &resource.definition;
        let (mime_type, size) = match definition.kind {
            Kind::Resource { mime, size, .. } => (mime, size),
            _ => (None, None),
        };
        let template = resource.template.is_template();
        Self {
            uri: (!template).then(|| resource.uri()),
            uri_template: template.then(|| resource.uri()),
            name: definition.name,
            title: definition.title,
            description: definition.published_description(),
            mime_type,
            size: size.filter(|_| !template),
            annotations: Marks::new(definition),
            extra: Extra::new(definition, &resource.meta, revision),
        }
    }
}

#[derive(Serialize)]
struct PublishedPrompt<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    arguments: &'a [model::PromptArgument],
    #[serde(flatten)]
    extra: Extra<'a>,
}

impl<'a> PublishedPrompt<'a> {
    fn new(prompt: &'a model::Prompt, revision: Revision) -> Self {
        let definition = &prompt.definition;
        Self {
            name: definition.name,
            title: definition.title,
            description: definition.published_description(),
            arguments: &prompt.arguments,
            extra: Extra::new(definition, &prompt.meta, revision),
        }
    }
}

/// An error that answers a message: its number, its HTTP status, and what it says.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: i32,
    status: u16,
    message: String,
    data: Option<serde_json::Value>,
}

impl Refusal {
    fn new(code: i32, status: u16, message: String) -> Self {
        Self { code, status, message, data: None }
    }

    pub(super) fn parse(message: String) -> Self {
        Self::new(-32700, 400, message)
    }

    pub(super) fn invalid(message: String) -> Self {
        Self::new(-32600, 400, message)
    }

    pub(super) fn params(message: String) -> Self {
        Self::new(-32602, 200, message)
    }

    pub(super) fn missing_meta(message: String) -> Self {
        Self::new(-32602, 400, message)
    }

    pub(super) fn header(Mismatch(message): Mismatch) -> Self {
        Self::new(-32020, 400, message)
    }

    pub(super) fn version(requested: &str) -> Self {
        let supported = Revision::supported();
        let supported: serde_json::Value = serde_json::from_str(&supported).unwrap_or_default();
        Self {
            data: Some(serde_json::json!({"supported": supported, "requested": requested})),
            ..Self::new(-32022, 400, format!("protocol version {:?} is not served", shortened(requested)))
        }
    }

    pub(super) fn id_in_use(revision: Revision) -> Self {
        let status = if revision.is_stateless() { 400 } else { 200 };
        Self::new(-32600, status, "a request with this id is under way".into())
    }

    pub(super) fn session_required() -> Self {
        Self::new(-32600, 400, "header mcp-session-id is missing: begin with \"initialize\"".into())
    }

    pub(super) fn no_session() -> Self {
        Self::new(-32600, 404, "no such session: begin again with \"initialize\"".into())
    }

    pub(super) fn busy(message: &str) -> Self {
        Self::new(-32603, 503, message.into())
    }

    pub(super) fn error(error: Error, revision: Revision) -> Self {
        let stateless = revision.is_stateless();
        let (code, status, data) = match error.kind {
            ErrorKind::MethodNotFound => (-32601, if stateless { 404 } else { 200 }, None),
            ErrorKind::InvalidParams => (-32602, 200, None),
            ErrorKind::ResourceNotFound { uri } => {
                (if stateless { -32602 } else { -32002 }, 200, Some(serde_json::json!({"uri": uri})))
            }
            ErrorKind::Internal => (-32603, 200, None),
        };
        Self { data, ..Self::new(code, status, error.message) }
    }

    /// The answer, without an id where the message had none that could be read.
    pub(super) fn reply(self, id: Option<&Id>) -> Reply {
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",");
        if let Some(id) = id {
            out.extend_from_slice(b"\"id\":");
            out.extend_from_slice(id.raw().as_bytes());
            out.push(b',');
        }
        out.extend_from_slice(b"\"error\":{");
        member(&mut out, "code", &self.code);
        out.push(b',');
        member(&mut out, "message", &self.message);
        if let Some(data) = &self.data {
            out.push(b',');
            member(&mut out, "data", data);
        }
        out.extend_from_slice(b"}}");
        Reply::response(self.status, out)
    }
}
