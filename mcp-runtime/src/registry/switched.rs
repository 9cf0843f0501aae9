//! A view over what is offered: items are switched off and on while the server runs.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{Items, Listing, ListingKind};

/// What is switched off.
#[derive(Debug)]
pub(super) struct Switched {
    /// So many items of a list are a page.
    page: usize,
    /// Mostly there is nothing, and then nothing else is looked at.
    any: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    off: BTreeSet<(ListingKind, String)>,
    /// The lists without what is switched off, made at their first use.
    listings: [Option<Arc<Listing>>; 4],
}

impl Switched {
    pub(super) fn new(page: usize) -> Self {
        Self { page, any: AtomicBool::default(), state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_off(&self, kind: ListingKind, name: &str) -> bool {
        self.any.load(Ordering::Acquire) && self.lock().off.contains(&(kind, name.to_owned()))
    }

    /// Whether that is a change.
    pub(super) fn switch(&self, kind: ListingKind, name: &str, on: bool) -> bool {
        let mut state = self.lock();
        let item = (kind, name.to_owned());
        let changed = if on { state.off.remove(&item) } else { state.off.insert(item) };
        if changed {
            state.listings = Default::default();
            self.any.store(!state.off.is_empty(), Ordering::Release);
        }
        changed
    }

    /// The list without what is switched off; `None` where nothing is.
    pub(super) fn listing(&self, whole: &Listing, kind: ListingKind) -> Option<Arc<Listing>> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let State { off, listings } = &mut *self.lock();
        let kept = listings.get_mut(kind as usize)?;
        Some(
            kept.get_or_insert_with(|| Arc::new(Listing::new(without(&whole.items, kind, off), self.page)))
                .clone(),
        )
    }
}

fn without(items: &Items, kind: ListingKind, off: &BTreeSet<(ListingKind, String)>) -> Items {
    let on = |name: &str| !off.contains(&(kind, name.to_owned()));
    match items {
        Items::Tools(items) => Items::Tools(items.iter().filter(|it| on(it.name())).cloned().collect()),
        Items::Prompts(items) => Items::Prompts(items.iter().filter(|it| on(it.name())).cloned().collect()),
        Items::Resources(items) => {
            Items::Resources(items.iter().filter(|it| on(it.uri())).cloned().collect())
        }
        Items::Templates(items) => {
            Items::Templates(items.iter().filter(|it| on(it.uri())).cloned().collect())
        }
    }
}
