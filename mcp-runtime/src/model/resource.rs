//! Resources: what is published of them, and what a read gives.

use serde::{Deserialize, Serialize};

use super::{Blob, CacheScope, Completions, Definition, Hints, Meta, Template};
use crate::schema::Guard;

/// A resource or a resource template as it is served.
#[derive(Debug)]
pub struct Resource {
    pub(crate) definition: Definition,
    pub(crate) template: Template,
    pub(crate) completions: Completions,
    pub(crate) meta: Meta,
    /// What is checked of its arguments beside what their types do.
    pub(crate) guard: Guard,
}

impl Resource {
    /// Its URI, or its URI template as it was written.
    pub fn uri(&self) -> &str {
        self.template.source
    }

    /// How what it gives may be kept.
    pub(crate) fn hints(&self) -> Hints {
        let scope = if self.definition.public { CacheScope::Public } else { CacheScope::Private };
        Hints { ttl: u64::from(self.definition.ttl) * 1000, scope }
    }

    /// The definition that it was made of.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }
}

/// What the read of a resource gives: one item or several.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResourceResult {
    pub(crate) contents: Vec<ResourceContents>,
    pub(crate) meta: Meta,
    pub(crate) hints: Hints,
}

/// One item of a resource: text or bytes, with its URI and media type.
///
/// Where the URI is left out it is the one that was asked for, and the media type is the resource's `mime`.
///
/// ```
/// # use mcp::ResourceContents;
/// let page = ResourceContents::text("# Title").mime("text/markdown");
/// let icon = ResourceContents::bytes(vec![0x89, 0x50]).mime("image/png").uri("docs://icon");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceContents {
    pub(crate) uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mime_type: Option<String>,
    #[serde(flatten)]
    body: Body,
    #[serde(rename = "_meta", default, skip_serializing_if = "Meta::is_empty")]
    meta: Meta,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Body {
    Text(String),
    Blob(Blob),
}

impl ResourceContents {
    /// About how many bytes they have when they are sent.
    pub(crate) fn length(&self) -> usize {
        match &self.body {
            Body::Text(text) => text.len(),
            Body::Blob(blob) => blob.length(),
        }
    }

    /// The text, where it is text.
    pub(crate) fn text_mut(&mut self) -> Option<&mut String> {
        match &mut self.body {
            Body::Text(text) => Some(text),
            Body::Blob(_) => None,
        }
    }

    /// Every text in them, whoever reads it, or a program.
    pub(crate) fn everything_mut(&mut self, each: &mut impl FnMut(&mut String)) {
        each(&mut self.uri);
        self.text_mut().into_iter().for_each(&mut *each);
        self.meta.texts_mut(each);
    }

    /// Whether it is the page of an app (extension `io.modelcontextprotocol/ui`).
    pub(crate) fn is_app(&self) -> bool {
        self.mime_type
            .as_deref()
            .is_some_and(|mime| mime.starts_with("text/html") && mime.ends_with("profile=mcp-app"))
    }

    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { uri: String::new(), mime_type: None, body: Body::Text(text.into()), meta: Meta::default() }
    }

    /// Bytes.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            uri: String::new(),
            mime_type: None,
            body: Body::Blob(Blob(bytes.into())),
            meta: Meta::default(),
        }
    }

    /// The item's own URI, such as that of a file in a folder that was read.
    #[must_use]
    pub fn uri(mut self, uri: impl Into<String>) -> Self {
        self.uri = uri.into();
        self
    }

    /// The media type, such as `text/markdown`.
    #[must_use]
    pub fn mime(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Adds a member to the item's `_meta`, as [`WithMeta`](crate::WithMeta) does for a result.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.meta.insert(name, value);
        self
    }
}
