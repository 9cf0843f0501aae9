//! JSON text that is passed on as it was written: read once, strictly, and cut into pieces that share one buffer.

pub(crate) mod scan;

use std::borrow::Cow;
use std::sync::Arc;

pub(crate) use scan::unescape;
use scan::Span;

/// A piece of a larger text.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    text: Arc<str>,
    span: Span,
}

impl Raw {
    pub(crate) fn new(text: Arc<str>, span: Span) -> Self {
        Self { text, span }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.span.of(&self.text)
    }
}

/// An object that stands in a larger text, taken apart into its members.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    text: Arc<str>,
    members: Vec<(Span, Span)>,
    whole: Span,
}

impl Object {
    pub(crate) fn new(text: Arc<str>, members: Vec<(Span, Span)>, whole: Span) -> Self {
        Self { text, members, whole }
    }

    /// The object without members.
    pub(crate) fn empty() -> Self {
        Self { text: "{}".into(), members: Vec::new(), whole: Span { start: 0, end: 2 } }
    }

    /// The object as it was written.
    pub(crate) fn raw(&self) -> &str {
        self.whole.of(&self.text)
    }

    /// The raw value of a member.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(found, _)| same(found.of(&self.text), name)).map(|(_, value)| value.of(&self.text))
    }

    /// A member's value as a piece of the text.
    pub(crate) fn raw_member(&self, name: &str) -> Option<Raw> {
        let (_, value) = self.members.iter().find(|(found, _)| same(found.of(&self.text), name))?;
        Some(Raw::new(self.text.clone(), *value))
    }

    /// Takes a member out and gives its raw value.
    pub(crate) fn take(&mut self, name: &str) -> Option<&str> {
        let at = self.members.iter().position(|(found, _)| same(found.of(&self.text), name))?;
        let (_, value) = self.members.swap_remove(at);
        Some(value.of(&self.text))
    }

    /// Takes all members out.
    pub(crate) fn clear(&mut self) {
        self.members.clear();
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.members.iter().map(|(name, _)| unescape(name.of(&self.text)))
    }
}

/// Whether a member's name as it was written, possibly with escapes, is `name`.
pub(crate) fn same(written: &str, name: &str) -> bool {
    written == name || (written.contains('\\') && unescape(written) == name)
}

/// The text of a raw JSON string, with its escapes resolved; `None` where it is no string or no text.
pub(crate) fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str::<String>(raw).ok().map(Into::into);
    }
    Some(inner.into())
}

