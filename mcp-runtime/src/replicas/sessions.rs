//! Where sessions are kept, so that any machine can go on with them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::{BoxError, BoxFuture};

/// Where the sessions of stateful clients over HTTP are kept, so that any replica can go on with them: each is a few named
/// texts, up to some 80 KiB in all.
///
/// A key is made of whom the session belongs to and its id, which is a secret. A session that nobody asked for as long as `idle`
/// is forgotten.
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// What is known of a session.
    ///
    /// # Errors
    ///
    /// Where it cannot be told. Then a replica that has the session goes on with what it knows, and another answers with HTTP
    /// status 503.
    fn load<'a>(&'a self, key: &'a str, idle: Duration) -> BoxFuture<'a, Result<Stored, BoxError>>;

    /// Keeps texts under their names, and forgets those that are `None`, in one step. Of a session that has ended nothing is
    /// kept.
    ///
    /// # Errors
    ///
    /// Where it cannot be done. Then the request that wanted it is answered with HTTP status 503.
    fn change<'a>(
        &'a self,
        key: &'a str,
        changes: &'a [(String, Option<String>)],
        idle: Duration,
    ) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Ends a session: what is known of it is forgotten, but that it has ended.
    ///
    /// # Errors
    ///
    /// Where it cannot be done. Then it is forgotten when nobody has asked for it for as long as `idle`.
    fn end<'a>(&'a self, key: &'a str, idle: Duration) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// What is known of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// Nothing.
    Unknown,
    /// It has ended.
    Ended,
    /// These texts, by their names.
    Kept(BTreeMap<String, String>),
}
