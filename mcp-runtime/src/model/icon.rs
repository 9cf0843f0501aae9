//! Pictures by which people recognise a server and what it offers.

use serde::Serialize;

/// A picture of the server, for people.
///
/// ```
/// # use mcp::{Icon, Theme};
/// let icon = Icon::new("https://example.com/icon.png").mime("image/png").sizes(["48x48"]).theme(Theme::Dark);
/// # let _ = mcp::server!().icon(icon);
/// ```
///
/// Only revisions of the protocol that know icons publish it. See the specification, "Icons".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Icon {
    src: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sizes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<Theme>,
}

/// The background that a picture is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// A light one.
    Light,
    /// A dark one.
    Dark,
}

impl Icon {
    /// The picture at an `https:` or `data:` URI. Another one is refused when the server is built.
    pub fn new(uri: impl Into<String>) -> Self {
        Self { src: uri.into(), mime_type: None, sizes: Vec::new(), theme: None }
    }

    /// Its media type, such as `image/png`.
    #[must_use]
    pub fn mime(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// The sizes that it is made for, such as `48x48`, or `any`.
    #[must_use]
    pub fn sizes<T: Into<String>>(mut self, sizes: impl IntoIterator<Item = T>) -> Self {
        self.sizes = sizes.into_iter().map(Into::into).collect();
        self
    }

    /// The background that it is made for.
    #[must_use]
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = Some(theme);
        self
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn problem(&self) -> Option<String> {
        let scheme = self.src.split_once(':').map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
        let fine = scheme.is_some_and(|(scheme, rest)| {
            (scheme == "https" && rest.starts_with("//") && rest.len() > 2)
                || (scheme == "data" && !rest.is_empty())
        });
        let whole = !self.src.chars().any(|c| c.is_whitespace() || c.is_control());
        (!fine || !whole)
            .then(|| format!("the icon {:?} does not stand at an `https:` or `data:` URI", self.src))
    }
}
