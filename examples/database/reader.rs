//! A database of SQLite that strangers may ask anything, and that nobody can change or keep busy. SQLite itself holds the
//! rules; no SQL is looked at here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mcp::{Context, ToolError};
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, Result};

/// What all queries together may take, in bytes: whoever needs more is told so.
const MEMORY: u32 = 64 << 20;
/// How many steps of SQLite's machine go by until it is asked whether anybody still waits.
const STEPS: i32 = 10_000;
/// What is kept of the time of a call to tell the model that it was not enough.
const RESERVE: Duration = Duration::from_millis(200);

/// The limits of a query. A single step works on texts of this length at most, so none takes long.
const LIMITS: [(Limit, i32); 7] = [
    (Limit::SQLITE_LIMIT_LENGTH, 100_000),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 20_000),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

#[derive(Debug)]
pub(crate) enum Database {
    File(PathBuf),
    Sample,
}

impl Database {
    /// Opens it once, to see whether it is one.
    pub(crate) fn new(file: Option<&Path>) -> Result<Self> {
        let database = file.map_or(Self::Sample, |file| Self::File(file.into()));
        let connection = database.connect()?;
        connection.query_row(&format!("PRAGMA hard_heap_limit = {MEMORY}"), [], |_| Ok(()))?;
        Ok(database)
    }

    fn connect(&self) -> Result<Connection> {
        let connection = match self {
            Self::File(file) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                Connection::open_with_flags(file, flags)?
            }
            Self::Sample => {
                let connection = Connection::open_in_memory()?;
                connection.execute_batch(include_str!("sample.sql"))?;
                connection
            }
        };
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY")?;
        // Its schema is read here, before there are limits: it is the owner's.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    }

    /// A connection for one call: what it does ends with the call, and it does nothing but read.
    pub(crate) fn reader(&self, cx: &Context) -> Result<Connection> {
        let connection = self.connect()?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // Otherwise "nmae" is a text where there is no such column.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        for (limit, most) in LIMITS {
            connection.set_limit(limit, most)?;
        }
        let cx = cx.clone();
        connection.progress_handler(
            STEPS,
            Some(move || cx.is_cancelled() || cx.remaining().is_some_and(|left| left < RESERVE)),
        )?;
        connection.authorizer(Some(may))?;
        Ok(connection)
    }
}

/// What a statement may do: whatever is not reading is refused, now and in versions of SQLite that are to come.
fn may(asked: AuthContext<'_>) -> Authorization {
    match asked.action {
        AuthAction::Function { function_name: "load_extension" | "fts3_tokenizer" } => Authorization::Deny,
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive => Authorization::Allow,
        // What describes a table.
        AuthAction::Pragma { pragma_name: "table_info" | "foreign_key_list", .. } => Authorization::Allow,
        _ => Authorization::Deny,
    }
}

/// What the model is told, so that it can write a better statement.
pub(crate) fn explain(error: Error) -> ToolError {
    let why = match &error {
        Error::SqlInputError { msg, offset, .. } if *offset >= 0 => format!("{msg}, at byte {offset}"),
        Error::MultipleStatement => "there is more than one statement; send one at a time".into(),
        _ => match error.sqlite_error_code() {
            Some(ErrorCode::AuthorizationForStatementDenied | ErrorCode::ReadOnly) => {
                "this database is only read, with SELECT: no changes, no PRAGMA, no ATTACH".into()
            }
            Some(ErrorCode::OutOfMemory) => "it takes too much memory; sort and group fewer rows".into(),
            Some(ErrorCode::TooBig) => "a text or blob has more than 100,000 bytes".into(),
            Some(ErrorCode::OperationInterrupted) => "it takes too long; look at fewer rows".into(),
            Some(ErrorCode::ApiMisuse) => "there is no statement".into(),
            Some(ErrorCode::Unknown) => error.to_string(),
            _ => return ToolError::fatal("the database cannot be read").source(error),
        },
    };
    ToolError::invalid_input(format!("SQLite refuses this: {why}"))
}
