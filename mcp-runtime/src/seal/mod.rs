//! Sealing what a client carries for the server: nobody else can read it, change it, or use it for something else.
//!
//! It does not know what is sealed, nor for what.

#[cfg(feature = "seal")]
mod aead;
#[cfg(not(feature = "seal"))]
#[path = "without.rs"]
mod aead;

pub(crate) use aead::IS_THERE;

use std::fmt;
use std::str::FromStr;
use std::sync::Once;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// A key that seals what clients carry between the runs of a call: 32 random bytes, kept secret.
///
/// Replicas of a server share it, so that each can go on with what another began. See
/// [`ServerBuilder::state_keys`](crate::ServerBuilder::state_keys).
///
/// ```
/// # use mcp::StateKey;
/// // `openssl rand -base64 32` makes one.
/// let key: StateKey = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=".parse()?;
/// # Ok::<_, mcp::StateKeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StateKey([u8; 32]);

impl StateKey {
    /// A key of these bytes, which must be random.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The keys in an environment variable: base64, divided by commas, the newest first. None where there is no such
    /// variable.
    ///
    /// # Errors
    ///
    /// Where one of them is no key.
    pub fn from_env(variable: &str) -> Result<Vec<Self>, StateKeyError> {
        let Ok(keys) = std::env::var(variable) else { return Ok(Vec::new()) };
        keys.split(',').map(str::trim).filter(|key| !key.is_empty()).map(str::parse).collect()
    }

    fn random() -> Option<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateKey(…)")
    }
}

impl FromStr for StateKey {
    type Err = StateKeyError;

    fn from_str(text: &str) -> Result<Self, StateKeyError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| StateKeyError)?;
        bytes.try_into().map(Self).map_err(|_| StateKeyError)
    }
}

/// Text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateKeyError;

impl fmt::Display for StateKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a state key is the base64 of 32 bytes, as `openssl rand -base64 32` makes it")
    }
}

impl std::error::Error for StateKeyError {}

/// Seals and opens.
#[derive(Debug)]
pub(crate) struct Seal {
    /// The first seals; all open. None where the system gives no randomness.
    keys: Vec<StateKey>,
    /// Nobody else has the key.
    alone: bool,
    warned: Once,
}

/// The size of the nonces: so large that random ones never meet.
const NONCE: usize = 24;

impl Seal {
    /// Takes the keys that were given, or makes one.
    pub(crate) fn new(given: Vec<StateKey>) -> Self {
        let alone = given.is_empty();
        let keys = if alone { StateKey::random().into_iter().collect() } else { given };
        Self { keys, alone, warned: Once::new() }
    }

    /// Seals a text for a purpose. `None` where that cannot be done; the log says why.
    pub(crate) fn seal(&self, text: &[u8], purpose: &[u8]) -> Option<String> {
        if self.alone {
            self.warned.call_once(|| {
                tracing::warn!(
                    "what clients carry is sealed with a random key: after a restart, and on another replica, calls that wait \
                     for an answer begin anew, and cursors and handles are worth nothing; give the server `state_keys`"
                );
            });
        }
        let mut nonce = [0; NONCE];
        if let Err(error) = getrandom::fill(&mut nonce) {
            tracing::error!(%error, "the system gives no randomness");
            return None;
        }
        let StateKey(key) = self.keys.first()?;
        let sealed = aead::encrypt(key, &nonce, text, purpose)?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what was sealed for the same purpose with any of the keys.
    pub(crate) fn open(&self, sealed: &str, purpose: &[u8]) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        self.keys.iter().find_map(|StateKey(key)| aead::decrypt(key, nonce, sealed, purpose))
    }
}
