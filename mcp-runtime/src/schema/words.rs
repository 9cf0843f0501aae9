//! What a schema takes and what came instead, in words for a model: short, whatever the schema and the peer say.

use serde_json::Value;

use super::look::{kinds, listed, named, required, resolved};
use crate::json::Node;

/// So many values or names are told.
const MOST: usize = 20;

/// What a schema takes, in a few words: `an integer from 1 to 10`, `one of "a", "b"`.
pub(crate) fn expected(root: &Value, schema: &Value) -> String {
    words(root, schema, 3)
}

fn words(root: &Value, schema: &Value, deeper: usize) -> String {
    let Some(schema) = resolved(root, schema) else { return "a value".into() };
    if let Some(value) = schema.get("const") {
        return cut(&value.to_string(), 100);
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        return one_of(values.iter());
    }
    for union in ["anyOf", "oneOf"] {
        let options = listed(schema, union);
        if options.is_empty() {
            continue;
        }
        if let Some(values) =
            options.iter().map(|option| resolved(root, option)?.get("const")).collect::<Option<Vec<_>>>()
        {
            return one_of(values);
        }
        let Some(deeper) = deeper.checked_sub(1) else { return "a value".into() };
        let mut said: Vec<String> =
            options.iter().take(MOST).map(|option| words(root, option, deeper)).collect();
        said.dedup();
        return said.join(", or ");
    }
    let said: Vec<_> = kinds(schema).iter().map(|kind| of_kind(root, schema, kind, deeper)).collect();
    if said.is_empty() { "a value".into() } else { said.join(" or ") }
}

fn one_of<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let values: Vec<_> = values.into_iter().collect();
    let mut said: Vec<_> = values.iter().take(MOST).map(|value| cut(&value.to_string(), 100)).collect();
    if values.len() > MOST {
        said.push(format!("… ({} in all)", values.len()));
    }
    match said.as_slice() {
        [only] => only.clone(),
        _ => format!("one of {}", said.join(", ")),
    }
}

fn of_kind(root: &Value, schema: &Value, kind: &str, deeper: usize) -> String {
    let mut said = match kind {
        "integer" => "an integer".to_owned(),
        "number" => "a number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "null" => "null".to_owned(),
        "string" => match schema.get("format").and_then(Value::as_str) {
            Some(format) => format!("a string ({})", cut(format, 40)),
            None => "a string".to_owned(),
        },
        "array" => match (schema.get("items"), deeper.checked_sub(1)) {
            (Some(items @ Value::Object(_)), Some(deeper)) => {
                format!("an array, each item {}", words(root, items, deeper))
            }
            _ => "an array".to_owned(),
        },
        "object" => object(root, schema),
        other => cut(other, 40),
    };
    match kind {
        "integer" | "number" => {
            let bound = |keyword: &str| schema.get(keyword).map(Value::to_string);
            match (bound("minimum"), bound("maximum")) {
                (Some(least), Some(most)) => said.push_str(&format!(" from {least} to {most}")),
                (Some(least), None) if least == "0" => {
                    said = said.replace("an integer", "a non-negative integer")
                }
                (Some(least), None) => said.push_str(&format!(" of at least {least}")),
                (None, Some(most)) => said.push_str(&format!(" of at most {most}")),
                (None, None) => {}
            }
            for (keyword, meaning) in [
                ("exclusiveMinimum", "greater than"),
                ("exclusiveMaximum", "less than"),
                ("multipleOf", "and a multiple of"),
            ] {
                if let Some(bound) = bound(keyword) {
                    said.push_str(&format!(" {meaning} {bound}"));
                }
            }
        }
        "string" => {
            between(&mut said, schema, ["minLength", "maxLength"], "character");
            if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
                said.push_str(&format!(" that matches the pattern {}", cut(pattern, 100)));
            }
        }
        "array" => {
            between(&mut said, schema, ["minItems", "maxItems"], "item");
            if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
                said.push_str(", none of them twice");
            }
        }
        _ => {}
    }
    said
}

fn between(said: &mut String, schema: &Value, [least, most]: [&str; 2], unit: &str) {
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let units = |count: u64| if count == 1 { format!("{count} {unit}") } else { format!("{count} {unit}s") };
    let with = if unit == "item" { "," } else { "" };
    match (bound(least), bound(most)) {
        (Some(least), Some(most)) if least == most => said.push_str(&format!("{with} of {}", units(least))),
        (Some(least), Some(most)) => said.push_str(&format!("{with} of {least} to {}", units(most))),
        (Some(least), None) if least > 0 => said.push_str(&format!("{with} of at least {}", units(least))),
        (None, Some(most)) => said.push_str(&format!("{with} of at most {}", units(most))),
        _ => {}
    }
}

/// An object is told by what it must have; one of several by what tells it apart.
fn object(root: &Value, schema: &Value) -> String {
    let tag = named(schema, "properties")
        .find_map(|(name, property)| Some((name, resolved(root, property)?.get("const")?)));
    if let Some((name, value)) = tag {
        return format!("an object with \"{}\": {}", cut(name, 60), cut(&value.to_string(), 60));
    }
    let names: Vec<_> = required(schema).take(MOST).map(|name| format!("\"{}\"", cut(name, 60))).collect();
    if names.is_empty() { "an object".into() } else { format!("an object with {}", names.join(", ")) }
}

/// What came, shortened. Of a secret only what kind of value it is.
pub(crate) fn came(node: &Node, secret: bool) -> String {
    match node {
        Node::Text(_) if secret => "a string".into(),
        Node::Number(_) if secret => "a number".into(),
        Node::Text(text) => {
            let shown = cut(text, 60);
            serde_json::to_string(&shown).unwrap_or_default()
        }
        Node::Number(written) => cut(written, 40),
        Node::Null => "null".into(),
        Node::Bool(_) if secret => "true or false".into(),
        Node::Bool(value) => value.to_string(),
        Node::Array(items) => match items.len() {
            0 => "an empty array".into(),
            1 => "an array of 1 item".into(),
            count => format!("an array of {count} items"),
        },
        Node::Object(members) => {
            let names: Vec<_> =
                members.iter().take(5).map(|(name, _)| format!("{:?}", cut(name, 40))).collect();
            match names.len() {
                0 => "an empty object".into(),
                _ if members.len() > names.len() => format!("an object with {}, …", names.join(", ")),
                _ => format!("an object with {}", names.join(", ")),
            }
        }
    }
}

/// So many characters of a text.
pub(crate) fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
