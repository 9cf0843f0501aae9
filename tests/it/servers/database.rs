//! The example `database`, asked by somebody who means no good.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[cfg(target_os = "linux")]
use crate::faults::worked;
use crate::wire::{Wire, start, stateless, text};

/// Never done.
const ENDLESS: &str = "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT max(n) FROM x";

struct Started {
    wire: Wire,
    process: u32,
}

fn start_with(arguments: &[&str]) -> Started {
    let process = start("database", arguments);
    Started { process: process.child.id().unwrap(), wire: Wire::of(process) }
}

impl Started {
    async fn query(&mut self, sql: &str) -> Value {
        let params = json!({"name": "query", "arguments": {"sql": sql}});
        self.wire.ask(1, "tools/call", params).await
    }

    async fn rows(&mut self, sql: &str) -> Value {
        let answer = self.query(sql).await;
        assert_eq!(answer["result"].get("isError"), None, "{sql}: {answer}");
        answer["result"]["structuredContent"]["rows"].clone()
    }

    /// The most memory that it has ever held, in MiB.
    #[cfg(target_os = "linux")]
    fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().split(' ').next().unwrap().parse::<u64>().unwrap() / 1024
    }
}

#[tokio::test]
async fn a_model_finds_the_tables_and_what_is_in_them() {
    let mut example = start_with(&[]);
    example.wire.initialize().await;
    let tables = json!({"name": "list_tables"});
    let listed = example.wire.ask(1, "tools/call", tables.clone()).await;
    let names: Vec<_> = listed["result"]["structuredContent"].as_array().unwrap().iter().collect();
    assert_eq!(names[0], &json!({"name": "articles", "kind": "table"}));
    assert_eq!(names[3], &json!({"name": "turnover", "kind": "view"}));
    let again = example.wire.ask_in_session(2, "tools/call", tables).await;
    assert_eq!(serde_json::from_str::<Value>(text(&again)).unwrap(), listed["result"]["structuredContent"]);

    let describe = |name: &str| json!({"name": "describe_table", "arguments": {"name": name}});
    let described = example.wire.ask(3, "tools/call", describe("orders")).await;
    let described = &described["result"]["structuredContent"];
    let day = json!({"name": "day", "type": "TEXT", "required": true, "primary_key": false});
    assert_eq!(described["columns"][4], day);
    assert_eq!(described["references"][1], json!({"column": "customer", "table": "customers"}));
    assert!(described["sql"].as_str().unwrap().starts_with("CREATE TABLE orders ("));
    let unknown = example.wire.ask(4, "tools/call", describe("orders'); DROP TABLE orders --")).await;
    assert_eq!(text(&unknown), "there is no such table; there are articles, customers, orders, turnover");
    let read = example.wire.ask(5, "resources/read", json!({"uri": "database://schema"})).await;
    let schema = read["result"]["contents"][0]["text"].as_str().unwrap();
    assert!(schema.contains("CREATE VIEW turnover") && schema.contains("CREATE INDEX orders_by_customer"));
}

#[tokio::test]
async fn rows_come_in_pages_each_of_them_once() {
    let mut example = start_with(&[]);
    for (sql, count, least) in [
        ("SELECT id FROM orders ORDER BY id", 60, 5),
        // A page has so many bytes too.
        ("SELECT id, hex(zeroblob(900)) FROM orders ORDER BY id", 500, 9),
    ] {
        let (mut seen, mut skip, mut pages) = (BTreeSet::new(), json!(0), 0);
        while !skip.is_null() {
            let arguments = json!({"sql": sql, "skip": skip, "count": count});
            let page =
                example.wire.ask(1, "tools/call", json!({"name": "query", "arguments": arguments})).await;
            assert!(page.to_string().len() < 250_000);
            let page = &page["result"]["structuredContent"];
            for row in page["rows"].as_array().unwrap() {
                assert!(seen.insert(row[0].as_u64().unwrap()), "{row}");
            }
            skip = page["next_skip"].clone();
            pages += 1;
        }
        assert_eq!(seen.len(), 250);
        assert!(pages >= least, "{pages}");
    }
}

