//! What a server seals for its callers: into texts that they carry, and into a store.

use std::sync::Arc;
use std::time::Duration;

use super::{HandleRules, HandleStore, Keeping, Room};
use crate::BoxError;
use crate::idempotency::Digest;
use crate::model::{Principal, now};
use crate::seal::Seal;

/// The keys and the store of a server.
pub(crate) struct Vault {
    seal: Arc<Seal>,
    store: Arc<dyn HandleStore>,
    keep: Duration,
    per_caller: usize,
    cursors: Duration,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

/// Why something was not kept.
#[derive(Debug)]
pub(crate) enum Trouble {
    Full,
    /// The log says why.
    NotSealed,
    Store(BoxError),
}

/// What something is sealed for: it is worth nothing for another caller, nor for something else.
pub(crate) fn purpose(what: &str, principal: &Principal, of: &str) -> Vec<u8> {
    let bound = (what, principal.issuer(), principal.client(), principal.subject(), of);
    // Texts always have a form in JSON.
    serde_json::to_vec(&bound).unwrap_or_default()
}

impl Vault {
    pub(crate) fn new(seal: Arc<Seal>, rules: &HandleRules, cursors: Duration) -> Self {
        Self { seal, store: rules.store_or_memory(), keep: rules.keep, per_caller: rules.per_caller, cursors }
    }

    /// How long what is kept is kept.
    pub(crate) fn keep(&self) -> Duration {
        self.keep
    }

    /// A text for a caller to carry, which nobody else can use, and nobody reads.
    pub(crate) fn carried(&self, text: &[u8], purpose: &[u8]) -> Option<String> {
        self.seal.seal(&until(self.cursors, text), purpose)
    }

    /// What was carried, if it was made for this purpose and not too long ago.
    pub(crate) fn opened(&self, sealed: &str, purpose: &[u8]) -> Option<Vec<u8>> {
        self.seal.open(sealed, purpose).and_then(in_time)
    }

    /// A name that nobody guesses: 160 bits of the system's generator.
    pub(crate) fn mint(&self) -> Result<String, Trouble> {
        use base64::Engine as _;
        let mut bytes = [0; 20];
        if let Err(error) = getrandom::fill(&mut bytes) {
            tracing::error!(%error, "the system gives no randomness");
            return Err(Trouble::NotSealed);
        }
        Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Keeps something for a caller, sealed for a purpose that has its key in it.
    pub(crate) async fn put(
        &self,
        key: &str,
        value: &[u8],
        purpose: &[u8],
        principal: &Principal,
    ) -> Result<(), Trouble> {
        let sealed = self.seal.seal(&until(self.keep, value), purpose).ok_or(Trouble::NotSealed)?;
        let owner = owner(principal);
        let keeping = Keeping::new(&owner, self.keep).most(self.per_caller);
        match self.store.put(key, &sealed, keeping).await {
            Ok(Room::Kept) => Ok(()),
            Ok(Room::Full) => Err(Trouble::Full),
            Err(error) => Err(Trouble::Store(error)),
        }
    }

    /// What is kept under a key, if it was sealed for this purpose.
    pub(crate) async fn get(&self, key: &str, purpose: &[u8]) -> Result<Option<Vec<u8>>, Trouble> {
        let found = self.store.get(key).await.map_err(Trouble::Store)?;
        Ok(found.and_then(|sealed| self.seal.open(&sealed, purpose)).and_then(in_time))
    }

    /// Whether there was something under a key, which is gone now.
    pub(crate) async fn remove(&self, key: &str) -> Result<bool, Trouble> {
        self.store.remove(key).await.map_err(Trouble::Store)
    }
}

fn until(time: Duration, text: &[u8]) -> Vec<u8> {
    let until = now().saturating_add(time.as_secs());
    [&until.to_be_bytes()[..], text].concat()
}

fn in_time(opened: Vec<u8>) -> Option<Vec<u8>> {
    let (until, text) = opened.split_first_chunk::<8>()?;
    (u64::from_be_bytes(*until) > now()).then(|| text.to_vec())
}

/// Stands for a caller where room is shared out. Two callers with one number share theirs.
fn owner(principal: &Principal) -> String {
    let who = serde_json::json!([principal.issuer(), principal.client(), principal.subject()]);
    format!("{:016x}", Digest::of(&who))
}
