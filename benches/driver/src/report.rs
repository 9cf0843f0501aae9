//! Collects the figures and prints them, each with its ratio to the first server's.

use std::{fmt::Write as _, process::Command, thread};

use crate::{options::Options, servers::Server};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Microseconds,
    Milliseconds,
    Megabytes,
    PerSecond,
    Instructions,
    Count,
}

struct Row {
    section: String,
    label: String,
    unit: Unit,
    values: Vec<Option<f64>>,
}

pub struct Report {
    servers: Vec<&'static str>,
    conditions: Vec<String>,
    rows: Vec<Row>,
    spreads: Vec<f64>,
}

impl Unit {
    const fn name(self) -> &'static str {
        match self {
            Self::Microseconds => "µs",
            Self::Milliseconds => "ms",
            Self::Megabytes => "MB",
            Self::PerSecond => "calls/s",
            Self::Instructions | Self::Count => "",
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Self::Microseconds | Self::Milliseconds => format!("{value:.2}"),
            Self::Megabytes => format!("{:.1}", value / 1e6),
            Self::PerSecond | Self::Instructions | Self::Count => grouped(value),
        }
    }
}

impl Report {
    pub fn new(servers: &[Server], options: &Options) -> Self {
        let mut conditions = vec![
            format!("{} cores, {}", thread::available_parallelism().map_or(1, usize::from), rustc()),
            format!(
                "{} turns of {} ms for each server at each setting, in alternation",
                options.rounds(),
                options.slice().as_millis()
            ),
        ];
        for missing in ["floor", "ours", "rmcp", "rmcp-tuned"] {
            if servers.iter().all(|server| server.name != missing) {
                conditions.push(format!("{missing} was not measured"));
            }
        }
        Self {
            servers: servers.iter().map(|server| server.name).collect(),
            conditions,
            rows: Vec::new(),
            spreads: Vec::new(),
        }
    }

    /// Adds a figure of every server, in their order.
    pub fn add(&mut self, section: &str, label: &str, unit: Unit, values: impl Iterator<Item = Option<f64>>) {
        let values = values.collect();
        self.rows.push(Row { section: section.to_owned(), label: label.to_owned(), unit, values });
    }

    /// Adds a remark about the conditions.
    pub fn note(&mut self, text: &str) {
        self.conditions.push(text.to_owned());
    }

    /// Notes how far the turns of one server at one setting lie apart.
    pub fn note_spread(&mut self, turns: &[f64]) {
        let least = turns.iter().copied().fold(f64::INFINITY, f64::min);
        let most = turns.iter().copied().fold(0.0, f64::max);
        if least > 0.0 && turns.len() > 1 {
            self.spreads.push(most / least);
        }
    }

    /// For people at a terminal.
    pub fn aligned(&self) -> String {
        let mut text = self.conditions().join("\n");
        text.push('\n');
        for (section, table) in self.tables() {
            let columns = table.first().map_or(0, Vec::len);
            let width =
                |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
            let widths: Vec<usize> = (0..columns).map(width).collect();
            let _ = writeln!(text, "\n{section}");
            for row in &table {
                let _ = write!(text, "  {:<1$}", row[0], widths[0]);
                for (cell, width) in row.iter().zip(&widths).skip(1) {
                    let _ = write!(text, "  {cell:>width$}");
                }
                text.push('\n');
            }
        }
        text
    }

    /// For RESULTS.md.
    pub fn markdown(&self) -> String {
        let mut text = String::from("# Results\n\n");
        text.push_str(
            "Each figure is followed by its ratio to the floor's. How to read them: README.md.\n\n",
        );
        for condition in self.conditions() {
            let _ = writeln!(text, "- {condition}");
        }
        for (section, table) in self.tables() {
            let _ = writeln!(text, "\n## {section}\n");
            for (index, row) in table.iter().enumerate() {
                let _ = writeln!(text, "| {} |", row.join(" | "));
                if index == 0 {
                    let _ = writeln!(text, "|---{}|", "|---:".repeat(row.len() - 1));
                }
            }
        }
        text
    }

    fn conditions(&self) -> Vec<String> {
        let mut conditions = self.conditions.clone();
        if let Some(spread) = median(&self.spreads) {
            let most = self.spreads.iter().copied().fold(1.0, f64::max);
            conditions.push(format!(
                "noise: on one core, the largest CPU per call of a server's turns is {spread:.2} times the smallest \
                 (median over all settings; {most:.1} at worst)"
            ));
        }
        conditions
    }

    /// The tables by section, heading first, sections in the order of their first row.
    fn tables(&self) -> Vec<(&str, Vec<Vec<String>>)> {
        let mut tables: Vec<(&str, Vec<Vec<String>>)> = Vec::new();
        for row in &self.rows {
            let line = self.line(row);
            if let Some((_, table)) = tables.iter_mut().find(|(section, _)| *section == row.section) {
                table.push(line);
            } else {
                let heading = [""].iter().chain(&self.servers).map(|&cell| cell.to_owned()).collect();
                tables.push((&row.section, vec![heading, line]));
            }
        }
        tables
    }

    fn line(&self, row: &Row) -> Vec<String> {
        let unit = row.unit.name();
        let mut line =
            vec![if unit.is_empty() { row.label.clone() } else { format!("{}, {unit}", row.label) }];
        let base = row.values.first().copied().flatten().filter(|_| self.servers[0] == "floor");
        for (index, value) in row.values.iter().enumerate() {
            line.push(match (value, base) {
                (None, _) => "–".to_owned(),
                (Some(value), Some(base)) if index > 0 && base > 0.0 => {
                    format!("{} ({})", row.unit.show(*value), ratio(value / base))
                }
                (Some(value), _) => row.unit.show(*value),
            });
        }
        line
    }
}

/// The middle one, if there is any.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The mean, for what has two modes between which no turn lies.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn ratio(ratio: f64) -> String {
    if ratio < 0.1 { format!("×{ratio:.4}") } else { format!("×{ratio:.2}") }
}

pub fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let version = output.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    version
        .as_deref()
        .and_then(|text| text.split_whitespace().nth(1))
        .map_or_else(|| "an unknown rustc".to_owned(), |version| format!("rustc {version}"))
}
