//! One run of a user's function: its arguments are asked for one by one, and what it returns ends it.
//!
//! The same straight line of code serves twice. While the server is built it runs once with a call that only asks what
//! the arguments are; every later run reads them. So what is published and what is read cannot differ.

use std::pin::Pin;

use super::arg::{Arg, Describe, Described, Plain, Readable};
use super::extract::{Argument, Needs};
use super::failure::Failure;
use super::{Busy, Context, IntoPromptResult, IntoResourceResult, IntoToolResult, current};
use crate::ToolError;
use crate::model::{Arguments, Response};
use crate::schema::Description;

/// A run of a user's function.
pub type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// What an expansion asks for the arguments of a function.
#[derive(Debug)]
pub struct Call(Mode);

#[derive(Debug)]
enum Mode {
    Describe(Box<Description>),
    Run(Run),
}

/// A run on behalf of a request.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) context: Context,
    pub(crate) arguments: Arguments,
    faults: Vec<Fault>,
    rejected: Option<Box<ToolError>>,
    purpose: Purpose,
    /// What nobody took was noted.
    settled: bool,
}

/// What the arguments are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The function is to be run.
    Serve,
    /// The same, with arguments that are not those that came.
    ServeMended,
    /// Only whether they can be read is asked: no extractor makes anything, and the function is not run.
    Ask,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome(pub(crate) End);

#[derive(Debug)]
pub(crate) enum End {
    /// The function returned.
    Response(Response),
    /// The function returned an error.
    Failed(Failure),
    /// The function was not run: its arguments were wrong.
    Refused(Box<Refused>),
    /// The function was not run: nobody waits for it any more.
    Abandoned,
    /// The function was only asked about itself.
    Described(Box<Description>),
}

/// A call that was refused, with what it takes to run it again. No extractor has made anything for it.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) faults: Vec<Fault>,
    pub(crate) context: Context,
    pub(crate) arguments: Arguments,
    /// The arguments are not those that came.
    pub(crate) mended: bool,
}

