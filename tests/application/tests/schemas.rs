//! What the application must never publish does not compile; what it may, does.
//!
//! Each file in `tests/schemas` is a program of its own with one mistake, and beside it the error that the compiler gives for
//! it. `TRYBUILD=overwrite cargo test --test schemas` writes the errors anew: read what changed, and commit it.

/// The compiler whose words the errors are in: another one says the same otherwise.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn what_must_not_be_published_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/schemas/pass_*.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = std::process::Command::new(rustc).arg("--version").output().expect("there is a compiler");
    if version.stdout.starts_with(COMPILER.as_bytes()) {
        cases.compile_fail("tests/schemas/fail_*.rs");
    } else {
        eprintln!("SKIPPED: the errors are held in the words of {COMPILER} only");
    }
}
