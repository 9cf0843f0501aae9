//! What is checked of the arguments of a tool though its types do not: compiled once, while the server is built.
//!
//! Rules of plain arguments are checked here, on the text as it came. What stands deeper is a [`Validator`]'s business.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::full::Validator;
use super::rule::Rule;
use super::walk::Walk;
use crate::json::{Node, Object, string};

/// What is checked before a function is run.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    /// The schema of all arguments, as it is published or would be.
    document: Value,
    fields: Vec<(&'static str, Vec<Rule>)>,
    full: Option<Validator>,
    /// Whether the document refers to parts of itself, so that it may go on as long as a value does.
    refers: bool,
}

const TOO_MUCH: &str = "these are nested too deeply, with too many choices, to be checked";

impl Guard {
    /// Whether nothing is checked, as it is where the types say everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.full.is_none()
    }

    pub(super) fn new(document: Value) -> Self {
        Self { document, ..Self::default() }
    }

    /// The schema of all arguments, as it is published or would be.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    pub(super) fn with(mut self, full: Option<Validator>) -> Self {
        self.refers = full.is_some() && self.document.to_string().contains("\"$ref\":");
        self.full = full;
        self
    }

    /// Adds the rules of an argument.
    pub(super) fn add(&mut self, name: &'static str, rules: Vec<Rule>) {
        if !rules.is_empty() {
            self.fields.push((name, rules));
        }
    }

    /// Whether everything holds.
    pub(crate) fn holds(&self, given: &Object) -> bool {
        self.fields.iter().all(|(name, rules)| given.get(name).is_none_or(|raw| holds(rules, raw)))
            && self.full.as_ref().is_none_or(|full| self.is_in_reach(given.raw()) && full.holds(given.raw()))
    }

    /// Whether a validator will be done with a value soon. It tries each choice of a schema that refers to itself anew, at
    /// each depth of the value, and knows no bound; a walk has one.
    fn is_in_reach(&self, raw: &str) -> bool {
        let mut walk = Walk::new(&self.document);
        !self.refers
            || Node::read(raw).is_some_and(|node| {
                walk.all(&self.document, &node);
                walk.left() > 0
            })
    }

    /// Whether everything holds of arguments that came as plain texts.
    pub(crate) fn broken_text<'a>(
        &'a self,
        given: &'a [(String, String)],
    ) -> impl Iterator<Item = &'static str> + 'a {
        self.fields
            .iter()
            .filter(|(name, rules)| {
                let text = given.iter().find(|(found, _)| found == name).map(|(_, text)| text);
                text.is_some_and(|text| !rules.iter().all(|rule| rule.holds_of_text(text)))
            })
            .map(|(name, _)| *name)
    }

    /// The arguments of which something does not hold.
    pub(crate) fn broken<'a>(&'a self, given: &'a Object) -> impl Iterator<Item = &'static str> + 'a {
        let broken = |name: &str, rules: &[Rule]| given.get(name).is_some_and(|raw| !holds(rules, raw));
        self.fields.iter().filter(move |(name, rules)| broken(name, rules)).map(|(name, _)| *name)
    }

    /// What a validator of everything has to say: where, and what.
    pub(crate) fn said(&self, raw: &str) -> Vec<(String, String)> {
        match &self.full {
            None => Vec::new(),
            Some(full) if self.is_in_reach(raw) => full.said(raw),
            Some(_) => vec![(String::new(), TOO_MUCH.to_owned())],
        }
    }
}

fn holds(rules: &[Rule], raw: &str) -> bool {
    match raw.as_bytes().first() {
        Some(b'"') => {
            let text = string(raw);
            text.is_none_or(|text| rules.iter().all(|rule| rule.holds_of_string(&text)))
        }
        Some(b'-' | b'0'..=b'9') => rules.iter().all(|rule| match rule {
            Rule::OneOf(_) | Rule::Kinds(_) => rule.holds(&Node::Number(raw.to_owned())),
            rule => rule.holds_of_number(raw),
        }),
        Some(b'[') if rules.iter().all(Rule::is_a_count) => {
            // Counted without looking into the items, however many they are.
            serde_json::from_str::<Vec<IgnoredAny>>(raw)
                .map_or(true, |items| rules.iter().all(|rule| rule.counts(items.len())))
        }
        // What has too many values to look at is too much for any rule.
        _ => Node::read(raw).is_some_and(|node| rules.iter().all(|rule| rule.holds(&node))),
    }
}
