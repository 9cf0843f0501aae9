//! A request, complete in itself: what is asked, by whom, and how to reach him while it runs.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use super::{
    ArgumentCompletion, Arguments, Asking, Budget, Client, Correlation, Definition, Exchange, Holds, Level,
    ListingKind, Principal, Prompt, Resource, Tool,
};
use crate::changes::{Change, Listener};
use crate::dialect::Dialect;
use crate::extension::ExtensionCall;
use crate::secrets::Known;

/// A request on its way through the layers to the function that answers it.
#[derive(Debug)]
pub struct Request {
    pub(crate) operation: Operation,
    pub(crate) facts: Arc<Facts>,
}

/// What is known of a request beside what it asks.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) client: Client,
    pub(crate) principal: Principal,
    pub(crate) headers: Option<Arc<http::HeaderMap>>,
    pub(crate) correlation: Correlation,
    /// What the peer calls the request.
    pub(crate) called: Called,
    /// The name of what the peer speaks.
    pub(crate) protocol: Option<&'static str>,
    pub(crate) trace_parent: Option<Box<str>>,
    pub(crate) trace_state: Option<Box<str>>,
    pub(crate) baggage: Option<Box<str>>,
    /// What the peer calls the call, so that it is made once.
    pub(crate) idempotency_key: Option<Box<str>>,
    /// Where the peer is, if it came over a network.
    pub(crate) remote: Option<Remote>,
    /// A number of its own for the session that the request belongs to, if it does.
    pub(crate) session: Option<u128>,
    /// Whether the peer may be anybody: then only errors that were written for him reach him.
    pub(crate) public: bool,
    /// Whether the peer asked to be told of progress.
    pub(crate) progress: bool,
    /// From which level on the peer wants to read log messages, if at all.
    pub(crate) log: Option<Level>,
    /// Whether the peer can use what extensions add.
    pub(crate) extensions: bool,
    pub(crate) exchange: Exchange,
    pub(crate) asking: Asking,
    /// In which dialect the peer is told of tools, where that is not the server's.
    pub(crate) dialect: Option<Dialect>,
    /// How long it may take.
    pub(crate) time: Budget,
    pub(crate) holds: Holds,
    /// The limit that kept it from being served, if one did.
    pub(crate) limited: OnceLock<&'static str>,
    /// What its function was given and must not say.
    pub(crate) secrets: OnceLock<Arc<Known>>,
}

impl Facts {
    /// The id that stands for the request in logs, spans, audit records and what the peer is told of failures.
    pub(crate) fn correlation(&self) -> &str {
        self.correlation.id(self.trace_parent.as_deref())
    }

    /// The function was given a secret.
    pub(crate) fn knows(&self, known: &Arc<Known>) {
        let _ = self.secrets.set(known.clone());
    }

    /// What the function must not say, where it was given something.
    pub(crate) fn secrets(&self) -> Option<&Arc<Known>> {
        self.secrets.get()
    }
}

/// What a peer calls a request of his.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Called {
    #[default]
    Nothing,
    Number(u64),
    /// As it was written.
    Written(Arc<str>),
}

/// Where a peer is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Remote {
    /// Where that is known.
    pub(crate) address: Option<IpAddr>,
}

/// What is asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Operation {
    /// `tools/call`
    CallTool(ToolCall),
    /// `resources/read`
    ReadResource(ResourceRead),
    /// `prompts/get`
    GetPrompt(PromptGet),
    /// `completion/complete`
    Complete(ArgumentCompletion),
    /// One of the list methods.
    List(ListRequest),
    /// `server/discover`
    Discover,
    /// A method of an extension.
    Extension(ExtensionCall),
    /// `subscriptions/listen`
    Listen(Topics),
    /// `resources/subscribe` or `resources/unsubscribe`, of clients that have a session.
    Subscribe(Subscription),
}

/// One of the list methods.
#[derive(Debug)]
pub struct ListRequest {
    pub(crate) kind: ListingKind,
    /// What the last item of the page before is called; none where the first page is asked for.
    pub(crate) after: Option<Box<str>>,
}

impl ListRequest {
    /// What is to be listed.
    pub fn kind(&self) -> ListingKind {
        self.kind
    }
}

