//! Long results that come in pages.

use std::time::Duration;

use mcp::{Cursor, Page, Peer, Principal, Server};
use serde_json::{Value, json};

use crate::wire::{stateless, text};

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Order {
    id: u64,
}

/// Lists orders.
#[mcp::tool(read_only)]
async fn orders(cursor: Cursor<u64>) -> Page<Order> {
    let start = cursor.value().copied().unwrap_or_default();
    let items = (start..5).take(2).map(|id| Order { id }).collect();
    cursor.page(items, (start + 2 < 5).then_some(start + 2))
}

/// Lists others.
#[mcp::tool(read_only)]
fn others(
    /// Where to go on.
    from: Cursor<u64>,
    least: u32,
) -> Result<Page<u64>, mcp::ToolError> {
    Ok(from.page(vec![u64::from(least)], from.value().is_none().then_some(1)))
}

fn builder() -> mcp::ServerBuilder {
    mcp::server!().only(module_path!())
}

fn peer(name: &str) -> Peer {
    Peer::connection().principal(Principal::new("https://issuer.example", name))
}

async fn call(server: &Server, peer: &Peer, tool: &str, arguments: Value) -> Value {
    let message = stateless(1, "tools/call", json!({"name": tool, "arguments": arguments})).to_string();
    let reply = server.handle(message.as_bytes(), peer).next().await.unwrap();
    serde_json::from_slice::<Value>(reply.body()).unwrap()
}

fn next(answer: &Value) -> String {
    answer["result"]["structuredContent"]["next"]
        .as_str()
        .unwrap_or_else(|| panic!("no next page: {answer}"))
        .to_owned()
}

#[tokio::test]
async fn every_item_stands_on_one_page() {
    let server = builder().build().unwrap();
    let ada = peer("ada");
    let (mut ids, mut arguments, mut pages) = (Vec::new(), json!({}), 0);
    loop {
        let answer = call(&server, &ada, "orders", arguments).await;
        let page = &answer["result"]["structuredContent"];
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => arguments = json!({"cursor": next}),
            None => break,
        }
    }
    assert_eq!((ids, pages), (vec![0, 1, 2, 3, 4], 3));
}

#[tokio::test]
async fn a_cursor_is_worth_something_for_its_caller_and_its_tool_only() {
    let server = builder().build().unwrap();
    let (ada, bob) = (peer("ada"), peer("bob"));
    let orders = next(&call(&server, &ada, "orders", json!({})).await);
    let others = next(&call(&server, &ada, "others", json!({"least": 3})).await);
    assert!(
        !orders.contains('2'.to_string().repeat(3).as_str()) && orders.len() > 40,
        "it says nothing: {orders}"
    );
    let mut changed = orders.clone();
    changed.replace_range(30..31, if changed.as_bytes()[30] == b'A' { "B" } else { "A" });
    for (peer, cursor) in
        [(&bob, &orders), (&ada, &others), (&ada, &changed), (&ada, &"2".to_owned()), (&ada, &String::new())]
    {
        let answer = call(&server, peer, "orders", json!({"cursor": cursor})).await;
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        let said = text(&answer);
        assert!(
            said.contains("cursor") && said.contains("leave it out to begin with the first page"),
            "{said}"
        );
    }
    let answer = call(&server, &ada, "others", json!({"from": others, "least": 3})).await;
    assert!(answer["result"]["structuredContent"]["next"].is_null(), "{answer}");
    assert_eq!(answer["result"]["structuredContent"]["items"], json!([3]));
}

#[tokio::test]
async fn what_else_is_wrong_is_said_and_a_cursor_that_is_right_is_not() {
    let server = builder().build().unwrap();
    let ada = peer("ada");
    let from = next(&call(&server, &ada, "others", json!({"least": 3})).await);
    let answer = call(&server, &ada, "others", json!({"from": from, "least": -1})).await;
    let said = text(&answer);
    assert!(said.contains("least") && !said.contains("\"from\""), "{said}");
    let mended = call(&server, &ada, "others", json!({"from": from, "least": "3"})).await;
    assert_eq!(mended["result"]["structuredContent"]["items"], json!([3]), "{mended}");
    let first = call(&server, &ada, "others", json!({"from": null, "least": 3})).await;
    assert!(first["result"]["structuredContent"]["next"].is_string(), "{first}");
}

#[tokio::test]
async fn a_cursor_holds_for_a_time() {
    let server = builder().cursor_lifetime(Duration::ZERO).build().unwrap();
    let ada = peer("ada");
    let cursor = next(&call(&server, &ada, "orders", json!({})).await);
    let answer = call(&server, &ada, "orders", json!({"cursor": cursor})).await;
    let said = text(&answer);
    assert!(said.contains("expired"), "{said}");
}

#[tokio::test]
async fn replicas_with_one_key_take_each_others_cursors() {
    let key: mcp::StateKey = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=".parse().unwrap();
    let one = builder().state_keys([key.clone()]).build().unwrap();
    let other = builder().state_keys([key]).build().unwrap();
    let ada = peer("ada");
    let cursor = next(&call(&one, &ada, "orders", json!({})).await);
    let answer = call(&other, &ada, "orders", json!({"cursor": cursor})).await;
    assert_eq!(answer["result"]["structuredContent"]["items"], json!([{"id": 2}, {"id": 3}]));
}

#[test]
fn the_schemas_say_what_a_page_is() {
    let server = builder().build().unwrap();
    let catalogue = serde_json::to_value(server.catalogue()).unwrap();
    let tool = |name: &str| {
        catalogue["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap().clone()
    };
    let orders = tool("orders");
    assert_eq!(orders["inputSchema"]["properties"]["cursor"]["type"], "string", "{orders}");
    assert!(orders["inputSchema"]["required"].is_null(), "{orders}");
    assert!(
        orders["inputSchema"]["properties"]["cursor"]["description"]
            .as_str()
            .unwrap()
            .contains("page before")
    );
    assert_eq!(orders["outputSchema"]["required"], json!(["items"]));
    assert_eq!(tool("others")["inputSchema"]["properties"]["from"]["description"], "Where to go on.");
}
