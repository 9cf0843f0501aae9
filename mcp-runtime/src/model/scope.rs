//! Scopes: names of what a caller may do, and which of them include others. Who has which is the principal's.

use std::collections::{BTreeMap, BTreeSet};

use super::Principal;

/// The characters that RFC 6749 allows in a scope.
pub(crate) fn is_scope(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

/// Which scopes include which others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Implied(BTreeMap<String, BTreeSet<String>>);

impl Implied {
    pub(crate) fn add(&mut self, broad: String, narrow: impl IntoIterator<Item = String>) {
        self.0.entry(broad).or_default().extend(narrow);
    }

    /// What cannot be a scope.
    pub(crate) fn problems(&self) -> impl Iterator<Item = String> {
        let all = self.0.iter().flat_map(|(broad, narrow)| narrow.iter().chain([broad]));
        all.filter(|scope| !is_scope(scope)).map(|scope| format!("{scope:?} is not a scope"))
    }

    /// Whether somebody may do what takes all of these scopes. An anonymous caller may do nothing that takes any.
    pub(crate) fn allow(&self, principal: &Principal, required: &[&str]) -> bool {
        required.iter().all(|scope| principal.has_scope(scope) || self.includes(principal, scope))
    }

    fn includes(&self, principal: &Principal, wanted: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = principal.scopes().collect();
        while let Some(scope) = open.pop() {
            if scope == wanted {
                return true;
            }
            if seen.insert(scope) {
                open.extend(self.0.get(scope).into_iter().flatten().map(String::as_str));
            }
        }
        false
    }
}
