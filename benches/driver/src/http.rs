//! A light HTTP/1.1 client that keeps its connections alive, with one request at a time on each.

mod reply;

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::timeout,
};

use crate::{
    check::Checker,
    process::Process,
    servers::Server,
    workload::{Call, Era, INITIALIZE, INITIALIZED},
};
use reply::Reply;

/// A server that does not answer for so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Each connection makes at least so many calls in its turn.
const LEAST_CALLS: u64 = 2;

/// A server that listens on a port of this machine.
pub struct Running {
    pub process: Process,
    address: SocketAddr,
}

impl Running {
    /// Starts a server on a free port and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started or does not listen.
    pub fn start(server: &Server) -> Result<Self> {
        Self::start_with(|address| server.http(address))
    }

    /// Starts what the command says, for the address it is given.
    ///
    /// # Errors
    /// It cannot be started or does not listen.
    pub fn start_with(command: impl FnOnce(&str) -> Command) -> Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let process = Process::start(command(&address.to_string()))?;
        let start = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            ensure!(start.elapsed() < PATIENCE, "the server does not listen");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { process, address })
    }
}

pub struct Connection {
    stream: TcpStream,
    era: Era,
    host: String,
    /// The header that says who calls, or nothing.
    credentials: &'static str,
    /// Given out by servers that keep sessions for the stateful era.
    session: Option<String>,
    received: Vec<u8>,
    body: String,
    request: String,
    next: u64,
}

/// The runtime of the client: one thread, which leaves the rest of the machine to the server.
///
/// # Errors
/// The system gives no poller.
pub fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Opens connections, each with a conversation of its own.
///
/// # Errors
/// The server does not answer.
pub async fn connect(server: &Running, era: Era, count: usize) -> Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(connect_with(server, era, "").await?);
    }
    Ok(connections)
}

/// Opens a connection whose requests have this header, which ends with a new line, or none.
///
/// # Errors
/// The server does not answer.
pub async fn connect_with(server: &Running, era: Era, credentials: &'static str) -> Result<Connection> {
    timeout(PATIENCE, Connection::open(server.address, era, credentials)).await?
}

/// Makes calls on all connections for the given time; returns how many and how long it took.
///
/// # Errors
/// A reply is wrong or missing.
pub async fn run(connections: &mut Vec<Connection>, call: Call, slice: Duration) -> Result<(u64, Duration)> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for mut connection in connections.drain(..) {
        tasks.spawn(async move {
            let mut checker = Checker::new(call, connection.era);
            let mut done = 0;
            while done < LEAST_CALLS || start.elapsed() < slice {
                connection.call(call, &mut checker).await?;
                done += 1;
            }
            anyhow::Ok((connection, done))
        });
    }
    let mut calls = 0;
    while let Some(task) = timeout(slice + PATIENCE, tasks.join_next()).await.context("no answer")? {
        let (connection, done) = task??;
        connections.push(connection);
        calls += done;
    }
    Ok((calls, start.elapsed()))
}

/// Makes so many calls on one connection.
///
/// # Errors
/// A reply is wrong or missing.
pub async fn run_calls(connection: &mut Connection, call: Call, calls: u64) -> Result<()> {
    let mut checker = Checker::new(call, connection.era);
    for _ in 0..calls {
        timeout(PATIENCE, connection.call(call, &mut checker)).await.context("no answer")??;
    }
    Ok(())
}

impl Connection {
    async fn open(address: SocketAddr, era: Era, credentials: &'static str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut connection = Self {
            stream,
            era,
            host: address.to_string(),
            credentials,
            session: None,
            received: Vec::new(),
            body: String::new(),
            request: String::new(),
            next: 1,
        };
        if era == Era::Stateful {
            let begun = connection.post(INITIALIZE, "").await?;
            ensure!(begun.status == 200, "initialize: status {}", begun.status);
            connection.session = begun.session;
            let accepted = connection.post(INITIALIZED, &connection.era_headers()).await?;
            ensure!(accepted.status == 202, "notifications/initialized: status {}", accepted.status);
        }
        Ok(connection)
    }

    async fn call(&mut self, call: Call, checker: &mut Checker) -> Result<()> {
        let number = self.next;
        self.next += 1;
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        call.write(&mut body, self.era, number);
        let mut headers = self.era_headers();
        if self.era == Era::Stateless {
            write!(headers, "Mcp-Method: {}\r\n", call.method())?;
            if let Some(name) = call.tool() {
                write!(headers, "Mcp-Name: {name}\r\n")?;
            }
        }
        let reply = self.post(&body, &headers).await?;
        self.body = body;
        ensure!(reply.status == 200, "status {}: {}", reply.status, String::from_utf8_lossy(&reply.message));
        ensure!(checker.check(&reply.message)? == number, "the reply to another request");
        Ok(())
    }

    fn era_headers(&self) -> String {
        let mut headers = format!("MCP-Protocol-Version: {}\r\n", self.era.revision());
        if let Some(session) = &self.session {
            headers.push_str("Mcp-Session-Id: ");
            headers.push_str(session);
            headers.push_str("\r\n");
        }
        headers
    }

    async fn post(&mut self, body: &str, headers: &str) -> Result<Reply> {
        self.request.clear();
        write!(
            self.request,
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{}\
             Accept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.host,
            self.credentials,
            body.len()
        )?;
        self.stream.write_all(self.request.as_bytes()).await?;
        self.received.clear();
        loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some(reply) = Reply::read(&self.received)? {
                return Ok(reply);
            }
        }
    }
}
