//! One message on a connection: what is taken is JSON by `serde_json` too, and what wants an answer has one.

use std::sync::LazyLock;

use mcp::{Peer, ReplyKind, Server};
use serde::de::IgnoredAny;

use super::ready::{Seen, all, checked, id_of, wait};

/// Gives back what it is told.
#[mcp::tool]
async fn echo(text: String, times: Option<u8>) -> String {
    text.repeat(times.unwrap_or(1).into())
}

static SERVER: LazyLock<Server> = LazyLock::new(|| mcp::server!().explicit().tool::<echo>().build().unwrap());

pub fn run(data: &[u8]) {
    let said = wait(async { all(SERVER.handle(data, &Peer::connection())).await });
    for reply in &said {
        checked(reply);
    }
    let responses: Vec<_> = said.iter().filter(|reply| reply.kind() == ReplyKind::Response).collect();
    assert!(responses.len() <= 1, "one message has {} answers", responses.len());
    let unparsable = responses
        .first()
        .is_some_and(|reply| id_of(reply).is_none() && reply.body().windows(6).any(|code| code == b"-32700"));
    let is_json =
        std::str::from_utf8(data).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    assert!(!(unparsable && is_json), "this is JSON");
    // What nests too deep is refused there, whatever comes behind.
    let refused =
        responses.first().is_some_and(|reply| reply.body().windows(8).any(|name| name == b"\"error\":"));
    assert!(is_json || refused, "this is no JSON");
    let Some(seen) = Seen::of(data).filter(|_| is_json) else { return };
    if let Some(id) = seen.wants() {
        // Streams of changes have no end, and so no response here.
        let listens = seen.method.is_some_and(|method| method.get().contains("listen"));
        match responses.first() {
            Some(response) => assert_eq!(id_of(response), Some(id), "the answer is to another id"),
            None => assert!(listens, "nobody answers {id}"),
        }
    }
}
