//! `call`: one call of a tool, from the command line.

use serde_json::{Map, Value};

use super::{Style, print, printable};
use crate::error::ServerError;
use crate::model::Tool;
use crate::server::Server;
use crate::testing::Client;

pub(super) async fn call(
    server: &Server,
    name: &str,
    written: &[String],
    as_json: bool,
) -> crate::Result<()> {
    let failed = |message: String| ServerError::Command(message);
    let tool = server.shared.registry.tool(name).map_err(|error| failed(error.to_string()))?;
    let arguments = arguments(&tool, written).map_err(failed)?;
    let result =
        Client::local(server).call(name, arguments).await.map_err(|error| failed(error.to_string()))?;
    if as_json {
        print(&format!("{:#}", result.raw()))?;
    } else {
        let style = Style::of_stdout();
        for block in result.content() {
            print(&shown(block, style))?;
        }
    }
    if result.is_error() { Err(failed(format!("the tool \"{name}\" failed"))) } else { Ok(()) }
}

/// Reads `key=value` pairs, or one JSON object.
fn arguments(tool: &Tool, written: &[String]) -> Result<Value, String> {
    if let [only] = written
        && only.trim_start().starts_with('{')
    {
        return serde_json::from_str(only)
            .map_err(|error| format!("the arguments are not a JSON object: {error}"));
    }
    let pairs = written.iter().map(|pair| {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            format!("{pair:?} is neither key=value nor a JSON object, as in a=2 or '{{\"a\": 2}}'")
        })?;
        Ok((key.to_owned(), value_of(tool, key, value)))
    });
    pairs.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

/// What a tool takes as text stays text; anything else is JSON where it can be.
fn value_of(tool: &Tool, key: &str, written: &str) -> Value {
    let field = tool.input.fields.iter().find(|field| field.name == key);
    if field.is_some_and(|field| field.schema.get("type").is_some_and(|kind| kind == "string")) {
        return written.into();
    }
    serde_json::from_str(written).unwrap_or_else(|_| written.into())
}

/// A content block for people.
fn shown(block: &Value, style: Style) -> String {
    let member = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default();
    if let Some(text) = block.get("text").and_then(Value::as_str) {
        return printable(text);
    }
    let bytes = member("data").len() / 4 * 3;
    style.quiet(&printable(&match member("type") {
        kind @ ("image" | "audio") => {
            format!("[{kind}, {}, about {bytes} bytes; --json shows it]", member("mimeType"))
        }
        "resource_link" => {
            let said: Vec<_> =
                [member("title"), member("description")].into_iter().filter(|it| !it.is_empty()).collect();
            let said = if said.is_empty() { member("name").to_owned() } else { said.join(": ") };
            return format!("{}  {}", style.name(&printable(member("uri"))), printable(&said));
        }
        _ => block.to_string(),
    }))
}
