//! What a running server can be told: that something has changed, and what it is to offer.

use std::sync::{Arc, OnceLock, Weak};

use super::{Server, Shared};
use crate::ToolError;
use crate::changes::Change;
use crate::handler::{Context, Extract};
use crate::model::ListingKind;

/// A running server tells its clients what has changed, and switches on and off what it offers.
///
/// A function gets its server as an argument:
///
/// ```
/// # use mcp::Server;
/// /// Writes a note.
/// #[mcp::tool]
/// async fn write_note(text: String, server: Server) -> &'static str {
///     // … keep it …
///     server.resource_updated("notes://all");
///     "kept"
/// }
/// ```
impl Server {
    /// Says that other tools are listed than before. Needed only where something outside of this server decides that.
    pub fn tools_changed(&self) {
        self.shared.changes.publish(&Change::List(ListingKind::Tools));
    }

    /// Says that other prompts are listed than before.
    pub fn prompts_changed(&self) {
        self.shared.changes.publish(&Change::List(ListingKind::Prompts));
    }

    /// Says that other resources or resource templates are listed than before.
    pub fn resources_changed(&self) {
        self.shared.changes.publish(&Change::List(ListingKind::Resources));
    }

    /// Says that a resource has other contents than before. Whoever subscribed to this URI is told; many changes before he
    /// reads that are one.
    pub fn resource_updated(&self, uri: impl Into<String>) {
        self.shared.changes.publish(&Change::Resource(uri.into()));
    }

    /// Offers a tool again. `false` where it is offered already, or there is none.
    pub fn enable_tool(&self, name: &str) -> bool {
        self.switch(ListingKind::Tools, name, true)
    }

    /// Offers a tool no longer: it is not listed and cannot be called, and clients that listen are told. Calls under way go on.
    /// `false` where it is not offered anyway.
    pub fn disable_tool(&self, name: &str) -> bool {
        self.switch(ListingKind::Tools, name, false)
    }

    /// Offers a prompt again, as [`enable_tool`](Self::enable_tool).
    pub fn enable_prompt(&self, name: &str) -> bool {
        self.switch(ListingKind::Prompts, name, true)
    }

    /// Offers a prompt no longer, as [`disable_tool`](Self::disable_tool).
    pub fn disable_prompt(&self, name: &str) -> bool {
        self.switch(ListingKind::Prompts, name, false)
    }

    /// Offers a resource, or a resource template, again. It is named by its URI or URI template.
    pub fn enable_resource(&self, uri: &str) -> bool {
        self.switch(ListingKind::Resources, uri, true) || self.switch(ListingKind::Templates, uri, true)
    }

    /// Offers a resource, or a resource template, no longer. It is named by its URI or URI template.
    pub fn disable_resource(&self, uri: &str) -> bool {
        self.switch(ListingKind::Resources, uri, false) || self.switch(ListingKind::Templates, uri, false)
    }

    fn switch(&self, kind: ListingKind, name: &str, on: bool) -> bool {
        let changed = self.shared.registry.switch(kind, name, on);
        if changed {
            let listed = if kind == ListingKind::Templates { ListingKind::Resources } else { kind };
            self.shared.changes.publish(&Change::List(listed));
        }
        changed
    }
}

/// Leads from a call to its server.
#[derive(Debug, Default)]
pub(super) struct Itself(OnceLock<Weak<Shared>>);

impl Itself {
    pub(super) fn is(&self, shared: &Arc<Shared>) {
        let _ = self.0.set(Arc::downgrade(shared));
    }
}

impl Extract for Server {
    async fn extract(cx: &Context) -> Result<Self, ToolError> {
        let itself = cx.state::<Itself>().and_then(|itself| itself.0.get()?.upgrade());
        itself.map(|shared| Self { shared }).ok_or_else(|| ToolError::fatal("the server is going down"))
    }
}
