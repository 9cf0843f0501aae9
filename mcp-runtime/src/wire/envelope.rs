//! The JSON-RPC 2.0 envelope: one message, read from bytes and not yet understood.
//!
//! It knows nothing of protocol revisions, methods or transports.

use std::borrow::Cow;
use std::sync::Arc;

use crate::json::scan::{self, Fault, Limits, Member, Scanned};
use crate::json::{Object, Raw, Span, same, string, unescape};
use crate::model::Called;

/// The id of a request, which comes out as it was written, so that `5` stays `5`, `"5"` stays `"5"` and no digit is lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Id(Token);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Token {
    /// What most clients use. It is written in one way only.
    Number(u64),
    /// Anything else, as it was written.
    Written(Arc<str>),
}

/// An id longer than this, in bytes, is refused.
const LONGEST_ID: usize = 1024;

impl Id {
    /// Reads a string or an integer; nothing else is an id.
    pub(crate) fn read(raw: &str) -> Option<Self> {
        if let Some(number) = plain_number(raw.as_bytes()) {
            return Some(Self(Token::Number(number)));
        }
        let digits = raw.strip_prefix('-').unwrap_or(raw);
        let legal = raw.starts_with('"')
            || (!digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()));
        (legal && raw.len() <= LONGEST_ID).then(|| Self(Token::Written(raw.into())))
    }

    /// The number, where it is a plain one.
    pub(crate) fn number(&self) -> Option<u64> {
        match self.0 {
            Token::Number(number) => Some(number),
            Token::Written(_) => None,
        }
    }

    /// Writes the token into an answer.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match &self.0 {
            // A number always has a form in JSON, and a buffer takes whatever is written.
            Token::Number(number) => drop(serde_json::to_writer(out, number)),
            Token::Written(raw) => out.extend_from_slice(raw.as_bytes()),
        }
    }
}

impl Id {
    /// What the peer calls his request.
    pub(super) fn called(&self) -> Called {
        match &self.0 {
            Token::Number(number) => Called::Number(*number),
            Token::Written(text) => Called::Written(text.clone()),
        }
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Token::Number(number) => number.fmt(f),
            Token::Written(raw) => f.write_str(raw),
        }
    }
}

/// A number of so few digits that it fits, and that does not begin with a zero which would be lost.
fn plain_number(raw: &[u8]) -> Option<u64> {
    if raw.len() > 18 || raw == b"" || (raw.len() > 1 && raw.starts_with(b"0")) {
        return None;
    }
    raw.iter()
        .try_fold(0_u64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

/// A message that is a well-formed JSON-RPC object.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) kind: Kind,
    pub(crate) params: Params,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Request {
        id: Id,
        method: Raw,
    },
    Notification {
        method: Raw,
    },
    /// An answer to something that was asked, or was never asked: its result, or its error.
    Response {
        id: Option<Id>,
        answer: Result<Raw, Raw>,
    },
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
    /// Where `params` itself stands, if it is there.
    whole: Option<Span>,
    escaped_names: bool,
}

impl Params {
    fn member(&self, name: &str) -> Option<&Member> {
        let whole = self.whole?;
        let found = |member: &&Member| {
            member.level == 2
                && whole.encloses(member.value)
                && same(&self.text, member.name, name, self.escaped_names)
        };
        self.members.iter().find(found)
    }

    /// The raw value of a member of `params`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.member(name).map(|member| member.value.of(&self.text))
    }

    /// Where the values of several members of `params` stand in the [`text`](Self::text), found in one pass.
    pub(crate) fn spans<const N: usize>(&self, names: &[&str; N]) -> [Option<Span>; N] {
        let mut spans = [None; N];
        let Some(whole) = self.whole else { return spans };
        let inside = |member: &&Member| member.level == 2 && whole.encloses(member.value);
        for member in self.members.iter().filter(inside) {
            let known = names.iter().position(|name| same(&self.text, member.name, name, self.escaped_names));
            if let Some(span) = known.and_then(|at| spans.get_mut(at)) {
                *span = Some(member.value);
            }
        }
        spans
    }

    /// The parameters as they were written; an empty object where there are none.
    pub(crate) fn whole(&self) -> &str {
        self.whole.map_or("{}", |whole| whole.of(&self.text))
    }

    /// The parameters as they were written, to be kept.
    pub(crate) fn raw(&self) -> Raw {
        match self.whole {
            Some(whole) => Raw::new(self.text.clone(), whole),
            None => Raw::whole("{}"),
        }
    }

    /// The text of the message.
    pub(crate) fn text(&self) -> Arc<str> {
        self.text.clone()
    }

    /// A member of `params` that is a string, with its escapes resolved.
    pub(crate) fn string(&self, name: &str) -> Option<Cow<'_, str>> {
        string(self.get(name)?)
    }

    /// A string that stands in a place of the text, with its escapes resolved.
    pub(crate) fn string_at(&self, place: Span) -> Option<Cow<'_, str>> {
        string(place.of(&self.text))
    }

    /// A member of `params` that is an object; `Err` where it is something else.
    pub(crate) fn inside(&self, name: &str) -> Result<Option<Inside<'_>>, ()> {
        self.inside_at(self.member(name).map(|member| member.value))
    }

    /// The same, of a member whose place is known.
    pub(crate) fn inside_at(&self, place: Option<Span>) -> Result<Option<Inside<'_>>, ()> {
        match place {
            None => Ok(None),
            Some(whole) if whole.bytes(&self.text).starts_with(b"{") => {
                Ok(Some(Inside { params: self, whole }))
            }
            Some(_) => Err(()),
        }
    }
}

/// An object inside `params`, such as `_meta` or `arguments`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inside<'a> {
    params: &'a Params,
    whole: Span,
}

