//! The one internal model of what servers and clients say to each other. It means what the newest revision of the
//! protocol means: every request is complete in itself.
//!
//! Nothing here knows JSON-RPC, a protocol revision or a transport; `wire` translates.

mod arguments;
mod asking;
mod budget;
mod cache;
mod client;
mod completion;
mod content;
mod correlation;
mod definition;
mod exchange;
mod expand;
mod form;
mod held;
mod icon;
mod log;
mod meta;
mod once;
mod principal;
mod prompt;
mod question;
mod request;
mod resource;
mod response;
mod scope;
mod template;
pub(crate) mod time;

pub(crate) use arguments::Arguments;
pub use asking::InputRequired;
pub(crate) use asking::{Asking, Given, Record, Stopped, Way};
pub(crate) use budget::Budget;
pub use cache::CacheScope;
pub(crate) use cache::Hints;
pub use client::Client;
pub use completion::{ArgumentCompletion, Complete, Completion, Typed};
pub(crate) use completion::{Completed, Completer, Completions, beginning};
pub use content::{Audio, Blob, Content, Embedded, Image, Link, Role, Text};
pub(crate) use correlation::Correlation;
pub use definition::{Annotations, Definition, Kind, Source};
pub use exchange::Progress;
pub(crate) use exchange::{Answered, Exchange, Notice, Slot, Taken};
pub use expand::ExpandError;
pub(crate) use form::{Form, FormField};
pub(crate) use held::{Held, Holds};
pub use icon::{Icon, Theme};
pub(crate) use log::LogMessage;
pub use log::{Level, UnknownLevel};
pub use meta::WithMeta;
pub(crate) use meta::{Meta, problem_of_name, texts_in};
pub(crate) use once::{Onces, now};
pub use principal::Principal;
pub use prompt::{Prompt, PromptArgument, PromptMessage, PromptResult};
pub(crate) use question::{Question, declaration};
pub(crate) use request::{Called, Facts, Remote};
pub use request::{ListRequest, Operation, PromptGet, Request, ResourceRead, Subscription, ToolCall, Topics};
pub use resource::{Resource, ResourceContents, ResourceResult};
pub(crate) use response::Items;
pub use response::{Extended, ListPage, Listening, Listing, ListingKind, Response, Tool, ToolResult};
pub(crate) use scope::Implied;
#[cfg(feature = "http")]
pub(crate) use scope::is_scope;
pub use template::{Segment, Template};
