//! Something that is done once, on whichever machine: whose turn it is to do it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Claim, Ended, Found, IdempotencyStore};

/// Whoever does not renew his claim for so long has died.
const LEASE: Duration = Duration::from_secs(60);

/// Whether it is to be done here.
pub(crate) enum Turn {
    /// No other machine could do it.
    Alone,
    /// It is, and the others wait.
    Ours(Claimed),
    /// It was done, and gave this.
    Done(Value),
}

/// A claim to do it. When it is dropped unfinished, another machine may.
pub(crate) struct Claimed {
    store: Arc<dyn IdempotencyStore>,
    key: String,
    owner: String,
    keep: Duration,
    over: bool,
}

impl Turn {
    /// Asks a store. While another machine is at work, it waits; where it cannot be told whether it was done, the error says
    /// why.
    pub(crate) async fn take(
        store: Arc<dyn IdempotencyStore>,
        nonce: &str,
        key: &str,
        keep: Duration,
    ) -> Result<Self, String> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| format!("the system gives no randomness: {error}"))?;
        let owner = format!("{:032x}", u128::from_ne_bytes(random));
        let key = format!("once|{nonce}|{key:?}");
        // There is nothing to take back before it is claimed.
        let mut claimed = Claimed { store, key, owner, keep, over: true };
        loop {
            let found = claimed.store.claim(&claimed.key, claimed.claim()).await;
            match found.map_err(|error| format!("it cannot be told whether it was done: {error}"))? {
                Found::Claimed => {
                    claimed.over = false;
                    return Ok(Self::Ours(claimed));
                }
                Found::AtWork { .. } => claimed.store.changed(&claimed.key).await,
                Found::Ended { ended: Ended::Kept(text), .. } => {
                    let read = serde_json::from_str(&text);
                    return read
                        .map(Self::Done)
                        .map_err(|error| format!("what was kept cannot be read: {error}"));
                }
                Found::Ended { ended: Ended::TooLong, .. } => {
                    return Err("it was done, and gave a result that was too long to be kept".into());
                }
                Found::Ended { .. } | Found::Unknown { .. } => {
                    return Err(
                        "it was begun on a machine that is gone: nobody knows whether it was done".into()
                    );
                }
                Found::Full { .. } => return Err("too much is remembered: try again later".into()),
            }
        }
    }

    /// Does it, and keeps the claim alive meanwhile.
    pub(crate) async fn hold<F: Future>(&self, future: F) -> F::Output {
        let Self::Ours(claimed) = self else { return future.await };
        tokio::select! {
            biased;
            output = future => output,
            never = claimed.renewing() => match never {},
        }
    }

    /// Says what it gave.
    pub(crate) async fn finish(self, value: &Value) {
        let Self::Ours(mut claimed) = self else { return };
        claimed.over = true;
        let ended = Ended::Kept(value.to_string().into());
        if let Err(error) = claimed.store.finish(&claimed.key, claimed.claim(), ended).await {
            tracing::error!(%error, "what was done once could not be kept for other machines");
        }
    }
}

impl Claimed {
    fn claim(&self) -> Claim<'_> {
        Claim { digest: 0, owner: &self.owner, lease: LEASE, keep: self.keep, caller: "" }
    }

    async fn renewing(&self) -> Infallible {
        loop {
            tokio::time::sleep(LEASE / 4).await;
            if let Err(error) = self.store.renew(&self.key, self.claim()).await {
                tracing::warn!(%error, "the claim to do something once could not be renewed");
            }
        }
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.over {
            return;
        }
        let Self { store, key, owner, keep, .. } = self;
        let (store, key, owner, keep) = (store.clone(), key.clone(), owner.clone(), *keep);
        runtime.spawn(async move {
            let claimed = Self { store, key, owner, keep, over: true };
            if let Err(error) = claimed.store.finish(&claimed.key, claimed.claim(), Ended::NotDone).await {
                tracing::error!(%error, "that something was not done could not be kept");
            }
        });
    }
}
