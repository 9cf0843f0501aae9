//! The form of a lock: one idea a line, each line with its whole path, so that a difference can be read where it stands.
//!
//! ```text
//! version = 1
//!
//! [tool "add"]
//! description = "Adds two numbers."
//! inputSchema.properties.a.type = "integer"
//! inputSchema.required = ["a", "b"]
//! ```
//!
//! Values are JSON. A text of several lines stands in several lines, which begin with `+`. What cannot be seen, such as
//! characters without width, is written as an escape.

mod read;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde_json::Value;

pub use self::read::read;
use crate::Catalogue;

/// The version of the form that is written, and the newest that is read.
pub(super) const VERSION: u64 = 1;

/// The member of a prompt that is a list of what has names.
const ARGUMENTS: &str = "arguments";

const HEAD: &str = "\
# What this package publishes to MCP clients, held by `mcp::contract!()`. It is not edited by hand:
# `MCP_LOCK=write cargo test` writes it. Its differences are what callers will see.
";

/// A line of a lock cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    line: usize,
    why: String,
}

impl std::error::Error for Unreadable {}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Index(usize),
    Member(String),
}

/// What something is and what it is called: its section.
type Name = (Kind, String);

/// The lines of a lock: the sections, and in each what stands at which path.
type Sections = BTreeMap<Name, Lines>;

/// What stands at which path.
type Lines = BTreeMap<Vec<Step>, Value>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Server,
    Tool,
    Resource,
    Template,
    Prompt,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Server, Self::Tool, Self::Resource, Self::Template, Self::Prompt];

    fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Tool => "tool",
            Self::Resource => "resource",
            Self::Template => "template",
            Self::Prompt => "prompt",
        }
    }

    /// The member that is the name of the section.
    fn key(self) -> &'static str {
        match self {
            Self::Server | Self::Tool | Self::Prompt => "name",
            Self::Resource => "uri",
            Self::Template => "uriTemplate",
        }
    }
}

/// A catalogue as the text of a lock, which [`read`] reads.
pub fn write(catalogue: &Catalogue) -> String {
    format!("{HEAD}version = {VERSION}\n\n{}", sections(catalogue))
}

/// The sections of a lock, without what stands above them.
pub(crate) fn sections(catalogue: &Catalogue) -> String {
    let section = |(name, lines): (Name, Lines)| {
        let mut text = header(&name) + "\n";
        for line in lines.iter().flat_map(|(path, value)| line(path, value)) {
            text.push_str(&line);
            text.push('\n');
        }
        text
    };
    taken_apart(catalogue).into_iter().map(section).collect::<Vec<_>>().join("\n")
}

fn header((kind, name): &Name) -> String {
    match kind {
        Kind::Server => "[server]".into(),
        kind => format!("[{} {}]", kind.word(), json(&Value::from(name.as_str()))),
    }
}

fn taken_apart(catalogue: &Catalogue) -> Sections {
    let mut sections = Sections::new();
    if let Some(instructions) = &catalogue.instructions {
        let line = (vec![Step::Member("instructions".into())], Value::from(instructions.as_str()));
        sections.insert((Kind::Server, String::new()), [line].into());
    }
    for (kind, items) in [
        (Kind::Tool, &catalogue.tools),
        (Kind::Resource, &catalogue.resources),
        (Kind::Template, &catalogue.templates),
        (Kind::Prompt, &catalogue.prompts),
    ] {
        for item in items {
            let name = item.get(kind.key()).and_then(Value::as_str).unwrap_or_default().to_owned();
            let mut lines = BTreeMap::new();
            for (key, value) in item.as_object().into_iter().flatten().filter(|(key, _)| *key != kind.key()) {
                match (kind, key.as_str()) {
                    (Kind::Prompt, ARGUMENTS) => {
                        flatten(vec![Step::Member(key.clone())], &by_name(value), &mut lines)
                    }
                    _ => flatten(vec![Step::Member(key.clone())], value, &mut lines),
                }
            }
            sections.insert((kind, name), lines);
        }
    }
    sections
}

/// The arguments of a prompt by their names: they are called by these, in whatever order they stand.
fn by_name(arguments: &Value) -> Value {
    let named = |argument: &Value| {
        let mut rest = argument.as_object()?.clone();
        let name = rest.remove("name")?.as_str()?.to_owned();
        Some((name, Value::Object(rest)))
    };
    let arguments = arguments.as_array().map(Vec::as_slice).unwrap_or_default();
    arguments.iter().filter_map(named).collect()
}

/// The list that was taken apart by names.
fn as_list(arguments: &Value) -> Value {
    let listed = |(name, rest): (&String, &Value)| {
        let mut argument = rest.as_object().cloned().unwrap_or_default();
        argument.insert("name".into(), name.as_str().into());
        Value::Object(argument)
    };
    arguments.as_object().into_iter().flatten().map(listed).collect()
}

