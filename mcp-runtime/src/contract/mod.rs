//! The published contract: what changed between two catalogues and whom it breaks, and the lock file that holds a package to
//! what it has published. It knows JSON Schema and files, and nothing of how a server runs.
//!
//! [`contract!`](crate::contract!) in a test is all that most packages need.
//!
//! # Verdicts
//!
//! Callers are those who have read the old catalogue: a model with it in its context, a script, a host's settings. What goes
//! in may become wider and not narrower; what comes out may become narrower and not wider.
//!
//! | change | verdict |
//! |---|---|
//! | a tool, resource, template or prompt is new | additive |
//! | … is gone, or has another name or URI | breaking |
//! | an argument is new and optional, or may be left out now | additive |
//! | an argument is new and required, or is required now | breaking |
//! | an argument is gone (unknown arguments are refused) | breaking |
//! | an argument takes more: types, values, wider bounds, fewer rules | additive |
//! | an argument takes less | breaking |
//! | the default of an argument is another, or is gone: who leaves it out gets something else | breaking |
//! | an optional argument has a default now | additive |
//! | a result has a new field, or always has one that it sometimes had | additive |
//! | a field of a result is gone, is optional now, or may be more than it was | breaking |
//! | a result has a schema now | additive |
//! | a schema of a result is gone | breaking |
//! | `read_only` or `idempotent` is lost, `destructive` is said, `open_world` is no longer denied | breaking, for who approves by them |
//! | the reverse of these | additive |
//! | the media type of a resource is another, or is gone | breaking |
//! | a member of `_meta` is new | additive; changed or gone: breaking |
//! | descriptions, titles, examples, whether an argument is secret, icons, sizes, whom a resource is for, instructions; a tool is deprecated | wording only |
//! | a keyword that is not known here is another, is new, or is gone | breaking |
//! | definitions of a schema have other names; arguments stand in another order | none |

mod change;
mod hold;
mod items;
mod lock;
mod number;
mod references;
mod schema;
mod values;

pub use change::{Change, Verdict};
pub use hold::Publishes;
#[doc(hidden)]
pub use hold::{Place, hold};
pub use items::compare;
pub(crate) use lock::sections;
pub use lock::{Unreadable, read, write};
