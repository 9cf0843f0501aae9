//! URI templates (RFC 6570) from the values of the variables to a URI: what is expanded is always read back the same.

use std::fmt::{Display, Write as _};

use super::{Segment, Template};
use crate::__private::ResourceFn;

/// Why a template could not be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpandError {
    /// A variable has no value, or one that no URI can hold: an empty one, or one with a NUL.
    Missing {
        /// The variable.
        variable: &'static str,
    },
    /// The template has no variable of this name.
    Unknown {
        /// The name that was given.
        name: String,
    },
}

impl Display for ExpandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { variable } => write!(f, "the variable \"{variable}\" of the URI has no value"),
            Self::Unknown { name } => write!(f, "the URI has no variable \"{name}\""),
        }
    }
}

impl std::error::Error for ExpandError {}

impl Template {
    /// The URI or URI template of a resource: `Template::of::<log>()` for `#[mcp::resource(…)] async fn log(…)`.
    pub fn of<R: ResourceFn>() -> Self {
        match R::DEFINITION.kind() {
            super::Kind::Resource { uri, .. } => uri,
            _ => Self { source: "", segments: &[] },
        }
    }

    /// The URI for these values of the variables, for a link that the client can follow.
    ///
    /// Whatever the values hold is percent-encoded where it must be, so that the resource is given back the same. Only
    /// what stands in `{?…}` may be left out. See RFC 6570.
    ///
    /// ```
    /// # use mcp::Template;
    /// /// Lines of a log.
    /// #[mcp::resource("logs://{file}/lines/{from}{?count}")]
    /// async fn lines(file: String, from: u64, count: Option<u32>) -> String {
    ///     format!("{file} {from} {count:?}")
    /// }
    ///
    /// let uri = Template::of::<lines>().expand(&[("file", &"a b/c.log"), ("from", &7)])?;
    /// assert_eq!(uri, "logs://a%20b%2Fc.log/lines/7");
    /// # Ok::<_, mcp::ExpandError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A variable without a value, and a value without a variable.
    pub fn expand(&self, values: &[(&str, &dyn Display)]) -> Result<String, ExpandError> {
        let known = |name: &str| self.variables().any(|variable| variable == name);
        if let Some((name, _)) = values.iter().find(|(name, _)| !known(name)) {
            return Err(ExpandError::Unknown { name: (*name).to_owned() });
        }
        let value =
            |variable: &str| values.iter().find(|(name, _)| *name == variable).map(|(_, it)| it.to_string());
        let needed = |variable: &'static str| {
            value(variable)
                .filter(|text| !text.is_empty() && !text.contains('\0'))
                .ok_or(ExpandError::Missing { variable })
        };
        let mut uri = String::new();
        for (at, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Literal(literal) => uri.push_str(literal),
                Segment::Variable(name) => {
                    let ends = self.ends(at);
                    encode(&needed(name)?, &mut uri, |c| is_unreserved(c) && !ends.contains(&c));
                }
                Segment::Rest(name) => {
                    encode(&needed(name)?, &mut uri, |c| is_unreserved(c) || "/:@!$&'()*+,;=[]".contains(c));
                }
                Segment::Query(names) => {
                    let mut sign = '?';
                    for name in *names {
                        if let Some(text) = value(name) {
                            if text.contains('\0') {
                                return Err(ExpandError::Missing { variable: name });
                            }
                            uri.push(sign);
                            uri.push_str(name);
                            uri.push('=');
                            encode(&text, &mut uri, is_unreserved);
                            sign = '&';
                        }
                    }
                }
            }
        }
        Ok(uri)
    }

    /// The characters that must not stand plainly in the value of a variable, because what reads the URI takes them for the
    /// end of one: it looks for the literal behind a variable from the left, and for the one behind a `{+rest}` from the
    /// right. The last literal needs no looking for.
    fn ends(&self, at: usize) -> Vec<char> {
        let mut found = Vec::new();
        let mut note = |literal: &str| found.extend(literal.chars().next());
        if let Some([Segment::Literal(behind), _, ..]) = self.segments.get(at + 1..) {
            note(behind);
        }
        if let Some([.., Segment::Rest(_), Segment::Literal(before)]) = self.segments.get(..at) {
            note(before);
        }
        found
    }

    /// The names of the variables.
    pub fn variables(&self) -> impl Iterator<Item = &'static str> {
        self.segments
            .iter()
            .flat_map(|segment| match segment {
                Segment::Literal(_) => &[],
                Segment::Variable(name) | Segment::Rest(name) => std::slice::from_ref(name),
                Segment::Query(names) => *names,
            })
            .copied()
    }
}

fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~".contains(c)
}

fn encode(text: &str, uri: &mut String, plain: impl Fn(char) -> bool) {
    for c in text.chars() {
        if plain(c) {
            uri.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Segment::{Literal, Query, Rest, Variable};
    use super::*;

    const ALL: Template = Template {
        source: "x://{a}-{b}/{+path}/end{?q,r}",
        segments: &[
            Literal("x://"),
            Variable("a"),
            Literal("-"),
            Variable("b"),
            Literal("/"),
            Rest("path"),
            Literal("/end"),
            Query(&["q", "r"]),
        ],
    };

    #[test]
    fn what_is_expanded_is_read_back() {
        for nasty in ["a", "a-b", "-", "a/b?c#d&e=f", "100%", "%41", "ü €", "a\nb", "/end", "..", "?", "x:y"]
        {
            let given: [(&str, &dyn Display); 4] =
                [("a", &nasty), ("b", &nasty), ("path", &nasty), ("r", &nasty)];
            let uri = ALL.expand(&given).unwrap();
            assert!(uri.is_ascii(), "{uri}");
            let read = ALL.matches(&uri).unwrap_or_else(|| panic!("{uri}"));
            let expected: Vec<_> = ["a", "b", "path", "r"].map(|name| (name, nasty.to_owned())).into();
            assert_eq!(read, expected, "{uri}");
        }
    }

    #[test]
    fn only_what_must_be_is_encoded() {
        const LOG: Template =
            Template { source: "", segments: &[Literal("logs://"), Variable("file"), Literal(".log")] };
        assert_eq!(LOG.expand(&[("file", &"app-1.log")]).unwrap(), "logs://app-1.log.log");
    }

    #[test]
    fn a_variable_behind_a_rest_is_read_back() {
        const REST: Template = Template {
            source: "",
            segments: &[Literal("x:"), Rest("p"), Literal("-"), Variable("v"), Literal(".y")],
        };
        let uri = REST.expand(&[("p", &"a-b"), ("v", &"c-d")]).unwrap();
        let read = REST.matches(&uri).unwrap();
        assert_eq!(read, [("p", "a-b".to_owned()), ("v", "c-d".to_owned())], "{uri}");
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let missing = ALL.expand(&[("a", &1), ("b", &"")]).unwrap_err();
        assert_eq!(missing, ExpandError::Missing { variable: "b" });
        let unknown = ALL.expand(&[("c", &1)]).unwrap_err();
        assert_eq!(unknown.to_string(), "the URI has no variable \"c\"");
    }
}
