//! How values are written, read and shown: each form once. A value comes as a text from the environment and from the command
//! line, and as JSON from a file.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::Words;
use crate::layer::{Breaker, Bulkhead};
use crate::limits::Rate;

/// How a command line takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One value.
    One,
    /// Nothing, or `=true` or `=false`.
    Flag,
    /// Several, with commas between, or said several times.
    Several,
    /// Several of the kind `NAME=VALUE`; each name is a setting of its own.
    Named,
}

/// How values of one kind are written.
pub(crate) trait Form {
    /// What is read.
    type Value: Clone;
    const SHAPE: Shape = Shape::One;
    /// Whether it is never shown.
    const SECRET: bool = false;
    /// What stands for the value in `--help`.
    const PLACEHOLDER: &'static str;
    /// What would be right, behind "expected".
    const EXPECTED: &'static str;

    /// Reads what was written; `None` where it is something else.
    fn read(written: &Value) -> Option<Self::Value>;

    fn show(value: &Self::Value) -> String;

    /// Takes what was read in place of what was said before, or beside it.
    fn put(held: &mut Option<Self::Value>, read: Self::Value) {
        *held = Some(read);
    }
}

/// `true` or `false`.
pub(crate) struct Flag;

impl Form for Flag {
    type Value = bool;
    const SHAPE: Shape = Shape::Flag;
    const PLACEHOLDER: &'static str = "true|false";
    const EXPECTED: &'static str = "true or false";

