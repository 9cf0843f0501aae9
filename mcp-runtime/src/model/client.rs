//! What the program at the other side of a request says of itself.

use crate::json::Raw;

/// What the client says of itself: unverified, so never a ground for permission.
#[derive(Debug, Clone, Default)]
pub struct Client {
    pub(crate) info: Option<Raw>,
    pub(crate) capabilities: Option<Raw>,
}

impl Client {
    fn info(&self, member: &str) -> Option<String> {
        let info: serde_json::Value = serde_json::from_str(self.info.as_ref()?.as_str()).ok()?;
        Some(info.get(member)?.as_str()?.to_owned())
    }

    /// The client's name, where it gave one.
    pub fn name(&self) -> Option<String> {
        self.info("name")
    }

    /// The client's version, where it gave one.
    pub fn version(&self) -> Option<String> {
        self.info("version")
    }

    /// What the client declared that it can do.
    pub(crate) fn declared(&self) -> Option<serde_json::Value> {
        serde_json::from_str(self.capabilities.as_ref()?.as_str()).ok()
    }

    /// Whether the client declared a capability, such as `sampling` or `elicitation`.
    pub fn can(&self, capability: &str) -> bool {
        self.declared().is_some_and(|declared| declared.get(capability).is_some_and(|it| it.is_object()))
    }

    /// What the client declared for an extension, such as `io.modelcontextprotocol/tasks`.
    pub fn extension(&self, id: &str) -> Option<serde_json::Value> {
        Some(self.declared()?.get("extensions")?.get(id).filter(|it| it.is_object())?.clone())
    }
}
