//! Reads settings from where operators write them. Everything that is wrong is said at once, with where it stands and what would
//! be right.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::form::{Shape, named};
use super::table::Wrong;
use super::{Config, ROWS, Row, Source};
use crate::error::ServerError;
use crate::registry::closest;
use crate::settings::{ConfigError, read_file};

/// What a command line gives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    /// `--config`
    pub(crate) file: Option<PathBuf>,
    /// Options as they were written, by the keys of their settings.
    pub(crate) options: Vec<(&'static str, String)>,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// Where each setting comes from; of named ones each name.
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) file: Option<PathBuf>,
}

impl Config {
    /// Reads the file that the variable `MCP_CONFIG` names, and the variables `MCP_…`, which win over it.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, or a value or a name in it cannot be understood, or a variable's value.
    pub fn load() -> Result<Self, ServerError> {
        Ok(load(&Given::default(), variable)?.config)
    }
}

/// A variable of the environment. What is no text is wrong wherever a form is wanted, and never as if nothing was said.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Reads file, environment and command line, in this order.
pub(crate) fn load(
    given: &Given,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Loaded, ConfigError> {
    let mut loaded = Loaded::default();
    let mut problems = Vec::new();
    let set = |variable: &str| environment(variable).filter(|value| !value.trim().is_empty());
    loaded.file = given.file.clone().or_else(|| set(crate::settings::FILE_VARIABLE).map(PathBuf::from));
    if let Some(path) = loaded.file.clone() {
        match read_file(&path) {
            Ok(members) => file(&path, members, &mut loaded, &mut problems),
            Err(problem) => problems.push(problem),
        }
    }
    for row in ROWS {
        if let Some(value) = set(&row.variable()) {
            one(row, &Value::String(value), &Source::Variable(row.variable()), &mut loaded, &mut problems);
        }
    }
    for (key, value) in &given.options {
        if let Some(row) = ROWS.iter().find(|row| row.key == *key) {
            let source = Source::Option(row.option());
            one(row, &Value::String(value.clone()), &source, &mut loaded, &mut problems);
        }
    }
    if problems.is_empty() { Ok(loaded) } else { Err(ConfigError::new(problems)) }
}

fn file(
    path: &std::path::Path,
    members: serde_json::Map<String, Value>,
    loaded: &mut Loaded,
    problems: &mut Vec<String>,
) {
    let source = Source::File(path.to_owned());
    for (key, value) in members {
        // What the author reads is his; see `settings`.
        if key == crate::settings::SECTION {
            continue;
        }
        match ROWS.iter().find(|row| row.key == key) {
            Some(row) => one(row, &value, &source, loaded, problems),
            None => {
                let near = closest(&key, ROWS.iter().map(|row| row.key).chain([crate::settings::SECTION]));
                let hint = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "`--help` has all of them, and what your program reads itself belongs under `{}`",
                        crate::settings::SECTION
                    ),
                };
                problems.push(format!("{source}: there is no setting `{key}`; {hint}"));
            }
        }
    }
}

fn one(row: &Row, value: &Value, source: &Source, loaded: &mut Loaded, problems: &mut Vec<String>) {
    if let Err(problem) = (row.read)(value, &mut loaded.config) {
        problems.push(wrong(row, &problem, source));
        return;
    }
    if row.shape == Shape::Named {
        for (name, _) in named(value).unwrap_or_default() {
            loaded.sources.insert(format!("{}.{name}", row.key), source.clone());
        }
    }
    loaded.sources.insert(row.key.into(), source.clone());
}

