//! The texts: that they are there, that they are neither too short nor too long, and what must not stand in them.

use serde_json::Value;

use super::{Finding, Item, Severity};
use crate::model::Kind;
use crate::prose::{self, Fault, Rule};
use crate::schema::reference::target;

/// A description has at least so many words, or it says no more than the name.
const FEWEST_WORDS: usize = 3;
/// And at most so many: what a model reads of every tool before it does anything should be short.
const MOST_WORDS: usize = 50;

/// What is wrong with the texts of something that is offered.
pub(super) fn of_item(item: &Item<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let warn = |rule, path: &str, message: String| item.finding(Severity::Warning, rule, path, message);
    let described = item.definition.description;
    let count = words(described);
    if described.is_empty() {
        found.push(warn("missing-description", "", "nothing says what it does: write a doc comment".into()));
    } else if count < FEWEST_WORDS {
        found.push(warn(
            "terse-description",
            "/description",
            format!(
                "{described:?} is too short to choose by: say in {FEWEST_WORDS} words or more what it does"
            ),
        ));
    } else if count > MOST_WORDS {
        found.push(warn(
            "long-description",
            "/description",
            format!(
                "the description has {count} words, and a model reads it before every task: say it in {MOST_WORDS}, and the \
                 rest where it is needed, in the arguments or in the result"
            ),
        ));
    }
    if let Kind::Tool(_) = item.definition.kind {
        let schema = item.published.get("inputSchema").unwrap_or(&Value::Null);
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, _) in properties.into_iter().flatten().filter(|(_, it)| !is_described(it, schema)) {
            found.push(warn(
                "undocumented-argument",
                &format!("/inputSchema/properties/{}", escaped(name)),
                format!("nothing says what the argument {name:?} is: write a doc comment before it"),
            ));
        }
    }
    // People fill these in, so what they are is good to know, and no model goes wrong without it.
    for argument in item.published.get("arguments").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| argument.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("description").is_empty() {
            let message = format!("nothing says what the argument {:?} is", text("name"));
            found.push(item.finding(Severity::Note, "undocumented-argument", "/arguments", message));
        }
    }
    walk(item.published, "", &mut |path, text| {
        if let Some(fault) = prose::fault(text) {
            let message = fault.message(text).text().to_owned();
            found.push(item.finding(Severity::Error, rule(fault), path, message));
        }
    });
    found
}

/// What is wrong with what the server says of itself. Its instructions may instruct: that is what they are for.
pub(super) fn of_server(info: &Value, instructions: Option<&str>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut note = |path: &str, text: &str, fault: Option<Fault>| {
        found.extend(fault.map(|fault| Finding {
            severity: Severity::Error,
            rule: rule(fault),
            item: "server".into(),
            path: path.into(),
            message: fault.message(text).text().to_owned(),
            function: None,
            file: None,
            line: None,
        }));
    };
    walk(info, "/serverInfo", &mut |path, text| note(path, text, prose::fault(text)));
    if let Some(text) = instructions {
        note("/instructions", text, prose::odd_character(text));
    }
    found
}

fn rule(fault: Fault) -> &'static str {
    match fault.rule {
        Rule::Invisible => "invisible-character",
        Rule::Bidirectional => "bidirectional-character",
        Rule::Control => "control-character",
        Rule::Instructs => "instructs-the-model",
    }
}

/// Whether something says what an argument is, be it only its type.
fn is_described(property: &Value, root: &Value) -> bool {
    let says = |schema: &Value| {
        schema.get("description").and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
    };
    let reference = property.get("$ref").and_then(Value::as_str);
    says(property) || reference.and_then(|reference| target(root, reference)).is_some_and(says)
}

/// How many words a text has. Where words are not told apart by spaces, two characters are one.
fn words(text: &str) -> usize {
    let dense =
        |c: &char| matches!(c, '\u{e00}'..='\u{eff}' | '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}');
    text.split_whitespace().map(|word| (word.chars().filter(dense).count() / 2).max(1)).sum()
}

/// Looks at every text of a value, the names of members among them.
fn walk(value: &Value, path: &str, look: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => look(path, text),
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                walk(value, &format!("{path}/{at}"), look);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                let path = format!("{path}/{}", escaped(name));
                look(&path, name);
                walk(value, &path, look);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
