//! The members of objects: arguments, and fields of results.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Moved, Place, Side, Walk, short};
use crate::contract::change::Verdict;
use crate::contract::number;
use crate::contract::references::resolved;

/// The schema of what nothing else is said of.
const ANYTHING: Value = Value::Bool(true);

/// Whether two values mean the same: `1` is `1.0`.
fn is_equal(was: &Value, is: &Value) -> bool {
    was == is || number::compare(was, is) == Some(Ordering::Equal)
}

/// A schema of objects.
struct Object<'a> {
    members: Option<&'a Map<String, Value>>,
    required: BTreeSet<&'a str>,
    others: &'a Value,
}

impl<'a> Object<'a> {
    fn of(schema: &'a Map<String, Value>) -> Self {
        let required = schema.get("required").and_then(Value::as_array);
        Self {
            members: schema.get("properties").and_then(Value::as_object),
            required: required.into_iter().flatten().filter_map(Value::as_str).collect(),
            others: schema.get("additionalProperties").unwrap_or(&ANYTHING),
        }
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        let named = self.members.into_iter().flat_map(|members| members.keys().map(String::as_str));
        named.chain(self.required.iter().copied())
    }

    /// The schema of a member, if it is one of those that are named.
    fn member(&self, name: &str) -> Option<&'a Value> {
        match self.members.and_then(|members| members.get(name)) {
            Some(schema) => Some(schema),
            None => self.required.contains(name).then_some(self.others),
        }
    }

    fn is_closed(&self) -> bool {
        *self.others == Value::Bool(false)
    }
}

impl Walk<'_> {
    pub(super) fn object(&mut self, at: &Place, old: &Map<String, Value>, new: &Map<String, Value>) {
        let (was, is) = (Object::of(old), Object::of(new));
        let names: BTreeSet<&str> = was.names().chain(is.names()).collect();
        for name in names {
            let place = at.member(name);
            let required = (was.required.contains(name), is.required.contains(name));
            match (was.member(name), is.member(name)) {
                (Some(old), Some(new)) => {
                    self.member(&place, old, new, required);
                    self.schema(&place, old, new);
                }
                (None, Some(new)) => {
                    self.arrived(&place, &was, required.1);
                    if was.others.as_object().is_some_and(|others| !others.is_empty()) {
                        // It could be there before, as any other member.
                        self.schema(&place, was.others, new);
                    }
                }
                (Some(_), None) => self.left(&place, &is),
                (None, None) => {}
            }
        }
        self.others(at, was.others, is.others);
        self.patterns(at, old, new);
        let names = |schema: &Map<String, Value>| schema.get("propertyNames").cloned().unwrap_or(ANYTHING);
        self.schema(&at.below("{name}"), &names(old), &names(new));
    }

    /// Whether a member may be left out, and what holds then.
    fn member(&mut self, at: &Place, old: &Value, new: &Value, required: (bool, bool)) {
        let (was, is) = (resolved(self.roots.0, old), resolved(self.roots.1, new));
        let (was, is) = (was.get("default"), is.get("default"));
        match (required, self.side) {
            ((false, true), Side::Takes) => self.moved(Moved::Narrower, at, "is required now"),
            ((true, false), Side::Takes) => self.moved(Moved::Wider, at, "may be left out now"),
            ((false, true), Side::Gives) => self.moved(Moved::Narrower, at, "is always there now"),
            ((true, false), Side::Gives) => self.moved(Moved::Wider, at, "may be missing now"),
            ((true, true), _) => {}
            ((false, false), Side::Gives) => {
                let written = |value: Option<&Value>| value.cloned().unwrap_or_default();
                if !is_equal(&written(was), &written(is)) {
                    self.say(Verdict::Wording, at, "has another \"default\"");
                }
            }
            ((false, false), Side::Takes) => match (was, is) {
                (Some(was), Some(is)) if !is_equal(was, is) => {
                    let what = format!("means {} and not {} where it is left out", short(is), short(was));
                    self.say(Verdict::Breaking, at, &what);
                }
                // Null is what is not there.
                (Some(Value::Null), None) | (None, Some(Value::Null)) => {}
                (Some(was), None) => {
                    let what = format!("means {} no longer where it is left out", short(was));
                    self.say(Verdict::Breaking, at, &what);
                }
                (None, Some(is)) => {
                    self.say(Verdict::Additive, at, &format!("means {} where it is left out", short(is)));
                }
                _ => {}
            },
        }
    }

    fn arrived(&mut self, at: &Place, was: &Object<'_>, required: bool) {
        match (self.side, required) {
            (Side::Takes, true) => self.say(Verdict::Breaking, at, "is new and required"),
            (Side::Takes, false) => self.say(Verdict::Additive, at, "is new and optional"),
            (Side::Gives, _) if was.is_closed() => {
                self.say(Verdict::Breaking, at, "is new, and it was said that there are no others");
            }
            (Side::Gives, _) => self.say(Verdict::Additive, at, "is new"),
        }
    }

    fn left(&mut self, at: &Place, is: &Object<'_>) {
        let what = match (self.side, is.is_closed()) {
            (Side::Takes, true) => "is gone, and what is not known is refused",
            (Side::Takes, false) => "is gone: what callers give there does nothing",
            (Side::Gives, _) => "is gone",
        };
        self.say(Verdict::Breaking, at, what);
    }

    /// Members that are not named.
    fn others(&mut self, at: &Place, was: &Value, is: &Value) {
        match (was, is) {
            (Value::Bool(false), Value::Bool(false)) => {}
            (Value::Bool(false), _) => self.moved(Moved::Wider, at, "may have other members now"),
            (_, Value::Bool(false)) => self.moved(Moved::Narrower, at, "may have no other members any more"),
            _ => self.schema(&at.below("{}"), was, is),
        }
    }

    fn patterns(&mut self, at: &Place, old: &Map<String, Value>, new: &Map<String, Value>) {
        let empty = Map::new();
        let patterns = |schema: &Map<String, Value>| {
            schema.get("patternProperties").and_then(Value::as_object).unwrap_or(&empty).clone()
        };
        let (was, is) = (patterns(old), patterns(new));
        if !was.keys().eq(is.keys()) {
            return self.moved(Moved::Otherwise, at, "names other members by patterns");
        }
        for (pattern, old) in &was {
            if let Some(new) = is.get(pattern) {
                self.schema(&at.below(&format!("{{{pattern}}}")), old, new);
            }
        }
    }
}
