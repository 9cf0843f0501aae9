//! The command line of every server.

mod call;
mod check;
mod config;
mod health;
mod install;
mod known;
mod list;
mod log;
mod options;

use std::io::IsTerminal;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::{Server, ServerBuilder};
use crate::config::{LogFormat, LogLevel, ROWS, doubtful, load, variable};
use crate::error::ServerError;
use crate::settings::Origin;
#[cfg(feature = "otel")]
pub(crate) use log::text as text_log;

/// The command line of every server, to be flattened into a parser of your own.
///
/// ```no_run
/// use clap::Parser;
///
/// #[derive(Parser)]
/// struct Arguments {
///     /// Where the logs are.
///     #[arg(long)]
///     folder: std::path::PathBuf,
///     #[command(flatten)]
///     mcp: mcp::Cli,
/// }
///
/// #[tokio::main]
/// async fn main() -> mcp::Result<()> {
///     let arguments = Arguments::parse();
///     mcp::server!().state(arguments.folder).run_with(arguments.mcp).await
/// }
/// ```
#[derive(Debug, Clone, Args)]
pub struct Cli {
    #[command(flatten)]
    options: options::Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// List what the server offers
    List {
        /// Print JSON, as clients see it
        #[arg(long)]
        json: bool,
    },
    /// Make Claude Desktop, Claude Code, Cursor or VS Code start this server
    ///
    /// Settings of this command line are given to the server whenever it is started: `server --read-only install cursor`.
    Install(install::Asked),
    /// Ask a server that listens at --http or MCP_HTTP whether it is well: exit code 0 for status 200
    Health(health::Asked),
    /// Show which settings hold, and where each comes from
    Config {
        /// Print JSON, for other programs
        #[arg(long)]
        json: bool,
    },
    /// Check names, texts, cost and dialects of what the server offers
    ///
    /// Exit codes: 0 when nothing is wrong or there are only warnings; 1 for errors, for warnings with --deny-warnings, and where
    /// the server cannot be built; 2 for a command line that cannot be read.
    Check(check::Asked),
    /// Call a tool: key=value pairs, or one JSON object
    Call {
        /// The name of the tool
        name: String,
        /// key=value, or '{"key": value}'
        arguments: Vec<String>,
        /// Print the whole result as JSON
        #[arg(long)]
        json: bool,
    },
}

/// The parser of a server whose author has no arguments of his own.
#[derive(Parser)]
struct Standalone {
    #[command(flatten)]
    cli: Cli,
}

/// The module whose log clients are told.
struct Told(String);

impl ServerBuilder {
    /// Tells clients what is logged with `tracing` in this module and below it, such as `module_path!()` in `main.rs`, while
    /// their calls are worked on and from the level on that they ask for. By default they are told only what
    /// [`Context::log`](crate::Context::log) says.
    ///
    /// It is for servers without a subscriber of their own; others add [`ClientLog`](crate::ClientLog) to it.
    #[must_use]
    pub fn log_to_client(mut self, module: impl Into<String>) -> Self {
        self.states.insert(Told(module.into()));
        self
    }

    /// Does what the command line says: serves standard input and output, or HTTP (`--http ADDR`); lists what there is
    /// (`list`); calls a tool (`call NAME key=value …`); says what is wrong with what is offered (`check`), and which settings
    /// hold (`config`); makes hosts start it (`install`); asks a server that runs whether it is well (`health`). `--help` tells all of it.
    ///
    /// What the builder was told are defaults: a file of [settings](crate::Config), variables of the environment and the command
    /// line win over it, in this order. See the [guide](crate::guide::configuration).
    ///
    /// It logs to standard error, unless a subscriber is installed already. When a function that blocks is still at
    /// work after the time for draining, the process ends without it, and this does not return.
    ///
    /// # Errors
    ///
    /// Where the server cannot be built or served, or a command cannot be carried out.
    pub async fn run(self) -> crate::Result<()> {
        let about = self.about.description.clone().or_else(|| self.about.title.clone());
        let mut command =
            Standalone::command().name(self.about.name.clone()).version(self.about.version.clone());
        command = command.about(about.unwrap_or_else(|| "An MCP server".into()));
        command = options::describe(command, &self);
        let matches = command.get_matches();
        let Standalone { cli } = Standalone::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        self.run_with(cli).await
    }

