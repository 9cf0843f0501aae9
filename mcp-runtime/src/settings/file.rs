//! A file of settings: JSON, or TOML with the feature `config`. What its name ends with says which.

use std::path::Path;

use serde_json::{Map, Value};

/// Reads a file. No error repeats a line of it, where a secret may stand.
pub(crate) fn read_file(path: &Path) -> Result<Map<String, Value>, String> {
    let shown = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("the file {shown} cannot be read: {error}"))?;
    let kind = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let read = match kind.to_ascii_lowercase().as_str() {
        "json" => serde_json::from_str(&text).map_err(|error| {
            format!("line {}, column {}: it is no JSON there", error.line(), error.column())
        }),
        "toml" => super::toml::read(&text),
        _ => Err("the name of the file must end with .toml or .json".into()),
    };
    match read {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(format!("the file {shown} is wrong: it must be a JSON object")),
        Err(problem) => Err(format!("the file {shown} is wrong: {problem}")),
    }
}
