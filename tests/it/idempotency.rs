//! Calls with a key are made once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp::idempotency::{Claim, Ended, Found, IdempotencyStore};
use mcp::testing::Client;
use mcp::{
    Audio, BoxError, BoxFuture, Content, Context, Idempotency, Image, Json, Link, Peer, Principal,
    RateLimits, Server, ServerBuilder, State, ToolError, WithMeta,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::wire::{Over, Wire, stateless, text};

#[derive(Default)]
struct Runs(AtomicUsize);

impl Runs {
    fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Orders something, which takes a second.
#[mcp::tool(idempotency = "request_id")]
async fn order(request_id: Option<String>, article: u32, runs: State<Runs>) -> String {
    let number = runs.next();
    tokio::time::sleep(Duration::from_secs(1)).await;
    format!("order {number} of {article}, {}", request_id.unwrap_or_default())
}

/// Has no key of its own.
#[mcp::tool]
async fn count(runs: State<Runs>) -> usize {
    runs.next()
}

/// Fails in a way that is chosen.
#[mcp::tool(idempotency = "key", timeout = "5s")]
async fn fails(key: u64, how: String, runs: State<Runs>) -> Result<String, ToolError> {
    let _ = key;
    let number = runs.next();
    Err(match how.as_str() {
        "transient" => ToolError::transient(format!("busy {number}")),
        "input" => ToolError::invalid_input(format!("no such thing {number}")),
        "fatal" => ToolError::fatal(format!("closed {number}")),
        "panic" => panic!("told to"),
        _ => std::future::pending().await,
    })
}

/// Fails without a word about why.
#[mcp::tool(idempotency = "key")]
async fn breaks(key: String, runs: State<Runs>) -> Result<String, String> {
    let _ = key;
    Err(format!("broken {}", runs.next()))
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Sure {
    sure: bool,
}

/// Asks before it pays.
#[mcp::tool(idempotency = "key")]
async fn pay(key: String, cx: Context, runs: State<Runs>) -> Result<String, ToolError> {
    let _ = key;
    let Sure { sure } = cx.elicit("Sure?").key("sure").await?;
    Ok(format!("paid {} {sure}", runs.next()))
}

/// Gives some of everything.
#[mcp::tool(idempotency = "key")]
async fn much(key: String, runs: State<Runs>) -> WithMeta<Vec<Content>> {
    let _ = key;
    let content = vec![
        Content::text(format!("\"\u{1F980}\" {}", runs.next())),
        Image::png(b"\x89PNG").into(),
        Audio::new(b"RIFF", "audio/wav").into(),
        Link::new("docs://x", "x").title("X").mime("text/plain").into(),
        mcp::ResourceContents::bytes(vec![0, 255]).uri("docs://y").mime("x/y").into(),
    ];
    WithMeta::new(content).meta("com.example/cost", 3)
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Receipt {
    number: usize,
}

/// Gives something structured.
#[mcp::tool(idempotency = "key")]
async fn receipt(key: String, runs: State<Runs>) -> Json<Receipt> {
    let _ = key;
    Json(Receipt { number: runs.next() })
}

/// Gives much text.
#[mcp::tool(idempotency = "key")]
async fn long(key: String, bytes: usize, runs: State<Runs>) -> String {
    let _ = key;
    runs.next();
    "x".repeat(bytes)
}

fn builder() -> ServerBuilder {
    mcp::server!().only(module_path!()).state(Runs::default()).rate_limits(RateLimits::none())
}

fn server() -> Server {
    builder().build().unwrap()
}

fn runs(server: &Server) -> usize {
    server.state::<Runs>().unwrap().0.load(Ordering::SeqCst)
}

/// What a tool says of it, without saying whether it was said before.
async fn call(server: &Server, tool: &str, arguments: Value) -> (String, bool) {
    let result = Client::stateless(server).call(tool, arguments).await.unwrap();
    (result.text(), result.raw()["_meta"]["idempotentReplay"] == true)
}

fn replayed(text: &str) -> (String, bool) {
    (text.to_owned(), true)
}

fn fresh(text: &str) -> (String, bool) {
    (text.to_owned(), false)
}

#[tokio::test(start_paused = true)]
async fn a_hundred_calls_with_one_key_at_once_are_one_call() {
    let server = server();
    let calls = (0..100).map(|_| {
        let server = server.clone();
        tokio::spawn(async move { call(&server, "order", json!({"request_id": "a", "article": 7})).await })
    });
    let calls: Vec<_> = calls.collect();
    let begun = Instant::now();
    let mut fresh = 0;
    for call in calls {
        let (text, replayed) = call.await.unwrap();
        assert_eq!(text, "order 1 of 7, a");
        fresh += usize::from(!replayed);
    }
    assert_eq!((runs(&server), fresh, begun.elapsed().as_secs()), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_comes_again_gets_the_same_result_until_its_time_is_over() {
    let server = builder().idempotency(Idempotency::new().keep(Duration::from_secs(60))).build().unwrap();
    let arguments = json!({"request_id": "a", "article": 7});
    assert_eq!(call(&server, "order", arguments.clone()).await, fresh("order 1 of 7, a"));
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(call(&server, "order", arguments.clone()).await, replayed("order 1 of 7, a"));
    let stateful = Client::stateful(&server).await.unwrap();
    assert_eq!(stateful.call("order", arguments.clone()).await.unwrap().text(), "order 1 of 7, a");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(call(&server, "order", arguments).await, fresh("order 2 of 7, a"));
    assert_eq!(call(&server, "order", json!({"article": 7})).await, fresh("order 3 of 7, "));
    let absent = json!({"article": 7, "request_id": null});
    assert_eq!(call(&server, "order", absent).await, fresh("order 4 of 7, "));
}

#[tokio::test(start_paused = true)]
async fn a_key_with_other_arguments_is_refused_and_the_same_written_otherwise_is_not() {
    let server = server();
    let first = tokio::spawn({
        let server = server.clone();
        async move { call(&server, "order", json!({"request_id": "a", "article": 7})).await }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    for _ in 0..2 {
        let other =
            Client::stateless(&server).call("order", json!({"request_id": "a", "article": 8})).await.unwrap();
        assert!(other.is_error());
        assert!(other.text().contains("with this key and other arguments before"), "{}", other.text());
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    first.await.unwrap();
    let peer = Peer::connection();
    let written = br#"{ "jsonrpc":"2.0", "id":1, "method":"tools/call", "params":{ "name":"order",
        "arguments":{ "article" : 7, "request\u005fid":"\u0061" },
        "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
    let reply = server.handle(written, &peer).next().await.unwrap();
    let answer: Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(text(&answer), "order 1 of 7, a");
    assert_eq!(runs(&server), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_of_one_caller_mean_nothing_for_another_nor_those_of_one_tool() {
    let server = server();
    let arguments = json!({"request_id": "a", "article": 7});
    let of =
        |issuer: &str, subject: &str| Client::stateless(&server).principal(Principal::new(issuer, subject));
    for (nth, client) in
        [of("i", "ada"), of("i", "bob"), of("j", "ada"), Client::stateless(&server)].iter().enumerate()
    {
        let result = client.call("order", arguments.clone()).await.unwrap();
        assert_eq!(result.text(), format!("order {} of 7, a", nth + 1));
    }
    for (nth, address) in ["192.0.2.1", "192.0.2.2"].into_iter().enumerate() {
        let peer = Peer::connection().address(address.parse().unwrap());
        let message =
            stateless(1, "tools/call", json!({"name": "order", "arguments": arguments})).to_string();
        for _ in 0..2 {
            let reply = server.handle(message.as_bytes(), &peer).next().await.unwrap();
            let answer: Value = serde_json::from_slice(reply.body()).unwrap();
            assert_eq!(text(&answer), format!("order {} of 7, a", nth + 5));
        }
    }
    assert_eq!(call(&server, "breaks", json!({"key": "a"})).await, fresh("broken 7"));
}

#[tokio::test(start_paused = true)]
async fn a_client_may_name_a_call_of_any_tool_in_meta() {
    let server = server();
    let mut wire = Wire::connect_to(Over::Memory, &server).await;
    let keyed = |id: u32, key: &str| {
        let params = json!({"name": "count", "arguments": {}, "_meta": {"idempotencyKey": key}});
        stateless(id, "tools/call", params)
    };
    for (id, key, count) in [(1, "a", "1"), (2, "a", "1"), (3, "b", "2"), (4, "a", "1")] {
        wire.send(keyed(id, key)).await;
        assert_eq!(text(&wire.answer(&json!(id)).await), count);
    }
    for (id, key) in [(5, String::new()), (6, "k".repeat(257))] {
        wire.send(keyed(id, &key)).await;
        assert!(text(&wire.answer(&json!(id)).await).contains("the key of a call has 1 to 256 bytes"));
    }
    // What is no text is no key.
    let params = json!({"name": "count", "arguments": {}, "_meta": {"idempotencyKey": {"a": 1}}});
    assert_eq!(text(&wire.ask(7, "tools/call", params).await), "3");
    // In a session, too.
    wire.initialize().await;
    let params = json!({"name": "count", "arguments": {}, "_meta": {"idempotencyKey": "b"}});
    assert_eq!(text(&wire.ask_in_session(8, "tools/call", params).await), "2");
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_end_nobody_saw_is_not_made_again() {
    let server = server();
    let unknown = |said: &str| {
        assert!(said.contains("the outcome is unknown") && said.contains("[outcome_unknown]"), "{said}")
    };

    let cancelled = tokio::time::timeout(
        Duration::from_millis(500),
        call(&server, "order", json!({"request_id": "a", "article": 7})),
    );
    assert!(cancelled.await.is_err());
    unknown(&call(&server, "order", json!({"request_id": "a", "article": 7})).await.0);

    let late = call(&server, "fails", json!({"key": 1, "how": "hang"})).await.0;
    assert!(late.contains("took longer than 5 s"), "{late}");
    unknown(&call(&server, "fails", json!({"key": 1, "how": "hang"})).await.0);

    let panicked = call(&server, "fails", json!({"key": 2, "how": "panic"})).await.0;
    assert!(panicked.contains("the server failed"), "{panicked}");
    unknown(&call(&server, "fails", json!({"key": 2, "how": "panic"})).await.0);
    assert_eq!(runs(&server), 3);

    // Whoever waited for it is told, and does not make it himself.
    let first = tokio::spawn({
        let server = server.clone();
        async move { call(&server, "order", json!({"request_id": "b", "article": 7})).await }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    let second = tokio::spawn({
        let server = server.clone();
        async move { call(&server, "order", json!({"request_id": "b", "article": 7})).await }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    first.abort();
    unknown(&second.await.unwrap().0);
    assert_eq!(runs(&server), 4);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_done_may_be_sent_again_and_what_failed_for_good_may_not() {
    let server = server();
    for n in 1..=2 {
        let busy = call(&server, "fails", json!({"key": 1, "how": "transient"})).await.0;
        assert!(busy.starts_with(&format!("busy {n}")), "{busy}");
    }
    for n in 3..=4 {
        let wrong = call(&server, "fails", json!({"key": 2, "how": "input"})).await;
        assert_eq!(wrong, fresh(&format!("no such thing {n}")));
    }
    assert!(call(&server, "fails", json!({"key": 3})).await.0.contains("\"how\" is missing"));
    for again in [false, true] {
        let closed = call(&server, "fails", json!({"key": 3, "how": "fatal"})).await;
        assert_eq!(closed, ("closed 5 (trying again will not help)".to_owned(), again));
    }
    for again in [false, true] {
        let result = Client::stateless(&server).call("breaks", json!({"key": "x"})).await.unwrap();
        assert!(result.is_error());
        assert_eq!(
            (result.text(), result.raw()["_meta"]["idempotentReplay"] == true),
            ("broken 6".into(), again)
        );
    }
}

#[tokio::test]
async fn a_call_that_asks_its_client_is_made_when_it_has_the_answer() {
    let server = server();
    let mut wire = Wire::connect_to(Over::Memory, &server).await;
    let params = json!({"name": "pay", "arguments": {"key": "a"}, "_meta": {
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
    }});
    let asked = wire.ask(1, "tools/call", params.clone()).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let mut answered = params.clone();
    answered["requestState"] = asked["result"]["requestState"].clone();
    answered["inputResponses"] = json!({"sure": {"action": "accept", "content": {"sure": true}}});
    assert_eq!(text(&wire.ask(2, "tools/call", answered.clone()).await), "paid 1 true");
    assert_eq!(text(&wire.ask(3, "tools/call", answered).await), "paid 1 true");
    assert_eq!(text(&wire.ask(4, "tools/call", params).await), "paid 1 true");
    assert_eq!(runs(&server), 1);
}

#[tokio::test]
async fn a_result_of_any_kind_is_the_same_when_it_comes_again() {
    let server = server();
    for (tool, client) in
        [("much", Client::stateless(&server)), ("receipt", Client::stateful(&server).await.unwrap())]
    {
        let first = client.call(tool, json!({"key": "a"})).await.unwrap().raw().clone();
        let mut again = client.call(tool, json!({"key": "a"})).await.unwrap().raw().clone();
        let meta = again["_meta"].as_object_mut().unwrap();
        assert_eq!(meta.remove("idempotentReplay"), Some(json!(true)));
        if meta.is_empty() {
            again.as_object_mut().unwrap().remove("_meta");
        }
        assert_eq!(again, first);
    }
    assert_eq!(runs(&server), 2);
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_room_nothing_is_forgotten_and_newcomers_are_told_when_to_come_back() {
    let idempotency = Idempotency::new().most(20).keep(Duration::from_secs(100));
    let server = builder().idempotency(idempotency).build().unwrap();
    let of = |subject: String| Client::stateless(&server).principal(Principal::new("i", subject));
    let key = |key: usize| json!({"key": key.to_string()});
    // Two keys are a tenth.
    for nth in 0..2 {
        assert!(
            of("greedy".into()).call("receipt", key(nth)).await.unwrap().raw()["structuredContent"]
                .is_object()
        );
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let refused = of("greedy".into()).call("receipt", key(2)).await.unwrap();
    assert!(refused.text().contains("there is no room for another key"), "{}", refused.text());
    assert_eq!(refused.raw()["_meta"]["retryAfter"], 80);
    for nth in 0..18 {
        assert!(!of(format!("caller {nth}")).call("receipt", key(0)).await.unwrap().is_error());
    }
    for nth in 0..1000 {
        assert!(of(format!("flood {nth}")).call("receipt", key(0)).await.unwrap().is_error());
    }
    assert_eq!(of("greedy".into()).call("receipt", key(1)).await.unwrap().text(), "{\"number\":2}");
    assert_eq!(runs(&server), 20);
    tokio::time::sleep(Duration::from_secs(80)).await;
    assert!(!of("flood 1".into()).call("receipt", key(0)).await.unwrap().is_error());
    assert!(of("flood 2".into()).call("receipt", key(0)).await.unwrap().is_error());
}

#[tokio::test]
async fn a_result_that_is_too_long_to_be_kept_is_not_made_again() {
    let server = builder().idempotency(Idempotency::new().result_bytes(1000)).build().unwrap();
    assert_eq!(call(&server, "long", json!({"key": "a", "bytes": 2000})).await.0.len(), 2000);
    let said = call(&server, "long", json!({"key": "a", "bytes": 2000})).await.0;
    assert!(said.contains("[result_not_kept]"), "{said}");
    assert_eq!(call(&server, "long", json!({"key": "b", "bytes": 100})).await.0.len(), 100);
    assert_eq!(call(&server, "long", json!({"key": "b", "bytes": 100})).await.0.len(), 100);
    assert_eq!(runs(&server), 2);
}

#[test]
fn what_holds_where_nothing_is_said_is_this() {
    let said = format!("{:?}", Idempotency::default());
    assert_eq!(said, "Idempotency { keep: 3600s, lease: 60s, most: 100000, bytes: 67108864, store: None }");
}

/// A store that machines share; it takes its time, and may be out of order.
#[derive(Debug, Clone, Default)]
struct Far(Arc<FarInside>);

#[derive(Debug, Default)]
struct FarInside {
    held: Mutex<HashMap<String, Row>>,
    renewed: AtomicUsize,
    down: AtomicBool,
}

/// Digest, owner, lease and end of a key.
type Row = (u64, String, Lease, Option<Ended>);

/// When a lease is over.
#[derive(Debug, Clone, Copy)]
struct Lease(Instant);

impl Far {
    async fn turn(&self) -> Result<(), BoxError> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        if self.0.down.load(Ordering::SeqCst) { Err("connection refused".into()) } else { Ok(()) }
    }
}

impl IdempotencyStore for Far {
    fn claim<'a>(&'a self, key: &'a str, claim: Claim<'a>) -> BoxFuture<'a, Result<Found, BoxError>> {
        Box::pin(async move {
            self.turn().await?;
            let mut held = self.0.held.lock().unwrap();
            Ok(match held.get(key).cloned() {
                None => {
                    let lease = Lease(Instant::now() + claim.lease);
                    held.insert(key.into(), (claim.digest, claim.owner.into(), lease, None));
                    Found::Claimed
                }
                Some((digest, _, _, Some(ended))) => Found::Ended { digest, ended },
                Some((digest, _, lease, None)) if lease.0 < Instant::now() => Found::Unknown { digest },
                Some((digest, ..)) => Found::AtWork { digest },
            })
        })
    }

    fn renew<'a>(&'a self, key: &'a str, claim: Claim<'a>) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.turn().await?;
            if let Some(held) = self.0.held.lock().unwrap().get_mut(key).filter(|held| held.1 == claim.owner)
            {
                held.2 = Lease(Instant::now() + claim.lease);
                self.0.renewed.fetch_add(1, Ordering::SeqCst);
            }
            Ok(())
        })
    }

    fn finish<'a>(
        &'a self,
        key: &'a str,
        claim: Claim<'a>,
        ended: Ended,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.turn().await?;
            let mut held = self.0.held.lock().unwrap();
            if ended == Ended::NotDone {
                held.remove(key);
            } else if let Some(held) = held.get_mut(key).filter(|held| held.1 == claim.owner) {
                held.3 = Some(ended);
            }
            Ok(())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn two_machines_with_one_store_make_a_call_once() {
    let far = Far::default();
    let machine = || builder().idempotency(Idempotency::new().store(far.clone())).build().unwrap();
    let (one, other) = (machine(), machine());
    let arguments = json!({"request_id": "a", "article": 7});
    let (first, second) =
        tokio::join!(call(&one, "order", arguments.clone()), call(&other, "order", arguments.clone()));
    assert_eq!((&*first.0, &*second.0), ("order 1 of 7, a", "order 1 of 7, a"));
    assert_ne!(first.1, second.1);
    assert_eq!(runs(&one) + runs(&other), 1);

    // Given up on one, unknown on the other.
    let arguments = json!({"request_id": "b", "article": 7});
    let given_up = tokio::time::timeout(Duration::from_millis(500), call(&one, "order", arguments.clone()));
    assert!(given_up.await.is_err());
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(call(&other, "order", arguments).await.0.contains("the outcome is unknown"));

    // While nobody can tell what was done, nothing is.
    far.0.down.store(true, Ordering::SeqCst);
    let refused = call(&one, "order", json!({"request_id": "c", "article": 7})).await.0;
    assert!(refused.contains("it cannot be told") && refused.contains("try again in 5 s"), "{refused}");
    assert!(call(&one, "order", json!({"article": 7})).await.0.ends_with("of 7, "));
}

#[tokio::test(start_paused = true)]
async fn the_key_of_a_machine_that_has_died_is_unknown_and_that_of_one_at_work_is_not() {
    let far = Far::default();
    let machine = || {
        let idempotency = Idempotency::new().store(far.clone());
        builder()
            .timeout(Duration::from_secs(1000))
            .timeout_of("fails", Duration::MAX)
            .idempotency(idempotency)
            .build()
            .unwrap()
    };
    let (one, other) = (machine(), machine());
    let arguments = json!({"key": 9, "how": "hang"});
    let at_work = tokio::spawn({
        let (one, arguments) = (one.clone(), arguments.clone());
        async move { call(&one, "fails", arguments).await }
    });
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!(far.0.renewed.load(Ordering::SeqCst) >= 15);
    let begun = Instant::now();
    let waited = call(&other, "fails", arguments.clone()).await.0;
    assert!(waited.contains("is still at work for an earlier call"), "{waited}");
    assert_eq!(begun.elapsed().as_secs(), 60);
    at_work.abort();
    let _ = at_work.await;
    // A machine that dies says nothing any more.
    far.0.held.lock().unwrap().values_mut().for_each(|held| held.3 = None);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(call(&other, "fails", arguments).await.0.contains("the outcome is unknown"));
    assert_eq!(runs(&other), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_hold_on_every_transport() {
    let server = builder().http_sse().build().unwrap();
    for over in [Over::Memory, Over::Socket, Over::Http, Over::Sse] {
        let mut wire = Wire::connect_to(over, &server).await;
        wire.initialize().await;
        let before = runs(&server);
        let params = json!({"name": "receipt", "arguments": {"key": format!("{over:?}")}});
        let first = wire.ask_in_session(1, "tools/call", params.clone()).await;
        let again = wire.ask_in_session(2, "tools/call", params).await;
        assert_eq!(first["result"]["structuredContent"], again["result"]["structuredContent"], "{over:?}");
        assert_eq!(runs(&server), before + 1);
    }
}
