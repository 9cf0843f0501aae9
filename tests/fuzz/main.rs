//! The fuzz targets on a stable compiler and for a short time: what the corpus holds, and changes of it that a generator with
//! a fixed seed makes. `make fuzz` lets libFuzzer look for longer.
//!
//! `FUZZ_SECONDS` says how long each target takes, 3 by default.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::panic, missing_docs, unreachable_pub, reason = "nobody uses these but the tests")]

mod change;
#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use change::Changes;

/// The cases that are kept for a target, in the order of their names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn hold(name: &str) {
    let (_, target) = targets::ALL.into_iter().find(|(known, _)| *known == name).unwrap();
    let cases = corpus(name);
    assert!(!cases.is_empty(), "the corpus of {name} is empty");
    let try_on = |case: &[u8]| {
        let begun = Instant::now();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(case))) {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
            fs::create_dir_all(&folder).unwrap();
            let file = folder.join(name);
            fs::write(&file, case).unwrap();
            eprintln!("this broke {name}, and belongs into fuzz/corpus/{name}: {}", file.display());
            std::panic::resume_unwind(panic);
        }
        begun.elapsed()
    };
    for case in &cases {
        try_on(case);
    }
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut changes = Changes::of(cases);
    let (mut tried, mut slowest) = (0_u64, Duration::ZERO);
    while Instant::now() < end {
        slowest = slowest.max(try_on(&changes.next()));
        tried += 1;
    }
    eprintln!("{name}: {tried} cases in {seconds} s, the slowest {slowest:?}");
}

#[test]
fn every_target_has_its_test() {
    let source = include_str!("main.rs");
    for (name, _) in targets::ALL {
        assert!(source.contains(&format!("hold(\"{name}\")")), "{name} has none");
    }
}

#[test]
fn arguments_are_taken_or_named_as_another_validator_says() {
    hold("arguments");
}

#[test]
fn what_clients_carry_is_worth_something_only_as_it_was_given_out() {
    hold("carried");
}

#[test]
fn every_request_of_a_conversation_is_answered_once() {
    hold("conversation");
}

#[test]
fn events_are_read_as_they_were_said() {
    hold("events");
}

#[test]
fn what_hides_in_what_functions_give_is_shown() {
    hold("output");
}

#[test]
fn nobody_chooses_his_address_behind_a_proxy() {
    hold("forwarded");
}

#[test]
fn nothing_runs_for_a_head_that_is_not_in_order() {
    hold("head");
}

#[test]
fn nobody_is_let_in_without_a_published_key() {
    hold("keys");
}

#[test]
fn lines_are_those_that_were_written() {
    hold("lines");
}

#[test]
fn a_lock_is_read_or_refused() {
    hold("lock");
}

#[test]
fn a_message_is_json_where_another_reader_says_so() {
    hold("message");
}

#[test]
fn a_uri_is_read_as_what_it_was_made_of() {
    hold("template");
}

#[test]
fn nobody_is_let_in_whose_token_does_not_say_what_it_must() {
    hold("token");
}
