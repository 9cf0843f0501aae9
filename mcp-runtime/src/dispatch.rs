//! Runs the definition that a request carries, and makes a response of how it ended.

mod faults;
mod mend;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::time::Sleep;
use tower_service::Service;

use crate::Error;
use crate::changes::{Change, Changes};
use crate::error::FailureKind;
use crate::extension::{BoxFuture, ExtensionCall, Extensions};
use crate::handler::{self, Call, Completing, End, Failure, Outcome, Running, States, current};
use crate::limits::Caller;
use crate::model::{
    ArgumentCompletion, Arguments, Completed, Completer, Completion, Extended, Facts, Kind, ListPage,
    ListRequest, Listening, Operation, Prompt, PromptGet, Request, Resource, ResourceRead, ResourceResult,
    Response, Stopped, Subscription, Tool, ToolCall, ToolResult, Topics, beginning,
};
use crate::registry::Registry;
use crate::schema::{Guard, MOST_FAULTS};
use crate::tasks::{self, Board};

/// The innermost service: what all layers lead to.
#[derive(Debug, Clone)]
pub(crate) struct Dispatch(Arc<Inside>);

/// What every clone shares: each call has a clone of its own.
#[derive(Debug)]
struct Inside {
    registry: Arc<Registry>,
    states: Arc<States>,
    changes: Arc<Changes>,
    extensions: Extensions,
    tasks: Option<Arc<Board>>,
}

impl Dispatch {
    pub(crate) fn new(
        registry: Arc<Registry>,
        states: Arc<States>,
        changes: Arc<Changes>,
        extensions: Extensions,
        tasks: Option<Arc<Board>>,
    ) -> Self {
        Self(Arc::new(Inside { registry, states, changes, extensions, tasks }))
    }
}

impl Inside {
    fn listen(&self, mut topics: BTreeSet<Change>, facts: Arc<Facts>) -> Response {
        let address = facts.remote.and_then(|remote| remote.address);
        let caller = facts.public.then(|| Caller::of(&facts.principal, address)).flatten();
        let cx = self.context(facts);
        for extension in self.extensions.iter() {
            let Some(own) = extension.topics() else { continue };
            let mut asked = Vec::new();
            topics.retain(|change| match change {
                Change::Extension { topics, topic } if *topics == own => {
                    asked.push(topic.clone());
                    false
                }
                _ => true,
            });
            let heard = extension.may_listen(asked, &cx);
            topics.extend(heard.into_iter().map(|topic| Change::Extension { topics: own, topic }));
        }
        match self.changes.stream(topics, caller) {
            Some(listener) => Response::Listening(Listening(listener)),
            None => Response::Error(Error::busy("too many subscriptions are open: try again later")),
        }
    }

    fn context(&self, facts: Arc<Facts>) -> handler::Context {
        handler::Context::new(facts, self.states.clone())
    }

    fn context_of(&self, target: &Target, facts: &Arc<Facts>) -> handler::Context {
        handler::Context::of(facts.clone(), self.states.clone(), target.definition().name)
    }

    fn run(&self, facts: Arc<Facts>, arguments: Arguments, target: Target) -> Dispatched {
        let run = target.run();
        let leave = match self.leave(&target, &facts) {
            Ok(leave) => leave,
            Err(refused) => return Dispatched::Ready(Some(*refused)),
        };
        if let Target::Tool(tool) = &target
            && tool.definition.deprecated.is_some()
        {
            tool.tally.was_deprecated();
        }
        // Mostly the types say everything, and nothing is to be checked beside.
        let running = match target.guard() {
            guard if guard.is_empty() => run(Call::run(self.context_of(&target, &facts), arguments)),
            guard => match self.check(guard, &target, &facts, arguments) {
                Ok(running) => running,
                Err(refused) => return Dispatched::Ready(Some(*refused)),
            },
        };
        Dispatched::Running { running: Some(running), target, facts, leave }
    }

    /// Runs a function whose arguments keep what was promised of them.
    fn check(
        &self,
        guard: &Guard,
        target: &Target,
        facts: &Arc<Facts>,
        arguments: Arguments,
    ) -> Result<Running, Box<Response>> {
        match (target, arguments) {
            (Target::Tool(tool), Arguments::Json(given)) if !guard.holds(&given) => {
                mend::broken(tool, self.context_of(target, facts), given)
            }
            (_, arguments) => match mend::broken_texts(target.definition(), guard, &arguments) {
                Some(problem) => Err(Box::new(target.invalid(&problem))),
                None => Ok(target.run()(Call::run(self.context_of(target, facts), arguments))),
            },
        }
    }

