//! Keeps what clients and servers say to each other in these tests, for `tests/wirecheck`: one file a connection, in the
//! folder that the environment variable `MCP_RECORD` names. Where it names none, nothing is kept. It must not change
//! what is said, and knows nothing of what it means.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as Hyper, Error, ResponseFuture};
use hyper_util::rt::TokioExecutor;
use mcp::transport::Transport;
use mcp::{Peer, Replies, Reply, Server};
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is kept of one connection, by the path of its file. Whoever holds the lock writes; the file is opened for each
/// line, since more connections are remembered than a process may have files open.
#[derive(Clone)]
pub struct Record(Option<Arc<Mutex<PathBuf>>>);

/// Sessions by their ids. What belongs to one is kept as one connection, whichever client sends it.
static SESSIONS: LazyLock<Mutex<HashMap<String, Record>>> = LazyLock::new(Mutex::default);

impl Record {
    /// Of a new connection.
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let Some(folder) = std::env::var_os("MCP_RECORD") else { return Self(None) };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let test = std::thread::current().name().unwrap_or("thread").replace("::", ".");
        let name = format!("{test}-{}-{count}.jsonl", std::process::id());
        Self(Some(Arc::new(Mutex::new(Path::new(&folder).join(name)))))
    }

    /// Of the session that a request names, or else this one.
    fn of_session(&self, id: Option<&str>) -> Self {
        let known = id.and_then(|id| SESSIONS.lock().unwrap().get(id).cloned());
        known.unwrap_or_else(|| self.clone())
    }

    fn begins_session(&self, id: &str) {
        if self.0.is_some() {
            SESSIONS.lock().unwrap().insert(id.to_owned(), self.clone());
        }
    }

    pub fn client(&self, message: &[u8]) {
        self.keep("client", message, "");
    }

    pub fn server(&self, message: &[u8]) {
        self.keep("server", message, "");
    }

    /// What a client sends over HTTP, where a header names the revision.
    fn post(&self, message: &[u8], revision: Option<&str>) {
        let revision = revision.map(|name| format!(r#","revision":{}"#, serde_json::json!(name)));
        self.keep("client", message, &revision.unwrap_or_default());
    }

    /// A message of a stream, by the id of its event: whoever comes back for the rest may be sent one again.
    fn event(&self, message: &[u8], id: &str) {
        let id = if id.is_empty() { String::new() } else { format!(r#","event":{}"#, serde_json::json!(id)) };
        self.keep("server", message, &id);
    }

    /// What refuses a request of HTTP, by its status.
    fn refusal(&self, message: &[u8], status: u16) {
        self.keep("server", message, &format!(r#","status":{status}"#));
    }

    fn keep(&self, from: &str, message: &[u8], also: &str) {
        if let Some(path) = &self.0 {
            write(&path.lock().unwrap(), from, message, also);
        }
    }
}

/// The id of the session that an address of HTTP+SSE is of.
fn session_in(address: &str) -> Option<&str> {
    address.split_once("?sessionId=").map(|(_, id)| id)
}

/// Writes a line; `also` is members beside the message.
fn write(path: &Path, from: &str, message: &[u8], also: &str) {
    let message = message.trim_ascii();
    let content = match serde_json::from_slice::<&RawValue>(message) {
        // Nothing but a header, as of a GET.
        _ if message.is_empty() && !also.is_empty() && from == "client" => r#""raw":"""#.into(),
        _ if message.is_empty() => return,
        // Line breaks between the tokens of a message are spaces; within its strings there are none.
        Ok(json) => format!(r#""message":{}"#, json.get().replace(['\n', '\r'], " ")),
        Err(_) => format!(r#""raw":{}"#, serde_json::json!(String::from_utf8_lossy(message))),
    };
    let line = format!("{{\"from\":\"{from}\",{content}{also}}}\n");
    let file = OpenOptions::new().create(true).append(true).open(path);
    let mut file = file.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.write_all(line.as_bytes()).unwrap();
}

/// A transport of a server in this process, kept.
pub struct Kept<T> {
    inner: T,
    record: Record,
}

impl<T> Kept<T> {
    pub fn new(inner: T) -> Self {
        Self { inner, record: Record::new() }
    }
}

impl<T: Transport> Transport for Kept<T> {
    async fn receive(&mut self) -> std::io::Result<Option<mcp::transport::Frame<'_>>> {
        let frame = self.inner.receive().await?;
        if let Some(mcp::transport::Frame::Message(message)) = &frame {
            self.record.client(message);
        }
        Ok(frame)
    }

    fn may_be_ready(&self) -> bool {
        self.inner.may_be_ready()
    }

    fn has_ended(&self) -> bool {
        self.inner.has_ended()
    }

    async fn send(&mut self, message: Vec<u8>) -> std::io::Result<()> {
        self.record.server(&message);
        self.inner.send(message).await
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush().await
    }
}

/// What a server says to one message that is handed to it, kept.
pub struct Handled {
    inner: Replies,
    record: Record,
}

/// Hands a message to a server as transports do.
pub fn handle(server: &Server, message: &[u8], peer: &Peer) -> Handled {
    let record = Record::new();
    record.client(message);
    Handled { inner: server.handle(message, peer), record }
}

impl Handled {
    pub async fn next(&mut self) -> Option<Reply> {
        let reply = self.inner.next().await?;
        self.record.server(reply.body());
        Some(reply)
    }

    pub fn wind_up(&mut self) {
        self.inner.wind_up();
    }
}

/// One end of a client's stream of lines, kept.
pub struct Stream<T> {
    inner: T,
    record: Record,
    written: Vec<u8>,
    read: Vec<u8>,
}

impl<T> Stream<T> {
    pub fn new(inner: T, record: &Record) -> Self {
        Self { inner, record: record.clone(), written: Vec::new(), read: Vec::new() }
    }
}

/// Takes whole lines out of what has come.
fn lines(kept: &mut Vec<u8>, new: &[u8], mut take: impl FnMut(&[u8])) {
    for part in new.split_inclusive(|byte| *byte == b'\n') {
        kept.extend_from_slice(part);
        if kept.ends_with(b"\n") {
            take(kept);
            kept.clear();
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Stream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        let this = &mut *self;
        if this.record.0.is_some() {
            lines(&mut this.read, &buffer.filled()[before..], |line| this.record.server(line));
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Stream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let this = &mut *self;
        let Some(path) = &this.record.0 else { return Pin::new(&mut this.inner).poll_write(cx, bytes) };
        // Nothing else is kept meanwhile, so that no answer comes before its request.
        let path = path.lock().unwrap();
        let count = ready!(Pin::new(&mut this.inner).poll_write(cx, bytes))?;
        lines(&mut this.written, &bytes[..count], |line| write(&path, "client", line, ""));
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<T> Drop for Stream<T> {
    fn drop(&mut self) {
        // The last line needs no line end.
        self.record.client(&self.written);
    }
}

/// A client of HTTP, kept as one connection, but for what belongs to a session that another one began. What belongs
/// together without one, as a stream and the requests whose answers come on it, is to go through one client and its clones.
#[derive(Clone)]
pub struct Client {
    inner: Hyper<HttpConnector, Full<Bytes>>,
    record: Record,
}

impl Client {
    pub fn new() -> Self {
        Self::of(Hyper::builder(TokioExecutor::new()).build_http())
    }

    pub fn of(inner: Hyper<HttpConnector, Full<Bytes>>) -> Self {
        Self { inner, record: Record::new() }
    }

    pub async fn request(&self, request: Request<Full<Bytes>>) -> Result<Response<Body>, Error> {
        let header = request.headers().get("mcp-protocol-version").and_then(|value| value.to_str().ok());
        let message = request.body().clone().collect().await.unwrap_or_else(|never| match never {});
        let session = request.headers().get("mcp-session-id").and_then(|value| value.to_str().ok());
        let address = request.uri().to_string();
        let is_operators = ["/health", "/ready", "/metrics"].contains(&request.uri().path());
        let record = self.record.of_session(session.or(session_in(&address)));
        record.post(&message.to_bytes(), header);
        let answering: ResponseFuture = self.inner.request(request);
        let (head, body) = answering.await?.into_parts();
        if let Some(id) = head.headers.get("mcp-session-id").and_then(|value| value.to_str().ok()) {
            record.begins_session(id);
        }
        let kind = head.headers.get("content-type").and_then(|kind| kind.to_str().ok());
        let form = match kind {
            // What operators are told is no message of the protocol.
            _ if is_operators => Form::Other,
            Some("text/event-stream") => Form::Events,
            Some("application/json") if head.status.as_u16() < 400 => Form::Message,
            Some("application/json") => Form::Refusal(head.status.as_u16()),
            _ => Form::Other,
        };
        Ok(Response::from_parts(
            head,
            Body { inner: body, form, record, event: Event::default(), read: Vec::new() },
        ))
    }
}

#[derive(PartialEq)]
enum Form {
    Events,
    Message,
    /// With its status.
    Refusal(u16),
    Other,
}

/// The body of an answer, kept as it is read.
pub struct Body {
    inner: Incoming,
    form: Form,
    record: Record,
    event: Event,
    read: Vec<u8>,
}

/// What is known of the event that is being read.
#[derive(Default)]
struct Event {
    name: String,
    id: String,
}

/// Keeps the message of an event, a line at a time.
fn keep_event(record: &Record, event: &mut Event, line: &[u8]) {
    let line = line.trim_ascii_end();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
    if let Some(name) = line.strip_prefix(b"event:") {
        event.name = text(name);
    } else if let Some(id) = line.strip_prefix(b"id:") {
        event.id = text(id);
    } else if let Some(data) = line.strip_prefix(b"data:") {
        // HTTP+SSE begins with the address of what is posted, which is no message.
        let address = std::str::from_utf8(data).ok().filter(|_| event.name == "endpoint");
        match address.and_then(session_in) {
            Some(id) => record.begins_session(id.trim()),
            None => record.event(data, &event.id),
        }
    } else if line.is_empty() {
        *event = Event::default();
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        let this = &mut *self;
        match frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            Some(_) if this.record.0.is_none() => {}
            Some(data) if this.form == Form::Events => lines(&mut this.read, data, |line| {
                keep_event(&this.record, &mut this.event, line);
            }),
            Some(data) => this.read.extend_from_slice(data),
            None if frame.is_some() => {}
            None => match this.form {
                Form::Message => this.record.server(&std::mem::take(&mut this.read)),
                Form::Refusal(status) => this.record.refusal(&std::mem::take(&mut this.read), status),
                Form::Events | Form::Other => {}
            },
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        // Whoever reads is to read to the end, where a message is kept.
        self.inner.is_end_stream() && self.read.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
