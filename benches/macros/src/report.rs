//! The figures as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

/// What was found of one framework, by the number of tools.
#[derive(Debug, Default)]
pub struct Figures {
    pub check: BTreeMap<usize, Vec<f64>>,
    pub build: BTreeMap<usize, Vec<f64>>,
    pub check_edit: Vec<f64>,
    pub build_edit: Vec<f64>,
    pub source: BTreeMap<usize, usize>,
    pub lines: BTreeMap<usize, usize>,
    pub bytes: BTreeMap<usize, u64>,
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The difference that all tools make, for one of them.
fn per_tool(tools: usize, of: impl Fn(usize) -> f64) -> f64 {
    (of(tools) - of(0)) / tools as f64
}

/// A way to get one figure.
type Row<'a> = (&'a str, Box<dyn Fn(&Figures) -> f64>);

pub fn write(names: &[&str], figures: &[Figures], rounds: usize, all: usize) -> String {
    let times =
        |found: &BTreeMap<usize, Vec<f64>>, tools| found.get(&tools).map_or(f64::NAN, |times| median(times));
    let count =
        |found: &BTreeMap<usize, usize>, tools| found.get(&tools).map_or(f64::NAN, |count| *count as f64);
    let bytes =
        |found: &BTreeMap<usize, u64>, tools| found.get(&tools).map_or(f64::NAN, |count| *count as f64);
    let rows: Vec<Row<'_>> = vec![
        ("clean build of the server, s", Box::new(move |it| times(&it.build, all))),
        (
            "… of which the tools, s",
            Box::new(move |it| per_tool(all, |tools| times(&it.build, tools)) * all as f64),
        ),
        ("build after a change of one line, s", Box::new(|it| median(&it.build_edit))),
        ("clean check of the server, s", Box::new(move |it| times(&it.check, all))),
        ("check after a change of one line, s", Box::new(|it| median(&it.check_edit))),
        (
            "lines that the author writes, per tool",
            Box::new(move |it| per_tool(all, |tools| count(&it.source, tools))),
        ),
        (
            "lines after expansion, per tool",
            Box::new(move |it| per_tool(all, |tools| count(&it.lines, tools))),
        ),
        ("bytes in the binary, per tool", Box::new(move |it| per_tool(all, |tools| bytes(&it.bytes, tools)))),
    ];
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc =
        rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = format!(
        "# What declaring a tool costs\n\nWritten by `make bench-macros`; [README.md](README.md) says what is measured.\n\n\
         - {cores} cores, {rustc}\n- {all} tools with three arguments and a struct for a result; medians of {rounds} \
         rounds, in alternation\n\n| |"
    );
    for name in names {
        let _ = write!(text, " {name} |");
    }
    let _ = writeln!(text, "\n|---|{}", "---:|".repeat(names.len()));
    for (label, of) in &rows {
        let _ = write!(text, "| {label} |");
        let first = figures.first().map_or(f64::NAN, of);
        for (at, found) in figures.iter().enumerate() {
            let value = of(found);
            let shown = if label.ends_with(", s") { format!("{value:.2}") } else { format!("{value:.0}") };
            let ratio = if at == 0 { String::new() } else { format!(" ({:.1}×)", value / first) };
            let _ = write!(text, " {shown}{ratio} |");
        }
        text.push('\n');
    }
    text
}
