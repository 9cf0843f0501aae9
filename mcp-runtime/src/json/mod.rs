//! JSON text that is passed on as it was written: read once, strictly, and cut into pieces that share one buffer.

pub(crate) mod number;
mod plain;
pub(crate) mod scan;
mod span;
mod tree;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub(crate) use plain::write_text;
pub(crate) use scan::unescape;
pub(crate) use span::Span;
pub(crate) use tree::{MOST_NODES, Node};

/// A piece of a larger text.
#[derive(Clone)]
pub(crate) struct Raw {
    text: Arc<str>,
    span: Span,
}

/// The piece alone: the text around it is somebody else's, and may hold secrets.
impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Raw {
    pub(crate) fn new(text: Arc<str>, span: Span) -> Self {
        Self { text, span }
    }

    /// A text of its own.
    pub(crate) fn whole(text: &str) -> Self {
        Self { text: text.into(), span: Span::new(0, text.len()) }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.span.of(&self.text)
    }
}

/// An object that stands in a larger text, taken apart into its members.
#[derive(Clone)]
pub(crate) struct Object {
    text: Arc<str>,
    members: Vec<(Span, Span)>,
    whole: Span,
    escaped_names: bool,
}

/// The names alone: which of the values are secrets is not known here.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl Object {
    pub(crate) fn new(text: Arc<str>, members: Vec<(Span, Span)>, whole: Span, escaped_names: bool) -> Self {
        Self { text, members, whole, escaped_names }
    }

    /// The object without members.
    pub(crate) fn empty() -> Self {
        Self::new("{}".into(), Vec::new(), Span::new(0, 2), false)
    }

    /// The object that a text of ours is; `None` where it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        const LIMITS: scan::Limits = scan::Limits { depth: 256, members: usize::MAX };
        let scanned =
            scan::scan(text, LIMITS).ok().filter(|_| text.starts_with('{') && text.ends_with('}'))?;
        let members = scanned.members.iter().filter(|member| member.level == 1);
        let members = members.map(|member| (member.name, member.value)).collect();
        Some(Self::new(text.into(), members, Span::new(0, text.len()), scanned.escaped_names))
    }

    /// The same object with all of its members, whatever was taken out.
    pub(crate) fn anew(&self) -> Self {
        Self::parse(self.raw()).unwrap_or_else(Self::empty)
    }

    /// The object as it was written.
    pub(crate) fn raw(&self) -> &str {
        self.whole.of(&self.text)
    }

    /// The raw value of a member.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = |(written, _): &&(Span, Span)| same(&self.text, *written, name, self.escaped_names);
        self.members.iter().find(found).map(|(_, value)| value.of(&self.text))
    }

    /// Takes a member out and gives its raw value.
    pub(crate) fn take(&mut self, name: &str) -> Option<&str> {
        let found = |(written, _): &(Span, Span)| same(&self.text, *written, name, self.escaped_names);
        let at = self.members.iter().position(found)?;
        let (_, value) = self.members.swap_remove(at);
        Some(value.of(&self.text))
    }

    /// Takes all members out.
    pub(crate) fn clear(&mut self) {
        self.members.clear();
    }

    /// The names of the members that are left.
    pub(crate) fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.members.iter().map(|(name, _)| unescape(name.of(&self.text)))
    }
}

/// Text of a peer's, for a message that is to be read: so much of it as anybody reads.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

/// Whether a member's name is `name`; `escaped` where any name of the text is written with escapes.
#[inline(always)]
pub(crate) fn same(text: &str, written: Span, name: &str, escaped: bool) -> bool {
    written.is(text, name) || (escaped && unescape(written.of(text)) == name)
}

/// The text of a raw JSON string, with its escapes resolved; `None` where it is no string or no text.
pub(crate) fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_some() {
        return serde_json::from_str::<String>(raw).ok().map(Into::into);
    }
    Some(inner.into())
}
