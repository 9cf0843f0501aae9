//! Who calls by standard input and output, and from the command line: nobody can be asked there, so whoever starts the
//! server says it.

use super::{Server, ServerBuilder};
use crate::model::Principal;
use crate::wire::Peer;

/// Who it is unless the environment says otherwise.
struct Local {
    principal: Principal,
    /// Whether the environment was asked already.
    decided: bool,
}

/// The issuer of a principal that the environment names.
const ISSUER: &str = "environment";

impl ServerBuilder {
    /// Who calls by standard input and output, and with the command `call`: without this, somebody unknown, who may use
    /// nothing that takes [scopes](crate::tool).
    ///
    /// Whoever starts the process has the last word: `MCP_PRINCIPAL` is the caller's name, `MCP_SCOPES` what he may do,
    /// separated by spaces. Either of them alone will do; what is not named is as it was said here.
    ///
    /// ```
    /// # use mcp::Principal;
    /// let operator = Principal::new("local", "operator").with_scopes(["orders:read"]);
    /// let server = mcp::server!().local_principal(operator);
    /// ```
    #[must_use]
    pub fn local_principal(mut self, principal: Principal) -> Self {
        self.states.insert(Local { principal, decided: false });
        self
    }

    /// Who was said so far.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the command line asks"))]
    pub(crate) fn local_caller(&self) -> Principal {
        self.states.get::<Local>().map(|local| local.principal.clone()).unwrap_or_default()
    }

    /// Says who it is, where whoever starts the process has been asked already: nobody else has a word.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the command line asks"))]
    pub(crate) fn decided_local_caller(mut self, name: Option<&str>, scopes: Option<&[String]>) -> Self {
        let principal = local(self.local_caller(), |variable| match variable {
            "MCP_PRINCIPAL" => name.map(str::to_owned),
            _ => scopes.map(|scopes| scopes.join(" ")),
        });
        self.states.insert(Local { principal, decided: true });
        self
    }

    /// Says that a scope includes others: whoever has `broad` may do what any of `narrow` allows, and what these include in
    /// turn.
    ///
    /// ```
    /// let server = mcp::server!().scope_implies("orders:admin", ["orders:read", "orders:write"]);
    /// ```
    #[must_use]
    pub fn scope_implies<S: Into<String>>(
        mut self,
        broad: impl Into<String>,
        narrow: impl IntoIterator<Item = S>,
    ) -> Self {
        self.implied.add(broad.into(), narrow.into_iter().map(Into::into));
        self
    }
}

impl Server {
    /// Whoever is at the other side of this process's own input.
    pub(crate) fn local_peer(&self) -> Peer {
        let said = self.shared.states.get::<Local>();
        let decided = said.as_ref().is_some_and(|local| local.decided);
        let said = said.map(|local| local.principal.clone()).unwrap_or_default();
        if decided {
            return Peer::connection().principal(said);
        }
        let of_environment = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        Peer::connection().principal(local(said, of_environment))
    }
}

fn local(said: Principal, environment: impl Fn(&str) -> Option<String>) -> Principal {
    let named = environment("MCP_PRINCIPAL").map(|name| {
        let scopes: Vec<&str> = said.scopes().collect();
        Principal::new(ISSUER, name).with_scopes(scopes)
    });
    let principal = named.unwrap_or_else(|| said.clone());
    match environment("MCP_SCOPES") {
        None => principal,
        Some(scopes) => {
            let somebody = if principal.is_anonymous() { Principal::new(ISSUER, "local") } else { principal };
            somebody.with_scopes(scopes.split_whitespace())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_has_the_last_word_about_who_calls_locally() {
        let said = Principal::new("local", "operator").with_scopes(["read"]);
        let told = |pairs: &'static [(&str, &str)], said: &Principal| {
            local(said.clone(), |name| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(told(&[], &said), said);
        assert!(told(&[], &Principal::anonymous()).is_anonymous());

        let renamed = told(&[("MCP_PRINCIPAL", "ada")], &said);
        assert_eq!((renamed.subject(), renamed.has_scope("read")), (Some("ada"), true));

        let scoped = told(&[("MCP_SCOPES", "write  admin")], &said);
        assert_eq!(scoped, said);
        assert_eq!(scoped.scopes().collect::<Vec<_>>(), ["admin", "write"]);

        let unknown = told(&[("MCP_SCOPES", "write")], &Principal::anonymous());
        assert!(!unknown.is_anonymous() && unknown.has_scope("write"));
    }
}
