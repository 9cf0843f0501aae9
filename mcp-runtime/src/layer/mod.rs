//! What surrounds every request: `tower` layers over [`Request`](crate::model::Request) and
//! [`Response`](crate::model::Response), the same on every transport. One file each, and none knows another.

mod authorise;
mod recover;
mod stack;

pub(crate) use authorise::Rules;
pub use stack::Next;
pub(crate) use stack::{AnyLayer, Stack, StackFuture, any};
