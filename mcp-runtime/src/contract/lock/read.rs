//! From the text of a lock to what it says. Whoever edits one by hand is told the line and what is wrong with it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ARGUMENTS, Kind, Name, Step, Unreadable, VERSION, as_list, is_bare};
use crate::Catalogue;

/// Reads the text of a lock, so that two of them can be [compared](super::super::compare): those of two releases, say.
///
/// ```
/// use mcp::contract::{Verdict, compare, read};
///
/// let old = read("version = 1\n\n[prompt \"review\"]\ndescription = \"Reviews.\"\n")?;
/// let new = read("version = 1\n\n[prompt \"review\"]\ndescription = \"Reviews code.\"\n")?;
/// assert_eq!(compare(&old, &new)[0].verdict, Verdict::Wording);
/// # Ok::<_, mcp::contract::Unreadable>(())
/// ```
///
/// # Errors
///
/// It is of a newer form, or damaged: which line, and why.
pub fn read(text: &str) -> Result<Catalogue, Unreadable> {
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
