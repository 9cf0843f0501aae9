//! What functions give, looked over: nothing that hides is left, what was marked is not marked again, and no text becomes many
//! times longer.

use std::sync::LazyLock;

use mcp::Server;
use serde_json::{Value, json};

use super::ready::ask;

/// Gives back what it is told.
#[mcp::tool(read_only)]
async fn repeat(text: String) -> String {
    text
}

/// Gives back what it is told, for programs.
#[mcp::tool(read_only)]
async fn repeat_json(text: String) -> mcp::Json<Vec<String>> {
    mcp::Json(vec![text])
}

static SERVER: LazyLock<Server> =
    LazyLock::new(|| mcp::server!().explicit().tool::<repeat>().tool::<repeat_json>().build().unwrap());

fn call(tool: &str, text: &str) -> Value {
    ask(&SERVER, "tools/call", json!({"name": tool, "arguments": {"text": text}}))["result"].take()
}

fn text(result: &Value) -> String {
    result["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

/// What changes what people see, or is nothing that they could see, wherever it stands.
fn hides(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0001}' | '\u{fff9}'..='\u{fffb}')
}

pub fn run(data: &[u8]) {
    let given = String::from_utf8_lossy(data);
    let once = text(&call("repeat", &given));
    assert!(!once.chars().any(hides), "something hides in {once:?}");
    // Whether a joiner or a mark of direction belongs to the writing is told by what stands around it, which marks change.
    if once.chars().all(|c| c.is_ascii() || c.is_alphanumeric()) {
        assert_eq!(text(&call("repeat", &once)), once, "it was marked twice");
    }
    assert!(once.len() <= 64 + 12 * given.len(), "{} bytes became {}", given.len(), once.len());
    let structured = call("repeat_json", &given);
    let said = structured["structuredContent"]["result"][0].as_str().unwrap_or_default();
    assert!(!said.chars().any(hides), "something hides in {said:?}");
}
