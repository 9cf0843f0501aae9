//! Places for calls that are not ready at once: so many in all, and no caller of a public server takes those of the others.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{Caller, Share, Shares};
use crate::model::Principal;

#[derive(Debug, Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: u32,
    /// Where callers are strangers to each other.
    shares: Option<Arc<Shares>>,
}

/// Places that are taken, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _place: OwnedSemaphorePermit,
    _share: Option<Share>,
}

impl Places {
    pub(super) fn new(all: usize, public: bool) -> Self {
        let all = u32::try_from(all).unwrap_or(u32::MAX).min(Semaphore::MAX_PERMITS as u32);
        let shares = public.then(|| Shares::new(all as usize));
        Self { free: Arc::new(Semaphore::new(all as usize)), all, shares }
    }

    /// What tells a caller from others, where that matters.
    pub(super) fn caller(&self, principal: &Principal, address: Option<IpAddr>) -> Option<Caller> {
        self.shares.as_ref().and_then(|_| Caller::of(principal, address))
    }

    /// Places for so many calls, or none.
    pub(super) fn take(&self, caller: Option<Caller>, calls: usize) -> Option<Place> {
        let share = match &self.shares {
            Some(shares) => Some(shares.take(caller, calls)?),
            None => None,
        };
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        let place = self.free.clone().try_acquire_many_owned(calls).ok()?;
        Some(Place { _place: place, _share: share })
    }

    /// Ready when all are free.
    pub(super) async fn idle(&self) {
        let _ = self.free.acquire_many(self.all).await;
    }
}
