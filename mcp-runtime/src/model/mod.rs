//! The one internal model of what servers and clients say to each other. It means what the newest revision of the
//! protocol means: every request is complete in itself.
//!
//! Nothing here knows JSON-RPC, a protocol revision or a transport; `wire` translates.

mod arguments;
mod asking;
mod client;
mod content;
mod definition;
mod exchange;
mod form;
mod log;
mod once;
mod prompt;
mod question;
mod request;
mod resource;
mod response;
mod template;

pub(crate) use arguments::Arguments;
pub use asking::InputRequired;
pub(crate) use asking::{Answered, Asking, Record, Stopped, Way};
pub use client::{Client, Principal};
pub use content::{Audio, Blob, Content, Embedded, Image, Link, Role, Text};
pub use definition::{Annotations, Definition, Kind, Source};
pub use exchange::Progress;
pub(crate) use exchange::{Exchange, Notice, Slot, Taken};
pub(crate) use form::{Form, FormField};
pub(crate) use log::LogMessage;
pub use log::{Level, UnknownLevel};
pub(crate) use once::{Onces, now};
pub use prompt::{Prompt, PromptArgument, PromptMessage, PromptResult};
pub(crate) use question::{Question, declaration};
pub(crate) use request::Facts;
pub use request::{Operation, PromptGet, Request, ResourceRead, Subscription, ToolCall, Topics};
pub use resource::{Resource, ResourceContents, ResourceResult};
pub(crate) use response::Items;
pub use response::{Listening, Listing, ListingKind, Response, Tool, ToolResult};
pub use template::{Segment, Template};
