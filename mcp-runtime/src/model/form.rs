//! A form that a person fills in: flat, of plain fields, as the specification's "Elicitation" allows. What was filled in is
//! held against it.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

/// A form, its fields in the order in which they are shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Form {
    pub(crate) fields: Vec<FormField>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FormField {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) schema: Map<String, Value>,
}

impl Serialize for Form {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut root = serializer.serialize_map(None)?;
        root.serialize_entry("type", "object")?;
        root.serialize_entry("properties", &Properties(&self.fields))?;
        let required: Vec<_> =
            self.fields.iter().filter(|field| field.required).map(|field| &field.name).collect();
        if !required.is_empty() {
            root.serialize_entry("required", &required)?;
        }
        root.end()
    }
}

struct Properties<'a>(&'a [FormField]);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|field| (&field.name, &field.schema)))
    }
}

impl Form {
    /// What was filled in, in one way of writing: `30.0` is 30 where whole numbers are asked for, and `null` for what may be
    /// left out is nothing.
    pub(crate) fn tidied(&self, mut content: Map<String, Value>) -> Map<String, Value> {
        for field in &self.fields {
            let Some(value) = content.get_mut(&field.name) else { continue };
            if value.is_null() && !field.required {
                content.remove(&field.name);
            } else if field.text("type") == Some("integer")
                && let Some(number) = value.as_f64().filter(|number| value.is_f64() && number.fract() == 0.0)
                && number.abs() < 9e15
            {
                #[allow(clippy::cast_possible_truncation, reason = "it is whole and far inside the range")]
                let whole = number as i64;
                *value = whole.into();
            }
        }
        content
    }

    /// What is wrong with what was filled in, in words.
    pub(crate) fn faults(&self, content: &Map<String, Value>) -> Vec<String> {
        let fault = |field: &FormField| match content.get(&field.name) {
            None if field.required => Some(format!("\"{}\" is missing", field.name)),
            None => None,
            Some(value) => {
                field.fault(value).map(|expected| format!("\"{}\": expected {expected}", field.name))
            }
        };
        self.fields.iter().filter_map(fault).collect()
    }
}

impl FormField {
    fn text(&self, key: &str) -> Option<&str> {
        self.schema.get(key)?.as_str()
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.schema.get(key)?.as_f64()
    }

    /// What was expected, where the value is something else.
    fn fault(&self, value: &Value) -> Option<String> {
        if let Some(allowed) = choices(&self.schema) {
            return (!allowed.contains(&value)).then(|| one_of(&allowed));
        }
        match self.text("type") {
            Some("string") => self.text_fault(value),
            Some("boolean") => (!value.is_boolean()).then(|| "true or false".into()),
            Some("integer") if !is_whole(value) => Some("an integer".into()),
            Some("integer" | "number") => self.number_fault(value),
            Some("array") => self.selection_fault(value),
            _ => None,
        }
    }

    fn text_fault(&self, value: &Value) -> Option<String> {
        let Some(text) = value.as_str() else { return Some("a string".into()) };
        let length = text.chars().count() as f64;
        if let Some(least) = self.number("minLength").filter(|least| length < *least) {
            return Some(format!("at least {least} characters"));
        }
        if let Some(most) = self.number("maxLength").filter(|most| length > *most) {
            return Some(format!("at most {most} characters"));
        }
        let format = self.text("format")?;
        (!has_format(text, format)).then(|| format!("a text of the format {format}"))
    }

    fn number_fault(&self, value: &Value) -> Option<String> {
        let Some(number) = value.as_f64() else { return Some("a number".into()) };
        if let Some(least) = self.number("minimum").filter(|least| number < *least) {
            return Some(format!("{least} or more"));
        }
        self.number("maximum").filter(|most| number > *most).map(|most| format!("{most} or less"))
    }

    fn selection_fault(&self, value: &Value) -> Option<String> {
        let Some(chosen) = value.as_array() else { return Some("a list".into()) };
        let count = chosen.len() as f64;
        if let Some(least) = self.number("minItems").filter(|least| count < *least) {
            return Some(format!("at least {least} of them"));
        }
        if let Some(most) = self.number("maxItems").filter(|most| count > *most) {
            return Some(format!("at most {most} of them"));
        }
        let allowed = choices(self.schema.get("items")?.as_object()?)?;
        let foreign = chosen.iter().any(|one| !allowed.contains(&one));
        foreign.then(|| format!("a list of {}", one_of(&allowed)))
    }
}

/// The values that a schema leaves a choice of, in any of the spellings.
fn choices(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    if let Some(Value::Array(values)) = schema.get("enum") {
        return Some(values.iter().collect());
    }
    let Some(Value::Array(options)) = schema.get("oneOf").or_else(|| schema.get("anyOf")) else {
        return None;
    };
    Some(options.iter().filter_map(|option| option.get("const")).collect())
}

fn one_of(allowed: &[&Value]) -> String {
    let shown: Vec<_> = allowed.iter().take(20).map(ToString::to_string).collect();
    format!("one of {}", shown.join(", "))
}

fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

/// Whether a text looks like what its format says. It is held against the shape, not against a calendar or a name server.
fn has_format(text: &str, format: &str) -> bool {
    let digits = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                wanted => byte == wanted,
            })
    };
    match format {
        "email" => text.split_once('@').is_some_and(|(name, domain)| {
            !name.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !text.contains(char::is_whitespace)
        }),
        "uri" => {
            text.parse::<http::Uri>().is_ok_and(|uri| uri.scheme().is_some()) || {
                // Such as `mailto:` and `urn:`, which have no authority.
                text.split_once(':').is_some_and(|(scheme, rest)| {
                    !rest.is_empty()
                        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
                        && !text.contains(char::is_whitespace)
                })
            }
        }
        "date" => digits(text, "0000-00-00"),
        "date-time" => {
            let Some((date, time)) = text.split_once(['T', 't']) else { return false };
            let Some((clock, _)) = time.split_at_checked(8) else { return false };
            digits(date, "0000-00-00")
                && digits(clock, "00:00:00")
                && (time.ends_with(['Z', 'z']) || time.rfind(['+', '-']).is_some_and(|at| at >= 8))
        }
        _ => true,
    }
}
