//! A strict reader of JSON text that builds nothing: it checks the grammar (RFC 8259), the depth and the uniqueness of
//! member names in one pass, and notes where the members of the outer objects stand.
//!
//! It knows JSON only. What the members mean is the envelope's business.

use std::borrow::Cow;

use super::Span;
use super::plain::first_special;

/// A member of one of the outer objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    /// How many objects and arrays enclose it: 1 for a member of the outermost object.
    pub(crate) level: usize,
    /// The name between its quotes, still escaped.
    pub(crate) name: Span,
    pub(crate) value: Span,
}

/// How far the reader goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) depth: usize,
    pub(crate) members: usize,
}

/// Members are noted for objects up to this many levels deep: the envelope, its `params`, and what `params` holds.
const NOTED_LEVELS: usize = 3;

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not JSON at all.
    Syntax {
        at: usize,
    },
    Depth {
        limit: usize,
    },
    Members {
        limit: usize,
    },
    Duplicate {
        name: String,
    },
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax { at } => write!(f, "invalid JSON at byte {at}"),
            Self::Depth { limit } => write!(f, "nested deeper than {limit} levels"),
            Self::Members { limit } => write!(f, "more than {limit} members"),
            Self::Duplicate { name } => write!(f, "member \"{name}\" occurs twice"),
        }
    }
}

/// What was noted of a text.
#[derive(Debug)]
pub(crate) struct Scanned {
    /// The noted members, in the order in which their values end.
    pub(crate) members: Vec<Member>,
    /// Whether any name is written with escapes; if not, names can be compared as they were written.
    pub(crate) escaped_names: bool,
}

/// Reads one JSON value with nothing but white space around it.
pub(crate) fn scan(text: &str, limits: Limits) -> Result<Scanned, Fault> {
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
        limits,
        members: Vec::with_capacity(24),
        names: Vec::with_capacity(16),
        escaped: false,
        escaped_names: false,
        fault: None,
    };
    if scanner.document().is_err() {
        return Err(scanner.fault.unwrap_or(Fault::Syntax { at: scanner.at }));
    }
    Ok(Scanned { members: scanner.members, escaped_names: scanner.escaped_names })
}

/// The text of a string between its quotes, with its escapes resolved.
pub(crate) fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    // A lone surrogate is grammatical JSON but no text; the raw form stands for it, which equals no known name.
    serde_json::from_str::<String>(&format!("\"{raw}\"")).map_or(Cow::Borrowed(raw), Cow::Owned)
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    limits: Limits,
    members: Vec<Member>,
    /// The names seen so far in each object that is still open.
    names: Vec<Span>,
    /// Whether the last string had escapes.
    escaped: bool,
    escaped_names: bool,
    /// Why it stopped, if not because the grammar was broken at the byte that it had come to.
    fault: Option<Fault>,
}

/// The text is refused. What is wrong stands in the scanner, so that every step returns next to nothing.
struct Stop;