/// `MCP_CALL_TIMEOUT: "abc" is wrong: expected a time …`
fn wrong(row: &Row, Wrong { name, written }: &Wrong, source: &Source) -> String {
    let key = match source {
        Source::File(_) => format!("{source}, `{}`", row.key),
        Source::Variable(_) | Source::Option(_) => source.to_string(),
    };
    let of = name.as_ref().map(|name| format!(" of {name:?}")).unwrap_or_default();
    let expected = row.expected;
    match (row.shape, name) {
        _ if row.secret => format!("{key}: expected {expected}"),
        (Shape::Named, None) => {
            format!("{key}: {written:?} is not NAME=VALUE, as in search=VALUE, VALUE {expected}")
        }
        _ => format!("{key}: {written:?}{of} is wrong: expected {expected}"),
    }
}

/// What is wrong with a value that an option has, if anything is.
pub(crate) fn problem_of(row: &Row, value: &str) -> Option<String> {
    let read = (row.read)(&Value::String(value.into()), &mut Config::default());
    read.err().map(|wrong| match (row.shape, wrong.name) {
        (Shape::Named, None) => format!("it is NAME=VALUE, VALUE {}", row.expected),
        (_, Some(name)) => format!("of {name:?}, expected {}", row.expected),
        (_, None) => format!("expected {}", row.expected),
    })
}

/// Variables that hosts have for themselves, and that their servers inherit.
const OF_HOSTS: [&str; 2] = ["MCP_TIMEOUT", "MCP_TOOL_TIMEOUT"];

/// Variables that nobody reads, and that are nearly one that is read.
pub(crate) fn doubtful(all: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let variables: Vec<String> = ROWS.iter().map(Row::variable).collect();
    let known = |name: &str| {
        variables.iter().any(|variable| variable == name)
            || [crate::settings::FILE_VARIABLE, "MCP_LOCK", "MCP_RECORD"].contains(&name)
            || OF_HOSTS.contains(&name)
            || name.starts_with(crate::settings::PREFIX)
    };
    let near = |name: String| {
        let near = closest(&name, variables.iter().map(String::as_str))?;
        // Hosts have variables of their own; only what is a letter off is meant for us.
        (near.len().abs_diff(name.len()) <= 1).then(|| (name.clone(), near.to_owned()))
    };
    all.filter(|name| name.starts_with("MCP_") && !known(name)).filter_map(near).collect()
}

/// The table of the guide.
#[cfg(test)]
pub(crate) fn markdown() -> String {
    let builder = crate::Server::builder();
    let mut heading = "";
    let mut page = String::new();
    for row in ROWS {
        if row.heading != heading {
            heading = row.heading;
            page +=
                &format!("\n**{heading}**\n\n| setting | meaning | value | default |\n|---|---|---|---|\n");
        }
        let named = if row.shape == Shape::Named { "by name: " } else { "" };
        let holds = (row.holds)(&builder);
        let (meaning, expected) = (row.meaning.trim(), row.expected);
        let holds = if holds.is_empty() { "none".to_owned() } else { holds };
        page += &format!("| `{}` | {meaning} | {named}{expected} | {holds} |\n", row.key);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_has_every_setting() {
        const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        const BEGIN: &str = "<!-- every setting -->\n";
        const END: &str = "\n<!-- end -->";
        let page = std::fs::read_to_string(PAGE).unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (table, after) = rest.split_once(END).unwrap();
        if table != markdown() && std::env::var_os("MCP_GUIDE").is_some() {
            std::fs::write(PAGE, format!("{before}{BEGIN}{}{END}{after}", markdown())).unwrap();
            return;
        }
        assert!(
            table == markdown(),
            "MCP_GUIDE=write cargo test -p mcp-runtime --lib the_guide_has_every_setting"
        );
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        let builder = crate::Server::builder();
        for key in [
            "drain",
            "page_size",
            "call_timeout",
            "max_message",
            "rate_caller",
            "breakers",
            "dialect",
            "strict",
        ] {
            let row = ROWS.iter().find(|row| row.key == key).unwrap();
            let holds = (row.holds)(&builder);
            let mut config = Config::default();
            assert!((row.read)(&Value::String(holds.clone()), &mut config).is_ok(), "{key}");
            assert_eq!((row.said)(&config), Some(holds), "{key}");
        }
    }
}
