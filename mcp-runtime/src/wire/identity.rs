//! What a server says of itself, written once.

use serde::Serialize;

use super::Revision;
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
    pub(crate) server_info: String,
    /// Server info for revisions that know only name, title and version.
    old_server_info: String,
    pub(crate) capabilities: String,
    /// How lists and discovery may be kept.
    pub(crate) hints: Hints,
    /// `,"instructions":"…"`, or nothing.
    pub(crate) instructions: String,
}

impl Identity {
    pub(crate) fn new(about: &About, registry: &Registry, hints: Hints) -> Self {
        let mut capabilities = serde_json::Map::new();
        for (capability, offered) in [
            ("completions", registry.has_completions()),
            ("prompts", registry.has_prompts()),
            ("resources", registry.has_resources()),
            ("tools", registry.has_tools()),
        ] {
            if offered {
                capabilities.insert(capability.into(), serde_json::json!({}));
            }
        }
        if registry.has_apps() {
            capabilities.insert("extensions".into(), serde_json::json!({"io.modelcontextprotocol/ui": {}}));
        }
        let old = About { description: None, website_url: None, icons: Vec::new(), ..about.clone() };
        let json = |about: &About| serde_json::json!(about).to_string();
        Self {
            hints,
            server_info: json(about),
            old_server_info: json(&old),
            capabilities: serde_json::Value::Object(capabilities).to_string(),
            instructions: match &about.instructions {
                Some(text) => format!(",\"instructions\":{}", serde_json::json!(text)),
                None => String::new(),
            },
        }
    }

    pub(crate) fn server_info(&self, revision: Revision) -> &str {
        if revision < Revision::November2025 { &self.old_server_info } else { &self.server_info }
    }
}
