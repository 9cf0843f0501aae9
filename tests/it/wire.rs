//! One way to speak to a server over any transport, in raw messages.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http_body_util::{BodyExt, Full};
use mcp::Server;
use mcp::transport::{Frame, Lines, Memory, Transport};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;

use crate::record::{Client, Kept, Record, Stream};

/// The newest revision of each era, as clients write them.
pub const STATELESS: &str = "2026-07-28";
pub const STATEFUL: &str = "2025-11-25";

/// Nothing that is to come takes longer, even on a machine at work.
const PATIENCE: Duration = Duration::from_secs(20);

/// The transports that every behaviour is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Memory,
    Socket,
    Stdio,
    Http,
    Sse,
}

pub const ALL: [Over; 5] = [Over::Memory, Over::Socket, Over::Stdio, Over::Http, Over::Sse];

/// A connection to a server that is `everything`.
pub struct Wire {
    over: Over,
    link: Link,
    waiting: VecDeque<Value>,
}

enum Link {
    Memory(Memory),
    Lines(Box<dyn AsyncLines>),
    Process(Process),
    Http(Http),
    Sse(Box<Sse>),
}

/// An open stream of HTTP+SSE, and where messages to it are posted.
pub struct Sse {
    client: Client,
    endpoint: String,
    events: sse_stream::SseStream<crate::record::Body>,
}

/// A process that serves standard input and output.
pub struct Process {
    pub child: Child,
    pub stdin: Option<Stream<ChildStdin>>,
    pub stdout: BufReader<Stream<ChildStdout>>,
}

pub struct Http {
    pub client: Client,
    pub url: String,
    pub session: Option<String>,
    /// The revision that the session is spoken in, which the header repeats.
    pub revision: &'static str,
    /// Who it is, where the server asks that.
    bearer: Option<String>,
    replies: (mpsc::UnboundedSender<Value>, mpsc::UnboundedReceiver<Value>),
}

trait AsyncLines: Send {
    fn send<'a>(&'a mut self, line: &'a [u8]) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
    fn receive(&mut self) -> std::pin::Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send + '_>>;
}

impl AsyncLines for BufReader<tokio::io::DuplexStream> {
    fn send<'a>(&'a mut self, line: &'a [u8]) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            self.write_all(line).await.unwrap();
            self.write_all(b"\n").await.unwrap();
        })
    }

    fn receive(&mut self) -> std::pin::Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send + '_>> {
        Box::pin(async move {
            let mut line = Vec::new();
            (self.read_until(b'\n', &mut line).await.unwrap() > 0).then_some(line)
        })
    }
}

/// Where cargo puts the examples that it builds before it runs these tests.
pub fn example(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples").join(name)
}

/// Starts an example with its standard streams in our hands.
pub fn start(name: &str, arguments: &[&str]) -> Process {
    start_in(name, arguments, &[])
}

/// The same in an environment that says this too.
pub fn start_in(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Process {
    start_with(name, |command| {
        command.args(arguments).envs(environment.iter().copied()).stderr(Stdio::null())
    })
}

/// The same as a command that is made ready; its standard error is still to be set.
pub fn start_with(name: &str, ready: impl FnOnce(&mut Command) -> &mut Command) -> Process {
    let mut command = Command::new(example(name));
    let mut child = ready(&mut command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| {
            panic!("example {name} does not start ({error}): build it with `cargo build --examples`")
        });
    let record = Record::new();
    let stdin = child.stdin.take().map(|stdin| Stream::new(stdin, &record));
    let stdout = BufReader::new(Stream::new(child.stdout.take().unwrap(), &record));
    Process { child, stdin, stdout }
}

impl Process {
    pub async fn send(&mut self, line: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(line).await.unwrap();
        stdin.write_all(b"\n").await.unwrap();
    }

    pub async fn receive(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        (self.stdout.read_until(b'\n', &mut line).await.unwrap() > 0).then_some(line)
    }
}

/// Serves over HTTP at a port of the system's choice, and gives its URL.
pub async fn serve_http(server: &Server) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let server = server.clone();
    tokio::spawn(async move { server.serve_http_on(listener, std::future::pending()).await });
    url
}

/// The headers that a client sends with a message.
pub fn headers_of(message: &Value, session: Option<&str>) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    if let Some(version) = message.pointer("/params/_meta/io.modelcontextprotocol~1protocolVersion") {
        headers.push(("mcp-protocol-version", version.as_str().unwrap_or("none").to_owned()));
        headers.push(("mcp-method", message["method"].as_str().unwrap_or_default().to_owned()));
        let name = ["name", "uri", "taskId"].iter().find_map(|name| message["params"].get(name));
        if let Some(name) = name.and_then(Value::as_str) {
            headers.push(("mcp-name", name.to_owned()));
        }
    } else if let Some(session) = session {
        headers.push(("mcp-protocol-version", STATEFUL.into()));
        headers.push(("mcp-session-id", session.into()));
    }
    headers
}

