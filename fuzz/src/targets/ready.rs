//! What several targets need: a clock that nobody waits for, and requests as clients write them.

use std::time::Duration;

use mcp::{Peer, Replies, Reply, Server};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Runs a future. Time passes only when there is nothing else to do, and then at once.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(future)
}

/// What is said within an hour, unless it goes on for ever.
pub async fn all(mut replies: Replies) -> Vec<Reply> {
    let mut said = Vec::new();
    let hour = tokio::time::Instant::now() + Duration::from_secs(3600);
    while !replies.is_listening() {
        match tokio::time::timeout_at(hour, replies.next()).await {
            Ok(Some(reply)) => said.push(reply),
            Ok(None) | Err(_) => break,
        }
        assert!(said.len() < 10_000, "there is no end to what is said");
    }
    said
}

/// A request of the stateless era, by a client that can do everything.
pub fn stateless(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}},
    });
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

/// The answer to a request on a connection of its own.
pub fn ask(server: &Server, method: &str, params: Value) -> Value {
    let message = stateless(method, params).to_string();
    let said = wait(all(server.handle(message.as_bytes(), &Peer::connection())));
    let last = said.last().unwrap_or_else(|| panic!("no answer to {message}"));
    checked(last);
    serde_json::from_slice(last.body()).unwrap()
}

/// What of a message is looked at to know whether it wants an answer, read by a reader that is not the server's.
#[derive(serde::Deserialize)]
pub struct Seen<'a> {
    #[serde(borrow)]
    pub id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub method: Option<&'a RawValue>,
    #[serde(borrow)]
    pub result: Option<&'a RawValue>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

impl<'a> Seen<'a> {
    /// `None` where it is no object, or says one of these twice.
    pub fn of(message: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(message).ok()?.trim_matches([' ', '\t', '\r', '\n']);
        if text.starts_with('{') { serde_json::from_str(text).ok() } else { None }
    }

    /// The id as it was written, where it is one.
    pub fn id(&self) -> Option<&'a str> {
        let id = self.id?.get();
        let digits = id.strip_prefix('-').unwrap_or(id);
        let legal = id.starts_with('"') || digits.bytes().all(|digit| digit.is_ascii_digit());
        (legal && id.len() <= 1024).then_some(id)
    }

    /// The id that an answer must have, where there must be one.
    pub fn wants(&self) -> Option<&'a str> {
        let answers = self.method.is_none() && (self.result.is_some() || self.error.is_some());
        self.id().filter(|_| !answers)
    }
}

/// Holds a reply to what every reply is: one line of JSON, or nothing.
pub fn checked(reply: &Reply) -> Option<&RawValue> {
    let body = reply.body();
    if body.is_empty() {
        return None;
    }
    assert!(!body.contains(&b'\n'), "a message is one line: {}", String::from_utf8_lossy(body));
    let read = serde_json::from_slice(body);
    Some(read.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body))))
}

/// The id of an answer, as it was written.
pub fn id_of(reply: &Reply) -> Option<&str> {
    #[derive(serde::Deserialize)]
    struct Answer<'a> {
        jsonrpc: &'a str,
        #[serde(borrow)]
        id: Option<&'a RawValue>,
    }
    let answer: Answer<'_> = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(answer.jsonrpc, "2.0");
    answer.id.map(RawValue::get)
}