impl Scanner<'_> {
    /// The whole text: one value, and white space.
    fn document(&mut self) -> Result<(), Stop> {
        self.space();
        self.value(0, true)?;
        self.space();
        if self.at < self.bytes.len() { Err(Stop) } else { Ok(()) }
    }

    fn refuse(&mut self, fault: Fault) -> Stop {
        self.fault = Some(fault);
        Stop
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, wanted: u8) -> Result<(), Stop> {
        if self.peek() == Some(wanted) {
            self.at += 1;
            Ok(())
        } else {
            Err(Stop)
        }
    }

    /// Reads a value that `level` objects and arrays enclose; `noted` where all of them are objects.
    fn value(&mut self, level: usize, noted: bool) -> Result<(), Stop> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(level + 1, noted && level < NOTED_LEVELS),
            Some(b'[') => self.array(level + 1),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(Stop),
        }
    }

    fn deeper(&mut self, level: usize) -> Result<(), Stop> {
        let limit = self.limits.depth;
        if level > limit { Err(self.refuse(Fault::Depth { limit })) } else { Ok(()) }
    }

    fn object(&mut self, level: usize, noted: bool) -> Result<(), Stop> {
        self.deeper(level)?;
        self.at += 1;
        let first = self.names.len();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let name = self.string()?;
            self.escaped_names |= self.escaped;
            self.names.push(name);
            self.space();
            self.expect(b':')?;
            self.space();
            let start = self.at;
            self.value(level, noted)?;
            if noted {
                if self.members.len() == self.limits.members {
                    let limit = self.limits.members;
                    return Err(self.refuse(Fault::Members { limit }));
                }
                self.members.push(Member { level, name, value: Span { start, end: self.at } });
            }
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                _ => return Err(Stop),
            }
        }
        self.unique(first)?;
        self.names.truncate(first);
        Ok(())
    }

    /// Refuses a name that occurs twice in the object whose names start at `first`.
    fn unique(&mut self, first: usize) -> Result<(), Stop> {
        let (text, bytes) = (self.text, self.bytes);
        let Some(names) = self.names.get_mut(first..) else { return Ok(()) };
        let duplicate = if self.escaped_names {
            let mut plain: Vec<_> = names.iter().map(|name| unescape(name.of(text))).collect();
            plain.sort_unstable();
            plain.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].to_string())
        } else if names.len() <= 16 {
            let mut rest = &names[..];
            let mut found = None;
            while let Some((name, others)) = rest.split_first() {
                let same = |other: &&Span| {
                    other.end - other.start == name.end - name.start
                        && bytes.get(other.start..other.end) == bytes.get(name.start..name.end)
                };
                found = others.iter().find(same).map(|other| other.of(text).to_owned());
                if found.is_some() {
                    break;
                }
                rest = others;
            }
            found
        } else {
            names.sort_unstable_by_key(|name| name.of(text));
            names
                .windows(2)
                .find(|pair| pair[0].of(text) == pair[1].of(text))
                .map(|pair| pair[0].of(text).to_owned())
        };
        match duplicate {
            Some(name) => Err(self.refuse(Fault::Duplicate { name })),
            None => Ok(()),
        }
    }

    fn array(&mut self, level: usize) -> Result<(), Stop> {
        self.deeper(level)?;
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(level, false)?;
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(Stop),
            }
        }
    }

    /// Reads a string and gives what stands between its quotes.
    fn string(&mut self) -> Result<Span, Stop> {
        self.expect(b'"')?;
        let (bytes, start) = (self.bytes, self.at);
        let mut at = start;
        self.escaped = false;
        loop {
            while let Some(group) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
                match first_special(*group) {
                    Some(special) => {
                        at += special;
                        break;
                    }
                    None => at += 8,
                }
            }
            match bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(Span { start, end: at });
                }
                Some(b'\\') => {
                    self.escaped = true;
                    self.at = at;
                    self.escape()?;
                    at = self.at;
                }
                // Fewer than eight bytes are left of the text.
                Some(0x20..) => at += 1,
                _ => {
                    self.at = at;
                    return Err(Stop);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<(), Stop> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|digit| digit.is_ascii_hexdigit()) {
                        return Err(Stop);
                    }
                    self.at += 1;
                }
                Ok(())
            }
            _ => Err(Stop),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Stop> {
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
            Ok(())
        } else {
            Err(Stop)
        }
    }

    fn digits(&mut self) -> Result<(), Stop> {
        if !self.peek().is_some_and(|digit| digit.is_ascii_digit()) {
            return Err(Stop);
        }
        while self.peek().is_some_and(|digit| digit.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Stop> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1
        } else {
            self.digits()?
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { depth: 8, members: 64 };

    fn names(text: &str) -> Result<Vec<(usize, &str)>, Fault> {
        Ok(scan(text, LIMITS)?.members.iter().map(|member| (member.level, member.name.of(text))).collect())
    }

    #[test]
    fn members_are_noted_three_levels_deep_and_not_inside_arrays() {
        let text = r#"{"a":{"b":{"c":{"d":1}}},"e":[{"f":1}]}"#;
        assert_eq!(names(text), Ok(vec![(3, "c"), (2, "b"), (1, "a"), (1, "e")]));
    }

    #[test]
    fn what_rfc_8259_forbids_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "1e",
            "+1",
            "--1",
            "NaN",
            "tru",
            "\"\u{1}\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"",
            "1 2",
            "{\"a\" 1}",
            "{\"a\":}",
            "[1 2]",
            "\u{feff}1",
            "'a'",
        ] {
            assert!(matches!(scan(text, LIMITS), Err(Fault::Syntax { .. })), "{text:?} was accepted");
        }
    }

    #[test]
    fn what_rfc_8259_allows_is_accepted() {
        for text in [
            "0",
            "-0",
            "1.5e-3",
            "\"\\u00e9\\n\"",
            " [ ] ",
            "{ }",
            "[[],{},\"\",null,true,false]",
            "\"\\ud800\"",
        ] {
            assert!(scan(text, LIMITS).is_ok(), "{text:?} was refused");
        }
    }

    #[test]
    fn a_name_that_occurs_twice_is_refused_at_every_level() {
        let twice = |name: &str| Err(Fault::Duplicate { name: name.into() });
        assert_eq!(names(r#"{"a":1,"a":2}"#), twice("a"));
        assert_eq!(names(r#"{"a":[{"b":{"c":1,"c":1}}]}"#), twice("c"));
        assert_eq!(names(r#"{"a":1,"\u0061":2}"#), twice("a"));
        let many: Vec<_> = (0..40).map(|n| format!("\"k{n}\":1")).collect();
        assert!(names(&format!("{{{}}}", many.join(","))).is_ok());
        assert_eq!(names(&format!("{{{},\"k7\":1}}", many.join(","))), twice("k7"));
    }

    #[test]
    fn the_depth_counts_arrays_and_objects_alike() {
        assert!(scan(&("[".repeat(8) + &"]".repeat(8)), LIMITS).is_ok());
        assert_eq!(scan(&("[".repeat(9) + &"]".repeat(9)), LIMITS).err(), Some(Fault::Depth { limit: 8 }));
        assert_eq!(scan(&"{\"a\":[".repeat(5), LIMITS).err(), Some(Fault::Depth { limit: 8 }));
        assert!(matches!(scan(&"[".repeat(1_000_000), LIMITS), Err(Fault::Depth { .. })));
    }

    #[test]
    fn every_byte_of_a_long_string_is_looked_at() {
        for at in 0..80 {
            for (byte, legal) in [
                ("\"", false),
                ("\u{1f}", false),
                ("\u{7f}", true),
                ("é", true),
                ("\\", false),
                ("\\n", true),
            ] {
                let mut inside = "x".repeat(80);
                inside.insert_str(at, byte);
                assert_eq!(scan(&format!("\"{inside}\""), LIMITS).is_ok(), legal, "{byte:?} at {at}");
            }
        }
    }

    #[test]
    fn the_number_of_noted_members_is_bounded() {
        let many: Vec<_> = (0..65).map(|n| format!("\"k{n}\":1")).collect();
        assert_eq!(names(&format!("{{{}}}", many.join(","))), Err(Fault::Members { limit: 64 }));
    }
}
