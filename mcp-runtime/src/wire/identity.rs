//! What a server says of itself, written once.

use serde::Serialize;
use serde_json::json;

use super::Revision;
use crate::extension::Extensions;
use crate::model::{Hints, Icon};
use crate::registry::Registry;

/// What the author says of the server.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct About {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    pub(crate) version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) website_url: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) icons: Vec<Icon>,
    #[serde(skip)]
    pub(crate) instructions: Option<String>,
}

/// Pieces of JSON that answers are made of.
#[derive(Debug)]
pub(crate) struct Identity {
    /// How lists and discovery may be kept.
    pub(crate) hints: Hints,
    written: Vec<Written>,
    /// `,"instructions":"…"`, or nothing.
    pub(crate) instructions: String,
}

/// What differs from revision to revision.
#[derive(Debug)]
struct Written {
    revision: Revision,
    server_info: String,
    capabilities: String,
}

impl Identity {
    pub(crate) fn new(about: &About, registry: &Registry, extensions: &Extensions, hints: Hints) -> Self {
        let mut capabilities = serde_json::Map::new();
        // Any function may log.
        capabilities.insert("logging".into(), json!({}));
        for (capability, offered, what) in [
            ("completions", registry.has_completions(), json!({})),
            ("prompts", registry.has_prompts(), json!({"listChanged": true})),
            ("resources", registry.has_resources(), json!({"listChanged": true, "subscribe": true})),
            ("tools", registry.has_tools(), json!({"listChanged": true})),
        ] {
            if offered {
                capabilities.insert(capability.into(), what);
            }
        }
        let extensions: serde_json::Map<_, _> =
            extensions.iter().map(|it| (it.id().to_owned(), it.settings().into())).collect();
        if !extensions.is_empty() {
            capabilities.insert("extensions".into(), extensions.into());
        }
        Self {
            hints,
            written: Revision::ALL.map(|revision| Written::new(revision, about, &capabilities)).into(),
            instructions: match &about.instructions {
                Some(text) => format!(",\"instructions\":{}", serde_json::json!(text)),
                None => String::new(),
            },
        }
    }

    /// What the server says of itself, whole: in the newest revision, which leaves nothing out.
    pub(crate) fn info(&self) -> serde_json::Value {
        serde_json::from_str(self.server_info(Revision::LATEST_STATELESS)).unwrap_or_default()
    }

    pub(crate) fn server_info(&self, revision: Revision) -> &str {
        self.of(revision).map_or("{}", |written| &written.server_info)
    }

    pub(crate) fn capabilities(&self, revision: Revision) -> &str {
        self.of(revision).map_or("{}", |written| &written.capabilities)
    }

    fn of(&self, revision: Revision) -> Option<&Written> {
        self.written.iter().find(|written| written.revision == revision)
    }
}

impl Written {
    fn new(
        revision: Revision,
        about: &About,
        capabilities: &serde_json::Map<String, serde_json::Value>,
    ) -> Self {
        let mut about = about.clone();
        if !revision.has_server_descriptions() {
            (about.description, about.website_url) = (None, None);
        }
        if !revision.publishes_icons() {
            about.icons = Vec::new();
        }
        if !revision.has_titles() {
            about.title = None;
        }
        let mut capabilities = capabilities.clone();
        capabilities.retain(|name, _| revision.has_capability(name));
        Self {
            revision,
            server_info: serde_json::json!(about).to_string(),
            capabilities: serde_json::Value::Object(capabilities).to_string(),
        }
    }
}
