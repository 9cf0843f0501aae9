//! What a server keeps between calls for clients that carry nothing: values under names that it mints itself, sealed, each for
//! one caller, and for a time.
//!
//! It does not know what is kept, nor how calls are made.

mod handle;
mod memory;
mod settings;
mod store;
mod vault;

pub use handle::{Handle, Handles};
use memory::Memory;
pub use settings::HandleRules;
pub use store::{HandleStore, Keeping, Room};
pub(crate) use vault::{Trouble, Vault, purpose};
