//! Server-sent events: whatever a function says is read by a reader of the format as it was said, each event whole.

use std::sync::LazyLock;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use mcp::{Context, Level, Progress, RateLimits, Server};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::ready::{stateless, wait};

/// Says something in every way.
#[mcp::tool]
async fn say(text: String, cx: Context) -> String {
    for (at, line) in text.split('|').enumerate() {
        cx.log(Level::Info, json!({ "said": line }));
        cx.progress(Progress::from(at as f64).message(line));
    }
    text
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let server = mcp::server!().explicit().tool::<say>().rate_limits(RateLimits::none());
    server.sanitise(false).redact_credentials(false).build().unwrap()
});

/// The data of the events in a stream, by the rules of the HTML standard (section 9.2.6) and nothing of ours.
fn read(stream: &str) -> Vec<String> {
    let (mut events, mut data) = (Vec::new(), None::<String>);
    let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
    assert!(stream.ends_with("\n\n"), "the last event is not whole");
    for line in stream.split('\n') {
        if line.is_empty() {
            events.extend(data.take().filter(|data| !data.is_empty()));
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" | "retry" => {}
            "id" => assert!(!value.contains('\0')),
            "event" => assert_eq!(value, "message"),
            "data" => {
                let data = data.get_or_insert_default();
                if !data.is_empty() {
                    data.push('\n');
                }
                data.push_str(value);
            }
            other => panic!("nothing of a stream is called {other:?}"),
        }
    }
    events
}

fn post(message: &Value, headers: &[(&str, &str)]) -> (http::HeaderMap, String) {
    let mut request =
        http::Request::post("/mcp").header("host", "localhost").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(message.to_string()))).unwrap();
    let (head, body) = wait(async {
        let response = SERVER.http_service().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        (head, body.collect().await.unwrap().to_bytes())
    });
    (head.headers, String::from_utf8(body.to_vec()).unwrap())
}

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if text.split('|').count() > 20 {
        return;
    }
    let mut call = stateless("tools/call", json!({"name": "say", "arguments": {"text": text}}));
    let meta = &mut call["params"]["_meta"];
    meta["progressToken"] = 7.into();
    meta["io.modelcontextprotocol/logLevel"] = "info".into();
    let headers = [
        ("accept", "text/event-stream"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "say"),
    ];
    let (head, stream) = post(&call, &headers);
    assert_eq!(head["content-type"], "text/event-stream", "{stream}");
    let said: Vec<Value> = read(&stream).iter().map(|data| serde_json::from_str(data).unwrap()).collect();
    let (last, before) = said.split_last().unwrap();
    assert_eq!(last["result"]["content"][0]["text"], *text);
    let logged = before.iter().filter(|message| message["method"] == "notifications/message");
    let logged: Vec<&str> =
        logged.map(|message| message["params"]["data"]["said"].as_str().unwrap()).collect();
    assert_eq!(logged, text.split('|').collect::<Vec<_>>());
}
