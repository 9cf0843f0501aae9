//! The JSON-RPC 2.0 envelope: one message, read from bytes and not yet understood.
//!
//! It knows nothing of protocol revisions, methods or transports.

use std::sync::Arc;

use crate::json::scan::{self, Fault, Limits, Member};
use crate::json::{Object, same, string, unescape};

/// The id of a request as it was written, so that `5` stays `5`, `"5"` stays `"5"` and no digit is lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Id(Box<str>);

/// An id longer than this, in bytes, is refused.
const LONGEST_ID: usize = 1024;

impl Id {
    /// Reads a string or an integer; nothing else is an id.
    pub(crate) fn read(raw: &str) -> Option<Self> {
        let digits = raw.strip_prefix('-').unwrap_or(raw);
        let legal = raw.starts_with('"') || (!digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()));
        (legal && raw.len() <= LONGEST_ID).then(|| Self(raw.into()))
    }

    /// The token to write into the answer.
    pub(crate) fn raw(&self) -> &str {
        &self.0
    }
}

/// A message that is a well-formed JSON-RPC object.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) kind: Kind,
    pub(crate) params: Params,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Request { id: Id, method: Box<str> },
    Notification { method: Box<str> },
    /// An answer to something that was asked, or was never asked.
    Response,
}

/// A message that is not, with as much of it as could be read.
#[derive(Debug)]
pub(crate) struct Malformed {
    pub(crate) id: Option<Id>,
    pub(crate) problem: Problem,
    pub(crate) detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Not JSON, or not UTF-8.
    Unparsable,
    /// JSON, but not one request or notification.
    Invalid,
}

/// The `params` of a message: where its members, and the members of those, stand in the text.
#[derive(Debug)]
pub(crate) struct Params {
    text: Arc<str>,
    members: Vec<Member>,
    present: bool,
}

impl Params {
    /// The raw value of a member of `params`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.member(name).map(|member| member.value.of(&self.text))
    }

    fn member(&self, name: &str) -> Option<&Member> {
        if !self.present {
            return None;
        }
        self.members.iter().find(|member| member.level == 2 && same(member.name.of(&self.text), name))
    }

    /// A member of `params` that is a string, with its escapes resolved.
    pub(crate) fn string(&self, name: &str) -> Option<std::borrow::Cow<'_, str>> {
        string(self.get(name)?)
    }

    /// A member of `params` that is an object; `Err` where it is something else.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Object>, ()> {
        let Some(member) = self.member(name) else { return Ok(None) };
        let whole = member.value;
        if !whole.of(&self.text).starts_with('{') {
            return Err(());
        }
        let members = self
            .members
            .iter()
            .filter(|inner| inner.level == 3 && whole.start < inner.value.start && inner.value.end < whole.end)
            .map(|inner| (inner.name, inner.value))
            .collect();
        Ok(Some(Object::new(self.text.clone(), members, whole)))
    }
}

/// How deep a message may nest, and how many members its outer objects may have in all.
pub(crate) const LIMITS: Limits = Limits { depth: 128, members: 16_384 };

/// Reads one message.
pub(crate) fn read(message: &[u8]) -> Result<Envelope, Malformed> {
    let unparsable = |detail: String| Malformed { id: None, problem: Problem::Unparsable, detail };
    let text = std::str::from_utf8(message)
        .map_err(|fault| unparsable(format!("invalid UTF-8 at byte {}", fault.valid_up_to())))?;
    let members = scan::scan(text, LIMITS).map_err(|fault| match fault {
        Fault::Syntax { .. } => unparsable(fault.to_string()),
        _ => Malformed { id: None, problem: Problem::Invalid, detail: fault.to_string() },
    })?;
    let invalid = |id: Option<Id>, detail: &str| Malformed { id, problem: Problem::Invalid, detail: detail.into() };
    match text.trim_start_matches([' ', '\t', '\n', '\r']).as_bytes().first() {
        Some(b'{') => {}
        Some(b'[') => return Err(invalid(None, "a batch is not accepted: send one message at a time")),
        _ => return Err(invalid(None, "a message is a JSON object")),
    }
    let (mut version, mut id, mut method, mut params, mut outcome) = (None, None, None, None, false);
    for member in members.iter().filter(|member| member.level == 1) {
        let value = member.value.of(text);
        match unescape(member.name.of(text)).as_ref() {
            "jsonrpc" => version = Some(value),
            "id" => id = Some(value),
            "method" => method = Some(value),
            "params" => params = Some(value),
            "result" | "error" => outcome = true,
            _ => {}
        }
    }
    let known = id.and_then(Id::read);
    if version != Some("\"2.0\"") {
        return Err(invalid(known, "\"jsonrpc\" must be \"2.0\""));
    }
    let Some(method) = method else {
        return if outcome {
            Ok(Envelope { kind: Kind::Response, params: Params::none() })
        } else {
            Err(invalid(known, "\"method\" is missing"))
        };
    };
    let Some(method) = string(method) else { return Err(invalid(known, "\"method\" must be a string")) };
    if id.is_some() && known.is_none() {
        return Err(invalid(None, "\"id\" must be a string or an integer"));
    }
    let present = match params {
        None => false,
        Some(params) if params.starts_with('{') => true,
        Some(_) => return Err(invalid(known, "\"params\" must be an object")),
    };
    let method: Box<str> = method.into();
    let kind = match known {
        Some(id) => Kind::Request { id, method },
        None => Kind::Notification { method },
    };
    Ok(Envelope { kind, params: Params { text: text.into(), members, present } })
}

impl Params {
    fn none() -> Self {
        Self { text: "".into(), members: Vec::new(), present: false }
    }
}