    /// Whether, and when, a call is let go to be a task.
    fn leave(&self, target: &Target, facts: &Facts) -> Result<Leave, Box<Response>> {
        let (Some(board), Target::Tool(tool)) = (&self.tasks, target) else { return Ok(Leave::Never) };
        let Some(policy) = tool.definition.task else { return Ok(Leave::Never) };
        let when = match board.takes(policy, facts) {
            Ok(true) if policy.deferred => {
                facts.asking.allow_to_leave();
                When::Asked
            }
            Ok(true) => {
                // From the first thing that it says on.
                facts.asking.left(true);
                facts.exchange.detach();
                When::AtOnce
            }
            Ok(false) => When::After(Box::pin(tokio::time::sleep(board.patience()))),
            Err(missing) if facts.asking.is_by_runs() => return Err(Box::new(Response::Error(missing))),
            Err(missing) => {
                return Err(Box::new(Response::Tool(
                    ToolResult::error(missing.to_string()).because(FailureKind::Input),
                )));
            }
        };
        Ok(Leave::May { board: board.clone(), when })
    }
}

fn subscribe(Subscription { uri, on, listener, .. }: Subscription) -> Response {
    let topic = Change::Resource(uri);
    if !on {
        listener.remove(&topic);
    } else if !listener.add(topic) {
        return Response::Error(Error::invalid_params("this session has too many subscriptions"));
    }
    Response::Empty
}

impl Service<Request> for Dispatch {
    type Response = Response;
    type Error = Infallible;
    type Future = Dispatched;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Dispatched {
        let this = &*self.0;
        let Request { operation, facts } = request;
        match operation {
            Operation::CallTool(ToolCall { tool, arguments }) => {
                this.run(facts, arguments, Target::Tool(tool))
            }
            Operation::ReadResource(ResourceRead { resource, uri, variables }) => {
                this.run(facts, variables, Target::Resource(resource, uri))
            }
            Operation::GetPrompt(PromptGet { prompt, arguments }) => {
                this.run(facts, arguments, Target::Prompt(prompt))
            }
            Operation::Complete(ArgumentCompletion { of, completer, typed }) => match completer {
                Completer::Function(complete) => {
                    let completing = complete(typed, this.context(facts.clone()));
                    Dispatched::Completing { completing, of, facts }
                }
                Completer::OneOf(values) => {
                    Dispatched::Ready(Some(Response::Completion(beginning(&values, &typed))))
                }
                Completer::Nothing => Dispatched::Ready(Some(Response::Completion(Completion::default()))),
            },
            Operation::List(ListRequest { kind, after }) => {
                let listing = this.registry.listing(kind);
                let dialect = facts.dialect.unwrap_or(this.registry.dialect);
                Dispatched::Ready(Some(Response::List(ListPage { listing, after, dialect })))
            }
            Operation::Discover => Dispatched::Ready(Some(Response::Discovery)),
            Operation::Listen(Topics(topics)) => Dispatched::Ready(Some(this.listen(topics, facts))),
            Operation::Extension(ExtensionCall { extension, method, params }) => {
                let cx = this.context(facts);
                Dispatched::Later(Box::pin(async move {
                    match extension.call(method, params, cx).await {
                        Ok(members) => Response::Extended(Extended { kind: None, members }),
                        Err(error) => Response::Error(error),
                    }
                }))
            }
            Operation::Subscribe(subscription) => Dispatched::Ready(Some(subscribe(subscription))),
        }
    }
}

/// The response of [`Dispatch`], when it is there.
pub(crate) enum Dispatched {
    Ready(Option<Response>),
    Running { running: Option<Running>, target: Target, facts: Arc<Facts>, leave: Leave },
    Later(BoxFuture<'static, Response>),
    Completing { completing: Completing, of: Completed, facts: Arc<Facts> },
}

impl Future for Dispatched {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(response) => Poll::Ready(Ok(response
                .take()
                .unwrap_or_else(|| Response::Error(Error::internal("answered twice"))))),
            Self::Running { running, target, facts, leave } => {
                let Some(run) = running else { return Poll::Pending };
                let mut polled = poll_once(run, facts, cx);
                if let (Poll::Ready(Outcome(End::Refused(_))), Target::Tool(tool)) = (&polled, &*target) {
                    polled = poll_mended(tool, run, polled, facts, cx);
                }
                if let Poll::Ready(Outcome(end)) = polled {
                    return Poll::Ready(Ok(target.finish(end, facts)));
                }
                match facts.asking.stopped() {
                    None => {}
                    Some(Stopped::Asked(asked)) => {
                        return Poll::Ready(Ok(Response::InputRequired(Box::new(asked))));
                    }
                    Some(Stopped::Broken(error)) => return Poll::Ready(Ok(Response::Error(error))),
                }
                let Some((board, known)) = leave.now(facts, cx) else { return Poll::Pending };
                let (Some(running), Target::Tool(tool)) = (running.take(), target) else {
                    return Poll::Pending;
                };
                let mut leaving = let_go(board, running, tool.clone(), facts.clone(), known);
                let polled = leaving.as_mut().poll(cx);
                *self = Self::Later(leaving);
                polled.map(Ok)
            }
            Self::Later(response) => response.as_mut().poll(cx).map(Ok),
            Self::Completing { completing, of, facts } => {
                let handler::Completed(ended) = ready!(completing.as_mut().poll(cx));
                Poll::Ready(Ok(match ended {
                    Ok(completion) => Response::Completion(completion),
                    Err(failure) => Response::Error(failure.into_error(of.definition().name, facts)),
                }))
            }
        }
    }
}

