//! A client in the same process, for tests: it speaks to a server in real messages of either era, without a socket.
//!
//! [`both`] gives a client of each era, so that one test holds for both. What a tool asks back is answered by a script
//! ([`Client::on_elicit`], [`Client::answers`], [`Client::on_sample`], [`Client::roots`]); a client declares what it has a
//! script for, and nothing else. Nothing is spawned, and no time passes that the test's clock does not: it runs under
//! `#[tokio::test]`, and with `start_paused = true`.
//!
//! ```standalone_crate
//! use mcp::testing::{accept, both, decline};
//! use mcp::{Context, ToolError};
//! use serde_json::json;
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Confirm { sure: bool }
//!
//! /// Deletes a record.
//! #[mcp::tool(destructive)]
//! async fn delete(id: u32, cx: Context) -> Result<String, ToolError> {
//!     cx.progress((1, 2));
//!     let Confirm { sure: true } = cx.elicit(format!("Delete {id}?")).await? else { return Ok("kept".into()) };
//!     Ok(format!("deleted {id}"))
//! }
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let server = mcp::server!().build()?;
//! for client in both(&server) {
//!     let client = client.on_elicit(|asked| match asked.message() {
//!         "Delete 7?" => accept(json!({"sure": true})),
//!         _ => decline(),
//!     });
//!     let deleted = client.call("delete", json!({"id": 7})).await?;
//!     assert_eq!(deleted.text(), "deleted 7");
//!     assert_eq!(deleted.asked()[0].message(), "Delete 7?");
//!     assert_eq!(deleted.progress()[0]["total"], 2);
//!
//!     let refused = client.call("delete", json!({"id": 8})).await?;
//!     assert!(refused.is_error(), "{refused}");
//!
//!     let wrong = client.call("delete", json!({"id": "seven"})).await?;
//!     assert!(wrong.is_error() && wrong.text().contains("id"), "{wrong}");
//! }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! What a server holds is given to it as ever, with [`state`](crate::ServerBuilder::state). The catalogue is text, so a
//! snapshot of it is one line: `insta::assert_snapshot!(server.catalogue())`.

mod changes;
mod exchange;
mod result;
mod script;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use tokio::sync::OnceCell;

pub use changes::{Changed, Changes};
pub use result::{CallResult, RequestError, ToolFailed};
pub use script::{Asked, Elicited, Sample, accept, cancel, decline};

use self::script::Script;
use crate::model::{Level, Principal};
use crate::server::Server;
use crate::wire::{self, Peer};

/// A client of each era, for tests that hold for both.
///
/// ```standalone_crate
/// # use serde_json::json;
/// /// Adds two numbers.
/// #[mcp::tool]
/// async fn add(a: i64, b: i64) -> i64 { a + b }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// for client in mcp::testing::both(&mcp::server!().build()?) {
///     let sum: i64 = client.call("add", json!({"a": 2, "b": 3})).await?.json()?;
///     assert_eq!(sum, 5, "{} client", client.era());
/// }
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub fn both(server: &Server) -> [Client; 2] {
    [Client::new(server, true), Client::new(server, false)]
}

/// A client of a server in the same process.
#[derive(Debug)]
pub struct Client {
    server: Server,
    peer: Peer,
    principal: Principal,
    stateless: bool,
    level: Level,
    script: Script,
    /// A stateful client introduces itself before its first request.
    introduced: OnceCell<()>,
    next: AtomicU64,
}

impl Client {
    fn new(server: &Server, stateless: bool) -> Self {
        Self {
            server: server.clone(),
            peer: Peer::connection(),
            principal: Principal::anonymous(),
            stateless,
            level: Level::Debug,
            script: Script::default(),
            introduced: OnceCell::new(),
            next: AtomicU64::new(1),
        }
    }

    /// A client of the stateless era: every request is complete in itself.
    pub fn stateless(server: &Server) -> Self {
        Self::new(server, true)
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
        let client = Self::new(server, false);
        client.introduce().await?;
        Ok(client)
    }

