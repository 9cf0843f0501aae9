//! Content blocks: what tools return and prompts are made of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Meta, ResourceContents};

/// One block of content: text, an image, audio, a link to a resource, or a resource itself.
///
/// ```
/// # use mcp::{Content, Image};
/// let content: Vec<Content> = vec![
///     "A red pixel:".into(),
///     Image::png(b"\x89PNG...").into(),
/// ];
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Content {
    /// Plain text.
    Text(Text),
    /// An image.
    Image(Image),
    /// Sound.
    Audio(Audio),
    /// A link to a resource that the client can read.
    ResourceLink(Link),
    /// The contents of a resource.
    Resource(Embedded),
}

impl Content {
    /// A block of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Text { text: text.into(), annotations: None, meta: Meta::default() })
    }

    /// Text in place of another block, with what that block says of itself.
    pub(crate) fn marked_text(text: String, annotations: Option<Marks>) -> Self {
        Self::Text(Text { text, annotations, meta: Meta::default() })
    }

    /// The text, where it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(block) => Some(&block.text),
            _ => None,
        }
    }

    /// Everything of it that is read as text.
    pub(crate) fn texts_mut(&mut self, each: &mut impl FnMut(&mut String)) {
        match self {
            Self::Text(block) => each(&mut block.text),
            Self::ResourceLink(link) => {
                each(&mut link.name);
                link.title.iter_mut().chain(&mut link.description).for_each(each);
            }
            Self::Resource(embedded) if !embedded.resource.is_app() => {
                embedded.resource.text_mut().into_iter().for_each(each);
            }
            Self::Resource(_) | Self::Image(_) | Self::Audio(_) => {}
        }
    }

    /// Every text in it, whoever reads it, or a program.
    pub(crate) fn everything_mut(&mut self, each: &mut impl FnMut(&mut String)) {
        let meta = match self {
            Self::Text(block) => {
                each(&mut block.text);
                &mut block.meta
            }
            Self::ResourceLink(link) => {
                each(&mut link.uri);
                each(&mut link.name);
                link.title.iter_mut().chain(&mut link.description).for_each(&mut *each);
                &mut link.meta
            }
            Self::Resource(embedded) => {
                embedded.resource.everything_mut(each);
                &mut embedded.meta
            }
            Self::Image(image) => &mut image.meta,
            Self::Audio(audio) => &mut audio.meta,
        };
        meta.texts_mut(each);
    }

    /// The text, where it is text.
    pub(crate) fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Text(block) => Some(&mut block.text),
            _ => None,
        }
    }

    /// About how many bytes it has when it is sent.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.text.len(),
            Self::Image(image) => image.data.length(),
            Self::Audio(audio) => audio.data.length(),
            Self::ResourceLink(link) => link.uri.len() + link.description.as_ref().map_or(0, String::len),
            Self::Resource(embedded) => embedded.resource.length(),
        }
    }

    /// The text, where it is text and nothing else is said of it.
    pub(crate) fn as_plain(&self) -> Option<&str> {
        match self {
            Self::Text(Text { text, annotations: None, meta }) if meta.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Says whom the content is for. By default it is for both, the user and the model.
    #[must_use]
    pub fn audience(mut self, audience: impl IntoIterator<Item = Role>) -> Self {
        self.annotations_mut().audience = Some(audience.into_iter().collect());
        self
    }

    /// Says how much it matters, from 0 (may be left out) to 1 (required). Values outside are brought to the nearest.
    #[must_use]
    pub fn priority(mut self, priority: f64) -> Self {
        let priority = if priority.is_nan() { 0.0 } else { priority.clamp(0.0, 1.0) };
        self.annotations_mut().priority = Some(priority);
        self
    }

    /// Says when it was changed last.
    ///
    /// ```
    /// # use mcp::Content;
    /// # fn page() -> std::io::Result<Content> {
    /// let changed = std::fs::metadata("page.md")?.modified()?;
    /// Ok(Content::text(std::fs::read_to_string("page.md")?).last_modified(changed))
    /// # }
    /// ```
    #[must_use]
    pub fn last_modified(mut self, time: std::time::SystemTime) -> Self {
        self.annotations_mut().last_modified = super::time::utc(time);
        self
    }

    /// Adds a member to the block's `_meta`, as [`WithMeta`](crate::WithMeta) does for a result.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        let meta = match &mut self {
            Self::Text(block) => &mut block.meta,
            Self::Image(block) => &mut block.meta,
            Self::Audio(block) => &mut block.meta,
            Self::ResourceLink(block) => &mut block.meta,
            Self::Resource(block) => &mut block.meta,
        };
        meta.insert(name, value);
        self
    }

    fn annotations_mut(&mut self) -> &mut Marks {
        let marks = match self {
            Self::Text(block) => &mut block.annotations,
            Self::Image(block) => &mut block.annotations,
            Self::Audio(block) => &mut block.annotations,
            Self::ResourceLink(block) => &mut block.annotations,
            Self::Resource(block) => &mut block.annotations,
        };
        marks.get_or_insert_default()
    }
}

