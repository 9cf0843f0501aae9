//! Several machines that are one server, with a real Redis.

mod calls;
mod changes;
mod handles;
mod limits;
mod machines;
mod once;
mod real;
mod secrets;
mod sessions;
mod streams;
mod tasks;

use std::net::{IpAddr, Ipv4Addr};

use mcp::redis::Redis;
use mcp::{Peer, Server, ServerBuilder, StateKey};
use serde_json::{Value, json};

use crate::wire::stateless;

fn key() -> StateKey {
    StateKey::new([7; 32])
}

/// Two machines, which have nothing in common but Redis.
fn two(redis: &real::Real, machine: impl Fn() -> ServerBuilder) -> [Server; 2] {
    [(), ()].map(|()| {
        let redis = Redis::open(&redis.address()).unwrap();
        machine().redis(redis).state_keys([key()]).build().unwrap()
    })
}

/// The answer to a call by somebody who comes over a network.
async fn call(server: &Server, tool: &str, arguments: Value) -> Value {
    let message = stateless(1, "tools/call", json!({"name": tool, "arguments": arguments})).to_string();
    let peer = Peer::connection().address(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let mut replies = server.handle(message.as_bytes(), &peer);
    loop {
        let reply = replies.next().await.expect("a call has an answer");
        if reply.is_last() {
            return serde_json::from_slice(reply.body()).unwrap();
        }
    }
}
