//! Dialects: what hosts that read only a part of JSON Schema are published instead of the standard schema.
//!
//! A dialect says less than the standard, never something else: what is given as a dialect says is taken, but for the rules
//! that it can tell only in words. It knows schemas alone, and nothing of who is sent which.

mod host;
mod null;
mod rewrite;
mod union;

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use self::rewrite::Rewriter;

/// In which part of JSON Schema the arguments of tools are published.
///
/// It changes what clients are told, and nothing of what a call may give: that is always checked by the standard
/// schema. See [`ServerBuilder::dialect`](crate::ServerBuilder::dialect) and the [guide](crate::guide::dialects).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// JSON Schema 2020-12, as the types say it.
    #[default]
    Standard,
    /// The `Schema` object of Gemini's function declarations, which is a part of OpenAPI 3.0.
    Gemini,
    /// OpenAI's strict functions, which is also what its structured outputs take.
    OpenAiStrict,
    /// What Cursor hands on to whatever model it uses.
    Cursor,
}

impl Dialect {
    /// All of them, the standard first.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Gemini, Self::OpenAiStrict, Self::Cursor];

    /// The dialect of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Its name on the command line, and the last segment of the path over HTTP.
    ///
    /// ```
    /// use mcp::Dialect;
    ///
    /// assert_eq!(Dialect::OpenAiStrict.name(), "openai-strict");
    /// assert_eq!("gemini".parse(), Ok(Dialect::Gemini));
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Gemini => "gemini",
            Self::OpenAiStrict => "openai-strict",
            Self::Cursor => "cursor",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A dialect that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownDialect(String);

impl fmt::Display for UnknownDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
        write!(f, "{:?} is no dialect; there are {}", self.0, known.join(", "))
    }
}

impl std::error::Error for UnknownDialect {}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        Self::named(name).ok_or_else(|| UnknownDialect(name.into()))
    }
}

/// What a tool loses in a dialect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Which argument: `filter.tags[]` is an element of the member `tags` of the argument `filter`. It is empty where the tool
    /// as a whole is meant.
    pub path: String,
    /// What is lost.
    pub what: String,
}

/// The schema of a tool's arguments in a dialect, with what was lost on the way to it.
#[derive(Debug)]
pub(crate) struct Rewritten {
    schema: Map<String, Value>,
    /// The arguments in the order of the signature, where they are plain.
    order: Vec<&'static str>,
    pub(crate) losses: Vec<Loss>,
}

/// The schemas of a tool's arguments in the dialects that are not the standard, each made at its first use.
#[derive(Debug, Default)]
pub(crate) struct Dialects([OnceLock<Rewritten>; Dialect::ALL.len() - 1]);

impl Dialects {
    /// The schema in a dialect; none where that is the standard.
    ///
    /// `plain` are the arguments of the signature: of these, `null` says the same as leaving one out.
    pub(crate) fn get(
        &self,
        dialect: Dialect,
        standard: &impl Serialize,
        plain: impl FnOnce() -> Vec<&'static str>,
    ) -> Option<&Rewritten> {
        let kept = self.0.get((dialect as usize).checked_sub(1)?)?;
        let host = host::of(dialect)?;
        Some(kept.get_or_init(|| {
            // What is published can be a value.
            let standard = serde_json::to_value(standard).unwrap_or_default();
            let order = plain();
            let (mut schema, losses) = Rewriter::new(host, &standard).root(!order.is_empty());
            if let Some(Value::Array(required)) = schema.get_mut("required") {
                required.sort_by_key(|name| order.iter().position(|it| name == it));
            }
            Rewritten { schema, order, losses }
        }))
    }
}

/// Why the host of a dialect cannot use a name of a tool, if it cannot.
pub(crate) fn problem_of_name(dialect: Dialect, server: &str, name: &str) -> Option<String> {
    host::of(dialect)?.problem_of_name(server, name)
}

impl Serialize for Rewritten {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.schema.len()))?;
        for (key, value) in &self.schema {
            match (key.as_str(), value) {
                ("properties", Value::Object(properties)) if !self.order.is_empty() => {
                    map.serialize_entry(key, &InOrder(&self.order, properties))?;
                }
                _ => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}

struct InOrder<'a>(&'a [&'static str], &'a Map<String, Value>);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(order, properties) = self;
        serializer.collect_map(order.iter().filter_map(|name| Some((name, properties.get(*name)?))))
    }
}
