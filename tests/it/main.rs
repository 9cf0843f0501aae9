//! Behaviour, through real wires.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "tests of faults show their figures")]
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
mod defaults;
mod dialects;
mod enforced;
mod eras;
#[path = "../../examples/everything/main.rs"]
#[allow(dead_code, reason = "as an example it has a main function")]
mod everything;
mod examples;
mod faults;
mod features;
mod handles;
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
mod output;
mod pages;
mod process;
mod published;
mod readme;
mod record;
mod redis;
mod registration;
mod resume;
mod revisions;
mod secrets;
mod security;
mod selection;
mod servers;
mod sight;
mod sse;
mod suite;
mod tasks;
mod template;
mod testing;
mod timeouts;
mod upstream;
mod wire;
