//! Batches: several messages in one array, for peers that agreed on revision 2025-03-26, and for nobody else.

use serde_json::{Value, json};

use crate::http::send;
use crate::wire::{ALL, Over, Wire, serve_http, stateless};

const BATCHES: &str = "2025-03-26";

fn request(id: impl Into<Value>, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

fn call(id: impl Into<Value>, tool: &str, arguments: Value) -> Value {
    request(id, "tools/call", json!({"name": tool, "arguments": arguments}))
}

fn add(id: impl Into<Value>, a: i64) -> Value {
    call(id, "add", json!({"a": a, "b": 0}))
}

fn cancel(id: impl Into<Value>) -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id.into()}})
}

async fn begin(over: Over) -> Wire {
    let mut wire = Wire::connect(over).await;
    let hello = wire.initialize_as(BATCHES).await;
    assert_eq!(hello["result"]["protocolVersion"], BATCHES);
    wire
}

/// The one answer to a batch, by ids.
fn by_id(answers: &Value, id: &Value) -> Value {
    let answers = answers.as_array().unwrap_or_else(|| panic!("no array: {answers}"));
    let mut found = answers.iter().filter(|answer| &answer["id"] == id);
    let answer = found.next().unwrap_or_else(|| panic!("no answer to {id}: {answers:?}"));
    assert!(found.next().is_none(), "two answers to {id}");
    answer.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answers_to_a_batch_come_as_one_array() {
    for over in ALL {
        let mut wire = begin(over).await;
        wire.send(json!([
            add(1, 5),
            {"jsonrpc": "2.0", "method": "notifications/no/such"},
            call("slow", "sleep", json!({"ms": 30})),
            request(2, "ping", json!({})),
            request(3, "no/such", json!({})),
            {"jsonrpc": "2.0", "id": 77, "result": {}},
        ]))
        .await;
        let answers = wire.receive().await;
        assert_eq!(answers.as_array().map(Vec::len), Some(4), "{over:?}: {answers}");
        assert_eq!(by_id(&answers, &json!(1))["result"]["content"][0]["text"], "5");
        assert_eq!(by_id(&answers, &json!("slow"))["result"]["content"][0]["text"], "slept");
        assert_eq!(by_id(&answers, &json!(2))["result"], json!({}));
        assert_eq!(by_id(&answers, &json!(3))["error"]["code"], -32601);
        // One message is still one message.
        assert!(wire.ask_in_session(4, "ping", json!({})).await["result"].is_object());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notices_of_a_batch_come_as_they_are_said_and_before_its_answers() {
    for over in ALL {
        let mut wire = begin(over).await;
        let told = |id: u64| {
            let params = json!({"name": "test_tool_with_progress", "_meta": {"progressToken": id}});
            request(id, "tools/call", params)
        };
        wire.send(json!([told(1), add(3, 3), told(2)])).await;
        let mut notices = vec![];
        let answers = loop {
            match wire.receive().await {
                notice @ Value::Object(_) => notices.push(notice),
                answers => break answers,
            }
        };
        for token in [1, 2] {
            let steps: Vec<_> = notices
                .iter()
                .filter(|notice| notice["params"]["progressToken"] == token)
                .map(|notice| notice["params"]["progress"].as_f64().unwrap())
                .collect();
            assert_eq!(steps, [0.0, 50.0, 100.0], "{over:?}: {notices:?}");
        }
        assert_eq!(answers.as_array().map(Vec::len), Some(3), "{answers}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_wants_no_answer_gets_none() {
    for over in [Over::Memory, Over::Socket, Over::Stdio, Over::Sse] {
        let mut wire = begin(over).await;
        for batch in [
            json!([{"jsonrpc": "2.0", "method": "notifications/initialized"}]),
            json!([{"jsonrpc": "2.0", "id": 1, "result": {}}, {"jsonrpc": "2.0", "id": 2, "error": {"code": 1, "message": "x"}}]),
            json!([add(5, 5), cancel(5)]),
        ] {
            wire.send(batch).await;
        }
        assert!(wire.ask_in_session("last", "ping", json!({})).await["result"].is_object());
        assert_eq!(wire.others(), Vec::<Value>::new(), "{over:?}");
    }
    let (url, session) = over_http(BATCHES).await;
    for batch in [
        json!([{"jsonrpc": "2.0", "method": "notifications/initialized"}, cancel("nothing")]),
        json!([{"jsonrpc": "2.0", "id": 1, "result": {}}]),
    ] {
        let answer = send(&url, "POST", &headers(&session), batch.to_string()).await;
        assert_eq!((answer.status, answer.body), (202, Value::Null));
    }
}

/// A server over HTTP, and a session in it.
async fn over_http(revision: &str) -> (String, String) {
    let url = serve_http(&crate::everything::server().max_in_flight(20).build().unwrap()).await;
    let params = json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": {}});
    let json = [("content-type", "application/json")];
    let hello = send(&url, "POST", &json, request(0, "initialize", params).to_string()).await;
    let session = hello.headers["mcp-session-id"].to_str().unwrap().to_owned();
    (url, session)
}

fn headers(session: &str) -> [(&str, &str); 2] {
    [("content-type", "application/json"), ("mcp-session-id", session)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_refused_in_its_place_and_the_rest_is_answered() {
    for over in ALL {
        let mut wire = begin(over).await;
        let params = json!({"protocolVersion": BATCHES, "capabilities": {}, "clientInfo": {}});
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let batch = format!(
            r#" [1, "text", [], {{"jsonrpc":"2.0","id":"twice","id":3,"method":"ping"}}, {{"jsonrpc":"1.0","id":"old","method":"ping"}},
              {{"jsonrpc":"2.0","id":"deep","method":"ping","params":{{"x":{deep}}}}}, {}, {}, {}]"#,
            request("hello", "initialize", params),
            stateless("free", "tools/list", json!({})),
            add("good", 7),
        )
        .replace('\n', " ");
        wire.send_raw(batch.as_bytes()).await;
        let answers = wire.receive().await;
        let answers_without_id: Vec<_> =
            answers.as_array().unwrap().iter().filter(|answer| answer["id"].is_null()).collect();
        assert_eq!(answers_without_id.len(), 4, "{over:?}: {answers}");
        for answer in answers_without_id {
            assert_eq!(answer["error"]["code"], -32600);
            assert!(answer.as_object().unwrap().contains_key("id"), "JSON-RPC asks for null: {answer}");
        }
        for id in ["old", "deep", "hello", "free"] {
            assert_eq!(by_id(&answers, &json!(id))["error"]["code"], -32600, "{answers}");
        }
        assert_eq!(by_id(&answers, &json!("good"))["result"]["content"][0]["text"], "7");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_none_is_refused_as_a_whole_and_nothing_of_it_runs() {
    let many: Vec<_> = (0..101).map(|id| request(id, "ping", json!({}))).collect();
    let short = format!("[{}", request(1, "ping", json!({})));
    let cases: [(String, i64, &str); 7] = [
        ("[]".into(), -32600, "at least one"),
        (" [ ] ".into(), -32600, "at least one"),
        (json!(many).to_string(), -32600, "at most 100"),
        (format!("[{}1]", "1,".repeat(2_000_000)), -32600, "at most 100"),
        (json!([add(1, 1), add(2, 2), add(1, 3)]).to_string(), -32600, "same id"),
        (short.clone(), -32700, ""),
        (format!("{short}]]"), -32700, ""),
    ];
    for over in ALL {
        for (batch, code, word) in &cases {
            let mut wire = begin(over).await;
            wire.send_raw(batch.as_bytes()).await;
            let refused = wire.receive().await;
            assert_eq!(refused["error"]["code"], *code, "{over:?}: {refused}");
            assert_eq!(refused.get("id"), Some(&Value::Null), "{refused}");
            assert!(refused["error"]["message"].as_str().unwrap().contains(word), "{refused}");
            assert!(wire.ask_in_session(9, "ping", json!({})).await["result"].is_object());
            assert_eq!(wire.others(), Vec::<Value>::new());
        }
        let mut wire = begin(over).await;
        wire.send(json!(many[..100])).await;
        assert_eq!(wire.receive().await.as_array().map(Vec::len), Some(100));
    }
}

#[tokio::test]
async fn a_batch_that_nests_without_end_is_no_danger() {
    let mut wire = begin(Over::Memory).await;
    wire.send_raw(format!("{}{}", "[".repeat(500_000), "]".repeat(500_000)).as_bytes()).await;
    let refused = wire.receive().await;
    assert_eq!(refused.as_array().map(Vec::len), Some(1));
    assert_eq!(refused[0]["error"]["code"], -32600, "{refused}");
    wire.send_raw("[".repeat(500_000).as_bytes()).await;
    assert_eq!(wire.receive().await["error"]["code"], -32700);
    wire.send(json!([add(1, 1)])).await;
    assert_eq!(wire.receive().await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_message_that_is_too_long_is_answered_as_the_revision_asks() {
    let server = crate::everything::server().max_message(1000).build().unwrap();
    for (revision, null) in
        [("2024-11-05", true), (BATCHES, true), ("2025-06-18", true), ("2025-11-25", false)]
    {
        let mut wire = Wire::connect_to(Over::Memory, &server).await;
        wire.initialize_as(revision).await;
        wire.send(json!([add(1, 1), "x".repeat(1000)])).await;
        let refused = wire.receive().await;
        assert_eq!(refused["error"]["code"], -32600);
        assert_eq!(refused.get("id"), null.then_some(&Value::Null), "{revision}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_element_of_a_batch_can_be_cancelled() {
    for over in ALL {
        let mut wire = begin(over).await;
        let told = request(
            1,
            "tools/call",
            json!({"name": "test_tool_with_progress", "_meta": {"progressToken": 1}}),
        );
        wire.send(json!([call("long", "sleep", json!({"ms": 60_000})), told, add(2, 2)])).await;
        if over != Over::Http {
            assert_eq!(wire.receive().await["method"], "notifications/progress");
        }
        let answers = loop {
            // Over HTTP it may be faster than the batch, and then says nothing.
            wire.send(cancel("long")).await;
            let patience = if over == Over::Http { 50 } else { 20_000 };
            let soon = tokio::time::timeout(std::time::Duration::from_millis(patience), wire.receive());
            if let Ok(answers @ Value::Array(_)) = soon.await {
                break answers;
            }
        };
        assert_eq!(answers.as_array().map(Vec::len), Some(2), "{over:?}: {answers}");
        by_id(&answers, &json!(1));
        by_id(&answers, &json!(2));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arrays_are_refused_in_every_other_revision_and_before_any_is_agreed_on() {
    let batch = json!([request(1, "ping", json!({}))]).to_string();
    for over in ALL {
        for revision in [None, Some("2024-11-05"), Some("2025-06-18"), Some("2025-11-25")] {
            let mut wire = Wire::connect(over).await;
            if let Some(revision) = revision {
                wire.initialize_as(revision).await;
            }
            wire.send_raw(batch.as_bytes()).await;
            let refused = wire.receive().await;
            assert_eq!(refused["error"]["code"], -32600, "{over:?} {revision:?}");
            assert!(
                refused["error"]["message"].as_str().unwrap().contains("a batch is not accepted"),
                "{refused}"
            );
            // JSON-RPC asks for null where there is no id; from 2025-11-25 on the protocol's own schema forbids it.
            let null = matches!(revision, Some("2024-11-05" | "2025-06-18"));
            assert_eq!(refused.get("id"), null.then_some(&Value::Null), "{over:?} {revision:?}: {refused}");
        }
    }
}

#[tokio::test]
async fn over_http_a_batch_needs_a_session_that_is_not_over_and_headers_that_say_nothing_else() {
    let (url, session) = over_http(BATCHES).await;
    let batch = json!([add(1, 1), add(2, 2)]).to_string();
    let with = |change: &[(&'static str, &'static str)]| {
        let mut all = headers(&session).to_vec();
        all.extend_from_slice(change);
        all
    };
    let answer = send(&url, "POST", &with(&[]), batch.clone()).await;
    assert_eq!((answer.status, answer.body.as_array().map(Vec::len)), (200, Some(2)));
    assert_eq!(answer.headers["content-type"], "application/json");
    for (version, status) in [("2025-03-26", 200), ("2026-07-28", 400), ("1999-01-01", 400)] {
        let answer = send(&url, "POST", &with(&[("mcp-protocol-version", version)]), batch.clone()).await;
        assert_eq!(answer.status, status, "{version}: {}", answer.body);
    }
    let gone = send(&url, "POST", &headers("00000000000000000000000000000000"), batch.clone()).await;
    assert_eq!((gone.status, gone.code()), (404, -32600));
    let none = send(&url, "POST", &headers("")[..1], batch).await;
    assert_eq!((none.status, none.code()), (400, -32600));
    // An answer whose parts all have one status has it too.
    assert_eq!(send(&url, "POST", &headers(&session), "[1, 2]").await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_calls_of_a_batch_count() {
    let (url, session) = over_http(BATCHES).await;
    let sleepers = |from: u64, count: u64| -> String {
        let calls: Vec<_> = (from..from + count).map(|id| call(id, "sleep", json!({"ms": 2000}))).collect();
        json!(calls).to_string()
    };
    let begin = || {
        let (url, session, batch) = (url.clone(), session.clone(), sleepers(0, 15));
        tokio::spawn(async move { send(&url, "POST", &headers(&session), batch).await })
    };
    let mut first = begin();
    // Fifteen of twenty places are taken once an id of theirs is known to be in use.
    let probe = call(14, "sleep", json!({"ms": 1})).to_string();
    while send(&url, "POST", &headers(&session), probe.clone()).await.body["error"].is_null() {
        // The batch may have come while its id was the probe's: then it was refused.
        if first.is_finished() {
            first = begin();
        }
    }
    let refused = send(&url, "POST", &headers(&session), sleepers(100, 6)).await;
    assert_eq!(refused.status, 503);
    assert!(
        refused.body.as_array().unwrap().iter().all(|answer| answer["error"]["code"] == -32603),
        "{}",
        refused.body
    );
    assert_eq!(refused.body.as_array().map(Vec::len), Some(6));
    let few = json!([add(200, 1), add(201, 1)]).to_string();
    assert_eq!(send(&url, "POST", &headers(&session), few).await.status, 200);
    assert_eq!(first.await.unwrap().body.as_array().map(Vec::len), Some(15));
    let more = send(&url, "POST", &headers(&session), sleepers(300, 21)).await;
    assert_eq!(more.status, 400, "a batch of more calls than there are places could never begin");
}
