//! How a layer says no: to the model in the result of its call, to a client as an error of the protocol, and to both when
//! to come back.

use std::fmt;
use std::time::Duration;

use crate::error::{ErrorKind, FailureKind};
use crate::model::{Definition, Kind, Operation, Request, Response, ToolResult};
use crate::{Error, ToolError};

/// What was asked for: all that is needed of a request to refuse it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    word: Word,
    name: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Word {
    Tool,
    Resource,
    Prompt,
    Method,
}

impl Asked {
    pub(crate) fn of(request: &Request) -> Self {
        let word = match &request.operation {
            Operation::CallTool(_) => Word::Tool,
            Operation::ReadResource(_) => Word::Resource,
            Operation::GetPrompt(_) => Word::Prompt,
            _ => Word::Method,
        };
        let name = match request.definition() {
            Some(definition) if word != Word::Method => definition.name,
            _ => request.method(),
        };
        Self { word, name }
    }

    /// The call of a function.
    pub(crate) fn of_definition(definition: &Definition) -> Self {
        let word = match definition.kind {
            Kind::Tool(_) => Word::Tool,
            Kind::Resource { .. } => Word::Resource,
            Kind::Prompt => Word::Prompt,
        };
        Self { word, name: definition.name }
    }

    /// A method that runs no function.
    pub(crate) fn of_method(method: &'static str) -> Self {
        Self { word: Word::Method, name: method }
    }

    /// The method by which it is asked for.
    pub(crate) fn method(&self) -> &'static str {
        match self.word {
            Word::Tool => "tools/call",
            Word::Resource => "resources/read",
            Word::Prompt => "prompts/get",
            Word::Method => self.name,
        }
    }

    /// The name of the function, where one was to be run.
    pub(crate) fn name(&self) -> Option<&'static str> {
        (self.word != Word::Method).then_some(self.name)
    }

    /// What kind of function it is.
    pub(crate) fn word(&self) -> &'static str {
        match self.word {
            Word::Tool => "tool",
            Word::Resource => "resource",
            Word::Prompt => "prompt",
            Word::Method => "method",
        }
    }

    /// There is no room for it now. It was not run.
    pub(crate) fn unavailable(&self, said: String, retry_after: Duration) -> Response {
        self.refuse(said, retry_after, |retry_after| ErrorKind::Unavailable { retry_after })
    }

    /// The caller has asked for too much.
    pub(crate) fn limited(&self, said: String, retry_after: Duration) -> Response {
        self.refuse(said, retry_after, |retry_after| ErrorKind::RateLimited { retry_after })
    }

    fn refuse(&self, said: String, retry_after: Duration, kind: fn(Duration) -> ErrorKind) -> Response {
        let error = ToolError::transient(said).retry_after(retry_after);
        match self.word {
            Word::Tool => Response::Tool(ToolResult::failed(error, FailureKind::Refused)),
            _ => Response::Error(Error { kind: kind(retry_after), message: error.text() }),
        }
    }

    /// It cannot be served like this, and it is up to the caller to ask otherwise.
    pub(crate) fn wrong(&self, said: String) -> Response {
        match self.word {
            Word::Tool => {
                Response::Tool(ToolResult::failed(ToolError::invalid_input(said), FailureKind::Input))
            }
            _ => Response::Error(Error::invalid_params(said)),
        }
    }

    /// It was run, and failed.
    pub(crate) fn failed(&self, error: ToolError, kind: FailureKind) -> Response {
        match self.word {
            Word::Tool => Response::Tool(ToolResult::failed(error, kind)),
            _ => Response::Error(Error::internal(error.text())),
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.word == Word::Method {
            return write!(f, "\"{}\"", self.name);
        }
        let word = self.word();
        write!(f, "{word} \"{}\"", self.name)
    }
}
