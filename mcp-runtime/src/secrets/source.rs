//! Where secrets come from. They are asked for at each use, so that one that was changed is the new one.

use std::path::{Path, PathBuf};

use super::SecretValue;
use super::value::overwrite;
use crate::{BoxError, BoxFuture};

/// Where [secrets](crate::Secret) come from: implement it for a vault of yours.
///
/// It is asked at each use. One that asks over a network keeps what it got for a while.
pub trait SecretSource: Send + Sync + 'static {
    /// The secret of this name; `None` where it has none.
    ///
    /// The error is written to the log, so it must not say a secret.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretValue>, BoxError>>;

    /// Whether it has a secret of this name, as far as that is known at once: a server whose functions need one that no source
    /// has is not built. Without this it passes for having them all.
    fn has(&self, name: &str) -> bool {
        let _ = name;
        true
    }
}

/// Secrets in the environment: the variable of the secret's name, or the file that `NAME_FILE` names. The file is read at each
/// use.
#[derive(Debug, Clone, Default)]
pub struct EnvSecrets(());

impl EnvSecrets {
    /// The environment of the process.
    pub fn new() -> Self {
        Self(())
    }
}

impl SecretSource for EnvSecrets {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretValue>, BoxError>> {
        let set = std::env::var(name).ok().filter(|value| !value.is_empty());
        let file = std::env::var_os(format!("{name}_FILE"));
        match (set, file) {
            (Some(value), _) => Box::pin(std::future::ready(Ok(Some(SecretValue::new(value))))),
            (None, Some(path)) => Box::pin(read(path.into())),
            (None, None) => Box::pin(std::future::ready(Ok(None))),
        }
    }

    fn has(&self, name: &str) -> bool {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        set(name).is_some() || set(&format!("{name}_FILE")).is_some_and(|path| Path::new(&path).is_file())
    }
}

/// Secrets in the files of a folder, each in one of its name, or of its name in small letters: as Docker mounts them at
/// `/run/secrets`, and Kubernetes where it is told to. Files are read at each use, so one that was changed is taken without a
/// restart. A line break at the end is not a part of the secret; more than 64 KiB are refused.
#[derive(Debug, Clone)]
pub struct FileSecrets(PathBuf);

impl FileSecrets {
    /// The files of this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        // A name is no way to another folder.
        if name.is_empty() || name.contains(['/', '\\', '\0']) || name.starts_with('.') {
            return None;
        }
        [self.0.join(name), self.0.join(name.to_ascii_lowercase())].into_iter().find(|path| path.is_file())
    }
}

impl SecretSource for FileSecrets {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretValue>, BoxError>> {
        match self.file(name) {
            Some(path) => Box::pin(read(path)),
            None => Box::pin(std::future::ready(Ok(None))),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.file(name).is_some()
    }
}

async fn read(path: PathBuf) -> Result<Option<SecretValue>, BoxError> {
    tokio::task::spawn_blocking(move || read_now(&path)).await?
}

fn read_now(path: &Path) -> Result<Option<SecretValue>, BoxError> {
    use std::io::Read as _;
    const LONGEST: u64 = 64 * 1024;
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    };
    // As much room as it may need, so that no copy of a part of it stays behind.
    let mut bytes = Vec::with_capacity(usize::try_from(LONGEST).unwrap_or_default() + 1);
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let fits = bytes.len() as u64 <= LONGEST;
    // A byte order mark is no part of what people see in the file.
    let text = std::str::from_utf8(&bytes).ok().filter(|_| fits);
    let text = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
    let value =
        text.map(|text| text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text)));
    let is_empty = value.is_some_and(str::is_empty);
    let value = value.map(SecretValue::new);
    overwrite(&mut bytes);
    match value {
        // Perhaps it is being written just now.
        Some(_) if is_empty => Err(format!("{} is empty", path.display()).into()),
        Some(value) => Ok(Some(value)),
        None => Err(format!("{} is no text of at most {LONGEST} bytes", path.display()).into()),
    }
}
