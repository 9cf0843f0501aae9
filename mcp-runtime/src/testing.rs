//! A client in the same process, for tests: it speaks to a server in real messages of either era, without a socket.
//!
//! ```standalone_crate
//! use mcp::testing::Client;
//! use serde_json::json;
//!
//! /// Adds two numbers.
//! #[mcp::tool]
//! async fn add(a: i64, b: i64) -> i64 { a + b }
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let server = mcp::server!().build()?;
//! for client in [Client::stateless(&server), Client::stateful(&server).await?] {
//!     assert_eq!(client.call("add", json!({"a": 2, "b": 3})).await?.text(), "5");
//!
//!     let wrong = client.call("add", json!({"a": "two", "b": 3})).await?;
//!     assert!(wrong.is_error());
//! }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::model::Principal;
use crate::server::Server;
use crate::wire::{self, Peer, meta};

/// A client of a server in the same process.
#[derive(Debug)]
pub struct Client {
    server: Server,
    peer: Peer,
    stateless: bool,
    next: AtomicU64,
}

impl Client {
    /// A client of the stateless era: every request is complete in itself.
    pub fn stateless(server: &Server) -> Self {
        Self { server: server.clone(), peer: Peer::connection(), stateless: true, next: AtomicU64::new(1) }
    }

    /// The same, for whoever starts this process.
    #[cfg(feature = "cli")]
    pub(crate) fn local(server: &Server) -> Self {
        Self { peer: server.local_peer(), ..Self::stateless(server) }
    }

    /// The same, for whoever wrote the server and may see all of it.
    #[cfg(feature = "cli")]
    pub(crate) fn of_author(server: &Server) -> Self {
        let scopes = server.definitions().flat_map(|definition| definition.scopes.iter().copied());
        Self::stateless(server).principal(Principal::new("local", "author").with_scopes(scopes))
    }

    /// A client of the stateful era, which has introduced itself.
    ///
    /// # Errors
    ///
    /// Where the server does not accept it.
    pub async fn stateful(server: &Server) -> Result<Self, RequestError> {
        let client = Self { stateless: false, ..Self::stateless(server) };
        let hello = json!({
            "protocolVersion": wire::STATEFUL,
            "capabilities": {},
            "clientInfo": {"name": "mcp-testing", "version": env!("CARGO_PKG_VERSION")},
        });
        client.request("initialize", hello).await?;
        client.notify("notifications/initialized", json!({})).await;
        Ok(client)
    }

    /// Says who calls, as a transport would that has asked.
    #[must_use]
    pub fn principal(mut self, principal: Principal) -> Self {
        self.peer = self.peer.principal(principal);
        self
    }

