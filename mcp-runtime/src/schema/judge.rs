//! Whether a value that the author wrote, a default or an example, is one that the published schema allows.
//!
//! It knows the keywords that are checked natively, and is lenient about the rest.

use regex_lite::Regex;
use serde_json::Value;

use super::shape::expected;

/// What the value breaks; `None` where nothing is found.
pub(crate) fn problem(value: &Value, schema: &Value) -> Option<String> {
    let members = schema.as_object()?;
    members.iter().find_map(|(keyword, wanted)| {
        broken(keyword, value, wanted).then(|| match keyword.as_str() {
            "type" | "enum" => format!("{value} is not {}", expected(schema)),
            _ => format!("{value} breaks \"{keyword}\": {wanted}"),
        })
    })
}

fn broken(keyword: &str, value: &Value, wanted: &Value) -> bool {
    let number = |holds: fn(f64, f64) -> bool| match (value.as_f64(), wanted.as_f64()) {
        (Some(value), Some(wanted)) => !holds(value, wanted),
        _ => false,
    };
    let size = |size: Option<usize>, holds: fn(u64, u64) -> bool| match (size, wanted.as_u64()) {
        (Some(size), Some(wanted)) => !holds(size as u64, wanted),
        _ => false,
    };
    let characters = || value.as_str().map(|text| text.chars().count());
    let items = || value.as_array().map(Vec::len);
    let members = || value.as_object().map(serde_json::Map::len);
    let at_least: fn(u64, u64) -> bool = |size, wanted| size >= wanted;
    let at_most: fn(u64, u64) -> bool = |size, wanted| size <= wanted;
    match keyword {
        "type" => !is(value, wanted),
        "enum" => wanted.as_array().is_some_and(|values| !values.contains(value)),
        "const" => wanted != value,
        "minimum" => number(|value, wanted| value >= wanted),
        "maximum" => number(|value, wanted| value <= wanted),
        "exclusiveMinimum" => number(|value, wanted| value > wanted),
        "exclusiveMaximum" => number(|value, wanted| value < wanted),
        "minLength" => size(characters(), at_least),
        "maxLength" => size(characters(), at_most),
        "minItems" => size(items(), at_least),
        "maxItems" => size(items(), at_most),
        "minProperties" => size(members(), at_least),
        "maxProperties" => size(members(), at_most),
        "pattern" => match (value.as_str(), wanted.as_str().map(Regex::new)) {
            (Some(text), Some(Ok(pattern))) => !pattern.is_match(text),
            _ => false,
        },
        _ => false,
    }
}

fn is(value: &Value, kinds: &Value) -> bool {
    let one = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|value| value.fract() == 0.0)
        }
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    match kinds {
        Value::String(kind) => one(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(one),
        _ => true,
    }
}
