//! What is chosen is offered, and nothing else exists.

use mcp::testing::Client;
use mcp::{Server, ServerBuilder};
use serde_json::json;

/// Finds an order.
#[mcp::tool(read_only, tags("orders"))]
async fn find_order(id: u32) -> String {
    format!("order {id}")
}

/// Cancels an order.
#[mcp::tool(destructive, tags("orders", "admin"), app = "ui://orders/cancel")]
async fn cancel_order(id: u32) -> String {
    format!("no order {id}")
}

/// Says nothing of what it does.
#[mcp::tool(timeout = "5s")]
async fn restock(id: u32) -> String {
    format!("article {id}")
}

/// The page of the tool.
#[mcp::resource("ui://orders/cancel", mime = "text/html;profile=mcp-app")]
async fn cancel_page() -> &'static str {
    "<!doctype html>"
}

/// One order.
#[mcp::resource("orders://{id}", tags("orders"))]
async fn order(id: u32) -> String {
    format!("order {id}")
}

/// The house rules.
#[mcp::resource("orders://rules")]
async fn rules() -> &'static str {
    "be kind"
}

/// Asks for an order.
#[mcp::prompt(tags("admin"))]
async fn ask() -> &'static str {
    "Which order?"
}

struct Unheard;

/// Needs what nobody gives.
#[mcp::tool(read_only)]
async fn unheard(_state: mcp::State<Unheard>) {}

fn shop() -> ServerBuilder {
    Server::builder()
        .explicit()
        .tool::<find_order>()
        .tool::<cancel_order>()
        .tool::<restock>()
        .resource::<cancel_page>()
        .resource::<order>()
        .resource::<rules>()
        .prompt::<ask>()
}

fn offered(server: &Server) -> Vec<&str> {
    server.definitions().map(|definition| definition.name()).collect()
}

#[test]
fn everything_is_offered_where_nothing_is_chosen() {
    let server = shop().build().unwrap();
    let all = ["cancel_order", "find_order", "restock", "rules", "cancel_page", "order", "ask"];
    assert_eq!(offered(&server), all);
}

#[test]
fn tools_are_chosen_by_name_and_resources_and_prompts_stay() {
    let server = shop().only_tools(["restock"]).build().unwrap();
    assert_eq!(offered(&server), ["restock", "rules", "cancel_page", "order", "ask"]);
}

#[test]
fn tags_choose_tools_resources_and_prompts_alike() {
    let server = shop().only_tags(["orders"]).build().unwrap();
    assert_eq!(offered(&server), ["cancel_order", "find_order", "cancel_page", "order"]);
    let server = shop().only_tags(["admin"]).build().unwrap();
    assert_eq!(offered(&server), ["cancel_order", "cancel_page", "ask"]);
}

#[test]
fn read_only_leaves_out_every_tool_that_does_not_say_so() {
    let server = shop().read_only().build().unwrap();
    assert_eq!(offered(&server), ["find_order", "rules", "cancel_page", "order", "ask"]);
}

#[test]
fn each_choice_narrows_the_others() {
    let server = shop().only_tags(["orders"]).read_only().build().unwrap();
    assert_eq!(offered(&server), ["find_order", "order"]);
    let chosen = shop().only_tools(["restock"]).only_tags(["admin"]).read_only();
    assert_eq!(offered(&chosen.build().unwrap()), ["ask"]);
    let nothing = Server::builder().explicit().tool::<restock>().read_only().build().unwrap_err();
    let said = nothing.to_string();
    assert!(said.contains("nothing is left to offer: `read_only` choose none of 1 definitions"), "{said}");
}

#[test]
fn names_and_tags_that_nothing_has_keep_a_server_from_starting() {
    let error = shop().only_tools(["find_orders", "x"]).only_tags(["order", "y"]).build().unwrap_err();
    let said = error.to_string();
    for part in [
        "no tool is called \"find_orders\", by which is chosen what is offered; did you mean \"find_order\"?",
        "no tool is called \"x\", by which is chosen what is offered; there is \"cancel_order\", \"find_order\", \"restock\"",
        "no tag is called \"order\", by which is chosen what is offered; did you mean \"orders\"?",
        "there is \"admin\", \"orders\"",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn what_is_not_chosen_does_not_exist() {
    let server = shop().only_tags(["orders"]).read_only().build().unwrap();
    let client = Client::stateless(&server);
    let error = client.call("restock", json!({"id": 1})).await.unwrap_err();
    assert!(error.to_string().contains("unknown tool \"restock\""), "{error}");
    assert!(client.call("find_order", json!({"id": 1})).await.is_ok());
    assert!(client.read("orders://rules").await.is_err());
    assert!(client.read("orders://7").await.is_ok());
    let capabilities = client.request("server/discover", json!({})).await.unwrap();
    assert!(capabilities["capabilities"].get("prompts").is_none(), "{capabilities}");
    assert!(!server.enable_tool("restock"), "nothing switches it on");
}

#[test]
fn what_is_not_chosen_needs_no_states_and_its_settings_are_no_mistake() {
    let all = shop().tool::<unheard>();
    assert!(all.build().unwrap_err().to_string().contains("State<"));
    let limit = std::time::Duration::from_secs(1);
    let chosen = shop().tool::<unheard>().only_tools(["find_order"]).timeout_of("restock", limit);
    assert!(chosen.build().is_ok());
}
