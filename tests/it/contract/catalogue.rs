//! What a server publishes, as a value.

use mcp::testing::Client;
use mcp::{Catalogue, Json, State};
use serde_json::json;

struct Db;

/// Comes after the other.
#[mcp::tool(destructive, icon = "https://example.com/z.png", meta = { "com.example/team": "b" })]
async fn zeta(z: i64, a: Option<String>, _db: State<Db>) -> Json<Vec<i64>> {
    Json(vec![z, a.map_or(0, |_| 1)])
}

/// Comes first.
#[mcp::tool]
async fn alpha() {}

/// Is fixed.
#[mcp::resource("shelf://all", mime = "text/plain", size = 3)]
async fn all() -> &'static str {
    "all"
}

/// Is one of many.
#[mcp::resource("shelf://{id}")]
async fn one(id: u32) -> String {
    id.to_string()
}

/// Reviews.
#[mcp::prompt]
async fn review(text: String) -> String {
    text
}

fn builder() -> mcp::ServerBuilder {
    mcp::server!().only(module_path!()).instructions("Be brief.")
}

#[tokio::test]
async fn the_catalogue_is_what_lists_give_however_they_are_paged() {
    let server = builder().state(Db).page_size(1).build().unwrap();
    let catalogue = server.catalogue();
    let client = Client::stateless(&server);
    assert_eq!(catalogue.tools, client.tools().await.unwrap());
    assert_eq!(catalogue.resources, client.resources().await.unwrap());
    assert_eq!(catalogue.templates, client.templates().await.unwrap());
    assert_eq!(catalogue.prompts, client.prompts().await.unwrap());
    assert_eq!(catalogue.instructions.as_deref(), Some("Be brief."));
    assert_eq!(catalogue.tools[1]["name"], "zeta");
    assert_eq!(catalogue.tools[1]["_meta"], json!({"com.example/team": "b"}));
}

#[test]
fn the_catalogue_needs_no_states_and_stays_whole_when_something_is_switched_off() {
    let without_state = builder().catalogue().unwrap();
    let server = builder().state(Db).build().unwrap();
    assert!(builder().build().is_err(), "only looking at it needs no state");
    server.disable_tool("zeta");
    assert_eq!(server.catalogue(), without_state);
    assert!(!without_state.is_empty());
    assert!(mcp::server!().explicit().catalogue().unwrap().is_empty());
}

#[test]
fn the_catalogue_can_be_written_and_read_again() {
    let catalogue = builder().catalogue().unwrap();
    let written = serde_json::to_string(&catalogue).unwrap();
    assert_eq!(serde_json::from_str::<Catalogue>(&written).unwrap(), catalogue);
    let schema = r#""inputSchema":{"additionalProperties":false,"properties":{"a":{"type":"string"},"z":{"#;
    assert!(written.contains(schema), "members are in order: {written}");
}