    fn read(written: &Value) -> Option<bool> {
        match written {
            Value::Bool(value) => Some(*value),
            Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Some(true),
                "false" | "no" | "off" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    fn show(value: &bool) -> String {
        value.to_string()
    }
}

/// How many.
pub(crate) struct Count;

impl Form for Count {
    type Value = usize;
    const PLACEHOLDER: &'static str = "N";
    const EXPECTED: &'static str = "a number from 1 on, as in 100";

    fn read(written: &Value) -> Option<usize> {
        let count = match written {
            Value::Number(number) => usize::try_from(number.as_u64()?).ok()?,
            Value::String(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        (count > 0).then_some(count)
    }

    fn show(value: &usize) -> String {
        value.to_string()
    }
}

/// How long something is.
pub(crate) struct Bytes;

const UNITS: [(&str, usize); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl Form for Bytes {
    type Value = usize;
    const PLACEHOLDER: &'static str = "BYTES";
    const EXPECTED: &'static str = "a number of bytes, as in 4MiB, 64KiB or 1000";

    fn read(written: &Value) -> Option<usize> {
        let Value::String(text) = written else { return Count::read(written) };
        let text = text.trim();
        for (unit, bytes) in UNITS {
            if let Some(number) = text.strip_suffix(unit) {
                return number.trim().parse::<usize>().ok()?.checked_mul(bytes).filter(|bytes| *bytes > 0);
            }
        }
        Count::read(written)
    }

    fn show(value: &usize) -> String {
        let whole = UNITS.into_iter().find(|(_, bytes)| *value > 0 && value.is_multiple_of(*bytes));
        whole.map_or_else(|| value.to_string(), |(unit, bytes)| format!("{}{unit}", value / bytes))
    }
}

/// How long something takes.
pub(crate) struct Time;

impl Form for Time {
    type Value = Duration;
    const PLACEHOLDER: &'static str = "TIME";
    const EXPECTED: &'static str = "a time in ms, s, m, h or d, as in 30s, or none for no limit";

    fn read(written: &Value) -> Option<Duration> {
        let Value::String(text) = written else { return None };
        let text = text.trim();
        if text == "none" {
            return Some(Duration::MAX);
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            "d" => 24 * 60 * 60 * 1000,
            _ => return None,
        };
        let milliseconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
        (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
    }

    fn show(value: &Duration) -> String {
        if *value == Duration::MAX {
            return "none".into();
        }
        match (value.as_secs(), value.subsec_millis()) {
            (seconds, 0) if seconds > 0 && seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
            (seconds, 0) if seconds > 0 && seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
            (seconds, 0) if seconds > 0 && seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
            (seconds, 0) => format!("{seconds}s"),
            _ => format!("{}ms", value.as_millis()),
        }
    }
}

/// A text.
pub(crate) struct Text;

impl Form for Text {
    type Value = String;
    const PLACEHOLDER: &'static str = "TEXT";
    const EXPECTED: &'static str = "a text";

    fn read(written: &Value) -> Option<String> {
        written.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn show(value: &String) -> String {
        value.clone()
    }
}

/// A URI.
pub(crate) struct Uri;

impl Form for Uri {
    type Value = String;
    const PLACEHOLDER: &'static str = "URI";
    const EXPECTED: &'static str = "a URI, as in https://login.example.com";

    fn read(written: &Value) -> Option<String> {
        Text::read(written).filter(|text| text.contains("://") && !text.contains(char::is_whitespace))
    }

    fn show(value: &String) -> String {
        value.clone()
    }
}

/// A file.
pub(crate) struct File;

impl Form for File {
    type Value = PathBuf;
    const PLACEHOLDER: &'static str = "FILE";
    const EXPECTED: &'static str = "the path of a file";

    fn read(written: &Value) -> Option<PathBuf> {
        Text::read(written).map(PathBuf::from)
    }

    fn show(value: &PathBuf) -> String {
        value.display().to_string()
    }
}

/// A path of a URL.
pub(crate) struct UrlPath;

impl Form for UrlPath {
    type Value = String;
    const PLACEHOLDER: &'static str = "PATH";
    const EXPECTED: &'static str = "a path, as in /mcp";

    fn read(written: &Value) -> Option<String> {
        Text::read(written).filter(|path| path.starts_with('/') && !path.contains(['?', '#']))
    }

    fn show(value: &String) -> String {
        value.clone()
    }
}

/// Where to listen.
pub(crate) struct Address;

impl Form for Address {
    type Value = String;
    const PLACEHOLDER: &'static str = "ADDR";
    const EXPECTED: &'static str = "an address with its port, as in 127.0.0.1:8080";

    /// Reads `127.0.0.1:8080`, `localhost:8080`, `:8080` or `8080`.
    fn read(written: &Value) -> Option<String> {
        let text = match written {
            Value::Number(number) => number.to_string(),
            other => Text::read(other)?,
        };
        let port = text.strip_prefix(':').unwrap_or(&text);
        if port.parse::<u16>().is_ok() {
            return Some(format!("127.0.0.1:{port}"));
        }
        let named =
            text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        (named || text.parse::<std::net::SocketAddr>().is_ok()).then_some(text)
    }

    fn show(value: &String) -> String {
        value.clone()
    }
}

/// Several words, with commas or spaces between, or a list.
pub(crate) struct Texts;

impl Form for Texts {
    type Value = Vec<String>;
    const SHAPE: Shape = Shape::Several;
    const PLACEHOLDER: &'static str = "A,B";
    const EXPECTED: &'static str = "words with commas between, as in a,b";

    fn read(written: &Value) -> Option<Vec<String>> {
        let words: Vec<String> = match written {
            Value::String(text) => text
                .split(|c: char| c == ',' || c.is_whitespace())
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
            Value::Array(items) => items.iter().map(Text::read).collect::<Option<_>>()?,
            _ => return None,
        };
        (!words.is_empty()).then_some(words)
    }

    fn show(value: &Vec<String>) -> String {
        value.join(",")
    }
}

/// Keys and passwords: never shown, and never on a command line, where others can see them.
pub(crate) struct Secret;

impl Form for Secret {
    type Value = super::Hidden;
    const SECRET: bool = true;
    const PLACEHOLDER: &'static str = "SECRET";
    const EXPECTED: &'static str = "a text, which is not shown";

    fn read(written: &Value) -> Option<Self::Value> {
        Text::read(written).map(super::Hidden)
    }

    fn show(_: &Self::Value) -> String {
        "***".into()
    }
}

/// One of some words.
pub(crate) struct Choice<T>(PhantomData<T>);

impl<T: Words> Form for Choice<T> {
    type Value = T;
    const PLACEHOLDER: &'static str = T::NAME;
    const EXPECTED: &'static str = T::ALL;

    fn read(written: &Value) -> Option<T> {
        let text = written.as_str()?.trim().to_ascii_lowercase();
        T::read(&text)
    }

    fn show(value: &T) -> String {
        value.word().into()
    }
}

/// How often something may happen, if there is a limit.
pub(crate) struct PerTime;

impl Form for PerTime {
    type Value = Option<Rate>;
    const PLACEHOLDER: &'static str = "RATE";
    const EXPECTED: &'static str = "a rate, as in 20/s, 30/m burst 5 or 1000/h, or none for no limit";

    fn read(written: &Value) -> Option<Self::Value> {
        let text = written.as_str()?.trim();
        if text == "none" {
            return Some(None);
        }
        let mut words = text.split_whitespace();
        let (count, period) = words.next()?.split_once('/')?;
        let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
        let rate = match period {
            "s" => Rate::per_second(count),
            "m" => Rate::per_minute(count),
            "h" => Rate::per_hour(count),
            _ => return None,
        };
        let burst = pairs(words, |word, value| match word {
            "burst" => value.parse::<u32>().ok().filter(|burst| *burst > 0),
            _ => None,
        })?;
        Some(Some(burst.into_iter().fold(rate, |rate, (_, burst)| rate.burst(burst))))
    }

    fn show(value: &Self::Value) -> String {
        let Some(rate) = value else { return "none".into() };
        let period = match rate.period().as_secs() {
            1 => "s",
            60 => "m",
            3600 => "h",
            // Nothing that is read here is shown like this.
            _ => return rate.to_string(),
        };
        format!("{}/{period} burst {}", rate.count(), rate.at_once())
    }
}

/// How often something may happen.
pub(crate) struct Every;

impl Form for Every {
    type Value = Rate;
    const PLACEHOLDER: &'static str = "RATE";
    const EXPECTED: &'static str = "a rate, as in 20/s, 30/m burst 5 or 1000/h";

    fn read(written: &Value) -> Option<Rate> {
        PerTime::read(written)?
    }

    fn show(value: &Rate) -> String {
        PerTime::show(&Some(*value))
    }
}

/// How many calls run at once.
pub(crate) struct Places;

impl Form for Places {
    type Value = Bulkhead;
    const PLACEHOLDER: &'static str = "N";
    const EXPECTED: &'static str = "how many at once, as in 4, or 4 queue 8 wait 5s";

    fn read(written: &Value) -> Option<Bulkhead> {
        if let Value::Number(_) = written {
            return Some(Bulkhead::new(u32::try_from(Count::read(written)?).ok()?));
        }
        let mut words = written.as_str()?.split_whitespace();
        let at_once = words.next()?.parse::<u32>().ok().filter(|count| *count > 0)?;
        let said = pairs(words, |word, value| match word {
            "queue" => value.parse::<u32>().ok().map(Said::Count),
            "wait" => Time::read(&value.into()).map(Said::Time),
            _ => None,
        })?;
        Some(said.into_iter().fold(Bulkhead::new(at_once), |bulkhead, (_, said)| match said {
            Said::Count(calls) => bulkhead.queue(calls),
            Said::Time(limit) => bulkhead.wait(limit),
        }))
    }

    fn show(value: &Bulkhead) -> String {
        let (at_once, queue, wait) = value.figures();
        format!("{at_once} queue {queue} wait {}", Time::show(&wait))
    }
}

enum Said {
    Count(u32),
    Time(Duration),
}

/// When a function is held to be out of order, if ever.
pub(crate) struct Opens;

impl Form for Opens {
    type Value = Option<Breaker>;
    const PLACEHOLDER: &'static str = "BREAKER";
    const EXPECTED: &'static str = "a breaker, as in 3 within 60s open 30s, or on for these figures, or none";

    fn read(written: &Value) -> Option<Self::Value> {
        let text = written.as_str()?.trim();
        match text {
            "none" => return Some(None),
            "on" => return Some(Some(Breaker::new())),
            _ => {}
        }
        let mut words = text.split_whitespace();
        let failures = words.next()?.parse::<u32>().ok().filter(|count| (1..=1000).contains(count))?;
        let said = pairs(words, |word, value| match word {
            "within" | "open" => Time::read(&value.into()),
            _ => None,
        })?;
        let breaker = said.into_iter().fold(Breaker::new().failures(failures), |breaker, (word, time)| {
            if word == "open" { breaker.open_for(time) } else { breaker.within(time) }
        });
        Some(Some(breaker))
    }

    fn show(value: &Self::Value) -> String {
        let Some(breaker) = value else { return "none".into() };
        let (failures, within, open_for) = breaker.figures();
        format!("{failures} within {} open {}", Time::show(&within), Time::show(&open_for))
    }
}

/// Pairs of a word and its value.
fn pairs<'a, T>(
    words: impl Iterator<Item = &'a str>,
    read: impl Fn(&str, &str) -> Option<T>,
) -> Option<Vec<(&'a str, T)>> {
    let words: Vec<_> = words.collect();
    let pair = |pair: &[&'a str]| match pair {
        [word, value] => Some((*word, read(word, value)?)),
        _ => None,
    };
    words.chunks(2).map(pair).collect()
}

/// Values by the names of functions.
pub(crate) struct Named<F>(PhantomData<F>);

impl<F: Form> Form for Named<F> {
    type Value = BTreeMap<String, F::Value>;
    const SHAPE: Shape = Shape::Named;
    const PLACEHOLDER: &'static str = F::PLACEHOLDER;
    const EXPECTED: &'static str = F::EXPECTED;

    /// What stands behind one name is read by `F`; see [`named`].
    fn read(written: &Value) -> Option<Self::Value> {
        let pairs = named(written).ok()?;
        pairs.into_iter().map(|(name, value)| Some((name, F::read(&value)?))).collect()
    }

    fn show(value: &Self::Value) -> String {
        let pairs: Vec<_> = value.iter().map(|(name, value)| format!("{name}={}", F::show(value))).collect();
        pairs.join(", ")
    }

    /// Names that were said before keep what was said of them.
    fn put(held: &mut Option<Self::Value>, read: Self::Value) {
        held.get_or_insert_default().extend(read);
    }
}

/// Takes `a=1, b=2` or an object apart.
pub(crate) fn named(written: &Value) -> Result<Vec<(String, Value)>, String> {
    match written {
        Value::Object(members) => Ok(members.clone().into_iter().collect()),
        Value::String(text) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            let pair = |part: &str| {
                let (name, value) = part.split_once('=').ok_or_else(|| part.to_owned())?;
                Ok((name.trim().to_owned(), Value::String(value.trim().to_owned())))
            };
            parts.map(pair).collect()
        }
        other => Err(other.to_string()),
    }
}
