//! Conversations: messages of several peers to one server, over both eras. Each request with a readable id is answered once,
//! or was cancelled; whatever is said is a message; and in the end the server does what it did at the beginning.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use mcp::{Context, Json, Peer, RateLimits, Replies, Reply, ReplyKind, Server, ToolError, Typed};
use serde_json::{Value, json};

use super::ready::{Seen, ask, checked, id_of, wait};

/// Adds two numbers.
#[mcp::tool(read_only)]
async fn add(#[arg(header = "First")] a: i64, b: i64) -> Json<i64> {
    Json(a.saturating_add(b))
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Named {
    /// Whose name.
    name: String,
    age: Option<u8>,
}

/// Asks for a name.
#[mcp::tool]
async fn greet(cx: Context, server: Server) -> Result<String, ToolError> {
    cx.progress((1, 2));
    server.resource_updated("note://1");
    let Named { name, age } = cx.elicit("Who?").key("who").await?;
    Ok(format!("{name} {age:?}"))
}

/// Asks for everything else.
#[mcp::tool(task)]
async fn roots(cx: Context) -> Result<String, ToolError> {
    Ok(cx.roots().await?.len().to_string())
}

/// Says much.
#[mcp::tool]
async fn chatter(times: u8, cx: Context) -> Result<String, ToolError> {
    for time in 0..times {
        cx.log(mcp::Level::Warning, time);
    }
    Err(ToolError::invalid_input("so much for that"))
}

/// Takes its time.
#[mcp::tool(timeout = "10s")]
async fn wait_for(seconds: u16) -> String {
    tokio::time::sleep(std::time::Duration::from_secs(seconds.into())).await;
    "waited".into()
}

/// A note.
#[mcp::resource("note://{id}")]
async fn note(id: u32) -> String {
    id.to_string()
}

async fn languages(typed: Typed) -> Vec<&'static str> {
    ["rust", "ruby"].into_iter().filter(|language| language.starts_with(&*typed)).collect()
}

/// Asks for a review.
#[mcp::prompt]
async fn review(#[arg(complete = languages)] language: String) -> String {
    language
}

fn server() -> Server {
    let server = mcp::server!().explicit().rate_limits(RateLimits::none()).page_size(2).instructions("x");
    let server = server.tool::<add>().tool::<greet>().tool::<roots>().tool::<chatter>().tool::<wait_for>();
    server.resource::<note>().prompt::<review>().build().unwrap()
}

/// What was asked and has no answer yet.
struct Open {
    replies: Replies,
    /// Whose it is, and its id as it was written.
    asked: Option<(u8, String)>,
}

struct Talk {
    server: Server,
    connections: [Peer; 2],
    session: String,
    open: Vec<Open>,
    /// How often each id of each peer was used, and was answered.
    counts: HashMap<(u8, String), (usize, usize)>,
}

impl Talk {
    /// The headers that a client of HTTP sends with a message.
    fn http(&self, message: &[u8]) -> Peer {
        let message: Value = serde_json::from_slice(message).unwrap_or_default();
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        put("accept", "application/json, text/event-stream");
        match message
            .pointer("/params/_meta/io.modelcontextprotocol~1protocolVersion")
            .and_then(Value::as_str)
        {
            Some(version) => {
                put("mcp-protocol-version", version);
                put("mcp-method", message["method"].as_str().unwrap_or_default());
                let named = ["name", "uri", "taskId"].iter().find_map(|name| message["params"].get(name));
                put("mcp-name", named.and_then(Value::as_str).unwrap_or_default());
                if let Some(first) = message.pointer("/params/arguments/a") {
                    put("mcp-param-first", &first.to_string());
                }
            }
            None => put("mcp-session-id", &self.session),
        }
        Peer::http(headers)
    }

    async fn send(&mut self, line: &[u8]) {
        let (whose, message) = match line {
            [b'B', message @ ..] => (1, message),
            [b'H', message @ ..] => (2, message),
            message => (0, message),
        };
        let peer = match self.connections.get(usize::from(whose)) {
            Some(peer) => peer.clone(),
            None => self.http(message),
        };
        let asked = Seen::of(message).and_then(|seen| Some((whose, seen.wants()?.to_owned())));
        if let Some(asked) = &asked {
            self.counts.entry(asked.clone()).or_default().0 += 1;
        }
        let replies = self.server.handle(message, &peer);
        self.open.push(Open { replies, asked });
        self.hear().await;
    }

    /// Hears whatever is said without waiting.
    async fn hear(&mut self) {
        let mut at = 0;
        while let Some(open) = self.open.get_mut(at) {
            let mut ended = false;
            for _ in 0..1000 {
                let next =
                    std::future::poll_fn(|cx| std::task::Poll::Ready(open.replies.poll_reply(cx))).await;
                let std::task::Poll::Ready(next) = next else { break };
                match next {
                    Some(reply) => {
                        heard(&reply, open.asked.as_ref(), &mut self.counts);
                        if let Some(session) = reply.session() {
                            self.session = session.to_owned();
                        }
                        ended = reply.is_last();
                    }
                    None => ended = true,
                }
                if ended {
                    break;
                }
            }
            match ended {
                true => drop(self.open.remove(at)),
                false => at += 1,
            }
        }
    }
}

fn heard(reply: &Reply, asked: Option<&(u8, String)>, counts: &mut HashMap<(u8, String), (usize, usize)>) {
    let body = checked(reply);
    assert_eq!(body.is_none(), reply.kind() == ReplyKind::Nothing);
    let batch = reply.body().first() == Some(&b'[');
    if reply.kind() != ReplyKind::Response || batch {
        return;
    }
    match (asked, id_of(reply)) {
        (Some((whose, id)), Some(answered)) => {
            assert_eq!(id, answered, "the answer is to another id");
            let (asked, answered) = counts.entry((*whose, id.clone())).or_default();
            *answered += 1;
            assert!(*answered <= *asked, "one request has two answers");
        }
        (Some((_, id)), None) => {
            panic!("the answer to {id} has no id: {}", String::from_utf8_lossy(reply.body()))
        }
        // What cannot be read has no id, or one that is a name twice.
        (None, _) => {}
    }
}

pub fn run(data: &[u8]) {
    // The message of two hundred members is another target's.
    if data.len() > 64 << 10 || data.iter().filter(|byte| **byte == b'\n').count() > 60 {
        return;
    }
    let server = server();
    let mut talk = Talk {
        server: server.clone(),
        connections: [Peer::connection(), Peer::connection()],
        session: "none".into(),
        open: Vec::new(),
        counts: HashMap::new(),
    };
    wait(async {
        for line in data.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            talk.send(line).await;
            tokio::task::yield_now().await;
        }
        // Whoever waits for a client that says nothing more is told so.
        for _ in 0..3 {
            tokio::time::sleep(std::time::Duration::from_secs(600)).await;
            talk.hear().await;
        }
        let left: Vec<_> = talk.open.iter().filter(|open| !open.replies.is_listening()).collect();
        assert!(left.is_empty(), "{} calls have no end", left.len());
        talk.open.clear();
    });
    let answer = ask(&server, "tools/call", json!({"name": "add", "arguments": {"a": 2, "b": 3}}));
    assert_eq!(
        answer["result"]["structuredContent"]["result"]
            .as_i64()
            .or(answer["result"]["structuredContent"].as_i64()),
        Some(5),
        "{answer}"
    );
}
