//! Content blocks, and what stands for them in revisions that do not have their kind.
//!
//! What is left out is said, in text: a client that drops a block it does not know, or a whole result because of it, would
//! leave the model to guess.

use std::borrow::Cow;

use serde::Serialize;

use super::super::revision::Revision;
use super::value;
use crate::json::write_text;
use crate::model::{Audio, Content, Link, PromptMessage, Role};

/// Writes content blocks as a revision has them.
pub(super) fn blocks(out: &mut Vec<u8>, content: &[Content], revision: Revision) {
    out.extend_from_slice(b"\"content\":[");
    for (at, block) in content.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match block.as_plain() {
            Some(text) => plain_text(out, text),
            None => value(out, &*projected(block, revision)),
        }
    }
    out.push(b']');
}

/// Writes a block of text of which nothing else is said, which is what most results are.
pub(super) fn plain_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
    write_text(out, text);
    out.push(b'}');
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
