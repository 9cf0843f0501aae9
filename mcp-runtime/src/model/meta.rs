//! `_meta`: what else a server says, under names of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The members of a `_meta` object. Most have none, and cost nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Meta(Option<Box<Map<String, Value>>>);

impl Meta {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Adds a member. One whose name is not legal is left out, and the log says so: a result is not the place to fail
    /// for it.
    pub(crate) fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        let name = name.into();
        match problem_of_name(&name) {
            None => self.put(name, value.into()),
            Some(problem) => tracing::error!(name, problem, "left out of `_meta`"),
        }
    }

    pub(crate) fn put(&mut self, name: String, value: Value) {
        self.0.get_or_insert_default().insert(name, value);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        for (name, value) in other.0.into_iter().flat_map(|members| *members) {
            self.put(name, value);
        }
    }

    /// Every text in it, names of members left out.
    pub(crate) fn texts_mut(&mut self, each: &mut impl FnMut(&mut String)) {
        self.0.iter_mut().flat_map(|members| members.values_mut()).for_each(|value| texts_in(value, each));
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().flat_map(|members| members.iter())
    }
}

/// Every text in a value, names of members left out.
pub(crate) fn texts_in(value: &mut Value, each: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts_in(item, each)),
        Value::Object(members) => members.values_mut().for_each(|value| texts_in(value, each)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A result with members of `_meta` beside it, for programs: what it cost, where it came from.
///
/// It stands around whatever a tool, a resource or a prompt returns. A name is a domain of yours and a word; prefixes
/// like `io.modelcontextprotocol/` are reserved, and a member with such a name is left out. See the specification,
/// "`_meta`".
///
/// ```
/// # use mcp::{Json, WithMeta};
/// # #[derive(serde::Serialize, schemars::JsonSchema)]
/// # struct Weather { celsius: f64 }
/// /// Tells the weather.
/// #[mcp::tool]
/// async fn weather(city: String) -> WithMeta<Json<Weather>> {
///     WithMeta::new(Json(Weather { celsius: city.len() as f64 })).meta("com.example/cached", true)
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct WithMeta<T> {
    pub(crate) value: T,
    pub(crate) meta: Meta,
}

impl<T> WithMeta<T> {
    /// A result without any members yet.
    pub fn new(value: T) -> Self {
        Self { value, meta: Meta::default() }
    }

    /// Adds a member.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.meta.insert(name, value);
        self
    }
}

/// What is wrong with a name in `_meta`, if anything is (specification, "`_meta`").
pub(crate) fn problem_of_name(name: &str) -> Option<&'static str> {
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inside = |text: &str, extra: &[u8]| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || extra.contains(&byte))
    };
    let word = |word: &str| {
        let bytes = word.as_bytes();
        alphanumeric(bytes.first()) && alphanumeric(bytes.last()) && inside(word, b"-_.")
    };
    let label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(u8::is_ascii_alphabetic)
            && alphanumeric(bytes.last())
            && inside(label, b"-")
    };
    let (prefix, rest) = match name.rsplit_once('/') {
        Some((prefix, rest)) => (Some(prefix), rest),
        None => (None, name),
    };
    let legal = (word(rest) || (rest.is_empty() && prefix.is_some()))
        && prefix.is_none_or(|prefix| prefix.split('.').all(label));
    if !legal {
        return Some("a name is a domain of yours and a word, as in \"com.example/team\"");
    }
    let second = prefix.and_then(|prefix| prefix.split('.').nth(1));
    second
        .filter(|label| ["modelcontextprotocol", "mcp"].contains(label))
        .map(|_| "its prefix is reserved for the protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammar_of_the_specification() {
        for name in ["team", "com.example/team", "a-b.c1/x_y.z-0", "com.example/", "example.com/mcp", "mcp/x"]
        {
            assert_eq!(problem_of_name(name), None, "{name}");
        }
        for name in ["", "/x", "1a/x", "a-/x", "a..b/x", "com.example/_x", "x-", "a b", "é", "a/b/c"] {
            assert!(problem_of_name(name).is_some_and(|problem| problem.contains("domain")), "{name}");
        }
        for name in ["io.modelcontextprotocol/x", "com.mcp/x", "com.mcp.tools/x"] {
            assert!(problem_of_name(name).is_some_and(|problem| problem.contains("reserved")), "{name}");
        }
    }
}
