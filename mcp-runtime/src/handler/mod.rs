//! Between a request and the user's function: arguments are read into types, the result is made of what it returns.
//!
//! Nothing here knows JSON-RPC, a protocol revision or a transport.

mod arg;
mod ask;
mod busy;
mod call;
mod claims;
mod complete;
mod context;
pub(crate) mod current;
mod cursor;
mod extract;
mod failure;
mod prompt_result;
mod resource_result;
mod shape;
mod state;
mod table;
mod text;
mod tool_result;
mod with_meta;

pub use arg::{Arg, Describe, Described, Sample, made, standard, written};
pub use ask::{Ask, AskError, Root, Sampled};
pub(crate) use busy::Busy;
pub use call::{Call, Outcome, Returns, Running};
pub(crate) use call::{End, Fault, Refused, describe, faults};
pub use claims::Claims;
pub use complete::{Complete, Completed, Completing, IntoCompletion};
pub use context::Context;
pub use cursor::{Cursor, Page, Paged};
pub use extract::{Args, Argument, Extract, Extractor, Field, Headers, Needs, Whole};
pub(crate) use failure::{Failure, Hidden, causes};
pub use prompt_result::IntoPromptResult;
pub use resource_result::IntoResourceResult;
pub use shape::{Probe, Shape, Unshaped};
pub use state::State;
pub(crate) use state::States;
pub use table::Table;
pub use tool_result::{IntoToolResult, Json};
