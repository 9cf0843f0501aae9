//! Completion: what a user types becomes an argument.

use mcp::testing::Client;
use mcp::{Completion, Context, Request, Typed};
use serde_json::{Value, json};

use crate::wire::{Over, Wire};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// What a developer reads.
    Debug,
    Error,
    Emergency,
}

async fn cities(typed: Typed, cx: Context) -> Result<Vec<String>, String> {
    match (&*typed, typed.argument("country")) {
        ("panic", _) => panic!("asked to"),
        ("fail", _) => Err("the gazetteer is closed".into()),
        ("who", _) => Ok(vec![cx.client().name().unwrap_or_default()]),
        (typed, Some(country)) => Ok(vec![format!("{country}: {typed}")]),
        (_, None) => Ok((0..250).map(|n| format!("city {n}")).collect()),
    }
}

async fn some_of_many(_: Typed) -> Completion {
    Completion::new(["b", "a"]).total(7)
}

/// Reports on a city.
#[mcp::prompt]
async fn report(
    country: String,
    #[arg(complete = cities)] city: String,
    level: Option<Level>,
    brief: bool,
    cx: Context,
) -> String {
    let _ = (level, cx);
    format!("{country} {city} {brief}")
}

/// A log.
#[mcp::resource("logs://{service}/{level}")]
async fn log(#[arg(complete = some_of_many)] service: String, level: Level) -> String {
    let _ = level;
    service
}

/// A text that never changes.
#[mcp::resource("docs://fixed")]
async fn fixed() -> &'static str {
    "fixed"
}

fn server() -> mcp::Server {
    mcp::server!().explicit().prompt::<report>().resource::<log>().resource::<fixed>().build().unwrap()
}

fn prompt(argument: &str, value: &str) -> Value {
    json!({"ref": {"type": "ref/prompt", "name": "report"}, "argument": {"name": argument, "value": value}})
}

fn resource(uri: &str, argument: &str, value: &str) -> Value {
    json!({"ref": {"type": "ref/resource", "uri": uri}, "argument": {"name": argument, "value": value}})
}

async fn complete(client: &Client, params: Value) -> Value {
    client.request("completion/complete", params).await.unwrap()["completion"].clone()
}

#[tokio::test]
async fn enums_and_booleans_complete_themselves_in_both_eras() {
    for over in [Over::Memory, Over::Socket, Over::Http] {
        let mut wire = Wire::connect_to(over, &server()).await;
        wire.initialize().await;
        for (typed, expected) in [
            ("", json!(["error", "emergency", "debug"])),
            ("E", json!(["error", "emergency"])),
            ("x", json!([])),
        ] {
            let total = expected.as_array().unwrap().len();
            let found = json!({"values": expected, "total": total, "hasMore": false});
            let modern = wire.ask(1, "completion/complete", prompt("level", typed)).await;
            assert_eq!(modern["result"]["completion"], found);
            assert_eq!(modern["result"]["resultType"], "complete");
            assert_eq!(modern["result"].get("ttlMs"), None);
            let old = wire.ask_in_session(2, "completion/complete", prompt("level", typed)).await;
            assert_eq!(old["result"], json!({"completion": found}));
        }
        let brief = wire.ask(3, "completion/complete", prompt("brief", "t")).await;
        assert_eq!(brief["result"]["completion"]["values"], json!(["true"]));
        let level =
            wire.ask(4, "completion/complete", resource("logs://{service}/{level}", "level", "d")).await;
        assert_eq!(level["result"]["completion"]["values"], json!(["debug"]));
    }
}

#[tokio::test]
async fn a_function_completes_with_what_is_known_already_and_at_most_a_hundred_are_sent() {
    let client = Client::stateless(&server());
    let mut params = prompt("city", "Ber");
    params["context"] = json!({"arguments": {"country": "de"}});
    assert_eq!(complete(&client, params).await, json!({"values": ["de: Ber"], "total": 1, "hasMore": false}));
    let many = complete(&client, prompt("city", "")).await;
    assert_eq!(many["values"].as_array().unwrap().len(), 100);
    assert_eq!(many["values"][99], "city 99");
    assert_eq!((&many["total"], &many["hasMore"]), (&json!(250), &json!(true)));

    let stated = complete(&client, resource("logs://{service}/{level}", "service", "zzz")).await;
    assert_eq!(stated, json!({"values": ["b", "a"], "total": 7, "hasMore": true}), "sent as they were given");

    let old = Client::stateful(&server()).await.unwrap();
    assert_eq!(complete(&old, prompt("city", "who")).await["values"], json!(["mcp-testing"]));
}

