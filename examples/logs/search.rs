//! Searches the entries of log files, and keeps the newest that it finds.
//!
//! An entry is a line with a time and the lines without one that follow it. Memory is bounded by what is kept, and not by
//! what is found; a page goes on where the page before ended, however many entries were written in between.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

use mcp::Template;

use crate::folder::LogFile;
use crate::line::{Level, Line};
use crate::time::{Date, Time};

/// How many lines the resource behind a link shows. An entry has no more, so that a link shows all that was found: what
/// follows is an entry of its own.
pub(crate) const PAGE: usize = 100;
/// So many files are searched, those that were written last.
pub(crate) const FILES: usize = 200;
/// The first line of an entry is shown up to so many characters.
const SHOWN: usize = 300;

/// What to search for.
#[derive(Debug, Default)]
pub(crate) struct Query {
    /// The least severe level.
    pub(crate) level: Option<Level>,
    pub(crate) from: Option<Date>,
    pub(crate) to: Option<Date>,
    /// What one of its lines contains, in lower case.
    pub(crate) text: Option<String>,
    /// Where the page before ended.
    pub(crate) before: Option<Position>,
}

/// Where an entry stands among all entries; a greater one is newer. An entry without a time is older than all others.
///
/// Its text form is what goes on from page to page. The name in it is compared with others, and nothing is opened by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    time: Option<Time>,
    pub(crate) file: Arc<str>,
    pub(crate) line: u64,
}

impl Position {
    /// The URI of the lines that begin with this one.
    pub(crate) fn uri(&self) -> String {
        lines_uri(&self.file, self.line)
    }
}

/// The URI of the lines of a file from this one on.
pub(crate) fn lines_uri(file: &str, from: u64) -> String {
    let uri = Template::of::<crate::lines>().expand(&[("file", &file), ("from", &from)]);
    // Only an empty name has no place in a URI, and no file has one.
    uri.unwrap_or_default()
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time {
            Some(time) => write!(f, "{}", time.micros())?,
            None => write!(f, "-")?,
        }
        write!(f, "/{}/{}", self.line, self.file)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (time, rest) = text.split_once('/').ok_or(())?;
        let (line, file) = rest.split_once('/').ok_or(())?;
        let time = match time {
            "-" => None,
            micros => Some(Time::from_micros(micros.parse().map_err(|_| ())?)),
        };
        Ok(Self { time, file: file.into(), line: line.parse().map_err(|_| ())? })
    }
}

/// An entry that was found.
#[derive(Debug)]
pub(crate) struct Hit {
    pub(crate) position: Position,
    /// Its first line, cut to a length that can be shown.
    text: String,
    /// How many lines follow the first.
    more: usize,
}

impl Hit {
    /// It in one line.
    pub(crate) fn shown(&self) -> String {
        match self.more {
            0 => self.text.clone(),
            1 => format!("{} (1 more line)", self.text),
            more => format!("{} ({more} more lines)", self.text),
        }
    }
}

/// What a search gave.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The newest entries, the newest first.
    pub(crate) hits: Vec<Hit>,
    /// How many there are, with those that are not among `hits`.
    pub(crate) total: usize,
    /// Files that could not be read.
    pub(crate) unreadable: Vec<Arc<str>>,
}

impl Found {
    /// Where the next page begins, if there is one.
    pub(crate) fn next_page(&self) -> Option<&Position> {
        self.hits.last().filter(|_| self.total > self.hits.len()).map(|hit| &hit.position)
    }
}

/// Searches files for the newest entries, at most `limit`.
pub(crate) fn search(files: &[LogFile], query: &Query, limit: usize, cx: &mcp::Context) -> Found {
    let mut found = Found::default();
    let mut newest = BTreeMap::new();
    let all = files.len().min(FILES) as f64;
    for (done, file) in files.iter().take(FILES).enumerate() {
        cx.progress((done as f64, all));
        let result = entries(file, |entry| {
            if query.finds(&entry) {
                found.total += 1;
                newest.insert(entry.position.clone(), entry.into_hit());
                if newest.len() > limit {
                    newest.pop_first();
                }
            }
            !cx.is_cancelled()
        });
        if result.is_err() {
            found.unreadable.push(file.name.clone());
        }
    }
    found.hits = newest.into_values().rev().collect();
    found
}

impl Query {
    fn finds(&self, entry: &Entry) -> bool {
        let date = entry.position.time.map(Time::date);
        self.level.is_none_or(|least| entry.level.is_some_and(|level| level >= least))
            && self.from.is_none_or(|from| date.is_some_and(|date| date >= from))
            && self.to.is_none_or(|to| date.is_some_and(|date| date <= to))
            && self.before.as_ref().is_none_or(|before| entry.position < *before)
            && self
                .text
                .as_ref()
                .is_none_or(|text| entry.lines.iter().any(|line| line.to_lowercase().contains(text)))
    }
}

/// An entry: its first line, and those without a time that follow.
struct Entry {
    position: Position,
    level: Option<Level>,
    text: String,
    lines: Vec<String>,
}

impl Entry {
    fn into_hit(self) -> Hit {
        let mut text: String = self.text.chars().take(SHOWN).collect();
        if text.len() < self.text.len() {
            text.push('…');
        }
        Hit { position: self.position, text, more: self.lines.len() - 1 }
    }
}

/// Gives the entries of a file, from its beginning to its end, as long as more are wanted.
fn entries(file: &LogFile, mut wanted: impl FnMut(Entry) -> bool) -> io::Result<()> {
    let mut open: Option<Entry> = None;
    for line in file.last_lines()?.into_iter().flatten() {
        let (number, line) = line?;
        if line.trim().is_empty() {
            continue;
        }
        let Line { time, level, text } = Line::parse(&line, file.written);
        let text = text.into_owned();
        let (time, level) = match open.as_mut().filter(|open| time.is_none() && open.position.time.is_some())
        {
            Some(open) if number - open.position.line < PAGE as u64 => {
                open.lines.push(line);
                continue;
            }
            Some(full) => (full.position.time, full.level),
            None => (time, level),
        };
        let position = Position { time, file: file.name.clone(), line: number };
        let begun = Entry { position, level, text, lines: vec![line] };
        if open.replace(begun).is_some_and(|ended| !wanted(ended)) {
            return Ok(());
        }
    }
    open.map(wanted);
    Ok(())
}
