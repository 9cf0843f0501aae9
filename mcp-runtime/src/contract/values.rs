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
        Ok(Value::Number(number)) if number.as_i128().is_some() => "integer",
        Ok(Value::Number(_)) => "number",
        Ok(Value::Object(_)) => "object",
        Ok(Value::String(_)) => "string",
        Ok(Value::Null) | Err(_) => "null",
    }
}

/// What tells an option of a choice from the others: the tag of a variant, as serde writes enums.
pub(super) fn tag(option: &Map<String, Value>) -> Option<String> {
    if let Some(properties) = option.get("properties").and_then(Value::as_object) {
        let tagged = properties.iter().find_map(|(name, schema)| Some((name, schema.get("const")?)));
        if let Some((name, value)) = tagged {
            return Some(format!("{name}={value}"));
        }
        if let Some([Value::String(only)]) =
            option.get("required").and_then(Value::as_array).map(Vec::as_slice)
            && properties.len() == 1
        {
            return Some(only.clone());
        }
    }
    None
}
