//! A mebibyte of anything takes no long time.

use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use mcp::{Peer, Server};

use crate::{Row, row};

/// Adds.
#[mcp::tool(read_only)]
async fn plus(a: i64, b: Option<Vec<i64>>) -> i64 {
    a + b.map_or(0, |b| b.iter().sum())
}

#[mcp::resource("soak://{a}-{+b}--{c}{?d}")]
/// A template.
async fn template(a: String, b: String, c: String, d: Option<String>) -> String {
    [a, b, c, d.unwrap_or_default()].concat()
}

const SIZE: usize = 1 << 20;

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let params = |inside: String| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"plus","_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{{}}}},{inside}}}}}"#
        )
    };
    let read = |uri: String| {
        params(format!(r#""uri":"{uri}""#))
            .replace("tools/call", "resources/read")
            .replace(r#""name":"plus","#, "")
    };
    let members = |count: usize, name: &dyn Fn(usize) -> String| {
        (0..count).map(|at| format!(r#""{}":1"#, name(at))).collect::<Vec<_>>().join(",")
    };
    let texts = vec![
        ("spaces", " ".repeat(SIZE)),
        ("open arrays", "[".repeat(SIZE)),
        ("open objects", r#"{"a":"#.repeat(SIZE / 5)),
        ("quotes", "\"".repeat(SIZE)),
        ("one long text", params(format!(r#""arguments":{{"a":"{}"}}"#, "x".repeat(SIZE)))),
        ("escapes", params(format!(r#""arguments":{{"a":"{}"}}"#, r"\u0041".repeat(SIZE / 6)))),
        ("lone surrogates", params(format!(r#""arguments":{{"a":"{}"}}"#, r"\ud800".repeat(SIZE / 6)))),
        ("one long number", params(format!(r#""arguments":{{"a":{}}}"#, "9".repeat(SIZE)))),
        ("a long fraction", params(format!(r#""arguments":{{"a":1.{}}}"#, "1".repeat(SIZE)))),
        ("many numbers", params(format!(r#""arguments":{{"a":1,"b":[{}0]}}"#, "1,".repeat(SIZE / 2)))),
        (
            "many texts for numbers",
            params(format!(r#""arguments":{{"a":1,"b":[{}0]}}"#, r#""1","#.repeat(SIZE / 4))),
        ),
        ("many wrong values", params(format!(r#""arguments":{{"a":1,"b":[{}0]}}"#, "{},".repeat(SIZE / 3)))),
        (
            "an array in a text",
            params(format!(r#""arguments":{{"a":1,"b":"[{}0]"}}"#, "1,".repeat(SIZE / 2))),
        ),
        ("many arguments", params(format!(r#""arguments":{{{}}}"#, members(16_000, &|at| format!("a{at}"))))),
        (
            "long names of arguments",
            params(format!(
                r#""arguments":{{{}}}"#,
                members(1000, &|at| format!("{at}{}", "x".repeat(1000)))
            )),
        ),
        ("too many members", params(members(100_000, &|at| format!("m{at}")))),
        (
            "names with escapes",
            params(format!(r#""x":[{{{}}}]"#, members(60_000, &|at| format!("\\u0061{at}")))),
        ),
        (
            "names that look alike",
            params(format!(r#""x":[{{{}}}]"#, members(60_000, &|at| format!("aaaaaaaa{at:08}")))),
        ),
        ("many objects with escapes", params(format!(r#""x":[{}0]"#, r#"{"a":1},"#.repeat(SIZE / 13)))),
        ("nested names", params(format!(r#""x":[{}0]"#, r#"{"a":{"b":{"c":1}}},"#.repeat(SIZE / 20)))),
        ("a long id", format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#, "x".repeat(SIZE))),
        ("a long method", format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "x".repeat(SIZE))),
        ("a long URI of dashes", read(format!("soak://{}", "-".repeat(SIZE)))),
        ("a long URI of percents", read(format!("soak://a-{}", "%2D".repeat(SIZE / 3)))),
        ("a long URI that nearly fits", read(format!("soak://a-{}?d", "b--".repeat(SIZE / 3)))),
        ("a long state", params(format!(r#""requestState":"{}","inputResponses":{{}}"#, "A".repeat(SIZE)))),
        (
            "a long tool",
            params(String::from(r#""arguments":{}"#))
                .replace(r#""plus""#, &format!("\"{}\"", "p".repeat(SIZE))),
        ),
    ];
    let mut inputs: Vec<_> = texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    inputs.push(("no UTF-8", vec![0xff; SIZE]));
    inputs.push(("NULs", vec![0; SIZE]));
    inputs
}

fn time(server: &Server, input: &[u8]) -> Duration {
    let begun = Instant::now();
    let mut replies = server.handle(input, &Peer::connection());
    let polled = replies.poll_reply(&mut Context::from_waker(Waker::noop()));
    let took = begun.elapsed();
    assert!(matches!(polled, Poll::Ready(_)), "nothing here waits");
    took
}

pub fn rows() -> Vec<Row> {
    let server = mcp::server!().explicit().tool::<plus>().resource::<template>().build();
    let server = server.expect("the server can be built");
    let slowest = |(name, input): (&'static str, Vec<u8>)| {
        // Somebody else may have had the processor.
        let took = (0..3).map(|_| time(&server, &input)).min().unwrap_or_default();
        (took, name)
    };
    let mut all: Vec<_> = inputs().into_iter().map(slowest).collect();
    all.sort();
    let (took, name) = all.last().copied().unwrap_or_default();
    let seen = format!("{} inputs, the slowest {:.1} ms ({name})", all.len(), took.as_secs_f64() * 1000.0);
    vec![row("one message of 1 MiB", "at most 100 ms", seen, took < Duration::from_millis(100))]
}
