//! The published contract: the catalogue, and the lock that holds it.

mod catalogue;
mod lock;
mod verdicts;