fn poll_once(run: &mut Running, facts: &Arc<Facts>, cx: &mut Context<'_>) -> Poll<Outcome> {
    let _entered = current::enter(facts);
    run.as_mut().poll(cx)
}

/// Begins a call anew with what was meant, where it was refused for something that is plain.
#[cold]
fn poll_mended(
    tool: &Arc<Tool>,
    run: &mut Running,
    polled: Poll<Outcome>,
    facts: &Arc<Facts>,
    cx: &mut Context<'_>,
) -> Poll<Outcome> {
    match polled {
        Poll::Ready(Outcome(End::Refused(refused))) => match mend::refused(tool, *refused) {
            Ok(mended) => {
                *run = mended;
                match poll_once(run, facts, cx) {
                    // Its type takes not even what was meant.
                    Poll::Ready(Outcome(End::Refused(refused))) => {
                        Poll::Ready(Outcome(End::Response(Response::Tool(mend::answer(tool, &refused)))))
                    }
                    polled => polled,
                }
            }
            Err(response) => Poll::Ready(Outcome(End::Response(*response))),
        },
        polled => polled,
    }
}

/// Whether a call is let go to be a task.
pub(crate) enum Leave {
    Never,
    May { board: Arc<Board>, when: When },
}

pub(crate) enum When {
    /// As soon as it is not ready.
    AtOnce,
    /// When the function says so.
    Asked,
    /// When a client that knows no tasks has waited long enough.
    After(Pin<Box<Sleep>>),
}

impl Leave {
    /// Where to let it go now, and whether the client knows what a task is.
    fn now(&mut self, facts: &Facts, cx: &mut Context<'_>) -> Option<(Arc<Board>, bool)> {
        let Self::May { board, when } = self else { return None };
        let (now, known) = match when {
            When::AtOnce => (true, true),
            When::Asked => (facts.asking.leaves(), true),
            // Whoever is asked something is not sent away.
            When::After(patience) => {
                (patience.as_mut().poll(cx).is_ready() && !facts.asking.is_waiting(), false)
            }
        };
        now.then(|| (board.clone(), known))
    }
}

/// Lets a call go on as a task, and says where it is to be found.
fn let_go(
    board: Arc<Board>,
    running: Running,
    tool: Arc<Tool>,
    facts: Arc<Facts>,
    known: bool,
) -> BoxFuture<'static, Response> {
    Box::pin(async move {
        facts.asking.left(known);
        facts.exchange.detach();
        // A task has a time of its own.
        facts.time.lift();
        let name = tool.definition.name;
        let running = tracing::Instrument::instrument(holding(running, &facts), of_task(name, &facts));
        match board.adopt(Box::pin(running), tool, facts).await {
            Ok(task) if known => Response::Extended(Extended { kind: Some("task"), members: task.head() }),
            Ok(task) => {
                let said =
                    format!("{name} is still at work. Read task://{} for its status and result.", task.id);
                let content = vec![said.into(), tasks::link(&task.id, name).into()];
                Response::Tool(ToolResult { content, ..ToolResult::default() })
            }
            Err(error) => {
                let kind = error.failure();
                Response::Tool(ToolResult::failed(error, kind))
            }
        }
    })
}

/// What a task does lies below the call that it was.
fn of_task(name: &str, facts: &Facts) -> tracing::Span {
    tracing::debug_span!(
        target: "mcp::request",
        "task",
        "otel.name" = format!("task {name}"),
        "correlation.id" = facts.correlation(),
        "gen_ai.tool.name" = name,
    )
}