/// The call of a tool. Its `Debug` form has the arguments, but not the values of those that are `secret`.
pub struct ToolCall {
    pub(crate) tool: Arc<Tool>,
    pub(crate) arguments: Arguments,
}

impl fmt::Debug for ToolCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = self.arguments.shown(|name| self.tool.input.is_secret(name));
        f.debug_struct("ToolCall").field("tool", &self.tool.name()).field("arguments", &arguments).finish()
    }
}

/// The read of a resource.
#[derive(Debug)]
pub struct ResourceRead {
    pub(crate) resource: Arc<Resource>,
    pub(crate) uri: String,
    pub(crate) variables: Arguments,
}

/// The use of a prompt. Its `Debug` form has the arguments, but not the values of those that are `secret`.
pub struct PromptGet {
    pub(crate) prompt: Arc<Prompt>,
    pub(crate) arguments: Arguments,
}

impl fmt::Debug for PromptGet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = self.arguments.shown(|name| self.prompt.secrets.contains(&name));
        f.debug_struct("PromptGet")
            .field("prompt", &self.prompt.name())
            .field("arguments", &arguments)
            .finish()
    }
}

/// What somebody listens to.
#[derive(Debug)]
pub struct Topics(pub(crate) BTreeSet<Change>);

impl Topics {
    /// The URIs of the resources that are listened to.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|topic| match topic {
            Change::Resource(uri) => Some(uri.as_str()),
            Change::List(_) | Change::Extension { .. } => None,
        })
    }
}

/// A session begins or ends to be told of changes of a resource.
#[derive(Debug)]
pub struct Subscription {
    pub(crate) resource: Arc<Resource>,
    pub(crate) uri: String,
    pub(crate) on: bool,
    pub(crate) listener: Arc<Listener>,
}

impl Request {
    /// What is asked.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The method's name, such as `tools/call`.
    pub fn method(&self) -> &'static str {
        match &self.operation {
            Operation::CallTool(_) => "tools/call",
            Operation::ReadResource(_) => "resources/read",
            Operation::GetPrompt(_) => "prompts/get",
            Operation::Complete(_) => "completion/complete",
            Operation::List(list) => list.kind.method(),
            Operation::Discover => "server/discover",
            Operation::Extension(call) => call.method,
            Operation::Listen(_) => "subscriptions/listen",
            Operation::Subscribe(Subscription { on: true, .. }) => "resources/subscribe",
            Operation::Subscribe(Subscription { on: false, .. }) => "resources/unsubscribe",
        }
    }

    /// The name of the tool or prompt, or the URI of the resource; of a completion, that of what the argument belongs to.
    pub fn target(&self) -> Option<&str> {
        match &self.operation {
            Operation::CallTool(call) => Some(call.tool.name()),
            Operation::ReadResource(read) => Some(&read.uri),
            Operation::GetPrompt(get) => Some(get.prompt.name()),
            Operation::Complete(completion) => Some(completion.of.name()),
            Operation::Subscribe(subscription) => Some(&subscription.uri),
            Operation::List(_) | Operation::Discover | Operation::Extension(_) | Operation::Listen(_) => None,
        }
    }

    /// The definition of the function that will answer, where it is one; of a completion, the one that the argument
    /// belongs to.
    pub fn definition(&self) -> Option<&Definition> {
        match &self.operation {
            Operation::CallTool(call) => Some(call.tool.definition()),
            Operation::ReadResource(read) => Some(read.resource.definition()),
            Operation::GetPrompt(get) => Some(get.prompt.definition()),
            Operation::Complete(completion) => Some(completion.of.definition()),
            Operation::Subscribe(subscription) => Some(subscription.resource.definition()),
            Operation::List(_) | Operation::Discover | Operation::Extension(_) | Operation::Listen(_) => None,
        }
    }

    /// Who asks.
    pub fn principal(&self) -> &Principal {
        &self.facts.principal
    }

    /// What the client says of itself.
    pub fn client(&self) -> &Client {
        &self.facts.client
    }

    /// The id that stands for the request in logs, spans and audit records. See
    /// [`Context::correlation_id`](crate::Context::correlation_id).
    pub fn correlation_id(&self) -> &str {
        self.facts.correlation()
    }

    /// Whether the request has been cancelled, or its peer has gone.
    pub fn is_cancelled(&self) -> bool {
        self.facts.exchange.is_cancelled()
    }
}
