//! Without the feature `config` files are JSON.

use serde_json::Value;

pub(super) fn read(_: &str) -> Result<Value, String> {
    Err("TOML takes the feature `config` of `mcp-runtime`; JSON takes none".into())
}
