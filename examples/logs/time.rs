//! Days and points in time, as far as a search needs them: they are read and compared, and never shown.
//!
//! A time that names its zone is brought to UTC. One that names none is taken as it stands, because nothing says better.

use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::Deserialize;

const DAY: i64 = 24 * 60 * 60;
const MICROS: i64 = 1_000_000;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A day, written as `2026-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("format" = "date"))]
pub(crate) struct Date {
    since_1970: i64,
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time {
    micros_since_1970: i64,
}

impl Date {
    fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=length).contains(&day) {
            return None;
        }
        // Years that begin in March have the leap day at their end, where it shifts no other day.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
        Some(Self { since_1970: days - 719_468 })
    }

    /// Takes `2026-01-31` or `2026/01/31` off the front.
    fn take(text: &mut &str) -> Option<Self> {
        let year = digits(text, 4)?;
        one_of(text, &['-', '/'])?;
        let month = digits(text, 2)?;
        one_of(text, &['-', '/'])?;
        Self::new(year, month, digits(text, 2)?)
    }

    fn at(self, seconds: i64, micros: i64) -> Time {
        Time { micros_since_1970: (self.since_1970 * DAY + seconds) * MICROS + micros }
    }
}

impl TryFrom<String> for Date {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut rest = text.as_str();
        match Self::take(&mut rest) {
            Some(date) if rest.is_empty() && !text.contains('/') => Ok(date),
            _ => Err("a day that exists is expected, as in 2026-01-31".into()),
        }
    }
}

impl Time {
    /// The time that a text begins with, as in `2026-01-31T12:34:56.789Z` or `2026-01-31 12:34:56,789`, and what follows.
    pub(crate) fn leading(text: &str) -> Option<(Self, &str)> {
        let mut rest = text;
        let date = Date::take(&mut rest)?;
        one_of(&mut rest, &['T', ' '])?;
        let seconds = clock(&mut rest)?;
        let micros = fraction(&mut rest);
        let east = zone(&mut rest).unwrap_or_default();
        Some((date.at(seconds - east, micros), rest))
    }

    /// The time that a line of syslog begins with, as in `Jan 31 12:34:56`, and what follows.
    ///
    /// It has no year: it is in the last one that does not put it after `written`, when the log was written last.
    pub(crate) fn leading_without_year(text: &str, written: Self) -> Option<(Self, &str)> {
        let mut rest = text;
        let (name, after) = rest.split_at_checked(3)?;
        let month = (1..).zip(MONTHS).find(|(_, month)| *month == name)?.0;
        rest = after.strip_prefix(' ')?.trim_start_matches(' ');
        let day = digits(&mut rest, 2).or_else(|| digits(&mut rest, 1))?;
        one_of(&mut rest, &[' '])?;
        let seconds = clock(&mut rest)?;
        // The log's clock may be ahead of UTC, by less than a day.
        let latest = written.micros_since_1970 + DAY * MICROS;
        let next_year = 1971 + written.date().since_1970 / 365;
        // 29 February can be eight years away.
        let mut candidates = (next_year - 9..=next_year).rev().filter_map(|year| Date::new(year, month, day));
        let time = candidates
            .find_map(|date| Some(date.at(seconds, 0)).filter(|time| time.micros_since_1970 <= latest))?;
        Some((time, rest))
    }

    /// A number of seconds, milliseconds, microseconds or nanoseconds since 1970: its size tells which.
    pub(crate) fn since_1970(number: f64) -> Self {
        let micros = match number.abs() {
            size if size < 1e11 => number * 1e6,
            size if size < 1e14 => number * 1e3,
            size if size < 1e17 => number,
            _ => number / 1e3,
        };
        Self { micros_since_1970: micros as i64 }
    }

    pub(crate) fn from_micros(micros_since_1970: i64) -> Self {
        Self { micros_since_1970 }
    }

    pub(crate) fn micros(self) -> i64 {
        self.micros_since_1970
    }

    /// The day that it is in.
    pub(crate) fn date(self) -> Date {
        Date { since_1970: self.micros_since_1970.div_euclid(DAY * MICROS) }
    }
}

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { micros_since_1970: i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX / 2) }
    }
}

/// Takes `12:34:56` off the front, as seconds since midnight.
fn clock(text: &mut &str) -> Option<i64> {
    let hour = digits(text, 2)?;
    one_of(text, &[':'])?;
    let minute = digits(text, 2)?;
    one_of(text, &[':'])?;
    let second = digits(text, 2)?;
    // 60 is a leap second.
    (hour < 24 && minute < 60 && second <= 60).then_some((hour * 60 + minute) * 60 + second)
}

/// Takes `.789` or `,789` off the front, as microseconds.
fn fraction(text: &mut &str) -> i64 {
    let Some(after) = text.strip_prefix(['.', ',']) else { return 0 };
    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let (digits, rest) = after.split_at(end);
    *text = rest;
    format!("{digits:0<6.6}").parse().unwrap_or_default()
}

/// Takes `Z`, `+02:00` or `-0530` off the front, as seconds that local time is ahead of UTC.
fn zone(text: &mut &str) -> Option<i64> {
    if one_of(text, &['Z']).is_some() {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut rest = *text;
    one_of(&mut rest, &['+', '-'])?;
    let hours = digits(&mut rest, 2)?;
    let _ = one_of(&mut rest, &[':']);
    let minutes = digits(&mut rest, 2)?;
    *text = rest;
    Some(sign * (hours * 60 + minutes) * 60)
}

/// Takes a number of so many digits off the front.
fn digits(text: &mut &str, count: usize) -> Option<i64> {
    let (number, rest) = text.split_at_checked(count)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    *text = rest;
    number.parse().ok()
}

fn one_of(text: &mut &str, allowed: &[char]) -> Option<()> {
    *text = text.strip_prefix(allowed)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<Time> {
        Time::leading(text).map(|(time, _)| time)
    }

    fn syslog(text: &str, written: &str) -> Option<Time> {
        Time::leading_without_year(text, time(written)?).map(|(time, _)| time)
    }

    #[test]
    fn a_time_with_a_zone_is_brought_to_utc_and_one_without_stays() {
        let noon = Some(Time::from_micros(1_769_860_800_000_000));
        for text in [
            "2026-01-31T12:00:00Z",
            "2026-01-31 12:00:00",
            "2026-01-31T14:00:00+02:00",
            "2026/01/31 06:30:00-0530",
        ] {
            assert_eq!(time(text), noon, "{text}");
        }
        assert_eq!(time("2026-01-31T12:00:00.25Z"), Some(Time::from_micros(1_769_860_800_250_000)));
        assert_eq!(time("2026-01-31 12:00:00,250"), time("2026-01-31T12:00:00.250000999Z"));
        assert_eq!(time("1969-12-31T23:59:59Z"), Some(Time::from_micros(-MICROS)));
        assert_eq!(Time::leading("2026-01-31T12:00:00Z rest").map(|(_, rest)| rest), Some(" rest"));
        assert_eq!(Time::leading("2026-01-31 12:00:00- rest").map(|(_, rest)| rest), Some("- rest"));
    }

    #[test]
    fn what_is_almost_a_time_is_none() {
        for text in [
            "",
            "2026",
            "2026-02-30T00:00:00Z",
            "2026-13-01 00:00:00",
            "2026-01-31",
            "2026-01-31 24:00:00",
            "+026-01-31 00:00:00",
            "２026-01-31 00:00:00",
            "2026-01-31x12:00:00",
        ] {
            assert_eq!(time(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_time_without_a_year_is_in_the_last_one_before_the_log_was_written() {
        assert_eq!(syslog("Jan 31 12:00:00 host", "2026-02-01T00:00:00Z"), time("2026-01-31T12:00:00Z"));
        assert_eq!(syslog("Dec 31 23:59:59 host", "2026-01-01T08:00:00Z"), time("2025-12-31T23:59:59Z"));
        assert_eq!(syslog("Jan  1 00:30:00 host", "2025-12-31T23:30:00Z"), time("2026-01-01T00:30:00Z"));
        assert_eq!(syslog("Feb 29 12:00:00 host", "2026-02-01T00:00:00Z"), time("2024-02-29T12:00:00Z"));
        assert_eq!(syslog("Foo 29 12:00:00 host", "2026-02-01T00:00:00Z"), None);
        assert_eq!(syslog("Jän 29 12:00:00 host", "2026-02-01T00:00:00Z"), None);
    }

    #[test]
    fn a_number_is_a_time_in_the_unit_that_its_size_tells() {
        for number in [1_769_860_800.0, 1_769_860_800e3, 1_769_860_800e6, 1_769_860_800e9] {
            assert_eq!(Some(Time::since_1970(number)), time("2026-01-31T12:00:00Z"), "{number}");
        }
    }

    #[test]
    fn a_date_is_a_day_that_exists() {
        let date = |text: &str| Date::try_from(text.to_owned());
        assert_eq!(date("2024-02-29").ok(), time("2024-02-29T23:59:59Z").map(Time::date));
        assert!(date("2026-01-31") < date("2026-02-01"));
        for text in
            ["2026-02-29", "2026-1-31", "2026/01/31", "2026-01-31T00:00:00Z", "31.01.2026", "yesterday", ""]
        {
            assert!(date(text).is_err(), "{text:?}");
        }
    }
}
