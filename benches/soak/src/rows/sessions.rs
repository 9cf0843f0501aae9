//! Very many sessions of stateful clients.

use crate::http::head;
use crate::process::Http;
use crate::{Row, row};

const HELLO: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"soak","version":"1"}}}"#;

pub async fn rows() -> Vec<Row> {
    let server = Http::start().await;
    let mut connection = server.connect().await;
    let hello = head("", HELLO.len()) + HELLO;
    let mut begin = async || {
        connection.write(&hello).await.ok()?;
        connection.read().await.ok()?.session
    };
    // What the first ones bring along is not theirs.
    for _ in 0..100 {
        begin().await;
    }
    let before = server.process.memory();
    let mut begun = 0;
    for _ in 0..9900 {
        begun += u64::from(begin().await.is_some());
    }
    let each = (server.process.memory() - before) / 9900;
    let mut beyond = 0;
    for _ in 0..2000 {
        beyond += u64::from(begin().await.is_some());
    }
    vec![
        row(
            "sessions, HTTP",
            "10,000 held, under 16 KiB each",
            format!("{} begun, {each} bytes each", begun + 100),
            begun == 9900 && each < 16 << 10,
        ),
        row(
            "sessions beyond the limit",
            "the idlest ends, nobody is refused",
            format!("{beyond} of 2,000 more begun"),
            beyond == 2000,
        ),
    ]
}
