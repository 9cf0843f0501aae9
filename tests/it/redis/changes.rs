//! What changes on one machine is told to the clients of all.

use std::time::Duration;

use mcp::Server;
use mcp::testing::{Changed, Changes, Client};

use super::real::Real;
use super::two;

/// All notes.
#[mcp::resource("notes://all")]
async fn notes() -> &'static str {
    "none"
}

/// Sells.
#[mcp::tool]
async fn sell() {}

fn machines(redis: &Real) -> [Server; 2] {
    two(redis, || mcp::server!().explicit().tool::<sell>().resource::<notes>())
}

async fn next(changes: &mut Changes) -> Changed {
    tokio::time::timeout(Duration::from_secs(20), changes.next()).await.expect("nothing was told").unwrap()
}

/// Listens when the machine hears the others: at first it may have missed something, and says so.
async fn listen(server: &Server, stateless: bool) -> Changes {
    let client = if stateless { Client::stateless(server) } else { Client::stateful(server).await.unwrap() };
    let mut changes = client.listen(&["notes://all"]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    changes.seen();
    changes
}

fn everything() -> Vec<Changed> {
    vec![Changed::Tools, Changed::Prompts, Changed::Resources, Changed::Resource("notes://all".into())]
}

#[tokio::test]
async fn what_changes_on_one_machine_is_told_to_the_clients_of_the_other() {
    for stateless in [true, false] {
        let redis = Real::start().await;
        let servers = machines(&redis);
        let mut here = listen(&servers[0], stateless).await;
        let mut there = listen(&servers[1], stateless).await;
        servers[0].resource_updated("notes://all");
        assert_eq!(next(&mut there).await, Changed::Resource("notes://all".into()));
        servers[0].disable_tool("sell");
        assert_eq!(next(&mut there).await, Changed::Tools);
        servers[1].prompts_changed();
        let mut told = vec![next(&mut here).await, next(&mut here).await, next(&mut here).await];
        told.sort_by_key(|change| format!("{change:?}"));
        assert_eq!(told, [Changed::Prompts, Changed::Resource("notes://all".into()), Changed::Tools]);
        // Nobody is told twice of what he has told himself.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!((here.seen(), there.seen()), (vec![], vec![Changed::Prompts]));
    }
}

#[tokio::test]
async fn after_redis_was_away_everybody_is_told_that_something_may_have_changed() {
    let mut redis = Real::start().await;
    let servers = machines(&redis);
    let mut there = listen(&servers[1], true).await;
    redis.kill();
    servers[0].resource_updated("notes://all");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(there.seen(), []);
    redis.restart().await;
    let mut told = Vec::new();
    while told.len() < 4 {
        told.push(next(&mut there).await);
    }
    told.sort_by_key(|change| format!("{change:?}"));
    let mut all = everything();
    all.sort_by_key(|change| format!("{change:?}"));
    assert_eq!(told, all);
    // And then it is as before.
    tokio::time::sleep(Duration::from_secs(1)).await;
    there.seen();
    servers[0].tools_changed();
    assert_eq!(next(&mut there).await, Changed::Tools);
}

#[tokio::test]
async fn more_changes_than_can_be_told_are_told_as_one_and_fill_no_memory() {
    let redis = Real::start().await;
    let servers = machines(&redis);
    let mut there = listen(&servers[1], true).await;
    redis.freeze();
    for number in 0..100_000 {
        servers[0].resource_updated(format!("notes://{number}"));
    }
    servers[0].resource_updated("notes://all");
    redis.thaw();
    let mut told = Vec::new();
    while !told.contains(&Changed::Resource("notes://all".into())) {
        told.push(next(&mut there).await);
    }
}
