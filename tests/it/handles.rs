//! What a server keeps between the calls of a client that carries nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp::{
    BoxError, BoxFuture, Handle, HandleRules, HandleStore, Handles, Keeping, Peer, Principal, Room, Server,
    ToolError,
};
use serde_json::{Value, json};

use crate::wire::{stateless, text};

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Basket {
    items: Vec<String>,
}

/// Opens a basket.
#[mcp::tool]
async fn open_basket(baskets: Handles<Basket>) -> Result<Handle, ToolError> {
    baskets.put(Basket::default()).await
}

/// Puts something into a basket.
#[mcp::tool]
async fn put_in(basket: Handle, item: String, baskets: Handles<Basket>) -> Result<String, ToolError> {
    let mut found = baskets.made_by("open_basket").get(&basket).await?;
    found.items.push(item);
    let said = found.items.join(", ");
    baskets.replace(&basket, found).await?;
    Ok(said)
}

/// Takes a basket away.
#[mcp::tool]
async fn empty(basket: Handle, baskets: Handles<Basket>) -> Result<usize, ToolError> {
    Ok(baskets.take(&basket).await?.items.len())
}

/// Takes it for something else.
#[mcp::tool]
async fn confused(basket: Handle, others: Handles<Value>) -> Result<String, ToolError> {
    Ok(others.get(&basket).await?.to_string())
}

fn builder() -> mcp::ServerBuilder {
    mcp::server!().only(module_path!())
}

fn peer(name: &str) -> Peer {
    Peer::connection().principal(Principal::new("https://issuer.example", name))
}

async fn call(server: &Server, peer: &Peer, tool: &str, arguments: Value) -> Value {
    let message = stateless(1, "tools/call", json!({"name": tool, "arguments": arguments})).to_string();
    let reply = server.handle(message.as_bytes(), peer).next().await.unwrap();
    serde_json::from_slice::<Value>(reply.body()).unwrap()
}

async fn opened(server: &Server, peer: &Peer) -> String {
    text(&call(server, peer, "open_basket", json!({})).await).to_owned()
}

async fn put(server: &Server, peer: &Peer, basket: &str, item: &str) -> String {
    text(&call(server, peer, "put_in", json!({"basket": basket, "item": item})).await).to_owned()
}

const UNKNOWN: &str = "there is no such handle: it may have expired; call open_basket to get a new one";

#[tokio::test]
async fn what_was_put_is_found_by_the_next_call() {
    let server = builder().build().unwrap();
    let ada = peer("ada");
    let basket = opened(&server, &ada).await;
    assert!(basket.starts_with("h_") && basket.len() == 29, "{basket}");
    assert_ne!(basket, opened(&server, &ada).await);
    assert_eq!(put(&server, &ada, &basket, "tea").await, "tea");
    assert_eq!(put(&server, &ada, &basket, "milk").await, "tea, milk");
    assert_eq!(text(&call(&server, &ada, "empty", json!({"basket": basket})).await), "2");
    assert!(put(&server, &ada, &basket, "tea").await.contains(UNKNOWN));
}

#[tokio::test]
async fn somebody_elses_handle_is_told_from_none_by_nobody() {
    let server = builder().build().unwrap();
    let (ada, bob) = (peer("ada"), peer("bob"));
    let basket = opened(&server, &ada).await;
    let foreign = put(&server, &bob, &basket, "tea").await;
    assert_eq!(foreign, put(&server, &bob, "h_AAAAAAAAAAAAAAAAAAAAAAAAAAA", "tea").await);
    assert_eq!(foreign, put(&server, &bob, "nonsense", "tea").await);
    assert_eq!(foreign, put(&server, &bob, &"h".repeat(10_000), "tea").await);
    assert!(foreign.contains(UNKNOWN), "{foreign}");
    let anonymous = put(&server, &Peer::connection(), &basket, "tea").await;
    assert_eq!(anonymous, foreign);
    let other_client = Principal::new("https://issuer.example", "ada").with_client("another");
    let other_client = Peer::connection().principal(other_client);
    assert_eq!(put(&server, &other_client, &basket, "tea").await, foreign);
    let confused = call(&server, &ada, "confused", json!({"basket": basket})).await;
    let confused = text(&confused);
    assert!(confused.contains("no such handle"), "{confused}");
    assert_eq!(put(&server, &ada, &basket, "tea").await, "tea");
}

#[tokio::test(start_paused = true)]
async fn a_handle_holds_for_a_time_since_its_value_was_put() {
    let server = builder().handles(HandleRules::new().keep(Duration::from_secs(600))).build().unwrap();
    let ada = peer("ada");
    let basket = opened(&server, &ada).await;
    for item in ["a", "b", "c"] {
        tokio::time::advance(Duration::from_secs(599)).await;
        assert!(put(&server, &ada, &basket, item).await.ends_with(item));
    }
    tokio::time::advance(Duration::from_secs(601)).await;
    assert!(put(&server, &ada, &basket, "d").await.contains(UNKNOWN));
}

