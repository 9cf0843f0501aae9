//! Holding a package to its lock: what is published is collected, compared with the file, and the file written where that is
//! asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use super::change::{Change, Verdict};
use super::{compare, lock};
use crate::error::BuildError;
use crate::{Catalogue, Server, ServerBuilder};

/// The variable that says what is done with locks.
const VARIABLE: &str = "MCP_LOCK";

/// So many lines of a difference are shown, and so many changes of one verdict.
const LONGEST_DIFFERENCE: usize = 200;

/// Where [`contract!`](crate::contract!) stands. It is made by the macro.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The folder of the package.
    pub package: &'a str,
    /// The path of the lock, from there.
    pub path: &'a str,
    /// The module that the macro is used in.
    pub module: &'a str,
    /// The file that the macro is used in.
    pub source: &'a str,
    /// Whether that is a test in a crate of its own, beside the package's.
    pub beside: bool,
}

impl Place<'_> {
    /// Whether something was defined for tests only: in the crate of a test beside the package, or in a module called
    /// `tests` or `test` of the package itself. No user of the package sees either.
    fn is_for_tests(&self, module: &str, file: &str) -> bool {
        let mut segments = module.split("::");
        if self.module.split("::").next() != segments.next() {
            return false;
        }
        if !self.beside {
            return segments.any(|segment| segment == "tests" || segment == "test");
        }
        // A test may be called as the library is. Then only the file tells them apart.
        let (here, file) = (self.source.replace('\\', "/"), file.replace('\\', "/"));
        let library =
            here.rfind("tests/").and_then(|at| here.get(..at)).map(|package| format!("{package}src/"));
        !library.is_some_and(|library| file.starts_with(&library))
    }

    fn lock(&self) -> PathBuf {
        Path::new(self.package).join(self.path)
    }
}

/// What is published, and where it was found.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Published {
    catalogue: Catalogue,
    modules: BTreeMap<&'static str, usize>,
    left_out: BTreeMap<&'static str, usize>,
}

/// What [`contract!`](crate::contract!) takes: a [`Server`], a [`ServerBuilder`], or a [`Catalogue`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` publishes nothing that `contract!` can hold",
    note = "give it a `Server`, the builder of one, or a `Catalogue`: `mcp::contract!(my_crate::server())`"
)]
pub trait Publishes {
    /// What it publishes.
    #[doc(hidden)]
    fn published(self, place: &Place<'_>) -> Result<Published, BuildError>;
}

impl Publishes for Catalogue {
    fn published(self, _: &Place<'_>) -> Result<Published, BuildError> {
        Ok(Published { catalogue: self, ..Published::default() })
    }
}

impl Publishes for &Server {
    fn published(self, _: &Place<'_>) -> Result<Published, BuildError> {
        let mut modules = BTreeMap::new();
        self.definitions()
            .for_each(|definition| *modules.entry(definition.source().module).or_default() += 1);
        Ok(Published { catalogue: self.catalogue(), modules, ..Published::default() })
    }
}

impl Publishes for Server {
    fn published(self, place: &Place<'_>) -> Result<Published, BuildError> {
        (&self).published(place)
    }
}

impl Publishes for Result<Server, BuildError> {
    fn published(self, place: &Place<'_>) -> Result<Published, BuildError> {
        self?.published(place)
    }
}

impl Publishes for ServerBuilder {
    fn published(self, place: &Place<'_>) -> Result<Published, BuildError> {
        let mut left_out = BTreeMap::new();
        let server = self.looked_at(|definition| {
            let source = definition.source();
            let leave = place.is_for_tests(source.module, source.file);
            if leave {
                *left_out.entry(source.module).or_default() += 1;
            }
            !leave
        })?;
        Ok(Published { left_out, ..(&server).published(place)? })
    }
}

/// Compares what is published with the lock, or writes that.
///
/// # Panics
///
/// Where they differ, or either is not there. This is the body of a test.
#[track_caller]
#[allow(clippy::panic, reason = "this is how a test fails")]
pub fn hold(server: impl Publishes, place: &Place<'_>) {
    let write = match env::var(VARIABLE).as_deref() {
        Err(_) | Ok("") => Ok(false),
        Ok("write") => Ok(true),
        Ok(other) => Err(format!("{VARIABLE} is {other:?}: the only word that it knows is `write`")),
    };
    let in_ci = env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()));
    let held = write.and_then(|write| {
        let published = server.published(place).map_err(|error| error.to_string())?;
        check(&published, place, write, in_ci)
    });
    if let Err(why) = held {
        panic!("{}: {why}", place.path);
    }
}

fn check(published: &Published, place: &Place<'_>, write: bool, in_ci: bool) -> Result<(), String> {
    let file = place.lock();
    if published.catalogue.is_empty() {
        return Err(empty(published));
    }
    if write && in_ci {
        return Err(format!(
            "{VARIABLE}=write is not done where CI is set: a pipeline that writes its own lock holds nothing. Write it \
             on your machine, and commit it"
        ));
    }
    let text = lock::write(&published.catalogue);
    // Both are compared as they are after reading, so that nothing can differ that the form does not tell apart.
    let new = lock::read(&text).map_err(|error| format!("what is published cannot be written: {error}"))?;
    let old = match fs::read_to_string(&file) {
        Ok(old) => old,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return if write { save(&file, &text) } else { Err(missing(published, &file)) };
        }
        Err(error) => return Err(format!("{} cannot be read: {error}", file.display())),
    };
    if write {
        return if old.replace("\r\n", "\n") == text { Ok(()) } else { save(&file, &text) };
    }
    let old = lock::read(&old).map_err(|error| {
        format!(
            "{error} ({})\n\nA lock is not edited by hand: take it from version control again, or write it with \
             `{VARIABLE}=write cargo test` and look at the difference",
            file.display()
        )
    })?;
    let changes = compare(&old, &new);
    if changes.is_empty() { Ok(()) } else { Err(drift(&changes, &old, &new, published)) }
}

