//! The form that a type stands for: what a person can fill in is flat and plain, so not every type is one.

use schemars::JsonSchema;
use schemars::generate::{Contract, SchemaSettings};
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde_json::{Map, Value};

use super::shape::without_null;
use crate::model::{Form, FormField};

/// The keywords that a field of a form may have.
const KEYWORDS: &[&str] = &[
    "type",
    "title",
    "description",
    "default",
    "minLength",
    "maxLength",
    "format",
    "minimum",
    "maximum",
    "enum",
    "enumNames",
    "oneOf",
    "items",
    "minItems",
    "maxItems",
];

/// The keywords that a form itself may have.
const ROOT_KEYWORDS: &[&str] = &[
    "type",
    "title",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "default",
    "examples",
];

/// The form of a type.
///
/// # Errors
///
/// Where the type is no struct of plain fields: which field, and why.
pub(crate) fn form<T: DeserializeOwned + JsonSchema>() -> Result<Form, String> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.contract = Contract::Deserialize;
        settings.inline_subschemas = true;
    });
    let mut root = settings.into_generator().into_root_schema_for::<T>().to_value();
    super::plain(&mut root);
    let is_object = root.get("type").is_some_and(|kind| kind == "object");
    let foreign = |key: &&String| !ROOT_KEYWORDS.contains(&key.as_str());
    if let Some(key) = root.as_object().and_then(|root| root.keys().find(foreign)).filter(|_| is_object) {
        return Err(format!("it has \"{key}\" beside its fields, which forms do not know"));
    }
    let empty = Map::new();
    let Some(properties) =
        root.get("properties").map_or(Some(&empty), Value::as_object).filter(|_| is_object)
    else {
        return Err("it is no struct with named fields".into());
    };
    let required: Vec<&str> = root
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let order = order::<T>();
    let place = |name: &str| order.iter().position(|known| *known == name).unwrap_or(usize::MAX);
    let mut fields = Vec::new();
    for (name, schema) in properties {
        let schema = field(without_null(schema.clone())).map_err(|why| format!("field \"{name}\" {why}"))?;
        fields.push(FormField { name: name.clone(), required: required.contains(&name.as_str()), schema });
    }
    fields.sort_by_key(|field| place(&field.name));
    Ok(Form { fields })
}

fn field(schema: Value) -> Result<Map<String, Value>, String> {
    let Value::Object(mut schema) = schema else { return Err("may be anything".into()) };
    titled(&mut schema, "oneOf")?;
    match schema.get("type").and_then(Value::as_str) {
        Some("string" | "integer" | "number" | "boolean") => {}
        Some("array") => {
            schema.remove("uniqueItems");
            let items = schema.get_mut("items").and_then(Value::as_object_mut);
            let items = items.ok_or("is a list of anything; only a list of an enum can be chosen from")?;
            items.remove("description");
            titled(items, "anyOf")?;
            if !items.contains_key("enum") && !items.contains_key("anyOf") {
                return Err("is a list; only a list of an enum can be chosen from".into());
            }
            if items.contains_key("anyOf") {
                items.remove("type");
            }
        }
        Some(other) => return Err(format!("is of the type {other}; a form has plain fields only")),
        None => return Err("has no plain type; a form has text, numbers, booleans and choices only".into()),
    }
    let formats = ["email", "uri", "date", "date-time"];
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| !formats.contains(&format)) {
        schema.remove("format");
    }
    match schema.keys().find(|key| !KEYWORDS.contains(&key.as_str())) {
        Some(key) => Err(format!("has the keyword \"{key}\", which forms do not know")),
        None => Ok(schema),
    }
}

/// Spells a choice whose options are described as the specification does: `const` with `title`, under `spelling`.
fn titled(schema: &mut Map<String, Value>, spelling: &str) -> Result<(), String> {
    let Some(Value::Array(options)) = schema.remove("oneOf").or_else(|| schema.remove("anyOf")) else {
        return Ok(());
    };
    let mut choices = Vec::new();
    for option in &options {
        let values = match (option.get("const"), option.get("enum")) {
            (Some(value), _) => vec![value.clone()],
            (None, Some(Value::Array(values))) => values.clone(),
            _ => return Err("is a choice between things that are no plain texts".into()),
        };
        for value in values {
            let text = value.as_str().ok_or("is a choice between things that are no texts")?;
            let said = option.get("title").or_else(|| option.get("description")).and_then(Value::as_str);
            choices.push(serde_json::json!({"const": text, "title": said.unwrap_or(text)}));
        }
    }
    schema.insert("type".into(), "string".into());
    schema.insert(spelling.into(), choices.into());
    Ok(())
}

/// The names of a struct's fields in the order of its source, as serde tells them.
fn order<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut order: &'static [&'static str] = &[];
    // It fails by design: nothing is read but the names.
    let _ = T::deserialize(Names(&mut order));
    order
}

struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("only names are asked for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
