//! Building the packages, by the clock.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::report::Figures;
use super::sources::Framework;

/// The packages of one framework: one with all tools, and one with none.
pub struct Packages {
    pub framework: Framework,
    folder: PathBuf,
    tools: usize,
    edits: u32,
}

impl Packages {
    /// Writes them, as a workspace of their own with the versions that the other benchmarks have.
    pub fn write(benches: &Path, framework: Framework, tools: usize) -> Result<Self> {
        let folder = benches.join("target/macros").join(framework.name());
        let packages = Self { framework, folder, tools, edits: 1 };
        let members = [packages.name(0), packages.name(tools)];
        for count in [0, tools] {
            let package = packages.folder.join(packages.name(count));
            fs::create_dir_all(package.join("src"))?;
            fs::write(package.join("Cargo.toml"), framework.manifest(&packages.name(count), benches))?;
            packages.write_source(count)?;
        }
        let workspace = format!(
            "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[profile.release]\nstrip = true\n"
        );
        fs::write(packages.folder.join("Cargo.toml"), workspace)?;
        let lock = benches.join("Cargo.lock");
        fs::copy(&lock, packages.folder.join("Cargo.lock"))
            .with_context(|| format!("no {}", lock.display()))?;
        Ok(packages)
    }

    fn name(&self, tools: usize) -> String {
        format!("{}-{tools}", self.framework.name())
    }

    fn write_source(&self, tools: usize) -> Result<()> {
        let file = self.folder.join(self.name(tools)).join("src/main.rs");
        Ok(fs::write(file, self.framework.source(tools, self.edits))?)
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        // What the process that runs this was told is not meant for what it measures.
        for variable in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "RUSTFLAGS", "CARGO_INCREMENTAL"] {
            cargo.env_remove(variable);
        }
        cargo.env("CARGO_TARGET_DIR", self.folder.join("target"));
        cargo
    }

    /// Runs cargo, and gives its output and the seconds that it took.
    fn run(&self, mut cargo: Command) -> Result<(Vec<u8>, f64)> {
        let began = Instant::now();
        let output = cargo.output().context("cargo cannot be started")?;
        let seconds = began.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{cargo:?} failed in {}:\n{said}", self.folder.display());
        Ok((output.stdout, seconds))
    }

    /// Builds everything once, so that only the packages themselves are left to be timed.
    pub fn prepare(&self) -> Result<()> {
        for command in ["build", "check"] {
            self.run(self.cargo(&[command, "-q"]))?;
        }
        Ok(())
    }

    /// Takes every time once.
    pub fn time(&mut self, figures: &mut Figures) -> Result<()> {
        for tools in [0, self.tools] {
            let name = self.name(tools);
            for (command, found) in [("check", &mut figures.check), ("build", &mut figures.build)] {
                self.run(self.cargo(&["clean", "-q", "-p", &name]))?;
                let (_, seconds) = self.run(self.cargo(&[command, "-q", "-p", &name]))?;
                found.entry(tools).or_default().push(seconds);
            }
        }
        // Both are up to date before one line changes.
        let name = self.name(self.tools);
        for (command, found) in [("check", &mut figures.check_edit), ("build", &mut figures.build_edit)] {
            self.run(self.cargo(&[command, "-q", "-p", &name]))?;
            self.edits += 1;
            self.write_source(self.tools)?;
            let (_, seconds) = self.run(self.cargo(&[command, "-q", "-p", &name]))?;
            found.push(seconds);
        }
        Ok(())
    }

    /// What comes out: lines after expansion, and bytes in the binary.
    pub fn weigh(&self, figures: &mut Figures) -> Result<()> {
        self.run(self.cargo(&["build", "-q", "--release"]))?;
        for tools in [0, self.tools] {
            let name = self.name(tools);
            let binary = self.folder.join("target/release").join(&name);
            figures.bytes.insert(tools, fs::metadata(&binary)?.len());
            let mut expand =
                self.cargo(&["rustc", "-q", "--profile", "check", "-p", &name, "--", "-Zunpretty=expanded"]);
            expand.env("RUSTC_BOOTSTRAP", "1");
            let (expanded, _) = self.run(expand)?;
            let lines = expanded.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
            figures.lines.insert(tools, lines.count());
            let source = self.framework.source(tools, 1);
            figures.source.insert(tools, source.lines().filter(|line| !line.trim().is_empty()).count());
        }
        Ok(())
    }
}
