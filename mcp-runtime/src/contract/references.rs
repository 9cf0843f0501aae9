//! Schemas without their references, so that what a definition is called does not matter.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::schema::reference::target;

/// References may lead to references so often.
const LONGEST_CHAIN: usize = 32;

/// Keywords that say something about a schema and allow or forbid nothing.
pub(super) const ANNOTATIONS: &[&str] = &[
    "title",
    "description",
    "examples",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
    "$schema",
];

/// The members of a schema, with what it refers to in place of the reference. `false` is what nothing fits.
pub(super) fn resolved(root: &Value, schema: &Value) -> Map<String, Value> {
    resolve(root, schema, LONGEST_CHAIN)
}

fn resolve(root: &Value, schema: &Value, longest: usize) -> Map<String, Value> {
    let mut members = match schema {
        Value::Object(members) => members.clone(),
        Value::Bool(false) => Map::from_iter([("not".into(), Value::Object(Map::new()))]),
        _ => Map::new(),
    };
    let Some(longest) = longest.checked_sub(1) else { return members };
    let found = match members.get("$ref").and_then(Value::as_str) {
        Some(reference) => target(root, reference).map(|found| ("$ref", found.clone())),
        None => match members.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            Some([only]) => Some(("allOf", only.clone())),
            _ => None,
        },
    };
    let Some((key, found)) = found else { return members };
    members.remove(key);
    let mut whole = resolve(root, &found, longest);
    let mut beside = Map::new();
    for (key, value) in members {
        match whole.get(&key) {
            Some(same) if *same == value => {}
            Some(_) if !ANNOTATIONS.contains(&key.as_str()) => {
                beside.insert(key, value);
            }
            _ => {
                whole.insert(key, value);
            }
        }
    }
    if !beside.is_empty() {
        // Both hold.
        let rules = whole.entry("allOf").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(rules) = rules.as_array_mut() {
            rules.push(Value::Object(beside));
        }
    }
    whole
}

/// Whether two values of two documents say the same, whatever their definitions are called.
pub(super) fn same(roots: (&Value, &Value), old: &Value, new: &Value) -> bool {
    alike(roots, old, new, &mut BTreeSet::new())
}

/// What leads to a pair that was met says nothing new: where it differs, that is found there.
fn alike(roots: (&Value, &Value), old: &Value, new: &Value, met: &mut BTreeSet<(String, String)>) -> bool {
    match (old, new) {
        (Value::Object(was), Value::Object(is)) => {
            let refers = was.contains_key("$ref") || is.contains_key("$ref");
            if refers && !met.insert((old.to_string(), new.to_string())) {
                return true;
            }
            let (was, is) = (followed(roots.0, old, was), followed(roots.1, new, is));
            let mut members = was.iter().map(|(key, old)| Some((old, is.get(key)?)));
            was.len() == is.len()
                && members.all(|pair| pair.is_some_and(|(old, new)| alike(roots, old, new, met)))
        }
        (Value::Array(was), Value::Array(is)) => {
            was.len() == is.len() && was.iter().zip(is).all(|(old, new)| alike(roots, old, new, met))
        }
        (was, is) => was == is,
    }
}

fn followed(root: &Value, value: &Value, members: &Map<String, Value>) -> Map<String, Value> {
    match members.get("$ref").and_then(Value::as_str) {
        Some(reference) if target(root, reference).is_some() => resolved(root, value),
        _ => members.clone(),
    }
}

/// Whether there is a reference anywhere in it.
pub(super) fn refers(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.contains_key("$ref")
                || members.contains_key("$dynamicRef")
                || members.values().any(refers)
        }
        Value::Array(values) => values.iter().any(refers),
        _ => false,
    }
}
