//! The shapes that schemas take when they are published.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::description::Field;

/// The schema of a tool's arguments: always an object.
#[derive(Debug)]
pub struct InputSchema {
    pub(crate) fields: Vec<Field>,
    definitions: Map<String, Value>,
    whole: Option<Value>,
}

impl InputSchema {
    /// Plain arguments, in the order of the signature; nothing else may be given.
    pub(super) fn fields(fields: Vec<Field>, definitions: Map<String, Value>) -> Self {
        Self { fields, definitions, whole: None }
    }

    /// A type of the user's own that takes them all; `None` where it is no object.
    pub(super) fn whole(mut schema: Value) -> Option<Self> {
        let root = schema.as_object_mut()?;
        match root.get("type") {
            Some(Value::String(kind)) if kind == "object" => {}
            None if ["properties", "oneOf", "anyOf", "allOf", "$ref"]
                .iter()
                .any(|key| root.contains_key(*key)) =>
            {
                root.insert("type".into(), "object".into());
            }
            _ => return None,
        }
        Some(Self { fields: Vec::new(), definitions: Map::new(), whole: Some(schema) })
    }

    /// Whether the value of an argument is written nowhere.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        match &self.whole {
            Some(whole) => {
                whole.get("properties").and_then(|all| all.get(name)).is_some_and(super::is_secret)
            }
            None => self.fields.iter().any(|field| field.name == name && field.is_secret()),
        }
    }

    /// The names that a call may give, where they are known.
    pub(crate) fn names(&self) -> Vec<String> {
        match &self.whole {
            Some(whole) => whole
                .get("properties")
                .and_then(Value::as_object)
                .map(|properties| properties.keys().cloned().collect())
                .unwrap_or_default(),
            None => self.fields.iter().map(|field| field.name.to_owned()).collect(),
        }
    }
}

impl Serialize for InputSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(whole) = &self.whole {
            return whole.serialize(serializer);
        }
        let mut root = serializer.serialize_map(None)?;
        root.serialize_entry("type", "object")?;
        if !self.fields.is_empty() {
            root.serialize_entry("properties", &Properties(&self.fields))?;
        }
        let required: Vec<_> =
            self.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        if !required.is_empty() {
            root.serialize_entry("required", &required)?;
        }
        root.serialize_entry("additionalProperties", &false)?;
        if !self.definitions.is_empty() {
            root.serialize_entry("$defs", &self.definitions)?;
        }
        root.end()
    }
}

struct Properties<'a>(&'a [Field]);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|field| (field.name, Described(field))))
    }
}

/// The schema of an argument with what its own doc comment says of it.
struct Described<'a>(&'a Field);

impl Serialize for Described<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Field { schema, description, .. } = self.0;
        let Some(members) = schema.as_object() else {
            // `true`: any value will do.
            let description = (!description.is_empty()).then_some(("description", description));
            return serializer.collect_map(description);
        };
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in members.iter().filter(|(key, _)| description.is_empty() || *key != "description")
        {
            map.serialize_entry(key, value)?;
        }
        if !description.is_empty() {
            map.serialize_entry("description", description)?;
        }
        map.end()
    }
}

/// The schema of a tool's structured result: any JSON Schema that is an object.
#[derive(Debug, Clone)]
pub struct OutputSchema(pub(crate) Value);

impl OutputSchema {
    /// Whether the result is a JSON object.
    pub(crate) fn is_object(&self) -> bool {
        self.0.get("type").is_some_and(|kind| kind == "object")
    }
}

/// The schema of an optional value: what it is where it is there. That it may be left out says `required`.
pub(crate) fn without_null(mut schema: Value) -> Value {
    let Some(members) = schema.as_object_mut() else { return schema };
    if let Some(Value::Array(kinds)) = members.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            members.insert("type".into(), kind);
        }
    }
    if let Some(Value::Array(values)) = members.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    for union in ["anyOf", "oneOf"] {
        let Some(Value::Array(options)) = members.get_mut(union) else { continue };
        options.retain(|option| option.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = options.as_slice() {
            let only = only.clone();
            members.remove(union);
            for (key, value) in only {
                members.entry(key).or_insert(value);
            }
        }
    }
    schema
}

/// What a schema takes, in a few words: `an integer`, `one of "a", "b"`.
pub(crate) fn expected(schema: &Value) -> String {
    if let Some(Value::Array(values)) = schema.get("enum") {
        let values: Vec<_> = values.iter().take(20).map(Value::to_string).collect();
        return format!("one of {}", values.join(", "));
    }
    match schema.get("type") {
        Some(Value::String(kind)) => with_article(kind).to_owned(),
        Some(Value::Array(kinds)) => {
            let kinds: Vec<_> = kinds.iter().filter_map(Value::as_str).map(with_article).collect();
            kinds.join(" or ")
        }
        _ => match schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
            Some(name) => format!("a {name}"),
            None => "a value".into(),
        },
    }
}

fn with_article(kind: &str) -> &str {
    match kind {
        "integer" => "an integer",
        "number" => "a number",
        "string" => "a string",
        "boolean" => "true or false",
        "array" => "an array",
        "object" => "an object",
        other => other,
    }
}
