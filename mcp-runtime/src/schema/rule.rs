//! What a keyword demands of a plain value: numbers, texts and arrays. Compiled once for arguments, and on the way where
//! it is only explained what is wrong.

use regex_lite::Regex;
use serde_json::Value;

use super::look::is_one_of;
use crate::json::{Node, number};

/// A demand.
#[derive(Debug)]
pub(crate) enum Rule {
    Minimum(String),
    Maximum(String),
    Above(String),
    Below(String),
    MultipleOf(String),
    MinLength(u64),
    MaxLength(u64),
    Pattern(Box<Regex>),
    MinItems(u64),
    MaxItems(u64),
    Unique,
    OneOf(Vec<Value>),
    Kinds(Vec<String>),
}

/// The keywords that a rule can be made of.
pub(crate) const KEYWORDS: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "enum",
    "const",
    "type",
];

impl Rule {
    /// The rule of a keyword; `None` where it demands nothing.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn new(keyword: &str, value: &Value) -> Result<Option<Self>, String> {
        let number = || match value {
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(format!("\"{keyword}\" is {value}, which is no number")),
        };
        let count = || value.as_u64().ok_or_else(|| format!("\"{keyword}\" is {value}, which is no count"));
        Ok(Some(match keyword {
            "minimum" => Self::Minimum(number()?),
            "maximum" => Self::Maximum(number()?),
            "exclusiveMinimum" => Self::Above(number()?),
            "exclusiveMaximum" => Self::Below(number()?),
            "multipleOf" => Self::MultipleOf(number()?),
            "minLength" => Self::MinLength(count()?),
            "maxLength" => Self::MaxLength(count()?),
            "minItems" => Self::MinItems(count()?),
            "maxItems" => Self::MaxItems(count()?),
            "pattern" => {
                let written = value.as_str().ok_or("\"pattern\" is no text")?;
                let regex = Regex::new(written);
                Self::Pattern(Box::new(
                    regex.map_err(|error| format!("the pattern {written:?} cannot be used: {error}"))?,
                ))
            }
            "uniqueItems" if value == &Value::Bool(true) => Self::Unique,
            "enum" => Self::OneOf(value.as_array().cloned().ok_or("\"enum\" is no list")?),
            "const" => Self::OneOf(vec![value.clone()]),
            "type" => Self::Kinds(match value {
                Value::Array(kinds) => {
                    kinds.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect()
                }
                kind => kind.as_str().map(str::to_owned).into_iter().collect(),
            }),
            _ => return Ok(None),
        }))
    }

    /// Whether a value meets it. Values of a type that it says nothing about do.
    pub(crate) fn holds(&self, node: &Node) -> bool {
        match (self, node) {
            (rule, Node::Text(text)) => rule.holds_of_string(text),
            (Self::MinItems(_) | Self::MaxItems(_), Node::Array(items)) => self.counts(items.len()),
            (Self::Unique, Node::Array(items)) => unique(items),
            (Self::Kinds(kinds), node) => {
                let whole = |written: &str| number::whole(written).is_some();
                let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
                is_one_of(node, &kinds)
                    || matches!(node, Node::Number(written) if kinds.contains(&"integer") && whole(written))
            }
            (Self::OneOf(values), node) => values.iter().any(|value| node.is(value)),
            (rule, Node::Number(written)) => rule.holds_of_number(written),
            _ => true,
        }
    }

    /// The same of a text.
    pub(super) fn holds_of_string(&self, text: &str) -> bool {
        match self {
            Self::Pattern(regex) => regex.is_match(text),
            Self::MinLength(_) | Self::MaxLength(_) => self.counts(text.chars().count()),
            Self::OneOf(values) => values.iter().any(|value| value.as_str() == Some(text)),
            Self::Kinds(kinds) => kinds.iter().any(|kind| kind == "string"),
            _ => true,
        }
    }

    /// The same of an argument that came as a text, whatever it is read as.
    pub(super) fn holds_of_text(&self, text: &str) -> bool {
        match self {
            Self::OneOf(values) => values.iter().any(|value| {
                let wanted = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                wanted == text
            }),
            Self::Kinds(_) => true,
            rule if !rule.is_of_numbers() => rule.holds_of_string(text),
            rule if number::is_number(text) => rule.holds_of_number(text),
            // Types read more than JSON writes: `+5`, `005`, `.5`, `inf`. What is no number at all they refuse themselves.
            rule => match (text.parse::<i128>(), text.parse::<f64>()) {
                (Ok(whole), _) => rule.holds_of_number(&whole.to_string()),
                (_, Ok(number)) => !number.is_nan() && rule.holds_of_number(&number.to_string()),
                _ => true,
            },
        }
    }

    /// Whether nothing but the number of characters or items counts.
    pub(super) fn is_a_count(&self) -> bool {
        matches!(self, Self::MinLength(_) | Self::MaxLength(_) | Self::MinItems(_) | Self::MaxItems(_))
    }

    fn is_of_numbers(&self) -> bool {
        matches!(
            self,
            Self::Minimum(_) | Self::Maximum(_) | Self::Above(_) | Self::Below(_) | Self::MultipleOf(_)
        )
    }

    /// The same of a number as it was written.
    pub(super) fn holds_of_number(&self, written: &str) -> bool {
        match self {
            Self::Minimum(least) => number::compare(written, least).is_ge(),
            Self::Maximum(most) => number::compare(written, most).is_le(),
            Self::Above(least) => number::compare(written, least).is_gt(),
            Self::Below(most) => number::compare(written, most).is_lt(),
            Self::MultipleOf(of) => number::is_multiple(written, of),
            _ => true,
        }
    }

    pub(super) fn counts(&self, count: usize) -> bool {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        match self {
            Self::MinLength(least) | Self::MinItems(least) => count >= *least,
            Self::MaxLength(most) | Self::MaxItems(most) => count <= *most,
            _ => true,
        }
    }
}

/// Whether no item occurs twice. Numbers that are written differently are the same where they are whole.
fn unique(items: &[Node]) -> bool {
    fn plain(node: &Node) -> Node {
        match node {
            Node::Number(written) => Node::Number(number::whole(written).unwrap_or_else(|| {
                written.parse::<f64>().map_or_else(|_| written.clone(), |number| number.to_string())
            })),
            Node::Array(items) => Node::Array(items.iter().map(plain).collect()),
            Node::Object(members) => {
                let mut members: Vec<_> =
                    members.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
                members.sort_by(|(a, _), (b, _)| a.cmp(b));
                Node::Object(members)
            }
            other => other.clone(),
        }
    }
    let mut seen = std::collections::HashSet::with_capacity(items.len());
    items.iter().all(|item| seen.insert(plain(item).to_text()))
}