#[tokio::test]
async fn what_nothing_completes_gives_nothing_and_what_does_not_exist_is_refused() {
    let client = Client::stateless(&server());
    let nothing = json!({"values": [], "total": 0, "hasMore": false});
    assert_eq!(complete(&client, prompt("country", "d")).await, nothing);

    let mut context = prompt("city", "");
    context["context"] = json!({"arguments": {"country": 5}});
    let mut unknown = prompt("city", "");
    unknown["ref"]["name"] = "reprot".into();
    for (params, said) in [
        (unknown, "did you mean \"report\"?"),
        (prompt("citi", ""), "\"report\" has no argument \"citi\"; did you mean \"city\"?"),
        (prompt("cx", ""), "has no argument \"cx\""),
        (resource("logs://{service}", "service", ""), "unknown resource template"),
        (resource("logs://a/debug", "service", ""), "unknown resource template"),
        (resource("docs://fixed", "x", ""), "has no argument \"x\""),
        (
            json!({"ref": {"type": "ref/tool", "name": "x"}, "argument": {"name": "a", "value": ""}}),
            "\"ref\" must be",
        ),
        (json!({"ref": {"type": "ref/prompt"}, "argument": {"name": "a", "value": ""}}), "\"ref\" must be"),
        (json!({"ref": {"type": "ref/prompt", "name": "report"}}), "\"argument\" must be"),
        (
            json!({"ref": {"type": "ref/prompt", "name": "report"}, "argument": {"name": "city", "value": 5}}),
            "\"argument\" must be",
        ),
        (context, "\"context\" must be"),
    ] {
        let refused = client.request("completion/complete", params.clone()).await.unwrap_err();
        assert_eq!(refused.code, -32602, "{params}");
        assert!(refused.message.contains(said), "{params}: {refused}");
    }
}

#[tokio::test]
async fn a_function_that_fails_or_panics_ends_its_own_request_only() {
    let client = Client::stateless(&server());
    let failed = client.request("completion/complete", prompt("city", "fail")).await.unwrap_err();
    assert_eq!((failed.code, failed.message.as_str()), (-32603, "the gazetteer is closed"));
    let panicked = client.request("completion/complete", prompt("city", "panic")).await.unwrap_err();
    assert_eq!(panicked.code, -32603);
    assert!(!panicked.message.contains("asked to"), "{panicked}");
    assert_eq!(complete(&client, prompt("brief", "f")).await["values"], json!(["false"]));
}

#[tokio::test]
async fn a_server_without_anything_to_complete_does_not_know_the_method() {
    let server = mcp::server!().explicit().resource::<fixed>().build().unwrap();
    let client = Client::stateless(&server);
    let found = client.request("server/discover", json!({})).await.unwrap();
    assert_eq!(found["capabilities"].get("completions"), None);
    let refused = client.request("completion/complete", resource("docs://fixed", "x", "")).await.unwrap_err();
    assert_eq!(refused.code, -32601);
}

#[tokio::test]
async fn layers_see_a_completion_with_what_it_belongs_to() {
    use std::sync::{Arc, Mutex};
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let noted = seen.clone();
    let layer = tower::layer::layer_fn(move |inner: mcp::Next| {
        let noted = noted.clone();
        tower::ServiceExt::map_request(inner, move |request: Request| {
            let name = request.definition().map(mcp::Definition::name).unwrap_or_default();
            let target = request.target().unwrap_or_default();
            noted.lock().unwrap().push(format!("{} {target} {name}", request.method()));
            request
        })
    });
    let server = mcp::server!()
        .explicit()
        .prompt::<report>()
        .resource::<log>()
        .resource::<fixed>()
        .layer(layer)
        .build()
        .unwrap();
    complete(&Client::stateless(&server), resource("logs://{service}/{level}", "level", "")).await;
    assert_eq!(*seen.lock().unwrap(), ["completion/complete logs://{service}/{level} log"]);
}

/// Completes what the caller does not give.
#[mcp::prompt]
async fn impossible(#[arg(complete = some_of_many)] cx: Context) -> String {
    format!("{cx:?}")
}

#[test]
fn an_extractor_cannot_be_completed() {
    let broken = mcp::server!().explicit().prompt::<impossible>().build().unwrap_err();
    let said = broken.problems().join("\n");
    assert!(said.contains("prompt \"impossible\": `complete` of the argument \"cx\""), "{said}");
    assert!(said.contains("impossible at tests/it/completion.rs:"), "{said}");
}
