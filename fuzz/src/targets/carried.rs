//! What a client carries for the server: a sealed state is worth something only as it was given out, and a cursor is one that
//! was given out, or none.

use std::cell::RefCell;
use std::sync::LazyLock;

use mcp::{Context, Server, StateKey, ToolError};
use serde_json::{Value, json};

use super::ready::ask;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Sure {
    sure: bool,
}

/// Asks before it does something.
#[mcp::tool(destructive)]
async fn delete(id: String, cx: Context) -> Result<String, ToolError> {
    let kept = cx.once("noted", async { Ok::<_, ToolError>(id.len()) }).await?;
    let Sure { sure } = cx.elicit(format!("Delete {id}?")).key("sure").await?;
    Ok(format!("done {sure} {kept}"))
}

/// Stands on a page of its own.
#[mcp::tool]
async fn other() {}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let server = mcp::server!().explicit().tool::<delete>().tool::<other>().page_size(1);
    server.state_keys([StateKey::new([7; 32])]).build().unwrap()
});

thread_local! {
    /// A state that was given out, made anew before its time is over.
    static GIVEN: RefCell<Option<(std::time::Instant, String)>> = const { RefCell::new(None) };
}

fn given() -> String {
    GIVEN.with_borrow_mut(|given| {
        if let Some((at, state)) = given
            && at.elapsed().as_secs() < 120
        {
            return state.clone();
        }
        let answer = ask(&SERVER, "tools/call", json!({"name": "delete", "arguments": {"id": "7"}}));
        let state =
            answer["result"]["requestState"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        *given = Some((std::time::Instant::now(), state.clone()));
        state
    })
}

/// A text, or changes to a state that was given out: pairs of a place and what its character is moved by.
fn changed(state: &str, data: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut changed = state.as_bytes().to_vec();
    for pair in data.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([pair[0], pair[1]]));
        match pair[2] {
            0 => changed.truncate(at),
            1 => changed.insert(at.min(changed.len()), b'A'),
            by => {
                if let Some(place) = changed.get_mut(at) {
                    let now = ALPHABET.iter().position(|letter| letter == place).unwrap_or_default();
                    *place = ALPHABET[(now + usize::from(by)) % ALPHABET.len()];
                }
            }
        }
    }
    String::from_utf8(changed).unwrap()
}

pub fn run(data: &[u8]) {
    let [kind, data @ ..] = data else { return };
    if *kind == b'c' {
        let cursor = String::from_utf8_lossy(data);
        let page = ask(&SERVER, "tools/list", json!({"cursor": cursor}));
        match page["result"]["tools"].as_array() {
            Some(tools) => assert!(tools.len() <= 1),
            None => assert_eq!(page["error"]["code"], -32602, "{page}"),
        }
        return;
    }
    let state = given();
    let carried = match kind {
        b's' => String::from_utf8_lossy(data).into_owned(),
        _ => changed(&state, data),
    };
    let same = carried == state;
    let answers: Value = json!({"sure": {"action": "accept", "content": {"sure": true}}});
    let call = json!({"name": "delete", "arguments": {"id": "7"}, "requestState": carried, "inputResponses": answers});
    let answer = ask(&SERVER, "tools/call", call);
    match same {
        true => assert_eq!(answer["result"]["content"][0]["text"], "done true 1", "{answer}"),
        false => assert_eq!(answer["error"]["code"], -32602, "a state that was never given out: {answer}"),
    }
}
