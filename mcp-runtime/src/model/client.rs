//! Who is at the other side of a request.

use std::sync::Arc;

use crate::json::Raw;

/// The authenticated caller.
///
/// Over HTTP it is what the server's [`Authenticate`](crate::http::Authenticate) made of the request; elsewhere, and
/// where nobody is asked who he is, it is [`Principal::anonymous`]. It works as an argument of any function.
///
/// Sessions belong to their principal: nobody else can use them, whatever ids he knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Principal(Option<Arc<Identity>>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Identity {
    issuer: String,
    subject: String,
}

impl Principal {
    /// A caller whom nobody has asked who he is.
    pub fn anonymous() -> Self {
        Self(None)
    }

    /// The caller whom `issuer` knows as `subject`.
    pub fn new(issuer: impl Into<String>, subject: impl Into<String>) -> Self {
        Self(Some(Arc::new(Identity { issuer: issuer.into(), subject: subject.into() })))
    }

    /// Whether the caller is unknown.
    pub fn is_anonymous(&self) -> bool {
        self.0.is_none()
    }

    /// Who vouches for the caller.
    pub fn issuer(&self) -> Option<&str> {
        self.0.as_ref().map(|identity| identity.issuer.as_str())
    }

    /// The caller's name with the issuer.
    pub fn subject(&self) -> Option<&str> {
        self.0.as_ref().map(|identity| identity.subject.as_str())
    }
}

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
