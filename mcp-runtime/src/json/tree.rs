//! JSON taken apart into a tree, for texts that are looked at closely: what is wrong with them, and what was meant.
//!
//! Numbers stay as they were written, however large, so that what is written again says the same. No call that is right
//! comes here.

use super::scan::{self, Limits};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// A text with more values in it is not looked at: it is nobody's honest mistake.
pub(crate) const MOST_NODES: usize = 100_000;

impl Node {
    /// Reads a text that is known to be JSON; `None` where it has too many values.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0, left: MOST_NODES };
        reader.value()
    }

    /// Reads a text that may be anything. What is no strict JSON, or deep or large, is nothing.
    pub(crate) fn read_strictly(text: &str) -> Option<Self> {
        const LIMITS: Limits = Limits { depth: 32, members: 4096 };
        const LONGEST: usize = 1 << 18;
        if text.len() > LONGEST {
            return None;
        }
        scan::scan(text, LIMITS).ok()?;
        Self::read(text)
    }

    /// Writes it as JSON.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(written) => out.push_str(written),
            Self::Text(text) => quoted(text, out),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    quoted(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    pub(crate) fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// The member of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// Whether it is the same as a value of a schema: numbers are compared as numbers.
    pub(crate) fn is(&self, value: &serde_json::Value) -> bool {
        use serde_json::Value;
        match (self, value) {
            (Self::Null, Value::Null) => true,
            (Self::Bool(given), Value::Bool(wanted)) => given == wanted,
            (Self::Text(given), Value::String(wanted)) => given == wanted,
            (Self::Number(given), Value::Number(wanted)) => {
                super::number::compare(given, &wanted.to_string()).is_eq()
            }
            (Self::Array(given), Value::Array(wanted)) => {
                given.len() == wanted.len()
                    && given.iter().zip(wanted).all(|(given, wanted)| given.is(wanted))
            }
            (Self::Object(given), Value::Object(wanted)) => {
                given.len() == wanted.len()
                    && given
                        .iter()
                        .all(|(name, value)| wanted.get(name).is_some_and(|wanted| value.is(wanted)))
            }
            _ => false,
        }
    }
}

impl From<&serde_json::Value> for Node {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.iter().map(|(name, value)| (name.clone(), value.into())).collect())
            }
        }
    }
}

fn quoted(text: &str, out: &mut String) {
    // A text always has a form in JSON.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    left: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn value(&mut self) -> Option<Node> {
        self.left = self.left.checked_sub(1)?;
        match self.peek()? {
            b'"' => self.string().map(Node::Text),
            b'[' => {
                let mut items = Vec::new();
                self.at += 1;
                while self.peek()? != b']' {
                    items.push(self.value()?);
                    if self.peek()? == b',' {
                        self.at += 1;
                    }
                }
                self.at += 1;
                Some(Node::Array(items))
            }
            b'{' => {
                let mut members = Vec::new();
                self.at += 1;
                while self.peek()? != b'}' {
                    let name = self.string()?;
                    if self.peek()? != b':' {
                        return None;
                    }
                    self.at += 1;
                    members.push((name, self.value()?));
                    if self.peek()? == b',' {
                        self.at += 1;
                    }
                }
                self.at += 1;
                Some(Node::Object(members))
            }
            b't' => self.word(4, Node::Bool(true)),
            b'f' => self.word(5, Node::Bool(false)),
            b'n' => self.word(4, Node::Null),
            _ => {
                let rest = self.text.get(self.at..)?;
                let digits = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                let length = rest.bytes().take_while(|byte| digits(byte)).count();
                let written = rest.get(..length).filter(|written| !written.is_empty())?;
                self.at += length;
                Some(Node::Number(written.to_owned()))
            }
        }
    }

    fn word(&mut self, length: usize, node: Node) -> Option<Node> {
        self.at += length;
        Some(node)
    }

    fn string(&mut self) -> Option<String> {
        if self.peek()? != b'"' {
            return None;
        }
        let rest = self.text.get(self.at + 1..)?;
        let bytes = rest.as_bytes();
        let mut end = 0;
        loop {
            match bytes.get(end)? {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        self.at += end + 2;
        Some(super::unescape(rest.get(..end)?).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            "null",
            "[1,2.50,-0,1e400,123456789012345678901234567890]",
            r#"{"a\n\"":["ü\\",{}],"b":[true,false]}"#,
        ] {
            assert_eq!(Node::read_strictly(text).unwrap().to_text(), text);
        }
        assert_eq!(Node::read_strictly(" [ 1 , { \"a\" : [ ] } ] ").unwrap().to_text(), r#"[1,{"a":[]}]"#);
    }

    #[test]
    fn what_is_not_strict_or_too_deep_is_nothing() {
        let deep = "[".repeat(33) + &"]".repeat(33);
        let large = format!("[{}1]", "1,".repeat(200_000));
        for text in ["", "[1,]", "{\"a\":1,\"a\":2}", "NaN", &deep, &large] {
            assert_eq!(Node::read_strictly(text), None);
        }
        assert_eq!(Node::read(&large), None);
    }
}
