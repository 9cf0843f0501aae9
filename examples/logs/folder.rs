//! The folder: which log files there are, and their lines.
//!
//! No path is ever made of what a peer says: its word is compared with the names that a listing of the folder gives.
//! Symbolic links are passed over, wherever they lead, and so are subfolders and hidden files.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Read, Take};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::line::clean;
use crate::time::Time;

/// So much at the end of a file is searched. What stands before is only counted, and can be read by the number of its line.
pub(crate) const SEARCHED_MIB: u64 = 64;
const SEARCHED: u64 = SEARCHED_MIB << 20;
/// A line is cut after so many bytes.
const LONGEST_LINE: u64 = 4096;
/// Where so many bytes at the beginning hold a NUL, a file is no text: it is compressed, or a database.
const LOOKED_AT: usize = 512;

/// A folder with log files.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Takes a folder that must exist now; what is in it is looked up each time.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        std::fs::read_dir(&path)?;
        Ok(Self { path })
    }

    /// The files, the one that was written last before the others.
    pub(crate) fn files(&self) -> io::Result<Vec<LogFile>> {
        let mut files: Vec<_> = std::fs::read_dir(&self.path)?
            // A file that goes away while it is looked at is as good as not there.
            .filter_map(|entry| LogFile::listed(&entry.ok()?))
            .collect();
        files.sort_by(|a, b| b.written.cmp(&a.written).then_with(|| a.name.cmp(&b.name)));
        Ok(files)
    }

    /// The file of this name.
    pub(crate) fn file(&self, name: &str) -> io::Result<Option<LogFile>> {
        Ok(self.files()?.into_iter().find(|file| *file.name == *name))
    }
}

/// A file of the folder.
#[derive(Debug)]
pub(crate) struct LogFile {
    pub(crate) name: Arc<str>,
    /// When it was written last.
    pub(crate) written: Time,
    path: PathBuf,
    listed: Metadata,
}

impl LogFile {
    fn listed(entry: &std::fs::DirEntry) -> Option<Self> {
        let name = entry.file_name().into_string().ok()?;
        // This does not follow symbolic links, so that one is no file here.
        let listed = entry.metadata().ok()?;
        let offered = listed.is_file() && !name.starts_with('.') && !name.contains(char::is_control);
        let written = listed.modified().ok()?.into();
        offered.then(|| Self { name: name.into(), written, path: entry.path(), listed })
    }

    /// All lines of it; `None` where it is no text, or no longer the file that was listed.
    pub(crate) fn lines(&self) -> io::Result<Option<Lines>> {
        let file = File::open(&self.path)?;
        let opened = file.metadata()?;
        if !is_same(&self.listed, &opened) {
            return Ok(None);
        }
        // A file that grows while it is read has an end all the same.
        let mut reader = BufReader::with_capacity(64 << 10, file.take(opened.len()));
        let is_text = !reader.fill_buf()?.iter().take(LOOKED_AT).any(|byte| *byte == 0);
        Ok(is_text.then_some(Lines { reader, length: opened.len(), next: 1 }))
    }

    /// Whether it is too long to be searched from its beginning.
    pub(crate) fn is_long(&self) -> bool {
        self.listed.len() > SEARCHED
    }

    /// The lines of it that are searched.
    pub(crate) fn last_lines(&self) -> io::Result<Option<Lines>> {
        let Some(mut lines) = self.lines()? else { return Ok(None) };
        let mut before = lines.length.saturating_sub(SEARCHED);
        while before > 0 {
            before = before.saturating_sub(lines.pass_over()?);
        }
        Ok(Some(lines))
    }
}

/// Whether the file that was opened is the one that was listed, and not what somebody has put in its place, such as a
/// symbolic link out of the folder.
#[cfg(unix)]
fn is_same(listed: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (listed.dev(), listed.ino()) == (opened.dev(), opened.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, opened: &Metadata) -> bool {
    opened.is_file()
}

/// Lines of a file with their numbers, the first of which is 1.
#[derive(Debug)]
pub(crate) struct Lines {
    reader: BufReader<Take<File>>,
    /// Of all lines together, in bytes.
    length: u64,
    /// The number of the line that is read next.
    next: u64,
}

impl Lines {
    /// Goes to the line of this number; `false` where there is none.
    pub(crate) fn go_to(&mut self, number: u64) -> io::Result<bool> {
        while self.next < number {
            if self.pass_over()? == 0 {
                return Ok(false);
            }
        }
        Ok(number > 0 && !self.reader.fill_buf()?.is_empty())
    }

    /// Passes over a line, and says how many bytes it had.
    fn pass_over(&mut self) -> io::Result<u64> {
        self.next += 1;
        self.reader.skip_until(b'\n').map(|bytes| bytes as u64)
    }

    fn read(&mut self) -> io::Result<Option<(u64, String)>> {
        let mut bytes = Vec::new();
        self.reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let cut = !bytes.ends_with(b"\n") && self.reader.skip_until(b'\n')? > 1;
        let mut line = clean(&String::from_utf8_lossy(&bytes));
        line.push_str(if cut { " …" } else { "" });
        self.next += 1;
        Ok(Some((self.next - 1, line)))
    }
}

impl Iterator for Lines {
    type Item = io::Result<(u64, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_replaced_by_a_link_after_it_was_listed_is_not_read() {
        let path = std::env::temp_dir().join(format!("mcp-logs-replaced-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        let (log, secret) = (path.join("app.log"), path.join("secret"));
        std::fs::write(&log, "line\n").unwrap();
        std::fs::write(&secret, "secret\n").unwrap();
        let listed = Folder::open(&path).unwrap().file("app.log").unwrap().unwrap();
        assert!(listed.lines().unwrap().is_some());
        std::fs::remove_file(&log).unwrap();
        std::os::unix::fs::symlink(&secret, &log).unwrap();
        assert!(listed.lines().unwrap().is_none());
        std::fs::remove_dir_all(path).unwrap();
    }
}
