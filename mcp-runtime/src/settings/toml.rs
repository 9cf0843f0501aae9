//! TOML, as JSON.

use serde_json::Value;

pub(super) fn read(text: &str) -> Result<Value, String> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        // Its message alone, since the whole error shows the line.
        format!("line {line}: {}", error.message())
    })
}
