//! A transport of one's own: the same server over a Unix socket, one message a line.
//!
//! `cargo run --example unix_socket -- /tmp/hello.sock`

/// Says hello to somebody.
#[mcp::tool(read_only)]
async fn hello(
    /// Who is greeted.
    name: String,
) -> String {
    format!("Hello, {name}!")
}

#[cfg(unix)]
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    use mcp::transport::Lines;
    use tokio::net::UnixListener;

    let path = std::env::args().nth(1).unwrap_or_else(|| "hello.sock".into());
    let server = mcp::server!().build()?;
    let listener = UnixListener::bind(path)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let server = server.clone();
        tokio::spawn(async move { server.serve(Lines::stream(stream)).await });
    }
}

#[cfg(not(unix))]
fn main() {
    eprintln!("there are no Unix sockets on this system");
}
