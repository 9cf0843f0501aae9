//! The headers that repeat arguments of a tool: `Mcp-Param-…`. Where one differs from its argument, somebody who routes
//! by it is being misled, and nothing is run.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName};
use serde_json::value::RawValue;

use super::headers::{Mismatch, decoded, single};
use crate::json::{Object, shortened, string};
use crate::model::{Arguments, ToolCall};

/// Checks every header that the tool declares against the arguments of the call.
pub(super) fn check(headers: &HeaderMap, call: &ToolCall) -> Result<(), Mismatch> {
    let Arguments::Json(given) = &call.arguments else { return Ok(()) };
    for mirror in &call.tool.mirrors {
        // What cannot stand in HTTP was refused when the server was built.
        let Ok(name) = HeaderName::try_from(format!("mcp-param-{}", mirror.header)) else { continue };
        agree(name.as_str(), single(headers, &name)?, value(given, &mirror.path).as_deref())?;
    }
    Ok(())
}

/// The raw value that a path leads to; none where nothing is there, or `null`.
fn value(given: &Object, path: &[String]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    // What stands beside it is not understood, so that nothing there can hide it. Names are unique: the envelope is strict.
    let found = rest.iter().try_fold(given.get(first)?.to_owned(), |raw, name| {
        let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&raw).ok()?;
        members.remove(name).map(|found| found.get().to_owned())
    });
    found.filter(|raw| raw != "null")
}

fn agree(name: &str, header: Option<&str>, raw: Option<&str>) -> Result<(), Mismatch> {
    let (header, raw) = match (header, raw) {
        (None, None) => return Ok(()),
        (Some(header), Some(raw)) => (header, raw),
        (None, Some(raw)) => {
            return Err(Mismatch(format!("header {name} is missing; the body says {}", shortened(raw))));
        }
        (Some(_), None) => {
            return Err(Mismatch(format!("header {name} repeats an argument that the body does not have")));
        }
    };
    let header = decoded(header).ok_or_else(|| Mismatch(format!("header {name} has invalid base64")))?;
    let same = match raw.as_bytes().first() {
        Some(b'"') => string(raw).is_some_and(|text| text == header),
        Some(b't' | b'f') => raw == header,
        Some(b'-' | b'0'..=b'9') => whole(raw).is_some_and(|number| Some(number) == whole(&header)),
        _ => false,
    };
    if same {
        return Ok(());
    }
    Err(Mismatch(format!("header {name} differs from the body, which says {}", shortened(raw))))
}

/// The whole number that a text stands for, however it is written: `42`, `42.0`, `4.2e1`. None where it is no number, or
/// so large that not everybody reads it alike.
fn whole(text: &str) -> Option<i64> {
    const LARGEST: i64 = (1 << 53) - 1;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit()) || text.len() > 64 {
        return None;
    }
    let number = text.parse::<i64>().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        #[allow(clippy::cast_possible_truncation, reason = "the value is whole and far inside the range")]
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    })?;
    (-LARGEST..=LARGEST).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers() {
        for (text, number) in [("42", 42), ("42.0", 42), ("4.2e1", 42), ("-7", -7), ("0", 0), ("-0", 0)] {
            assert_eq!(whole(text), Some(number), "{text}");
        }
        for text in
            ["", "-", "+1", " 1", "0x1", "1.5", "inf", "-inf", "nan", "9007199254740992", "1e400", "1_0"]
        {
            assert_eq!(whole(text), None, "{text}");
        }
    }
}
