//! What answers a request.

use std::sync::{Arc, OnceLock};

use super::{Completion, Content, Definition, Prompt, PromptResult, Resource, ResourceResult};
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
    /// What an argument may become.
    Completion(Completion),
    /// A list.
    List(Arc<Listing>),
    /// What the server is and can do.
    Discovery,
    /// The request could not be served.
    Error(crate::Error),
}

/// What the call of a tool gives.
#[derive(Debug, Clone, Default)]
pub struct ToolResult {
    pub(crate) content: Vec<Content>,
    /// JSON text. Where there is no content, it is shown as its own text too.
    pub(crate) structured: Option<String>,
    pub(crate) is_error: bool,
}

impl ToolResult {
    /// A result that is an error the model should read.
    pub fn error(text: impl Into<String>) -> Self {
        Self { content: vec![Content::text(text)], structured: None, is_error: true }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// A list of what a server offers, sorted. It is written once for each form in which it is sent.
#[derive(Debug)]
pub struct Listing {
    pub(crate) items: Items,
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
    pub(crate) const FORMS: usize = 4;

    pub(crate) fn new(items: Items) -> Self {
        Self { items, forms: Default::default() }
    }

    /// The bytes of the list in the encoder's form number `form`, written by `write` at the first use.
    pub(crate) fn form(
        &self,
        form: usize,
        write: impl FnOnce(&Items) -> Vec<u8>,
    ) -> std::borrow::Cow<'_, [u8]> {
        match self.forms.get(form) {
            Some(kept) => (&**kept.get_or_init(|| write(&self.items).into())).into(),
            None => write(&self.items).into(),
        }
    }
}
