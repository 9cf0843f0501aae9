//! One tool with nothing around it, and with each layer by itself: `layers --list`, `layers LAYER`, `layers LAYER --http ADDRESS`.

use std::{env, net::SocketAddr, time::Duration};

use mcp::auth::ApiKeys;
use mcp::http::Exposure;
use mcp::{Audit, Breaker, Bulkhead, Rate, RateLimits, ServerBuilder};
use tower::util::MapRequestLayer;

/// The key that the driver shows.
const KEY: &str = "the-key-of-the-driver-which-is-no-secret";

/// Adds two numbers.
#[mcp::tool(read_only)]
async fn add(
    /// First addend.
    a: i64,
    /// Second addend.
    b: i64,
) -> i64 {
    a + b
}

/// A server without any of them.
fn nothing() -> ServerBuilder {
    mcp::server!()
        .rate_limits(RateLimits::none())
        .timeout(Duration::MAX)
        .max_result(usize::MAX)
        .sanitise(false)
        .redact_credentials(false)
}

/// What the driver measures: a name for the command line, what it is, and the builder with it.
type Layer = (&'static str, &'static str, fn(ServerBuilder) -> ServerBuilder);

const LAYERS: &[Layer] = &[
    ("nothing", "nothing", |builder| builder),
    ("defaults", "the defaults: limits of rates and sizes, a timeout, results looked over", |_| {
        mcp::server!().rate_limits(rates())
    }),
    ("rates", "rate limits of callers, sessions, functions and the server", |builder| {
        builder.rate_limits(rates())
    }),
    ("timeout", "a timeout", |builder| builder.timeout(Duration::from_secs(30))),
    ("breaker", "a breaker", |builder| builder.breakers(Breaker::new())),
    ("bulkhead", "a bulkhead", |builder| builder.bulkhead("add", Bulkhead::new(100))),
    ("care", "results looked over", |builder| builder.sanitise(true).redact_credentials(true)),
    ("metrics", "metrics", |builder| builder.metrics()),
    ("audit", "an audit that is written nowhere", |builder| builder.audit(Audit::writer(std::io::sink()))),
    ("keys", "an API key for each request", |builder| {
        let keys = ApiKeys::new().key("driver", KEY, ["add"]);
        builder.exposure(Exposure::public(["127.0.0.1"], [""; 0], keys))
    }),
    ("own", "a layer of the author's that does nothing", |builder| {
        builder.layer(MapRequestLayer::new(|request: mcp::Request| request))
    }),
];

/// All of them, and none is ever reached.
fn rates() -> RateLimits {
    let rate = Rate::per_second(1_000_000_000);
    RateLimits::new().caller(rate).session(rate).functions(rate).global(rate)
}

/// One thread, so that nothing hops between two, and figures repeat.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, address) = match arguments[..] {
        ["--list"] => {
            LAYERS.iter().for_each(|(name, what, _)| println!("{name}\t{what}"));
            return Ok(());
        }
        [name] => (name, None),
        [name, "--http", address] => (name, Some(address.parse::<SocketAddr>()?)),
        _ => return Err("usage: layers --list | LAYER [--http ADDRESS]".into()),
    };
    let (_, _, with) = LAYERS.iter().find(|(known, ..)| *known == name).ok_or("there is no such layer")?;
    let server = with(nothing()).build()?;
    match address {
        Some(address) => server.serve_http(address).await?,
        None => server.serve_stdio().await?,
    }
    Ok(())
}
