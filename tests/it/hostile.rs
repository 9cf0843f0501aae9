//! Whatever arrives is answered as the specification says, or not at all, and nothing that came before or comes after it
//! suffers.

use serde_json::{Value, json};

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::wire::{ALL, Over, Wire, start, stateless, text};

/// A message, the code of its answer, and the id of its answer.
struct Case {
    message: Vec<u8>,
    code: i64,
    id: Option<Value>,
}

fn case(message: impl Into<Vec<u8>>, code: i64, id: Option<Value>) -> Case {
    Case { message: message.into(), code, id }
}

fn cases() -> Vec<Case> {
    let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    vec![
        case("{", -32700, None),
        case("nonsense", -32700, None),
        case("{\"jsonrpc\":\"2.0\",}", -32700, None),
        case(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\xfe\"}".to_vec(), -32700, None),
        case(b"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}".to_vec(), -32700, None),
        case("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\u{1}b\"}", -32700, None),
        case("5", -32600, None),
        case("\"text\"", -32600, None),
        case("null", -32600, None),
        case("[]", -32600, None),
        case(r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600, None),
        case(
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{{"a":{}}}}}"#, nested(200)),
            -32600,
            Some(json!(1)),
        ),
        case(nested(500_000), -32600, None),
        case(r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, -32600, None),
        case(r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}"#, -32600, Some(json!(1))),
        case(
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","m\u0065thod":"tools/list"}"#,
            -32600,
            Some(json!(1)),
        ),
        case(
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{{meta},"name":"add","arguments":{{"a":1,"a":2,"b":3}}}}}}"#
            ),
            -32600,
            Some(json!(1)),
        ),
        case(
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{{meta},"name":"add","name":"panic"}}}}"#
            ),
            -32600,
            Some(json!(1)),
        ),
        case(r#"{"jsonrpc":"1.0","id":"v","method":"ping"}"#, -32600, Some(json!("v"))),
        case(r#"{"id":"n","method":"ping"}"#, -32600, Some(json!("n"))),
        case(r#"{"JSONRPC":"2.0","id":"case","method":"ping"}"#, -32600, Some(json!("case"))),
        case(r#"{"jsonrpc":"2.0","id":"m"}"#, -32600, Some(json!("m"))),
        case(r#"{"jsonrpc":"2.0","id":"m","Method":"ping"}"#, -32600, Some(json!("m"))),
        case(r#"{"jsonrpc":"2.0","id":"m","method":5}"#, -32600, Some(json!("m"))),
        case(r#"{"jsonrpc":"2.0","id":"p","method":"ping","params":[]}"#, -32600, Some(json!("p"))),
        case(r#"{"jsonrpc":"2.0","id":"p","method":"ping","params":null}"#, -32600, Some(json!("p"))),
        case(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, None),
        case(r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600, None),
        case(r#"{"jsonrpc":"2.0","id":1e3,"method":"ping"}"#, -32600, None),
        case(r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600, None),
        case(r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, -32600, None),
        case(r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, -32600, None),
        case(format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#, "x".repeat(5000)), -32600, None),
        case(
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{{"a":"{}"}}}}"#, "x".repeat(5 << 20)),
            -32600,
            None,
        ),
        case(
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{{{}}}}}"#, {
                let members: Vec<_> = (0..20_000).map(|n| format!("\"k{n}\":1")).collect();
                members.join(",")
            }),
            -32600,
            Some(json!(1)),
        ),
        // What the stateless revisions ask of every request.
        case(
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
            -32602,
            Some(json!(1)),
        ),
        case(
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":5,"io.modelcontextprotocol/clientCapabilities":{}}}}"#,
            -32602,
            Some(json!(1)),
        ),
        case(
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":[]}}}"#,
            -32602,
            Some(json!(1)),
        ),
        case(
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":"me"}}}"#,
            -32602,
            Some(json!(1)),
        ),
        case(
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"v999.0.0","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
            -32022,
            Some(json!(1)),
        ),
        case(
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
            -32022,
            Some(json!(1)),
        ),
    ]
}

/// Messages that have no answer.
const SILENT: &[&str] = &[
    r#"{"jsonrpc":"2.0","method":"notifications/no/such"}"#,
    r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"panic"}}"#,
    r#"{"jsonrpc":"2.0","id":77,"result":{}}"#,
    r#"{"jsonrpc":"2.0","id":77,"error":{"code":1,"message":"x"}}"#,
    r#"{"jsonrpc":"2.0","error":{"code":1,"message":"x"}}"#,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_refused_and_nothing_else_suffers() {
    for over in ALL {
        let mut wire = Wire::connect(over).await;
        for (number, Case { message, code, id }) in cases().into_iter().enumerate() {
            let shown = String::from_utf8_lossy(message.get(..message.len().min(120)).unwrap()).into_owned();
            if matches!(over, Over::Http | Over::Sse) && message.len() > 4 << 20 {
                continue; // refused by its length before it is a message: see the HTTP tests
            }
            wire.send_raw(&message).await;
            let answer = wire.receive().await;
            assert_eq!(answer["error"]["code"], code, "{over:?} {shown}: {answer}");
            assert_eq!(answer.get("id"), id.as_ref(), "{over:?} {shown}: {answer}");
            assert!(answer["error"]["message"].as_str().is_some_and(|message| !message.is_empty()));
            // The next message is read as if nothing had been.
            let next = wire
                .ask(number, "tools/call", json!({"name": "add", "arguments": {"a": number, "b": 0}}))
                .await;
            assert_eq!(text(&next), number.to_string(), "{over:?} after {shown}");
            if over != Over::Http && id.is_none() {
                // Unreadable messages are answered once a second at most, on one connection.
                wire = Wire::connect(over).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_wants_no_answer_gets_none() {
    for over in [Over::Memory, Over::Socket, Over::Stdio, Over::Sse] {
        let mut wire = Wire::connect(over).await;
        for message in SILENT {
            wire.send_raw(message.as_bytes()).await;
        }
        // An empty line is nothing where messages are lines.
        if matches!(over, Over::Socket | Over::Stdio) {
            wire.send_raw(b" ").await;
        }
        let next = wire.ask(1, "tools/call", json!({"name": "add", "arguments": {"a": 1, "b": 1}})).await;
        assert_eq!(text(&next), "2");
        assert_eq!(wire.others(), Vec::<Value>::new(), "{over:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_params_are_params_whatever_else_looks_like_them() {
    for over in ALL {
        let mut wire = Wire::connect(over).await;
        let meta = stateless(1, "x", json!({}))["params"]["_meta"].clone();
        let params = json!({"name": "test_simple_text", "_meta": meta});
        // Members come in the order in which they are written here.
        let shadow = json!({"name": "panic", "_meta": meta, "arguments": {}});
        let message = format!(
            r#"{{"jsonrpc":"2.0","id":1,"shadow":{shadow},"method":"tools/call","params":{params},"late":{shadow}}}"#
        );
        wire.send_raw(message.as_bytes()).await;
        assert_eq!(text(&wire.answer(&1.into()).await), "This is a simple text response for testing.");
        let message = format!(
            r#"{{"jsonrpc":"2.0","id":2,"shadow":{{"_meta":{meta}}},"method":"tools/list","params":{{}}}}"#
        );
        wire.send_raw(message.as_bytes()).await;
        assert!(wire.answer(&2.into()).await["error"].is_object(), "{over:?}");
        let hello = r#"{"jsonrpc":"2.0","id":3,"x":{"protocolVersion":"2025-06-18"},"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{}}}"#;
        wire.send_raw(hello.as_bytes()).await;
        assert_eq!(wire.answer(&3.into()).await["result"]["protocolVersion"], "2025-11-25");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_that_follows_at_once_is_heard() {
    for over in [Over::Memory, Over::Socket, Over::Stdio] {
        let mut wire = Wire::connect(over).await;
        let params = json!({"name": "test_tool_with_progress", "_meta": {"progressToken": 1}});
        let call = stateless("c", "tools/call", params);
        let cancel =
            json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "c"}});
        match over {
            Over::Memory => {
                wire.send(call).await;
                wire.send(cancel).await;
            }
            _ => wire.send_raw(format!("{call}\n{cancel}").as_bytes()).await,
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
        let after = wire.ask(1, "tools/call", json!({"name": "test_simple_text"})).await;
        assert!(after["result"].is_object());
        let late: Vec<_> = wire.others().into_iter().filter(|message| message.get("id").is_some()).collect();
        assert_eq!(late, Vec::<Value>::new(), "{over:?}");
    }
}

#[tokio::test]
async fn many_arguments_that_nobody_takes_make_a_short_answer() {
    let mut wire = Wire::connect(Over::Memory).await;
    let many: serde_json::Map<_, _> = (0..15_000).map(|n| (format!("a{n}"), json!("1"))).collect();
    let refused = wire.ask(1, "tools/call", json!({"name": "add", "arguments": many})).await;
    assert!(text(&refused).len() < 2000 && text(&refused).contains("more"), "{}", text(&refused));
    let refused =
        wire.ask(2, "prompts/get", json!({"name": "test_prompt_with_arguments", "arguments": many})).await;
    assert!(refused["error"]["message"].as_str().unwrap().len() < 3000);
    let long = json!({"name": "add", "arguments": {"a": "x".repeat(1 << 20), "b": 1}});
    assert!(text(&wire.ask(3, "tools/call", long).await).len() < 1000);
}

#[tokio::test(start_paused = true)]
async fn noise_is_answered_once_a_second_so_that_two_peers_do_not_talk_for_ever() {
    let mut wire = Wire::connect(Over::Memory).await;
    for _ in 0..100 {
        wire.send_raw(b"noise").await;
    }
    let last = wire.ask(1, "server/discover", json!({})).await;
    assert!(last["result"].is_object());
    assert_eq!(wire.others().len(), 1);
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    wire.send_raw(b"noise").await;
    assert_eq!(wire.receive().await["error"]["code"], -32700);
}

#[tokio::test]
async fn a_request_before_any_introduction_is_told_what_is_missing() {
    let mut wire = Wire::connect(Over::Memory).await;
    let refused = wire.ask_in_session(1, "tools/list", json!({})).await;
    assert_eq!(refused["error"]["code"], -32602);
    assert!(
        refused["error"]["message"].as_str().unwrap().contains("io.modelcontextprotocol/protocolVersion")
    );
    let ping = wire.ask_in_session(2, "ping", json!({})).await;
    assert_eq!(ping["result"], json!({}));
    let params = json!({"protocolVersion": 5, "capabilities": {}, "clientInfo": {}});
    assert_eq!(wire.ask_in_session(3, "initialize", params).await["error"]["code"], -32602);
    let params = json!({"protocolVersion": "1999-01-01", "capabilities": {}, "clientInfo": {}});
    assert_eq!(wire.ask_in_session(4, "initialize", params).await["result"]["protocolVersion"], "2025-11-25");
}

#[tokio::test]
async fn a_client_that_agrees_on_an_older_revision_is_served_by_it() {
    let mut wire = Wire::connect(Over::Memory).await;
    let params = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}});
    let hello = wire.ask_in_session(1, "initialize", params).await;
    assert_eq!(hello["result"]["protocolVersion"], "2025-06-18");
    let weather = json!({"name": "get_weather", "arguments": {"city": "Oslo"}});
    let called = wire.ask_in_session(2, "tools/call", weather).await;
    assert_eq!(called["result"]["structuredContent"]["celsius"], 3.5);
    assert_eq!(called["result"].get("resultType"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_in_flight_are_each_answered_once() {
    const CALLS: usize = 10_000;
    let mut process = start("everything", &[]);
    let mut stdin = process.stdin.take().unwrap();
    let writing = tokio::spawn(async move {
        for id in 0..CALLS {
            let call = stateless(id, "tools/call", json!({"name": "sleep", "arguments": {"ms": 1000}}));
            stdin.write_all((call.to_string() + "\n").as_bytes()).await.unwrap();
        }
        stdin
    });
    let mut seen = vec![false; CALLS];
    for _ in 0..CALLS {
        let answer = tokio::time::timeout(Duration::from_secs(60), process.receive())
            .await
            .expect("an answer is missing");
        let answer: Value = serde_json::from_slice(&answer.unwrap()).unwrap();
        let id = usize::try_from(answer["id"].as_u64().unwrap()).unwrap();
        assert_eq!(text(&answer), "slept");
        assert!(!std::mem::replace(&mut seen[id], true), "{id} was answered twice");
    }
    drop(writing.await.unwrap());
}
