//! Reads an HTTP/1.1 reply: of known length or in chunks, one JSON object or a stream of events.

use anyhow::{Context, Result, bail, ensure};

pub struct Reply {
    pub status: u16,
    pub session: Option<String>,
    /// The JSON-RPC message; empty if the reply carries none.
    pub message: Vec<u8>,
}

#[derive(Default)]
struct Head {
    status: u16,
    session: Option<String>,
    length: usize,
    is_chunked: bool,
    is_events: bool,
}

impl Reply {
    /// Reads the reply that begins here; `None` while more of it is to come.
    ///
    /// # Errors
    /// It is no reply, or more than one.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return Ok(None) };
        let head = Head::read(std::str::from_utf8(&bytes[..end])?)?;
        let rest = &bytes[end + 4..];
        let body = if head.is_chunked {
            let Some(body) = join_chunks(rest)? else { return Ok(None) };
            body
        } else {
            ensure!(rest.len() <= head.length, "more than one reply");
            if rest.len() < head.length {
                return Ok(None);
            }
            rest.to_vec()
        };
        let message = if head.is_events { only_event(&body)? } else { body };
        Ok(Some(Self { status: head.status, session: head.session, message }))
    }
}

impl Head {
    fn read(text: &str) -> Result<Self> {
        let mut lines = text.split("\r\n");
        let status =
            lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).and_then(|line| line.get(..3));
        let mut head = Self { status: status.context("no status line")?.parse()?, ..Self::default() };
        for line in lines {
            let (name, value) = line.split_once(':').context("a header without a colon")?;
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.length = value.parse()?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.is_chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("content-type") {
                head.is_events = value.starts_with("text/event-stream");
            } else if name.eq_ignore_ascii_case("mcp-session-id") {
                head.session = Some(value.to_owned());
            } else if name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close") {
                bail!("the server gives up the connection");
            }
        }
        Ok(head)
    }
}

fn join_chunks(mut bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let Some(end) = memchr::memmem::find(bytes, b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&bytes[..end])?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or(size).trim(), 16)?;
        let Some(rest) = bytes.get(end + 2..) else { return Ok(None) };
        if rest.len() < size + 2 {
            return Ok(None);
        }
        if size == 0 {
            ensure!(rest == b"\r\n", "something follows the last chunk");
            return Ok(Some(body));
        }
        body.extend_from_slice(&rest[..size]);
        bytes = &rest[size + 2..];
    }
}

/// The data of the one event that has any.
fn only_event(stream: &[u8]) -> Result<Vec<u8>> {
    let mut data = stream
        .split(|&byte| byte == b'\n')
        .filter_map(|line| line.strip_prefix(b"data:"))
        .map(<[u8]>::trim_ascii)
        .filter(|data| !data.is_empty());
    let message = data.next().context("a stream without a message")?;
    ensure!(data.next().is_none(), "more than one message in the stream");
    Ok(message.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
        8\r\ndata: \n\n\r\n9\r\ndata: {}\n\r\n1\r\n\n\r\n0\r\n\r\n";

    #[test]
    fn a_stream_of_events_is_read_when_its_last_chunk_is_there() {
        for end in 0..EVENTS.len() {
            assert!(Reply::read(&EVENTS[..end]).unwrap().is_none(), "{end}");
        }
        assert_eq!(Reply::read(EVENTS).unwrap().unwrap().message, b"{}");
    }

    #[test]
    fn a_reply_of_known_length_is_read_when_all_of_it_is_there() {
        let bytes = b"HTTP/1.1 202 Accepted\r\nMcp-Session-Id: s\r\ncontent-length: 2\r\n\r\n{}";
        assert!(Reply::read(&bytes[..bytes.len() - 1]).unwrap().is_none());
        let reply = Reply::read(bytes).unwrap().unwrap();
        assert_eq!((reply.status, reply.session.as_deref(), &*reply.message), (202, Some("s"), &b"{}"[..]));
    }
}
