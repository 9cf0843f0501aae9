//! From the standard schema to what a host takes, from the root down. Whatever the host does not know is told in words, at the
//! end of the description, and noted as lost.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Loss;
use super::host::{Any, Host, Objects};
use crate::schema::HEADER_KEYWORD;
use crate::schema::reference::{name as name_of, target};

/// Schemas that refer to others are written out; so many may come of it, so that a few lines do not become a library.
const MOST: usize = 4096;
/// So deep a schema may be.
const DEEPEST: usize = 64;
/// So deep OpenAI lets objects nest, and so many properties there may be in all.
const LEVELS: usize = 10;
const PROPERTIES: usize = 5000;

/// What says nothing about values.
const SILENT: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$id",
    "$schema",
    "$vocabulary",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "definitions",
    "readOnly",
    "title",
    "writeOnly",
];
/// What the model should know, and nobody checks.
const TOLD: &[&str] = &["default", "deprecated", "example", "examples"];
/// What cannot be said in a word.
const UNTOLD: &[&str] = &[
    "$dynamicRef",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "not",
    "patternProperties",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Writes a schema anew.
pub(super) struct Rewriter<'a> {
    pub(super) host: &'static Host,
    root: &'a Value,
    /// The references that lead here. One of them that comes again has no end.
    pub(super) open: Vec<String>,
    /// Those that stay.
    kept: BTreeSet<String>,
    left: usize,
    losses: Vec<Loss>,
}

