//! Schemas without their references, so that what a definition is called does not matter.

use serde_json::{Map, Value};

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

/// What a reference of the document `root` leads to.
fn target<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer))
}

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

/// A value with everything that it refers to inside, for comparing what is not understood.
pub(super) fn inlined(root: &Value, value: &Value, deepest: usize) -> Value {
    let Some(deepest) = deepest.checked_sub(1) else { return Value::Null };
    match value {
        Value::Object(members) => {
            let members = match members.get("$ref").and_then(Value::as_str) {
                Some(reference) if target(root, reference).is_some() => resolved(root, value),
                _ => members.clone(),
            };
            members.into_iter().map(|(key, value)| (key, inlined(root, &value, deepest))).collect()
        }
        Value::Array(values) => values.iter().map(|value| inlined(root, value, deepest)).collect(),
        other => other.clone(),
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
