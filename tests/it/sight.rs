//! What an operator sees of a server: spans, counts, an audit, and whether it is well.

mod audit;
mod health;
mod metrics;
mod otlp;
mod spans;

use std::time::Duration;

use mcp::{Context, Peer, Principal, Server, ServerBuilder, ToolError};
use serde_json::{Value, json};

use crate::wire::stateless;

/// What is written into arguments and must be found nowhere else.
const MARKER: &str = "MARKER-7f3a";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Adds two numbers.
#[mcp::tool(read_only)]
async fn sum(a: i64, b: i64) -> i64 {
    a + b
}

/// Signs in.
#[mcp::tool]
async fn sign_in(user: String, #[arg(secret)] pin: String, options: Value) -> Result<String, ToolError> {
    let _ = (pin, options);
    if user == "nobody" { Err(ToolError::fatal("there is no such user")) } else { Ok("welcome".into()) }
}

/// Panics.
#[mcp::tool]
async fn panics() -> String {
    panic!("on purpose")
}

/// Fails with an error that was not written for callers.
#[mcp::tool]
async fn breaks() -> Result<String, std::io::Error> {
    Err(std::io::Error::other("the disk is full"))
}

/// Waits for ever.
#[mcp::tool(timeout = "none")]
async fn waits() {
    std::future::pending().await
}

/// Needs a scope.
#[mcp::tool(scopes("admin"))]
async fn guarded() -> &'static str {
    "let in"
}

/// Says by which id the call is known.
#[mcp::tool]
async fn known_as(cx: Context) -> String {
    cx.correlation_id().to_owned()
}

/// A report.
#[mcp::resource("reports://{year}/{token}")]
async fn report(year: u16, token: String) -> String {
    format!("{year} {}", token.len())
}

/// Greets.
#[mcp::prompt]
async fn greet(name: String) -> String {
    format!("Greet {name}.")
}

fn builder() -> ServerBuilder {
    mcp::server!().only(module_path!())
}

fn peer() -> Peer {
    Peer::connection()
        .address("192.0.2.7".parse().unwrap())
        .principal(Principal::new("https://issuer.example", "ada").with_client("desk").with_scopes(["admin"]))
}

fn call(tool: &str, arguments: Value) -> Value {
    let meta = json!({"traceparent": PARENT, "io.modelcontextprotocol/clientInfo": {"name": "desk app", "version": "1"}});
    stateless(1, "tools/call", json!({"name": tool, "arguments": arguments, "_meta": meta}))
}

fn signing_in(user: &str) -> Value {
    let options = json!({"nested": [{"api_key": MARKER}], "colour": "blue"});
    call("sign_in", json!({"user": user, "pin": MARKER, "options": options}))
}

/// A message to a server in this process, and what it answers.
async fn send(server: &Server, peer: &Peer, message: &Value) -> Value {
    let reply = server.handle(message.to_string().as_bytes(), peer).next().await.unwrap();
    serde_json::from_slice(reply.body()).unwrap()
}

/// Begins a call that does not end, and lets go of it.
async fn given_up(server: &Server) {
    let message = call("waits", json!({})).to_string();
    let mut replies = server.handle(message.as_bytes(), &peer());
    assert!(tokio::time::timeout(Duration::from_millis(1), replies.next()).await.is_err());
}

#[tokio::test]
async fn a_call_is_known_by_its_trace_or_by_an_id_of_its_own() {
    let server = builder().build().unwrap();
    let traced = send(&server, &peer(), &call("known_as", json!({}))).await;
    assert_eq!(crate::wire::text(&traced), TRACE);
    let untraced = stateless(1, "tools/call", json!({"name": "known_as", "arguments": {}}));
    let (one, other) = (send(&server, &peer(), &untraced).await, send(&server, &peer(), &untraced).await);
    assert_eq!(crate::wire::text(&one).len(), 32);
    assert_ne!(crate::wire::text(&one), crate::wire::text(&other));
}

#[tokio::test]
async fn a_public_peer_is_told_the_id_of_a_failure_that_was_not_written_for_it() {
    let server = builder().build().unwrap();
    for (tool, said) in
        [("breaks", "internal error"), ("panics", "the server failed while it worked on this")]
    {
        let answer = send(&server, &peer().public(), &call(tool, json!({}))).await;
        assert_eq!(crate::wire::text(&answer), format!("{said} (number {TRACE})"));
    }
}
