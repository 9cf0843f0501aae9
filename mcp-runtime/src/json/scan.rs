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
    pub(crate) level: u32,
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
    /// More than 4 GiB.
    Length,
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
            Self::Length => f.write_str("longer than 4 GiB"),
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
    if text.len() >= Span::LONGEST_TEXT {
        return Err(Fault::Length);
    }
    let mut scanner = Scanner {
        text,
        limits,
        members: Vec::with_capacity(24),
        names: Vec::new(),
        escapes: 0,
        escaped_names: false,
        fault: None,
    };
    match scanner.document(text.as_bytes()) {
        Ok(()) => Ok(Scanned { members: scanner.members, escaped_names: scanner.escaped_names }),
        Err(Stop(at)) => Err(scanner.fault.unwrap_or(Fault::Syntax { at })),
    }
}

/// The text of a string between its quotes, with its escapes resolved.
pub(crate) fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    // A lone surrogate is grammatical JSON but no text; the raw form stands for it, which equals no known name.
    serde_json::from_str::<String>(&format!("\"{raw}\"")).map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// What is noted on the way. Where the reader stands is handed from step to step instead, in a register.
struct Scanner<'a> {
    text: &'a str,
    limits: Limits,
    members: Vec<Member>,
    /// The names seen so far in each open object whose members are not noted.
    names: Vec<Span>,
    /// How many escapes were read.
    escapes: usize,
    escaped_names: bool,
    /// Why it stopped, if not because the grammar was broken.
    fault: Option<Fault>,
}

/// The text is refused at this byte. What else is wrong stands in the scanner, so that every step returns next to nothing.
struct Stop(usize);

/// The byte at a place; zero, which is legal nowhere outside of strings, behind the end.
fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The next byte that is no white space, and its place.
fn next(bytes: &[u8], mut at: usize) -> (u8, usize) {
    loop {
        match byte(bytes, at) {
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            found => return (found, at),
        }
    }
}

/// Every step takes the place where it begins, and gives the place behind what it has read.
impl Scanner<'_> {
    /// The whole text: one value, and white space.
    fn document(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let (first, at) = next(bytes, 0);
        let at = self.value(bytes, first, at, 0, true)?;
        let (_, at) = next(bytes, at);
        if at < bytes.len() { Err(Stop(at)) } else { Ok(()) }
    }

    /// Refuses a text whose grammar is not what is wrong with it.
    fn refuse(&mut self, fault: Fault, at: usize) -> Stop {
        self.fault = Some(fault);
        Stop(at)
    }

    /// Reads a value that begins with `first` and that `level` objects and arrays enclose; `noted` where all of them are
    /// objects. Most values hold no others: they are read without a call.
    #[inline(always)]
    fn value(
        &mut self,
        bytes: &[u8],
        first: u8,
        at: usize,
        level: usize,
        noted: bool,
    ) -> Result<usize, Stop> {
        match first {
            b'"' => Ok(self.string(bytes, at + 1)? + 1),
            b'-' | b'0'..=b'9' => number(bytes, first, at),
            b'{' => self.object(bytes, at, level + 1, noted && level < NOTED_LEVELS),
            b'[' => self.array(bytes, at, level + 1),
            b't' => literal(bytes, at, b"true"),
            b'f' => literal(bytes, at, b"false"),
            b'n' => literal(bytes, at, b"null"),
            _ => Err(Stop(at)),
        }
    }

    fn deeper(&mut self, level: usize, at: usize) -> Result<(), Stop> {
        let limit = self.limits.depth;
        if level > limit { Err(self.refuse(Fault::Depth { limit }, at)) } else { Ok(()) }
    }

    #[inline(never)]
    fn object(&mut self, bytes: &[u8], at: usize, level: usize, noted: bool) -> Result<usize, Stop> {
        self.deeper(level, at)?;
        let (begins, first_name) = (at, self.names.len());
        let mut seen = Seen::default();
        let (mut first, mut at) = next(bytes, at + 1);
        if first == b'}' {
            return Ok(at + 1);
        }
        loop {
            if first != b'"' {
                return Err(Stop(at));
            }
            let escapes = self.escapes;
            let start = at + 1;
            let end = self.string(bytes, start)?;
            self.escaped_names |= self.escapes != escapes;
            let name = Span::new(start, end);
            seen.note(bytes, start, end);
            let (colon, place) = next(bytes, end + 1);
            if colon != b':' {
                return Err(Stop(place));
            }
            let (begin, start) = next(bytes, place + 1);
            let end = self.value(bytes, begin, start, level, noted)?;
            if noted {
                if self.members.len() == self.limits.members {
                    let limit = self.limits.members;
                    return Err(self.refuse(Fault::Members { limit }, end));
                }
                self.members.push(Member { level: level as u32, name, value: Span::new(start, end) });
            } else {
                self.names.push(name);
            }
            let (after, place) = next(bytes, end);
            match after {
                b',' => (first, at) = next(bytes, place + 1),
                b'}' => {
                    at = place + 1;
                    break;
                }
                _ => return Err(Stop(place)),
            }
        }
        if seen.alike || self.escaped_names {
            let names = if noted { self.noted(level, begins) } else { self.names.split_off(first_name) };
            self.unique(names, at)?;
        }
        self.names.truncate(first_name);
        Ok(at)
    }

    /// The names of the noted members of the object that begins at a place and was read last.
    #[cold]
    fn noted(&self, level: usize, begins: usize) -> Vec<Span> {
        let object = Span::new(begins, self.text.len() + 1);
        let inside = self.members.iter().rev().take_while(|member| object.encloses(member.value));
        inside.filter(|member| member.level as usize == level).map(|member| member.name).collect()
    }

    /// Refuses a name that occurs twice in one object.
    #[cold]
    fn unique(&mut self, mut names: Vec<Span>, at: usize) -> Result<(), Stop> {
        let text = self.text;
        let duplicate = if self.escaped_names {
            let mut plain: Vec<_> = names.iter().map(|name| unescape(name.of(text))).collect();
            plain.sort_unstable();
            plain.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].to_string())
        } else {
            names.sort_unstable_by_key(|name| name.of(text));
            names
                .windows(2)
                .find(|pair| pair[0].of(text) == pair[1].of(text))
                .map(|pair| pair[0].of(text).to_owned())
        };
        match duplicate {
            Some(name) => Err(self.refuse(Fault::Duplicate { name }, at)),
            None => Ok(()),
        }
    }

    #[inline(never)]
    fn array(&mut self, bytes: &[u8], at: usize, level: usize) -> Result<usize, Stop> {
        self.deeper(level, at)?;
        let (mut first, mut at) = next(bytes, at + 1);
        if first == b']' {
            return Ok(at + 1);
        }
        loop {
            let end = self.value(bytes, first, at, level, false)?;
            let (after, place) = next(bytes, end);
            match after {
                b',' => (first, at) = next(bytes, place + 1),
                b']' => return Ok(place + 1),
                _ => return Err(Stop(place)),
            }
        }
    }

    /// Reads a string from behind its first quote, and gives the place of its last. Most are short.
    #[inline(always)]
    fn string(&mut self, bytes: &[u8], at: usize) -> Result<usize, Stop> {
        let group = bytes.get(at..).and_then(|rest| rest.first_chunk());
        match group.and_then(|group| first_special(*group)) {
            Some(special) if byte(bytes, at + special) == b'"' => Ok(at + special),
            _ => self.long_string(bytes, at),
        }
    }

    #[inline(never)]
    fn long_string(&mut self, bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
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
            match byte(bytes, at) {
                b'"' => return Ok(at),
                b'\\' => {
                    self.escapes += 1;
                    at = escape(bytes, at + 1)?;
                }
                // Fewer than eight bytes are left of the text.
                0x20.. => at += 1,
                _ => return Err(Stop(at)),
            }
        }
    }
}