    /// The same for an author with arguments of his own: see [`Cli`].
    ///
    /// # Errors
    ///
    /// As [`ServerBuilder::run`].
    pub async fn run_with(self, cli: Cli) -> crate::Result<()> {
        let loaded = load(&cli.options.given, variable)?;
        let (level, format) = (loaded.config.log_level, loaded.config.log_format);
        log::install(
            level,
            format,
            cli.command.is_some(),
            self.states.get::<Told>().map(|told| told.0.clone()),
        );
        for (name, near) in doubtful(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())) {
            tracing::warn!("nobody reads the variable {name}; did you mean {near}?");
        }
        // These need no server, and so nothing that a server needs.
        match &cli.command {
            Some(Command::Install(asked)) => {
                install::install(&self.about.name, asked, &cli.options)?;
                if asked.adds() {
                    self.config(loaded.config).build().inspect_err(warn_of).ok();
                }
                return Ok(());
            }
            Some(Command::Health(asked)) => return health::health(&loaded.config, asked).await,
            _ => {}
        }
        let before: Vec<_> = ROWS.iter().map(|row| (row.key, (row.holds)(&self))).collect();
        let http = loaded.config.http.clone();
        let mut builder = self.config(loaded.config.clone());
        builder.settings.origin = Origin { file: loaded.file.clone(), set: Some(cli.options.set) };
        if let Some(Command::Config { json }) = cli.command {
            config::config(&before, &builder, &loaded, json)?;
            // What is wrong is wrong for this command, too.
            return builder.build().map(|_| ()).map_err(Into::into);
        }
        let server = builder.build()?;
        match cli.command {
            Some(Command::List { json }) => list::list(&server, json).await,
            Some(Command::Call { name, arguments, json }) => {
                call::call(&server, &name, &arguments, json).await
            }
            Some(Command::Check(asked)) => check::check(&server, &asked),
            _ => server.serve_as_asked(http).await,
        }
    }
}

/// What a host starts may find more there than is here; so it is no error.
fn warn_of(error: &crate::BuildError) {
    tracing::warn!("started here with the same settings it would not serve: {error}");
}

impl Server {
    async fn serve_as_asked(&self, http: Option<String>) -> crate::Result<()> {
        let served = match http {
            Some(address) => self.serve_http(address).await,
            None => {
                if std::io::stdin().is_terminal() {
                    tracing::info!(
                        "waiting for a client at standard input; `list` shows what there is, `--http ADDR` serves HTTP"
                    );
                }
                self.serve_stdio().await
            }
        };
        if self.blocking_calls() > 0 {
            tracing::warn!("the process ends though functions that block are still at work");
            if let Err(error) = &served {
                tracing::error!(%error, "serving failed");
            }
            self.flush_audit();
            log::flush();
            std::process::exit(i32::from(served.is_err()));
        }
        self.flush_audit();
        log::flush();
        served
    }
}

/// Prints a line for people, to standard output.
fn print(text: &str) -> crate::Result<()> {
    use std::io::Write;
    match writeln!(std::io::stdout(), "{text}") {
        // Whoever read it has read enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(ServerError::Transport),
    }
}

/// How text is shown: with colours on a terminal only.
#[derive(Clone, Copy)]
struct Style {
    colours: bool,
}

impl Style {
    fn of_stdout() -> Self {
        Self {
            colours: std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty()),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.into() }
    }

    fn heading(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn name(self, text: &str) -> String {
        self.paint("36", text)
    }

    fn quiet(self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// Text that comes from elsewhere, without what a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}
