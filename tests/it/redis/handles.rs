//! What stands behind a handle is read by all machines, and so is the rest of a result that was cut.

use std::time::{Duration, Instant};

use mcp::redis::Redis;
use mcp::{Handle, HandleRules, HandleStore, Handles, Keeping, Peer, Principal, Room, Server, ToolError};
use serde_json::{Value, json};

use super::real::Real;
use super::two;
use crate::wire::{stateless, text};

/// Notes something.
#[mcp::tool]
async fn note(text: String, notes: Handles<String>) -> Result<Handle, ToolError> {
    notes.put(text).await
}

/// What was noted.
#[mcp::tool]
async fn noted(note: Handle, notes: Handles<String>) -> Result<String, ToolError> {
    notes.made_by("note").get(&note).await
}

/// What was noted, for the last time.
#[mcp::tool]
async fn take(note: Handle, notes: Handles<String>) -> Result<String, ToolError> {
    notes.made_by("note").take(&note).await
}

/// Gives much.
#[mcp::tool]
async fn much() -> String {
    "0123456789".repeat(250)
}

fn machines(redis: &Real, rules: &HandleRules) -> [Server; 2] {
    two(redis, || {
        let builder = mcp::server!().explicit().tool::<note>().tool::<noted>().tool::<take>().tool::<much>();
        builder.handles(rules.clone()).cut_results(1000, true)
    })
}

async fn call(server: &Server, who: &str, tool: &str, arguments: Value) -> Value {
    let message = stateless(1, "tools/call", json!({"name": tool, "arguments": arguments})).to_string();
    let peer = Peer::connection().principal(Principal::new("https://issuer.example", who));
    let reply = server.handle(message.as_bytes(), &peer).next().await.unwrap();
    serde_json::from_slice(reply.body()).unwrap()
}

async fn made(server: &Server, who: &str, said: &str) -> String {
    text(&call(server, who, "note", json!({"text": said})).await).to_owned()
}

async fn read(server: &Server, who: &str, note: &str) -> String {
    text(&call(server, who, "noted", json!({"note": note})).await).to_owned()
}

#[tokio::test]
async fn a_handle_of_one_machine_is_read_by_the_other_and_by_its_caller_only() {
    let redis = Real::start().await;
    let servers = machines(&redis, &HandleRules::new());
    let note = made(&servers[0], "ada", "marker-7321").await;
    assert_eq!(read(&servers[1], "ada", &note).await, "marker-7321");
    assert!(read(&servers[1], "bob", &note).await.contains("no such handle"));
    let kept = redis.say(&format!("HGETALL mcp:handle:{note}")).await.unwrap();
    assert!(kept.len() > 60 && !kept.contains("marker") && !kept.contains("ada"), "{kept}");
    assert_eq!(text(&call(&servers[1], "ada", "take", json!({"note": note})).await), "marker-7321");
    assert!(read(&servers[0], "ada", &note).await.contains("call note to get a new one"));
}

#[tokio::test]
async fn the_rest_of_a_result_that_one_machine_cut_is_read_by_the_other() {
    let redis = Real::start().await;
    let servers = machines(&redis, &HandleRules::new());
    let answer = call(&servers[0], "ada", "much", json!({})).await;
    let content = answer["result"]["content"].as_array().unwrap();
    let said = content[1]["text"].as_str().unwrap();
    let id = said.split("\"id\": \"").nth(1).unwrap().split('"').next().unwrap();
    let mut whole = text(&answer).to_owned();
    for part in 1..=2 {
        let arguments = json!({"id": id, "part": part});
        let foreign = call(&servers[1], "bob", "read_result", arguments.clone()).await;
        assert_eq!(foreign["result"]["isError"], true, "{foreign}");
        whole.push_str(text(&call(&servers[1], "ada", "read_result", arguments).await));
    }
    assert_eq!(whole, "0123456789".repeat(250));
}

#[tokio::test]
async fn a_caller_makes_room_at_his_own_cost_on_all_machines_together() {
    let redis = Real::start().await;
    let servers = machines(&redis, &HandleRules::new().per_caller(3));
    let bobs = made(&servers[0], "bob", "bob's").await;
    let mut notes = Vec::new();
    for number in 0..7 {
        notes.push(made(&servers[number % 2], "ada", &number.to_string()).await);
        // Redis tells what is older by the millisecond.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    for (number, note) in notes.iter().enumerate() {
        let found = read(&servers[0], "ada", note).await;
        let expected = if number < 4 { "no such handle".to_owned() } else { number.to_string() };
        assert!(found.contains(&expected), "{number}: {found}");
    }
    assert_eq!(read(&servers[1], "bob", &bobs).await, "bob's");
}

#[tokio::test]
async fn the_values_of_a_caller_have_so_many_bytes_together_and_what_is_forgotten_is_counted_no_more() {
    let real = Real::start().await;
    let redis = Redis::open(&real.address()).unwrap().timeout(Duration::from_secs(20));
    let keeping = |owner| Keeping::new(owner, Duration::from_secs(60));
    let large = "x".repeat(4 << 20);
    for number in 0..6 {
        assert_eq!(redis.put(&format!("k{number}"), &large, keeping("ada")).await.unwrap(), Room::Kept);
        // Twice is once.
        assert_eq!(redis.put(&format!("k{number}"), &large, keeping("ada")).await.unwrap(), Room::Kept);
    }
    for number in 0..6 {
        let found = redis.get(&format!("k{number}")).await.unwrap();
        assert_eq!(found.is_some(), number >= 2, "{number}");
    }
    assert_eq!(redis.put("k9", &format!("{large}x"), keeping("bob")).await.unwrap(), Room::Full);
    for number in 0..6 {
        redis.remove(&format!("k{number}")).await.unwrap();
    }
    assert_eq!(real.say("HGET mcp:handle-sizes-of:ada \"\"").await.unwrap(), "$1\r\n0\r\n");
    let shortly = Keeping::new("ada", Duration::from_millis(50));
    redis.put("a", "1", shortly).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(redis.get("a").await.unwrap(), None);
    let left = real.say("EXISTS mcp:handle:a mcp:handles-of:ada mcp:handle-sizes-of:ada").await.unwrap();
    assert_eq!(left, ":0\r\n");
}

#[tokio::test]
async fn without_redis_a_handle_is_a_reason_to_come_back() {
    let mut redis = Real::start().await;
    let servers = machines(&redis, &HandleRules::new());
    let note = made(&servers[0], "ada", "tea").await;
    redis.kill();
    let begun = Instant::now();
    for _ in 0..5 {
        for (tool, arguments) in [("note", json!({"text": "x"})), ("noted", json!({"note": note}))] {
            let answer = call(&servers[0], "ada", tool, arguments).await;
            assert_eq!(answer["result"]["isError"], true);
            assert!(text(&answer).contains("out of reach"), "{answer}");
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let cut = call(&servers[0], "ada", "much", json!({})).await;
    assert!(cut.to_string().contains("the rest could not be kept"), "{cut}");
    redis.restart().await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(made(&servers[1], "ada", "milk").await.starts_with("h_"));
}

#[tokio::test]
async fn a_redis_without_memory_has_no_room() {
    let real = Real::start().await;
    let servers = machines(&real, &HandleRules::new());
    real.say("CONFIG SET maxmemory 1").await.unwrap();
    let answer = call(&servers[0], "ada", "note", json!({"text": "tea"})).await;
    assert!(text(&answer).contains("keeps too much"), "{answer}");
    assert_eq!(real.say("DBSIZE").await.unwrap(), ":0\r\n");
}
