//! How many requests came from which program. What a program calls itself is up to it, so there is room for so many names;
//! whoever comes later is counted as another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::model::Client;

/// So many names are told apart.
const MOST: usize = 32;
/// So long a name is, in characters.
const LONGEST: usize = 64;
/// What those are called that are not told apart: they came too late, or gave no name.
const RESERVED: [&str; 2] = ["other", "unnamed"];

#[derive(Debug, Default)]
pub(super) struct Clients {
    named: RwLock<BTreeMap<String, AtomicU64>>,
    others: AtomicU64,
    unnamed: AtomicU64,
}

impl Clients {
    pub(super) fn count(&self, client: &Client) {
        let Some(name) = client.name() else {
            self.unnamed.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        if RESERVED.contains(&&*name) {
            self.others.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = named.get(&name) {
            count.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let full = named.len() >= MOST;
        drop(named);
        if full {
            self.others.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        // Others may have been faster.
        if named.len() < MOST || named.contains_key(&name) {
            named.entry(name).or_default().fetch_add(1, Ordering::Relaxed);
        } else {
            self.others.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The names, and how many requests came under each.
    pub(super) fn read(&self) -> Vec<(String, u64)> {
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        let mut read: Vec<_> =
            named.iter().map(|(name, count)| (name.clone(), count.load(Ordering::Relaxed))).collect();
        drop(named);
        let rest = [&self.others, &self.unnamed].map(|count| count.load(Ordering::Relaxed));
        read.extend(RESERVED.iter().map(|name| (*name).to_owned()).zip(rest));
        read
    }
}
