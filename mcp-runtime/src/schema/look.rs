//! Looking into a schema: references followed, types told. Everything that walks schemas stands on this.

use serde_json::{Map, Value};

use crate::json::Node;

/// References may lead so far; one that leads to itself ends here.
const FURTHEST: usize = 16;

/// What a schema says after its references are followed; `None` where they lead nowhere, or for ever.
pub(crate) fn resolved<'a>(root: &'a Value, mut schema: &'a Value) -> Option<&'a Value> {
    for _ in 0..FURTHEST {
        let Some(target) = schema.get("$ref").and_then(Value::as_str) else { return Some(schema) };
        schema = referred(root, target)?;
    }
    None
}

/// What a reference inside the same document leads to.
pub(crate) fn referred<'a>(root: &'a Value, target: &str) -> Option<&'a Value> {
    super::reference::target(root, target)
}

/// The types that a schema names, or that its values have; none where it takes any.
pub(crate) fn kinds(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => {
            let one = schema.get("const").map(std::slice::from_ref);
            let values = one.or_else(|| schema.get("enum").and_then(Value::as_array).map(Vec::as_slice));
            let mut kinds: Vec<&str> = values.unwrap_or_default().iter().map(kind_of_value).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        }
    }
}

fn kind_of_value(value: &Value) -> &'static str {
    kind_of(&Node::from(value))
}

/// The type of a value. Only digits are an integer: `30.0` is a number, because that is how it is read.
pub(crate) fn kind_of(node: &Node) -> &'static str {
    match node {
        Node::Null => "null",
        Node::Bool(_) => "boolean",
        Node::Number(written) if is_integer(written) => "integer",
        Node::Number(_) => "number",
        Node::Text(_) => "string",
        Node::Array(_) => "array",
        Node::Object(_) => "object",
    }
}

/// Whether a value is of one of these types.
pub(crate) fn is_one_of(node: &Node, kinds: &[&str]) -> bool {
    let kind = kind_of(node);
    kinds.is_empty() || kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number"))
}

fn is_integer(written: &str) -> bool {
    let digits = written.strip_prefix('-').unwrap_or(written);
    written != "-0" && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The named schemas under a keyword.
pub(crate) fn named<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    schema.get(keyword).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// The schemas in the list under a keyword.
pub(crate) fn listed<'a>(schema: &'a Value, keyword: &str) -> &'a [Value] {
    schema.get(keyword).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The names that an object must have.
pub(crate) fn required(schema: &Value) -> impl Iterator<Item = &str> {
    listed(schema, "required").iter().filter_map(Value::as_str)
}

/// Whether the value of an argument is not to be shown: its schema or its name says that it is a secret.
pub(crate) fn is_secret(name: &str, schema: &Value) -> bool {
    const WORDS: &[&str] =
        &["password", "passwd", "passphrase", "secret", "token", "apikey", "credential", "authorization"];
    let says = schema.get("writeOnly") == Some(&Value::Bool(true))
        || schema.get("format").is_some_and(|format| format == "password");
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    says || WORDS.iter().any(|word| plain.contains(word))
}

/// Whether a secret stands somewhere in a schema, so that what a type says of a value may repeat it.
pub(crate) fn hides(root: &Value, schema: &Value) -> bool {
    let (mut open, mut seen) = (vec![schema], std::collections::HashSet::new());
    while let Some(schema) = open.pop() {
        if !seen.insert(std::ptr::from_ref(schema)) {
            continue;
        }
        if is_secret("", schema) || named(schema, "properties").any(|(name, inner)| is_secret(name, inner)) {
            return true;
        }
        let target = schema.get("$ref").and_then(Value::as_str);
        open.extend(target.and_then(|target| referred(root, target)));
        open.extend(["allOf", "anyOf", "oneOf", "prefixItems"].iter().flat_map(|part| listed(schema, part)));
        open.extend(["items", "additionalProperties"].iter().filter_map(|part| schema.get(part)));
        open.extend(named(schema, "properties").map(|(_, inner)| inner));
    }
    false
}
