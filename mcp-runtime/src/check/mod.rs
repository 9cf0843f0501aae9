//! What is wrong with a catalogue though it can be served: texts that say too little or too much, names that are taken for each
//! other, what it costs the model to read it, and what should not stand in it.
//!
//! It knows what is published, and nothing of how the findings are shown.

mod cost;
mod names;
mod texts;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

pub use cost::{Tokens, ToolTokens};

use crate::dialect::{Dialect, Loss};
use crate::model::{Definition, Source};
use crate::server::Server;

/// The limits that [`Server::check`] holds a server to.
///
/// ```
/// use mcp::Checks;
///
/// let checks = Checks::new().budget(4_000).tool_budget(500);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Checks {
    budget: usize,
    tool_budget: usize,
}

impl Default for Checks {
    fn default() -> Self {
        Self { budget: 10_000, tool_budget: 1_000 }
    }
}

impl Checks {
    /// The limits that hold by default: 10,000 tokens in all, and 1,000 for each tool.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many tokens all tools and the instructions may cost a model together.
    #[must_use]
    pub fn budget(mut self, tokens: usize) -> Self {
        self.budget = tokens;
        self
    }

    /// How many tokens one tool may cost a model.
    #[must_use]
    pub fn tool_budget(mut self, tokens: usize) -> Self {
        self.tool_budget = tokens;
        self
    }
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; it is nobody's fault.
    Note,
    /// A model can do better with less or with more.
    Warning,
    /// It should not be published.
    Error,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The rule, in words with hyphens, such as `long-description`.
    pub rule: &'static str,
    /// What it is about: `tool "add"`.
    pub item: String,
    /// Where in what is published of it, as a JSON pointer; empty where the whole is meant.
    pub path: String,
    /// What is wrong, and the remedy.
    pub message: String,
    /// The name of the function in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<&'static str>,
    /// The file that the function stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'static str>,
    /// Its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// Everything that [`Server::check`] found. As JSON it is what the command `check --json` prints.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// What the catalogue costs a model.
    pub tokens: Tokens,
    /// What tools lose in each dialect that is not the standard: names of dialects, of tools, losses. What a tool loses for
    /// a host that is not meant to use it is no fault of anybody, so it is none of the findings.
    pub losses: BTreeMap<&'static str, BTreeMap<String, Vec<Loss>>>,
}

impl Report {
    /// How many findings are as bad as this.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether there are neither errors nor warnings.
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Note)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: {}: {}", self.rule, self.item, self.message)?;
        match (self.function, self.file, self.line) {
            (Some(function), Some(file), Some(line)) => write!(f, " ({function} at {file}:{line})"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))
    }
}

/// Something that is offered, with what is published of it.
struct Item<'a> {
    kind: &'static str,
    definition: &'a Definition,
    published: &'a Value,
}

impl Item<'_> {
    fn finding(&self, severity: Severity, rule: &'static str, path: &str, message: String) -> Finding {
        let Source { file, line, function, .. } = self.definition.source;
        let (function, file, line) = (Some(function), Some(file), Some(line));
        let item = format!("{} {:?}", self.kind, self.definition.name);
        Finding { severity, rule, item, path: path.into(), message, function, file, line }
    }
}

impl Server {
    /// Looks at everything that the server publishes: that it has texts, and that these are neither too short nor too long; that
    /// names are told apart; what it costs a model to read; that nothing in it is invisible or instructs the model; and what
    /// is lost in each [`Dialect`]. What is lost in the dialect of the server itself is a warning. The command `check` does the
    /// same; the rules stand in the [guide](crate::guide::check).
    ///
    /// ```standalone_crate
    /// use mcp::Checks;
    ///
    /// /// Adds two whole numbers.
    /// #[mcp::tool]
    /// async fn add(
    ///     /// The first one.
    ///     a: i64,
    ///     b: i64,
    /// ) -> i64 {
    ///     a + b
    /// }
    ///
    /// let report = mcp::server!().build()?.check(Checks::new());
    /// assert!(!report.is_clean());
    /// assert_eq!(report.findings[0].rule, "undocumented-argument");
    /// assert_eq!(report.findings[0].path, "/inputSchema/properties/b");
    /// # Ok::<_, mcp::BuildError>(())
    /// ```
    pub fn check(&self, checks: Checks) -> Report {
        let catalogue = self.catalogue();
        let registry = &self.shared.registry;
        let tools = registry.tools().iter().map(|tool| ("tool", tool.definition()));
        let resources = registry.resources().map(|resource| match resource.template.is_template() {
            true => ("template", resource.definition()),
            false => ("resource", resource.definition()),
        });
        let prompts = registry.prompts().iter().map(|prompt| ("prompt", prompt.definition()));
        // The catalogue has the order of the registry.
        let published = catalogue.tools.iter().chain(&catalogue.resources).chain(&catalogue.templates);
        let published = published.chain(&catalogue.prompts);
        let items = tools.chain(resources).chain(prompts).zip(published);
        let items: Vec<Item<'_>> =
            items.map(|((kind, definition), published)| Item { kind, definition, published }).collect();

        let mut findings = texts::of_server(&self.shared.identity.info(), catalogue.instructions.as_deref());
        for item in &items {
            findings.extend(texts::of_item(item));
        }
        findings.extend(names::alike(&items));
        let tools: Vec<&Item<'_>> = items.iter().filter(|item| item.kind == "tool").collect();
        let tokens = Tokens::of(&tools, catalogue.instructions.as_deref(), checks);
        findings.extend(tokens.findings(&tools));
        let registered = |name: &str| tools.iter().find(|item| item.definition.name == name);
        for (tool, losses) in self.losses(registry.dialect) {
            for (loss, item) in losses.iter().zip(std::iter::repeat(registered(tool))) {
                findings.extend(item.map(|item| {
                    let place = if loss.path.is_empty() { String::new() } else { format!("{}: ", loss.path) };
                    let message = format!("{place}{} (dialect {})", loss.what, registry.dialect);
                    item.finding(Severity::Warning, "lost-in-dialect", "/inputSchema", message)
                }));
            }
        }
        // The order in which they were found stays where they are equally bad.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let losses = Dialect::ALL.into_iter().skip(1).map(|dialect| {
            let tools = self.losses(dialect).into_iter().map(|(tool, losses)| (tool.to_owned(), losses));
            (dialect.name(), tools.collect())
        });
        Report { findings, tokens, losses: losses.collect() }
    }
}
