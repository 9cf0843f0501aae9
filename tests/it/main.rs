//! Behaviour, through real wires.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::panic, missing_docs, unreachable_pub, reason = "nobody uses these but the tests")]

mod arguments;
mod asking;
mod auth;
mod batch;
mod breakers;
mod bulkheads;
mod check;
mod completion;
mod configuration;
mod contract;
mod dialects;
mod enforced;
mod eras;
#[path = "../../examples/everything/main.rs"]
#[allow(dead_code, reason = "as an example it has a main function")]
mod everything;
mod examples;
mod features;
mod hostile;
mod hostile_client;
mod http;
mod idempotency;
mod installing;
mod lenient;
mod limits;
mod live;
mod logs;
mod loopholes;
mod mirrored;
mod order;
mod process;
mod published;
mod readme;
mod record;
mod registration;
mod resume;
mod revisions;
mod selection;
mod sse;
mod suite;
mod tasks;
mod template;
mod testing;
mod timeouts;
mod upstream;
mod wire;
