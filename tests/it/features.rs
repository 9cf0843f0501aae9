//! The table of features per revision tells the truth: each cell is what a client of that revision sees on the wire.

mod checks;
mod client;
mod offered;

use client::Client;

use crate::wire::Over;

const TABLE: &str = include_str!("../../mcp-runtime/features.md");
const README: &str = include_str!("../../README.md");
const REVISIONS: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", STATELESS];
const STATELESS: &str = "2026-07-28";
const YES: &str = "yes";
const NO: &str = "no";

/// How a client reaches the server.
#[derive(Debug, Clone, Copy)]
enum Way {
    Over(Over),
    /// In memory, and without a record.
    Unrecorded,
}

/// Where a row is shown.
const BOTH: &[Way] = &[Way::Over(Over::Memory), Way::Over(Over::Http)];
/// What comes without having been asked for comes over HTTP on a stream of its own, which `live` reads.
const MEMORY: &[Way] = &[Way::Over(Over::Memory)];
const HTTP: &[Way] = &[Way::Over(Over::Http)];
/// What an author adds to the protocol stands in nobody's types, by which recorded messages are checked.
const UNRECORDED: &[Way] = &[Way::Unrecorded];

/// What is to be seen of each row, in the order of the table: a row that is not here has no check, and fails.
macro_rules! rows {
    ($($name:literal over $ways:ident => $check:ident,)*) => {
        const CHECKED: &[(&str, &[Way])] = &[$(($name, $ways)),*];

        async fn observe(row: &str, client: &mut Client) -> &'static str {
            match row {
                $($name => checks::$check(client).await,)*
                other => panic!("nothing checks the row {other:?}"),
            }
        }
    };
}

rows! {
    "Who begins" over BOTH => who_begins,
    "A session over HTTP" over HTTP => session,
    "Ping" over BOTH => ping,
    "Tools, resources, templates, prompts" over BOTH => basics,
    "Lists in pages" over BOTH => pages,
    "Hints of tools (`read_only` …)" over BOTH => hints,
    "Titles" over BOTH => titles,
    "Structured results and their schemas" over BOTH => structured,
    "Images" over BOTH => images,
    "Audio" over BOTH => audio,
    "Links to resources" over BOTH => links,
    "`_meta` of what is offered" over BOTH => offered_meta,
    "`_meta` of results" over BOTH => result_meta,
    "Icons" over BOTH => icons,
    "What the server is, and its website" over BOTH => description,
    "Cache hints" over BOTH => cache_hints,
    "Completion" over BOTH => completion,
    "Progress" over BOTH => progress,
    "Progress in words" over BOTH => progress_in_words,
    "Cancellation" over MEMORY => cancellation,
    "Log messages, asked for by" over BOTH => log_messages,
    "Asking with a form" over BOTH => form,
    "Lists to choose from in forms" over BOTH => choices,
    "Asking to visit a page" over BOTH => visit,
    "Sampling" over BOTH => sampling,
    "Roots" over BOTH => roots,
    "Changed lists, told to" over MEMORY => changed_lists,
    "Changed resources, told to" over MEMORY => changed_resources,
    "Batches" over BOTH => batches,
    "Streams that are come back for (`Last-Event-ID`)" over HTTP => resumption,
    "Tasks" over BOTH => tasks,
    "Apps" over BOTH => apps,
    "Extensions of your own" over UNRECORDED => extension,
    "Headers checked against the message" over HTTP => headers,
    "Trace context" over BOTH => trace_context,
}

/// The lines of the table: what stands in front, and the cells.
fn table() -> Vec<(&'static str, Vec<&'static str>)> {
    let line = |line: &'static str| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        (cells.next().unwrap(), cells.collect())
    };
    TABLE.lines().map(line).collect()
}

#[test]
fn every_row_has_a_check_and_every_check_a_row() {
    let table = table();
    assert_eq!(table[0].1, REVISIONS);
    let rows: Vec<_> = table[2..].iter().map(|(name, _)| *name).collect();
    let checked: Vec<_> = CHECKED.iter().map(|(name, _)| *name).collect();
    assert_eq!(rows, checked);
    for (name, cells) in &table {
        assert_eq!(cells.len(), REVISIONS.len(), "{name}");
    }
}

#[test]
fn the_readme_shows_the_table_of_the_crate() {
    assert!(README.contains(TABLE), "the README must repeat mcp-runtime/features.md");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_of_the_table_is_what_a_client_of_that_revision_sees() {
    let mut wrong = Vec::new();
    for (name, cells) in &table()[2..] {
        let ways = CHECKED.iter().find(|(checked, _)| checked == name).map_or(BOTH, |(_, ways)| ways);
        for (revision, cell) in REVISIONS.into_iter().zip(cells) {
            for way in ways {
                let seen = observe(name, &mut Client::new(*way, revision).await).await;
                if seen != *cell {
                    let told = format!("the table says {cell:?}, seen is {seen:?}");
                    wrong.push(format!("{name}, {revision}, {way:?}: {told}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