/// A schema without null, and whether null was in it.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) schema: Map<String, Value>,
    pub(super) nullable: bool,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(host: &'static Host, root: &'a Value) -> Self {
        let open = vec!["#".to_owned()];
        Self { host, root, open, kept: BTreeSet::new(), left: MOST, losses: Vec::new() }
    }

    pub(super) fn lose(&mut self, path: &str, what: impl Into<String>) {
        let loss = Loss { path: path.into(), what: what.into() };
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }

    /// The whole schema, which is always an object. `plain` says that null is the same as leaving an argument out.
    pub(super) fn root(mut self, plain: bool) -> (Map<String, Value>, Vec<Loss>) {
        let written = self.root.as_object().cloned().unwrap_or_default();
        let whole = self.resolved(&written, "").unwrap_or_default();
        let opened = self.open.len();
        let chosen = ["oneOf", "anyOf"].iter().any(|union| whole.contains_key(*union));
        if chosen && self.host.objects == Objects::Closed {
            self.lose("", "what only some alternatives have must always be given: such calls may be refused");
        }
        let whole = self.without_union(whole, "");
        self.open.truncate(opened);
        let mut out = self.object(whole, "", plain);
        let mut definitions = Map::new();
        while let Some(reference) = self.kept.pop_first() {
            let name = name_of(&reference);
            if reference == "#" || definitions.contains_key(&name) {
                continue;
            }
            self.open = vec!["#".into(), reference.clone()];
            let target = target(self.root, &reference);
            let mut node = self.node(target.unwrap_or(&Value::Null), &name);
            if node.nullable {
                self.allow_null(&mut node.schema, &name);
            }
            definitions.insert(name, node.schema.into());
        }
        if !definitions.is_empty() {
            out.insert("$defs".into(), definitions.into());
        }
        if self.host.objects == Objects::Closed {
            let (levels, properties) = extent(&out);
            if levels > LEVELS {
                self.lose("", format!("objects nest {levels} deep; the host refuses more than {LEVELS}"));
            }
            if properties > PROPERTIES {
                self.lose(
                    "",
                    format!("there are {properties} properties; the host refuses more than {PROPERTIES}"),
                );
            }
        }
        (out, self.losses)
    }

    /// One schema, wherever it stands.
    pub(super) fn node(&mut self, schema: &Value, path: &str) -> Node {
        let Some(written) = schema.as_object() else { return self.any(Map::new(), path) };
        if self.left == 0 || self.open.len() > DEEPEST {
            self.lose(path, "the schema is too large to be written out: here it is told as any object");
            return Node { schema: self.open_object(None, path), nullable: false };
        }
        self.left -= 1;
        let opened = self.open.len();
        let mut node = match self.resolved(written, path) {
            Ok(schema) => self.kinds(schema, path),
            Err(recursion) => Node { schema: recursion, nullable: false },
        };
        if !self.host.beside_unions {
            self.alone(&mut node.schema, path);
        }
        self.open.truncate(opened);
        node
    }

    /// The schema with what it refers to put into it; or, where it leads back to itself, what stands for it.
    pub(super) fn resolved(
        &mut self,
        written: &Map<String, Value>,
        path: &str,
    ) -> Result<Map<String, Value>, Map<String, Value>> {
        let mut schema = written.clone();
        while let Some(Value::String(reference)) = schema.remove("$ref") {
            let Some(target) = target(self.root, &reference).and_then(Value::as_object) else {
                self.lose(path, format!("{reference:?} leads nowhere: any value is taken"));
                continue;
            };
            if self.open.contains(&reference) {
                let defined = reference.strip_prefix("#/$defs/").is_some_and(|name| !name.contains('/'));
                if self.host.references && (reference == "#" || defined) {
                    self.kept.insert(reference.clone());
                    return Err(Map::from_iter([("$ref".to_owned(), reference.into())]));
                }
                let name = name_of(&reference);
                self.lose(path, format!("{name:?} leads back to itself: here it is told in words only"));
                let description = schema.get("description").or_else(|| target.get("description")).cloned();
                let members = target.get("properties").and_then(Value::as_object);
                let needed = target.get("required").and_then(Value::as_array);
                let mark = |name: &String| match needed.is_some_and(|all| all.iter().any(|it| it == name)) {
                    true => name.clone(),
                    false => format!("{name}?"),
                };
                let members: Vec<_> = members.into_iter().flat_map(|found| found.keys().map(mark)).collect();
                let mut schema = self.open_object(description, path);
                if !members.is_empty() {
                    tell(&mut schema, &[format!("a {name} again, with {}", members.join(", "))]);
                }
                return Err(schema);
            }
            self.open.push(reference);
            // What stands beside a reference holds as well: serde's tag stands beside the members of the variant.
            self.also(&mut schema, target, path);
        }
        if let Some(Value::Array(parts)) = schema.remove("allOf") {
            for part in parts {
                match part.as_object().map(|part| self.resolved(part, path)) {
                    Some(Ok(part)) => self.also(&mut schema, &part, path),
                    _ => self.lose(path, "a part of `allOf` is not told"),
                }
            }
        }
        Ok(schema)
    }

    /// An object of which nothing is said, where the host knows such a thing.
    fn open_object(&mut self, description: Option<Value>, path: &str) -> Map<String, Value> {
        let mut schema = Map::from_iter([("type".to_owned(), Value::from("object"))]);
        schema.extend(description.map(|text| ("description".to_owned(), text)));
        if self.host.objects == Objects::Closed {
            schema.extend([("properties".to_owned(), json!({})), ("required".to_owned(), json!([]))]);
            schema.insert("additionalProperties".into(), false.into());
            self.lose(path, "members that are not named cannot be given");
        }
        schema
    }

    /// By what it is: a union, a choice of values, or of one type.
    fn kinds(&mut self, mut schema: Map<String, Value>, path: &str) -> Node {
        for union in ["oneOf", "anyOf"] {
            if let Some(Value::Array(options)) = schema.remove(union) {
                return self.union(schema, options, path);
            }
        }
        if let Some(value) = schema.remove("const") {
            schema.insert("enum".into(), json!([value]));
        }
        let mut nullable = false;
        if let Some(Value::Array(values)) = schema.get_mut("enum") {
            let before = values.len();
            values.retain(|value| !value.is_null());
            nullable = values.len() < before;
            let kind = kind_of(values);
            if let (None, Some(kind)) = (schema.get("type"), kind) {
                schema.insert("type".into(), kind.into());
            }
        }
        if let Some(Value::Array(kinds)) = schema.get("type") {
            let all = kinds.len();
            let kinds: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
            nullable |= kinds.len() < all;
            match kinds.as_slice() {
                [only] => {
                    schema.insert("type".into(), only.clone());
                }
                _ => {
                    schema.remove("type");
                    let options = kinds.into_iter().map(|kind| json!({"type": kind})).collect();
                    let node = self.union(schema, options, path);
                    return Node { nullable: nullable || node.nullable, ..node };
                }
            }
        }
        let structured = |keys: &[&str]| keys.iter().any(|key| schema.contains_key(*key));
        let kind = match schema.get("type").and_then(Value::as_str) {
            Some(kind) => kind.to_owned(),
            None if structured(&["properties", "additionalProperties", "required"]) => "object".into(),
            None if structured(&["items", "prefixItems"]) => "array".into(),
            None => return self.any(schema, path),
        };
        let written = match kind.as_str() {
            "object" => self.object(schema, path, false),
            "array" => self.array(schema, path),
            "null" => return self.null(schema, path),
            _ => {
                let mut out = Map::from_iter([("type".to_owned(), Value::from(kind))]);
                self.rest(&mut out, schema, path);
                out
            }
        };
        Node { schema: written, nullable }
    }

    fn object(&mut self, mut schema: Map<String, Value>, path: &str, plain: bool) -> Map<String, Value> {
        let mut out = Map::from_iter([("type".to_owned(), Value::from("object"))]);
        let closed = self.host.objects == Objects::Closed;
        let written = match schema.remove("properties") {
            Some(Value::Object(properties)) => properties,
            _ => Map::new(),
        };
        let needed = schema.remove("required").unwrap_or_default();
        let needed = |name: &str| needed.as_array().is_some_and(|names| names.iter().any(|it| it == name));
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for (name, property) in written {
            let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let says = |keyword: &str| property.get(keyword).is_some_and(|value| !value.is_null());
            let must = needed(&name);
            let Node { schema: mut it, nullable } = self.node(&property, &at);
            // Null stands for what is left out only where it is read so.
            let null = match closed && !must && !says("default") {
                true if nullable || (plain && !says(HEADER_KEYWORD)) => true,
                true => {
                    self.lose(&at, "it can no longer be left out");
                    false
                }
                false => nullable && (must || closed),
            };
            if null {
                self.allow_null(&mut it, &at);
            }
            if must || closed {
                required.push(Value::from(name.as_str()));
            }
            properties.insert(name, it.into());
        }
        let mut words = Vec::new();
        match (self.host.objects, schema.remove("additionalProperties")) {
            (Objects::Closed, more) => {
                if more != Some(Value::Bool(false)) && (more.is_some() || properties.is_empty()) {
                    self.lose(path, "members that are not named cannot be given");
                }
                out.insert("additionalProperties".into(), false.into());
            }
            (Objects::Silent, Some(more @ Value::Object(_))) => {
                words.push(format!("every other member: {}", crate::schema::expected(&more)));
                self.lose(path, "what its members are is told in words only");
            }
            (Objects::AsTheyAre, Some(more @ Value::Object(_))) => {
                let at = format!("{path}.*");
                let Node { schema: mut it, nullable } = self.node(&more, &at);
                if nullable {
                    self.allow_null(&mut it, &at);
                }
                out.insert("additionalProperties".into(), it.into());
            }
            (Objects::AsTheyAre, Some(more)) => {
                out.insert("additionalProperties".into(), more);
            }
            (Objects::Silent | Objects::AsTheyAre, _) => {}
        }
        if self.host.objects == Objects::Silent && properties.is_empty() && !path.is_empty() {
            self.lose(path, "it has no members that are named, and some models of the host refuse that");
        }
        if closed || !properties.is_empty() {
            out.insert("properties".into(), properties.into());
        }
        if closed || !required.is_empty() {
            out.insert("required".into(), required.into());
        }
        self.rest(&mut out, schema, path);
        tell(&mut out, &words);
        out
    }

    fn array(&mut self, mut schema: Map<String, Value>, path: &str) -> Map<String, Value> {
        let at = format!("{path}[]");
        let items = schema.remove("items");
        let items = match schema.remove("prefixItems") {
            Some(Value::Array(mut each)) => {
                let all = each.len();
                each.dedup();
                match each.as_slice() {
                    [only] => only.clone(),
                    _ => {
                        self.lose(path, format!("which of its {all} elements is of which type is not told"));
                        json!({"anyOf": each})
                    }
                }
            }
            _ => items.unwrap_or(Value::Bool(true)),
        };
        let Node { schema: mut items, nullable } = self.node(&items, &at);
        if nullable {
            self.allow_null(&mut items, &at);
        }
        let mut out = Map::from_iter([("type".to_owned(), Value::from("array"))]);
        out.insert("items".into(), items.into());
        self.rest(&mut out, schema, path);
        out
    }

    /// Whatever value.
    fn any(&mut self, schema: Map<String, Value>, path: &str) -> Node {
        let mut out = Map::new();
        match self.host.any {
            Any::Untyped => {}
            Any::Types => {
                out.insert("type".into(), json!(["string", "number", "boolean"]));
            }
            Any::Union => {
                out.insert(
                    "anyOf".into(),
                    json!([{"type": "string"}, {"type": "number"}, {"type": "boolean"}]),
                );
            }
        }
        if self.host.any != Any::Untyped {
            self.lose(path, "only a string, a number or a boolean can be given");
        }
        self.rest(&mut out, schema, path);
        Node { schema: out, nullable: false }
    }

    /// Everything else that is said of a value: taken over, or told in words.
    pub(super) fn rest(&mut self, out: &mut Map<String, Value>, schema: Map<String, Value>, path: &str) {
        let mut words = Vec::new();
        let whole = out.get("type").is_some_and(|kind| kind == "integer");
        for (key, value) in schema {
            let key = key.as_str();
            let taken = match key {
                "description" | HEADER_KEYWORD => true,
                "format" => self.host.formats.iter().any(|format| value == *format),
                "enum" => {
                    self.host.any_enums
                        || value.as_array().is_some_and(|all| all.iter().all(Value::is_string))
                }
                _ => self.host.keywords.contains(&key),
            };
            let exclusive = match key {
                "exclusiveMinimum" => {
                    value.as_i64().and_then(|bound| Some(("minimum", bound.checked_add(1)?)))
                }
                "exclusiveMaximum" => {
                    value.as_i64().and_then(|bound| Some(("maximum", bound.checked_sub(1)?)))
                }
                _ => None,
            };
            if taken {
                out.insert(key.into(), value);
            } else if let (true, Some((inclusive, bound))) = (whole, exclusive) {
                out.insert(inclusive.into(), bound.into());
            } else if UNTOLD.contains(&key) {
                self.lose(path, format!("`{key}` is not told"));
            } else if !SILENT.contains(&key) && key != "type" && !key.starts_with("x-") {
                // The words stand behind the description, so they are short.
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                if value != "null" {
                    words.push(format!("{key}: {value}"));
                }
                if !TOLD.contains(&key) {
                    self.lose(path, format!("`{key}` is told in words only"));
                }
            }
        }
        tell(out, &words);
    }
}