/// Who says something, or whom it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Marks {
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<Vec<Role>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
}

/// The text of a text block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Text {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Marks>,
    #[serde(rename = "_meta", default, skip_serializing_if = "Meta::is_empty")]
    meta: Meta,
}

/// Bytes that travel as base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl Blob {
    /// As base64.
    pub(crate) fn length(&self) -> usize {
        self.0.len().div_ceil(3).saturating_mul(4)
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// An image: its bytes and its media type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    data: Blob,
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Marks>,
    #[serde(rename = "_meta", default, skip_serializing_if = "Meta::is_empty")]
    meta: Meta,
}

impl Image {
    /// An image of any media type, such as `image/webp`.
    pub fn new(bytes: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        Self {
            data: Blob(bytes.into()),
            mime_type: mime_type.into(),
            annotations: None,
            meta: Meta::default(),
        }
    }

    /// A PNG image.
    pub fn png(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, "image/png")
    }

    /// A JPEG image.
    pub fn jpeg(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, "image/jpeg")
    }
}

/// Sound: its bytes and its media type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Audio {
    pub(crate) data: Blob,
    pub(crate) mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) annotations: Option<Marks>,
    #[serde(rename = "_meta", default, skip_serializing_if = "Meta::is_empty")]
    meta: Meta,
}

impl Audio {
    /// Sound of any media type, such as `audio/ogg`.
    pub fn new(bytes: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        Self {
            data: Blob(bytes.into()),
            mime_type: mime_type.into(),
            annotations: None,
            meta: Meta::default(),
        }
    }

    /// WAV sound.
    pub fn wav(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, "audio/wav")
    }
}

/// A link to a resource that the client can read.
///
/// ```
/// # use mcp::Link;
/// let link = Link::new("logs://app/2026-01-31", "app-2026-01-31").title("App log").mime("text/plain");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub(crate) uri: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mime_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) annotations: Option<Marks>,
    #[serde(rename = "_meta", default, skip_serializing_if = "Meta::is_empty")]
    meta: Meta,
}

impl Link {
    /// A link to `uri`, shown under `name`.
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
            size: None,
            annotations: None,
            meta: Meta::default(),
        }
    }

    /// A name for people.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What it is.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The media type of what it links to.
    #[must_use]
    pub fn mime(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// The size of what it links to, in bytes.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }
}

/// The contents of a resource, carried inside other content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedded {
    resource: ResourceContents,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Marks>,
    #[serde(rename = "_meta", default, skip_serializing_if = "Meta::is_empty")]
    meta: Meta,
}

impl From<Image> for Content {
    fn from(image: Image) -> Self {
        Self::Image(image)
    }
}

impl From<Audio> for Content {
    fn from(audio: Audio) -> Self {
        Self::Audio(audio)
    }
}

impl From<Link> for Content {
    fn from(link: Link) -> Self {
        Self::ResourceLink(link)
    }
}

impl From<ResourceContents> for Content {
    fn from(resource: ResourceContents) -> Self {
        Self::Resource(Embedded { resource, annotations: None, meta: Meta::default() })
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}
