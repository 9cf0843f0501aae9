//! A database of SQLite for a model to look into: it finds the tables, reads what they are, and asks with SQL of its own.
//! Nothing it writes can change the database, keep it busy for long, or take much memory.
//!
//! `cargo run --example database -- call query 'sql=SELECT * FROM turnover'` asks a sample once;
//! `--database shop.db` takes another one, and without a command it serves standard input and output.

mod reader;

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Parser;
use mcp::{Context, Json, ServerError, State, ToolError};
use rusqlite::types::ValueRef;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use reader::{Database, explain};

/// A page ends when its cells have about so many bytes.
const PAGE: usize = 50_000;
/// So many bytes of a cell are shown.
const CELL: usize = 2_000;
/// Whole numbers that are larger are not kept by all readers of JSON.
const SAFE: u64 = (1 << 53) - 1;

#[derive(Serialize, JsonSchema)]
struct Table {
    name: String,
    /// "table" or "view".
    kind: String,
}

#[derive(Serialize, JsonSchema)]
struct Description {
    columns: Vec<Column>,
    /// The columns that point to other tables.
    references: Vec<Reference>,
    /// The statement that made it.
    sql: String,
}

#[derive(Serialize, JsonSchema)]
struct Column {
    name: String,
    /// As it was declared; any cell may hold a value of another type.
    r#type: String,
    required: bool,
    primary_key: bool,
}

#[derive(Serialize, JsonSchema)]
struct Reference {
    column: String,
    table: String,
}

#[derive(Serialize, JsonSchema)]
struct Rows {
    columns: Vec<String>,
    /// A cell is null, a number, or a text; one past 2^53 is a text too. A blob is an object with its length and its first
    /// bytes in Base64. What is cut ends with "…" and its length.
    rows: Vec<Vec<Value>>,
    /// What to skip to see the next rows; null after the last.
    next_skip: Option<u64>,
}

/// Lists the tables and views.
#[mcp::tool(read_only, timeout = "5s", concurrency = 4)]
fn list_tables(database: State<Database>, cx: Context) -> Result<Json<Vec<Table>>, ToolError> {
    tables(&database, &cx).map(Json).map_err(explain)
}

/// Describes a table or a view: its columns, where they point to, and how it was made.
#[mcp::tool(read_only, timeout = "5s", concurrency = 4)]
fn describe_table(
    #[arg(length = 1..=200)] name: String,
    database: State<Database>,
    cx: Context,
) -> Result<Json<Description>, ToolError> {
    let known = tables(&database, &cx).map_err(explain)?;
    if !known.iter().any(|table| table.name == name) {
        let names: Vec<_> = known.into_iter().map(|table| table.name).collect();
        return Err(ToolError::invalid_input(format!(
            "there is no such table; there are {}",
            names.join(", ")
        )));
    }
    describe(&database, &name, &cx).map(Json).map_err(explain)
}

/// Runs one SELECT. To page through many rows, say ORDER BY.
#[mcp::tool(read_only, timeout = "5s", concurrency = 4)]
fn query(
    /// SQL as SQLite has it.
    #[arg(length = 1..=20_000, example = "SELECT country, count(*) FROM customers GROUP BY country")]
    sql: String,
    /// How many rows to leave out: next_skip of the page before.
    #[arg(default = 0)]
    skip: u64,
    #[arg(default = 50, range = 1..=500)] count: usize,
    database: State<Database>,
    cx: Context,
) -> Result<Json<Rows>, ToolError> {
    select(&database, &sql, skip, count, &cx).map(Json).map_err(explain)
}

/// How all tables were made.
#[mcp::resource("database://schema", mime = "application/sql")]
fn schema(database: State<Database>, cx: Context) -> Result<String, mcp::BoxError> {
    let reader = database.reader(&cx)?;
    let mut made = reader.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
    let all: Vec<String> = made.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(all.join(";\n\n") + ";\n")
}

fn tables(database: &Database, cx: &Context) -> rusqlite::Result<Vec<Table>> {
    let sql = "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
               ORDER BY name";
    let reader = database.reader(cx)?;
    reader.prepare(sql)?.query_map([], |row| Ok(Table { name: row.get(0)?, kind: row.get(1)? }))?.collect()
}

fn describe(database: &Database, name: &str, cx: &Context) -> rusqlite::Result<Description> {
    let reader = database.reader(cx)?;
    let columns = "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)";
    let columns = reader
        .prepare(columns)?
        .query_map([name], |row| {
            let (required, key): (bool, u32) = (row.get(2)?, row.get(3)?);
            Ok(Column { name: row.get(0)?, r#type: row.get(1)?, required, primary_key: key > 0 })
        })?
        .collect::<Result<_, _>>()?;
    let references = "SELECT \"from\", \"table\" FROM pragma_foreign_key_list(?1)";
    let references = reader
        .prepare(references)?
        .query_map([name], |row| Ok(Reference { column: row.get(0)?, table: row.get(1)? }))?
        .collect::<Result<_, _>>()?;
    let sql = reader.query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [name], |row| row.get(0))?;
    Ok(Description { columns, references, sql })
}

fn select(database: &Database, sql: &str, skip: u64, count: usize, cx: &Context) -> rusqlite::Result<Rows> {
    let reader = database.reader(cx)?;
    let mut statement = reader.prepare(sql)?;
    let columns: Vec<_> = statement.column_names().into_iter().map(String::from).collect();
    let mut found = statement.query([])?;
    let (mut rows, mut bytes, mut at) = (Vec::new(), 0, 0);
    while let Some(row) = found.next()? {
        if at >= skip {
            if rows.len() == count || bytes > PAGE {
                return Ok(Rows { columns, rows, next_skip: Some(at) });
            }
            let cells = (0..columns.len()).map(|n| row.get_ref(n).map(|value| cell(value, &mut bytes)));
            rows.push(cells.collect::<Result<_, _>>()?);
        }
        at += 1;
    }
    Ok(Rows { columns, rows, next_skip: None })
}

fn cell(value: ValueRef<'_>, bytes: &mut usize) -> Value {
    *bytes += 8;
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) if number.unsigned_abs() > SAFE => number.to_string().into(),
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) if number.is_finite() => number.into(),
        ValueRef::Real(number) => number.to_string().into(),
        ValueRef::Text(text) => {
            let shown = &text[..text.len().min(CELL)];
            *bytes += shown.len();
            let shown_text = String::from_utf8_lossy(shown);
            if shown.len() == text.len() {
                shown_text.into()
            } else {
                format!("{}… ({} bytes in all)", shown_text.trim_end_matches('\u{fffd}'), text.len()).into()
            }
        }
        ValueRef::Blob(blob) => {
            let shown = &blob[..blob.len().min(CELL / 2)];
            *bytes += shown.len();
            json!({"bytes": blob.len(), "base64": STANDARD.encode(shown)})
        }
    }
}

/// Serves a database of SQLite to a model, which may only read it.
#[derive(Parser)]
#[command(name = "database", version)]
struct Arguments {
    /// The file of the database; a sample without it
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    #[command(flatten)]
    server: mcp::Cli,
}

#[tokio::main]
async fn main() -> mcp::Result<()> {
    let Arguments { database, server } = Arguments::parse();
    let database = Database::new(database.as_deref())
        .map_err(|error| ServerError::Command(format!("the database cannot be opened: {error}")))?;
    mcp::server!()
        .name("database")
        .instructions("Look at the tables before you ask: list_tables, then describe_table.")
        .state(database)
        .run_with(server)
        .await
}