    /// Calls a tool. A tool that fails is a result too: see [`CallResult::is_error`].
    ///
    /// # Errors
    ///
    /// An error of the protocol, such as an unknown tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<CallResult, RequestError> {
        let params = json!({"name": tool, "arguments": arguments});
        let (result, progress) = self.exchange("tools/call", params).await?;
        Ok(CallResult { result, progress })
    }

    /// Reads a resource, and gives its items.
    ///
    /// # Errors
    ///
    /// An error of the protocol, such as a URI that no resource has.
    pub async fn read(&self, uri: &str) -> Result<Vec<Value>, RequestError> {
        let result = self.request("resources/read", json!({"uri": uri})).await?;
        Ok(items(&result, "contents"))
    }

    /// Uses a prompt, and gives its messages.
    ///
    /// # Errors
    ///
    /// An error of the protocol, such as a missing argument.
    pub async fn prompt(&self, name: &str, arguments: Value) -> Result<Vec<Value>, RequestError> {
        let result = self.request("prompts/get", json!({"name": name, "arguments": arguments})).await?;
        Ok(items(&result, "messages"))
    }

    /// Lists the tools.
    ///
    /// # Errors
    ///
    /// Where the server has none.
    pub async fn tools(&self) -> Result<Vec<Value>, RequestError> {
        self.all("tools/list", "tools").await
    }

    /// Lists the resources with a fixed URI.
    ///
    /// # Errors
    ///
    /// Where the server has no resources.
    pub async fn resources(&self) -> Result<Vec<Value>, RequestError> {
        self.all("resources/list", "resources").await
    }

    /// Lists the resource templates.
    ///
    /// # Errors
    ///
    /// Where the server has no resources.
    pub async fn templates(&self) -> Result<Vec<Value>, RequestError> {
        self.all("resources/templates/list", "resourceTemplates").await
    }

    /// Lists the prompts.
    ///
    /// # Errors
    ///
    /// Where the server has none.
    pub async fn prompts(&self) -> Result<Vec<Value>, RequestError> {
        self.all("prompts/list", "prompts").await
    }

    /// All pages of a list.
    async fn all(&self, method: &str, member: &str) -> Result<Vec<Value>, RequestError> {
        let mut page = self.request(method, json!({})).await?;
        let mut found = items(&page, member);
        while let Some(cursor) = page.get("nextCursor") {
            page = self.request(method, json!({"cursor": cursor})).await?;
            found.extend(items(&page, member));
        }
        Ok(found)
    }

    /// Sends any request, with what the era asks of its parameters, and gives the result.
    ///
    /// # Errors
    ///
    /// An error of the protocol.
    pub async fn request(&self, method: &str, params: Value) -> Result<Value, RequestError> {
        self.exchange(method, params).await.map(|(result, _)| result)
    }

    /// Sends a notification.
    pub async fn notify(&self, method: &str, params: Value) {
        let message = json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string();
        let mut replies = self.server.handle(message.as_bytes(), &self.peer);
        // A notification has no reply; this only lets the server take it.
        while !replies.is_listening() && replies.next().await.is_some_and(|reply| !reply.is_last()) {}
    }

    async fn exchange(&self, method: &str, mut params: Value) -> Result<(Value, Vec<Value>), RequestError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(params) = params.as_object_mut() {
            let own = params.entry("_meta").or_insert_with(|| Value::Object(Map::new()));
            if let Some(own) = own.as_object_mut() {
                own.entry(meta::PROGRESS_TOKEN).or_insert_with(|| id.into());
                if self.stateless {
                    own.entry(meta::PROTOCOL_VERSION).or_insert_with(|| wire::STATELESS.into());
                    own.entry(meta::CLIENT_CAPABILITIES).or_insert_with(|| json!({}));
                }
            }
        }
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        let mut replies = self.server.handle(message.as_bytes(), &self.peer);
        let mut progress = Vec::new();
        while let Some(reply) = replies.next().await {
            let mut reply: Value = serde_json::from_slice(reply.body()).map_err(RequestError::unreadable)?;
            if let Some(error) = reply.get("error") {
                return Err(RequestError::from(error));
            }
            match reply.get_mut("result") {
                Some(result) => return Ok((result.take(), progress)),
                None => progress.push(reply.get_mut("params").map(Value::take).unwrap_or_default()),
            }
        }
        Err(RequestError { code: 0, message: "the request was cancelled".into(), data: None })
    }
}

fn items(result: &Value, member: &str) -> Vec<Value> {
    result.get(member).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// What the call of a tool gave.
#[derive(Debug, Clone)]
pub struct CallResult {
    result: Value,
    progress: Vec<Value>,
}

impl CallResult {
    /// The text of all text blocks, joined by line ends.
    pub fn text(&self) -> String {
        let texts = self.content().iter().filter_map(|block| block.get("text")?.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The content blocks.
    pub fn content(&self) -> &[Value] {
        self.result.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The structured content, read into a type.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is of another type.
    pub fn structured<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        T::deserialize(self.result.get("structuredContent").unwrap_or(&Value::Null))
    }

    /// Whether the tool failed.
    pub fn is_error(&self) -> bool {
        self.result.get("isError") == Some(&Value::Bool(true))
    }

    /// The notices of progress that came before the result.
    pub fn progress(&self) -> &[Value] {
        &self.progress
    }

    /// The whole result, as it was sent.
    pub fn raw(&self) -> &Value {
        &self.result
    }
}

/// An error of the protocol, as a client sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestError {
    /// Its number.
    pub code: i64,
    /// What it says.
    pub message: String,
    /// What it says to programs.
    pub data: Option<Value>,
}

impl RequestError {
    fn from(error: &Value) -> Self {
        Self {
            code: error.get("code").and_then(Value::as_i64).unwrap_or_default(),
            message: error.get("message").and_then(Value::as_str).unwrap_or_default().into(),
            data: error.get("data").cloned(),
        }
    }

    fn unreadable(error: serde_json::Error) -> Self {
        Self { code: 0, message: format!("the reply cannot be read: {error}"), data: None }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for RequestError {}