/// Tells names apart at the cost of a few instructions, most of the time: each has one of 64 marks, and where no mark is
/// seen twice, no name is.
#[derive(Default)]
struct Seen {
    marks: u64,
    alike: bool,
}

impl Seen {
    fn note(&mut self, bytes: &[u8], start: usize, end: usize) {
        let (first, last, length) = (byte(bytes, start), byte(bytes, end.wrapping_sub(1)), end - start);
        let mark = 1_u64 << ((usize::from(first) + usize::from(last) * 7 + length * 3) % 64);
        self.alike |= self.marks & mark != 0;
        self.marks |= mark;
    }
}

fn escape(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    match byte(bytes, at) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
        b'u' => {
            let digits = at + 1..at + 5;
            match digits.clone().find(|digit| !byte(bytes, *digit).is_ascii_hexdigit()) {
                Some(other) => Err(Stop(other)),
                None => Ok(digits.end),
            }
        }
        _ => Err(Stop(at)),
    }
}

fn literal(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, Stop> {
    let there = bytes.get(at..).is_some_and(|rest| rest.starts_with(word));
    if there { Ok(at + word.len()) } else { Err(Stop(at)) }
}

fn digits(bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
    if !byte(bytes, at).is_ascii_digit() {
        return Err(Stop(at));
    }
    while byte(bytes, at).is_ascii_digit() {
        at += 1;
    }
    Ok(at)
}

fn number(bytes: &[u8], first: u8, at: usize) -> Result<usize, Stop> {
    let at = if first == b'-' { at + 1 } else { at };
    let mut at = if byte(bytes, at) == b'0' { at + 1 } else { digits(bytes, at)? };
    if byte(bytes, at) == b'.' {
        at = digits(bytes, at + 1)?;
    }
    if let b'e' | b'E' = byte(bytes, at) {
        at += 1;
        if let b'+' | b'-' = byte(bytes, at) {
            at += 1;
        }
        at = digits(bytes, at)?;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { depth: 8, members: 64 };

    fn names(text: &str) -> Result<Vec<(u32, &str)>, Fault> {
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
