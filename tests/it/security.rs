//! SECURITY.md names tests and fuzz targets: they are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const SECURITY: &str = include_str!("../../SECURITY.md");

/// The names of all functions below a folder.
fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let names = source.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(str::to_owned));
        }
    }
}

/// The rows of the tables under a heading, in cells.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) =
        SECURITY.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("{heading}?"));
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    rows.skip(1).map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_that_is_named_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for folder in ["tests/it", "tests/fuzz", "mcp-runtime/src", "mcp-runtime/tests", "mcp-macros/src"] {
        functions(&root.join(folder), &mut found);
    }
    let mut named = 0;
    for heading in ["Known faults of others", "The OWASP MCP Top 10"] {
        for row in rows(heading) {
            let tests: Vec<_> = quoted(row.last().unwrap()).collect();
            assert!(!tests.is_empty(), "nothing shows this: {row:?}");
            for test in tests {
                let there = if test.contains('/') { root.join(test).exists() } else { found.contains(test) };
                assert!(there, "SECURITY.md names {test}, which is not there: {row:?}");
                named += 1;
            }
        }
    }
    assert!(named > 60, "only {named} tests were found");
}

#[test]
fn every_fuzz_target_is_named_and_there() {
    let rows = rows("What is read");
    let named: BTreeSet<&str> = rows.iter().flat_map(|row| quoted(row[2])).collect();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let there: BTreeSet<String> = fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(named, there.iter().map(String::as_str).collect());
}
