//! Edits a text of JSON with comments in place: what is not edited stays as it is, to the last space. A text that is not
//! understood is not edited.

use std::ops::Range;

/// So deep a file may be.
const DEEPEST: usize = 128;

/// An object in a text.
#[derive(Debug, Default)]
struct Object {
    /// From its `{` to behind its `}`.
    span: Range<usize>,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    name: String,
    start: usize,
    value: Range<usize>,
    /// Behind the comma that follows.
    comma: Option<usize>,
    object: Option<Object>,
}

/// Puts `value`, a JSON text with two spaces a level, in an object of an object.
pub(super) fn set(text: &str, section: &str, name: &str, value: &str) -> Result<String, String> {
    let style = Style::of(text);
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        let (name, section) = (quoted(name), quoted(section));
        let inner = style.indented(value, 2);
        let (one, two) = (style.unit, style.unit.repeat(2));
        return Ok(format!("{{\n{one}{section}: {{\n{two}{name}: {inner}\n{one}}}\n}}\n"));
    }
    let root = parse(text)?;
    let Some(held) = only(&root, section)? else {
        let inner = style.indented(value, 2);
        let (one, two) = (style.unit, style.unit.repeat(2));
        let nl = style.newline;
        let object = format!("{{{nl}{two}{}: {inner}{nl}{one}}}", quoted(name));
        return Ok(insert(text, &root, section, &object, 0, &style));
    };
    let object = held.object.as_ref().ok_or_else(|| format!("`{section}` is no object there"))?;
    match only(object, name)? {
        Some(member) => {
            let indented = style.indented(value, 2);
            Ok(replaced(text, member.value.clone(), &indented))
        }
        None => Ok(insert(text, object, name, &style.indented(value, 2), 1, &style)),
    }
}

/// Takes a member of an object of an object away. `None` where it is not there.
pub(super) fn remove(text: &str, section: &str, name: &str) -> Result<Option<String>, String> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Ok(None);
    }
    let root = parse(text)?;
    let Some(held) = only(&root, section)? else { return Ok(None) };
    let object = held.object.as_ref().ok_or_else(|| format!("`{section}` is no object there"))?;
    let Some(at) = object.members.iter().position(|member| member.name == name) else { return Ok(None) };
    only(object, name)?;
    let Some(member) = object.members.get(at) else { return Ok(None) };
    let before = text.get(..member.start).unwrap_or_default();
    let trimmed = before.trim_end_matches([' ', '\t']);
    let trimmed = trimmed.strip_suffix('\n').map_or(trimmed, |line| line.strip_suffix('\r').unwrap_or(line));
    let start = trimmed.len();
    let end = member.comma.unwrap_or(member.value.end);
    let mut edited = replaced(text, start..end, "");
    // The last one leaves no comma behind.
    let previous = at.checked_sub(1).and_then(|at| object.members.get(at)).and_then(|member| member.comma);
    if let (None, Some(comma)) = (member.comma, previous) {
        edited = replaced(&edited, comma - 1..comma, "");
    }
    Ok(Some(edited))
}

/// The text of a member of an object of an object.
pub(super) fn get<'a>(text: &'a str, section: &str, name: &str) -> Result<Option<&'a str>, String> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Ok(None);
    }
    let root = parse(text)?;
    let object = only(&root, section)?.and_then(|held| held.object.as_ref());
    let Some(object) = object else { return Ok(None) };
    Ok(only(object, name)?.and_then(|member| text.get(member.value.clone())))
}

fn only<'a>(object: &'a Object, name: &str) -> Result<Option<&'a Member>, String> {
    let mut named = object.members.iter().filter(|member| member.name == name);
    match (named.next(), named.next()) {
        (_, Some(_)) => Err(format!("`{name}` stands there twice, and nobody knows which one counts")),
        (found, None) => Ok(found),
    }
}

/// Puts a member at the end of an object that is `depth` levels deep.
fn insert(text: &str, object: &Object, name: &str, value: &str, depth: usize, style: &Style<'_>) -> String {
    let close = object.span.end - 1;
    let inside = text.get(object.span.start + 1..close).unwrap_or_default();
    let nl = style.newline;
    let last = object.members.last();
    // Where the last member has a comma, the new one has one, so that taking it away leaves what was there.
    let trailing = if last.is_some_and(|last| last.comma.is_some()) { "," } else { "" };
    // In one line it stays in one line, but for an object without members.
    if !inside.contains('\n') && last.is_some() {
        let comma = if last.is_some_and(|last| last.comma.is_some()) { "" } else { "," };
        let at = object.span.start + 1 + inside.trim_end().len();
        let value = compact(value);
        return replaced(text, at..at, &format!("{comma} {}: {value}{trailing}", quoted(name)));
    }
    let indent = last.and_then(|last| line_start(text, last.start));
    let indent = indent.map_or_else(|| style.unit.repeat(depth + 1), str::to_owned);
    // Behind whatever stands there last, which may be a comment.
    let end = object.span.start + 1 + inside.trim_end().len();
    let outer = style.unit.repeat(depth);
    let after = if last.is_none() && !text.get(end..close).unwrap_or_default().contains('\n') {
        format!("{nl}{outer}")
    } else {
        String::new()
    };
    let mut edited =
        replaced(text, end..end, &format!("{nl}{indent}{}: {value}{trailing}{after}", quoted(name)));
    if let Some(Member { value, comma: None, .. }) = last {
        edited = replaced(&edited, value.end..value.end, ",");
    }
    edited
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

fn compact(value: &str) -> String {
    serde_json::from_str::<serde_json::Value>(value)
        .map_or_else(|_| value.to_owned(), |value| value.to_string())
}

fn replaced(text: &str, range: Range<usize>, with: &str) -> String {
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    format!("{before}{with}{after}")
}

/// The white space before a place, where nothing else stands before it in its line.
fn line_start(text: &str, at: usize) -> Option<&str> {
    let line = text.get(..at)?.rsplit('\n').next()?;
    line.trim().is_empty().then_some(line)
}

/// How a text is written.
struct Style<'a> {
    unit: &'a str,
    newline: &'static str,
}

