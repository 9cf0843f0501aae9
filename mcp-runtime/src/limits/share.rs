//! Places that callers share: whoever takes many leaves as many for the others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::Principal;

/// So many places, and who has how many of them.
///
/// Nobody takes more than are free then: alone he has half of them, and the next one half of the rest. Whoever has few is
/// given one as long as there is any.
#[derive(Debug)]
pub(crate) struct Shares {
    most: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    taken: usize,
    of: HashMap<Caller, usize>,
}

/// Who has places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    /// A principal.
    Known(Principal),
    /// Whoever comes from there, where he has no name.
    At(IpAddr),
}

/// Places of a caller, given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    shares: Arc<Shares>,
    caller: Option<Caller>,
    count: usize,
}

/// So many of the places are few, as a part of one.
const FEW: usize = 8;

impl Caller {
    /// `None` where nobody can be told from the others.
    pub(crate) fn of(principal: &Principal, address: Option<IpAddr>) -> Option<Self> {
        match principal.is_anonymous() {
            true => address.map(|address| Self::At(network(address))),
            false => Some(Self::Known(principal.clone())),
        }
    }
}

impl Shares {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, table: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many places, or none. Somebody who is not told from others has all that are free.
    pub(crate) fn take(self: &Arc<Self>, caller: Option<Caller>, count: usize) -> Option<Share> {
        let mut table = self.lock();
        let taken = table.taken.checked_add(count)?;
        let free = self.most.checked_sub(taken)?;
        if let Some(caller) = &caller {
            let before = table.of.get(caller).copied().unwrap_or_default();
            if before > 0 && before + count > free.max(self.most / FEW) {
                return None;
            }
            table.of.insert(caller.clone(), before + count);
        }
        table.taken = taken;
        Some(Share { shares: self.clone(), caller, count })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut table = self.shares.lock();
        table.taken -= self.count;
        let Some(caller) = &self.caller else { return };
        let left = table.of.get_mut(caller).map(|own| {
            *own -= self.count;
            *own
        });
        if left == Some(0) {
            table.of.remove(caller);
        }
    }
}

/// What one caller can choose his addresses from.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(name: &str) -> Option<Caller> {
        Caller::of(&Principal::new("i", name), None)
    }

    #[test]
    fn whoever_takes_all_that_he_can_leaves_as_many() {
        let shares = Shares::new(64);
        let all = |name: &str| std::iter::from_fn(|| shares.take(who(name), 1)).collect::<Vec<_>>();
        let held: Vec<_> = ["a", "b", "c", "d"].into_iter().map(all).collect();
        assert_eq!(held.iter().map(Vec::len).collect::<Vec<_>>(), [32, 16, 8, 8]);
        assert!(shares.take(who("e"), 1).is_none());
        drop(held);
        assert!(shares.lock().of.is_empty() && shares.lock().taken == 0);
        assert!(shares.take(None, 64).is_some(), "nobody is told from others");
        assert!(shares.take(who("a"), 64).is_some(), "what is asked for at once");
        assert!(shares.take(who("a"), 65).is_none());
    }

    #[test]
    fn addresses_of_one_network_are_one_caller() {
        let at = |address: &str| Caller::of(&Principal::anonymous(), Some(address.parse().unwrap()));
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }
}