    /// `stateless` or `stateful`, for the messages of assertions.
    pub fn era(&self) -> &'static str {
        if self.stateless { "stateless" } else { "stateful" }
    }

    /// Says who calls, as a transport would that has asked.
    #[must_use]
    pub fn principal(mut self, principal: Principal) -> Self {
        self.principal = principal;
        self.anew()
    }

    /// From which level on the client wants to read log messages: [`Level::Debug`] if nothing is said, so all of them.
    #[must_use]
    pub fn log_level(mut self, level: Level) -> Self {
        self.level = level;
        self.anew()
    }

    /// Answers for the person before the client, who fills in forms and visits pages: [`accept`], [`decline`] or [`cancel`].
    ///
    /// The question says its [`message`](Asked::message) and its [`key`](Asked::key), which are the same in both eras.
    #[must_use]
    pub fn on_elicit(mut self, answer: impl Fn(&Asked) -> Elicited + Send + Sync + 'static) -> Self {
        self.script.elicit = Some(Arc::new(move |asked| Some(answer(asked))));
        self.anew()
    }

    /// Answers for the person before the client, one answer after the other. A question for which none is left is an error of
    /// the call. A question that a stateless client has answered is not asked again.
    #[must_use]
    pub fn answers(mut self, answers: impl IntoIterator<Item = Elicited>) -> Self {
        self.script.elicit = Some(script::in_order(answers));
        self.anew()
    }

    /// Answers for the client's model: with text, or with the whole result as the protocol has it.
    ///
    /// ```
    /// # fn script(client: mcp::testing::Client) -> mcp::testing::Client {
    /// client.on_sample(|asked| format!("A summary of {}", asked.message()))
    /// # }
    /// ```
    #[must_use]
    pub fn on_sample<S: Into<Sample>>(
        mut self,
        answer: impl Fn(&Asked) -> S + Send + Sync + 'static,
    ) -> Self {
        self.script.sample = Some(Arc::new(move |asked| answer(asked).into()));
        self.anew()
    }

    /// Says where the client works.
    #[must_use]
    pub fn roots<U: Into<String>>(mut self, uris: impl IntoIterator<Item = U>) -> Self {
        self.script.roots = Some(uris.into_iter().map(Into::into).collect());
        self.anew()
    }

    /// As if it had said nothing yet: what it is has changed.
    fn anew(mut self) -> Self {
        self.peer = Peer::connection().principal(self.principal.clone());
        self.introduced = OnceCell::new();
        self
    }

    /// Calls a tool. A tool that fails is a result too: see [`CallResult::is_error`].
    ///
    /// # Errors
    ///
    /// An error of the protocol, such as an unknown tool, or a question that the script has no answer to.
    ///
    /// # Cancellation
    ///
    /// Dropping the future cancels the call, as a connection does that ends: `tokio::time::timeout` will do. See
    /// [`call_until`](Self::call_until) for a client that cancels.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<CallResult, RequestError> {
        let params = json!({"name": tool, "arguments": arguments});
        let (result, heard) = self.exchange("tools/call", params, &AtomicU64::default()).await?;
        Ok(CallResult::new(result, heard))
    }

    /// Calls a tool, and cancels the call when `end` is ready: `None` where it was cancelled before its result.
    ///
    /// ```standalone_crate
    /// # use std::time::Duration;
    /// # use serde_json::json;
    /// /// Waits.
    /// #[mcp::tool]
    /// async fn wait(milliseconds: u64) { tokio::time::sleep(Duration::from_millis(milliseconds)).await }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
    /// for client in mcp::testing::both(&mcp::server!().build()?) {
    ///     let a_second = || tokio::time::sleep(Duration::from_secs(1));
    ///     assert!(client.call_until("wait", json!({"milliseconds": 900}), a_second()).await?.is_some());
    ///     assert!(client.call_until("wait", json!({"milliseconds": 1100}), a_second()).await?.is_none());
    /// }
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`call`](Self::call).
    pub async fn call_until(
        &self,
        tool: &str,
        arguments: Value,
        end: impl Future<Output = ()>,
    ) -> Result<Option<CallResult>, RequestError> {
        let params = json!({"name": tool, "arguments": arguments});
        let id = AtomicU64::default();
        let mut call = std::pin::pin!(self.exchange("tools/call", params, &id));
        let done = tokio::select! {
            biased;
            done = &mut call => done,
            () = end => {
                self.notify("notifications/cancelled", json!({"requestId": id.load(Ordering::Relaxed)})).await;
                call.await
            }
        };
        match done {
            Ok((result, heard)) => Ok(Some(CallResult::new(result, heard))),
            Err(error) if error == RequestError::cancelled() => Ok(None),
            Err(error) => Err(error),
        }
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
        self.exchange(method, params, &AtomicU64::default()).await.map(|(result, _)| result)
    }

    /// Sends a notification.
    pub async fn notify(&self, method: &str, params: Value) {
        self.say(&json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    /// Introduces a client that has to.
    async fn introduce(&self) -> Result<(), RequestError> {
        if self.stateless {
            return Ok(());
        }
        let introduction = || async {
            let hello = json!({
                "protocolVersion": wire::STATEFUL,
                "capabilities": self.script.capabilities(),
                "clientInfo": {"name": "mcp-testing", "version": env!("CARGO_PKG_VERSION")},
            });
            self.bare("initialize", hello).await?;
            self.notify("notifications/initialized", json!({})).await;
            self.bare("logging/setLevel", json!({"level": self.level.name()})).await?;
            Ok(())
        };
        self.introduced.get_or_try_init(introduction).await.copied()
    }
}

fn items(result: &Value, member: &str) -> Vec<Value> {
    result.get(member).and_then(Value::as_array).cloned().unwrap_or_default()
}
