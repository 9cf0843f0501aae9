//! What a running server says on its own: what has changed, to those who listen; and log messages, to those who want them.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use mcp::transport::{Lines, Transport, memory};
use mcp::{Context, Level, Peer, ReplyKind, Server};
use serde_json::{Value, json};

use crate::record::{Client, Kept, handle};
use crate::wire::{ALL, Over, STATEFUL, STATELESS, Wire, serve_http, stateless, text};

/// Comes and goes.
#[mcp::tool]
async fn sometimes() -> &'static str {
    "here"
}

/// Comes and goes.
#[mcp::prompt]
async fn sometimes_a_prompt() -> &'static str {
    "here"
}

/// Comes and goes.
#[mcp::resource("live://sometimes")]
async fn sometimes_a_resource() -> &'static str {
    "here"
}

/// Is always there.
#[mcp::resource("live://item/{id}")]
async fn item(id: String) -> String {
    id
}

/// Logs at every level.
#[mcp::tool]
async fn log_all(cx: Context) -> &'static str {
    for level in [Level::Debug, Level::Info, Level::Notice, Level::Warning, Level::Error, Level::Emergency] {
        cx.log(level, json!({"level": level.name()}));
    }
    "logged"
}

fn server() -> Server {
    mcp::server!().only(module_path!()).build().unwrap()
}

fn listen(id: impl Into<Value>, filter: Value) -> Value {
    stateless(id, "subscriptions/listen", json!({"notifications": filter}))
}

fn id_of(message: &Value) -> &Value {
    &message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"]
}

const TOOLS: &str = "notifications/tools/list_changed";
const PROMPTS: &str = "notifications/prompts/list_changed";
const RESOURCES: &str = "notifications/resources/list_changed";
const UPDATED: &str = "notifications/resources/updated";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_listens_is_told_what_he_listens_to_and_by_which_subscription() {
    for over in ALL {
        let mut wire = Wire::connect(over).await;
        // Two at once, with ids of two types.
        wire.send(listen(7, json!({"toolsListChanged": true, "promptsListChanged": false}))).await;
        let first = wire.receive().await;
        assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
        assert_eq!(first["params"]["notifications"], json!({"toolsListChanged": true}));
        assert_eq!(*id_of(&first), 7);
        let uri = "test://watched-resource";
        wire.send(listen("b", json!({"toolsListChanged": true, "resourceSubscriptions": [uri]}))).await;
        let second = wire.receive().await;
        assert_eq!(*id_of(&second), "b");
        let honoured = json!({"toolsListChanged": true, "resourceSubscriptions": [uri]});
        assert_eq!(second["params"]["notifications"], honoured);

        wire.ask(1, "tools/call", json!({"name": "test_trigger_tool_change"})).await;
        let mut told = wire.others();
        while told.len() < 2 {
            told.push(wire.receive().await);
        }
        told.sort_by_key(|message| id_of(message).to_string());
        assert_eq!(told[0]["method"], TOOLS);
        assert_eq!(told[1]["method"], TOOLS);
        assert_eq!((id_of(&told[0]), id_of(&told[1])), (&json!("b"), &json!(7)), "over {over:?}");

        wire.ask(2, "tools/call", json!({"name": "test_trigger_prompt_change"})).await;
        wire.ask(3, "tools/call", json!({"name": "touch_watched_resource"})).await;
        let mut told = wire.others();
        if told.is_empty() {
            told.push(wire.receive().await);
        }
        assert_eq!(told.len(), 1, "nobody listens to prompts: {told:?}");
        assert_eq!(told[0]["method"], UPDATED);
        assert_eq!(told[0]["params"]["uri"], uri);
        assert_eq!(*id_of(&told[0]), "b");
        // Leave it as it was: other tests ask the same process-wide fixture.
        wire.ask(4, "tools/call", json!({"name": "test_trigger_tool_change"})).await;
        wire.ask(5, "tools/call", json!({"name": "test_trigger_prompt_change"})).await;
    }
}

#[tokio::test]
async fn a_subscription_that_is_cancelled_says_nothing_more_and_frees_its_id() {
    let server = server();
    let mut wire = Wire::connect_to(Over::Memory, &server).await;
    wire.send(listen(1, json!({"toolsListChanged": true}))).await;
    wire.receive().await;
    wire.send(listen(1, json!({"toolsListChanged": true}))).await;
    assert_eq!(wire.receive().await["error"]["code"], -32600, "the id is in flight");
    wire.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}))
        .await;
    assert!(wire.ask(2, "tools/list", json!({})).await["result"].is_object());
    server.tools_changed();
    assert!(wire.ask(3, "tools/list", json!({})).await["result"].is_object());
    assert_eq!(wire.others(), Vec::<Value>::new());
    wire.send(listen(1, json!({}))).await;
    let again = wire.receive().await;
    assert_eq!(again["params"]["notifications"], json!({}));
}

