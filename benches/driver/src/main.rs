//! Measures the servers of this workspace against each other: `bench [--quick] [--only PART] [--servers A,B]`.

mod check;
mod http;
mod instructions;
mod layers;
mod load;
mod options;
mod packages;
mod process;
mod report;
mod servers;
mod startup;
mod stdio;
mod workload;

use std::{fs, path::Path};

use anyhow::{Context, Result};
use options::{Options, Part};
use report::Report;

fn main() -> Result<()> {
    let Some(options) = Options::from_arguments(std::env::args().skip(1))? else {
        println!("{}", options::HELP);
        return Ok(());
    };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    if options.only == Some(Part::Layers) {
        return layers::measure(&workspace, options.build);
    }
    let servers = servers::prepare(&workspace, &options)?;
    let mut report = Report::new(&servers, &options);

    if options.wants(Part::Instructions) {
        instructions::measure(&servers, &mut report)?;
    }
    if options.wants(Part::Stdio) {
        startup::measure(&servers, &options, &mut report)?;
        load::measure_stdio(&servers, &options, &mut report)?;
    }
    if options.wants(Part::Http) {
        load::measure_http(&servers, &options, &mut report)?;
    }
    if options.is_complete() {
        packages::measure(&workspace, &servers, &mut report)?;
    }

    println!("{}", report.aligned());
    println!("{}", report.markdown());
    if options.is_complete() {
        let path = workspace.join("RESULTS.md");
        fs::write(&path, report.markdown()).with_context(|| format!("cannot write {}", path.display()))?;
    } else {
        println!("(RESULTS.md is left alone: only a complete run writes it)");
    }
    Ok(())
}
