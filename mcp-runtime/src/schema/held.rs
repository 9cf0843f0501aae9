//! Finds out, once and while the server is built, which keywords of a published schema nobody holds callers to.
//!
//! A schema is only a text: a derived one says what its type does, one written by hand may say anything. So the function
//! is asked. For every keyword it is given a value that is right and one that is wrong in just this; where it takes both,
//! the type does not hold the keyword, and something else has to.

use std::collections::HashSet;

use serde_json::Value;

use super::full::Validator;
use super::guard::Guard;
use super::look::{kinds, listed, named, referred, required};
use super::rule::{KEYWORDS, Rule};
use super::sample::{Sampler, merged};
use super::walk::Walk;
use super::{Field, InputSchema};
use crate::json::{Node, number};

/// Asks a function whether it takes a value for an argument; without a name, for all of them together.
pub(crate) type Probe<'a> = &'a dyn Fn(Option<&'static str>, &Node) -> bool;

/// Keywords that demand something of what a type gives shape to: types hold them, unless it turns out that they do not.
const SHAPE: &[&str] = &["type", "enum", "const", "required", "additionalProperties"];

/// Keywords that no type holds and no rule is made of.
const OPAQUE: &[&str] = &[
    "if",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "contains",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "$dynamicRef",
];

/// So many wrong values are tried for a keyword.
const MOST_WRONG: usize = 8;

/// A keyword of a schema, and how values come to it.
struct Spot<'a> {
    /// Where it stands in the document.
    pointer: String,
    keyword: &'a str,
    schema: &'a Value,
    way: Vec<Step<'a>>,
    /// Whether it is one of the argument's own, which are checked without more.
    own: bool,
}

#[derive(Clone)]
enum Step<'a> {
    /// Into a member.
    Member(&'a str, &'a Value),
    /// Into an item, and which of those that come first.
    Item(Option<usize>, &'a Value),
    /// To another schema of the same value.
    Same(&'a Value),
}

/// What has to be checked of the arguments of a function, beside what their types do.
///
/// # Errors
///
/// What nobody would check, and what cannot be.
pub(crate) fn guard(input: &InputSchema, published: Value, probe: Probe<'_>) -> Result<Guard, String> {
    let mut guard = Guard::new(published.clone());
    let published = &published;
    let mut loose = Vec::new();
    for Field { name, .. } in &input.fields {
        let Some(schema) = published.pointer(&format!("/properties/{}", escaped(name))) else { continue };
        let argument = Argument { root: published, schema, name: Some(name), probe };
        let (rules, rest) = argument.sorted(&format!("/properties/{}", escaped(name)))?;
        guard.add(name, rules);
        loose.extend(rest.into_iter().map(|pointer| format!("argument \"{name}\": {pointer}")));
    }
    if input.fields.is_empty() && published.get("properties").is_some() {
        let argument = Argument { root: published, schema: published, name: None, probe };
        loose.extend(argument.sorted("")?.1);
    }
    let Some(first) = loose.first() else { return Ok(guard) };
    if !Validator::IS_THERE {
        let more = match loose.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        return Err(format!(
            "{first} of its schema{more} is a promise that nothing keeps: turn on the feature `validate` of `mcp-runtime`, which \
             checks it on every call; or have the type refuse such values when it is read; or leave it out of the schema"
        ));
    }
    let full = Validator::new(published).map_err(|error| format!("its schema cannot be used: {error}"))?;
    Ok(guard.with(Some(full)))
}

/// The rules of arguments that come as plain texts, whose schemas are not published.
///
/// # Errors
///
/// A rule that cannot be used.
pub(crate) fn guard_of_texts(
    input: &InputSchema,
    document: Value,
    probe: Probe<'_>,
) -> Result<Guard, String> {
    let mut guard = Guard::new(document.clone());
    let document = &document;
    for Field { name, .. } in &input.fields {
        let Some(schema) = document.pointer(&format!("/properties/{}", escaped(name))) else { continue };
        let argument = Argument { root: document, schema, name: Some(name), probe };
        guard.add(name, argument.sorted("")?.0);
    }
    Ok(guard)
}

struct Argument<'a> {
    root: &'a Value,
    schema: &'a Value,
    name: Option<&'static str>,
    probe: Probe<'a>,
}