/// Says something at the end of the description.
pub(super) fn tell(schema: &mut Map<String, Value>, words: &[String]) {
    if words.is_empty() {
        return;
    }
    let words = words.join("; ");
    let said = match schema.get("description").and_then(Value::as_str) {
        Some(text) if !text.is_empty() => format!("{text} ({words})"),
        _ => words,
    };
    schema.insert("description".into(), said.into());
}

/// The type of all values of an enum, where they have one.
fn kind_of(values: &[Value]) -> Option<&'static str> {
    let all = |is: fn(&Value) -> bool| !values.is_empty() && values.iter().all(is);
    [
        ("string", all(Value::is_string)),
        ("boolean", all(Value::is_boolean)),
        ("integer", all(|value| value.is_i64() || value.is_u64())),
        ("number", all(Value::is_number)),
    ]
    .into_iter()
    .find_map(|(kind, is)| is.then_some(kind))
}

/// How deep objects nest, and how many properties there are.
fn extent(schema: &Map<String, Value>) -> (usize, usize) {
    let (mut deepest, mut count) = (0, 0);
    for (key, value) in schema {
        let below: Vec<&Value> = match (key.as_str(), value) {
            ("properties" | "$defs", Value::Object(members)) => {
                count += if key == "properties" { members.len() } else { 0 };
                members.values().collect()
            }
            ("items", item) => vec![item],
            ("anyOf", Value::Array(options)) => options.iter().collect(),
            _ => continue,
        };
        for (levels, properties) in below.into_iter().filter_map(Value::as_object).map(extent) {
            deepest = deepest.max(levels);
            count += properties;
        }
    }
    (deepest + usize::from(schema.contains_key("properties")), count)
}
