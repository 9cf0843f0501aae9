//! What a model plainly meant is taken, and nothing else: guided by the schema, counted, and turned off where it says so.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp::testing::Client;
use mcp::{Context, Extract, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::wire::{Over, Wire, stateless, text};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Item {
    count: u32,
    #[serde(default)]
    ratio: f64,
    #[serde(default)]
    on: bool,
    #[serde(default)]
    name: String,
    #[serde(default)]
    inner: Vec<Item>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Loose {
    Number(i64),
    Text(String),
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Either {
    Number(i64),
    Flag(bool),
    List(Vec<i64>),
}

/// Repeats what it was given.
#[mcp::tool]
#[allow(clippy::too_many_arguments)]
async fn repeat(
    number: Option<i64>,
    small: Option<u8>,
    ratio: Option<f64>,
    on: Option<bool>,
    text: Option<String>,
    list: Option<Vec<i64>>,
    item: Option<Item>,
    loose: Option<Loose>,
    either: Option<Either>,
    map: Option<BTreeMap<String, u64>>,
) -> String {
    let all = json!({
        "number": number, "small": small, "ratio": ratio, "on": on, "text": text, "list": list, "item": item,
        "loose": loose, "either": either, "map": map,
    });
    let Value::Object(mut all) = all else { return String::new() };
    all.retain(|_, value| !value.is_null());
    Value::Object(all).to_string()
}

/// Repeats a number, and nothing else.
#[mcp::tool(strict)]
async fn exact(number: i64) -> i64 {
    number
}

/// Destroys so many.
#[mcp::tool(destructive)]
async fn destroy(number: i64) -> i64 {
    number
}

/// Destroys so many, and is not particular.
#[mcp::tool(destructive, strict = false)]
async fn destroy_loosely(number: i64) -> i64 {
    number
}

fn builder() -> mcp::ServerBuilder {
    mcp::server!().explicit().tool::<repeat>().tool::<exact>().tool::<destroy>().tool::<destroy_loosely>()
}

#[tokio::test]
async fn what_was_plainly_meant_is_taken() {
    let server = builder().build().unwrap();
    let client = Client::stateless(&server);
    for (given, taken) in [
        (json!({"number": "5"}), json!({"number": 5})),
        (json!({"number": "-5"}), json!({"number": -5})),
        (json!({"number": "9007199254740993"}), json!({"number": 9_007_199_254_740_993_i64})),
        (json!({"number": 30.0}), json!({"number": 30})),
        (json!({"number": "30.0"}), json!({"number": 30})),
        (json!({"number": 3e1}), json!({"number": 30})),
        (json!({"ratio": "0.5"}), json!({"ratio": 0.5})),
        (json!({"on": "true"}), json!({"on": true})),
        (json!({"on": "false"}), json!({"on": false})),
        (json!({"list": "[1, 2]"}), json!({"list": [1, 2]})),
        (json!({"list": "[\"1\", 2.0]"}), json!({"list": [1, 2]})),
        (json!({"list": ["1"], "number": null}), json!({"list": [1]})),
        (json!({"map": {"a": "1"}}), json!({"map": {"a": 1}})),
        (json!({"map": "{\"a\": 1}"}), json!({"map": {"a": 1}})),
        (json!({"either": "5"}), json!({"either": 5})),
        (json!({"either": "true"}), json!({"either": true})),
        (json!({"either": "[\"7\"]"}), json!({"either": [7]})),
        (
            json!({"item": {"count": "1", "ratio": "2", "on": "true", "name": "5", "inner": [{"count": 2.0, "ratio": null}]}}),
            json!({"item": {"count": 1, "ratio": 2.0, "on": true, "name": "5",
                "inner": [{"count": 2, "ratio": 0.0, "on": false, "name": "", "inner": []}]}}),
        ),
    ] {
        let answer = client.call("repeat", given.clone()).await.unwrap();
        assert!(!answer.is_error(), "{given}: {}", answer.text());
        assert_eq!(serde_json::from_str::<Value>(&answer.text()).unwrap(), taken, "{given}");
    }
}

#[tokio::test]
async fn what_could_mean_something_else_is_left_alone() {
    let server = builder().build().unwrap();
    let client = Client::stateless(&server);
    // A type that takes texts takes this one.
    let answer = client.call("repeat", json!({"text": "5", "loose": "5", "number": "1"})).await.unwrap();
    let taken: Value = serde_json::from_str(&answer.text()).unwrap();
    assert_eq!(taken, json!({"text": "5", "loose": "5", "number": 1}));
    let begun = server.counts()["repeat"].mended.clone();
    for (name, given) in [
        ("number", json!("+5")),
        ("number", json!(" 5")),
        ("number", json!("5 ")),
        ("number", json!("0x5")),
        ("number", json!("05")),
        ("number", json!("")),
        ("number", json!("1.5")),
        ("number", json!(1.5)),
        ("number", json!("1e400")),
        ("number", json!("9".repeat(100_000))),
        ("number", json!("9223372036854775808")),
        ("number", json!("NaN")),
        ("number", json!(true)),
        ("number", json!("[1]")),
        ("small", json!("256")),
        ("ratio", json!("NaN")),
        ("ratio", json!("1e400")),
        ("ratio", json!("Infinity")),
        ("on", json!("True ")),
        ("on", json!(1)),
        ("text", json!(5)),
        ("list", json!("[1,")),
        ("list", json!("{\"a\":1}")),
        ("list", json!("1")),
        ("list", json!(format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)))),
        ("list", json!(format!("[{}1]", "1,".repeat(300_000)))),
        ("map", json!("{\"a\":1,\"a\":2}")),
        ("map", json!("{\"a\":1,\"\\u0061\":2}")),
        ("item", json!("{\"count\":{\"count\":1}}")),
    ] {
        let answer = client.call("repeat", json!({name: given})).await.unwrap();
        let shown: String = given.to_string().chars().take(40).collect();
        assert!(answer.is_error(), "{name} {shown}: {}", answer.text());
        assert!(answer.text().contains(&format!("argument \"{name}")), "{name} {shown}: {}", answer.text());
        assert!(answer.text().len() < 2000, "{name} {shown}");
    }
    assert_eq!(
        server.counts()["repeat"].mended["fraction"],
        begun["fraction"],
        "what is not run is not counted"
    );
}

#[tokio::test]
async fn strictness_is_said_of_a_tool_or_of_the_server() {
    let (lenient, strict) = (builder().build().unwrap(), builder().strict().build().unwrap());
    for (server, tool, taken) in [
        (&lenient, "repeat", true),
        (&lenient, "exact", false),
        (&lenient, "destroy", false),
        (&lenient, "destroy_loosely", true),
        (&strict, "repeat", false),
        (&strict, "destroy_loosely", true),
    ] {
        for client in [Client::stateless(server), Client::stateful(server).await.unwrap()] {
            let answer = client.call(tool, json!({"number": "5"})).await.unwrap();
            assert_eq!(!answer.is_error(), taken, "{tool}: {}", answer.text());
            if !taken {
                assert!(
                    answer.text().contains("argument \"number\": expected an integer, got \"5\""),
                    "{}",
                    answer.text()
                );
            }
        }
    }
}

#[tokio::test]
async fn slips_and_refusals_are_counted_by_kind() {
    let server = builder().build().unwrap();
    let client = Client::stateless(&server);
    let slips = json!({"number": "5", "small": 3.0, "on": "true", "list": "[\"1\"]", "map": null, "item": {"count": 1, "ratio": null}});
    assert!(!client.call("repeat", slips).await.unwrap().is_error());
    for wrong in [json!({}), json!({"number": "x", "nmber": 1}), json!({"nmber": 5})] {
        assert!(client.call("exact", wrong).await.unwrap().is_error());
    }
    let counts = server.counts();
    assert_eq!(
        serde_json::to_value(&counts["repeat"]).unwrap(),
        json!({
            "mended": {"quoted_number": 2, "quoted_boolean": 1, "fraction": 1, "quoted_json": 1, "null": 2},
            "refused": {"missing": 0, "unknown": 0, "wrong": 0},
            "broken_outputs": 0, "deprecated": 0,
        })
    );
    assert_eq!(
        serde_json::to_value(&counts["exact"].refused).unwrap(),
        json!({"missing": 2, "unknown": 2, "wrong": 1})
    );
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), ["destroy", "destroy_loosely", "exact", "repeat"]);
}

