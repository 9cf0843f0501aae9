//! What is to be seen of each feature: how a client of a revision gets it, or that it does not.

use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

use super::client::Client;
use super::offered::{APPS, CLOCK};
use super::{NO, STATELESS, YES};
use crate::http::send;
use crate::wire::{headers_of, serve_http, text};

fn yes(seen: bool) -> &'static str {
    if seen { YES } else { NO }
}

pub async fn who_begins(client: &mut Client) -> &'static str {
    if client.ask_at_once("tools/list", json!({})).await["result"]["tools"].is_array() {
        return "each request";
    }
    assert!(client.ask("tools/list", json!({})).await["result"]["tools"].is_array());
    "`initialize`"
}

/// Posts the first message of a client, and gives the URL and the session that came of it.
async fn first_post(client: &mut Client) -> (String, Option<String>) {
    let url = serve_http(&client.server).await;
    let params = json!({
        "protocolVersion": client.revision, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    });
    let hello = match client.revision {
        STATELESS => client.request("server/discover", json!({})),
        _ => client.request("initialize", params),
    };
    let mut headers = headers_of(&hello, None);
    headers.push(("content-type", "application/json".into()));
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = send(&url, "POST", &headers, hello.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (url, answer.headers.get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned()))
}

pub async fn session(client: &mut Client) -> &'static str {
    yes(first_post(client).await.1.is_some())
}

pub async fn ping(client: &mut Client) -> &'static str {
    let answer = client.ask("ping", json!({})).await;
    assert!(answer["result"].is_object() || answer["error"]["code"] == -32601, "{answer}");
    yes(answer["result"].is_object())
}

pub async fn basics(client: &mut Client) -> &'static str {
    let sum = client.call("add", json!({"a": 2, "b": 3})).await;
    let read = client.ask("resources/read", json!({"uri": "features://fixed"})).await;
    let of_template = client.ask("resources/read", json!({"uri": "features://item/7"})).await;
    let praise = json!({"name": "praise", "arguments": {"colour": "red"}});
    let prompt = client.ask("prompts/get", praise).await;
    let listed = [
        ("tools/list", "tools"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
        ("prompts/list", "prompts"),
    ];
    let mut all = text(&sum) == "5"
        && read["result"]["contents"][0]["text"] == "fixed"
        && of_template["result"]["contents"][0]["text"] == "7"
        && prompt["result"]["messages"][0]["content"]["text"] == "Praise Red.";
    for (method, member) in listed {
        all &= !client.list(method, member).await.is_empty();
    }
    yes(all)
}

pub async fn pages(client: &mut Client) -> &'static str {
    let first = client.ask("tools/list", json!({})).await;
    let whole = client.list("tools/list", "tools").await.len();
    let shown = first["result"]["tools"].as_array().unwrap().len();
    yes(first["result"]["nextCursor"].is_string() && shown == 3 && whole > 3)
}

pub async fn hints(client: &mut Client) -> &'static str {
    yes(client.tool("add").await["annotations"]["readOnlyHint"] == true)
}

pub async fn titles(client: &mut Client) -> &'static str {
    let tool = client.tool("add").await;
    match (tool["title"] == "Add", tool["annotations"]["title"] == "Add") {
        (true, false) => YES,
        (false, true) => "in the hints",
        (false, false) => NO,
        (true, true) => "twice",
    }
}

pub async fn structured(client: &mut Client) -> &'static str {
    let mut seen = Vec::new();
    for (tool, expected) in [("object", json!({"one": 1})), ("list", json!([1, 2]))] {
        let schema = client.tool(tool).await["outputSchema"].is_object();
        let answer = client.call(tool, json!({})).await;
        assert_eq!(text(&answer), expected.to_string(), "the text is there in any case");
        assert_eq!(answer["result"]["structuredContent"] == expected, schema, "{answer}");
        seen.push(schema);
    }
    match seen[..] {
        [false, false] => NO,
        [true, false] => "objects",
        [true, true] => "any JSON",
        _ => "lists alone",
    }
}

/// What became of a block: itself, or text that stands for it.
async fn block(client: &mut Client, at: usize, kind: &str) -> &'static str {
    let answer = client.call("blocks", json!({})).await;
    match answer["result"]["content"][at]["type"].as_str() {
        Some("text") => "in words",
        found => yes(found == Some(kind)),
    }
}

pub async fn images(client: &mut Client) -> &'static str {
    block(client, 0, "image").await
}

pub async fn audio(client: &mut Client) -> &'static str {
    block(client, 1, "audio").await
}

pub async fn links(client: &mut Client) -> &'static str {
    block(client, 2, "resource_link").await
}

pub async fn offered_meta(client: &mut Client) -> &'static str {
    yes(client.tool("add").await["_meta"]["com.example/team"] == "sums")
}

pub async fn result_meta(client: &mut Client) -> &'static str {
    yes(client.call("metered", json!({})).await["result"]["_meta"]["com.example/cost"] == 1)
}

pub async fn icons(client: &mut Client) -> &'static str {
    yes(client.tool("add").await["icons"][0]["src"] == "https://example.com/add.png")
}

