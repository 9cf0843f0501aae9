//! A responder without any framework for the three measured tools: the floor that the frameworks are compared with.
//!
//! No argument serves stdio, `--http ADDRESS` serves HTTP at `/mcp`. Both eras of the protocol are answered, with
//! the checks that a careful author would make and no machinery besides.

mod answer;
mod call;
mod http;
mod message;
mod pages;
mod reply;
mod stdio;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        None => stdio::serve().await,
        Some("--http") => http::serve(&arguments.next().unwrap_or_else(|| "127.0.0.1:8080".into())).await,
        Some(other) => Err(std::io::Error::other(format!("unknown argument {other:?}"))),
    }
}