static TICKETS: AtomicUsize = AtomicUsize::new(0);

/// Something that costs when it is made.
struct Ticket(usize);

impl Extract for Ticket {
    async fn extract(_: &Context) -> Result<Self, ToolError> {
        tokio::task::yield_now().await;
        Ok(Self(TICKETS.fetch_add(1, Ordering::SeqCst) + 1))
    }
}

/// Takes a ticket before its arguments.
#[mcp::tool]
async fn enter(ticket: Ticket, seat: u32, row: u32) -> String {
    format!("{} {seat} {row}", ticket.0)
}

#[tokio::test]
async fn an_extractor_makes_one_thing_for_a_call_and_none_for_one_that_is_refused() {
    let server = mcp::server!().explicit().tool::<enter>().build().unwrap();
    let client = Client::stateless(&server);
    assert!(client.call("enter", json!({"seat": 1, "row": "x"})).await.unwrap().is_error());
    assert!(client.call("enter", json!({"seat": 1, "row": 1, "colour": 1})).await.unwrap().is_error());
    assert_eq!(client.call("enter", json!({"seat": 1, "row": 2})).await.unwrap().text(), "1 1 2");
    assert_eq!(client.call("enter", json!({"seat": "1", "row": "2"})).await.unwrap().text(), "2 1 2");
    assert_eq!(TICKETS.load(Ordering::SeqCst), 2);
}

