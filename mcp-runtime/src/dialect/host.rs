//! What hosts take, in one table. What a host refuses, it refuses with every tool of the server at once, so where
//! its documentation and its users disagree, the stricter of the two is written here.
//!
//! Gemini: the `Schema` object of ai.google.dev/api/caching#Schema and of Vertex AI (type, format, title, description, nullable,
//! enum, items, min/maxItems, properties, min/maxProperties, required, min/maxLength, pattern, minimum, maximum, anyOf);
//! `$ref` and `$defs`: google-gemini/gemini-cli#13326; `additionalProperties`: promptfoo/promptfoo#6902; types as arrays:
//! sbroenne/mcp-server-excel#674; formats but `enum` and `date-time` of strings: google-gemini/gemini-cli#9574,
//! CherryHQ/cherry-studio#4153; arrays without `items`: DEEIX-AI/DEEIX-Chat#546; anything beside `anyOf`: anomalyco/opencode#14700;
//! objects without members: MarkusPfundstein/mcp-obsidian#21.
//!
//! OpenAI, strict: "Structured Outputs, Supported schemas" (every property required, `additionalProperties: false`
//! everywhere, null for what may be left out, no `allOf`, `not`, `if`, `dependent…`, a root that is no union, 10 levels, 5,000
//! properties, 1,000 values of enums); `default`: 567-labs/instructor#1074; nine formats: cyanheads/mcp-ts-core#122;
//! `oneOf`, and keywords beside `$ref`: ai-dynamo/dynamo#15153, virattt/dexter#280.
//!
//! Cursor: unions refuse the whole request: code-yeongyu/senpi#952; types as arrays fail in its own check: cursor/cursor#3778 and
//! #3540; `$ref` misleads the model: IvanMurzak/Unity-MCP#284; names: awslabs/mcp#1283. It hands schemas on to OpenAI too, so
//! its formats are OpenAI's.

use super::Dialect;

/// What a host takes.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) dialect: Dialect,
    /// The keywords of single values that it takes.
    pub(super) keywords: &'static [&'static str],
    pub(super) formats: &'static [&'static str],
    pub(super) null: Null,
    /// Whether it knows `anyOf`.
    pub(super) unions: bool,
    /// Whether anything may stand beside `anyOf`.
    pub(super) beside_unions: bool,
    /// Whether a schema may refer to itself.
    pub(super) references: bool,
    /// Whether values of enums may be anything but strings.
    pub(super) any_enums: bool,
    pub(super) objects: Objects,
    /// What stands for any value at all.
    pub(super) any: Any,
    /// Characters of names beside letters and digits, and how long a name may be.
    name: (&'static str, usize),
}

/// How it is told that a value may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Null {
    /// `"nullable": true`
    Keyword,
    /// `"type": ["string", "null"]`
    Type,
    /// Not at all; only a schema without a type takes it.
    Untyped,
}

/// What objects say of members that they do not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Objects {
    /// `additionalProperties`, as it is.
    AsTheyAre,
    /// Nothing.
    Silent,
    /// That there are none, and that all that are named are there.
    Closed,
}

/// What stands for any value at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Any {
    /// A schema without a type.
    Untyped,
    /// A union of what is neither an array nor an object.
    Union,
    /// The same as an array of types.
    Types,
}

const OPENAI_FORMATS: &[&str] =
    &["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

static GEMINI: Host = Host {
    dialect: Dialect::Gemini,
    keywords: &[
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    ],
    formats: &["date-time"],
    null: Null::Keyword,
    unions: true,
    beside_unions: false,
    references: false,
    any_enums: false,
    objects: Objects::Silent,
    any: Any::Union,
    name: ("_-.", 64),
};

static OPENAI_STRICT: Host = Host {
    dialect: Dialect::OpenAiStrict,
    keywords: &[
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "pattern",
        "minItems",
        "maxItems",
    ],
    formats: OPENAI_FORMATS,
    null: Null::Type,
    unions: true,
    beside_unions: true,
    references: true,
    any_enums: true,
    objects: Objects::Closed,
    any: Any::Types,
    name: ("_-", 64),
};

static CURSOR: Host = Host {
    dialect: Dialect::Cursor,
    keywords: &[
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "default",
    ],
    formats: OPENAI_FORMATS,
    null: Null::Untyped,
    unions: false,
    beside_unions: true,
    references: false,
    any_enums: true,
    objects: Objects::AsTheyAre,
    any: Any::Untyped,
    name: ("_-", 60),
};

/// The host of a dialect; none of the standard.
pub(super) fn of(dialect: Dialect) -> Option<&'static Host> {
    match dialect {
        Dialect::Standard => None,
        Dialect::Gemini => Some(&GEMINI),
        Dialect::OpenAiStrict => Some(&OPENAI_STRICT),
        Dialect::Cursor => Some(&CURSOR),
    }
}

impl Host {
    /// Why it cannot use the name of a tool.
    pub(super) fn problem_of_name(&self, server: &str, name: &str) -> Option<String> {
        let (beside, longest) = self.name;
        if let Some(odd) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !beside.contains(*c)) {
            return Some(format!("the name has a {odd:?}, which the host refuses"));
        }
        if self.dialect == Dialect::Gemini && !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        {
            return Some("the name does not begin with a letter, so the host refuses it".into());
        }
        // Cursor counts the name of the server, too, as its user has written it.
        let (length, what) = match self.dialect {
            Dialect::Cursor => {
                (server.len() + 1 + name.len(), "the names of the server and of the tool have")
            }
            _ => (name.len(), "the name has"),
        };
        (length > longest)
            .then(|| format!("{what} {length} characters; the host leaves out what has more than {longest}"))
    }
}
