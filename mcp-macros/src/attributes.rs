//! What the attributes of a function or an argument say, by their keys.

use syn::{Expr, Ident, Lit, LitInt, LitStr, Path};

use crate::attr::Key;
use crate::json::Object;
use crate::range::Range;
use crate::value::{Schema, Value};

/// What an attribute says.
#[derive(Default)]
pub(crate) struct Attributes {
    /// What stands first, without a key: the URI of a resource.
    pub(crate) uri: Option<LitStr>,
    values: Vec<(Key, Ident, Value)>,
}

impl Attributes {
    pub(crate) fn push(&mut self, key: Key, ident: Ident, value: Value) {
        self.values.push((key, ident, value));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn get(&self, key: Key) -> Option<&Value> {
        self.values.iter().find(|(found, ..)| *found == key).map(|(.., value)| value)
    }

    /// Where a key was written.
    pub(crate) fn ident(&self, key: Key) -> Option<&Ident> {
        self.values.iter().find(|(found, ..)| *found == key).map(|(_, ident, _)| ident)
    }

    pub(crate) fn flag(&self, key: Key) -> Option<bool> {
        if let Some(Value::Flag(value)) = self.get(key) { Some(*value) } else { None }
    }

    pub(crate) fn text(&self, key: Key) -> Option<&LitStr> {
        if let Some(Value::Text(value)) = self.get(key) { Some(value) } else { None }
    }

    /// All texts of a key that may stand several times.
    pub(crate) fn texts(&self, key: Key) -> impl Iterator<Item = &LitStr> {
        self.values.iter().filter_map(move |(found, _, value)| match value {
            Value::Text(text) if *found == key => Some(text),
            _ => None,
        })
    }

    /// The texts in the parentheses behind a key.
    pub(crate) fn listed(&self, key: Key) -> &[LitStr] {
        if let Some(Value::Texts(texts)) = self.get(key) { texts } else { &[] }
    }

    pub(crate) fn json(&self, key: Key) -> Option<&Object> {
        if let Some(Value::Json(value)) = self.get(key) { Some(value) } else { None }
    }

    /// The words behind a key that was written.
    pub(crate) fn words(&self, key: Key) -> Option<&[Ident]> {
        if let Some(Value::Words(words)) = self.get(key) { Some(words) } else { None }
    }

    /// An expression: a constant text, or a default.
    pub(crate) fn expression(&self, key: Key) -> Option<&Expr> {
        if let Some(Value::Expression(value)) = self.get(key) { Some(value) } else { None }
    }

    /// All expressions of a key that may stand several times.
    pub(crate) fn expressions(&self, key: Key) -> impl Iterator<Item = &Expr> {
        self.values.iter().filter_map(move |(found, _, value)| match value {
            Value::Expression(value) if *found == key => Some(value),
            _ => None,
        })
    }

    pub(crate) fn range(&self, key: Key) -> Option<&Range> {
        if let Some(Value::Range(value)) = self.get(key) { Some(value) } else { None }
    }

    pub(crate) fn schema(&self) -> Option<&Schema> {
        if let Some(Value::Schema(value)) = self.get(Key::Schema) { Some(value) } else { None }
    }

    /// The first of some keys that was written.
    pub(crate) fn first(&self, keys: &[Key]) -> Option<&Ident> {
        self.values.iter().find(|(found, ..)| keys.contains(found)).map(|(_, ident, _)| ident)
    }

    pub(crate) fn number(&self, key: Key) -> Option<&LitInt> {
        if let Some(Value::Number(value)) = self.get(key) { Some(value) } else { None }
    }

    pub(crate) fn fraction(&self, key: Key) -> Option<&Lit> {
        if let Some(Value::Fraction(value)) = self.get(key) { Some(value) } else { None }
    }

    pub(crate) fn path(&self, key: Key) -> Option<&Path> {
        if let Some(Value::Path(value)) = self.get(key) { Some(value) } else { None }
    }
}
