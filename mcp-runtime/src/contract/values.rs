//! What a schema allows, where that can be counted: types, and values written one by one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::references::{ANNOTATIONS, resolved};

/// All types.
const TYPES: &[&str] = &["array", "boolean", "integer", "null", "number", "object", "string"];

/// Choices may be nested so deep.
const DEEPEST: usize = 8;

/// The values that a schema allows, each with what is said of it; `None` where they are not written one by one.
pub(super) fn listed(root: &Value, schema: &Map<String, Value>) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    list(root, schema, "", DEEPEST, &mut found)?;
    let fitting = types(schema);
    found.retain(|value, _| fitting.contains(type_of(value)));
    Some(found)
}

fn list(
    root: &Value,
    schema: &Map<String, Value>,
    said: &str,
    deepest: usize,
    found: &mut BTreeMap<String, String>,
) -> Option<()> {
    let deepest = deepest.checked_sub(1)?;
    if let Some(value) = schema.get("const") {
        found.insert(value.to_string(), said.into());
    } else if let Some(Value::Array(values)) = schema.get("enum") {
        found.extend(values.iter().map(|value| (value.to_string(), said.into())));
    } else if let Some(options) = options(schema) {
        for option in options {
            let option = resolved(root, option);
            let plain = ["type", "const", "enum", "oneOf", "anyOf"];
            let known = |key: &String| plain.contains(&&**key) || ANNOTATIONS.contains(&&**key);
            if !option.keys().all(known) {
                return None;
            }
            let text = ["title", "description"].map(|key| option.get(key).and_then(Value::as_str));
            let text: Vec<_> = text.into_iter().flatten().collect();
            list(root, &option, &text.join(": "), deepest, found)?;
        }
    } else if schema.get("type").is_some_and(|kind| kind == "null") {
        found.insert("null".into(), said.into());
    } else {
        return None;
    }
    Some(())
}

/// The schemas of which a value has to fit one.
pub(super) fn options(schema: &Map<String, Value>) -> Option<&Vec<Value>> {
    match (schema.get("oneOf"), schema.get("anyOf")) {
        (Some(Value::Array(options)), None) | (None, Some(Value::Array(options))) => Some(options),
        _ => None,
    }
}

/// The types that a schema allows. A whole number is a number, too.
pub(super) fn types(schema: &Map<String, Value>) -> BTreeSet<&str> {
    let mut found: BTreeSet<&str> = match schema.get("type") {
        Some(Value::String(kind)) => [kind.as_str()].into(),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => TYPES.iter().copied().collect(),
    };
    if found.contains("number") {
        found.insert("integer");
    }
    found
}

/// The type of a value that was written as JSON.
pub(super) fn type_of(written: &str) -> &'static str {
    match serde_json::from_str(written) {
        Ok(Value::Array(_)) => "array",
        Ok(Value::Bool(_)) => "boolean",
        Ok(Value::Number(number)) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => "integer",
        Ok(Value::Number(_)) => "number",
        Ok(Value::Object(_)) => "object",
        Ok(Value::String(_)) => "string",
        Ok(Value::Null) | Err(_) => "null",
    }
}

/// What tells an option of a choice from the others: the tag of a variant, as serde writes enums.
pub(super) fn tag(option: &Map<String, Value>) -> Option<String> {
    // The tag of a variant that is a type of its own stands beside the members of that.
    let parts = option.get("allOf").and_then(Value::as_array).into_iter().flatten();
    let parts = parts.filter_map(Value::as_object);
    let members = |part: &Map<String, Value>| -> Option<String> {
        let properties = part.get("properties")?.as_object()?;
        let (name, value) =
            properties.iter().find_map(|(name, schema)| Some((name, schema.get("const")?)))?;
        Some(format!("{name}={value}"))
    };
    if let Some(tagged) = parts.chain([option]).find_map(members) {
        return Some(tagged);
    }
    let properties = option.get("properties").and_then(Value::as_object)?;
    match option.get("required").and_then(Value::as_array).map(Vec::as_slice) {
        Some([Value::String(only)]) if properties.len() == 1 => Some(only.clone()),
        _ => None,
    }
}

/// The type of an option, where it is one that choices seldom have twice.
pub(super) fn simple(option: &Map<String, Value>) -> Option<String> {
    let kind = option.get("type").and_then(Value::as_str);
    kind.filter(|kind| *kind != "object" && *kind != "null").map(str::to_owned)
}
