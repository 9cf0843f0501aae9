//! A span for every request, with the names that OpenTelemetry gives what is known of it ("Semantic conventions for Model
//! Context Protocol"). Whoever subscribes to `mcp::request` at the level DEBUG gets it; for nobody else is anything made.

use std::fmt;

use tracing::field::Empty;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Span};

use super::linked;
use super::watch::Outcome;
use crate::model::{Called, Operation, Request, Response};
use crate::wire::code_of;

/// The span of a request, whose parent is the caller's; nothing where nobody wants it.
pub(super) fn span(request: &Request) -> Span {
    if LevelFilter::current() < Level::DEBUG {
        return Span::none();
    }
    let facts = &*request.facts;
    let about = About::of(request);
    let span = tracing::debug_span!(
        target: "mcp::request",
        "request",
        "otel.name" = tracing::field::display(Name(request.method(), about.target())),
        "otel.kind" = "server",
        "otel.status_code" = Empty,
        "correlation.id" = facts.correlation(),
        "mcp.method.name" = request.method(),
        "mcp.protocol.version" = facts.protocol,
        "mcp.session.id" = facts.session.map(|number| display(format!("{number:032x}"))),
        "mcp.resource.uri" = about.resource,
        "mcp.outcome" = Empty,
        "jsonrpc.request.id" = id(&facts.called).map(display),
        "gen_ai.operation.name" = about.tool.map(|_| "execute_tool"),
        "gen_ai.tool.name" = about.tool,
        "gen_ai.prompt.name" = about.prompt,
        "client.address" = facts.remote.and_then(|remote| remote.address).map(display),
        "network.protocol.name" = facts.headers.is_some().then_some("http"),
        "network.transport" = facts.headers.is_some().then_some("tcp"),
        "error.type" = Empty,
        "rpc.response.status_code" = Empty,
    );
    if !span.is_disabled() {
        linked::to_caller(&span, facts);
    }
    span
}

/// Says in the span how the request ended. What failed is said in one word: texts may repeat what callers sent.
pub(super) fn ended(span: &Span, outcome: Outcome, response: Option<&Response>) {
    span.record("mcp.outcome", outcome.name());
    let Outcome::Failed(kind) = outcome else { return };
    span.record("otel.status_code", "ERROR");
    match response {
        Some(Response::Tool(_)) => span.record("error.type", "tool_error"),
        Some(Response::Error(error)) => {
            let code = code_of(error).to_string();
            span.record("rpc.response.status_code", code.as_str()).record("error.type", code.as_str())
        }
        _ => span.record("error.type", kind.name()),
    };
}

/// What is published of what a request is about, of which there are few: what callers write has no place in names.
#[derive(Default)]
struct About<'a> {
    tool: Option<&'a str>,
    prompt: Option<&'a str>,
    /// As it is published: with variables, not what stands in their place.
    resource: Option<&'a str>,
}

impl<'a> About<'a> {
    fn of(request: &'a Request) -> Self {
        match &request.operation {
            Operation::CallTool(call) => Self { tool: Some(call.tool.name()), ..Self::default() },
            Operation::GetPrompt(get) => Self { prompt: Some(get.prompt.name()), ..Self::default() },
            Operation::ReadResource(read) => Self { resource: Some(read.resource.uri()), ..Self::default() },
            Operation::Subscribe(subscription) => {
                Self { resource: Some(subscription.resource.uri()), ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    fn target(&self) -> Option<&'a str> {
        self.tool.or(self.prompt).or(self.resource)
    }
}

struct Name<'a>(&'a str, Option<&'a str>);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        self.1.map_or(Ok(()), |target| write!(f, " {target}"))
    }
}

fn id(called: &Called) -> Option<String> {
    /// So much of an id is shown.
    const LONGEST: usize = 64;
    match called {
        Called::Nothing => None,
        Called::Number(number) => Some(number.to_string()),
        Called::Written(text) => Some(text.trim_matches('"').chars().take(LONGEST).collect()),
    }
}
