//! The schema of an argument with what `#[arg(…)]` says of it.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::description::{Description, Field};
use super::walk::{Problem, Walk};
use crate::handler::{Arg, Describe, Sample};
use crate::json::Node;

impl Description {
    /// Adds an argument, and notes what of it cannot be published.
    pub(crate) fn argument<T: DeserializeOwned>(&mut self, arg: &Arg<T>, schema: Describe) {
        let (required, schema) = self.plain::<T>(schema);
        let (schema, problems) = self.constrain(arg, schema);
        let Arg { name, description, .. } = *arg;
        self.problems.extend(problems.into_iter().map(|problem| format!("argument \"{name}\": {problem}")));
        let required = required && arg.default.is_none();
        self.fields.push(Field { name, description, required, schema });
    }

    fn constrain<T: DeserializeOwned>(&self, arg: &Arg<T>, schema: Value) -> (Value, Vec<String>) {
        let mut problems = Vec::new();
        let target = self.target(&schema);
        let mut members = match schema {
            Value::Object(members) => members,
            // `true`: any value will do.
            _ => Map::new(),
        };
        for rule in arg.rules() {
            problems.extend(rule.publish(&mut members, &target).err());
        }
        let said = Value::Object(members.clone());
        let mut sample = |what: &str, sample: &Sample<T>| {
            let found = sample.publish().map_err(|error| format!("its {what} cannot be published: {error}"));
            let checked = found.and_then(|value| match allowed::<T>(&value, &said, &target) {
                Some(problem) => Err(format!("its {what} is none that a caller could give: {problem}")),
                None => Ok(value),
            });
            checked.map_err(|problem| problems.push(problem)).ok()
        };
        let default = arg.default.as_ref().and_then(|default| sample("default", default));
        let examples: Vec<Value> =
            arg.examples.iter().filter_map(|example| sample("example", example)).collect();
        let again = arg.default.as_ref().and_then(|default| default.publish().ok());
        if default.is_some() && again != default {
            problems.push(
                "its default is another one each time, so that the one that is published is never applied: take an \
                 `Option`, and choose the value in the function"
                    .into(),
            );
        }
        // One that is not there is what happens without a default, too, and `null` is none of the values of the schema.
        let default = default.filter(|value| !value.is_null());
        members.extend(default.map(|value| ("default".to_owned(), value)));
        if !examples.is_empty() {
            members.insert("examples".into(), examples.into());
        }
        if arg.secret {
            members.insert("writeOnly".into(), true.into());
        }
        (Value::Object(members), problems)
    }
}

/// Why a value could not have come from a caller; `None` where it could.
fn allowed<T: DeserializeOwned>(value: &Value, schema: &Value, target: &Value) -> Option<String> {
    if value.is_null() {
        // An optional value that is not there.
        return T::deserialize(value).err().map(|error| error.to_string());
    }
    unlike(value, schema)
        .or_else(|| unlike(value, target))
        .or_else(|| T::deserialize(value).err().map(|error| error.to_string()))
}

/// What a schema has to say against a value; `None` where nothing is found.
fn unlike(value: &Value, schema: &Value) -> Option<String> {
    let found = Walk::new(schema).all(schema, &Node::from(value)).into_iter().next()?;
    Some(match &found.problem {
        Problem::Wrong { expected, .. } if found.path.is_empty() => format!("{value} is not {expected}"),
        _ => found.to_string(),
    })
}
