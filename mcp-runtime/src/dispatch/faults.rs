//! What is wrong with the arguments of a call, all of it at once, in words that a model can act on: where, what is wanted,
//! what came, which name was meant, and a call that would be right.
//!
//! Whatever the peer sends, the answer is short.

use std::collections::BTreeSet;

use crate::error::FailureKind;
use crate::handler::{Fault, faults};
use crate::json::{MOST_NODES, Node, Object, shortened};
use crate::model::{Arguments, Tool, ToolResult};
use crate::registry::closest;
use crate::schema::{Guard, MOST_FAULTS, Mismatch, Problem, Sampler, Walk, hides, is_secret};

/// So long an example is at most, in bytes.
const LONGEST_EXAMPLE: usize = 2000;

/// What is wrong with the arguments of a tool.
pub(super) fn explain(tool: &Tool, given: &Object, faults: &[Fault]) -> ToolResult {
    let found = find(tool, given, faults);
    let mut text = format!("The arguments of tool \"{}\" are wrong; it was not run.", tool.name());
    let kinds: BTreeSet<&'static str> = found.iter().map(Said::kind).collect();
    for kind in kinds {
        tool.tally.refused(kind);
    }
    for said in found.iter().take(MOST_FAULTS) {
        text.push_str("\n- ");
        text.push_str(&said.to_string());
    }
    if let Some(more) = found.len().checked_sub(MOST_FAULTS).filter(|more| *more > 0) {
        text.push_str(&format!("\n- and {more} more"));
    }
    if let Some(example) = example(tool, &found) {
        text.push_str(&format!("\nThese would be right: {example}"));
    }
    ToolResult::error(text).because(FailureKind::Input)
}

/// A fault, from the schema or in the words of whoever else found it.
enum Said {
    Found(Mismatch),
    Words { path: String, words: String },
}

impl Said {
    fn kind(&self) -> &'static str {
        match self {
            Self::Found(Mismatch { problem: Problem::Missing { .. }, .. }) => "missing",
            Self::Found(Mismatch { problem: Problem::Unknown { .. }, .. }) => "unknown",
            Self::Found(_) | Self::Words { .. } => "wrong",
        }
    }

    fn path(&self) -> &str {
        match self {
            Self::Found(found) => &found.path,
            Self::Words { path, .. } => path,
        }
    }

    fn place(&self) -> &str {
        match self {
            Self::Found(found) => &found.place,
            Self::Words { path, .. } => path,
        }
    }

    /// Whether it is about this argument or something in it.
    fn is_of(&self, name: &str) -> bool {
        let name = crate::schema::cut(name, 60);
        self.path().strip_prefix(&name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Found(found) => found.fmt(f),
            Self::Words { path, words } if path.is_empty() => f.write_str(words),
            Self::Words { path, words } => write!(f, "argument {path:?}: {words}"),
        }
    }
}

/// Everything that is wrong, in the order of the arguments.
fn find(tool: &Tool, given: &Object, faults: &[Fault]) -> Vec<Said> {
    let root = tool.guard.document();
    let node = Node::read(given.raw());
    let too_many = || format!("more than {MOST_NODES} values are too many to be checked");
    let validated = tool.guard.said(given.raw());
    let mut found: Vec<Said> = Vec::new();
    if tool.input.fields.is_empty() {
        if let Some(node) = &node {
            found.extend(Walk::new(root).all(root, node).into_iter().map(Said::Found));
        }
    } else {
        let broken: BTreeSet<&str> = tool.guard.broken(given).collect();
        let mut failed = broken.clone();
        failed.extend(faults.iter().filter_map(|fault| match fault {
            Fault::Invalid { name, .. } => Some(*name),
            _ => None,
        }));
        failed.extend(validated.iter().filter_map(|(path, _)| path.split(['.', '[']).next()));
        for field in &tool.input.fields {
            let Some(schema) = root.get("properties").and_then(|properties| properties.get(field.name))
            else {
                continue;
            };
            match node.as_ref().and_then(|node| node.get(field.name)) {
                Some(value) if failed.contains(field.name) => {
                    let mut walk = Walk::new(root);
                    found.extend(walk.of(field.name, schema, value).into_iter().map(Said::Found));
                }
                None if node.is_none() && broken.contains(field.name) => {
                    found.push(Said::Words { path: field.name.into(), words: too_many() });
                }
                _ => {}
            }
            let missing = |fault: &Fault| matches!(fault, Fault::Missing { name } if *name == field.name);
            if faults.iter().any(missing) {
                found.push(Said::Found(Mismatch {
                    path: field.name.into(),
                    place: field.name.into(),
                    problem: Problem::Missing { expected: crate::schema::in_words(root, schema) },
                }));
            }
        }
    }
    for (path, words) in validated {
        if !found.iter().any(|said| said.path().starts_with(&path)) {
            found.push(Said::Words { path, words });
        }
    }
    for fault in faults {
        match fault {
            // Only the type knows what is wrong.
            Fault::Invalid { name, detail } if !found.iter().any(|said| said.is_of(name)) => {
                let schema = root.get("properties").and_then(|properties| properties.get(*name));
                let secret =
                    is_secret(name, schema.unwrap_or_default()) || schema.is_some_and(|it| hides(root, it));
                // What a type says of a value may repeat it.
                let words = if secret { "it cannot be read".into() } else { detail.clone() };
                found.push(Said::Words { path: (*name).into(), words });
            }
            Fault::Whole { detail } if found.is_empty() => {
                let words = if hides(root, root) { "they cannot be read".into() } else { detail.clone() };
                found.push(Said::Words { path: String::new(), words });
            }
            Fault::Unknown { name } => found.push(Said::Found(unknown(name, tool))),
            _ => {}
        }
    }
    found
}

