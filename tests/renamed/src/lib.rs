//! Tools through a crate that was renamed in `Cargo.toml`, and through one that is re-exported by a facade.
//!
//! Everything that lints can find is denied here, so that an expansion which adds one does not compile, or not pass clippy.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    single_use_lifetimes,
    let_underscore_drop,
    trivial_casts,
    trivial_numeric_casts,
    non_ascii_idents,
    rust_2018_idioms,
    future_incompatible,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::cargo
)]
#![allow(
    clippy::multiple_crate_versions,
    clippy::cargo_common_metadata,
    reason = "of the workspace, not of the code"
)]

use std::collections::BTreeMap;

use framework::{Context, Json, State, ToolError};

const UNIT: &str = "celsius";
const MOST: usize = 20;
/// Longer than a doc comment should be.
const TEXT: &str = "Takes everything that an argument can say.";

/// The order of results.
#[derive(Debug, Default, Clone, Copy, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

/// What the server holds.
#[derive(Debug)]
pub struct Db;

/// Of another crate: it can be read and has no schema.
#[derive(Debug, serde::Deserialize)]
pub struct Id(String);

/// Takes everything that an argument can be.
///
/// # Errors
///
/// None.
#[framework::tool(crate = framework, read_only, description = TEXT)]
pub async fn everything(
    /// What to look for.
    #[arg(length = 1..=80, pattern = "^[a-z ]+$", example = "rust", example = UNIT.to_owned())]
    text: &str,
    #[arg(default = MOST, range = 1..=MOST * 5)] limit: usize,
    #[arg(default, description = concat!("Of", " results."))] order: Order,
    #[arg(default = Vec::new(), length = ..MOST)] tags: &[String],
    #[arg(default = BTreeMap::new())] more: BTreeMap<String, u8>,
    #[arg(default = UNIT.into(), rename = "unit-of")] mut unit: String,
    #[arg(default = -0.5, range = -1.0..)] weight: f64,
    #[arg(default = None)] maybe: Option<bool>,
    #[arg(rename = "corner", default = (1, 2))] (x, y): (u8, u8),
    #[arg(schema = String, default = "none")] id: Id,
    #[arg(schema = schemars::json_schema!({ "type": "string" }))] other: Option<Id>,
    #[arg(secret)] token: Option<String>,
    #[cfg(not(any()))]
    #[arg(header = "Region")]
    region: Option<String>,
    #[cfg(any())] missing: DoesNotExist,
    r#type: Option<u8>,
    _unused: Option<u8>,
    db: State<Db>,
    cx: Context,
) -> Result<Json<Vec<String>>, ToolError> {
    unit.push_str(text);
    drop((db, cx, x, y, weight, maybe, token, r#type, more, order, region));
    Ok(Json(tags.iter().take(limit).cloned().chain([unit, id.0]).chain(other.map(|other| other.0)).collect()))
}

/// Is called by nobody who reads.
#[framework::tool(crate = framework)]
#[deprecated(since = "0.1.0", note = "use `everything`")]
pub async fn old() {}

/// Is not async.
#[framework::prompt(crate = framework, inline)]
#[must_use]
pub fn ask(#[arg(default = 3)] lines: u8) -> String {
    format!("{lines} lines, please.")
}

/// Was found through a facade.
#[facade::mcp::resource("renamed://{name}{?lines}", crate = facade::mcp)]
pub async fn page(name: String, #[arg(default = 5, range = 1..)] lines: u32) -> String {
    format!("{lines} lines of {name}")
}

macro_rules! numbers {
    ($($(#[$attribute:meta])* $name:ident: $kind:ty = $default:expr, $most:literal;)*) => {$(
        $(#[$attribute])*
        #[framework::tool(crate = framework, read_only)]
        pub async fn $name(#[arg(default = $default, range = ..=$most)] value: $kind) -> $kind {
            value
        }
    )*};
}

numbers! {
    /// Gives a number back.
    whole: i64 = -5, 100;
    /// Gives a part back.
    part: f64 = 0.5, 1.0;
}
