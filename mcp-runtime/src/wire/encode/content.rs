//! Content blocks, and what stands for them in revisions that do not have their kind.
//!
//! What is left out is said, in text: a client that drops a block it does not know, or a whole result because of it, would
//! leave the model to guess.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::super::revision::Revision;
use crate::model::{Audio, Content, Link, PromptMessage, Role};

/// Content blocks as a revision has them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks<'a> {
    pub(super) content: &'a [Content],
    pub(super) revision: Revision,
}

impl Serialize for Blocks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { content, revision } = *self;
        if content.iter().all(|block| is_known(block, revision)) {
            return content.serialize(serializer);
        }
        serializer.collect_seq(content.iter().map(|block| projected(block, revision)))
    }
}

/// A message of a prompt as a revision has it.
#[derive(Debug, Serialize)]
pub(super) struct Said<'a> {
    role: Role,
    content: Cow<'a, Content>,
}

impl<'a> Said<'a> {
    pub(super) fn new(message: &'a PromptMessage, revision: Revision) -> Self {
        Self { role: message.role, content: projected(&message.content, revision) }
    }
}

fn is_known(block: &Content, revision: Revision) -> bool {
    match block {
        Content::ResourceLink(_) => revision.has_resource_links(),
        Content::Audio(_) => revision.has_audio(),
        Content::Text(_) | Content::Image(_) | Content::Resource(_) => true,
    }
}

fn projected(block: &Content, revision: Revision) -> Cow<'_, Content> {
    if is_known(block, revision) {
        return Cow::Borrowed(block);
    }
    let (text, marks) = match block {
        Content::ResourceLink(link) => (named(link), &link.annotations),
        Content::Audio(audio) => (left_out(audio), &audio.annotations),
        Content::Text(_) | Content::Image(_) | Content::Resource(_) => return Cow::Borrowed(block),
    };
    Cow::Owned(Content::marked_text(text, marks.clone()))
}

/// A link in words. An embedded resource would have to carry the contents: the link may be there to spare the model just
/// those, and they may be another server's. With the URI in the text it can read them all the same.
fn named(link: &Link) -> String {
    let name = link.title.as_deref().unwrap_or(&link.name);
    let mut text = format!("Resource {name}: {}", link.uri);
    if let Some(mime) = &link.mime_type {
        text.push_str(&format!(" ({mime})"));
    }
    if let Some(description) = &link.description {
        text.push_str(&format!(": {description}"));
    }
    text
}

fn left_out(audio: &Audio) -> String {
    format!(
        "[{} bytes of audio, {}, are left out: this client speaks a protocol revision without audio]",
        audio.data.0.len(),
        audio.mime_type
    )
}
