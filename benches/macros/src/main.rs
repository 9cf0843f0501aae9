//! What a tool costs before anybody calls it: to the compiler, and in the binary.
//!
//! The same 100 tools are written for this framework and for rmcp, and none, so that a difference divided by 100 is a tool's.
//! Everything that they depend on is built before anything is timed.

mod measure;
mod report;
mod sources;

use std::path::Path;

use anyhow::{Context, Result, bail};

use measure::Packages;
use report::Figures;
use sources::Framework;

/// So many tools stand in the package that is measured, where nothing else is said.
const TOOLS: usize = 100;

fn main() -> Result<()> {
    let (mut rounds, mut tools) = (5, TOOLS);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let number = match argument.as_str() {
            "--rounds" => &mut rounds,
            "--tools" => &mut tools,
            other => bail!("unknown argument {other}; there are --rounds NUMBER and --tools NUMBER"),
        };
        let value = arguments.next().with_context(|| format!("{argument} needs a number"))?;
        *number = value.parse::<usize>().with_context(|| format!("{argument} needs a number"))?.max(1);
    }
    let benches =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("this package stands in a folder")?;
    let packages = Framework::ALL.map(|framework| Packages::write(benches, framework, tools));
    let mut packages = packages.into_iter().collect::<Result<Vec<_>>>()?;
    for packages in &packages {
        eprintln!("building what {} needs", packages.framework.name());
        packages.prepare()?;
    }
    let mut figures: Vec<_> = packages.iter().map(|_| Figures::default()).collect();
    // In alternation, so that what disturbs one disturbs all.
    for round in 1..=rounds {
        for (packages, figures) in packages.iter_mut().zip(&mut figures) {
            eprintln!("round {round} of {rounds}: {}", packages.framework.name());
            packages.time(figures)?;
        }
    }
    for (packages, figures) in packages.iter().zip(&mut figures) {
        eprintln!("sizes of {}", packages.framework.name());
        packages.weigh(figures)?;
    }
    let names: Vec<_> = packages.iter().map(|packages| packages.framework.name()).collect();
    let report = report::write(&names, &figures, rounds, tools);
    print!("{report}");
    if tools != TOOLS {
        return Ok(());
    }
    std::fs::write(benches.join("MACROS.md"), report).context("MACROS.md cannot be written")
}
