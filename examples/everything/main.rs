//! The fixture that the official conformance suite calls for, and what our own tests and the interop clients call.
//!
//! `cargo run --example everything -- --http 127.0.0.1:8080` serves it at `/mcp`, and at `/sse` for the
//! oldest clients.

mod asking;
mod jobs;
mod live;
mod prompts;
mod resources;
mod tools;

/// A red pixel.
const PIXEL: &[u8] = include_bytes!("pixel.png");
/// Half a millisecond of silence.
const SILENCE: &[u8] = include_bytes!("silence.wav");

/// The server, before it is built; tests build it too.
pub fn server() -> mcp::ServerBuilder {
    mcp::server!()
        .name("everything")
        .instructions("Everything here is for tests.")
        .only(module_path!())
        .log_to_client(module_path!())
        .http_sse()
}

#[tokio::main]
async fn main() -> mcp::Result<()> {
    server().run().await
}
