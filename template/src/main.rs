//! {{project-name}}: an MCP server.

use mcp::{Json, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the server reads beside the settings that every server has: `[settings]` in `server.toml`, `MCP_SETTINGS_…`.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// How many notes one answer has.
    #[serde(default = "most")]
    pub most: usize,
}

fn most() -> usize {
    20
}

const NOTES: [&str; 3] = ["Water the plants.", "Call Ada.", "Plant a tree."];

/// A note.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Counted from 1.
    pub number: usize,
    pub text: String,
}

/// What was found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    pub notes: Vec<Note>,
}

/// Finds notes that have a text in them.
#[mcp::tool(read_only, tags("notes"))]
pub async fn find_notes(
    /// What a note has in it, in any case.
    #[arg(length = 1..=200)]
    text: String,
    settings: State<Settings>,
) -> Json<Found> {
    let wanted = text.to_lowercase();
    let notes = (1..).zip(NOTES).filter(|(_, note)| note.to_lowercase().contains(&wanted));
    let notes = notes.take(settings.most).map(|(number, note)| Note { number, text: note.into() });
    Json(Found { notes: notes.collect() })
}

/// One note.
#[mcp::resource("notes://{number}", tags("notes"))]
pub async fn note(number: usize) -> Result<&'static str, mcp::Error> {
    let found = number.checked_sub(1).and_then(|at| NOTES.get(at).copied());
    found.ok_or_else(|| mcp::Error::resource_not_found(format!("notes://{number}")))
}

fn server() -> mcp::ServerBuilder {
    mcp::server!().description("Keeps notes.").settings::<Settings>()
}

#[tokio::main]
async fn main() -> mcp::Result<()> {
    server().run().await
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use mcp::testing::Client;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn notes_are_found_in_any_case() {
        for client in mcp::testing::both(&server().build().unwrap()) {
            let found = client.call("find_notes", json!({"text": "PLANT"})).await.unwrap();
            let Found { notes } = found.json().unwrap();
            assert_eq!(notes.iter().map(|note| note.number).collect::<Vec<_>>(), [1, 3]);
        }
    }

    #[tokio::test]
    async fn a_note_that_is_not_there_is_said_to_be_missing() {
        let client = Client::stateless(&server().build().unwrap());
        assert!(client.read("notes://1").await.is_ok());
        assert!(client.read("notes://7").await.is_err());
    }

    /// `mcp.lock` has what is published. `MCP_LOCK=write make test-contract` takes a change over.
    #[test]
    fn the_published_contract_holds() {
        mcp::contract!(server());
    }
}
