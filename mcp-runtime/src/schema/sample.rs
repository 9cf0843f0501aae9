//! Values that a schema takes, made of the schema alone: what its author wrote as default or example, or else the least
//! that will do.

use regex_lite::Regex;
use serde_json::Value;

use super::look::{kinds, listed, named, required, resolved};
use crate::json::{Node, number};

/// So deep a value is made, and so many parts it has at most.
const DEEPEST: usize = 12;
const MOST_PARTS: usize = 200;
/// So long a text or an array is made; what must be longer is not made.
const LONGEST: u64 = 1000;

/// Makes values of one schema document.
pub(crate) struct Sampler<'a> {
    root: &'a Value,
    /// Places, as in `filter.items[].name`, that are given though they could be left out.
    wanted: &'a [String],
    left: usize,
}

impl<'a> Sampler<'a> {
    pub(crate) fn new(root: &'a Value, wanted: &'a [String]) -> Self {
        Self { root, wanted, left: MOST_PARTS }
    }

    /// A value of a schema that stands at `place`; `None` where none is found.
    pub(crate) fn value(&mut self, schema: &Value, place: &str) -> Option<Node> {
        self.at(schema, place, DEEPEST)
    }

    fn wants(&self, place: &str) -> bool {
        self.wanted.iter().any(|wanted| {
            wanted.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    fn at(&mut self, schema: &Value, place: &str, deeper: usize) -> Option<Node> {
        let deeper = deeper.checked_sub(1)?;
        self.left = self.left.checked_sub(1)?;
        let own = |schema: &Value| {
            let examples = listed(schema, "examples").first();
            let value = schema.get("default").filter(|value| !value.is_null()).or(examples);
            value.or_else(|| schema.get("const")).or_else(|| listed(schema, "enum").first()).map(Node::from)
        };
        if let Some(value) = own(schema) {
            return Some(value);
        }
        let root = self.root;
        let schema = resolved(root, schema)?;
        if let Some(value) = own(schema) {
            return Some(value);
        }
        for union in ["anyOf", "oneOf"] {
            if let Some(value) =
                listed(schema, union).iter().find_map(|option| self.at(option, place, deeper))
            {
                return match (value, schema.get("properties")) {
                    (Node::Object(members), Some(_)) => {
                        let own = self.object(schema, place, deeper)?;
                        Some(Node::Object(merged(own, members)))
                    }
                    (value, _) => Some(value),
                };
            }
        }
        let kinds = kinds(schema);
        let kind = kinds.iter().find(|kind| **kind != "null").or(kinds.first()).copied();
        match kind {
            Some("null") => Some(Node::Null),
            Some("boolean") => Some(Node::Bool(true)),
            Some(kind @ ("integer" | "number")) => numeric(schema, kind == "integer").map(Node::Number),
            Some("string") => text(schema).map(Node::Text),
            Some("array") => {
                let mut items: Vec<Node> = Vec::new();
                let first = listed(schema, "prefixItems");
                for (at, item) in first.iter().enumerate() {
                    let _ = at;
                    items.push(self.at(item, &format!("{place}[]"), deeper)?);
                }
                let count = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                let most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX);
                let place = format!("{place}[]");
                let wanted = u64::from(self.wants(&place)).max(count).min(most);
                if wanted > LONGEST {
                    return None;
                }
                while (items.len() as u64) < wanted {
                    let item = schema.get("items").unwrap_or(&Value::Bool(true));
                    items.push(self.at(item, &place, deeper)?);
                }
                Some(Node::Array(items))
            }
            Some("object") => self.object(schema, place, deeper).map(Node::Object),
            Some(_) => None,
            None if !listed(schema, "allOf").is_empty() || schema.get("properties").is_some() => {
                self.object(schema, place, deeper).map(Node::Object)
            }
            None if schema == &Value::Bool(false) => None,
            None => Some(Node::Text("value".into())),
        }
    }

    /// The members that an object must have, and those that are wanted.
    fn object(&mut self, schema: &Value, place: &str, deeper: usize) -> Option<Vec<(String, Node)>> {
        let mut members = Vec::new();
        for part in listed(schema, "allOf") {
            if let Some(Node::Object(more)) = self.at(part, place, deeper) {
                members = merged(members, more);
            }
        }
        let inside = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        for name in required(schema) {
            let property = schema.get("properties").and_then(|properties| properties.get(name));
            let value = self.at(property.unwrap_or(&Value::Bool(true)), &inside(name), deeper)?;
            members = merged(members, vec![(name.to_owned(), value)]);
        }
        for (name, property) in named(schema, "properties") {
            let place = inside(name);
            if self.wants(&place) && !members.iter().any(|(known, _)| known == name) {
                members.push((name.clone(), self.at(property, &place, deeper)?));
            }
        }
        Some(members)
    }
}

/// The members of two objects; those of the second count where both have one.
pub(crate) fn merged(mut first: Vec<(String, Node)>, second: Vec<(String, Node)>) -> Vec<(String, Node)> {
    for (name, value) in second {
        match first.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => first.push((name, value)),
        }
    }
    first
}

/// A number within its bounds.
fn numeric(schema: &Value, integer: bool) -> Option<String> {
    let bound = |keyword: &str| schema.get(keyword).map(Value::to_string);
    let (least, most) = (bound("minimum"), bound("maximum"));
    let (above, below) = (bound("exclusiveMinimum"), bound("exclusiveMaximum"));
    let of = bound("multipleOf");
    let shifted = |bound: &str, by: f64| {
        let number: f64 = bound.parse().ok()?;
        let step = if integer { by } else { by / 2.0 };
        Some((number + step).to_string())
    };
    let step = |bound: &Option<String>, by: f64| {
        let bound = bound.as_deref()?;
        match bound.parse::<i128>() {
            Ok(number) if integer => Some((number + if by > 0.0 { 1 } else { -1 }).to_string()),
            _ => shifted(bound, by),
        }
    };
    let mut candidates = vec![Some("1".to_owned()), Some("0".to_owned()), of.clone()];
    candidates.extend([least.clone(), most.clone(), step(&above, 1.0), step(&below, -1.0)]);
    if let (Some(of), Some(low)) = (&of, least.as_ref().or(above.as_ref())) {
        let (of, low): (f64, f64) = (of.parse().ok()?, low.parse().ok()?);
        candidates.extend([
            Some(((low / of).ceil() * of).to_string()),
            Some(((low / of).floor() * of + of).to_string()),
        ]);
    }
    candidates.into_iter().flatten().find(|it| {
        (!integer || number::whole(it).is_some())
            && least.as_ref().is_none_or(|least| number::compare(it, least).is_ge())
            && most.as_ref().is_none_or(|most| number::compare(it, most).is_le())
            && above.as_ref().is_none_or(|above| number::compare(it, above).is_gt())
            && below.as_ref().is_none_or(|below| number::compare(it, below).is_lt())
            && of.as_ref().is_none_or(|of| number::is_multiple(it, of))
    })
}

/// A text of the right length and form. A pattern is met by luck, or not at all.
fn text(schema: &Value) -> Option<String> {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let plain = match format {
        "date-time" => "2026-01-31T12:00:00Z",
        "date" => "2026-01-31",
        "time" => "12:00:00Z",
        "duration" => "PT1H",
        "email" | "idn-email" => "name@example.com",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" | "ip" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "url" | "iri" | "uri-reference" => "https://example.com/",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        _ => "text",
    };
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let (least, most) = (bound("minLength").unwrap_or(0), bound("maxLength").unwrap_or(u64::MAX));
    if least > most || least > LONGEST {
        return None;
    }
    let fitted = |text: &str| {
        let length = text.chars().count() as u64;
        let wanted = usize::try_from(length.clamp(least, most)).unwrap_or_default();
        text.chars().cycle().take(wanted).collect::<String>()
    };
    let Some(pattern) = schema.get("pattern").and_then(Value::as_str) else { return Some(fitted(plain)) };
    let regex = Regex::new(pattern).ok()?;
    let tries = [
        plain,
        "a",
        "A",
        "1",
        "0",
        "abc",
        "ABC",
        "Abc",
        "123",
        "a1",
        "A1",
        "a-b",
        "a_b",
        "a.b",
        "1.0",
        "1.0.0",
        "AB",
        "ab",
        "12",
        "1234",
        "12345",
        "#000000",
        "+1",
        "/",
        "a/b",
        "a@b.c",
        "AB-1",
        "AB-123",
        "ABC-123",
        "A-1",
        "ab12",
        "AB12",
        "en",
        "en-US",
        "EUR",
        "00:00",
        "https://example.com/",
        "2026-01-31",
        "-",
        "_",
        " ",
    ];
    let exact = tries.iter().map(|text| (*text).to_owned());
    let longer = tries.iter().map(|text| fitted(text));
    let fits = |text: &String| {
        let length = text.chars().count() as u64;
        (least..=most).contains(&length) && regex.is_match(text)
    };
    exact.chain(longer).find(fits)
}
