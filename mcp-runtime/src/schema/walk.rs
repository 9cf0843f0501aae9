//! Finds what is wrong with a value, by its schema: every fault with its path, in words.
//!
//! It knows the keywords that types have, and those of plain values; `not`, `if` and their like say nothing to it. It is
//! bounded in steps and in what it finds, whatever the schema and the value are.

use std::collections::HashMap;

use regex_lite::Regex;
use serde_json::Value;

use super::look::{is_one_of, is_secret, kinds, listed, named, referred, required, resolved};
use super::rule::{self, Rule};
use super::words::{came, cut, expected};
use crate::json::Node;
use crate::registry::closest;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mismatch {
    /// Where, as in `filter.items[2].name`.
    pub(crate) path: String,
    /// The same without the numbers of items.
    pub(crate) place: String,
    pub(crate) problem: Problem,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Problem {
    Missing { expected: String },
    Wrong { expected: String, came: String, closest: Option<String> },
    Unknown { closest: Option<String>, known: Vec<String> },
}

/// So many steps are gone in all; whatever is behind them is not looked at.
const MOST_STEPS: usize = 200_000;
/// A long text takes as long as so many short ones.
const BYTES_OF_A_STEP: usize = 1024;
/// So deep a schema is followed into a value: each level of a value, of which a message has 128, may be a reference, a choice
/// and a list at once.
const DEEPEST: usize = 512;
/// So many faults are found; nobody mends more at once.
pub(crate) const MOST_FAULTS: usize = 20;

/// Walks values of one schema document.
pub(crate) struct Walk<'a> {
    root: &'a Value,
    left: usize,
    found: Vec<Mismatch>,
    more: bool,
    /// Only whether there is a fault is asked.
    brief: bool,
    path: String,
    place: String,
    patterns: HashMap<&'a str, Option<Regex>>,
    secret: bool,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(root: &'a Value) -> Self {
        Self {
            root,
            left: MOST_STEPS,
            found: Vec::new(),
            more: false,
            brief: false,
            path: String::new(),
            place: String::new(),
            patterns: HashMap::new(),
            secret: false,
        }
    }

    /// The same with so many steps left of others.
    pub(super) fn within(root: &'a Value, left: usize) -> Self {
        Self { left, ..Self::new(root) }
    }

    /// How many steps are left: with none it does not know the rest.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// What is wrong with the value under a name; everything about it is said as of this name.
    pub(crate) fn of(&mut self, name: &str, schema: &'a Value, node: &Node) -> Vec<Mismatch> {
        self.inside(name, schema, |walk| walk.value(schema, node, 0));
        std::mem::take(&mut self.found)
    }

    /// What is wrong with a value that is all there is.
    pub(crate) fn all(&mut self, schema: &'a Value, node: &Node) -> Vec<Mismatch> {
        self.value(schema, node, 0);
        std::mem::take(&mut self.found)
    }

    /// Whether nothing is wrong with a value.
    pub(crate) fn accepts(&mut self, schema: &'a Value, node: &Node) -> bool {
        self.trial(true, schema, node, 0).is_empty()
    }

    fn trial(&mut self, brief: bool, schema: &'a Value, node: &Node, depth: usize) -> Vec<Mismatch> {
        let (before, was) = (std::mem::take(&mut self.found), self.brief);
        self.brief |= brief;
        self.value(schema, node, depth);
        self.brief = was;
        std::mem::replace(&mut self.found, before)
    }

    fn inside(&mut self, name: &str, schema: &Value, go: impl FnOnce(&mut Self)) {
        let (path, place, secret) = (self.path.len(), self.place.len(), self.secret);
        if !self.path.is_empty() {
            self.path.push('.');
            self.place.push('.');
        }
        self.path.push_str(&cut(name, 60));
        self.place.push_str(&cut(name, 60));
        self.secret |= is_secret(name, schema);
        go(self);
        self.path.truncate(path);
        self.place.truncate(place);
        self.secret = secret;
    }

    fn is_full(&self) -> bool {
        self.found.len() >= if self.brief { 1 } else { MOST_FAULTS }
    }

    fn note(&mut self, problem: Problem) {
        if self.is_full() {
            self.more = true;
            return;
        }
        let shown = |path: &str| cut(path, 200);
        self.found.push(Mismatch { path: shown(&self.path), place: shown(&self.place), problem });
    }

    fn wrong(&mut self, schema: &Value, node: &Node) {
        if self.brief {
            return self.note(Problem::Missing { expected: String::new() });
        }
        let closest = self.nearest(schema, node);
        let expected = expected(self.root, schema);
        self.note(Problem::Wrong { expected, came: came(node, self.secret), closest });
    }

    /// The text of an enum that was meant.
    fn nearest(&self, schema: &Value, node: &Node) -> Option<String> {
        let Node::Text(text) = node else { return None };
        let mut texts: Vec<&str> = listed(schema, "enum").iter().filter_map(Value::as_str).collect();
        for option in ["oneOf", "anyOf"].iter().flat_map(|union| listed(schema, union)) {
            let option = resolved(self.root, option);
            texts.extend(option.and_then(|option| option.get("const")?.as_str()));
            texts.extend(
                option.into_iter().flat_map(|option| listed(option, "enum")).filter_map(Value::as_str),
            );
        }
        closest(text, texts).map(str::to_owned)
    }

    fn value(&mut self, schema: &'a Value, node: &Node, depth: usize) {
        if self.is_full() {
            return;
        }
        if depth > DEEPEST {
            self.left = 0;
            return;
        }
        let Some(left) = self.left.checked_sub(1) else { return };
        self.left = left;
        if schema == &Value::Bool(false) {
            return self.wrong(schema, node);
        }
        // What stands beside a reference holds too.
        let target = schema.get("$ref").and_then(Value::as_str);
        if let Some(target) = target.and_then(|target| referred(self.root, target)) {
            self.value(target, node, depth + 1);
        }
        let kinds = kinds(schema);
        if !is_one_of(node, &kinds) {
            return self.wrong(schema, node);
        }
        if !self.plain_rules(schema, node) {
            return self.wrong(schema, node);
        }
        for option in listed(schema, "allOf") {
            self.value(option, node, depth + 1);
        }
        for union in ["anyOf", "oneOf"] {
            let options = listed(schema, union);
            if !options.is_empty() {
                self.union(schema, options, node, depth + 1);
            }
        }
        match node {
            Node::Array(items) => self.items(schema, items, depth + 1),
            Node::Object(members) => self.members(schema, members, depth + 1),
            _ => {}
        }
    }

    /// Whether everything holds that is demanded of a plain value.
    fn plain_rules(&mut self, schema: &'a Value, node: &Node) -> bool {
        let Some(members) = schema.as_object() else { return true };
        // In the order of the alphabet: a text that is too long meets no pattern.
        members.iter().filter(|(keyword, _)| rule::KEYWORDS.contains(&keyword.as_str())).all(
            |(keyword, value)| match (keyword.as_str(), value, node) {
                // A type is looked at by itself, as it is read: `30.0` is no integer to serde.
                ("type", ..) => true,
                ("const", value, node) => node.is(value),
                ("enum", Value::Array(values), node) => {
                    self.left = self.left.saturating_sub(values.len() / 8);
                    values.iter().any(|value| node.is(value))
                }
                ("pattern", Value::String(pattern), Node::Text(text)) => {
                    self.left = self.left.saturating_sub(text.len() / BYTES_OF_A_STEP);
                    let regex = self.patterns.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
                    regex.as_ref().is_none_or(|regex| regex.is_match(text))
                }
                ("pattern", ..) => true,
                ("minLength" | "maxLength", value, Node::Text(text)) => {
                    self.left = self.left.saturating_sub(text.len() / BYTES_OF_A_STEP);
                    Rule::new(keyword, value).ok().flatten().is_none_or(|rule| rule.holds(node))
                }
                _ => Rule::new(keyword, value).ok().flatten().is_none_or(|rule| rule.holds(node)),
            },
        )
    }

    /// One of several must fit. Where none does, what is wrong with the one that was meant is said, if that can be told.
    fn union(&mut self, schema: &'a Value, options: &'a [Value], node: &Node, depth: usize) {
        if options.iter().any(|option| self.trial(true, option, node, depth).is_empty()) {
            return;
        }
        // Which one was meant is looked for once, not on every level of a value that is nested.
        if self.brief {
            return self.wrong(schema, node);
        }
        let alike: Vec<_> = options.iter().filter(|option| self.is_alike(option, node)).collect();
        let meant = match alike.as_slice() {
            [_] => alike,
            _ => alike.into_iter().filter(|option| self.may_mean(option, node)).collect(),
        };
        match meant.as_slice() {
            [only] => {
                let faults = self.trial(false, only, node, depth);
                let room = MOST_FAULTS.saturating_sub(self.found.len());
                self.found.extend(faults.into_iter().take(room));
            }
            _ => self.wrong(schema, node),
        }
    }

    /// Whether a value is of the type of a schema that is more than a list of values.
    fn is_alike(&self, schema: &Value, node: &Node) -> bool {
        resolved(self.root, schema).is_some_and(|schema| {
            schema.get("const").is_none() && schema.get("enum").is_none() && is_one_of(node, &kinds(schema))
        })
    }

    /// Whether a value has what tells this schema apart from others of its type.
    fn may_mean(&self, schema: &Value, node: &Node) -> bool {
        let Some(schema) = resolved(self.root, schema) else { return false };
        let tags = named(schema, "properties").filter_map(|(name, property)| {
            Some((name, resolved(self.root, property).filter(|property| property.get("const").is_some())?))
        });
        let mut tags = tags.peekable();
        if tags.peek().is_some() {
            return tags.all(|(name, tag)| {
                node.get(name).is_some_and(|given| tag.get("const").is_some_and(|value| given.is(value)))
            });
        }
        // The name of a variant is what it must have, and all that it may.
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let mut names = required(schema);
        match (closed, names.next(), names.next()) {
            (true, Some(variant), None) => node.get(variant).is_some(),
            _ => true,
        }
    }

    fn items(&mut self, schema: &'a Value, items: &[Node], depth: usize) {
        let first = listed(schema, "prefixItems");
        let rest = schema.get("items");
        for (at, item) in items.iter().enumerate() {
            let Some(schema) = first.get(at).or(rest) else { break };
            if self.is_full() || self.left == 0 {
                break;
            }
            let (path, place) = (self.path.len(), self.place.len());
            self.path.push_str(&format!("[{at}]"));
            self.place.push_str("[]");
            self.value(schema, item, depth);
            self.path.truncate(path);
            self.place.truncate(place);
        }
    }

    fn members(&mut self, schema: &'a Value, members: &[(String, Node)], depth: usize) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for name in required(schema) {
            if !members.iter().any(|(given, _)| given == name) {
                let property =
                    properties.and_then(|properties| properties.get(name)).unwrap_or(&Value::Bool(true));
                self.inside(name, property, |walk| {
                    let expected = expected(walk.root, property);
                    walk.note(Problem::Missing { expected });
                });
            }
        }
        let others = schema.get("additionalProperties").filter(|_| schema.get("patternProperties").is_none());
        for (name, value) in members {
            if self.is_full() || self.left == 0 {
                break;
            }
            match (properties.and_then(|properties| properties.get(name)), others) {
                (Some(property), _) => self.inside(name, property, |walk| walk.value(property, value, depth)),
                (None, Some(Value::Bool(false))) => {
                    let known = || properties.into_iter().flat_map(serde_json::Map::keys).map(String::as_str);
                    let closest = closest(name, known()).map(str::to_owned);
                    let known = known().take(20).map(|name| cut(name, 60)).collect();
                    self.inside(name, &Value::Null, |walk| walk.note(Problem::Unknown { closest, known }));
                }
                (None, Some(other)) => self.inside(name, other, |walk| walk.value(other, value, depth)),
                (None, None) => self.left = self.left.saturating_sub(1),
            }
        }
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = &self.path;
        match &self.problem {
            Problem::Missing { expected } => write!(f, "argument {path:?} is missing; it takes {expected}"),
            Problem::Wrong { expected, came, closest } => {
                write!(f, "argument {path:?}: expected {expected}, got {came}")?;
                closest.as_ref().map_or(Ok(()), |meant| write!(f, "; did you mean {meant:?}?"))
            }
            Problem::Unknown { closest, known } => {
                write!(f, "there is no argument {path:?}; ")?;
                match closest {
                    Some(meant) => write!(f, "did you mean {meant:?}?"),
                    None if known.is_empty() => f.write_str("it takes none"),
                    None => write!(f, "it takes {}", known.join(", ")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::Coercion;

    #[test]
    fn a_schema_that_branches_without_end_is_not_followed_for_ever() {
        let again = json!({"type": "array", "items": {"$ref": "#/items"}});
        let schema = json!({"type": "array", "items": {"anyOf": [again, again, again, {"type": "integer"}]}});
        let nested = (0..100).fold(json!("x"), |inner, _| json!([inner]));
        let node = Node::from(&nested);
        assert!(Walk::new(&schema).all(&schema, &node).len() <= MOST_FAULTS);
        assert_eq!(Coercion::new(&schema).all(&node), None);
        let circle = json!({"anyOf": [{"$ref": "#"}, {"$ref": "#/anyOf/0"}]});
        assert!(Walk::new(&circle).all(&circle, &node).len() <= MOST_FAULTS);
        assert_eq!(Coercion::new(&circle).all(&node), None);
    }
}