pub async fn description(client: &mut Client) -> &'static str {
    let said = client.begin().await;
    let info = match client.revision {
        STATELESS => &said["_meta"]["io.modelcontextprotocol/serverInfo"],
        _ => &said["serverInfo"],
    };
    assert_eq!(info["description"].is_string(), info["websiteUrl"].is_string(), "{info}");
    yes(info["description"].is_string())
}

pub async fn cache_hints(client: &mut Client) -> &'static str {
    let listed = client.ask("tools/list", json!({})).await;
    let read = client.ask("resources/read", json!({"uri": "features://fixed"})).await;
    let seen =
        [&listed, &read].map(|it| it["result"]["ttlMs"].is_u64() && it["result"]["cacheScope"].is_string());
    assert_eq!(seen[0], seen[1], "{listed} {read}");
    yes(seen[0])
}

pub async fn completion(client: &mut Client) -> &'static str {
    let params = json!({
        "ref": {"type": "ref/prompt", "name": "praise"}, "argument": {"name": "colour", "value": "r"},
    });
    let answer = client.ask("completion/complete", params).await;
    yes(answer["result"]["completion"]["values"] == json!(["red"]))
}

/// What came before the answer to a call that wants to be told how far it is.
async fn notice(client: &mut Client) -> Value {
    let params = json!({"name": "tells", "_meta": {"progressToken": "t"}});
    let answer = client.ask("tools/call", params).await;
    assert_eq!(text(&answer), "told");
    client.wire.others().pop().unwrap_or_default()
}

pub async fn progress(client: &mut Client) -> &'static str {
    let notice = notice(client).await;
    yes(notice["params"]["progress"] == 1 && notice["params"]["progressToken"] == "t")
}

pub async fn progress_in_words(client: &mut Client) -> &'static str {
    yes(notice(client).await["params"]["message"] == "half")
}

/// Whether the call has ended is seen by its id, which can be used again.
pub async fn cancellation(client: &mut Client) -> &'static str {
    client.begin().await;
    let request = client.request("tools/call", json!({"name": "waits"}));
    client.wire.send(request.clone()).await;
    client.wire.send(request.clone()).await;
    let refused = client.wire.answer(&request["id"]).await;
    assert_eq!(refused["error"]["code"], -32600, "the id is in flight: {refused}");
    let params = json!({"requestId": request["id"]});
    client.wire.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})).await;
    let mut again = client.request("tools/list", json!({}));
    again["id"] = request["id"].clone();
    client.wire.send(again).await;
    yes(client.wire.answer(&request["id"]).await["result"]["tools"].is_array())
}

pub async fn log_messages(client: &mut Client) -> &'static str {
    let logged = async |client: &mut Client, meta: Value| {
        let answer = client.ask("tools/call", json!({"name": "logs", "_meta": meta})).await;
        assert_eq!(text(&answer), "logged");
        let told = client.wire.others();
        told.first().is_some_and(|message| {
            message["method"] == "notifications/message" && message["params"]["data"] == "a detail"
        })
    };
    assert!(!logged(client, json!({})).await, "nobody has asked for details");
    if logged(client, json!({"io.modelcontextprotocol/logLevel": "debug"})).await {
        assert_eq!(client.ask("logging/setLevel", json!({"level": "debug"})).await["error"]["code"], -32601);
        return "each request";
    }
    if client.ask("logging/setLevel", json!({"level": "debug"})).await["result"].is_object()
        && logged(client, json!({})).await
    {
        return "`logging/setLevel`";
    }
    NO
}

pub async fn form(client: &mut Client) -> &'static str {
    client.asked("ask_form").await
}

pub async fn choices(client: &mut Client) -> &'static str {
    yes(client.asked("ask_choices").await != NO)
}

pub async fn visit(client: &mut Client) -> &'static str {
    client.asked("ask_visit").await
}

pub async fn sampling(client: &mut Client) -> &'static str {
    client.asked("ask_sample").await
}

pub async fn roots(client: &mut Client) -> &'static str {
    client.asked("ask_roots").await
}

/// Asks to be told of changes; whether that is possible this way. Nothing else is said meanwhile.
async fn listens(client: &mut Client, method: &str, params: Value) -> bool {
    let request = client.request(method, params);
    client.wire.send(request.clone()).await;
    let answer = client.wire.receive().await;
    match answer["method"].as_str() {
        Some(method) => method == "notifications/subscriptions/acknowledged",
        None => {
            assert_eq!(answer["id"], request["id"], "{answer}");
            answer["result"].is_object()
        }
    }
}

pub async fn changed_lists(client: &mut Client) -> &'static str {
    client.begin().await;
    let filter = json!({"notifications": {"toolsListChanged": true}});
    let how = match listens(client, "subscriptions/listen", filter).await {
        true => "`subscriptions/listen`",
        false => "the session",
    };
    client.server.tools_changed();
    assert_eq!(client.wire.receive().await["method"], "notifications/tools/list_changed");
    how
}

