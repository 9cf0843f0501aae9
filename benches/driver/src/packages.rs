//! How many packages each server is made of.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, Result, ensure};

use crate::{
    report::{Report, Unit},
    servers::{self, Server},
};

/// # Errors
/// `cargo tree` fails.
pub fn measure(workspace: &Path, servers: &[Server], report: &mut Report) -> Result<()> {
    let counts: Vec<_> =
        servers.iter().map(|server| count(workspace, server.package)).collect::<Result<_>>()?;
    report.add("Packages", "packages, without build tools", Unit::Count, counts.into_iter().map(Some));
    Ok(())
}

fn count(workspace: &Path, package: &str) -> Result<f64> {
    let tree = servers::cargo()
        .args(["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--package", package])
        .current_dir(workspace)
        .output()
        .context("cannot run cargo tree")?;
    ensure!(tree.status.success(), "cargo tree: {}", String::from_utf8_lossy(&tree.stderr));
    let lines = String::from_utf8(tree.stdout)?;
    let packages: BTreeSet<&str> = lines
        .lines()
        .map(|line| line.trim_end_matches(" (*)").trim_end_matches(" (proc-macro)"))
        .filter(|line| {
            let name = line.split(' ').next().unwrap_or_default();
            !["", package, "tools"].contains(&name)
        })
        .collect();
    Ok(packages.len() as f64)
}