impl Wire {
    /// Connects to `everything`.
    pub async fn connect(over: Over) -> Self {
        let link = match over {
            Over::Stdio => Link::Process(start("everything", &[])),
            _ => return Self::connect_to(over, &crate::everything::server().build().unwrap()).await,
        };
        Self { over, link, waiting: VecDeque::new() }
    }

    /// Connects to a server of the test's own, over anything but standard input and output.
    pub async fn connect_to(over: Over, server: &Server) -> Self {
        let link = match over {
            Over::Memory => {
                let (ours, theirs) = mcp::transport::memory();
                let server = server.clone();
                tokio::spawn(async move { server.serve(Kept::new(theirs)).await });
                Link::Memory(ours)
            }
            Over::Socket => {
                let (ours, theirs) = tokio::io::duplex(1 << 16);
                let server = server.clone();
                tokio::spawn(async move { server.serve(Kept::new(Lines::stream(theirs))).await });
                Link::Lines(Box::new(BufReader::new(ours)))
            }
            Over::Http => Link::Http(Http::at(serve_http(server).await)),
            Over::Sse => {
                Link::Sse(Box::new(Sse::open(serve_http(server).await.trim_end_matches("/mcp")).await))
            }
            Over::Stdio => panic!("a server in this process has no standard input of its own"),
        };
        Self { over, link, waiting: VecDeque::new() }
    }

    /// Connects to a process that was started.
    pub fn of(process: Process) -> Self {
        Self { over: Over::Stdio, link: Link::Process(process), waiting: VecDeque::new() }
    }

    /// Connects over HTTP to whoever serves there, with a token.
    pub fn at(url: &str, token: &str) -> Self {
        let link = Link::Http(Http { bearer: Some(format!("Bearer {token}")), ..Http::at(url.into()) });
        Self { over: Over::Http, link, waiting: VecDeque::new() }
    }

    /// Connects in memory, and keeps no record: for what no types but the test's own describe.
    pub fn unrecorded(server: &Server) -> Self {
        let (ours, theirs) = mcp::transport::memory();
        let server = server.clone();
        tokio::spawn(async move { server.serve(theirs).await });
        Self { over: Over::Memory, link: Link::Memory(ours), waiting: VecDeque::new() }
    }

    /// Another client of the same HTTP server.
    pub fn another_session(&self) -> Self {
        let Link::Http(http) = &self.link else { panic!("only HTTP has sessions of its own") };
        let link = Link::Http(Http { revision: http.revision, ..Http::at(http.url.clone()) });
        Self { over: self.over, link, waiting: VecDeque::new() }
    }

    /// The client of HTTP, and its session.
    pub fn http(&self) -> &Http {
        let Link::Http(http) = &self.link else { panic!("only HTTP has requests of its own") };
        http
    }

    pub fn over(&self) -> Over {
        self.over
    }

    /// Sends bytes as one message, whatever they are.
    pub async fn send_raw(&mut self, message: &[u8]) {
        match &mut self.link {
            Link::Memory(memory) => memory.send(message.to_vec()).await.unwrap(),
            Link::Lines(lines) => lines.send(message).await,
            Link::Process(process) => process.send(message).await,
            Link::Http(http) => http.post(message).await,
            Link::Sse(sse) => sse.post(message).await,
        }
    }

    pub async fn send(&mut self, message: Value) {
        self.send_raw(message.to_string().as_bytes()).await;
    }

    /// The next message, whatever it is.
    pub async fn receive(&mut self) -> Value {
        tokio::time::timeout(PATIENCE, self.next())
            .await
            .expect("no message came")
            .expect("the connection ended")
    }