impl<'a> Argument<'a> {
    /// The rules that are to be checked of the value itself, and where keywords stand that nothing holds.
    fn sorted(&self, pointer: &str) -> Result<(Vec<Rule>, Vec<String>), String> {
        let mut spots = Vec::new();
        let mut seen = HashSet::new();
        let place = Place {
            schema: self.schema,
            pointer: pointer.to_owned(),
            way: Vec::new(),
            own: self.name.is_some(),
        };
        self.spots(place, &mut seen, &mut spots);
        let (mut rules, mut loose) = (Vec::new(), Vec::new());
        if let Some(spot) = spots.iter().find(|spot| self.circles(spot.schema)) {
            let place = spot.pointer.rsplit_once('/').map_or("", |(place, _)| place);
            return Err(format!(
                "the schema at #{place} refers to itself, so that no value can be held to it"
            ));
        }
        for spot in spots {
            if self.is_held(&spot) {
                continue;
            }
            if spot.own && KEYWORDS.contains(&spot.keyword) {
                if let Some(value) = spot.schema.get(spot.keyword) {
                    let named = self.name.unwrap_or_default();
                    rules.extend(
                        Rule::new(spot.keyword, value)
                            .map_err(|error| format!("argument \"{named}\": {error}"))?,
                    );
                }
            } else {
                loose.push(format!("{:?} at #{}", spot.keyword, spot.pointer));
            }
        }
        Ok((rules, loose))
    }

