//! One line of a log: when it was written, how severe it is, what it says.
//!
//! It knows the forms that most programs write, and takes any other line as text without a time.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::time::Time;

/// So many words after the time may stand before the level: `host - my.module - ERROR`.
const WORDS_TO_LEVEL: usize = 5;

/// How severe an entry is; a later one is more severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// The level that has this name in one program or another.
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "trace" => Self::Trace,
            "debug" => Self::Debug,
            "info" | "notice" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" | "err" | "severe" | "critical" | "crit" | "fatal" | "alert" | "emerg" | "panic" => {
                Self::Error
            }
            _ => return None,
        })
    }

    /// The level that bunyan and pino write as this number.
    fn numbered(number: f64) -> Self {
        match number {
            level if level < 20.0 => Self::Trace,
            level if level < 30.0 => Self::Debug,
            level if level < 40.0 => Self::Info,
            level if level < 50.0 => Self::Warn,
            _ => Self::Error,
        }
    }

    /// The level that stands near the beginning of a text: in capitals, in brackets, or as its first word.
    fn near_start(text: &str) -> Option<Self> {
        text.split_whitespace().take(WORDS_TO_LEVEL).enumerate().find_map(|(at, word)| {
            let name = word.trim_matches(|c: char| !c.is_alphanumeric());
            let marked = at == 0 || word.starts_with('[') || !name.contains(char::is_lowercase);
            if marked { Self::named(name) } else { None }
        })
    }
}

/// What a line says.
#[derive(Debug, PartialEq)]
pub(crate) struct Line<'a> {
    /// When it was written. A line without a time belongs to the entry before it, such as a stack trace.
    pub(crate) time: Option<Time>,
    pub(crate) level: Option<Level>,
    /// The line as people read it: of a JSON object its time, level and message.
    pub(crate) text: Cow<'a, str>,
}

impl<'a> Line<'a> {
    /// Reads a line of a file that was written last at `written`.
    pub(crate) fn parse(line: &'a str, written: Time) -> Self {
        if let Some(parsed) = Self::json(line) {
            return parsed;
        }
        // env_logger and others put all they know into brackets.
        let start = line.strip_prefix('[').unwrap_or(line);
        let found = Time::leading(start).or_else(|| Time::leading_without_year(start, written));
        let level = Level::near_start(found.map_or(line, |(_, rest)| rest));
        Self { time: found.map(|(time, _)| time), level, text: line.into() }
    }

    fn json(line: &str) -> Option<Self> {
        if !line.starts_with('{') {
            return None;
        }
        let object: Map<String, Value> = serde_json::from_str(line).ok()?;
        let member = |names: &[&str]| names.iter().find_map(|name| object.get(*name));
        let time = member(&["timestamp", "time", "ts", "@timestamp"]);
        let level = member(&["level", "severity"]);
        // tracing puts the message into "fields".
        let message = member(&["message", "msg"]).or_else(|| object.get("fields")?.get("message"));
        let shown = [time, level, message].into_iter().flatten().map(|value| match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        });
        Some(Self {
            time: time.and_then(|time| match time {
                Value::String(text) => Time::leading(text).map(|(time, _)| time),
                value => value.as_f64().map(Time::since_1970),
            }),
            level: level.and_then(|level| match level {
                Value::String(name) => Level::named(name),
                value => value.as_f64().map(Level::numbered),
            }),
            // What was escaped in the JSON may be anything.
            text: if message.is_some() {
                clean(&shown.collect::<Vec<_>>().join(" ")).into()
            } else {
                line.to_owned().into()
            },
        })
    }
}

