//! The requests that are sent: which eras and tools there are, and the text of the request with a given number.

use std::fmt::Write as _;

use tools::{Filter, Range, SearchResult};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2026-07-28: every request carries everything.
    Stateless,
    /// 2025-11-25: begins with `initialize`.
    Stateful,
}

pub const ERAS: [Era; 2] = [Era::Stateful, Era::Stateless];

impl Era {
    pub const fn revision(self) -> &'static str {
        match self {
            Self::Stateless => "2026-07-28",
            Self::Stateful => "2025-11-25",
        }
    }

    const fn meta(self) -> &'static str {
        match self {
            Self::Stateless => concat!(
                r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#,
                r#""io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1.0.0"},"#,
                r#""io.modelcontextprotocol/clientCapabilities":{}}"#,
            ),
            Self::Stateful => "",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Add,
    Echo,
    Search,
    List,
}

pub const CALLS: [Call; 4] = [Call::Add, Call::Echo, Call::Search, Call::List];

/// How many different searches there are.
const SEARCHES: u64 = 8;
/// How many records each finds.
const RECORDS: u32 = 10;

impl Call {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Echo => "echo",
            Self::Search => "search",
            Self::List => "list",
        }
    }

    pub const fn method(self) -> &'static str {
        match self {
            Self::List => "tools/list",
            _ => "tools/call",
        }
    }

    /// The tool that is called; none for the list.
    pub fn tool(self) -> Option<&'static str> {
        (self != Self::List).then(|| self.name())
    }

    /// Appends the request with this number, which is its id and decides its arguments.
    pub fn write(self, out: &mut String, era: Era, number: u64) {
        let method = self.method();
        let written = write!(out, r#"{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":{{"#);
        let written = written.and_then(|()| match self {
            Self::Add => {
                write!(out, r#""name":"add","arguments":{{"a":{number},"b":{}}}"#, addend(number))
            }
            Self::Echo => write!(out, r#""name":"echo","arguments":{{"text":"{}"}}"#, text(number)),
            Self::Search => write!(
                out,
                concat!(
                    r#""name":"search","arguments":{{"query":"{}","filter":{{"tags":["alpha","beta"],"#,
                    r#""min_score":0.25,"range":{{"from":10,"to":900}}}},"limit":{}}}"#,
                ),
                query(number),
                RECORDS
            ),
            Self::List => Ok(()),
        });
        written.expect("a string takes everything");
        if !era.meta().is_empty() {
            if self != Self::List {
                out.push(',');
            }
            out.push_str(era.meta());
        }
        out.push_str("}}");
    }

    /// Which of the few different results this number has, for calls whose results repeat.
    pub fn variant(self, number: u64) -> Option<usize> {
        match self {
            Self::Add | Self::Echo => None,
            Self::Search => Some((number % SEARCHES) as usize),
            Self::List => Some(0),
        }
    }

    pub fn variants(self) -> usize {
        match self {
            Self::Add | Self::Echo => 0,
            Self::Search => SEARCHES as usize,
            Self::List => 1,
        }
    }
}

/// The text that `add` and `echo` must answer.
pub fn expected_text(out: &mut String, call: Call, number: u64) {
    out.clear();
    match call {
        Call::Add => out.push_str(&(number + addend(number)).to_string()),
        Call::Echo => out.push_str(&text(number)),
        Call::Search | Call::List => {}
    }
}

/// What `search` must answer.
pub fn expected_records(number: u64) -> SearchResult {
    let filter = Filter {
        tags: vec!["alpha".into(), "beta".into()],
        min_score: Some(0.25),
        range: Some(Range { from: 10, to: 900 }),
    };
    tools::search(query(number), &filter, RECORDS)
}

/// The request that begins a stateful conversation.
pub const INITIALIZE: &str = concat!(
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","#,
    r#""capabilities":{},"clientInfo":{"name":"bench","version":"1.0.0"}}}"#,
);

/// The notification that completes its beginning.
pub const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

fn addend(number: u64) -> u64 {
    number * 7 + 3
}

fn text(number: u64) -> String {
    format!("call {number}: the quick brown fox jumps over the lazy dog")
}

fn query(number: u64) -> String {
    format!("question {}", number % SEARCHES)
}