/// A store that everybody can look into.
#[derive(Clone, Default)]
struct Shared {
    kept: Arc<Mutex<std::collections::HashMap<String, String>>>,
    broken: bool,
}

impl HandleStore for Shared {
    fn put<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        keeping: Keeping<'a>,
    ) -> BoxFuture<'a, Result<Room, BoxError>> {
        assert!(!keeping.owner.contains("ada"), "who it is is nobody's business");
        if self.broken {
            return Box::pin(async { Err("connection refused to 10.0.0.7".into()) });
        }
        self.kept.lock().unwrap().insert(key.into(), value.into());
        Box::pin(async { Ok(Room::Kept) })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        let found = self.kept.lock().unwrap().get(key).cloned();
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(found)
        })
    }

    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
        let removed = self.kept.lock().unwrap().remove(key);
        Box::pin(async move { Ok(removed.is_some()) })
    }
}

#[tokio::test]
async fn replicas_share_a_store_and_whoever_reads_it_learns_nothing() {
    let key: mcp::StateKey = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=".parse().unwrap();
    let store = Shared::default();
    let replica = || {
        builder().state_keys([key.clone()]).handles(HandleRules::new().store(store.clone())).build().unwrap()
    };
    let (one, other, ada) = (replica(), replica(), peer("ada"));
    let basket = opened(&one, &ada).await;
    assert_eq!(put(&one, &ada, &basket, "marker-7321").await, "marker-7321");
    assert_eq!(put(&other, &ada, &basket, "tea").await, "marker-7321, tea");
    let kept = store.kept.lock().unwrap().clone();
    assert!(kept.values().all(|value| !value.contains("marker") && !value.contains("ada")), "{kept:?}");
    // What stands under another key is not taken for what stands under this one.
    let second = opened(&one, &ada).await;
    {
        let mut kept = store.kept.lock().unwrap();
        let first = kept[&basket].clone();
        kept.insert(second.clone(), first);
    }
    assert!(put(&one, &ada, &second, "x").await.contains(UNKNOWN));
}

#[tokio::test]
async fn of_two_calls_that_take_a_value_one_gets_it() {
    let key: mcp::StateKey = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=".parse().unwrap();
    let store = Shared::default();
    let replica = || {
        builder().state_keys([key.clone()]).handles(HandleRules::new().store(store.clone())).build().unwrap()
    };
    let (one, other, ada, again) = (replica(), replica(), peer("ada"), peer("ada"));
    let arguments = json!({"basket": opened(&one, &ada).await});
    let (one, other) =
        tokio::join!(call(&one, &ada, "empty", arguments.clone()), call(&other, &again, "empty", arguments));
    let got = [text(&one), text(&other)];
    assert!(got.contains(&"0") && got.iter().any(|said| said.contains("no such handle")), "{got:?}");
}

#[tokio::test]
async fn a_store_that_is_out_of_reach_is_a_reason_to_come_back() {
    let store = Shared { broken: true, ..Shared::default() };
    let server = builder().handles(HandleRules::new().store(store)).build().unwrap();
    let answer = call(&server, &peer("ada"), "open_basket", json!({})).await;
    assert_eq!(answer["result"]["isError"], true);
    let said = text(&answer);
    assert!(said.contains("out of reach") && !said.contains("10.0.0.7"), "{said}");
}

#[tokio::test]
async fn one_caller_takes_no_room_of_another() {
    let server = builder().handles(HandleRules::new().most(4).per_caller(2)).build().unwrap();
    let (ada, bob) = (peer("ada"), peer("bob"));
    let bobs = opened(&server, &bob).await;
    let oldest = opened(&server, &ada).await;
    for _ in 0..10 {
        opened(&server, &ada).await;
    }
    assert_eq!(put(&server, &bob, &bobs, "tea").await, "tea");
    assert!(put(&server, &ada, &oldest, "tea").await.contains(UNKNOWN));
}

#[test]
fn a_handle_is_a_text_that_no_log_has_whole() {
    let server = builder().build().unwrap();
    let catalogue = serde_json::to_value(server.catalogue()).unwrap();
    let tools = catalogue["tools"].as_array().unwrap();
    let tool = tools.iter().find(|tool| tool["name"] == "put_in").unwrap();
    assert_eq!(tool["inputSchema"]["properties"]["basket"]["type"], "string");
    let handle: Handle = serde_json::from_str("\"h_abcdefghijklmnop\"").unwrap();
    assert_eq!(format!("{handle:?}"), "Handle(h_abcd…)");
}
