//! URI templates (RFC 6570) the other way round: from a URI to the values of the variables.
//!
//! The macros take a template apart while compiling; here it is only matched, in one pass and without going back, so that
//! no URI takes long. Forms: `{name}` takes one or more characters up to the literal that follows, without `/`, `?` and
//! `#`; `{+path}` takes any characters; `{?a,b}` at the end takes query parameters in any order, each at most once.

/// A URI or URI template, taken apart.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// As it was written.
    pub source: &'static str,
    /// Its parts.
    pub segments: &'static [Segment],
}

/// A part of a URI template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// Text that stands for itself.
    Literal(&'static str),
    /// `{name}`
    Variable(&'static str),
    /// `{+name}`
    Rest(&'static str),
    /// `{?a,b}`
    Query(&'static [&'static str]),
}

impl Template {
    /// Whether it has variables.
    pub fn is_template(&self) -> bool {
        !matches!(self.segments, [Segment::Literal(_)] | [])
    }

    /// The values of the variables, decoded; `None` where the URI does not match.
    pub(crate) fn matches(&self, uri: &str) -> Option<Vec<(&'static str, String)>> {
        let mut values = Vec::new();
        let mut rest = uri;
        let mut segments = self.segments;
        while let [segment, following @ ..] = segments {
            segments = following;
            match segment {
                Segment::Literal(literal) => rest = rest.strip_prefix(literal)?,
                Segment::Variable(name) => {
                    let end = end_of(rest, following, str::find)?;
                    let (value, after) = rest.split_at_checked(end)?;
                    if value.is_empty() || value.contains(['/', '?', '#']) {
                        return None;
                    }
                    values.push((*name, decode(value)?));
                    rest = after;
                }
                Segment::Rest(name) => {
                    let end = end_of(rest, following, str::rfind)?;
                    let (value, after) = rest.split_at_checked(end)?;
                    if value.is_empty() {
                        return None;
                    }
                    values.push((*name, decode(value)?));
                    rest = after;
                }
                Segment::Query(names) => {
                    query(rest, names, &mut values)?;
                    rest = "";
                }
            }
        }
        rest.is_empty().then_some(values)
    }
}

/// Where a variable's value ends: before the literal that follows, before the query, or at the end.
fn end_of<'a>(
    rest: &'a str,
    following: &[Segment],
    find: fn(&'a str, &'static str) -> Option<usize>,
) -> Option<usize> {
    match following {
        [] => Some(rest.len()),
        [Segment::Query(_), ..] => Some(rest.find('?').unwrap_or(rest.len())),
        [Segment::Literal(literal)] => rest.strip_suffix(literal).map(str::len),
        [Segment::Literal(literal), .., Segment::Query(_)] => find(before_query(rest, following), literal),
        [Segment::Literal(literal), ..] => find(rest, literal),
        [Segment::Variable(_) | Segment::Rest(_), ..] => None,
    }
}

/// What can hold literals of the path: the values of a query hold what they like.
fn before_query<'a>(rest: &'a str, following: &[Segment]) -> &'a str {
    let signs =
        following.iter().filter(|segment| matches!(segment, Segment::Literal(text) if text.contains('?')));
    match (signs.count(), rest.find('?')) {
        (0, Some(end)) => rest.get(..end).unwrap_or_default(),
        _ => rest,
    }
}

fn query(rest: &str, names: &[&'static str], values: &mut Vec<(&'static str, String)>) -> Option<()> {
    let Some(pairs) = rest.strip_prefix('?') else { return rest.is_empty().then_some(()) };
    for pair in pairs.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let name = names.iter().find(|known| **known == name)?;
        if values.iter().any(|(seen, _)| seen == name) {
            return None;
        }
        values.push((name, decode(value)?));
    }
    Some(())
}

/// Resolves percent encoding, once. `None` where it is broken, or the result is no text or has a NUL in it.
fn decode(value: &str) -> Option<String> {
    if !value.contains(['%', '\0']) {
        return Some(value.to_owned());
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else { return None };
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        bytes.push(digit(*high)? << 4 | digit(*low)?);
        rest = after;
    }
    String::from_utf8(bytes).ok().filter(|value| !value.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::Segment::{Literal, Query, Rest, Variable};
    use super::*;

    fn values(segments: &'static [Segment], uri: &str) -> Option<Vec<(&'static str, String)>> {
        Template { source: "", segments }.matches(uri)
    }

    fn pairs(pairs: &[(&'static str, &str)]) -> Option<Vec<(&'static str, String)>> {
        Some(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    }

    #[test]
    fn a_variable_takes_one_segment_and_decodes_it_once() {
        const LOG: &[Segment] = &[Literal("logs://"), Variable("file"), Literal("/lines/"), Variable("from")];
        assert_eq!(values(LOG, "logs://app.log/lines/7"), pairs(&[("file", "app.log"), ("from", "7")]));
        assert_eq!(values(LOG, "logs://a%20b%252F/lines/7"), pairs(&[("file", "a b%2F"), ("from", "7")]));
        for uri in [
            "logs:///lines/7",
            "logs://a/b/lines/7",
            "logs://a/lines/",
            "logs://a/lines/7/8",
            "logs://a?b/lines/7",
        ] {
            assert_eq!(values(LOG, uri), None, "{uri}");
        }
        for uri in [
            "logs://%/lines/7",
            "logs://%f/lines/7",
            "logs://%zz/lines/7",
            "logs://%ff/lines/7",
            "logs://%00/lines/7",
        ] {
            assert_eq!(values(LOG, uri), None, "{uri}");
        }
    }

    #[test]
    fn a_rest_variable_takes_slashes_and_the_last_literal_is_the_end() {
        const META: &[Segment] = &[Literal("file:///"), Rest("path"), Literal("/meta")];
        assert_eq!(values(META, "file:///a/meta/b/meta"), pairs(&[("path", "a/meta/b")]));
        assert_eq!(values(META, "file:///a/b"), None);
    }

    #[test]
    fn query_parameters_come_in_any_order_and_may_be_left_out() {
        const SEARCH: &[Segment] = &[Literal("db://"), Variable("table"), Query(&["from", "to"])];
        assert_eq!(
            values(SEARCH, "db://t?to=2&from=1"),
            pairs(&[("table", "t"), ("to", "2"), ("from", "1")])
        );
        assert_eq!(values(SEARCH, "db://t"), pairs(&[("table", "t")]));
        assert_eq!(values(SEARCH, "db://t?other=1"), None);
        assert_eq!(values(SEARCH, "db://t?to=1&to=2"), None);
    }

    #[test]
    fn the_literal_behind_a_rest_variable_is_not_looked_for_in_the_query() {
        const META: &[Segment] =
            &[Literal("x:"), Rest("path"), Literal("--"), Variable("last"), Query(&["a"])];
        assert_eq!(
            values(META, "x:p--q--r?a=s--t"),
            pairs(&[("path", "p--q"), ("last", "r"), ("a", "s--t")])
        );
        const BARE: &[Segment] = &[Literal("x:"), Rest("path"), Literal("-m"), Query(&["a"])];
        assert_eq!(values(BARE, "x:p-m?a=-m"), pairs(&[("path", "p"), ("a", "-m")]));
    }

    #[test]
    fn a_long_uri_is_matched_in_one_pass() {
        const DASHES: &[Segment] =
            &[Literal("x:"), Variable("a"), Literal("-"), Variable("b"), Literal("-"), Variable("c")];
        let long = format!("x:{}", "a-".repeat(30_000));
        assert_eq!(values(DASHES, &long).map(|found| found.len()), Some(3));
    }
}