    async fn next(&mut self) -> Option<Value> {
        let line = match &mut self.link {
            Link::Memory(memory) => match memory.receive().await.unwrap()? {
                Frame::Message(message) => message.to_vec(),
                Frame::TooLong(_) => unreachable!(),
            },
            Link::Lines(lines) => lines.receive().await?,
            Link::Process(process) => process.receive().await?,
            Link::Http(http) => return http.replies.1.recv().await,
            Link::Sse(sse) => loop {
                if let Some(data) = sse.events.next().await?.unwrap().data {
                    break data.into_bytes();
                }
            },
        };
        Some(
            serde_json::from_slice(&line)
                .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&line))),
        )
    }

    /// The answer with this id; other messages wait for whoever asks for them.
    pub async fn answer(&mut self, id: &Value) -> Value {
        if let Some(at) = self.waiting.iter().position(|message| message.get("id") == Some(id)) {
            return self.waiting.remove(at).unwrap();
        }
        loop {
            let message = self.receive().await;
            if message.get("id") == Some(id) {
                return message;
            }
            self.waiting.push_back(message);
        }
    }

    /// What came while something else was waited for.
    pub fn others(&mut self) -> Vec<Value> {
        self.waiting.drain(..).collect()
    }

    /// Sends a request of the stateless era and gives its answer.
    pub async fn ask(&mut self, id: impl Into<Value>, method: &str, params: Value) -> Value {
        let id = id.into();
        self.send(stateless(id.clone(), method, params)).await;
        self.answer(&id).await
    }

    /// Introduces itself as a stateful client.
    pub async fn initialize(&mut self) -> Value {
        self.initialize_with(json!({})).await
    }

    /// The same as a client that can do something.
    pub async fn initialize_with(&mut self, capabilities: Value) -> Value {
        self.introduce(STATEFUL, capabilities).await
    }

    /// The same, in any revision of the era.
    pub async fn initialize_as(&mut self, revision: &'static str) -> Value {
        self.introduce(revision, json!({})).await
    }

    /// The same, in any revision of the era and as a client that can do something.
    pub async fn introduce(&mut self, revision: &'static str, capabilities: Value) -> Value {
        if let Link::Http(http) = &mut self.link {
            http.revision = revision;
        }
        self.send(json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": {
            "protocolVersion": revision, "capabilities": capabilities,
            "clientInfo": {"name": "test", "version": "1"},
        }}))
        .await;
        let answer = self.answer(&"hello".into()).await;
        self.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        answer
    }

    /// Sends a request of the stateful era and gives its answer.
    pub async fn ask_in_session(&mut self, id: impl Into<Value>, method: &str, params: Value) -> Value {
        let id = id.into();
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        self.answer(&id).await
    }
}

impl Sse {
    /// Opens a stream of a server that has HTTP+SSE at its usual paths.
    async fn open(base: &str) -> Self {
        let client = Client::new();
        let request = http::Request::get(format!("{base}/sse")).header("accept", "text/event-stream");
        let response = client.request(request.body(Full::default()).unwrap()).await.unwrap();
        assert_eq!(
            response.status(),
            200,
            "a stream is open only where the server was built with http_sse()"
        );
        let mut events = sse_stream::SseStream::new(response.into_body());
        let first = events.next().await.unwrap().unwrap();
        assert_eq!(first.event.as_deref(), Some("endpoint"));
        Self { client, endpoint: format!("{base}{}", first.data.unwrap()), events }
    }

    async fn post(&self, message: &[u8]) {
        let request = http::Request::post(&self.endpoint).header("content-type", "application/json");
        let request = request.body(Full::new(Bytes::copy_from_slice(message))).unwrap();
        assert_eq!(self.client.request(request).await.unwrap().status(), 202);
    }
}

impl Http {
    fn at(url: String) -> Self {
        let replies = mpsc::unbounded_channel();
        Self { client: Client::new(), url, session: None, revision: STATEFUL, bearer: None, replies }
    }

    async fn post(&mut self, message: &[u8]) {
        let parsed: Value = serde_json::from_slice(message).unwrap_or_default();
        let mut request = http::Request::post(&self.url)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", bearer);
        }
        for (name, value) in headers_of(&parsed, self.session.as_deref()) {
            // Revisions before 2025-06-18 had no such header.
            match (name, self.revision) {
                ("mcp-protocol-version", "2024-11-05" | "2025-03-26") => {}
                ("mcp-protocol-version", revision) if self.session.is_some() && value == STATEFUL => {
                    request = request.header(name, revision);
                }
                _ => request = request.header(name, value),
            }
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(message))).unwrap();
        let (client, replies) = (self.client.clone(), self.replies.0.clone());
        let first = parsed["method"] == "initialize";
        let reading = async move {
            let response = client.request(request).await.unwrap();
            let session = response.headers().get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned());
            let events =
                response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream");
            let mut body = response.into_body();
            let mut text = Vec::new();
            // Events are passed on as they come: what is asked has to be answered before there is more.
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.unwrap().into_data() else { continue };
                text.extend_from_slice(&data);
                while events && let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = text.drain(..=end).collect();
                    if let Some(message) = line.strip_prefix(b"data: ").filter(|data| data.len() > 1) {
                        let _ = replies.send(serde_json::from_slice(message).unwrap());
                    }
                }
            }
            if !text.is_empty() {
                let _ = replies.send(serde_json::from_slice(&text).unwrap());
            }
            session
        };
        // A session must be there before it is used; everything else may overlap.
        if first {
            self.session = reading.await.or(self.session.take());
        } else {
            tokio::spawn(reading);
        }
    }
}

/// A request of the stateless era.
pub fn stateless(id: impl Into<Value>, method: &str, mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = STATELESS.into();
    let capabilities = &mut params["_meta"]["io.modelcontextprotocol/clientCapabilities"];
    if capabilities.is_null() {
        *capabilities = json!({});
    }
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

/// The text of the first content block.
pub fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {answer}"))
}
