//! Arguments that clients repeat in HTTP headers.

use mcp::Args;
use mcp::testing::Client;
use serde_json::{Value, json};

use crate::http::post;
use crate::wire::{serve_http, stateless, text};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Query {
    place: Place,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[schemars(inline)]
struct Place {
    #[serde(default)]
    #[schemars(with = "String", extend("x-mcp-header" = "Zone"))]
    zone: Option<String>,
}

/// Takes a header from the middle of a type.
#[mcp::tool]
async fn nested(Args(query): Args<Query>) -> String {
    query.place.zone.unwrap_or_else(|| "nowhere".into())
}

/// Takes headers of every kind.
#[mcp::tool]
async fn kinds(
    #[arg(header = "Text")] text: Option<String>,
    #[arg(header = "Number")] number: Option<i64>,
    #[arg(header = "Flag")] flag: Option<bool>,
) -> String {
    format!("{text:?} {number:?} {flag:?}")
}

fn call(arguments: Value) -> Value {
    stateless(1, "tools/call", json!({"name": "kinds", "arguments": arguments}))
}

#[tokio::test]
async fn a_header_says_what_the_argument_says_or_nothing_is_run() {
    let server = mcp::server!().explicit().tool::<kinds>().tool::<nested>().build().unwrap();
    let url = serve_http(&server).await;
    let inner = |zone: Value| {
        let arguments = json!({"place": {"zone": zone}});
        stateless(1, "tools/call", json!({"name": "nested", "arguments": arguments}))
    };
    let text_is = |value: &str| call(json!({"text": value}));
    for (what, message, headers, fine) in [
        ("the same", text_is("x"), vec![("mcp-param-text", "x")], true),
        ("padded", text_is("x"), vec![("mcp-param-text", "  x\t")], true),
        ("encoded", text_is("Hello"), vec![("mcp-param-text", "=?base64?SGVsbG8=?=")], true),
        ("encoded umlaut", text_is("ü"), vec![("mcp-param-text", "=?base64?w7w=?=")], true),
        ("escaped in the body", text_is("a\"b"), vec![("mcp-param-text", "a\"b")], true),
        ("empty", text_is(""), vec![("mcp-param-text", "")], true),
        (
            "literal without an end",
            text_is("=?base64?SGVsbG8="),
            vec![("mcp-param-text", "=?base64?SGVsbG8=")],
            true,
        ),
        ("missing", text_is("x"), vec![], false),
        ("another", text_is("x"), vec![("mcp-param-text", "y")], false),
        ("in capitals", text_is("x"), vec![("mcp-param-text", "X")], false),
        ("bad padding", text_is("Hello"), vec![("mcp-param-text", "=?base64?SGVsbG8?=")], false),
        ("bad alphabet", text_is("Hello"), vec![("mcp-param-text", "=?base64?SGVs!!!bG8=?=")], false),
        ("not encoded", text_is("Hello"), vec![("mcp-param-text", "SGVsbG8=")], false),
        ("no argument", call(json!({})), vec![("mcp-param-text", "x")], false),
        ("null", call(json!({"text": null})), vec![], true),
        ("neither", call(json!({})), vec![], true),
        ("an unknown header", call(json!({})), vec![("mcp-param-other", "x")], true),
        ("a number", call(json!({"number": 42})), vec![("mcp-param-number", "42")], true),
        ("a number with a fraction", call(json!({"number": 42})), vec![("mcp-param-number", "42.0")], true),
        ("another number", call(json!({"number": 42})), vec![("mcp-param-number", "43")], false),
        (
            "an encoded number",
            call(json!({"number": -7})),
            vec![("mcp-param-number", "=?base64?LTc=?=")],
            true,
        ),
        ("no number", call(json!({"number": 42})), vec![("mcp-param-number", "forty-two")], false),
        (
            "a large number",
            call(json!({"number": 9_007_199_254_740_993_i64})),
            vec![("mcp-param-number", "9007199254740992")],
            false,
        ),
        ("a flag", call(json!({"flag": true})), vec![("mcp-param-flag", "true")], true),
        ("a flag in capitals", call(json!({"flag": true})), vec![("mcp-param-flag", "True")], false),
        ("the other flag", call(json!({"flag": false})), vec![("mcp-param-flag", "true")], false),
        ("an object", call(json!({"text": {}})), vec![("mcp-param-text", "{}")], false),
        ("nested", inner("eu".into()), vec![("mcp-param-zone", "eu")], true),
        ("nested and missing", inner("eu".into()), vec![], false),
        ("nested and another", inner("eu".into()), vec![("mcp-param-zone", "us")], false),
        ("nested and null", inner(Value::Null), vec![], true),
    ] {
        let headers: Vec<_> = headers.into_iter().map(|(name, value)| (name, Some(value))).collect();
        let answer = post(&url, &message, &headers).await;
        if fine {
            assert_eq!(answer.status, 200, "{what}: {}", answer.body);
            assert_eq!(answer.body["result"].get("isError"), None, "{what}: {}", answer.body);
        } else {
            assert_eq!((answer.status, answer.code()), (400, -32020), "{what}: {}", answer.body);
            assert_eq!(answer.body["id"], 1, "{what}");
        }
    }
    // A number that is too large for every tree of JSON does not hide what stands beside it.
    let hidden = inner("eu".into()).to_string().replace("\"zone\":\"eu\"", "\"zone\":\"eu\",\"x\":1e999");
    assert!(hidden.contains("1e999"));
    let hidden = crate::http::post_raw(&url, &inner("eu".into()), hidden, &[]).await;
    assert_eq!((hidden.status, hidden.code()), (400, -32020));
    let twice = crate::http::post_twice(&url, &call(json!({"text": "x"})), ("mcp-param-text", "x")).await;
    assert_eq!((twice.status, twice.code()), (400, -32020));
}

#[tokio::test]
async fn a_header_is_published_in_the_schema_and_asked_for_over_http_only() {
    let server = mcp::server!().explicit().tool::<kinds>().build().unwrap();
    for client in [Client::stateless(&server), Client::stateful(&server).await.unwrap()] {
        let properties = client.tools().await.unwrap()[0]["inputSchema"]["properties"].clone();
        assert_eq!(properties["text"], json!({"type": "string", "x-mcp-header": "Text"}));
        assert_eq!(properties["number"], json!({"type": "integer", "x-mcp-header": "Number"}));
        assert_eq!(client.call("kinds", json!({"text": "x"})).await.unwrap().text(), "Some(\"x\") None None");
    }
    let url = serve_http(&crate::everything::server().build().unwrap()).await;
    let query = json!({"name": "query_region", "arguments": {"region": "eu"}});
    let answer = post(&url, &stateless(1, "tools/call", query), &[("mcp-param-region", Some("eu"))]).await;
    assert_eq!(text(&answer.body), "asked eu");
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Behind {
    #[allow(dead_code)]
    #[schemars(extend("x-mcp-header" = "Zone"))]
    zone: String,
}

/// Its header stands in a type that the schema refers to.
#[mcp::tool]
async fn referred(behind: Behind) -> String {
    behind.zone
}

/// Its header stands in an array.
#[mcp::tool]
async fn listed(behind: Vec<Place>) -> usize {
    behind.len()
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[schemars(inline)]
struct Ratio(f64);

/// Its header repeats a fraction, which only its schema says.
#[mcp::tool]
async fn fraction(#[arg(header = "Ratio")] ratio: Ratio) -> f64 {
    ratio.0
}

/// Its header repeats what the caller does not give.
#[mcp::tool]
async fn extracted(#[arg(header = "Who")] who: mcp::Principal) -> bool {
    who.is_anonymous()
}

/// Its headers are one.
#[mcp::tool]
async fn same(#[arg(header = "zone")] at: String, place: Place) -> String {
    format!("{at} {}", place.zone.unwrap_or_default())
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Several {
    #[schemars(extend("x-mcp-header" = "Zone"))]
    zone: Option<String>,
}

/// Its header repeats a text or nothing.
#[mcp::tool]
async fn several(Args(it): Args<Several>) -> String {
    it.zone.unwrap_or_default()
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct NoToken {
    #[allow(dead_code)]
    #[schemars(extend("x-mcp-header" = "a b"))]
    zone: String,
}

/// Its header has no name.
#[mcp::tool]
async fn nameless(Args(it): Args<NoToken>) -> String {
    it.zone
}

#[test]
fn a_header_that_cannot_work_is_no_server() {
    let broken = mcp::server!()
        .explicit()
        .tool::<referred>()
        .tool::<listed>()
        .tool::<fraction>()
        .tool::<extracted>()
        .tool::<same>()
        .tool::<nameless>()
        .tool::<several>()
        .build()
        .unwrap_err();
    let said = broken.problems().join("\n");
    for wanted in [
        "tool \"referred\": the header \"Zone\" stands in a type that the schema refers to",
        "`#[schemars(inline)]` (referred at tests/it/mirrored.rs:",
        "tool \"listed\": the header \"Zone\" stands behind \"items\"",
        "tool \"fraction\": the argument \"ratio\" cannot be repeated in a header",
        "tool \"extracted\": `header` of the argument \"who\"",
        "tool \"same\": the argument \"at\" and the argument \"place.zone\" are both repeated",
        "tool \"several\": the argument \"zone\" is of several types",
        "tool \"nameless\": the argument \"zone\": \"a b\" is not the name of a header",
    ] {
        assert!(said.contains(wanted), "{wanted}\nis not in\n{said}");
    }
    assert_eq!(broken.problems().len(), 7, "{said}");
}
