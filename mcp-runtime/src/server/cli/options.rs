//! The settings as options: made of the table of all settings, so that `--help` has whatever the table has.

use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::config::{Given, ROWS, Row, Shape, problem_of};
use crate::server::ServerBuilder;

/// The settings that the command line gives.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) given: Given,
    /// `--set`
    pub(super) set: Vec<String>,
}

const CONFIG: &str = "mcp.config";
const SET: &str = "mcp.set";
const HEADING: &str = "Settings";

/// What `-h` has; the rest is in `--help`.
const SHORT: [&str; 6] = ["http", "tools", "tags", "read_only", "dialect", "log_level"];

fn id(row: &Row) -> String {
    format!("mcp.{}", row.key)
}

fn argument(row: &'static Row) -> Arg {
    let parser = ValueParser::from(move |text: &str| match problem_of(row, text) {
        None => Ok(text.to_owned()),
        Some(problem) => Err(problem),
    });
    let argument = Arg::new(id(row))
        .long(row.option())
        .value_name(if row.shape == Shape::Named {
            format!("NAME={}", row.placeholder)
        } else {
            row.placeholder.into()
        })
        .value_parser(parser)
        .help_heading(row.heading)
        .hide_short_help(!SHORT.contains(&row.key))
        .global(true);
    match row.shape {
        Shape::One => argument,
        Shape::Flag => argument.num_args(0..=1).require_equals(true).default_missing_value("true"),
        Shape::Several | Shape::Named => argument.action(ArgAction::Append),
    }
}

/// What `-h` says: what it does, and what holds without it.
fn help(row: &Row, builder: &ServerBuilder) -> (String, String) {
    let holds = (row.holds)(builder);
    let holds = if holds.is_empty() { "none".to_owned() } else { holds };
    let meaning = row.meaning.trim();
    let variable = row.variable();
    let expected = match row.shape {
        Shape::Named => format!("\n{}; may stand several times", row.expected),
        Shape::One | Shape::Several => format!("\n{}", row.expected),
        Shape::Flag => String::new(),
    };
    (
        format!("{meaning} [default: {holds}]"),
        format!("{meaning}{expected}\n[env: {variable}] [default: {holds}]"),
    )
}

fn helped(argument: Arg, row: &Row, builder: &ServerBuilder) -> Arg {
    let (short, long) = help(row, builder);
    argument.help(short).long_help(long)
}

/// Settings that are no options, since others see the command lines of processes.
fn by_variable_only() -> String {
    let secret: Vec<_> = ROWS
        .iter()
        .filter(|row| row.secret)
        .map(|row| format!("  {:16} {}", row.variable(), row.meaning.trim()))
        .collect();
    format!("Only in the environment, or in a file:\n{}", secret.join("\n"))
}

/// Says of each option what holds in this server.
pub(super) fn describe(mut command: Command, builder: &ServerBuilder) -> Command {
    for row in ROWS.iter().filter(|row| !row.secret) {
        command = command.mut_arg(id(row), |argument| helped(argument, row, builder));
    }
    command.after_long_help(by_variable_only())
}

impl Args for Options {
    fn augment_args(command: Command) -> Command {
        let builder = crate::Server::builder();
        let command = command
            .arg(
                Arg::new(CONFIG)
                    .long("config")
                    .value_name("FILE")
                    .value_parser(clap::value_parser!(PathBuf))
                    .help("Read settings from this file, .toml or .json; variables and options win over it [env: MCP_CONFIG]")
                    .help_heading(HEADING)
                    .global(true),
            )
            .arg(
                Arg::new(SET)
                    .long("set")
                    .value_name("NAME=VALUE")
                    .help("A setting of this program's own, as in database.url=…; may stand several times [env: MCP_SETTINGS_NAME]")
                    .help_heading(HEADING)
                    .hide_short_help(true)
                    .action(ArgAction::Append)
                    .global(true),
            );
        let rows = ROWS.iter().filter(|row| !row.secret);
        rows.fold(command, |command, row| command.arg(helped(argument(row), row, &builder)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Options {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Self::default();
        options.update_from_arg_matches(matches)?;
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        if let Some(file) = matches.get_one::<PathBuf>(CONFIG) {
            self.given.file = Some(file.clone());
        }
        self.set.extend(matches.get_many::<String>(SET).unwrap_or_default().cloned());
        for row in ROWS.iter().filter(|row| !row.secret) {
            let values: Vec<_> = matches.get_many::<String>(&id(row)).unwrap_or_default().cloned().collect();
            match row.shape {
                _ if values.is_empty() => {}
                Shape::One | Shape::Flag => {
                    self.given.options.extend(values.into_iter().next_back().map(|it| (row.key, it)))
                }
                Shape::Several | Shape::Named => self.given.options.push((row.key, values.join(","))),
            }
        }
        Ok(())
    }
}