impl<'a> Style<'a> {
    fn of(text: &'a str) -> Self {
        let indents = text.lines().filter(|line| !line.trim().is_empty()).map(|line| {
            let rest = line.trim_start_matches([' ', '\t']);
            line.strip_suffix(rest).unwrap_or_default()
        });
        let unit = indents.filter(|indent| !indent.is_empty()).min_by_key(|indent| indent.len());
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { unit: unit.unwrap_or("  "), newline }
    }

    /// A pretty JSON text as it stands `depth` levels deep.
    fn indented(&self, value: &str, depth: usize) -> String {
        let outer = self.unit.repeat(depth);
        let line = |(at, line): (usize, &str)| {
            let rest = line.trim_start_matches(' ');
            let levels = (line.len() - rest.len()) / 2;
            if at == 0 { rest.to_owned() } else { format!("{outer}{}{rest}", self.unit.repeat(levels)) }
        };
        value.lines().enumerate().map(line).collect::<Vec<_>>().join(self.newline)
    }
}

fn parse(text: &str) -> Result<Object, String> {
    let mut parser =
        Parser { text, bytes: text.as_bytes(), at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    let read = (|| {
        parser.space()?;
        if parser.peek() != Some(b'{') {
            return Err("expected an object, which begins with `{`");
        }
        let root = parser.object(0)?;
        parser.space()?;
        if parser.at == text.len() { Ok(root) } else { Err("expected nothing more") }
    })();
    read.map_err(|expected| {
        let before = text.get(..parser.at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("line {line}, column {column}: {expected}")
    })
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// White space and comments.
    fn space(&mut self) -> Result<(), &'static str> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') if self.rest().starts_with("//") => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                Some(b'/') if self.rest().starts_with("/*") => match self.rest().find("*/") {
                    Some(end) => self.at += end + 2,
                    None => return Err("this comment has no end"),
                },
                _ => return Ok(()),
            }
        }
    }

    fn string(&mut self) -> Result<String, &'static str> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err("expected a text between `\"`");
        }
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(byte) if byte >= 0x20 => self.at += 1,
                _ => return Err("this text has no end"),
            }
        }
        self.at += 1;
        let written = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(written).map_err(|_| "this text has an escape that means nothing")
    }

    fn object(&mut self, depth: usize) -> Result<Object, &'static str> {
        let start = self.at;
        self.at += 1;
        let mut members = Vec::new();
        loop {
            self.space()?;
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(Object { span: start..self.at, members });
            }
            if members.last().is_some_and(|last: &Member| last.comma.is_none()) {
                return Err("expected `,` or `}`");
            }
            let start = self.at;
            let name = self.string()?;
            self.space()?;
            if self.peek() != Some(b':') {
                return Err("expected `:`");
            }
            self.at += 1;
            self.space()?;
            let from = self.at;
            let object = self.value(depth + 1)?;
            let value = from..self.at;
            self.space()?;
            let comma = (self.peek() == Some(b',')).then(|| self.at + 1);
            self.at = comma.unwrap_or(self.at);
            members.push(Member { name, start, value, comma, object });
        }
    }

    fn value(&mut self, depth: usize) -> Result<Option<Object>, &'static str> {
        if depth > DEEPEST {
            return Err("this is too deep");
        }
        match self.peek() {
            Some(b'{') => self.object(depth).map(Some),
            Some(b'[') => {
                self.at += 1;
                let mut first = true;
                loop {
                    self.space()?;
                    if self.peek() == Some(b']') {
                        self.at += 1;
                        return Ok(None);
                    }
                    if !first {
                        if self.peek() != Some(b',') {
                            return Err("expected `,` or `]`");
                        }
                        self.at += 1;
                        self.space()?;
                        if self.peek() == Some(b']') {
                            continue;
                        }
                    }
                    first = false;
                    self.value(depth + 1)?;
                }
            }
            Some(b'"') => self.string().map(|_| None),
            _ => {
                let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                let length = self.bytes.iter().skip(self.at).take_while(|byte| word(byte)).count();
                let written = self.text.get(self.at..self.at + length).unwrap_or_default();
                let read = serde_json::from_str::<serde_json::Value>(written);
                read.map_err(|_| "expected a value")?;
                self.at += length;
                Ok(None)
            }
        }
    }
}
