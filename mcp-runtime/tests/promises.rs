//! What a schema promises and no type keeps: checked with the feature `validate`, and refused while building without it.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "it is what is read that matters")]

#[cfg(feature = "validate")]
use mcp::testing::Client;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Filter {
    #[schemars(range(min = 1, max = 10))]
    page: u32,
}

/// Promises something deep inside a type.
#[mcp::tool]
async fn search(filter: Filter) -> u32 {
    filter.page
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Plain {
    small: u8,
    many: Vec<u16>,
    array: [i8; 3],
    letter: char,
    not_null: std::num::NonZeroU32,
    signed: std::num::NonZeroI32,
    pair: (bool, u64),
    numbered: std::collections::BTreeMap<u32, u8>,
    choice: Choice,
    tagged: Option<Tagged>,
    wait: std::time::Duration,
    next: Option<Box<Plain>>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
enum Choice {
    One,
    Many(u8),
    Named { count: u16 },
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", deny_unknown_fields)]
enum Tagged {
    Circle { radius: f64 },
    Square { side: u32 },
}

/// Promises only what its types keep.
#[mcp::tool]
async fn plain(plain: Plain) -> u8 {
    plain.small
}

/// The same, in one.
#[mcp::tool]
async fn whole(mcp::Args(plain): mcp::Args<Plain>) -> u8 {
    plain.small
}

#[test]
fn what_types_keep_needs_nothing_else() {
    let server = mcp::server!().explicit().tool::<plain>().tool::<whole>().build();
    assert!(server.is_ok(), "{}", server.unwrap_err());
}

#[cfg(not(feature = "validate"))]
#[test]
fn without_validators_a_promise_that_no_type_keeps_is_no_server() {
    let broken = mcp::server!().explicit().tool::<search>().build().unwrap_err();
    let said = broken.to_string();
    for wanted in [
        "tool \"search\": argument \"filter\": ",
        "at #/$defs/Filter/properties/page/",
        "turn on the feature `validate` of `mcp-runtime`",
        "(search at mcp-runtime/tests/promises.rs:",
    ] {
        assert!(said.contains(wanted), "{wanted}\nis not in\n{said}");
    }
}

#[cfg(feature = "validate")]
#[tokio::test]
async fn with_validators_a_promise_that_no_type_keeps_is_kept() {
    let server = mcp::server!().explicit().tool::<search>().build().unwrap();
    let client = Client::stateless(&server);
    let right = client.call("search", serde_json::json!({"filter": {"page": 10}})).await.unwrap();
    assert_eq!(right.text(), "10");
    for page in [0, 11] {
        let wrong = client.call("search", serde_json::json!({"filter": {"page": page}})).await.unwrap();
        let wanted = format!("argument \"filter.page\": expected an integer from 1 to 10, got {page}");
        assert!(wrong.is_error() && wrong.text().contains(&wanted), "{}", wrong.text());
    }
}
