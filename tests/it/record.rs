//! Keeps what clients and servers say to each other in these tests, for `tests/wirecheck`: one file a connection, in the
//! folder that the environment variable `MCP_RECORD` names. Where it names none, nothing is kept. It must not change
//! what is said, and knows nothing of what it means.

use std::fs::File;
use std::io::Write;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as Hyper, Error, ResponseFuture};
use hyper_util::rt::TokioExecutor;
use mcp::transport::Transport;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is kept of one connection.
#[derive(Clone)]
pub struct Record(Option<Arc<Mutex<File>>>);

impl Record {
    /// Of a new connection.
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let Some(folder) = std::env::var_os("MCP_RECORD") else { return Self(None) };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let test = std::thread::current().name().unwrap_or("thread").replace("::", ".");
        let name = format!("{test}-{}-{count}.jsonl", std::process::id());
        let path = std::path::Path::new(&folder).join(name);
        let file = File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(Some(Arc::new(Mutex::new(file))))
    }

    pub fn client(&self, message: &[u8]) {
        self.keep("client", message, None);
    }

    pub fn server(&self, message: &[u8]) {
        self.keep("server", message, None);
    }

    /// What a client sends over HTTP, where a header names the revision.
    fn post(&self, message: &[u8], revision: Option<&str>) {
        self.keep("client", message, revision);
    }

    fn keep(&self, from: &str, message: &[u8], revision: Option<&str>) {
        if let Some(file) = &self.0 {
            write(&mut file.lock().unwrap(), from, message, revision);
        }
    }
}

fn write(file: &mut File, from: &str, message: &[u8], revision: Option<&str>) {
    let message = message.trim_ascii();
    let content = match serde_json::from_slice::<&RawValue>(message) {
        // Nothing but a header, as of a GET.
        _ if message.is_empty() && revision.is_some() => r#""raw":"""#.into(),
        _ if message.is_empty() => return,
        // Line breaks between the tokens of a message are spaces; within its strings there are none.
        Ok(json) => format!(r#""message":{}"#, json.get().replace(['\n', '\r'], " ")),
        Err(_) => format!(r#""raw":{}"#, serde_json::json!(String::from_utf8_lossy(message))),
    };
    let revision = revision.map(|name| format!(r#","revision":{}"#, serde_json::json!(name)));
    let line = format!("{{\"from\":\"{from}\",{content}{}}}\n", revision.unwrap_or_default());
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
        let Some(file) = &this.record.0 else { return Pin::new(&mut this.inner).poll_write(cx, bytes) };
        // Nothing else is kept meanwhile, so that no answer comes before its request.
        let mut file = file.lock().unwrap();
        let count = ready!(Pin::new(&mut this.inner).poll_write(cx, bytes))?;
        lines(&mut this.written, &bytes[..count], |line| write(&mut file, "client", line, None));
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

/// A client of HTTP, kept as one connection: what belongs together, as a stream and the requests whose answers come on
/// it, is to go through one client and its clones.
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
        self.record.post(&message.to_bytes(), header);
        let answering: ResponseFuture = self.inner.request(request);
        let (head, body) = answering.await?.into_parts();
        let kind = head.headers.get("content-type").and_then(|kind| kind.to_str().ok());
        let form = match kind {
            Some("text/event-stream") => Form::Events,
            Some("application/json") => Form::Message,
            _ => Form::Other,
        };
        Ok(Response::from_parts(
            head,
            Body { inner: body, form, record: self.record.clone(), read: Vec::new() },
        ))
    }
}

#[derive(PartialEq)]
enum Form {
    Events,
    Message,
    Other,
}

/// The body of an answer, kept as it is read.
pub struct Body {
    inner: Incoming,
    form: Form,
    record: Record,
    read: Vec<u8>,
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
                this.record.server(line.strip_prefix(b"data:").unwrap_or_default());
            }),
            Some(data) => this.read.extend_from_slice(data),
            None if frame.is_none() && this.form == Form::Message => {
                this.record.server(&std::mem::take(&mut this.read));
            }
            None => {}
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