impl<'a> Inside<'a> {
    fn members(self) -> impl Iterator<Item = &'a Member> {
        let Self { params, whole } = self;
        let inside = move |inner: &&Member| inner.level == 3 && whole.encloses(inner.value);
        params.members.iter().filter(inside)
    }

    /// The value of a member, as it was written.
    pub(crate) fn get(self, name: &str) -> Option<Raw> {
        let Params { text, escaped_names, .. } = self.params;
        let found = self.members().find(|member| same(text, member.name, name, *escaped_names))?;
        Some(Raw::new(text.clone(), found.value))
    }

    /// Where the values of several members stand, found in one pass.
    pub(crate) fn spans<const N: usize>(self, names: &[&str; N]) -> [Option<Span>; N] {
        let Params { text, escaped_names, .. } = self.params;
        let mut spans = [None; N];
        for member in self.members() {
            let known = names.iter().position(|name| same(text, member.name, name, *escaped_names));
            if let Some(span) = known.and_then(|at| spans.get_mut(at)) {
                *span = Some(member.value);
            }
        }
        spans
    }

    /// The names and raw values of the members.
    pub(crate) fn pairs(self) -> impl Iterator<Item = (Cow<'a, str>, &'a str)> {
        let text = &self.params.text;
        self.members().map(|member| (unescape(member.name.of(text)), member.value.of(text)))
    }

    /// The object as it was written.
    pub(crate) fn raw(self) -> &'a str {
        self.whole.of(&self.params.text)
    }

    /// The object on its own, to be kept.
    pub(crate) fn to_object(self) -> Object {
        let members = self.members().map(|member| (member.name, member.value)).collect();
        Object::new(self.params.text.clone(), members, self.whole, self.params.escaped_names)
    }
}

/// How deep a message may nest, and how many members its outer objects may have in all.
pub(crate) const LIMITS: Limits = Limits { depth: 128, members: 16_384 };

/// The id of a message that is JSON and breaks another rule, so that whoever waits for its answer has one.
fn id_of(text: &str) -> Option<Id> {
    #[derive(serde::Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        id: Option<&'a serde_json::value::RawValue>,
    }
    let named: Named<'_> = serde_json::from_str(text).ok()?;
    Id::read(named.id?.get())
}

/// Reads one message.
pub(crate) fn read(message: &[u8]) -> Result<Envelope, Malformed> {
    let unparsable = |detail: String| Malformed { id: None, problem: Problem::Unparsable, detail };
    let text = std::str::from_utf8(message)
        .map_err(|fault| unparsable(format!("invalid UTF-8 at byte {}", fault.valid_up_to())))?;
    let Scanned { members, escaped_names } = scan::scan(text, LIMITS).map_err(|fault| match fault {
        Fault::Syntax { .. } => unparsable(fault.to_string()),
        _ => Malformed { id: id_of(text), problem: Problem::Invalid, detail: fault.to_string() },
    })?;
    let invalid =
        |id: Option<Id>, detail: &str| Malformed { id, problem: Problem::Invalid, detail: detail.into() };
    match message.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => {}
        Some(b'[') => return Err(invalid(None, "a batch is not accepted: send one message at a time")),
        _ => return Err(invalid(None, "a message is a JSON object")),
    }
    let (mut version, mut id, mut method, mut params) = (None, None, None, None);
    let (mut result, mut error) = (None, None);
    for member in members.iter().filter(|member| member.level == 1) {
        let unescaped;
        let name = if escaped_names {
            unescaped = unescape(member.name.of(text));
            unescaped.as_bytes()
        } else {
            member.name.bytes(text)
        };
        let known = match name {
            b"jsonrpc" => &mut version,
            b"id" => &mut id,
            b"method" => &mut method,
            b"params" => &mut params,
            b"result" => &mut result,
            b"error" => &mut error,
            _ => continue,
        };
        *known = Some(member.value);
    }
    let known = id.and_then(|id: Span| Id::read(id.of(text)));
    if version.is_none_or(|version: Span| version.bytes(text) != b"\"2.0\"") {
        return Err(invalid(known, "\"jsonrpc\" must be \"2.0\""));
    }
    let Some(method) = method else {
        // What is both is an error, whichever comes first; but some write null for the member that is not meant.
        let answer = match (result, error) {
            (Some(result), None) => Ok(result),
            (Some(result), Some(error)) if error.of(text) == "null" => Ok(result),
            (_, Some(error)) => Err(error),
            (None, None) => return Err(invalid(known, "\"method\" is missing")),
        };
        let text: Arc<str> = text.into();
        let raw = |span| Raw::new(text.clone(), span);
        let kind = Kind::Response { id: known, answer: answer.map(raw).map_err(raw) };
        return Ok(Envelope {
            kind,
            params: Params { text, members: Vec::new(), whole: None, escaped_names },
        });
    };
    let Some(name) = string(method.of(text)) else {
        return Err(invalid(known, "\"method\" must be a string"));
    };
    if id.is_some() && known.is_none() {
        return Err(invalid(None, "\"id\" must be a string or an integer"));
    }
    if params.is_some_and(|params: Span| !params.bytes(text).starts_with(b"{")) {
        return Err(invalid(known, "\"params\" must be an object"));
    }
    let text: Arc<str> = text.into();
    let method = match name {
        Cow::Borrowed(_) => Raw::new(text.clone(), method.inner()),
        Cow::Owned(name) => Raw::whole(&name),
    };
    let kind = match known {
        Some(id) => Kind::Request { id, method },
        None => Kind::Notification { method },
    };
    Ok(Envelope { kind, params: Params { text, members, whole: params, escaped_names } })
}