    /// Every keyword that demands something, once for each schema.
    fn spots(&self, place: Place<'a>, seen: &mut HashSet<(*const Value, bool)>, out: &mut Vec<Spot<'a>>) {
        let Place { schema, pointer, way, own } = &place;
        let Some(members) = schema.as_object().filter(|_| seen.insert((std::ptr::from_ref(*schema), *own)))
        else {
            return;
        };
        for (keyword, value) in members {
            let keyword = keyword.as_str();
            let closed = keyword != "additionalProperties" || value == &Value::Bool(false);
            let demands = keyword == "$ref"
                || KEYWORDS.contains(&keyword)
                || SHAPE.contains(&keyword)
                || OPAQUE.contains(&keyword);
            if (demands && closed) || keyword == "not" {
                out.push(Spot {
                    pointer: format!("{pointer}/{}", escaped(keyword)),
                    keyword,
                    schema,
                    way: way.clone(),
                    own: *own,
                });
            }
        }
        let mut go = |inner: &'a Value, path: String, step: Step<'a>, own: bool| {
            let mut way = way.clone();
            way.push(step);
            self.spots(Place { schema: inner, pointer: path, way, own }, seen, out);
        };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str)
            && let Some(inner) = referred(self.root, target)
        {
            go(inner, target.trim_start_matches('#').to_owned(), Step::Same(inner), *own);
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for (at, inner) in listed(schema, keyword).iter().enumerate() {
                go(inner, format!("{pointer}/{keyword}/{at}"), Step::Same(inner), false);
            }
        }
        for (name, inner) in named(schema, "properties") {
            go(inner, format!("{pointer}/properties/{}", escaped(name)), Step::Member(name, inner), false);
        }
        for (pattern, inner) in named(schema, "patternProperties") {
            go(
                inner,
                format!("{pointer}/patternProperties/{}", escaped(pattern)),
                Step::Member("1", inner),
                false,
            );
        }
        if let Some(inner) = schema.get("additionalProperties") {
            go(inner, format!("{pointer}/additionalProperties"), Step::Member("key", inner), false);
        }
        for (at, inner) in listed(schema, "prefixItems").iter().enumerate() {
            go(inner, format!("{pointer}/prefixItems/{at}"), Step::Item(Some(at), inner), false);
        }
        if let Some(inner) = schema.get("items") {
            go(inner, format!("{pointer}/items"), Step::Item(None, inner), false);
        }
    }

    /// Whether a schema leads back to itself without going into the value: nobody who follows it comes to an end.
    fn circles(&self, schema: &'a Value) -> bool {
        let next = |schema: &'a Value| -> Vec<&'a Value> {
            let target = schema.get("$ref").and_then(Value::as_str).and_then(|to| referred(self.root, to));
            let parts = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|keyword| listed(schema, keyword));
            target.into_iter().chain(parts).collect()
        };
        let mut seen = HashSet::new();
        let mut open = vec![schema];
        while let Some(schema) = open.pop() {
            for part in next(schema) {
                if !seen.insert(std::ptr::from_ref(part)) {
                    continue;
                }
                open.push(part);
            }
        }
        seen.contains(&std::ptr::from_ref(schema))
    }

    /// Whether the function itself holds callers to a keyword, as far as can be told.
    fn is_held(&self, spot: &Spot<'_>) -> bool {
        let takes = |node: &Node| (self.probe)(self.name, node);
        let right = self.build(self.schema, &spot.way, &|schema| self.sample(schema));
        let wrong = || -> Vec<Node> {
            if spot.keyword != "required" {
                let wrong = |at: usize| {
                    self.build(self.schema, &spot.way, &|schema| {
                        self.violations(schema, spot.keyword).into_iter().nth(at)
                    })
                };
                return (0..MOST_WRONG).filter_map(wrong).collect();
            }
            let without = |name: &str| {
                self.build(self.schema, &spot.way, &|schema| match self.sample(schema)? {
                    Node::Object(mut members) => {
                        members.retain(|(known, _)| known != name);
                        Some(Node::Object(members))
                    }
                    _ => None,
                })
            };
            required(spot.schema).filter_map(without).collect()
        };
        if spot.keyword == "$ref" {
            return spot
                .schema
                .get("$ref")
                .and_then(Value::as_str)
                .is_some_and(|to| referred(self.root, to).is_some());
        }
        if OPAQUE.contains(&spot.keyword) {
            return false;
        }
        // What another part of the schema takes is nothing wrong.
        let is_wrong =
            |node: &Node| spot.keyword == "not" || !Walk::new(self.root).accepts(self.schema, node);
        if right.is_some_and(|right| takes(&right)) {
            let wrong = wrong();
            let told = !wrong.is_empty() || SHAPE.contains(&spot.keyword);
            return told && wrong.iter().filter(|node| is_wrong(node)).all(|node| !takes(node));
        }
        // No value is known that the function takes.
        SHAPE.contains(&spot.keyword) || is_bound_of_a_type(spot)
    }

    fn sample(&self, schema: &Value) -> Option<Node> {
        Sampler::new(self.root, &[]).value(schema, "")
    }

    /// A value that reaches the schema at the end of the way, where `last` makes it.
    fn build(&self, schema: &Value, way: &[Step<'_>], last: &dyn Fn(&Value) -> Option<Node>) -> Option<Node> {
        let Some((step, way)) = way.split_first() else { return last(schema) };
        match step {
            Step::Same(inner) => {
                let built = self.build(inner, way, last)?;
                match (built, schema.get("$ref").is_some()) {
                    (Node::Object(members), false) => {
                        let around = match Sampler::new(self.root, &[]).value(&without_unions(schema), "") {
                            Some(Node::Object(around)) => around,
                            _ => Vec::new(),
                        };
                        Some(Node::Object(merged(around, members)))
                    }
                    (built, _) => Some(built),
                }
            }
            Step::Member(name, inner) => {
                let built = self.build(inner, way, last)?;
                match self.sample(schema) {
                    Some(Node::Object(around)) => {
                        Some(Node::Object(merged(around, vec![((*name).to_owned(), built)])))
                    }
                    _ => Some(Node::Object(vec![((*name).to_owned(), built)])),
                }
            }
            Step::Item(at, inner) => {
                let built = self.build(inner, way, last)?;
                let mut items = match self.sample(schema) {
                    Some(Node::Array(items)) => items,
                    _ => Vec::new(),
                };
                let at = at.unwrap_or(listed(schema, "prefixItems").len());
                match items.get_mut(at) {
                    Some(item) => *item = built,
                    None => items.push(built),
                }
                Some(Node::Array(items))
            }
        }
    }

    /// Values that are wrong in one keyword of their schema. A type may refuse one of them for a reason of its own, as `u8`
    /// does what is past 255, so there are several.
    fn violations(&self, schema: &Value, keyword: &str) -> Vec<Node> {
        let kinds = kinds(schema);
        let takes = |kind: &str| kinds.contains(&kind);
        let numbers: &[&str] = match keyword {
            "type" if takes("integer") && !takes("number") => &["0.5"],
            "enum" | "const" if takes("integer") || takes("number") => {
                &["0", "1", "2", "3", "5", "100", "0.5"]
            }
            "multipleOf" => &["1", "2", "3", "5", "7"],
            _ => &[],
        };
        let rule = schema.get(keyword).and_then(|value| Rule::new(keyword, value).ok().flatten());
        let others = numbers.iter().map(|number| Node::Number((*number).to_owned()));
        let others = others.filter(|node| rule.as_ref().is_some_and(|rule| !rule.holds(node)));
        self.violation(schema, keyword).into_iter().chain(others).take(MOST_WRONG).collect()
    }

    /// A value that is wrong in one keyword of its schema.
    fn violation(&self, schema: &Value, keyword: &str) -> Option<Node> {
        let value = schema.get(keyword)?;
        let written = value.to_string();
        let beside = |by: i128| match number::whole(&written).and_then(|whole| whole.parse::<i128>().ok()) {
            Some(whole) => Some((whole + by).to_string()),
            #[allow(clippy::cast_precision_loss, reason = "it is one more or one less")]
            None => Some((written.parse::<f64>().ok()? + by as f64).to_string()),
        };
        let count = || usize::try_from(value.as_u64()?).ok().filter(|count| *count <= 10_000);
        let items = |count: usize| {
            let first = listed(schema, "prefixItems").iter();
            let rest = std::iter::repeat(schema.get("items").unwrap_or(&Value::Bool(true)));
            let items = first.chain(rest).take(count).map(|item| self.sample(item));
            items.collect::<Option<Vec<_>>>().map(Node::Array)
        };
        match keyword {
            "minimum" => beside(-1).map(Node::Number),
            "maximum" | "multipleOf" => match beside(1)? {
                number if number::is_multiple(&number, &written) && keyword == "multipleOf" => {
                    Some(Node::Number((written.parse::<f64>().ok()? * 1.5).to_string()))
                }
                number => Some(Node::Number(number)),
            },
            "exclusiveMinimum" | "exclusiveMaximum" => Some(Node::Number(written)),
            "minLength" => count()?.checked_sub(1).map(|count| Node::Text("a".repeat(count))),
            "maxLength" => Some(Node::Text("a".repeat(count()? + 1))),
            "pattern" => {
                let rule = Rule::new(keyword, value).ok()??;
                let tries = ["\u{1}", "", "!", "a", "0"].map(|text| Node::Text(text.to_owned()));
                tries.into_iter().find(|text| !rule.holds(text))
            }
            "minItems" => items(count()?.checked_sub(1)?),
            "maxItems" => items(count()? + 1),
            "uniqueItems" => items(2),
            "type" | "enum" | "const" => {
                let kinds = kinds(schema);
                let takes = |kind: &str| kinds.contains(&kind);
                Some(match keyword {
                    "type" if !takes("boolean") => Node::Bool(true),
                    "type" if takes("string") => return None,
                    _ if takes("string") || keyword == "type" => Node::Text("no such value".into()),
                    _ => Node::Number("987654321".into()),
                })
            }
            "additionalProperties" => match self.sample(schema)? {
                Node::Object(members) => {
                    Some(Node::Object(merged(members, vec![("no such name".into(), Node::Null)])))
                }
                _ => None,
            },
            "not" => self.sample(value),
            _ => None,
        }
    }
}

struct Place<'a> {
    schema: &'a Value,
    pointer: String,
    way: Vec<Step<'a>>,
    own: bool,
}

fn without_unions(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        for union in ["anyOf", "oneOf", "allOf"] {
            members.remove(union);
        }
    }
    schema
}

/// Whether a bound is what an integer type of Rust publishes, and so what it holds.
fn is_bound_of_a_type(spot: &Spot<'_>) -> bool {
    let bound = |keyword: &str| spot.schema.get(keyword).and_then(Value::as_i64);
    let integer = spot.schema.get("type").is_some_and(|kind| kind == "integer");
    let bounds = [(Some(0), None), (Some(0), Some(255)), (Some(0), Some(65535))]
        .into_iter()
        .chain([(Some(-128), Some(127)), (Some(-32768), Some(32767))]);
    let known = |(least, most)| bound("minimum") == least && bound("maximum") == most;
    integer && ["minimum", "maximum"].contains(&spot.keyword) && bounds.into_iter().any(known)
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
