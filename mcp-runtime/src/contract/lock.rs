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

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

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
#[derive(Debug)]
pub(super) struct Unreadable {
    line: usize,
    why: String,
}

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

/// Writes a catalogue as a lock.
pub(super) fn write(catalogue: &Catalogue) -> String {
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

/// Reads a lock.
///
/// # Errors
///
/// It is of a newer form, or damaged: which line, and why.
pub(super) fn read(text: &str) -> Result<Catalogue, Unreadable> {
    let mut reader = Reader::default();
    for (at, line) in text.lines().enumerate() {
        reader.line(line).map_err(|why| Unreadable { line: at + 1, why })?;
    }
    let last = text.lines().count();
    reader.end().map_err(|why| Unreadable { line: last, why })
}

#[derive(Default)]
struct Reader {
    versioned: bool,
    items: BTreeMap<Name, Map<String, Value>>,
    section: Option<Name>,
    /// A text that may go on in the next line.
    open: Option<(Vec<Step>, Value)>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim();
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|marker| line.starts_with(marker)) {
            return Err(
                "two branches changed it, and the merge is not finished: `MCP_LOCK=write cargo test` \
                        writes it anew"
                    .into(),
            );
        }
        if let Some(more) = line.strip_prefix('+') {
            let more: String = value(more)?;
            let Some((_, Value::String(text))) = &mut self.open else {
                return Err("there is no text that goes on here".into());
            };
            text.push('\n');
            text.push_str(&more);
            return Ok(());
        }
        self.close()?;
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if !self.versioned {
            let version =
                line.strip_prefix("version").map(str::trim_start).and_then(|it| it.strip_prefix('='));
            let version = version.and_then(|it| it.trim().parse::<u64>().ok());
            return match version {
                Some(VERSION) => {
                    self.versioned = true;
                    Ok(())
                }
                Some(newer) if newer > VERSION => Err(format!(
                    "it has version {newer} of the form, and this build of mcp-runtime knows {VERSION}: update the crate"
                )),
                _ => Err(format!("expected `version = {VERSION}` before anything else")),
            };
        }
        if let Some(section) = line.strip_prefix('[') {
            let name = section_name(section)?;
            if self.items.insert(name.clone(), Map::new()).is_some() {
                return Err(format!("{line} stands there twice"));
            }
            self.section = Some(name);
            return Ok(());
        }
        let (path, rest) = path(line)?;
        self.open = Some((path, value(rest)?));
        Ok(())
    }

    /// Puts what was read last where it belongs.
    fn close(&mut self) -> Result<(), String> {
        let Some((path, value)) = self.open.take() else { return Ok(()) };
        let item = self.section.as_ref().and_then(|name| self.items.get_mut(name));
        let item = item.ok_or("it stands in no section such as `[tool \"…\"]`")?;
        let Some((Step::Member(first), steps)) = path.split_first() else {
            return Err("it begins with no name".into());
        };
        put(item.entry(first.clone()).or_insert(Value::Null), steps, value)
    }

    fn end(mut self) -> Result<Catalogue, String> {
        self.close()?;
        if !self.versioned {
            return Err(format!("expected `version = {VERSION}` before anything else"));
        }
        let mut catalogue = Catalogue::default();
        for ((kind, name), mut item) in self.items {
            let items = match kind {
                Kind::Server => {
                    catalogue.instructions =
                        item.get("instructions").and_then(Value::as_str).map(str::to_owned);
                    continue;
                }
                Kind::Tool => &mut catalogue.tools,
                Kind::Resource => &mut catalogue.resources,
                Kind::Template => &mut catalogue.templates,
                Kind::Prompt => {
                    if let Some(arguments) = item.get_mut(ARGUMENTS) {
                        *arguments = as_list(arguments);
                    }
                    &mut catalogue.prompts
                }
            };
            item.insert(kind.key().into(), name.into());
            items.push(Value::Object(item));
        }
        Ok(catalogue.sorted())
    }
}

/// Puts a value where its path leads. It calls itself for each step, and paths are bounded.
fn put(slot: &mut Value, steps: &[Step], value: Value) -> Result<(), String> {
    let contradicts = || Err("it contradicts a line before it".to_owned());
    let Some((step, steps)) = steps.split_first() else {
        return if slot.is_null() {
            *slot = value;
            Ok(())
        } else {
            contradicts()
        };
    };
    let slot = match step {
        Step::Member(name) => {
            if slot.is_null() {
                *slot = Value::Object(Map::new());
            }
            let Value::Object(members) = slot else { return contradicts() };
            members.entry(name.clone()).or_insert(Value::Null)
        }
        Step::Index(place) => {
            if slot.is_null() {
                *slot = Value::Array(Vec::new());
            }
            let Value::Array(values) = slot else { return contradicts() };
            if *place == values.len() {
                values.push(Value::Null);
            }
            values.get_mut(*place).ok_or_else(|| format!("[{place}] has none before it"))?
        }
    };
    put(slot, steps, value)
}

/// The name of a section, behind its bracket.
fn section_name(text: &str) -> Result<Name, String> {
    let expected = || "expected a section such as `[tool \"…\"]`".to_owned();
    let inner = text.strip_suffix(']').ok_or_else(expected)?;
    let (word, name) = inner.split_once(' ').unwrap_or((inner, "\"\""));
    let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(expected)?;
    Ok((kind, value(name)?))
}

/// The longest path, in steps.
const LONGEST_PATH: usize = 256;

/// The path at the beginning of a line, and what stands behind its `=`.
fn path(line: &str) -> Result<(Vec<Step>, &str), String> {
    let expected = || "expected `name = value`".to_owned();
    let mut path = Vec::new();
    let mut rest = line;
    loop {
        if path.len() == LONGEST_PATH {
            return Err("the path is too long".into());
        }
        if let Some(index) = rest.strip_prefix('[') {
            let (place, behind) = index.split_once(']').ok_or_else(expected)?;
            path.push(Step::Index(place.parse().map_err(|_| expected())?));
            rest = behind;
        } else if rest.starts_with('"') {
            let mut names = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let name = names.next().ok_or_else(expected)?.map_err(|error| error.to_string())?;
            let end = names.byte_offset();
            path.push(Step::Member(name));
            rest = rest.get(end..).unwrap_or_default();
        } else {
            let end = rest.bytes().position(|byte| !is_bare(byte)).unwrap_or(rest.len());
            let (name, behind) = rest.split_at(end);
            if name.is_empty() {
                return Err(expected());
            }
            path.push(Step::Member(name.into()));
            rest = behind;
        }
        if let Some(behind) = rest.strip_prefix('.') {
            rest = behind;
        } else if !rest.starts_with('[') {
            let value = rest.trim_start().strip_prefix('=').ok_or_else(expected)?;
            return Ok((path, value));
        }
    }
}

fn value<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text.trim()).map_err(|error| format!("the value is no JSON: {error}"))
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
