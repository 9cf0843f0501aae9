//! The values that a schema allows, where they can be counted.

use serde_json::{Map, Value};

use super::reference::name as name_of;

/// References may lead so far; one that leads to itself ends here.
const DEEPEST: usize = 8;

/// The texts of all values that a schema allows; `None` where there is no end of them.
pub(super) fn values(schema: &Value, definitions: &Map<String, Value>) -> Option<Vec<String>> {
    let mut found = Vec::new();
    collect(schema, definitions, DEEPEST, &mut found)?;
    Some(found)
}

fn collect(
    schema: &Value,
    definitions: &Map<String, Value>,
    deeper: usize,
    found: &mut Vec<String>,
) -> Option<()> {
    let deeper = deeper.checked_sub(1)?;
    if let Some(value) = schema.get("const") {
        return add(value, found);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().try_for_each(|value| add(value, found));
    }
    for union in ["oneOf", "anyOf"] {
        if let Some(options) = schema.get(union).and_then(Value::as_array) {
            return options.iter().try_for_each(|option| collect(option, definitions, deeper, found));
        }
    }
    if let Some(name) =
        schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"))
    {
        return collect(definitions.get(&name_of(name))?, definitions, deeper, found);
    }
    match schema.get("type").and_then(Value::as_str)? {
        "boolean" => found.extend(["true".into(), "false".into()]),
        "null" => {}
        _ => return None,
    }
    Some(())
}

fn add(value: &Value, found: &mut Vec<String>) -> Option<()> {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Bool(_) | Value::Number(_) => found.push(value.to_string()),
        Value::Null => {}
        Value::Array(_) | Value::Object(_) => return None,
    }
    Some(())
}