/// Puts each value that is not taken apart further at its path.
fn flatten(path: Vec<Step>, value: &Value, lines: &mut BTreeMap<Vec<Step>, Value>) {
    let step = |step| path.iter().cloned().chain([step]).collect();
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                flatten(step(Step::Member(key.clone())), value, lines);
            }
        }
        Value::Array(values) if values.iter().any(|value| value.is_object() || value.is_array()) => {
            for (place, value) in values.iter().enumerate() {
                flatten(step(Step::Index(place)), value, lines);
            }
        }
        value => {
            lines.insert(path, value.clone());
        }
    }
}

/// What stands in the lock for a value: a line, or several for a text of several lines.
fn line(path: &[Step], value: &Value) -> Vec<String> {
    let mut written = String::new();
    for step in path {
        match step {
            Step::Index(place) => {
                let _ = write!(written, "[{place}]");
            }
            Step::Member(name) => {
                let dot = if written.is_empty() { "" } else { "." };
                let bare = !name.is_empty() && name.bytes().all(is_bare);
                let name = if bare { name.clone() } else { json(&Value::from(name.as_str())) };
                let _ = write!(written, "{dot}{name}");
            }
        }
    }
    written.push_str(" = ");
    match value {
        Value::String(text) if text.contains('\n') => {
            let mut lines = text.split('\n').map(|line| json(&Value::from(line)));
            let first = format!("{written}{}", lines.next().unwrap_or_default());
            [first].into_iter().chain(lines.map(|line| format!("  + {line}"))).collect()
        }
        value => vec![format!("{written}{}", json(value))],
    }
}

fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_$-".contains(&byte)
}

/// A value in one line, with spaces where people put them, and nothing that cannot be seen.
fn json(value: &Value) -> String {
    if let Value::Array(values) = value {
        return format!("[{}]", values.iter().map(json).collect::<Vec<_>>().join(", "));
    }
    let mut written = String::new();
    for character in value.to_string().chars() {
        if is_unseen(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(written, "\\u{unit:04x}");
            }
        } else {
            written.push(character);
        }
    }
    written
}

/// Whether a reader would not see it: controls, what has no width, and what turns the direction of writing.
fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// What differs, line by line, under the headers of the sections; at most so many lines.
pub(super) fn difference(old: &Catalogue, new: &Catalogue, most: usize) -> String {
    let (old, new) = (taken_apart(old), taken_apart(new));
    let empty = BTreeMap::new();
    let mut lines = Vec::new();
    let names: std::collections::BTreeSet<&Name> = old.keys().chain(new.keys()).collect();
    for name in names {
        let (was, is) = (old.get(name).unwrap_or(&empty), new.get(name).unwrap_or(&empty));
        let sign = match (old.contains_key(name), new.contains_key(name)) {
            (true, true) if was == is => continue,
            (true, true) => ' ',
            (true, false) => '-',
            (false, _) => '+',
        };
        lines.push(format!("{sign} {}", header(name)));
        let paths: std::collections::BTreeSet<_> = was.keys().chain(is.keys()).collect();
        for path in paths.into_iter().filter(|path| was.get(*path) != is.get(*path)) {
            for (sign, value) in [('-', was.get(path)), ('+', is.get(path))] {
                lines.extend(
                    value.into_iter().flat_map(|value| line(path, value)).map(|it| format!("{sign} {it}")),
                );
            }
        }
    }
    let more = lines.len().saturating_sub(most);
    lines.truncate(most);
    let mut text = lines.join("\n");
    if more > 0 {
        let _ = write!(text, "\n… and {more} lines more");
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_is_published_is_read_as_it_was_written() {
        let odd = json!({
            "name": "a \"b\"\n]", "empty": {}, "none": [], "null": null, "": 1, "a.b[0] = c": {"é\n": true},
            "lists": [[], [1, [2, {"x": []}]], null, {"y": null}], "text": "\n\r\n + \"\u{feff}\n", "float": 0.1,
            "end": u64::MAX, "# no comment": "[section]",
        });
        let catalogue = Catalogue {
            instructions: Some("a\n".into()),
            tools: vec![odd.clone(), json!({"name": "z"})],
            resources: vec![json!({"uri": "a://b", "x": odd})],
            templates: vec![json!({"uriTemplate": "a://{b}"})],
            prompts: vec![
                json!({"name": "z", "arguments": [{"name": "a"}, {"name": "b", "required": true}]}),
            ],
        };
        let text = write(&catalogue);
        assert_eq!(read(&text).unwrap(), catalogue.clone().sorted(), "{text}");
        assert_eq!(write(&read(&text).unwrap()), text);
        assert_eq!(difference(&catalogue, &catalogue, 9), "");
        let all = difference(&catalogue, &Catalogue::default(), 3);
        assert!(all.ends_with("lines more") && all.lines().count() == 4, "{all}");
    }
}