/// What is wrong with an argument.
#[derive(Debug)]
pub(crate) enum Fault {
    Missing { name: &'static str },
    Invalid { name: &'static str, detail: String },
    Unknown { name: String },
    Whole { detail: String },
}

impl Call {
    pub(crate) fn run(context: Context, arguments: Arguments) -> Self {
        Self::with(context, arguments, Purpose::Serve)
    }

    /// A run for the same request with arguments that were mended.
    pub(crate) fn mended(context: Context, arguments: Arguments) -> Self {
        Self::with(context, arguments, Purpose::ServeMended)
    }

    fn with(context: Context, arguments: Arguments, purpose: Purpose) -> Self {
        Self(Mode::Run(Run {
            context,
            arguments,
            faults: Vec::new(),
            rejected: None,
            purpose,
            settled: false,
        }))
    }

    /// Asks for an argument: describes it, or reads it.
    pub fn argument<T: Argument<M>, M>(&mut self, name: &'static str, description: &'static str) -> Asked<T> {
        match &mut self.0 {
            Mode::Describe(found) => {
                T::describe(name, description, &mut Needs(found));
                Asked::Nothing
            }
            Mode::Run(run) => T::take(name, run).unwrap_or_else(|fault| {
                run.faults.push(fault);
                Asked::Nothing
            }),
        }
    }

    /// Asks for an argument of which `#[arg(…)]` says more.
    pub fn field<T: Plain>(&mut self, arg: &Arg<T>) -> Asked<T> {
        self.constrained(arg, Some(<T as Described>::describe))
    }

    /// Asks for an argument whose schema its author gives.
    pub fn foreign<T: Readable>(&mut self, arg: &Arg<T>) -> Asked<T> {
        self.constrained(arg, None)
    }

    fn constrained<T: Readable>(&mut self, arg: &Arg<T>, own: Option<Describe>) -> Asked<T> {
        match &mut self.0 {
            Mode::Describe(found) => {
                arg.describe(own, found);
                Asked::Nothing
            }
            Mode::Run(run) => arg.take(run).unwrap_or_else(|fault| {
                run.faults.push(fault);
                Asked::Nothing
            }),
        }
    }

    /// Asks for an argument that only an extractor can give.
    pub fn extract<T: super::Extract>(&mut self, name: &'static str) -> Asked<T> {
        self.argument::<T, super::Extractor>(name, "")
    }

    /// Asks for an argument that has no name.
    pub fn unnamed<T: Argument<M>, M: super::extract::Nameless>(&mut self) -> Asked<T> {
        self.argument("", "")
    }

    /// Says what a tool returns.
    pub fn tool<R: IntoToolResult>(&mut self) -> Returns<R> {
        if let Mode::Describe(found) = &mut self.0 {
            R::describe(&mut Needs(found));
        }
        Returns(|value| value.into_tool_result().map(Response::Tool))
    }

    /// Says what a resource returns.
    pub fn resource<R: IntoResourceResult>(&mut self) -> Returns<R> {
        Returns(|value| value.into_resource_result().map(Response::Resource))
    }

    /// Says what a prompt returns.
    pub fn prompt<R: IntoPromptResult>(&mut self) -> Returns<R> {
        Returns(|value| value.into_prompt_result().map(Response::Prompt))
    }

    /// Whether the function is to be run, as far as this call knows. Every argument has been asked for by then.
    pub fn ready(&mut self) -> bool {
        let Mode::Run(run) = &mut self.0 else { return false };
        if !run.settled {
            run.settled = true;
            if let Arguments::Json(given) = &run.arguments {
                run.faults.extend(given.names().map(|name| Fault::Unknown { name: name.into() }));
            } else if !matches!(&run.arguments, Arguments::Text(given) if given.is_empty()) {
                run.faults.extend(run.arguments.names().into_iter().map(|name| Fault::Unknown { name }));
            }
        }
        run.faults.is_empty() && run.rejected.is_none() && run.purpose != Purpose::Ask
    }

    /// Runs a function where it may block, and ends the call with its outcome.
    ///
    /// # Panics
    ///
    /// Where the function does: the panic goes on in the call that waits for it.
    pub async fn blocking(self, function: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
        let Mode::Run(run) = self.0 else { return self.stop() };
        let Some(busy) = run.context.state::<Busy>().and_then(Busy::enter) else {
            let full = ToolError::transient("too many functions that block are at work");
            return Outcome(End::Failed(Failure::Tool(full)));
        };
        let held = run.context.facts().holds.share();
        let span = tracing::Span::current();
        let working = tokio::task::spawn_blocking(move || {
            // What it logs belongs to the call, wherever it runs.
            let _span = span.enter();
            // It may have waited for a thread longer than anybody waited for it.
            let _entered = current::enter_blocking(run.context.facts());
            let outcome = if run.context.is_cancelled() { Outcome(End::Abandoned) } else { function() };
            drop((busy, held));
            outcome
        });
        match working.await {
            Ok(outcome) => outcome,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going down and the function was never started: nobody waits for the result.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Ends the call without running the function.
    pub fn stop(self) -> Outcome {
        Outcome(match self.0 {
            Mode::Describe(found) => End::Described(found),
            Mode::Run(Run { rejected: Some(error), faults, .. }) if faults.is_empty() => {
                End::Failed(Failure::new(*error))
            }
            Mode::Run(Run { context, arguments, faults, purpose, .. }) => {
                let mended = purpose == Purpose::ServeMended;
                End::Refused(Box::new(Refused { faults, context, arguments, mended }))
            }
        })
    }
}

/// An argument that was asked for. It says nothing of where it comes from, so that an argument which cannot be had is one
/// error and no more.
pub enum Asked<T> {
    /// There is none.
    Nothing,
    /// It is there.
    Given(T),
    /// It takes time.
    Later(Pin<Box<dyn Future<Output = Result<T, ToolError>> + Send>>),
}

impl<T> Asked<T> {
    /// Waits for the argument; `None` where there is nothing to run the function with.
    pub async fn given(self, call: &mut Call) -> Option<T> {
        match self {
            Self::Nothing => None,
            Self::Given(value) => Some(value),
            // Nothing is made for a call that is not run.
            Self::Later(_) if !call.ready() => None,
            Self::Later(extracting) => match extracting.await {
                Ok(value) => Some(value),
                Err(error) => {
                    if let Mode::Run(run) = &mut call.0 {
                        run.rejected.get_or_insert_with(|| Box::new(error));
                    }
                    None
                }
            },
        }
    }
}

/// Makes the outcome of what a function returned.
#[derive(Debug)]
pub struct Returns<R>(fn(R) -> Result<Response, Failure>);

impl<R> Returns<R> {
    /// Ends the call with what the function returned.
    pub fn reply(self, value: R) -> Outcome {
        Outcome(match (self.0)(value) {
            Ok(response) => End::Response(response),
            Err(failure) => End::Failed(failure),
        })
    }
}

/// Asks a function what is wrong with arguments. Nothing of it is run but what reads them.
pub(crate) fn faults(run: fn(Call) -> Running, arguments: Arguments) -> Vec<Fault> {
    let mut running = run(Call::with(Context::detached(), arguments, Purpose::Ask));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match running.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(Outcome(End::Refused(refused))) => refused.faults,
        _ => Vec::new(),
    }
}

/// Runs a function once to ask it about itself.
pub(crate) fn describe(run: fn(Call) -> Running) -> Option<Description> {
    let mut running = run(Call(Mode::Describe(Box::new(Description::new()))));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match running.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(Outcome(End::Described(found))) => Some(*found),
        _ => None,
    }
}
