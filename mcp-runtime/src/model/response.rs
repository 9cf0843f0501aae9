//! What answers a request.

use std::sync::{Arc, OnceLock};

use super::{
    CacheScope, Completion, Content, Definition, Hints, InputRequired, Meta, Prompt, PromptResult, Resource,
    ResourceResult,
};
use crate::ToolError;
use crate::changes::Listener;
use crate::dialect::{Dialect, Dialects, Loss, Rewritten};
use crate::error::FailureKind;
use crate::schema::{Guard, InputSchema, Mirror, OutputCheck, OutputSchema};
use crate::tally::Tally;

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
    pub(crate) dialects: Dialects,
    /// What is checked of its arguments beside what their types do.
    pub(crate) guard: Guard,
    /// Whether slips of models are refused, and not mended.
    pub(crate) strict: bool,
    /// What holds its results to their schema, where they are held to it.
    pub(crate) check: Option<OutputCheck>,
    pub(crate) tally: Tally,
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

    /// What it loses in a dialect. In the standard it loses nothing.
    pub fn losses(&self, dialect: Dialect) -> &[Loss] {
        self.rewritten(dialect).map_or(&[], |rewritten| &rewritten.losses)
    }

    /// The schema of its arguments in a dialect; none where that is the standard.
    pub(crate) fn rewritten(&self, dialect: Dialect) -> Option<&Rewritten> {
        self.dialects.get(dialect, &self.input, || self.input.fields.iter().map(|field| field.name).collect())
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
    pub(crate) dialect: Dialect,
}

/// A list of what a server offers, sorted. Its first page is written once for each form in which it is sent.
#[derive(Debug)]
pub struct Listing {
    pub(crate) items: Items,
    /// So many items stand on a page.
    page: usize,
    forms: [OnceLock<Box<[u8]>>; Self::FORMS],
    /// Whether it is another one for other callers.
    personal: bool,
}

#[derive(Debug)]
pub(crate) enum Items {
    Tools(Vec<Arc<Tool>>),
    Resources(Vec<Arc<Resource>>),
    Templates(Vec<Arc<Resource>>),
    Prompts(Vec<Arc<Prompt>>),
}

impl Listing {
    /// So many forms of a list are kept: one of each revision in each dialect.
    pub(crate) const FORMS: usize = 5 * Dialect::ALL.len();

    pub(crate) fn new(items: Items, page: usize) -> Self {
        let personal = items.definitions().any(|definition| !definition.scopes.is_empty());
        Self { items, page, forms: Default::default(), personal }
    }

    /// The items that somebody may see, in a list of which others are given another part.
    pub(crate) fn part(&self, visible: &[bool]) -> Self {
        Self { personal: true, ..Self::new(self.items.part(visible), self.page) }
    }

    /// How it may be kept, where `hints` holds for what is the same for all.
    pub(crate) fn hints(&self, hints: Hints) -> Hints {
        if self.personal { Hints { scope: CacheScope::Private, ..hints } } else { hints }
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

    pub(crate) fn definitions(&self) -> Box<dyn Iterator<Item = &Definition> + '_> {
        match self {
            Self::Tools(found) => Box::new(found.iter().map(|tool| tool.definition())),
            Self::Resources(found) | Self::Templates(found) => {
                Box::new(found.iter().map(|resource| resource.definition()))
            }
            Self::Prompts(found) => Box::new(found.iter().map(|prompt| prompt.definition())),
        }
    }

    fn part(&self, visible: &[bool]) -> Self {
        fn some<T>(items: &[Arc<T>], visible: &[bool]) -> Vec<Arc<T>> {
            items.iter().zip(visible).filter(|(_, visible)| **visible).map(|(item, _)| item.clone()).collect()
        }
        match self {
            Self::Tools(found) => Self::Tools(some(found, visible)),
            Self::Resources(found) => Self::Resources(some(found, visible)),
            Self::Templates(found) => Self::Templates(some(found, visible)),
            Self::Prompts(found) => Self::Prompts(some(found, visible)),
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
