//! The settings that an author's own program has, from the same sources as those of its server: the part `settings` of the file,
//! variables `MCP_SETTINGS_…`, and `--set name=value` on the command line, later ones winning.
//!
//! Nothing here knows the settings of servers.

mod error;
mod file;
mod reading;
#[cfg(feature = "config")]
mod toml;
#[cfg(not(feature = "config"))]
#[path = "without_toml.rs"]
mod toml;
mod tree;

use std::path::PathBuf;

use serde::de::DeserializeOwned;

pub use error::ConfigError;
pub(crate) use file::read_file;
use tree::Tree;

use crate::handler::States;
use crate::server::ServerBuilder;

/// The part of a file that is the author's.
pub(crate) const SECTION: &str = "settings";
/// What the author's variables begin with.
pub(crate) const PREFIX: &str = "MCP_SETTINGS_";
/// Names the file.
pub(crate) const FILE_VARIABLE: &str = "MCP_CONFIG";

/// Reads settings of your own.
///
/// Their names are those of serde. A name is looked for, later ones winning,
///
/// - in the part `settings` of the file that `--config` or `MCP_CONFIG` names: `[settings]` in TOML;
/// - in the environment: `MCP_SETTINGS_MAX_ROWS` is `max_rows`, and `MCP_SETTINGS_DATABASE__URL` is `url` in `database`;
/// - on the command line: `--set max_rows=100`, `--set database.url=…`.
///
/// Texts are read as what is wanted: numbers, booleans, lists with commas between. Where nothing is said, `#[serde(default)]`
/// stands in. A name that the type does not have is an error with the nearest one that it has.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     #[serde(default = "some")]
///     max_rows: u32,
///     database: Option<Database>,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Database { url: String }
///
/// fn some() -> u32 { 100 }
///
/// fn main() -> mcp::Result<()> {
///     let settings: Settings = mcp::settings()?;
///     assert_eq!(settings.max_rows, 100);
///     Ok(())
/// }
/// ```
///
/// # Errors
///
/// Where something is missing or is no value of its type: which, where it was said, and what is expected. What was said is not
/// repeated, since it may be a secret.
pub fn settings<T: DeserializeOwned>() -> Result<T, ConfigError> {
    Tree::load(&Origin::default())?.read()
}

/// Where settings are looked for, as a command line says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// `--config`
    pub(crate) file: Option<PathBuf>,
    /// `--set`; looked for in the arguments of the process where nobody has read these.
    pub(crate) set: Option<Vec<String>>,
}

/// Reads settings of one type and puts them among the states.
type Read = fn(&Tree, &mut States) -> Result<(), ConfigError>;

/// Settings that are read when the server is built.
#[derive(Debug, Default)]
pub(crate) struct Deferred {
    pub(crate) origin: Origin,
    reads: Vec<Read>,
}

impl Deferred {
    /// Reads them, and puts them among the states.
    pub(crate) fn read(self, states: &mut States, problems: &mut Vec<String>) {
        if self.reads.is_empty() {
            return;
        }
        match Tree::load(&self.origin) {
            Ok(tree) => {
                let read = self.reads.iter().filter_map(|read| read(&tree, states).err());
                problems.extend(read.flat_map(ConfigError::into_problems));
            }
            Err(error) => problems.extend(error.into_problems()),
        }
    }

    /// For a server that is only looked at.
    pub(crate) fn clear(&mut self) {
        self.reads.clear();
    }

    /// What was said, and where.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the command line shows it"))]
    pub(crate) fn names(&self) -> Vec<(String, String)> {
        Tree::load(&self.origin).map(|tree| tree.names()).unwrap_or_default()
    }
}

impl ServerBuilder {
    /// Reads settings of your own when the server is built, and holds them for arguments of the type
    /// [`State<T>`](crate::State). See [`settings`](crate::settings()) for where they are looked for.
    ///
    /// ```no_run
    /// use mcp::State;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Settings { greeting: String }
    ///
    /// /// Greets somebody.
    /// #[mcp::tool(read_only)]
    /// async fn greet(name: String, settings: State<Settings>) -> String {
    ///     format!("{}, {name}", settings.greeting)
    /// }
    ///
    /// #[tokio::main]
    /// async fn main() -> mcp::Result<()> {
    ///     mcp::server!().settings::<Settings>().run().await
    /// }
    /// ```
    #[must_use]
    pub fn settings<T: DeserializeOwned + Send + Sync + 'static>(mut self) -> Self {
        self.settings.reads.push(|tree, states| {
            states.insert(tree.read::<T>()?);
            Ok(())
        });
        self
    }
}