#[tokio::test]
async fn a_subscription_is_known_by_its_id_to_the_last_digit() {
    let server = server();
    for id in ["123456789012345678901234567890", "-0", r#""\u0061\/b""#] {
        let message = listen(0, json!({"toolsListChanged": true})).to_string();
        let message = message.replace(r#""id":0"#, &format!(r#""id":{id}"#));
        let mut replies = handle(&server, message.as_bytes(), &Peer::connection());
        let named = format!(r#""io.modelcontextprotocol/subscriptionId":{id}"#);
        for end in ["begun", "changed", "ended"] {
            let told = replies.next().await.unwrap();
            let told = std::str::from_utf8(told.body()).unwrap().to_owned();
            assert!(told.contains(&named), "{end}: {told}");
            match end {
                "begun" => server.tools_changed(),
                _ => replies.wind_up(),
            }
        }
    }
}

#[tokio::test]
async fn changes_that_nobody_has_read_yet_are_one() {
    let server = server();
    let message = listen(1, json!({"toolsListChanged": true, "resourceSubscriptions": ["live://item/1"]}));
    let mut replies = handle(&server, message.to_string().as_bytes(), &Peer::connection());
    assert_eq!(replies.next().await.unwrap().kind(), ReplyKind::Notification);
    for _ in 0..10_000 {
        server.tools_changed();
        server.resource_updated("live://item/1");
        server.resource_updated("live://item/2");
    }
    for method in [TOOLS, UPDATED] {
        let told = replies.next().await.unwrap();
        assert!(std::str::from_utf8(told.body()).unwrap().contains(method));
    }
    replies.wind_up();
    let last = replies.next().await.unwrap();
    assert_eq!(last.kind(), ReplyKind::Response, "there was no third");
    let last: Value = serde_json::from_slice(last.body()).unwrap();
    assert_eq!(last["result"]["resultType"], "complete");
    assert_eq!(last["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 1);
    assert!(replies.next().await.is_none());
}

#[tokio::test]
async fn subscriptions_have_a_limit_and_those_that_are_dropped_do_not_count() {
    let server = server();
    let begin = |id: usize| {
        let message = listen(id, json!({"toolsListChanged": true})).to_string();
        handle(&server, message.as_bytes(), &Peer::connection())
    };
    let mut open = Vec::new();
    for id in 0..1024 {
        let mut replies = begin(id);
        assert_eq!(replies.next().await.unwrap().kind(), ReplyKind::Notification);
        open.push(replies);
    }
    let refused = begin(2000).next().await.unwrap();
    assert_eq!(refused.kind(), ReplyKind::Response);
    assert!(std::str::from_utf8(refused.body()).unwrap().contains("too many subscriptions"));
    open.truncate(1000);
    assert_eq!(begin(2001).next().await.unwrap().kind(), ReplyKind::Notification);
}

#[tokio::test]
async fn a_filter_that_is_none_is_refused() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    for filter in [
        json!(null),
        json!([]),
        json!("tools"),
        json!({"toolsListChanged": 1}),
        json!({"resourceSubscriptions": "live://item/1"}),
        json!({"resourceSubscriptions": [1]}),
        json!({"resourceSubscriptions": ["x".repeat(2049)]}),
        json!({"resourceSubscriptions": (0..60).map(|n| format!("{n}{}", "x".repeat(2000))).collect::<Vec<_>>()}),
        json!({"resourceSubscriptions": (0..2000).map(|n| format!("live://{n}")).collect::<Vec<_>>()}),
    ] {
        let refused = wire.ask(1, "subscriptions/listen", json!({"notifications": filter})).await;
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
    assert_eq!(wire.ask(2, "subscriptions/listen", json!({})).await["error"]["code"], -32602);
    let long = "12345678901234567890123456789";
    let message = listen(0, json!({})).to_string().replace("\"id\":0", &format!("\"id\":{long}"));
    let replied = server().handle(message.as_bytes(), &Peer::connection()).next().await.unwrap();
    assert!(std::str::from_utf8(replied.body()).unwrap().contains(&format!("subscriptionId\":{long}")));
}

#[tokio::test]
async fn what_is_switched_off_is_neither_listed_nor_served() {
    let server = server();
    let mut wire = Wire::connect_to(Over::Memory, &server).await;
    let lists = [
        ("tools/list", "tools", "name", "sometimes"),
        ("prompts/list", "prompts", "name", "sometimes_a_prompt"),
        ("resources/list", "resources", "uri", "live://sometimes"),
        ("resources/templates/list", "resourceTemplates", "uriTemplate", "live://item/{id}"),
    ];
    let uses = [
        ("tools/call", json!({"name": "sometimes"})),
        ("prompts/get", json!({"name": "sometimes_a_prompt"})),
        ("resources/read", json!({"uri": "live://sometimes"})),
        ("resources/read", json!({"uri": "live://item/1"})),
    ];
    for on in [true, false, true] {
        let switch = |name: &str| match (name, on) {
            ("sometimes", true) => server.enable_tool(name),
            ("sometimes", false) => server.disable_tool(name),
            ("sometimes_a_prompt", true) => server.enable_prompt(name),
            ("sometimes_a_prompt", false) => server.disable_prompt(name),
            (_, true) => server.enable_resource(name),
            (_, false) => server.disable_resource(name),
        };
        for (method, list, member, name) in lists {
            switch(name);
            assert!(!switch(name), "the second time it is no change");
            let answer = wire.ask(1, method, json!({})).await;
            let listed = answer["result"][list].as_array().unwrap().iter().any(|item| item[member] == name);
            assert_eq!(listed, on, "{name}: {answer}");
        }
        for (method, params) in &uses {
            let answer = wire.ask(2, method, params.clone()).await;
            assert_eq!(answer["result"].is_object(), on, "{answer}");
            assert_eq!(answer["error"]["code"].as_i64(), (!on).then_some(-32602));
        }
    }
    assert!(!server.disable_tool("no_such"));
}

#[tokio::test]
async fn a_session_is_told_of_lists_and_of_the_resources_that_it_subscribed_to() {
    for over in [Over::Memory, Over::Socket] {
        let server = server();
        let mut wire = Wire::connect_to(over, &server).await;
        server.tools_changed();
        wire.initialize().await;
        server.prompts_changed();
        server.resources_changed();
        server.resource_updated("live://item/1");
        let told = wire.receive().await;
        assert_eq!(told["method"], RESOURCES);
        assert_eq!(wire.receive().await["method"], PROMPTS);
        assert_eq!(told.get("params"), None, "a session has no subscription ids");

        let one = json!({"uri": "live://item/1"});
        assert_eq!(wire.ask_in_session(1, "resources/subscribe", one.clone()).await["result"], json!({}));
        server.resource_updated("live://item/1");
        server.resource_updated("live://item/2");
        let told = wire.receive().await;
        assert_eq!((&told["method"], &told["params"]), (&json!(UPDATED), &one));
        assert_eq!(wire.ask_in_session(2, "resources/unsubscribe", one.clone()).await["result"], json!({}));
        server.resource_updated("live://item/1");
        server.tools_changed();
        assert_eq!(wire.receive().await["method"], TOOLS);

        let unknown = wire.ask_in_session(3, "resources/subscribe", json!({"uri": "no://such"})).await;
        assert_eq!(unknown["error"]["code"], -32002);
        let none = wire.ask_in_session(4, "resources/subscribe", json!({})).await;
        assert_eq!(none["error"]["code"], -32602);
        for n in 0..1021 {
            let uri = format!("live://item/{n}");
            wire.ask_in_session(5, "resources/subscribe", json!({"uri": uri})).await;
        }
        let refused = wire.ask_in_session(6, "resources/subscribe", json!({"uri": "live://item/x"})).await;
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
}

async fn get(client: &Client, url: &str, headers: &[(&str, &str)]) -> http::Response<crate::record::Body> {
    let mut request = http::Request::get(url).header("accept", "text/event-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.request(request.body(Full::default()).unwrap()).await.unwrap()
}

/// The next event of a stream; `None` where it has ended.
async fn event(body: &mut crate::record::Body) -> Option<Value> {
    let mut text = String::new();
    loop {
        let data = body.frame().await?.unwrap().into_data().unwrap();
        // An event may come in pieces; no two come before the first is read.
        text.push_str(std::str::from_utf8(&data).unwrap());
        let message = text.lines().find_map(|line| line.strip_prefix("data: "));
        if let Some(message) = message.filter(|_| text.ends_with("\n\n")) {
            return Some(serde_json::from_str(message).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http_a_session_listens_with_get_and_the_newest_listener_is_told() {
    let server = server();
    let url = serve_http(&server).await;
    let client = Client::new();
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    }});
    let request = http::Request::post(&url).header("content-type", "application/json");
    let begun = client.request(request.body(Full::from(hello.to_string())).unwrap()).await.unwrap();
    let session = begun.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let with_session = [("mcp-session-id", session.as_str()), ("mcp-protocol-version", STATEFUL)];

    for (headers, status) in [
        (vec![], 400),
        (vec![("mcp-session-id", "no-such")], 404),
        (vec![("mcp-protocol-version", STATELESS)], 405),
        (vec![("mcp-protocol-version", "v999"), with_session[0]], 400),
    ] {
        assert_eq!(get(&client, &url, &headers).await.status(), status, "{headers:?}");
    }
    let json_only = http::Request::get(&url).header("accept", "application/json");
    let refused = client.request(json_only.body(Full::default()).unwrap()).await.unwrap();
    assert_eq!(refused.status(), 406);

    // What happens while nobody reads is told to whoever reads next.
    server.tools_changed();
    let first = get(&client, &url, &with_session).await;
    assert_eq!(first.status(), 200);
    assert_eq!(first.headers()["content-type"], "text/event-stream");
    let mut first = first.into_body();
    assert_eq!(event(&mut first).await.unwrap()["method"], TOOLS);
    let mut second = get(&client, &url, &with_session).await.into_body();
    server.prompts_changed();
    assert_eq!(event(&mut second).await.unwrap()["method"], PROMPTS);
    assert!(event(&mut first).await.is_none(), "each message goes to one stream only");
    drop(second);
    let mut third = get(&client, &url, &with_session).await.into_body();
    server.resources_changed();
    assert_eq!(event(&mut third).await.unwrap()["method"], RESOURCES);
    let mut end = http::Request::delete(&url);
    for (name, value) in with_session {
        end = end.header(name, value);
    }
    assert_eq!(client.request(end.body(Full::default()).unwrap()).await.unwrap().status(), 200);
    assert!(event(&mut third).await.is_none(), "what listens in a session ends with it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_listens_is_told_the_end_of_the_server_and_keeps_it_from_nothing() {
    let server = server();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = server.clone();
    let served = tokio::spawn(async move {
        serving.serve_http_on(listener, async { stopped.await.unwrap_or_default() }).await
    });
    let client = Client::new();
    let message = listen(9, json!({"toolsListChanged": true}));
    let mut request = http::Request::post(&url)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    for (name, value) in crate::wire::headers_of(&message, None) {
        request = request.header(name, value);
    }
    let answer = client.request(request.body(Full::from(message.to_string())).unwrap()).await.unwrap();
    let mut body = answer.into_body();
    assert_eq!(event(&mut body).await.unwrap()["method"], "notifications/subscriptions/acknowledged");
    let mut json_only = http::Request::post(&url)
        .header("content-type", "application/json")
        .header("accept", "application/json");
    for (name, value) in crate::wire::headers_of(&message, None) {
        json_only = json_only.header(name, value);
    }
    let refused = client.request(json_only.body(Full::from(message.to_string())).unwrap()).await.unwrap();
    assert_eq!(refused.status(), 406, "whoever reads one message cannot listen");
    stop.send(()).unwrap();
    assert_eq!(event(&mut body).await.unwrap()["result"]["resultType"], "complete");
    assert!(event(&mut body).await.is_none());
    tokio::time::timeout(Duration::from_secs(1), served).await.unwrap().unwrap().unwrap();

    // The same on a connection.
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        let shutdown = async { stopped.await.unwrap_or_default() };
        server.serve_until(Kept::new(Lines::stream(theirs)), Peer::connection(), shutdown).await
    });
    let mut ours = Lines::stream(ours);
    ours.send(message.to_string().into_bytes()).await.unwrap();
    ours.flush().await.unwrap();
    let mut lines = Vec::new();
    let mut stop = Some(stop);
    while let Some(mcp::transport::Frame::Message(line)) = ours.receive().await.unwrap() {
        lines.push(serde_json::from_slice::<Value>(line).unwrap());
        if let Some(stop) = stop.take() {
            stop.send(()).unwrap();
        }
    }
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[1]["result"]["resultType"], "complete");
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn log_messages_come_from_the_level_on_that_was_asked_for_and_before_the_result() {
    for over in [Over::Memory, Over::Http] {
        let server = server();
        let mut wire = Wire::connect_to(over, &server).await;
        for (level, heard) in [
            (None, vec![]),
            (Some("emergency"), vec!["emergency"]),
            (Some("warning"), vec!["warning", "error", "emergency"]),
            (Some("debug"), vec!["debug", "info", "notice", "warning", "error", "emergency"]),
        ] {
            let mut params = json!({"name": "log_all"});
            if let Some(level) = level {
                params["_meta"]["io.modelcontextprotocol/logLevel"] = level.into();
            }
            assert_eq!(text(&wire.ask(1, "tools/call", params).await), "logged");
            let told = wire.others();
            let levels: Vec<_> = told.iter().map(|it| it["params"]["level"].as_str().unwrap()).collect();
            assert_eq!(levels, heard, "over {over:?}");
            assert!(told.iter().all(|it| it["params"]["data"]["level"] == it["params"]["level"]));
        }
        for wrong in [json!("loud"), json!(3), json!(null)] {
            let params = json!({"name": "log_all", "_meta": {"io.modelcontextprotocol/logLevel": wrong}});
            assert_eq!(wire.ask(2, "tools/call", params).await["error"]["code"], -32602);
        }
        wire.initialize().await;
        wire.ask_in_session(3, "tools/call", json!({"name": "log_all"})).await;
        assert_eq!(wire.others().len(), 5, "info is what a session begins with");
        let set = wire.ask_in_session(4, "logging/setLevel", json!({"level": "error"})).await;
        assert_eq!(set["result"], json!({}));
        wire.ask_in_session(5, "tools/call", json!({"name": "log_all"})).await;
        assert_eq!(wire.others().len(), 2);
        let wrong = wire.ask_in_session(6, "logging/setLevel", json!({"level": "loud"})).await;
        assert_eq!(wrong["error"]["code"], -32602);
    }
}

#[tokio::test]
async fn a_reader_who_is_slow_misses_old_log_messages_and_never_the_result() {
    let server = mcp::server!().only(module_path!()).build().unwrap();
    let mut params = json!({"name": "chatty"});
    params["_meta"]["io.modelcontextprotocol/logLevel"] = "info".into();
    let message = stateless(1, "tools/call", params).to_string();
    let mut replies = handle(&server, message.as_bytes(), &Peer::connection());
    let mut said = Vec::new();
    while let Some(reply) = replies.next().await {
        said.push(serde_json::from_slice::<Value>(reply.body()).unwrap());
    }
    assert_eq!(said.len(), 65, "64 messages and the result");
    assert_eq!(said[63]["params"]["data"], 999, "the newest is kept");
    assert_eq!(text(&said[64]), "said");
}

/// Says a lot.
#[mcp::tool]
async fn chatty(cx: Context) -> &'static str {
    for n in 0..1000 {
        cx.log(Level::Info, n);
    }
    "said"
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_says_it_is_ready_is_told_nothing() {
    let (mut ours, theirs) = memory();
    let server = server();
    let serving = server.clone();
    tokio::spawn(async move { serving.serve(Kept::new(theirs)).await });
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    }});
    ours.send(hello.to_string().into_bytes()).await.unwrap();
    ours.receive().await.unwrap().unwrap();
    server.tools_changed();
    let silence = tokio::time::timeout(Duration::from_secs(60), ours.receive()).await;
    assert!(silence.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_function_logs_with_tracing_is_told_from_the_level_on_that_was_asked_for() {
    let mut wire = Wire::connect(Over::Stdio).await;
    for (tool, level, told) in [
        ("traced", None, vec![]),
        ("traced", Some("error"), vec![]),
        ("traced", Some("debug"), vec![("warning", json!({"message": "nearly empty", "left": 3}))]),
        ("traced_while_blocking", Some("info"), vec![("info", json!("blocking"))]),
    ] {
        let mut params = json!({"name": tool});
        if let Some(level) = level {
            params["_meta"]["io.modelcontextprotocol/logLevel"] = level.into();
        }
        assert_eq!(text(&wire.ask(1, "tools/call", params).await), "traced");
        let heard: Vec<_> = wire
            .others()
            .into_iter()
            .map(|message| {
                assert_eq!(message["params"]["logger"], "everything::live");
                (message["params"]["level"].as_str().unwrap().to_owned(), message["params"]["data"].clone())
            })
            .collect();
        let told: Vec<_> = told.into_iter().map(|(level, data)| (level.to_owned(), data)).collect();
        assert_eq!(heard, told, "{tool} {level:?}");
    }
}
