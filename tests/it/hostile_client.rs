//! What clients can say since servers ask and tell: answers to questions, answers that are carried, subscriptions, completion,
//! pages, levels. Whatever of it is wrong gets a clear error or nothing, and the connection lives.

use serde_json::{Value, json};

use crate::wire::{ALL, Over, STATELESS, Wire};

/// What a peer's mistake is called. Never -32603: that is the server's own.
const MISTAKES: [i64; 7] = [-32700, -32600, -32601, -32602, -32002, -32020, -32021];

/// A refusal that names what is wrong, in few words however long that was.
fn is_clear(answer: &Value, what: &str) {
    let error = &answer["error"];
    let message = error["message"].as_str().unwrap_or_else(|| panic!("{what}: {answer:.300}"));
    assert!(MISTAKES.contains(&error["code"].as_i64().unwrap()), "{what}: {answer:.300}");
    assert!(!message.is_empty() && message.len() < 2000, "{what}: {} bytes", message.len());
    assert!(!message.contains("internal error"), "{what}: {message}");
}

/// A failed call that tells the model why, and neither a panic nor anything else that is the server's fault.
fn is_told(answer: &Value, what: &str) {
    assert_eq!(answer["result"]["isError"], true, "{what}: {answer:.300}");
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(!text.contains("internal error") && !text.contains("panic"), "{what}: {text:.300}");
    assert!(text.len() < 2000, "{what}: {} bytes", text.len());
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

fn shown(raw: &str) -> &str {
    raw.get(..raw.len().min(160)).unwrap_or("…")
}

/// The messages of a client that are responses, with `ID` for the id of an open question.
fn answers_that_answer_nothing() -> Vec<String> {
    let good = r#"{"action":"accept","content":{"name":"Eve"}}"#;
    let mut all: Vec<String> = [
        "99",
        "0",
        "-1",
        "1.5",
        "1e0",
        "18446744073709551616",
        "\"1\"",
        "\"ID\"",
        "null",
        "true",
        "[ID]",
        "{}",
        "100000000000000000000000000000000000000000",
    ]
    .iter()
    .map(|id| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{good}}}"#))
    .collect();
    all.extend([
        format!(r#"{{"jsonrpc":"2.0","result":{good}}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":"{}","result":{good}}}"#, "9".repeat(5000)),
        format!(r#"{{"jsonrpc":"2.0","id":98,"result":"{}"}}"#, "x".repeat(3 << 20)),
        format!(r#"{{"jsonrpc":"2.0","id":97,"error":{{"code":1,"message":"{}"}}}}"#, "x".repeat(1 << 20)),
        // Not even messages, though they name the question.
        format!(r#"{{"jsonrpc":"1.0","id":ID,"result":{good}}}"#),
        format!(r#"{{"id":ID,"result":{good}}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":ID,"id":ID,"result":{good}}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":ID,"result":{good},"result":{good}}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":ID,"result":{{"action":"accept","content":{}}}}}"#, nested(200)),
        r#"{"jsonrpc":"2.0","id":ID,"result":{"action":"accept","content":{"name":"Eve","name":"Eve"}}}"#
            .into(),
        r#"{"jsonrpc":"2.0","id":ID,"Result":{"action":"accept","content":{"name":"Eve"}}}"#.into(),
        r#"{"jsonrpc":"2.0","id":ID}"#.into(),
        r#"{"jsonrpc":"2.0","id":ID,"result":{"#.into(),
    ]);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_nothing_changes_nothing() {
    for over in ALL {
        let mut wire = Wire::connect(over).await;
        wire.initialize_with(json!({"elicitation": {}})).await;
        let call = json!({"name": "test_input_required_result_elicitation"});
        wire.send(json!({"jsonrpc": "2.0", "id": "call", "method": "tools/call", "params": call})).await;
        let question = wire.receive().await;
        for (number, message) in answers_that_answer_nothing().into_iter().enumerate() {
            let message = message.replace("ID", &question["id"].to_string());
            wire.send_raw(message.as_bytes()).await;
            let ping = wire.ask_in_session(1000 + number, "ping", json!({})).await;
            assert_eq!(ping["result"], json!({}), "{over:?} {}", shown(&message));
            for other in wire.others() {
                is_clear(&other, shown(&message));
            }
        }
        let answer = json!({"action": "accept", "content": {"name": "Ada"}});
        wire.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": answer})).await;
        let called = wire.answer(&"call".into()).await;
        assert_eq!(called["result"]["content"][0]["text"], "Hello, Ada!", "{over:?}");
    }
}

/// What is no result of any question, and members of a response that are no error.
fn shapes() -> Vec<String> {
    let mut all: Vec<String> = [
        "null",
        "5",
        "\"yes\"",
        "[]",
        "{}",
        "true",
        r#"{"action":5}"#,
        r#"{"action":"ACCEPT"}"#,
        r#"{"action":"accept"}"#,
        r#"{"action":"accept","content":[]}"#,
        r#"{"action":"accept","content":{"name":5}}"#,
        r#"{"action":"accept","content":{"name":null}}"#,
        r#"{"action":"accept","content":{}}"#,
        r#"{"role":"assistant"}"#,
        r#"{"role":"nobody","content":{"type":"text","text":"x"},"model":"m"}"#,
        r#"{"role":"assistant","content":{"type":"text","text":5},"model":"m"}"#,
        r#"{"role":"assistant","content":5,"model":"m"}"#,
        r#"{"roots":5}"#,
        r#"{"roots":[5]}"#,
        r#"{"roots":[{"name":"no uri"}]}"#,
        r#"{"roots":[{"uri":5}]}"#,
        r#"{"roots":{"uri":"file:///"}}"#,
    ]
    .iter()
    .map(|result| format!(r#""result":{result}"#))
    .collect();
    all.push(format!(r#""result":{{"action":"accept","content":{{"name":{}}}}}"#, nested(100)));
    all.push(format!(r#""result":{{"action":"{}"}}"#, "x".repeat(1 << 20)));
    all.push(format!(r#""result":{{"roots":[{{"uri":{}}}]}}"#, nested(100)));
    all.extend(
        [
            "null",
            "5",
            "\"no\"",
            "[]",
            "{}",
            r#"{"code":"x","message":"no"}"#,
            r#"{"code":1e400,"message":"no"}"#,
            r#"{"code":99999999999999999999,"message":5}"#,
            r#"{"code":1.5,"message":null}"#,
        ]
        .iter()
        .map(|error| format!(r#""error":{error}"#)),
    );
    all.push(format!(r#""error":{{"code":1,"message":"{}"}}"#, "x".repeat(1 << 20)));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_a_wrong_shape_is_told_to_the_model() {
    for over in [Over::Memory, Over::Stdio, Over::Http, Over::Sse] {
        let mut wire = Wire::connect(over).await;
        wire.initialize_with(json!({"elicitation": {}, "sampling": {}, "roots": {}})).await;
        for kind in ["elicitation", "sampling", "list_roots"] {
            for (number, shape) in shapes().into_iter().enumerate() {
                let call = json!({"name": format!("test_input_required_result_{kind}")});
                wire.send(json!({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": call}))
                    .await;
                let question = wire.receive().await;
                assert!(question["method"].is_string(), "{question}");
                let message = format!(r#"{{"jsonrpc":"2.0","id":{},{shape}}}"#, question["id"]);
                wire.send_raw(message.as_bytes()).await;
                is_told(&wire.answer(&number.into()).await, &format!("{over:?} {kind} {}", shown(&shape)));
                let ping = wire.ask_in_session("ping", "ping", json!({})).await;
                assert_eq!(ping["result"], json!({}));
                assert_eq!(wire.others(), Vec::<Value>::new());
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_a_result_and_an_error_is_an_error_whichever_comes_first() {
    let mut wire = Wire::connect(Over::Memory).await;
    wire.initialize_with(json!({"elicitation": {}})).await;
    let result = r#""result":{"action":"accept","content":{"name":"Ada"}}"#;
    let error = r#""error":{"code":-1,"message":"no screen"}"#;
    for (first, second, fails) in [
        (result, error, true),
        (error, result, true),
        // Some write both members always, and null for the one that is not meant.
        (result, r#""error":null"#, false),
        (r#""error":null"#, result, false),
    ] {
        let call = json!({"name": "test_input_required_result_elicitation"});
        wire.send(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call})).await;
        let question = wire.receive().await;
        let message = format!(r#"{{"jsonrpc":"2.0","id":{},{first},{second}}}"#, question["id"]);
        wire.send_raw(message.as_bytes()).await;
        let answer = wire.answer(&1.into()).await;
        assert_eq!(answer["result"]["isError"] == true, fails, "{message}: {answer}");
    }
}

/// A request of the stateless era whose `params` have these members.
fn request(id: &str, method: &str, members: &str) -> String {
    let capabilities = r#"{"elicitation":{},"sampling":{},"roots":{}}"#;
    format!(
        r#"{{"jsonrpc":"2.0","id":"{id}","method":"{method}","params":{{"_meta":{{"io.modelcontextprotocol/protocolVersion":"{STATELESS}","io.modelcontextprotocol/clientCapabilities":{capabilities}}}{}{members}}}}}"#,
        if members.is_empty() { "" } else { "," },
    )
}

/// Members that carry answers, and are refused wherever they stand.
fn carried() -> Vec<String> {
    let accept = r#"{"action":"accept","content":{"name":"Eve"}}"#;
    let mut all: Vec<String> =
        ["null", "5", "\"x\"", "[]", "true"].iter().map(|it| format!(r#""inputResponses":{it}"#)).collect();
    all.extend(
        ["null", "5", "[]", "{}", "true", "\"\"", "\"?\"", "\"\\u0000\"", "\"\u{e9}\""]
            .iter()
            .map(|it| format!(r#""requestState":{it}"#)),
    );
    all.extend([
        format!(r#""requestState":"{}""#, "A".repeat(1 << 20)),
        format!(r#""requestState":"{}""#, "\u{1f600}".repeat(1 << 18)),
        format!(r#""requestState":{}"#, nested(200)),
        r#""requestState":"A","requestState":"A""#.into(),
        format!(r#""inputResponses":{{"user_name":{accept},"user_name":{accept}}}"#),
        r#""inputResponses":{"user_name":{"action":"accept","content":{"name":"a","name":"b"}}}"#.into(),
        format!(r#""inputResponses":{{"user_name":{}}}"#, nested(200)),
        format!(r#""inputResponses":{{}},"inputResponses":{{"user_name":{accept}}}"#),
        format!(
            r#""inputResponses":{{{}}}"#,
            (0..20_000).map(|n| format!("\"k{n}\":{{}}")).collect::<Vec<_>>().join(",")
        ),
    ]);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_carried_wrongly_are_refused_by_everything_that_asks() {
    for over in ALL {
        let mut wire = Wire::connect(over).await;
        for (method, members) in [
            ("tools/call", r#""name":"test_input_required_result_elicitation""#),
            ("prompts/get", r#""name":"test_input_required_result_prompt""#),
            ("resources/read", r#""uri":"test://who-reads""#),
        ] {
            for (number, wrong) in carried().into_iter().enumerate() {
                let what = format!("{over:?} {method} {}", shown(&wrong));
                wire.send_raw(request("wrong", method, &format!("{members},{wrong}")).as_bytes()).await;
                let refused = wire.receive().await;
                is_clear(&refused, &what);
                let found = wire.ask(number, "server/discover", json!({})).await;
                assert!(found["result"].is_object(), "{what}");
                if refused.get("id").is_none() && over != Over::Http {
                    // What cannot be read is answered once a second at most, on one connection.
                    wire = Wire::connect(over).await;
                }
            }
            // Answers to what is not asked are no mistake, and nothing is done with them.
            let extra = r#""inputResponses":{"":5,"other":{"action":"accept"},"user name":null}"#;
            wire.send_raw(request("extra", method, &format!("{members},{extra}")).as_bytes()).await;
            assert_eq!(wire.receive().await["result"]["resultType"], "input_required", "{over:?} {method}");
        }
    }
}

/// Requests of both eras that are refused: whether they are stateless, their method, and the members of their `params`.
fn refused() -> Vec<(bool, &'static str, String)> {
    let long = "x".repeat(1 << 20);
    let mut all: Vec<(bool, &'static str, String)> = Vec::new();
    for filter in [
        "",
        r#""notifications":null"#,
        r#""notifications":[]"#,
        r#""notifications":"all""#,
        r#""notifications":{"toolsListChanged":"true"}"#,
        r#""notifications":{"promptsListChanged":1}"#,
        r#""notifications":{"resourcesListChanged":null}"#,
        r#""notifications":{"resourceSubscriptions":{}}"#,
        r#""notifications":{"resourceSubscriptions":[null]}"#,
        r#""notifications":{"resourceSubscriptions":[["a"]]}"#,
        r#""notifications":{"resourceSubscriptions":true}"#,
        r#""notifications":{"toolsListChanged":true,"toolsListChanged":true}"#,
    ] {
        all.push((true, "subscriptions/listen", filter.into()));
    }
    let uris: Vec<_> = (0..2000).map(|n| format!("\"test://{n}\"")).collect();
    for uris in [uris.join(","), format!("\"test://template/{long}/data\""), nested(126)] {
        all.push((
            true,
            "subscriptions/listen",
            format!(r#""notifications":{{"resourceSubscriptions":[{uris}]}}"#),
        ));
    }
    let reference = r#""ref":{"type":"ref/prompt","name":"test_prompt_with_arguments"}"#;
    for completion in [
        "".into(),
        r#""ref":5"#.into(),
        r#""ref":{}"#.into(),
        r#""ref":{"type":5}"#.into(),
        r#""ref":{"type":"ref/tool","name":"add"},"argument":{"name":"a","value":""}"#.into(),
        r#""ref":{"type":"ref/prompt"},"argument":{"name":"a","value":""}"#.into(),
        r#""ref":{"type":"ref/prompt","uri":"x"},"argument":{"name":"a","value":""}"#.into(),
        r#""ref":{"type":"ref/prompt","name":["x"]},"argument":{"name":"a","value":""}"#.into(),
        format!(r#""ref":{{"type":"ref/prompt","name":"{long}"}},"argument":{{"name":"a","value":""}}"#),
        format!(r#""ref":{{"type":"ref/resource","uri":"{long}"}},"argument":{{"name":"a","value":""}}"#),
        reference.into(),
        format!(r#"{reference},"argument":5"#),
        format!(r#"{reference},"argument":{{}}"#),
        format!(r#"{reference},"argument":{{"name":"arg1"}}"#),
        format!(r#"{reference},"argument":{{"value":"x"}}"#),
        format!(r#"{reference},"argument":{{"name":5,"value":"x"}}"#),
        format!(r#"{reference},"argument":{{"name":"arg1","value":5}}"#),
        format!(r#"{reference},"argument":{{"name":"arg1","value":{}}}"#, nested(200)),
        format!(r#"{reference},"argument":{{"name":"{long}","value":"x"}}"#),
        format!(r#"{reference},"argument":{{"name":"arg1","value":"x"}},"context":5"#),
        format!(r#"{reference},"argument":{{"name":"arg1","value":"x"}},"context":{{"arguments":[]}}"#),
        format!(
            r#"{reference},"argument":{{"name":"arg1","value":"x"}},"context":{{"arguments":{{"arg2":5}}}}"#
        ),
    ] {
        all.push((true, "completion/complete", completion.clone()));
        all.push((false, "completion/complete", completion));
    }
    for method in ["tools/list", "resources/list", "resources/templates/list", "prompts/list"] {
        for cursor in [
            "null",
            "5",
            "{}",
            "[]",
            "\"\"",
            "\"?\"",
            "\"AAAA\"",
            "\"dG9vbHMvbGlzdA\"",
            "\"\\ud800\"",
            "\"b3RoZXIvbGlzdCBhZGQ\"",
        ] {
            all.push((true, method, format!("\"cursor\":{cursor}")));
            all.push((false, method, format!("\"cursor\":{cursor}")));
        }
        all.push((true, method, format!("\"cursor\":\"{long}\"")));
    }
    for level in
        ["", "\"level\":5", "\"level\":null", "\"level\":\"\"", "\"level\":\"LOUD\"", "\"level\":[\"info\"]"]
    {
        all.push((false, "logging/setLevel", level.into()));
    }
    all.push((false, "logging/setLevel", format!("\"level\":\"{long}\"")));
    for method in ["resources/subscribe", "resources/unsubscribe"] {
        for uri in [
            "",
            "\"uri\":5",
            "\"uri\":null",
            "\"uri\":\"\"",
            "\"uri\":\"::::\"",
            "\"uri\":\"test://\\u0000\"",
            "\"uri\":\"%%%\"",
        ] {
            all.push((false, method, uri.into()));
        }
        all.push((false, method, format!("\"uri\":\"{long}\"")));
        all.push((false, method, format!("\"uri\":\"test://template/{}/data/more\"", "%".repeat(1 << 20))));
    }
    all.push((false, "resources/subscribe", format!("\"uri\":\"test://template/{long}/data\"")));
    all
}

fn written(stateless: bool, id: &str, method: &str, members: &str) -> String {
    match stateless {
        true => request(id, method, members),
        false => format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":"{method}","params":{{{members}}}}}"#),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_listens_completes_pages_or_subscribes_wrongly_is_told_so_in_few_words() {
    for over in ALL {
        let mut wire = Wire::connect(over).await;
        wire.initialize_with(json!({})).await;
        for (number, (stateless, method, members)) in refused().into_iter().enumerate() {
            let what = format!("{over:?} {method} {}", shown(&members));
            wire.send_raw(written(stateless, "wrong", method, &members).as_bytes()).await;
            let answer = wire.receive().await;
            is_clear(&answer, &what);
            let found = wire.ask(number, "server/discover", json!({})).await;
            assert!(found["result"].is_object(), "{what}");
            if answer.get("id").is_none() && over != Over::Http {
                wire = Wire::connect(over).await;
                wire.initialize_with(json!({})).await;
            }
        }
        assert_eq!(wire.others(), Vec::<Value>::new(), "{over:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_in_a_batch_is_refused_message_by_message() {
    for over in ALL {
        let mut wire = Wire::connect(over).await;
        wire.initialize_as("2025-03-26").await;
        let mut messages: Vec<String> = refused()
            .into_iter()
            .enumerate()
            .filter(|(_, (stateless, _, members))| !stateless && members.len() < 1000)
            .map(|(number, (_, method, members))| written(false, &number.to_string(), method, &members))
            .collect();
        let requests = messages.len();
        assert!(requests > 60, "{requests}");
        let good = r#"{"action":"accept"}"#;
        messages.insert(
            7,
            format!(r#"{{"jsonrpc":"2.0","id":1,"result":{good},"error":{{"code":1,"message":""}}}}"#),
        );
        messages.insert(5, format!(r#"{{"jsonrpc":"2.0","id":18446744073709551616,"result":{good}}}"#));
        messages.insert(0, r#"{"jsonrpc":"2.0","error":5}"#.into());
        for part in messages.chunks(90) {
            wire.send_raw(format!("[{}]", part.join(",")).as_bytes()).await;
            let answers = wire.receive().await;
            let answers = answers.as_array().unwrap_or_else(|| panic!("{over:?}: {answers:.300}"));
            let asked = part.iter().filter(|message| message.contains("\"method\"")).count();
            assert_eq!(answers.len(), asked, "{over:?}");
            for answer in answers {
                is_clear(answer, &answer.to_string());
            }
            assert_eq!(wire.ask_in_session("ping", "ping", json!({})).await["result"], json!({}));
        }
    }
}
