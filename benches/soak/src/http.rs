//! HTTP/1.1 in a few lines, so that the clients cost less than the server, and may behave badly.

use std::io;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub struct Connection {
    pub stream: BufReader<TcpStream>,
}

pub struct Answer {
    pub status: u16,
    pub session: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The text of a tool's result.
    pub fn text(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        body["result"]["content"][0]["text"].as_str().map(str::to_owned)
    }
}

/// A call of a tool by a client without a session.
pub fn call(id: u64, tool: &str, arguments: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
        "name": tool, "arguments": arguments, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}}}})
    .to_string()
}

/// The head of a request that carries a message.
pub fn head(more: &str, length: usize) -> String {
    format!(
        "POST /mcp HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\naccept: application/json\r\n{more}content-length: {length}\r\n\r\n"
    )
}

/// The request that calls a tool.
pub fn request(tool: &str, body: &str) -> String {
    let more = format!("mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: {tool}\r\n");
    head(&more, body.len()) + body
}

impl Connection {
    pub async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(2048, stream) })
    }

    pub async fn write(&mut self, request: &str) -> io::Result<()> {
        let address = self.stream.get_ref().peer_addr()?.to_string();
        self.stream.get_mut().write_all(request.replacen("HOST", &address, 1).as_bytes()).await
    }

    pub async fn read(&mut self) -> io::Result<Answer> {
        let broken = || io::Error::from(io::ErrorKind::InvalidData);
        let (mut answer, mut length) = (Answer { status: 0, session: None, body: Vec::new() }, 0);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            if let Some(status) = line.strip_prefix("HTTP/1.1 ") {
                answer.status = status.get(..3).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
            } else if line.is_empty() {
                break;
            } else if let Some((name, value)) = line.split_once(": ") {
                match name {
                    "content-length" => length = value.parse().map_err(|_| broken())?,
                    "mcp-session-id" => answer.session = Some(value.to_owned()),
                    _ => {}
                }
            }
        }
        answer.body.resize(length, 0);
        self.stream.read_exact(&mut answer.body).await?;
        Ok(answer)
    }

    pub async fn ask(&mut self, tool: &str, arguments: &Value) -> io::Result<Answer> {
        self.write(&request(tool, &call(1, tool, arguments))).await?;
        self.read().await
    }
}
