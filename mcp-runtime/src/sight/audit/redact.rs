//! What the audit says of arguments. Secrets stand nowhere in it: those that a schema or a name says to be some.

use serde_json::{Map, Value};

use super::AuditArguments;
use crate::json::string;
use crate::model::{Arguments, Operation};
use crate::schema::{hides, is_secret};

const SECRET: &str = "(secret)";
/// Texts are cut to so many characters, and lists and objects to so many members.
const LONGEST_TEXT: usize = 200;
const MOST_MEMBERS: usize = 20;
/// What lies deeper is left out.
const DEEPEST: usize = 6;
/// A longer argument is not taken apart, in bytes.
const LONGEST_ARGUMENT: usize = 64 * 1024;
/// What is shown of all arguments together has so many bytes: records wait in memory, and fill disks.
const LONGEST_ALL: usize = 16 * 1024;
/// Names are cut to so many characters: whoever calls chooses them.
const LONGEST_NAME: usize = 64;

pub(super) fn arguments(operation: &Operation, wanted: AuditArguments) -> Option<Value> {
    let (arguments, schema, declared): (_, &Value, &dyn Fn(&str) -> bool) = match operation {
        Operation::CallTool(call) => {
            (&call.arguments, call.tool.guard.document(), &|name| call.tool.input.is_secret(name))
        }
        Operation::GetPrompt(get) => {
            (&get.arguments, &Value::Null, &|name| get.prompt.secrets.contains(&name))
        }
        Operation::ReadResource(read) => (&read.variables, &Value::Null, &|_| false),
        _ => return None,
    };
    match wanted {
        AuditArguments::Off => None,
        AuditArguments::Names => {
            let mut names: Vec<_> = arguments.names().iter().map(|name| cut(name, LONGEST_NAME)).collect();
            names.truncate(MOST_MEMBERS);
            Some(names.into())
        }
        AuditArguments::Redacted => {
            let hidden = |name: &str| {
                let own = schema.pointer("/properties").and_then(|all| all.get(name)).unwrap_or(&Value::Null);
                declared(name) || is_secret(name, own) || hides(schema, own)
            };
            Some(Value::Object(values(arguments, hidden)))
        }
    }
}

fn values(arguments: &Arguments, hidden: impl Fn(&str) -> bool) -> Map<String, Value> {
    let shown = |name: &str| {
        if hidden(name) {
            return SECRET.into();
        }
        match arguments {
            Arguments::Json(object) => object.get(name).map_or(Value::Null, read),
            Arguments::Text(pairs) => {
                let value = pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
                cut(value.unwrap_or_default(), LONGEST_TEXT).into()
            }
        }
    };
    let mut room = LONGEST_ALL;
    let fitting = |name: &String| {
        let value = if room == 0 { Value::Null } else { shown(name) };
        match room.checked_sub(value.to_string().len()) {
            Some(rest) if room > 0 => {
                room = rest;
                (cut(name, LONGEST_NAME), value)
            }
            _ => {
                room = 0;
                (cut(name, LONGEST_NAME), "(…)".into())
            }
        }
    };
    arguments.names().iter().take(MOST_MEMBERS).map(fitting).collect()
}

/// A value as it may be shown.
fn read(raw: &str) -> Value {
    if let Some(text) = string(raw) {
        return cut(&text, LONGEST_TEXT).into();
    }
    if raw.len() > LONGEST_ARGUMENT {
        return format!("({} bytes)", raw.len()).into();
    }
    serde_json::from_str(raw).map_or(Value::Null, |value| redacted(value, DEEPEST))
}

fn redacted(value: Value, depth: usize) -> Value {
    match value {
        Value::String(text) => cut(&text, LONGEST_TEXT).into(),
        Value::Array(_) | Value::Object(_) if depth == 0 => "(…)".into(),
        Value::Array(items) => {
            let more = items.len() > MOST_MEMBERS;
            let shown = items.into_iter().take(MOST_MEMBERS).map(|item| redacted(item, depth - 1));
            shown.chain(more.then(|| "(…)".into())).collect()
        }
        Value::Object(members) => {
            let more = members.len() > MOST_MEMBERS;
            let shown = members.into_iter().take(MOST_MEMBERS).map(|(name, value)| {
                let value =
                    if is_secret(&name, &Value::Null) { SECRET.into() } else { redacted(value, depth - 1) };
                (cut(&name, LONGEST_NAME), value)
            });
            shown.chain(more.then(|| ("(…)".into(), Value::Null))).collect()
        }
        plain => plain,
    }
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
