//! What does not compile says why, where, and what to write instead; what should compile does.
//!
//! The texts are those of one compiler, so on another they are not compared. `TRYBUILD=overwrite cargo test --test ui`
//! writes them anew.

use std::io::Write;

/// The compiler whose messages the files hold.
const COMPILER: &str = "1.95";

#[test]
fn mistakes_are_explained_at_the_right_token() {
    let version = std::process::Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .arg("--version")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass_*.rs");
    if version.starts_with(&format!("rustc {COMPILER}.")) {
        cases.compile_fail("tests/ui/[!p]*.rs");
        cases.compile_fail("tests/ui/prompt_*.rs");
    } else {
        // Not `eprintln!`, which the test harness keeps to itself where nothing fails.
        let why = format!("SKIPPED: messages are compared on rustc {COMPILER} only; this is {version}\n");
        std::io::stderr().write_all(why.as_bytes()).expect("stderr takes text");
    }
}
