//! What answers a request.

use std::sync::{Arc, OnceLock};

use super::{
    Completion, Content, Definition, InputRequired, Meta, Prompt, PromptResult, Resource, ResourceResult,
};
use crate::ToolError;
use crate::changes::Listener;
use crate::error::FailureKind;
use crate::schema::{InputSchema, Mirror, OutputSchema};

/// What answers a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Response {
    /// A tool ran: well, or not (`isError`).
    Tool(ToolResult),
    /// A resource was read.
    Resource(ResourceResult),
    /// A prompt was made.
    Prompt(PromptResult),
    /// The function needs answers before it can go on: the request comes again with them.
    InputRequired(Box<InputRequired>),
    /// A stream of changes begins.
    Listening(Listening),
    /// What an extension answers.
    Extended(Extended),
    /// It was done, and there is nothing to say.
    Empty,
    /// What an argument may become.
    Completion(Completion),
    /// A list.
    List(ListPage),
    /// What the server is and can do.
    Discovery,
    /// The request could not be served.
    Error(crate::Error),
}

impl Response {
    /// Why the request failed; `None` where it did not.
    pub fn failure(&self) -> Option<FailureKind> {
        match self {
            Self::Tool(result) if result.is_error => Some(result.failure.unwrap_or(FailureKind::Unexpected)),
            Self::Error(error) => Some(error.failure()),
            _ => None,
        }
    }
}

impl Response {
    /// About how many bytes that a function gave it has when it is sent.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Tool(result) => {
                let content: usize = result.content.iter().map(Content::length).sum();
                content + result.structured.as_ref().map_or(0, String::len)
            }
            Self::Resource(result) => result.contents.iter().map(super::ResourceContents::length).sum(),
            Self::Prompt(result) => result.messages.iter().map(|message| message.content.length()).sum(),
            _ => 0,
        }
    }
}

/// What an extension answers: the members of the result.
#[derive(Debug)]
pub struct Extended {
    /// What kind of result it is; a plain one where none is named.
    pub(crate) kind: Option<&'static str>,
    pub(crate) members: serde_json::Map<String, serde_json::Value>,
}

/// A stream of changes.
#[derive(Debug)]
pub struct Listening(pub(crate) Arc<Listener>);

/// What the call of a tool gives.
#[derive(Debug, Clone, Default)]
pub struct ToolResult {
    pub(crate) content: Vec<Content>,
    /// JSON text. Where there is no content, it is shown as its own text too.
    pub(crate) structured: Option<String>,
    pub(crate) is_error: bool,
    /// Why it failed, where that is known.
    pub(crate) failure: Option<FailureKind>,
    pub(crate) meta: Meta,
}

impl ToolResult {
    /// A result that is an error the model should read.
    pub fn error(text: impl Into<String>) -> Self {
        Self { content: vec![Content::text(text)], is_error: true, ..Self::default() }
    }

    /// What the model reads of an error, with what programs read of it.
    pub(crate) fn failed(error: ToolError, kind: FailureKind) -> Self {
        let mut result = Self::error(error.text()).because(kind);
        if let Some(seconds) = error.retry_seconds() {
            result.meta.put("retryAfter".into(), seconds.into());
        }
        result.content.extend(error.content);
        result
    }

    /// Says why it failed.
    pub(crate) fn because(mut self, kind: FailureKind) -> Self {
        self.failure = Some(kind);
        self
    }

    /// Whether the tool failed.
    pub fn is_error(&self) -> bool {
        self.is_error
    }

    /// The content blocks.
    pub fn content(&self) -> &[Content] {
        &self.content
    }
}

/// A tool as it is served.
#[derive(Debug)]
pub struct Tool {
    pub(crate) definition: Definition,
    pub(crate) input: InputSchema,
    pub(crate) output: Option<OutputSchema>,
    /// What clients repeat in headers.
    pub(crate) mirrors: Vec<Mirror>,
    pub(crate) meta: Meta,
}

impl Tool {
    /// Its name.
    pub fn name(&self) -> &str {
        self.definition.name
    }

    /// The definition that it was made of.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }
}

/// What a list lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListingKind {
    /// Tools.
    Tools,
    /// Resources with a fixed URI.
    Resources,
    /// Resource templates.
    Templates,
    /// Prompts.
    Prompts,
}

impl ListingKind {
    /// The method that asks for it.
    pub fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Resources => "resources/list",
            Self::Templates => "resources/templates/list",
            Self::Prompts => "prompts/list",
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct ListPage {
    pub(crate) listing: Arc<Listing>,
    /// What the last item before the page is called; none on the first page.
    pub(crate) after: Option<Box<str>>,
}

/// A list of what a server offers, sorted. Its first page is written once for each form in which it is sent.
#[derive(Debug)]
pub struct Listing {
    pub(crate) items: Items,
    /// So many items stand on a page.
    page: usize,
    forms: [OnceLock<Box<[u8]>>; Self::FORMS],
}

#[derive(Debug)]
pub(crate) enum Items {
    Tools(Vec<Arc<Tool>>),
    Resources(Vec<Arc<Resource>>),
    Templates(Vec<Arc<Resource>>),
    Prompts(Vec<Arc<Prompt>>),
}

impl Listing {
    /// So many forms of a list are kept.
    pub(crate) const FORMS: usize = 5;

    pub(crate) fn new(items: Items, page: usize) -> Self {
        Self { items, page, forms: Default::default() }
    }

    /// The bytes of the first page in the encoder's form number `form`, written by `write` at the first use.
    pub(crate) fn form(&self, form: usize, write: impl FnOnce() -> Vec<u8>) -> std::borrow::Cow<'_, [u8]> {
        match self.forms.get(form) {
            Some(kept) => (&**kept.get_or_init(|| write().into())).into(),
            None => write().into(),
        }
    }
}

impl ListPage {
    /// Which items stand on the page, and what the last one is called where more follow.
    pub(crate) fn range(&self) -> (std::ops::Range<usize>, Option<&str>) {
        let Listing { items, page, .. } = &*self.listing;
        let start = self.after.as_deref().map_or(0, |after| items.behind(after));
        let end = start.saturating_add(*page).min(items.len());
        let more = end < items.len();
        (start..end, more.then(|| items.name(end - 1)).flatten())
    }
}

impl Items {
    fn len(&self) -> usize {
        match self {
            Self::Tools(found) => found.len(),
            Self::Resources(found) | Self::Templates(found) => found.len(),
            Self::Prompts(found) => found.len(),
        }
    }

    /// What lists are sorted by.
    fn name(&self, at: usize) -> Option<&str> {
        match self {
            Self::Tools(found) => found.get(at).map(|tool| tool.name()),
            Self::Resources(found) | Self::Templates(found) => found.get(at).map(|resource| resource.uri()),
            Self::Prompts(found) => found.get(at).map(|prompt| prompt.name()),
        }
    }

    /// How many items are called something up to `after`.
    fn behind(&self, after: &str) -> usize {
        match self {
            Self::Tools(found) => found.partition_point(|tool| tool.name() <= after),
            Self::Resources(found) | Self::Templates(found) => {
                found.partition_point(|resource| resource.uri() <= after)
            }
            Self::Prompts(found) => found.partition_point(|prompt| prompt.name() <= after),
        }
    }

    pub(crate) fn kind(&self) -> ListingKind {
        match self {
            Self::Tools(_) => ListingKind::Tools,
            Self::Resources(_) => ListingKind::Resources,
            Self::Templates(_) => ListingKind::Templates,
            Self::Prompts(_) => ListingKind::Prompts,
        }
    }
}
