//! `check`: what is wrong with what the server offers.

use serde_json::json;

use super::{Style, print, printable};
use crate::check::{Checks, Finding, Report, Severity};
use crate::error::ServerError;
use crate::server::Server;

/// So many tools are shown with what they cost; `--json` has all.
const DEAREST: usize = 5;

/// What the command line says about it.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    /// Print JSON, for other programs
    #[arg(long)]
    json: bool,
    /// How many tokens all tools and the instructions may cost a model
    #[arg(long, value_name = "TOKENS")]
    budget: Option<usize>,
    /// How many tokens one tool may cost a model
    #[arg(long, value_name = "TOKENS")]
    tool_budget: Option<usize>,
    /// Fail for warnings, too
    #[arg(long)]
    deny_warnings: bool,
}

pub(super) fn check(server: &Server, asked: &Asked) -> crate::Result<()> {
    let mut checks = Checks::new();
    checks = asked.budget.into_iter().fold(checks, Checks::budget);
    checks = asked.tool_budget.into_iter().fold(checks, Checks::tool_budget);
    let report = server.check(checks);
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    if asked.json {
        let mut shown =
            serde_json::to_value(&report).map_err(|error| ServerError::Command(error.to_string()))?;
        shown["server"] = json!({"name": server.name(), "version": server.version()});
        shown["errors"] = errors.into();
        shown["warnings"] = warnings.into();
        print(&format!("{shown:#}"))?;
    } else {
        show(server, &report)?;
    }
    if errors == 0 && (warnings == 0 || !asked.deny_warnings) {
        return Ok(());
    }
    Err(ServerError::Command(format!("{} in what is offered", counted(errors, warnings))))
}

fn show(server: &Server, report: &Report) -> crate::Result<()> {
    let style = Style::of_stdout();
    for finding in &report.findings {
        shown(finding, style)?;
    }
    let tokens = &report.tokens;
    print(&format!(
        "{} about {} of {} tokens",
        style.heading("cost"),
        thousands(tokens.total),
        thousands(tokens.budget)
    ))?;
    let width = tokens.tools.iter().take(DEAREST).map(|tool| tool.name.len()).max().unwrap_or_default();
    for tool in tokens.tools.iter().take(DEAREST) {
        print(&format!("  {} {:>7}", style.name(&format!("{:width$}", tool.name)), thousands(tool.tokens)))?;
    }
    if let Some(more @ 1..) = tokens.tools.len().checked_sub(DEAREST) {
        print(&style.quiet(&format!("  and {more} more that cost less")))?;
    }
    let same: Vec<_> =
        report.losses.iter().filter(|(_, tools)| tools.is_empty()).map(|(name, _)| *name).collect();
    if !same.is_empty() {
        print(&format!("{} nothing is lost in {}", style.heading("dialects"), same.join(", ")))?;
    }
    for (dialect, tools) in report.losses.iter().filter(|(_, tools)| !tools.is_empty()) {
        match tools.len() {
            1 => print(&format!("{} 1 tool loses something in {dialect}", style.heading("dialects")))?,
            many => {
                print(&format!("{} {many} tools lose something in {dialect}", style.heading("dialects")))?
            }
        }
        for (tool, losses) in tools {
            for loss in losses {
                let place = if loss.path.is_empty() { tool.clone() } else { format!("{tool} {}", loss.path) };
                print(&format!("  {}: {}", style.name(&printable(&place)), printable(&loss.what)))?;
            }
        }
    }
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    if errors + warnings > 0 {
        return print(&format!("\n{}", style.heading(&counted(errors, warnings))));
    }
    print(&format!(
        "\n{} is fine: {} definitions",
        style.heading(server.name()),
        server.definitions().count()
    ))
}

fn shown(finding: &Finding, style: Style) -> crate::Result<()> {
    let severity = match finding.severity {
        Severity::Error => style.paint("1;31", "error"),
        Severity::Warning => style.paint("1;33", "warning"),
        Severity::Note => style.heading("note"),
    };
    let Finding { rule, item, path, message, .. } = finding;
    print(&format!("{severity}[{rule}] {}: {}", style.name(&printable(item)), printable(message)))?;
    let mut places = Vec::new();
    if let (Some(function), Some(file), Some(line)) = (finding.function, finding.file, finding.line) {
        places.push(format!("{function} at {file}:{line}"));
    }
    if !path.is_empty() {
        places.push(path.clone());
    }
    if !places.is_empty() {
        print(&style.quiet(&format!("  --> {}", printable(&places.join(", ")))))?;
    }
    print("")
}

/// `1 error and 2 warnings`
fn counted(errors: usize, warnings: usize) -> String {
    let many = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        count => Some(format!("{count} {what}s")),
    };
    let said: Vec<_> = [many(errors, "error"), many(warnings, "warning")].into_iter().flatten().collect();
    said.join(" and ")
}

/// `10,000`
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