fn unknown(name: &str, tool: &Tool) -> Mismatch {
    let names = tool.input.names();
    let shown = crate::schema::cut(name, 100);
    let closest = closest(name, names.iter().map(String::as_str)).map(str::to_owned);
    let known = names.iter().take(MOST_FAULTS).map(|name| crate::schema::cut(name, 60)).collect();
    Mismatch { path: shown.clone(), place: shown, problem: Problem::Unknown { closest, known } }
}

/// Arguments that the tool takes: what it must have, and what was at fault. They are tried before they are shown.
fn example(tool: &Tool, found: &[Said]) -> Option<String> {
    let wanted = found.iter().flat_map(|said| match said {
        Said::Found(Mismatch { problem: Problem::Unknown { closest, .. }, place, .. }) => {
            let around = place.rsplit_once('.').map(|(around, _)| format!("{around}."));
            closest.as_ref().map(|meant| format!("{}{meant}", around.unwrap_or_default()))
        }
        said => Some(said.place().to_owned()),
    });
    let wanted: Vec<String> = wanted.collect();
    let root = tool.guard.document();
    let tries = [wanted.as_slice(), &[]];
    tries.iter().find_map(|wanted| {
        let mut sampler = Sampler::new(root, wanted);
        let text = match tool.input.fields.as_slice() {
            [] => sampler.value(root, "")?.to_text(),
            // In the order of the function.
            fields => {
                let mut members = Vec::new();
                for field in fields {
                    let given = field.required
                        || wanted.iter().any(|it| it.split(['.', '[']).next() == Some(field.name));
                    if given {
                        let schema = root.get("properties")?.get(field.name)?;
                        members.push((field.name.to_owned(), sampler.value(schema, field.name)?));
                    }
                }
                Node::Object(members).to_text()
            }
        };
        let object = Object::parse(&text).filter(|_| text.len() <= LONGEST_EXAMPLE)?;
        let right =
            tool.guard.holds(&object) && faults(tool.definition.run, Arguments::Json(object)).is_empty();
        right.then_some(text)
    })
}

/// What is wrong with arguments that came as texts.
pub(super) fn explain_texts(
    guard: &Guard,
    given: &[(String, String)],
    broken: &[&'static str],
    faults: &[Fault],
) -> String {
    let root = guard.document();
    let mut said: Vec<String> = Vec::new();
    for name in broken {
        let schema = root.get("properties").and_then(|properties| properties.get(*name)).unwrap_or_default();
        let came = given.iter().find(|(found, _)| found == name).map(|(_, text)| Node::Text(text.clone()));
        let came = crate::schema::came(&came.unwrap_or(Node::Null), is_secret(name, schema));
        said.push(format!(
            "argument {name:?}: expected {}, got {came}",
            crate::schema::in_words(root, schema)
        ));
    }
    let names: Vec<String> = root
        .get("properties")
        .and_then(serde_json::Value::as_object)
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default();
    let others = faults.iter().filter(|fault| match fault {
        Fault::Missing { name } | Fault::Invalid { name, .. } => !broken.contains(name),
        Fault::Unknown { .. } | Fault::Whole { .. } => true,
    });
    said.extend(others.map(|fault| brief(fault, &names, root)));
    said.truncate(MOST_FAULTS);
    said.join("; ")
}

/// A fault of an argument that has no published schema; `root` is what is known of all of them.
pub(super) fn brief(fault: &Fault, names: &[String], root: &serde_json::Value) -> String {
    let schema = |name: &str| root.get("properties").and_then(|properties| properties.get(name));
    match fault {
        Fault::Missing { name } => format!("argument \"{name}\" is missing"),
        Fault::Invalid { name, .. }
            if is_secret(name, &serde_json::Value::Null)
                || schema(name).is_some_and(|schema| hides(root, schema)) =>
        {
            format!("argument \"{name}\" cannot be read")
        }
        Fault::Invalid { name, detail } => format!("argument \"{name}\": {detail}"),
        Fault::Whole { detail } => shortened(detail).into_owned(),
        Fault::Unknown { name } => {
            let shown: String = name.chars().take(100).collect();
            match closest(name, names.iter().map(String::as_str)) {
                Some(meant) => format!("there is no argument {shown:?}; did you mean {meant:?}?"),
                None if names.is_empty() => format!("there is no argument {shown:?}; it takes none"),
                None => format!("there is no argument {shown:?}; it takes {}", names.join(", ")),
            }
        }
    }
}