/// A run that keeps what its call holds.
fn holding(running: Running, facts: &Facts) -> Running {
    match facts.holds.share() {
        None => running,
        Some(held) => Box::pin(async move {
            let outcome = running.await;
            drop(held);
            outcome
        }),
    }
}

/// What a task gave: the result of its call, or the error that it ended with.
pub(crate) fn finish_task(tool: &Arc<Tool>, end: End, facts: &Facts) -> Result<ToolResult, Error> {
    if let End::Failed(Failure::Protocol(error)) = end {
        return Err(error);
    }
    match Target::Tool(tool.clone()).finish(end, facts) {
        Response::Tool(result) => Ok(result),
        Response::Error(error) => Err(error),
        _ => Err(Error::internal("the task gave no result")),
    }
}

/// What was run.
pub(crate) enum Target {
    Tool(Arc<Tool>),
    Resource(Arc<Resource>, String),
    Prompt(Arc<Prompt>),
}

impl Target {
    fn definition(&self) -> &crate::model::Definition {
        match self {
            Self::Tool(tool) => &tool.definition,
            Self::Resource(resource, _) => &resource.definition,
            Self::Prompt(prompt) => &prompt.definition,
        }
    }

    fn run(&self) -> fn(Call) -> Running {
        self.definition().run
    }

    fn guard(&self) -> &Guard {
        match self {
            Self::Tool(tool) => &tool.guard,
            Self::Resource(resource, _) => &resource.guard,
            Self::Prompt(prompt) => &prompt.guard,
        }
    }

    /// The error for arguments that are wrong.
    fn invalid(&self, problem: &str) -> Response {
        Response::Error(Error::invalid_params(match self {
            Self::Resource(_, uri) => format!("{uri}: {problem}"),
            Self::Prompt(prompt) => format!("prompt \"{}\": {problem}", prompt.definition.name),
            Self::Tool(tool) => format!("tool \"{}\": {problem}", tool.name()),
        }))
    }

    fn finish(&mut self, end: End, facts: &Facts) -> Response {
        let end = match (end, facts.secrets()) {
            (End::Failed(failure), Some(known)) => End::Failed(failure.without(known)),
            (end, _) => end,
        };
        let name = self.definition().name;
        match (end, self) {
            (End::Response(Response::Resource(result)), Self::Resource(resource, uri)) => {
                complete_contents(result, resource, std::mem::take(uri))
            }
            (End::Response(Response::Tool(result)), Self::Tool(tool)) => match &tool.check {
                Some(check) => Response::Tool(mend::held(tool, check, result, facts)),
                None => Response::Tool(result),
            },
            (End::Response(response), _) => response,
            (End::Failed(failure), Self::Tool(_)) => match failure.missing_capability() {
                // Not the model but the client can do something about it, where it has a way to be told.
                Some(missing) if facts.asking.is_by_runs() => Response::Error(missing),
                // So is a client that can ask for more, and call again.
                None if facts.headers.is_some() && failure.insufficient_scope() => {
                    Response::Error(failure.into_error(name, facts))
                }
                _ => Response::Tool(failure.into_tool_result(name, facts)),
            },
            (End::Failed(failure), _) => Response::Error(Failure::into_error(failure, name, facts)),
            (End::Refused(refused), Self::Tool(tool)) => Response::Tool(mend::answer(tool, &refused)),
            (End::Refused(refused), target) => {
                let names: Vec<String> = match &*target {
                    Self::Prompt(prompt) => prompt.arguments.iter().map(|it| it.name.to_owned()).collect(),
                    _ => Vec::new(),
                };
                let faults = refused.faults.iter().take(MOST_FAULTS);
                let root = target.guard().document();
                let problem: Vec<_> = faults.map(|fault| faults::brief(fault, &names, root)).collect();
                target.invalid(&problem.join("; "))
            }
            (End::Abandoned, _) => Response::Error(Error::internal("nobody waits for it")),
            (End::Described(_), _) => Response::Error(Error::internal("the function was not run")),
        }
    }
}

/// Fills in what the author left out: the URI that was asked for, and the media type that was published.
fn complete_contents(mut result: ResourceResult, resource: &Resource, uri: String) -> Response {
    if result.contents.is_empty() {
        return Response::Error(Error::resource_not_found(uri));
    }
    let published = match resource.definition.kind {
        Kind::Resource { mime, .. } => mime,
        _ => None,
    };
    for item in &mut result.contents {
        if item.uri.is_empty() {
            item.uri.clone_from(&uri);
        }
        if item.mime_type.is_none() {
            item.mime_type = published.map(str::to_owned);
        }
    }
    result.hints = resource.hints();
    Response::Resource(result)
}
