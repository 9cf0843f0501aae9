//! What was written under other names is served like everything else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

extern crate framework as mcp;

use framework::testing::Client;
use renamed::{Db, everything, page, part};
use serde_json::json;

/// Says nothing of where the framework is: the crate goes by its own name here.
#[mcp::tool]
async fn by_its_name(#[arg(default = 1)] a: u8) -> u8 {
    a
}

#[tokio::test]
async fn a_renamed_crate_can_go_by_its_own_name() {
    let client = Client::stateless(&mcp::server!().explicit().tool::<by_its_name>().build().unwrap());
    assert_eq!(client.call("by_its_name", json!({})).await.unwrap().text(), "1");
}

#[tokio::test]
async fn a_renamed_crate_and_a_facade_make_one_server() {
    let server = framework::server!()
        .explicit()
        .tool::<everything>()
        .tool::<part>()
        .resource::<page>()
        .state(Db)
        .build();
    let client = Client::stateless(&server.unwrap());
    let tools = client.request("tools/list", json!({})).await.unwrap();
    let [everything, part] = [&tools["tools"][0], &tools["tools"][1]];
    assert_eq!(everything["description"], "Takes everything that an argument can say.");
    let all = &everything["inputSchema"]["properties"];
    assert_eq!(all["limit"]["maximum"], 100);
    assert_eq!(all["text"]["examples"], json!(["rust", "celsius"]));
    assert_eq!(all["maybe"], json!({"type": "boolean"}));
    assert_eq!(all["region"]["x-mcp-header"], "Region");
    assert_eq!(
        part["inputSchema"]["properties"]["value"],
        json!({"type": "number", "maximum": 1.0, "default": 0.5})
    );

    let call =
        |arguments| client.request("tools/call", json!({"name": "everything", "arguments": arguments}));
    let said = call(json!({"text": "a", "tags": ["x", "y"], "limit": 1})).await.unwrap();
    assert_eq!(said["structuredContent"], json!(["x", "celsiusa", "none"]));
    let read = client.request("resources/read", json!({"uri": "renamed://a"})).await.unwrap();
    assert_eq!(read["contents"][0]["text"], "5 lines of a");
}
