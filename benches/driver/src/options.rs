//! The command line of the driver.

use std::time::Duration;

use anyhow::{Result, bail};

pub const HELP: &str = "\
Measures the servers of this workspace against each other and checks every reply.

usage: bench [--quick] [--only stdio|http|instructions|layers] [--servers NAME,…] [--no-build]

  --quick     short slices, no instruction counts: under a minute, for a first impression
  --only      one part of the measurements; `layers` writes LAYERS.md
  --servers   some of: floor, ours, rmcp, rmcp-tuned
  --no-build  take the servers as they were last built

Only a complete run writes RESULTS.md.";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Stdio,
    Http,
    Instructions,
    /// What each layer costs, which is not a part of the rest.
    Layers,
}

pub struct Options {
    pub quick: bool,
    pub build: bool,
    pub only: Option<Part>,
    /// Names of the servers to measure; empty for all.
    pub servers: Vec<String>,
}

impl Options {
    /// Reads the arguments; `None` if only help was asked for.
    ///
    /// # Errors
    /// An argument that is not known.
    pub fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let mut options = Self { quick: false, build: true, only: None, servers: Vec::new() };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--no-build" => options.build = false,
                "--only" => {
                    options.only = Some(match arguments.next().as_deref() {
                        Some("stdio") => Part::Stdio,
                        Some("http") => Part::Http,
                        Some("instructions") => Part::Instructions,
                        Some("layers") => Part::Layers,
                        _ => bail!("--only takes stdio, http, instructions or layers"),
                    });
                }
                "--servers" => {
                    let Some(names) = arguments.next() else { bail!("--servers takes names") };
                    options.servers = names.split(',').map(str::to_owned).collect();
                }
                "--help" | "-h" => return Ok(None),
                other => bail!("unknown argument {other:?}; --help lists what there is"),
            }
        }
        Ok(Some(options))
    }

    pub fn wants(&self, part: Part) -> bool {
        match self.only {
            Some(only) => only == part,
            None => part != Part::Instructions || !self.quick,
        }
    }

    pub fn is_complete(&self) -> bool {
        !self.quick && self.only.is_none() && self.servers.is_empty()
    }

    /// How long one server works at one setting before the next one has its turn.
    pub fn slice(&self) -> Duration {
        Duration::from_millis(if self.quick { 40 } else { 100 })
    }

    /// How many turns each server has at each setting.
    pub fn rounds(&self) -> usize {
        if self.quick { 2 } else { 5 }
    }

    /// How many times each server is started.
    pub fn starts(&self) -> usize {
        if self.quick { 5 } else { 31 }
    }
}
