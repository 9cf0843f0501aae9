//! Prompts: what is published of them, and the messages that one gives.

use serde::Serialize;

use super::{Completions, Content, Definition, Meta, Role};

/// A prompt as it is served.
#[derive(Debug)]
pub struct Prompt {
    pub(crate) definition: Definition,
    pub(crate) arguments: Vec<PromptArgument>,
    /// The names of the arguments whose values are written nowhere.
    pub(crate) secrets: Vec<&'static str>,
    pub(crate) completions: Completions,
    pub(crate) meta: Meta,
}

impl Prompt {
    /// Its name.
    pub fn name(&self) -> &str {
        self.definition.name
    }

    /// The definition that it was made of.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }
}

/// An argument of a prompt, as it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PromptArgument {
    pub(crate) name: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) description: &'static str,
    pub(crate) required: bool,
}

/// The messages that a prompt gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PromptResult {
    pub(crate) messages: Vec<PromptMessage>,
    pub(crate) meta: Meta,
}

/// One message of a prompt: who says it, and what.
///
/// ```
/// # use mcp::PromptMessage;
/// let messages = [
///     PromptMessage::user("Review this function."),
///     PromptMessage::assistant("Gladly. Which one?"),
/// ];
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PromptMessage {
    pub(crate) role: Role,
    pub(crate) content: Content,
}

impl PromptMessage {
    /// A message that the user says.
    pub fn user(content: impl Into<Content>) -> Self {
        Self { role: Role::User, content: content.into() }
    }

    /// A message that the model says.
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }
}
