//! The one place that names `inventory`: what the macros registered in the crates that are linked.

use crate::model::Definition;

inventory::collect!(Definition);

/// All definitions of this program, in no order that means anything.
pub(crate) fn discovered() -> impl Iterator<Item = Definition> {
    inventory::iter::<Definition>.into_iter().copied()
}
