//! A server: what it offers, what it holds, and the one entry that all transports call.

mod batch;
mod builder;
#[cfg(feature = "cli")]
mod cli;
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "only HTTP has streams to come back to"))]
mod kept_reply;
mod listening;
mod live;
mod local;
mod replicas;
mod replies;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use builder::ServerBuilder;
#[cfg(feature = "cli")]
pub use cli::Cli;
#[cfg(feature = "otel")]
pub(crate) use cli::text_log;
pub use replies::{Replies, Reply, ReplyKind};

use crate::Catalogue;
use crate::changes::Changes;
use crate::dialect::{Dialect, Loss, problem_of_name};
use crate::extension::Extensions;
use crate::handler::Busy;
use crate::layer::Stack;
use crate::registry::Registry;
use crate::sight::Sight;
use crate::tally::ToolCounts;
use crate::transport::Limits;
use crate::wire::{
    Carried, Decoded, Identity, Peer, Sessions, Voice, catalogue, decode, end_session, listen,
};

/// A server that is ready to be served, over any number of transports at once. Cloning it is cheap.
///
/// [`server!`](crate::server!) makes the builder of one; see [`ServerBuilder`].
#[derive(Debug, Clone)]
pub struct Server {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) registry: Arc<Registry>,
    pub(crate) states: Arc<crate::handler::States>,
    pub(crate) identity: Identity,
    pub(crate) sessions: Sessions,
    pub(crate) sight: Arc<Sight>,
    pub(crate) limits: Limits,
    pub(crate) carried: Carried,
    pub(crate) changes: Arc<Changes>,
    pub(crate) extensions: Extensions,
    name: String,
    version: String,
    instructions: Option<String>,
    busy: Arc<Busy>,
    stack: Stack,
}

impl Server {
    /// A builder that takes every definition it finds in this program.
    ///
    /// [`server!`](crate::server!) does the same and fills in the name and version of your package.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }

    /// Takes one message from a peer and gives the replies to it: this is all that a transport needs.
    ///
    /// `message` is one JSON-RPC message as it came, in bytes; whatever they are, nothing but replies comes of them. From a
    /// peer that agreed on revision 2025-03-26, which alone has batches, it may be an array of messages too: at most 100,
    /// whose notices come as they are said, and whose responses come together as the last reply, one array. The
    /// function behind it runs when [`Replies`] is asked for replies, and from then on a later message can cancel it.
    /// Dropping the replies cancels it too.
    ///
    /// ```standalone_crate
    /// # use mcp::{Peer, Server};
    /// /// Adds two numbers.
    /// #[mcp::tool]
    /// async fn add(a: i64, b: i64) -> i64 { a + b }
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let server = mcp::server!().build()?;
    /// let peer = Peer::connection();
    /// let mut replies = server.handle(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, &peer);
    /// let reply = replies.next().await.expect("a request has a reply");
    /// assert_eq!(reply.body(), br#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    /// # Ok::<_, mcp::BuildError>(())
    /// # }).unwrap();
    /// ```
    pub fn handle(&self, message: &[u8], peer: &Peer) -> Replies {
        self.shared.changes.listen_to_others(&self.shared);
        self.begin(decode(&self.shared, message, peer))
    }

    /// What the server says on its own in the session of `peer`, as the HTTP method GET asks for: that lists or resources
    /// have changed. It goes on until the session is listened to anew. A change that was told after the event which the
    /// header `Last-Event-ID` names is told again.
    ///
    /// On a connection it is the answer to the peer's `notifications/initialized`, and need not be asked for.
    pub fn listen(&self, peer: &Peer) -> Replies {
        self.shared.changes.listen_to_others(&self.shared);
        self.begin(listen(&self.shared, peer))
    }

    fn begin(&self, decoded: Decoded) -> Replies {
        match decoded {
            Decoded::Listening(listener) => Replies::listening(Voice::Session, listener, self.shared.clone()),
            Decoded::Done(reply) => Replies::done(reply),
            Decoded::Request(incoming) => {
                Replies::running(self.shared.clone(), incoming, |shared, request| shared.stack.call(request))
            }
            Decoded::Batch(messages) => {
                Replies::batch(messages.into_iter().map(|decoded| self.begin(decoded)))
            }
        }
    }

    /// Ends the session that the headers of `peer` name, as the HTTP method DELETE asks for, and gives the reply to that.
    ///
    /// What is under way in the session is cancelled.
    pub fn end_session(&self, peer: &Peer) -> Reply {
        end_session(&self.shared, peer)
    }

    /// The name of the server.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The version of the server.
    pub fn version(&self) -> &str {
        &self.shared.version
    }

    /// How many functions that are not async are at work, or wait for a thread. They cannot be stopped, so a process that
    /// wants to end with some at work must end itself, as `run()` does.
    pub fn blocking_calls(&self) -> usize {
        self.shared.busy.count()
    }

    /// How often models slipped and were refused, by the names of the tools. See [`ToolCounts`](crate::ToolCounts).
    pub fn counts(&self) -> BTreeMap<&'static str, ToolCounts> {
        let tools = self.shared.registry.tools().iter();
        tools.map(|tool| (tool.definition.name, tool.tally.read())).collect()
    }

    /// What the server holds of this type.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.shared.states.get()
    }

    /// What the server publishes of what it offers: names, texts, schemas and all.
    pub fn catalogue(&self) -> Catalogue {
        catalogue(&self.shared.registry, self.shared.instructions.as_deref())
    }

    /// What tools lose in a dialect, by their names: those that lose nothing are not there.
    ///
    /// ```standalone_crate
    /// use std::collections::HashMap;
    /// use mcp::Dialect;
    ///
    /// /// Puts prices into the shop.
    /// #[mcp::tool]
    /// async fn price(prices: HashMap<String, u32>) {}
    ///
    /// let server = mcp::server!().build()?;
    /// let [(tool, losses)] = &*server.losses(Dialect::Gemini) else { panic!("one tool loses something") };
    /// assert_eq!(*tool, "price");
    /// assert_eq!(losses[0].path, "prices");
    /// assert_eq!(losses[0].what, "what its members are is told in words only");
    /// # Ok::<_, mcp::BuildError>(())
    /// ```
    pub fn losses(&self, dialect: Dialect) -> Vec<(&str, Vec<Loss>)> {
        let of = |tool: &crate::model::Tool| {
            let name = problem_of_name(dialect, self.name(), tool.name());
            let name = name.map(|what| Loss { path: String::new(), what });
            name.into_iter().chain(tool.losses(dialect).iter().cloned()).collect::<Vec<_>>()
        };
        let tools = self.shared.registry.tools().iter().map(|tool| (tool.name(), of(tool)));
        tools.filter(|(_, losses)| !losses.is_empty()).collect()
    }

    /// The definitions that this server offers: tools, then resources, then prompts, each sorted.
    pub fn definitions(&self) -> impl Iterator<Item = &crate::Definition> {
        let registry = &self.shared.registry;
        let tools = registry.tools().iter().map(|tool| tool.definition());
        let resources = registry.resources().map(|resource| resource.definition());
        tools.chain(resources).chain(registry.prompts().iter().map(|prompt| prompt.definition()))
    }
}
