//! `health`: asks a server that runs on this machine whether it is well, as container files and orchestrators want it. It needs
//! nothing but HTTP and status 200.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{print, printable};
use crate::config::Config;
use crate::error::ServerError;

/// What the command line says about it.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    /// Ask whether it can take calls (/ready), not whether it runs (/health)
    #[arg(long)]
    ready: bool,
    /// How long the answer may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = clap::value_parser!(u64).range(1..=60))]
    within: u64,
}

/// So much of an answer is read.
const LONGEST: u64 = 64 * 1024;

pub(super) async fn health(config: &Config, asked: &Asked) -> crate::Result<()> {
    let failed = |message: String| ServerError::Command(message);
    let address = config.http.as_deref().ok_or_else(|| {
        failed("nobody can be asked: say with --http or MCP_HTTP where the server listens".into())
    })?;
    let address = reached(address);
    let path = if asked.ready { "/ready" } else { "/health" };
    // A public server answers to its own names only.
    let host = config.hosts.as_ref().and_then(|hosts| hosts.first()).map_or(&*address, String::as_str);
    let answer = tokio::time::timeout(Duration::from_secs(asked.within), get(&address, host, path)).await;
    let (status, body) = answer
        .map_err(|_| failed(format!("{address}{path} did not answer within {} s", asked.within)))?
        .map_err(|error| failed(format!("{address}{path} cannot be asked: {error}")))?;
    if status == 200 {
        return print(&printable(body.trim()));
    }
    Err(failed(format!("{address}{path} answered with status {status}: {}", printable(body.trim()))))
}

/// Where a program on this machine reaches a server that listens there.
fn reached(address: &str) -> String {
    match address.rsplit_once(':') {
        Some(("0.0.0.0", port)) => format!("127.0.0.1:{port}"),
        Some(("[::]", port)) => format!("[::1]:{port}"),
        _ => address.to_owned(),
    }
}

async fn get(address: &str, host: &str, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let no_http = || std::io::Error::other("it does not speak HTTP");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(no_http)?;
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
    Ok((status.ok_or_else(no_http)?, body.to_owned()))
}