#[tokio::test]
async fn cells_are_what_json_has_for_them() {
    let mut example = start_with(&[]);
    let rows = example
        .rows("SELECT NULL, 1, -9007199254740991, 9007199254740993, -9223372036854775808, 1.5, -1e999, 'ä', x'00ff', '', x''")
        .await;
    let expected = json!([[
        null, 1, -9_007_199_254_740_991_i64, "9007199254740993", "-9223372036854775808", 1.5, "-inf", "ä",
        {"bytes": 2, "base64": "AP8="}, "", {"bytes": 0, "base64": ""},
    ]]);
    assert_eq!(rows, expected);
    // Long ones are cut, between characters; bytes that are no text do no harm.
    let rows = example
        .rows("SELECT replace(hex(zeroblob(3000)), '0', '€'), randomblob(99999), CAST(x'61ff62' AS TEXT), char(0, 27)")
        .await;
    let long = rows[0][0].as_str().unwrap();
    assert!(long.starts_with("€€") && long.ends_with("€… (18000 bytes in all)") && long.len() < 2100);
    assert!(rows[0][1]["bytes"] == 99_999 && rows[0][1]["base64"].as_str().unwrap().len() < 1400);
    assert_eq!(rows[0][2], "a\u{fffd}b");
}

#[tokio::test]
async fn what_was_wrong_with_a_statement_is_said() {
    let mut example = start_with(&[]);
    for (sql, said) in [
        ("SELECT nmae FROM customers", "no such column: nmae, at byte 7"),
        ("SELECT * FORM customers", "near \"FORM\": syntax error, at byte 9"),
        ("SELECT * FROM order_s", "no such table: order_s"),
        ("SELECT \"nmae\" FROM customers", "no such column: \"nmae\""),
        ("SELECT 1; SELECT 2", "there is more than one statement; send one at a time"),
        ("SELECT 1; DROP TABLE orders", "this database is only read, with SELECT"),
        (" -- nothing", "there is no statement"),
        ("SELECT sum(1", "incomplete input"),
        ("SELECT 'a", "unrecognized token"),
        ("SELECT ?1", "parameter"),
        ("SELECT zeroblob(1000000000)", "a text or blob has more than 100,000 bytes"),
    ] {
        let answer = example.query(sql).await;
        let told = text(&answer);
        assert!(told.starts_with("SQLite refuses this: ") || said == "parameter", "{sql}: {told}");
        assert!(told.contains(said) || said == "parameter", "{sql}: {told}");
    }
}

