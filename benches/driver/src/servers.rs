//! Which servers there are, how each is built and how its command line looks.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::options::Options;

pub struct Server {
    pub name: &'static str,
    pub package: &'static str,
    binary: PathBuf,
    arguments: &'static [&'static str],
}

/// In the order of the report; the first is what the others are compared with.
const ALL: [(&str, &str, &[&str]); 4] = [
    ("floor", "floor", &[]),
    ("ours", "ours", &[]),
    ("rmcp", "rmcp-server", &[]),
    ("rmcp-tuned", "rmcp-server", &["--tuned"]),
];

impl Server {
    /// The command that serves stdio.
    pub fn stdio(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(self.arguments);
        command
    }

    /// The command that serves HTTP.
    pub fn http(&self, address: &str) -> Command {
        let mut command = self.stdio();
        command.args(["--http", address]);
        command
    }
}

/// Builds the servers that were asked for, each by itself, so that none is compiled with another's crate features.
///
/// # Errors
/// An unknown name, or nothing that can be measured. A server that does not build is left out with one line.
pub fn prepare(workspace: &Path, options: &Options) -> Result<Vec<Server>> {
    if let Some(unknown) =
        options.servers.iter().find(|name| ALL.iter().all(|(known, ..)| known != &name.as_str()))
    {
        bail!("there is no server {unknown:?}");
    }
    let target = target()?;
    let mut servers: Vec<Server> = Vec::new();
    for (name, package, arguments) in ALL {
        if !options.servers.is_empty() && !options.servers.iter().any(|wanted| wanted == name) {
            continue;
        }
        let is_ready = servers.iter().any(|server| server.package == package);
        let binary = target.join("release").join(package);
        if options.build && !is_ready && !build(workspace, &target, package)? {
            eprintln!("{name}: does not build, left out");
        } else if !binary.exists() {
            eprintln!("{name}: not built, left out");
        } else {
            servers.push(Server { name, package, binary, arguments });
        }
    }
    if servers.is_empty() {
        bail!("no server can be measured");
    }
    Ok(servers)
}

/// Where the driver itself was built.
fn target() -> Result<PathBuf> {
    let own = env::current_exe()?;
    Ok(own.ancestors().nth(2).context("the driver is not in a target folder")?.to_owned())
}

/// The binary of a package, built unless it is to be taken as it is.
///
/// # Errors
/// It does not build, or is not there.
pub fn ready(workspace: &Path, package: &str, is_to_be_built: bool) -> Result<PathBuf> {
    let target = target()?;
    if is_to_be_built && !build(workspace, &target, package)? {
        bail!("{package} does not build");
    }
    let binary = target.join("release").join(package);
    if !binary.exists() {
        bail!("{package} is not built");
    }
    Ok(binary)
}

pub fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn build(workspace: &Path, target: &Path, package: &str) -> Result<bool> {
    eprintln!("building {package}");
    let status = cargo()
        .args(["build", "--release", "--quiet", "--package", package, "--target-dir"])
        .arg(target)
        .current_dir(workspace)
        .status()
        .context("cannot run cargo")?;
    Ok(status.success())
}
