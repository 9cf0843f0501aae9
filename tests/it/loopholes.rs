//! Ways around what is published, which are closed.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use mcp::Args;
use mcp::testing::Client;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

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

/// Counts.
#[mcp::tool]
async fn count(#[arg(length = 2..=1_000_000)] items: Vec<u8>) -> usize {
    items.len()
}

/// Counts what is different.
#[mcp::tool]
async fn different(items: HashSet<u32>) -> usize {
    items.len()
}

#[tokio::test]
async fn a_long_list_is_counted_and_one_that_is_too_long_to_look_at_is_refused_with_a_reason() {
    let server = mcp::server!().explicit().tool::<count>().tool::<different>().build().unwrap();
    let client = Client::stateless(&server);
    let long = client.call("count", json!({"items": vec![1; 150_000]})).await.unwrap();
    assert_eq!(long.text(), "150000");
    assert!(client.call("count", json!({"items": [1]})).await.unwrap().is_error());
    let refused = client.call("different", json!({"items": (0..120_000).collect::<Vec<_>>()})).await.unwrap();
    let told = "argument \"items\": more than 100000 values are too many to be checked";
    assert!(refused.text().contains(told), "{}", refused.text());
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

struct Pin;

impl<'de> Deserialize<'de> for Pin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.len() {
            4 => Ok(Self),
            _ => Err(serde::de::Error::custom(format!("{text:?} is no pin"))),
        }
    }
}

impl JsonSchema for Pin {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pin".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "writeOnly": true})
    }
}

#[derive(Deserialize, JsonSchema)]
struct Account {
    user: String,
    pin: Pin,
}

/// Opens an account.
#[mcp::tool]
async fn open(account: Account) -> String {
    let Account { user, pin: Pin } = account;
    user
}

/// Opens an account.
#[mcp::tool]
async fn open_whole(Args(account): Args<Account>) -> String {
    account.user
}

/// Opens an account.
#[mcp::prompt]
async fn open_by(pin: Pin) -> String {
    let Pin = pin;
    "open".into()
}

#[tokio::test]
async fn a_secret_inside_of_a_value_is_not_repeated_in_the_words_of_its_type() {
    let server =
        mcp::server!().explicit().tool::<open>().tool::<open_whole>().prompt::<open_by>().build().unwrap();
    let client = Client::stateless(&server);
    let account = json!({"user": "u", "pin": "hunter2"});
    for (tool, given) in [("open", json!({"account": account})), ("open_whole", account.clone())] {
        let refused = client.call(tool, given).await.unwrap();
        assert!(refused.is_error() && !refused.text().contains("hunter2"), "{}", refused.text());
    }
    let refused = client.prompt("open_by", json!({"pin": "hunter2"})).await.unwrap_err();
    assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
}

/// Takes one of three.
#[mcp::tool]
async fn one_of_three(
    #[arg(schema = json_schema!({"type": "integer", "enum": [1, 2, 3]}))] number: u8,
) -> u8 {
    number
}

/// Takes whole numbers.
#[mcp::tool]
async fn whole(#[arg(schema = json_schema!({"type": "integer"}))] number: f64) -> f64 {
    number
}

/// Takes every fifth number.
#[mcp::tool]
async fn fifth(#[arg(schema = json_schema!({"type": "integer", "multipleOf": 2.5}))] number: u32) -> u32 {
    number
}

#[tokio::test]
async fn a_schema_is_held_also_where_the_type_refuses_some_of_what_it_forbids() {
    let server =
        mcp::server!().explicit().tool::<one_of_three>().tool::<whole>().tool::<fifth>().build().unwrap();
    let client = Client::stateless(&server);
    for (tool, right, wrong) in
        [("one_of_three", json!(3), json!(7)), ("whole", json!(7), json!(7.5)), ("fifth", json!(5), json!(7))]
    {
        assert!(!client.call(tool, json!({"number": right})).await.unwrap().is_error(), "{tool}");
        assert!(client.call(tool, json!({"number": wrong})).await.unwrap().is_error(), "{tool}");
    }
}

/// Takes nothing that there is.
#[mcp::tool]
async fn below_nothing(#[arg(range = ..0)] number: u8) -> u8 {
    number
}

/// Counts what a default is asked for.
fn next() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Has another default each time.
#[mcp::tool]
async fn wavering(#[arg(default = next())] number: u64) -> u64 {
    number
}

#[test]
fn what_can_never_be_kept_is_not_built() {
    let empty = mcp::server!().explicit().tool::<below_nothing>().build().unwrap_err().to_string();
    assert!(empty.contains("no number is in this `range`"), "{empty}");
    let wavering = mcp::server!().explicit().tool::<wavering>().build().unwrap_err().to_string();
    assert!(wavering.contains("its default is another one each time"), "{wavering}");
}

const EXAMPLES: u8 = 5;

/// Has an example that is called like one.
#[mcp::tool]
async fn exemplary(#[arg(example = EXAMPLES)] number: u8) -> u8 {
    number
}

#[tokio::test]
async fn an_example_may_be_a_constant_of_any_name() {
    let server = mcp::server!().explicit().tool::<exemplary>().build().unwrap();
    let tools: Vec<Value> = Client::stateless(&server).tools().await.unwrap();
    assert_eq!(tools[0]["inputSchema"]["properties"]["number"]["examples"], json!([5]));
}
