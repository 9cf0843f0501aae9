//! The one internal model of what servers and clients say to each other. It means what the newest revision of the
//! protocol means: every request is complete in itself.
//!
//! Nothing here knows JSON-RPC, a protocol revision or a transport; `wire` translates.

mod arguments;
mod cache;
mod client;
mod completion;
mod content;
mod definition;
mod exchange;
mod expand;
mod icon;
mod meta;
mod prompt;
mod request;
mod resource;
mod response;
mod template;
mod time;

pub(crate) use arguments::Arguments;
pub use cache::CacheScope;
pub(crate) use cache::Hints;
pub use client::{Client, Principal};
pub use completion::{ArgumentCompletion, Complete, Completion, Typed};
pub(crate) use completion::{Completed, Completer, Completions, beginning};
pub use content::{Audio, Blob, Content, Embedded, Image, Link, Role, Text};
pub use definition::{Annotations, Definition, Kind, Source};
pub use exchange::Progress;
pub(crate) use exchange::{Exchange, Taken};
pub use expand::ExpandError;
pub use icon::{Icon, Theme};
pub use meta::WithMeta;
pub(crate) use meta::{Meta, problem_of_name};
pub use prompt::{Prompt, PromptArgument, PromptMessage, PromptResult};
pub(crate) use request::Facts;
pub use request::{ListRequest, Operation, PromptGet, Request, ResourceRead, ToolCall};
pub use resource::{Resource, ResourceContents, ResourceResult};
pub(crate) use response::Items;
pub use response::{ListPage, Listing, ListingKind, Response, Tool, ToolResult};
pub use template::{Segment, Template};