fn save(file: &Path, text: &str) -> Result<(), String> {
    let failed = |error| format!("{} cannot be written: {error}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // Another test may be reading it, or writing it, or another one beside it.
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    let mut aside = file.as_os_str().to_owned();
    aside.push(format!(".{}.{}.new", std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed)));
    let done = fs::write(&aside, text).and_then(|()| fs::rename(&aside, file));
    if done.is_err() {
        let _ = fs::remove_file(&aside);
    }
    done.map_err(failed)
}

/// `3 in app::tools, 1 in app::admin`
fn counted(modules: &BTreeMap<&str, usize>) -> String {
    let counts: Vec<_> = modules.iter().map(|(module, count)| format!("{count} in {module}")).collect();
    counts.join(", ")
}

fn left_out(published: &Published) -> String {
    match published.left_out.is_empty() {
        true => String::new(),
        false => format!("\nleft out, because they are of tests: {}", counted(&published.left_out)),
    }
}

fn empty(published: &Published) -> String {
    format!(
        "nothing is published: this test's program has no tool, resource or prompt. A crate that nothing names is not \
         linked: in a test of its own write `mcp::link!(your_crate);` or `use your_crate as _;` above it, or put the \
         test into the crate. What is registered by hand needs its server: `mcp::contract!(your_crate::server())`{}",
        left_out(published)
    )
}

fn missing(published: &Published, file: &Path) -> String {
    let Catalogue { tools, resources, templates, prompts, .. } = &published.catalogue;
    let found = match published.modules.is_empty() {
        true => String::new(),
        false => format!("\nfound: {}", counted(&published.modules)),
    };
    format!(
        "there is no lock at {}. Make it with\n\n    {VARIABLE}=write cargo test\n\nand commit it. It will hold {} tools, {} \
         resources, {} resource templates and {} prompts.{found}{}",
        file.display(),
        tools.len(),
        resources.len(),
        templates.len(),
        prompts.len(),
        left_out(published)
    )
}

fn drift(changes: &[Change], old: &Catalogue, new: &Catalogue, published: &Published) -> String {
    let verdicts = [Verdict::Breaking, Verdict::Additive, Verdict::Wording];
    let of = |verdict| changes.iter().filter(move |change| change.verdict == verdict);
    let counts: Vec<_> = verdicts
        .into_iter()
        .map(|verdict| (of(verdict).count(), verdict))
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {verdict}"))
        .collect();
    let mut text = format!("what is published has changed: {}\n", counts.join(", "));
    for verdict in verdicts.into_iter().filter(|verdict| of(*verdict).next().is_some()) {
        let _ = write!(text, "\n{verdict}:\n");
        for change in of(verdict).take(LONGEST_DIFFERENCE) {
            let _ = writeln!(text, "  {change}");
        }
        let more = of(verdict).count().saturating_sub(LONGEST_DIFFERENCE);
        if more > 0 {
            let _ = writeln!(text, "  … and {more} more");
        }
    }
    let _ = write!(
        text,
        "\n--- the lock\n+++ this build\n{}\n{}\nIf it is meant, `{VARIABLE}=write cargo test` writes the lock; commit it \
         with the change.",
        lock::difference(old, new, LONGEST_DIFFERENCE),
        left_out(published)
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tests_define_is_told_from_what_the_package_offers() {
        let place =
            |module, source, beside| Place { package: "/p", path: "mcp.lock", module, source, beside };
        let inside = place("shop::tests", "shop/src/lib.rs", false);
        let beside = place("contract", "shop/tests/contract.rs", true);
        let namesake = place("shop::inner", r"shop\tests\shop.rs", true);
        for (place, module, file, expected) in [
            (inside, "shop", "shop/src/lib.rs", false),
            (inside, "shop::books", "shop/src/books.rs", false),
            (inside, "shop::books::tests", "shop/src/books.rs", true),
            (inside, "shop::test::more", "shop/src/test/more.rs", true),
            (inside, "shop::testsuite", "shop/src/testsuite.rs", false),
            (inside, "other::tests", "other/src/lib.rs", false),
            (beside, "shop", "shop/src/lib.rs", false),
            (beside, "contract", "shop/tests/contract.rs", true),
            (beside, "contract::common", "shop/tests/common/mod.rs", true),
            (beside, "contract::everything", "shop/examples/everything.rs", true),
            (namesake, "shop::books", r"shop\src\books.rs", false),
            (namesake, "shop", r"shop\tests\shop.rs", true),
        ] {
            assert_eq!(place.is_for_tests(module, file), expected, "{module} in {file}, seen from {place:?}");
        }
    }

    #[test]
    fn tests_side_by_side_write_their_locks_whole() {
        let folder = env::temp_dir().join(format!("mcp-locks-{}", std::process::id()));
        std::thread::scope(|threads| {
            for text in ["a.lock", "a.text"].repeat(2) {
                let file = folder.join(text);
                threads.spawn(move || {
                    for _ in 0..200 {
                        assert_eq!(save(&file, text), Ok(()));
                        assert_eq!(fs::read_to_string(&file).ok().as_deref(), Some(text));
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(&folder).map(Iterator::count).ok(), Some(2), "only the locks are left");
        let _ = fs::remove_dir_all(folder);
    }
}
