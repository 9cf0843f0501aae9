//! Ways around what is published, which are closed.

use std::time::{Duration, Instant};

use mcp::testing::Client;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Says what it was given.
#[mcp::prompt]
async fn within(
    #[arg(range = 1..=100)] limit: u32,
    #[arg(range = 0.0..=1.0, default = 0.5)] weight: f64,
) -> String {
    format!("{limit} {weight}")
}

/// Says what it was given.
#[mcp::resource("loophole://{number}")]
async fn numbered(#[arg(range = 1..=100)] number: u32) -> String {
    number.to_string()
}

#[tokio::test]
async fn a_number_in_a_text_keeps_its_range_however_it_is_written() {
    let server = mcp::server!().explicit().prompt::<within>().resource::<numbered>().build().unwrap();
    let client = Client::stateless(&server);
    for (limit, weight) in
        [("+500", "0"), ("0500", "0"), ("5", "NaN"), ("5", "inf"), ("5", "+7"), ("5", "7."), ("5", "-.5")]
    {
        let given = client.prompt("within", json!({"limit": limit, "weight": weight})).await;
        assert!(given.is_err(), "{limit} {weight}: {given:?}");
    }
    for (limit, weight) in [("+5", "+.5"), ("005", "1."), ("5", "1e-1")] {
        let given = client.prompt("within", json!({"limit": limit, "weight": weight})).await;
        assert!(given.is_ok(), "{limit} {weight}: {given:?}");
    }
    assert!(client.read("loophole://+500").await.is_err() && client.read("loophole://0500").await.is_err());
    assert!(client.read("loophole://+50").await.is_ok());
}

#[derive(Deserialize, JsonSchema)]
struct Tree {
    #[schemars(length(max = 5))]
    name: String,
    #[serde(default)]
    child: Option<Box<Tree>>,
}

/// Tells how deep a tree is.
#[mcp::tool]
async fn depth(tree: Tree) -> usize {
    let deeper = std::iter::successors(tree.child.as_deref(), |tree| tree.child.as_deref());
    tree.name.len().min(1) + deeper.count()
}

#[tokio::test]
async fn what_is_wrong_deep_inside_of_what_may_be_null_is_found_at_once() {
    let server = mcp::server!().explicit().tool::<depth>().build().unwrap();
    let client = Client::stateless(&server);
    let deep =
        (0..30).fold(json!({"name": "x".repeat(200_000)}), |child, _| json!({"name": "a", "child": child}));
    let begun = Instant::now();
    let refused = client.call("depth", json!({"tree": deep})).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let told = ".child.name\": expected a string of at most 5 characters";
    assert!(
        refused.text().contains(told) || refused.text().contains("…\": expected a string of at most 5"),
        "{}",
        refused.text()
    );
}