pub async fn changed_resources(client: &mut Client) -> &'static str {
    client.begin().await;
    let uri = "features://fixed";
    let how = if listens(client, "resources/subscribe", json!({"uri": uri})).await {
        "`resources/subscribe`"
    } else {
        let filter = json!({"notifications": {"resourceSubscriptions": [uri]}});
        if !listens(client, "subscriptions/listen", filter).await {
            return NO;
        }
        "`subscriptions/listen`"
    };
    client.server.resource_updated("features://item/1");
    client.server.resource_updated(uri);
    let told = client.wire.receive().await;
    assert_eq!(
        (&told["method"], &told["params"]["uri"]),
        (&"notifications/resources/updated".into(), &uri.into())
    );
    how
}

pub async fn batches(client: &mut Client) -> &'static str {
    client.begin().await;
    let two = [client.request("tools/list", json!({})), client.request("prompts/list", json!({}))];
    client.wire.send(json!(two)).await;
    let answer = client.wire.receive().await;
    assert!(answer.is_array() || answer["error"].is_object(), "{answer}");
    yes(answer.as_array().is_some_and(|all| all.len() == 2 && all.iter().all(|it| it["result"].is_object())))
}

pub async fn tasks(client: &mut Client) -> &'static str {
    let begun = client.call("works", json!({})).await;
    let result = &begun["result"];
    if result["resultType"] == "task" {
        let found = client.ask("tasks/get", json!({"taskId": result["taskId"]})).await;
        return yes(found["result"]["status"] == "working");
    }
    let Some((_, after)) = text(&begun).split_once("task://") else { return NO };
    let uri = format!("task://{}", after.split(' ').next().unwrap());
    let read = client.ask("resources/read", json!({"uri": uri})).await;
    let status: Value =
        serde_json::from_str(read["result"]["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(status["status"], "working");
    assert!(client.ask("tasks/get", json!({"taskId": status["taskId"]})).await["error"].is_object());
    "a link later"
}

pub async fn apps(client: &mut Client) -> &'static str {
    let declared = client.begin().await["capabilities"]["extensions"][APPS].is_object();
    let named = client.tool("shows").await["_meta"]["ui"]["resourceUri"] == "ui://features/page";
    match (named, declared) {
        (true, true) => YES,
        (true, false) => "`_meta` alone",
        (false, true) => "declared alone",
        (false, false) => NO,
    }
}

pub async fn extension(client: &mut Client) -> &'static str {
    let declared = client.begin().await["capabilities"]["extensions"][CLOCK].is_object();
    let served = client.ask("clock/read", json!({})).await["result"]["time"] == "noon";
    assert_eq!(declared, served);
    yes(served)
}

pub async fn headers(client: &mut Client) -> &'static str {
    let (url, session) = first_post(client).await;
    let call = client.request("tools/call", json!({"name": "routed", "arguments": {"region": "north"}}));
    let mut truth = headers_of(&call, session.as_deref());
    truth.push(("content-type", "application/json".into()));
    truth.push(("mcp-param-region", "north".into()));
    let mut refused = Vec::new();
    for lie in [None, Some("mcp-method"), Some("mcp-name"), Some("mcp-param-region")] {
        let mut headers: Vec<_> = truth.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.retain(|(name, _)| Some(*name) != lie);
        headers.extend(lie.map(|lie| (lie, "prompts/get")));
        let answer = send(&url, "POST", &headers, call.to_string()).await;
        match answer.status {
            200 => assert_eq!(text(&answer.body), "north"),
            _ => assert_eq!(answer.code(), -32020),
        }
        refused.push(answer.status == 400);
    }
    match refused[..] {
        [false, true, true, true] => YES,
        [false, false, false, false] => NO,
        _ => "some",
    }
}

pub async fn trace_context(client: &mut Client) -> &'static str {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let params = json!({"name": "traced", "_meta": {"traceparent": parent}});
    yes(text(&client.ask("tools/call", params).await) == parent)
}

/// The events of a call have names, and whoever comes back with one is told what followed it.
pub async fn resumption(client: &mut Client) -> &'static str {
    client.begin().await;
    let message = client.request("tools/call", json!({"name": "tells", "_meta": {"progressToken": "t"}}));
    let http = client.wire.http();
    let events = async |request: http::request::Builder, body: String| {
        let mut request = request.header("accept", "application/json, text/event-stream");
        for (name, value) in crate::wire::headers_of(&message, http.session.as_deref()) {
            let agreed = name == "mcp-protocol-version" && http.session.is_some();
            let value = if agreed { http.revision.to_owned() } else { value };
            request = request.header(name, value);
        }
        let answer = http.client.request(request.body(Full::from(body)).unwrap()).await.unwrap();
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    };
    let post = http::Request::post(&http.url).header("content-type", "application/json");
    let told = events(post, message.to_string()).await;
    assert!(told.contains("\"told\""), "{told}");
    let Some(first) = told.lines().find_map(|line| line.strip_prefix("id: ")) else { return NO };
    let again = events(http::Request::get(&http.url).header("last-event-id", first), String::new()).await;
    yes(again.contains("\"told\""))
}