#[tokio::test]
async fn nothing_that_writes_is_done() {
    let folder = std::env::temp_dir().join(format!("mcp-database-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("shop.db");
    let made = rusqlite::Connection::open(&file).unwrap();
    made.execute_batch(include_str!("../../../examples/database/sample.sql")).unwrap();
    // What its schema does must not be done by reading it.
    made.execute_batch("CREATE VIEW evil AS SELECT load_extension('/tmp/x.so')").unwrap();
    made.execute_batch("CREATE TRIGGER t INSTEAD OF INSERT ON evil BEGIN DELETE FROM orders; END").unwrap();
    drop(made);
    let before = std::fs::read(&file).unwrap();
    let named = file.to_str().unwrap();
    let mut example = start_with(&["--database", named]);
    let copy = folder.join("copy.db").to_str().unwrap().to_owned();
    let refused = [
        "DELETE FROM orders".to_owned(),
        "UPDATE orders SET pieces = 0".into(),
        "INSERT INTO customers VALUES (9, 'x', 'y')".into(),
        "INSERT INTO evil VALUES (1)".into(),
        "REPLACE INTO customers VALUES (1, 'x', 'y') RETURNING *".into(),
        "WITH x AS (SELECT 1) DELETE FROM orders".into(),
        "DROP TABLE orders".into(),
        "CREATE TABLE x (y)".into(),
        "CREATE TEMP TABLE x (y)".into(),
        "CREATE TEMP TRIGGER x AFTER INSERT ON orders BEGIN SELECT 1; END".into(),
        "CREATE VIRTUAL TABLE x USING fts5 (y)".into(),
        "ALTER TABLE orders RENAME TO x".into(),
        format!("ATTACH '{copy}' AS x"),
        format!("ATTACH 'file:{copy}?mode=rwc' AS x"),
        format!("VACUUM INTO '{copy}'"),
        "VACUUM".into(),
        "REINDEX".into(),
        "ANALYZE".into(),
        "BEGIN IMMEDIATE".into(),
        "SAVEPOINT x".into(),
        "PRAGMA query_only = OFF".into(),
        "PRAGMA writable_schema = ON".into(),
        "PRAGMA journal_mode = DELETE".into(),
        "PRAGMA hard_heap_limit = 0".into(),
        "PRAGMA temp_store_directory = '/tmp'".into(),
        "PRAGMA database_list".into(),
        "SELECT * FROM pragma_database_list".into(),
        "SELECT * FROM pragma_compile_options".into(),
        "SELECT load_extension('/tmp/x.so')".into(),
        "SELECT * FROM evil".into(),
        "SELECT fts3_tokenizer('simple', x'00')".into(),
        "SELECT readfile('/etc/passwd')".into(),
        "SELECT writefile('/tmp/x', 'y')".into(),
        "SELECT edit('x')".into(),
        "DETACH main".into(),
        "EXPLAIN DELETE FROM orders".into(),
    ];
    for sql in &refused {
        let answer = example.query(sql).await;
        assert_eq!(answer["result"]["isError"], true, "{sql}: {answer}");
        let told = text(&answer);
        let known = ["only read", "not authorized", "no such function", "unsafe use"];
        assert!(known.iter().any(|why| told.contains(why)), "{sql}: {told}");
    }
    assert_eq!(example.rows("SELECT count(*) FROM orders").await, json!([[250]]));
    drop(example);
    assert!(std::fs::read(&file).unwrap() == before, "the file has changed");
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    eprintln!("{} statements that write: 0 bytes changed, files: {left:?}", refused.len());
    assert_eq!(left, ["shop.db"]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_database_that_is_not_there_is_not_made() {
    let nowhere: PathBuf = std::env::temp_dir().join(format!("mcp-no-database-{}.db", std::process::id()));
    let mut process = start("database", &["--database", nowhere.to_str().unwrap()]);
    assert!(!process.child.wait().await.unwrap().success());
    assert!(!nowhere.exists());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_never_ends_is_ended_and_leaves_its_place() {
    let mut example = start_with(&[]);
    let call = |id: u32| stateless(id, "tools/call", json!({"name": "query", "arguments": {"sql": ENDLESS}}));
    // As many as there are places; whoever comes then waits.
    let begun = Instant::now();
    for id in 0..4 {
        example.wire.send(call(id)).await;
    }
    for id in 0..4 {
        let answer = example.wire.answer(&id.into()).await;
        assert!(text(&answer).contains("takes too long; look at fewer rows"), "{answer}");
    }
    let took = begun.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_secs(10)).contains(&took), "{took:?}");

    // Nor does it go on where nobody waits.
    for id in 10..14 {
        example.wire.send(call(id)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let begun = Instant::now();
    for id in 10..14 {
        let cancel =
            json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
        example.wire.send(cancel).await;
    }
    assert_eq!(example.rows("SELECT count(*) FROM orders").await, json!([[250]]));
    let free_after = begun.elapsed();
    assert!(free_after < Duration::from_secs(3), "{free_after:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = worked(example.process);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = worked(example.process) - before;
    eprintln!(
        "4 endless queries given up after {took:?}; 4 cancelled, places free after {free_after:?}, then {idle:?} of work in 1 s"
    );
    assert!(idle < Duration::from_millis(300), "{idle:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hostile_statements_take_neither_the_process_nor_its_memory() {
    let mut example = start_with(&[]);
    example.rows("SELECT 1").await;
    let (mut longest, mut refused) = (Duration::ZERO, 0);
    let nested = |open: &str, close: &str, depth: usize| {
        format!("SELECT {}1{}", open.repeat(depth), close.repeat(depth))
    };
    let half = "replace(hex(zeroblob(24000)), '0', 'a')";
    let statements = [
        "WITH RECURSIVE x(n, b) AS (SELECT 1, randomblob(90000) UNION ALL SELECT n + 1, randomblob(90000) FROM x) SELECT * FROM x ORDER BY b".to_owned(),
        "WITH RECURSIVE x(n) AS (SELECT 1 UNION SELECT n + 1 FROM x) SELECT count(*) FROM x".into(),
        "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT group_concat(n) FROM x".into(),
        "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT json_group_array(n) FROM x".into(),
        "SELECT randomblob(1000000000)".into(),
        "SELECT hex(randomblob(99000))".into(),
        "SELECT printf('%.*c', 1000000000, 'x')".into(),
        "SELECT printf('%1000000000d', 1)".into(),
        format!("SELECT instr({half}, substr({half}, 1, 20000) || 'b')"),
        format!("SELECT trim({half}, replace(hex(zeroblob(24000)), '0', 'b') || 'a')"),
        format!("SELECT replace({half}, 'a', {half})"),
        format!("SELECT {half} LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b'"),
        format!("SELECT {half} GLOB '*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b'"),
        "SELECT count(*) FROM orders a, orders b, orders c, orders d".into(),
        "SELECT * FROM orders a, orders b, orders c ORDER BY random()".into(),
        nested("(", ")", 9000),
        nested("(SELECT ", ")", 1000),
        nested("-(", ")", 5000),
        nested("abs(", ")", 3000),
        format!("SELECT 1{}", "+1".repeat(9000)),
        format!("SELECT 1{}", ",1".repeat(9000)),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(1000)),
        format!("SELECT 1 IN (1{})", ",1".repeat(9000)),
        format!("SELECT json_extract('{}', '$')", "[".repeat(15_000)),
        format!("SELECT * FROM {}", vec!["orders"; 65].join(",")),
        format!("SELECT * FROM {}", vec!["orders"; 60].join(",")),
        format!("WITH {} SELECT * FROM a200", (1..=200).map(|n| format!("a{n} AS (SELECT * FROM a{})", n - 1)).collect::<Vec<_>>().join(",")),
        "SELECT 1\u{0}; DROP TABLE orders".into(),
        "\u{feff}SELECT 1".into(),
        "SELECT '\u{202e}'".into(),
        "SELECT abs(-9223372036854775808)".into(),
        "SELECT -9223372036854775808 / -1, 1 % 0, 1 / 0".into(),
        "SELECT CAST(randomblob(99999) AS TEXT)".into(),
        "SELECT * FROM json_tree(json_array(1, json_array(2)))".into(),
        "SELECT * FROM generate_series(1, 1000000000)".into(),
        "SELECT * FROM dbstat, dbstat, dbstat, dbstat, dbstat, dbstat".into(),
        "VALUES (1)".into(),
    ];
    for sql in &statements {
        let begun = Instant::now();
        let answer = example.query(sql).await;
        let told =
            answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{sql}: {answer}"));
        assert!(!told.contains("panic") && !told.contains("cannot be read"), "{sql}: {told}");
        refused += usize::from(answer["result"]["isError"] == true);
        longest = longest.max(begun.elapsed());
    }
    assert_eq!(example.rows("SELECT count(*) FROM orders").await, json!([[250]]));
    let memory = example.most_memory();
    eprintln!(
        "{} hostile statements: {refused} refused, the longest took {longest:?}; at most {memory} MiB",
        statements.len()
    );
    assert!(longest < Duration::from_secs(15) && memory < 256, "{longest:?} {memory}");
}