#[derive(Deserialize, JsonSchema)]
struct Sure {
    sure: bool,
}

static ORDERS: AtomicUsize = AtomicUsize::new(0);

/// Orders something once, and asks.
#[mcp::tool]
async fn order(count: u32, cx: Context) -> Result<String, ToolError> {
    let place = async { Ok::<_, ToolError>(ORDERS.fetch_add(1, Ordering::SeqCst) + 1) };
    let number = cx.once("order", place).await?;
    let Sure { sure } = cx.elicit("Sure?").key("sure").await?;
    Ok(format!("order {number} of {count}: {sure}"))
}

#[tokio::test]
async fn a_call_with_a_slip_asks_carries_its_state_and_does_once_what_is_done_once() {
    let server = mcp::server!().explicit().tool::<order>().build().unwrap();
    let mut wire = Wire::connect_to(Over::Memory, &server).await;
    let ask = |arguments: Value, extra: Value| {
        let mut params = json!({"name": "order", "arguments": arguments,
            "_meta": {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}});
        for (name, value) in extra.as_object().unwrap() {
            params[name] = value.clone();
        }
        params
    };
    let asked = wire.ask(1, "tools/call", ask(json!({"count": "2"}), json!({}))).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let state = asked["result"]["requestState"].clone();
    let answers = json!({"requestState": state, "inputResponses": {"sure": {"action": "accept", "content": {"sure": true}}}});

    // The state belongs to the arguments as they came, not to what they mean.
    let other = wire.ask(2, "tools/call", ask(json!({"count": 2}), answers.clone())).await;
    assert_eq!(other["error"]["code"], -32602, "{other}");
    for id in [3, 4] {
        let done = wire.ask(id, "tools/call", ask(json!({"count": "2"}), answers.clone())).await;
        assert_eq!(text(&done), "order 1 of 2: true");
    }
    assert_eq!(ORDERS.load(Ordering::SeqCst), 1);
}

/// Computes as a task.
#[mcp::tool(task)]
async fn compute(seconds: u64) -> String {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
    format!("computed for {seconds} s")
}

#[tokio::test(start_paused = true)]
async fn a_task_begins_with_what_was_meant() {
    let server = mcp::server!().explicit().tool::<compute>().build().unwrap();
    let mut wire = Wire::unrecorded(&server);
    let tasks = json!({"io.modelcontextprotocol/clientCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}});
    let call = json!({"name": "compute", "arguments": {"seconds": "3"}, "_meta": tasks});
    let begun = wire.ask(1, "tools/call", call).await;
    let id = begun["result"]["taskId"].clone();
    assert!(id.is_string(), "{begun}");
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    let task = wire.ask(2, "tasks/get", json!({"taskId": id, "_meta": tasks})).await;
    assert_eq!(task["result"]["result"]["content"][0]["text"], "computed for 3 s", "{task}");
    let wrong = wire
        .ask(3, "tools/call", json!({"name": "compute", "arguments": {"seconds": "x"}, "_meta": tasks}))
        .await;
    assert_eq!(wrong["result"]["isError"], true, "{wrong}");
    assert_eq!(server.counts()["compute"].mended["quoted_number"], 1);
}

/// Works where it may block.
#[mcp::tool]
fn block(number: u32) -> u32 {
    number
}

/// Is repeated in a header.
#[mcp::tool]
async fn place(#[arg(header = "Number")] number: i64) -> i64 {
    number
}

#[tokio::test]
async fn functions_that_block_and_every_transport_take_slips_alike() {
    let server = mcp::server!().explicit().tool::<block>().build().unwrap();
    for over in [Over::Memory, Over::Socket, Over::Http] {
        let mut wire = Wire::connect_to(over, &server).await;
        let call = json!({"name": "block", "arguments": {"number": "7"}});
        assert_eq!(text(&wire.ask(1, "tools/call", call.clone()).await), "7");
        wire.initialize().await;
        assert_eq!(text(&wire.ask_in_session(2, "tools/call", call).await), "7");
    }
}

#[tokio::test]
async fn a_header_is_compared_with_what_came_and_not_with_what_was_meant() {
    let server = mcp::server!().explicit().tool::<place>().build().unwrap();
    let url = crate::wire::serve_http(&server).await;
    let client =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    for (header, number, taken) in
        [("5", json!("5"), true), ("5.0", json!("5"), false), ("6", json!("5"), false)]
    {
        let message = stateless(1, "tools/call", json!({"name": "place", "arguments": {"number": number}}));
        let mut request = http::Request::post(&url)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-param-number", header);
        for (name, value) in crate::wire::headers_of(&message, None) {
            request = request.header(name, value);
        }
        let body = http_body_util::Full::new(bytes::Bytes::from(message.to_string()));
        let response = client.request(request.body(body).unwrap()).await.unwrap();
        assert_eq!(response.status() == 200, taken, "{header} {number}");
    }
}
