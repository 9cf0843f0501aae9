//! A file of somebody else, that is changed whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A longer file is none that people have servers in.
const LONGEST: u64 = 64 << 20;

/// A file, as it was read.
pub(super) struct Place {
    path: PathBuf,
    /// None where there was no file.
    before: Option<String>,
}

impl Place {
    /// Reads it, wherever links lead.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let cannot = |error: &dyn std::fmt::Display| format!("{} cannot be read: {error}", path.display());
        let path = match fs::canonicalize(path) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if fs::symlink_metadata(path).is_ok() {
                    return Err(cannot(&"it is a link that leads nowhere"));
                }
                let path = std::path::absolute(path).map_err(|error| cannot(&error))?;
                return Ok(Self { path, before: None });
            }
            Err(error) => return Err(cannot(&error)),
        };
        let about = fs::metadata(&path).map_err(|error| cannot(&error))?;
        if !about.is_file() || about.len() > LONGEST {
            return Err(cannot(&"it is no file of settings"));
        }
        let text = fs::read_to_string(&path).map_err(|error| cannot(&error))?;
        Ok(Self { path, before: Some(text) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn text(&self) -> &str {
        self.before.as_deref().unwrap_or_default()
    }

    /// Puts another text in its place, and gives the file that has the one before.
    pub(super) fn write(&self, text: &str) -> Result<Option<PathBuf>, String> {
        let failed = |error: io::Error| format!("{} cannot be written: {error}", self.path.display());
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let backup = match &self.before {
            None => None,
            Some(before) => {
                let mode = fs::metadata(&self.path).map_err(failed)?.permissions();
                let backup = self.back_up(before, &mode).map_err(failed)?;
                Some((backup, mode))
            }
        };
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let new = self.path.with_file_name(format!(".{name}.{}.new", std::process::id()));
        // Whatever has that name is of a process that is no more, or a trap: it is taken away, and never written to.
        let _ = fs::remove_file(&new);
        let written = put(&new, text, backup.as_ref().map(|(_, mode)| mode.clone())).and_then(|()| {
            // Whoever wrote meanwhile is not overwritten.
            let now = match fs::read_to_string(&self.path) {
                Ok(now) => Some(now),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            if now != self.before {
                return Err(io::Error::other("somebody else has changed it meanwhile; try again"));
            }
            fs::rename(&new, &self.path)
        });
        if let Err(error) = written {
            let _ = fs::remove_file(&new);
            return Err(failed(error));
        }
        Ok(backup.map(|(path, _)| path))
    }

    /// Keeps the text under the first name that is free: no backup takes the place of another.
    fn back_up(&self, text: &str, mode: &Permissions) -> io::Result<PathBuf> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for number in 0..1000 {
            let number = if number == 0 { String::new() } else { number.to_string() };
            let backup = self.path.with_file_name(format!("{name}.bak{number}"));
            match put(&backup, text, Some(mode.clone())) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                written => return written.map(|()| backup),
            }
        }
        Err(io::Error::other(format!("{name}.bak and 999 more are there: take some away")))
    }
}

/// Writes a new file with the rights of another, or for its owner alone.
fn put(path: &Path, text: &str, mode: Option<Permissions>) -> io::Result<()> {
    let mut file = new_file(path)?;
    file.write_all(text.as_bytes())?;
    if let Some(mode) = mode {
        file.set_permissions(mode)?;
    }
    file.sync_all()
}

/// Secrets may come in, so nobody else reads it before it has its rights. It is one that was not there, not even as a link: in
/// the folder of a project stands what others put there.
fn new_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