/// A line without what a terminal would obey, or what would look like a line of its own: colours are left out, line ends
/// inside are spaces, and other control characters are replaced.
pub(crate) fn clean(text: &str) -> String {
    let mut characters = text.trim_end_matches(['\r', '\n']).chars();
    let mut clean = String::with_capacity(text.len());
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' if characters.as_str().starts_with('[') => {
                characters.next();
                characters.find(|end| ('@'..='~').contains(end));
            }
            '\r' | '\n' => clean.push(' '),
            '\t' => clean.push(c),
            _ if c.is_control() => clean.push(char::REPLACEMENT_CHARACTER),
            _ => clean.push(c),
        }
    }
    clean
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<Time> {
        Time::leading(text).map(|(time, _)| time)
    }

    fn parse(line: &str) -> Line<'_> {
        Line::parse(line, time("2026-02-01T00:00:00Z").unwrap())
    }

    #[test]
    fn a_line_of_tracing_has_a_time_and_a_level() {
        let line = "2026-01-31T12:34:56.789012Z  INFO server: listening";
        let level = Some(Level::Info);
        assert_eq!(parse(line), Line { time: time("2026-01-31T12:34:56.789012Z"), level, text: line.into() });
    }

    #[test]
    fn the_forms_of_python_log4j_nginx_postgres_and_env_logger_are_understood() {
        for line in [
            "2026-01-31 12:34:56,789 ERROR disk full",
            "2026-01-31 12:34:56,789 - my.module - ERROR - disk full",
            "2026-01-31 12:34:56,789 [main] ERROR com.example.Disk - disk full",
            "2026-01-31 12:34:56.789 UTC [4711] ERROR:  disk full",
            "2026/01/31 12:34:56.789 [error] 123#0: *1 disk full",
            "[2026-01-31T12:34:56.789Z ERROR disk] full",
            "2026-01-31T12:34:56.789Z error: disk full",
        ] {
            let found = parse(line);
            assert_eq!(
                (found.time, found.level),
                (time("2026-01-31T12:34:56.789Z"), Some(Level::Error)),
                "{line}"
            );
        }
    }

    #[test]
    fn a_line_of_syslog_has_a_time_and_no_level() {
        let found = parse("Jan 31 12:34:56 host prog[1]: an error was avoided");
        assert_eq!((found.time, found.level), (time("2026-01-31T12:34:56Z"), None));
        let found = parse("2026-01-31T13:34:56.000000+01:00 host prog[1]: text");
        assert_eq!((found.time, found.level), (time("2026-01-31T12:34:56Z"), None));
    }

    #[test]
    fn a_json_line_is_shown_as_time_level_and_message() {
        for line in [
            r#"{"timestamp":"2026-01-31T12:34:56Z","level":"WARN","message":"low"}"#,
            r#"{"time":"2026-01-31T12:34:56Z","severity":"warning","msg":"low","other":1}"#,
            r#"{"ts":1769862896.0,"level":"warn","msg":"low"}"#,
            r#"{"level":40,"time":1769862896000,"pid":1,"msg":"low"}"#,
            r#"{"timestamp":"2026-01-31T12:34:56Z","level":"WARN","fields":{"message":"low"},"target":"disk"}"#,
        ] {
            let found = parse(line);
            assert_eq!(
                (found.time, found.level),
                (time("2026-01-31T12:34:56Z"), Some(Level::Warn)),
                "{line}"
            );
            assert!(found.text.ends_with(" low"), "{}", found.text);
        }
    }

    #[test]
    fn a_line_is_cleaned_of_what_a_terminal_would_obey() {
        assert_eq!(clean("\x1b[2m2026\x1b[0m \x1b[31mERROR\x1b[0m a\tb\r\n"), "2026 ERROR a\tb");
        assert_eq!(
            clean("bell \x07, escape \x1b, broken \u{fffd}"),
            "bell \u{fffd}, escape \u{fffd}, broken \u{fffd}"
        );
        assert_eq!(clean("\x1b[31"), "");
        assert_eq!(
            parse(r#"{"level":"info","msg":"one\n\u001b[31mtwo\u0007"}"#).text,
            "info one two\u{fffd}"
        );
    }

    #[test]
    fn what_only_begins_like_json_is_text() {
        for line in [r#"{"time":"2026-01-31T12:34:56Z""#, "{", r#"{"time":null,"level":[],"message":{}}"#] {
            let found = parse(line);
            assert_eq!((found.time, found.level), (None, None), "{line}");
        }
    }

    #[test]
    fn a_line_of_a_stack_trace_has_no_time() {
        for line in [
            "    at com.example.Disk.write(Disk.java:7)",
            "Traceback (most recent call last):",
            "",
            "\t… 12 more",
        ] {
            assert_eq!(parse(line).time, None, "{line}");
        }
    }

    #[test]
    fn levels_are_ordered_by_severity_and_have_many_names() {
        assert!(Level::Trace < Level::Debug && Level::Debug < Level::Info && Level::Info < Level::Warn);
        assert!(Level::named("WARNING") < Level::named("CRITICAL"));
        assert_eq!(Level::near_start("the word error far into a sentence"), None);
    }
}
