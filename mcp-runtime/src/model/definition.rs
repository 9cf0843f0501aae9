//! What a macro registers: everything about a function that is known while compiling.

use std::borrow::Cow;
use std::time::Duration;

use crate::handler::{Call, Running};

use super::{Complete, Role, Segment, Template};
use crate::tasks::TaskPolicy;

/// A function that is offered as a tool, a resource or a prompt: its texts, its place in the source, and how to run it.
///
/// The macros write these; nobody else needs to.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    pub(crate) kind: Kind,
    pub(crate) name: &'static str,
    pub(crate) title: Option<&'static str>,
    pub(crate) description: &'static str,
    /// What is said of a function that should be called no longer.
    pub(crate) deprecated: Option<&'static str>,
    pub(crate) source: Source,
    /// The functions that complete arguments, by their names.
    pub(crate) completions: &'static [(&'static str, Complete)],
    /// The headers that repeat arguments, by the names of these.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// Whom a resource is for.
    pub(crate) audience: &'static [Role],
    /// How much a resource matters, from 0 to 1.
    pub(crate) priority: Option<f64>,
    /// For how many seconds a client may keep what a resource gives.
    pub(crate) ttl: u32,
    /// Whether what a resource gives may be given to others too.
    pub(crate) public: bool,
    /// The URIs of pictures.
    pub(crate) icons: &'static [&'static str],
    /// A JSON object.
    pub(crate) meta: Option<&'static str>,
    /// How a tool becomes a task, if it does.
    pub(crate) task: Option<TaskPolicy>,
    /// The URI of the page that shows what a tool gives.
    pub(crate) app: Option<&'static str>,
    /// Whether slips of models are refused, where it says so.
    pub(crate) strict: Option<bool>,
    /// Whether what it gives is left as it is, where it says so.
    pub(crate) raw: Option<bool>,
    /// How many bytes of text a tool gives at once, where that was said.
    pub(crate) cut: Option<usize>,
    /// What a caller must be allowed, all of it.
    pub(crate) scopes: &'static [&'static str],
    /// What operators choose by.
    pub(crate) tags: &'static [&'static str],
    /// How long it may take, where that was said.
    pub(crate) timeout: Option<Duration>,
    /// How many calls run at once, where that was said.
    pub(crate) concurrency: Option<u32>,
    /// The argument of a tool that is the key of a call.
    pub(crate) idempotency: Option<&'static str>,
    pub(crate) run: fn(Call) -> Running,
}

/// What a definition is offered as, with what only that kind has.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Kind {
    /// A tool.
    Tool(Annotations),
    /// A resource or a resource template.
    Resource {
        /// The URI, taken apart.
        uri: Template,
        /// The media type of what it gives, where that is always the same.
        mime: Option<&'static str>,
        /// The size in bytes, where it is known.
        size: Option<u64>,
    },
    /// A prompt.
    Prompt,
}

/// What a tool says of its own behaviour: hints for the client, never a protection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Annotations {
    /// It changes nothing.
    #[serde(rename = "readOnlyHint", skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// It may destroy something.
    #[serde(rename = "destructiveHint", skip_serializing_if = "Option::is_none")]
    pub destructive: Option<bool>,
    /// Doing it twice is the same as doing it once.
    #[serde(rename = "idempotentHint", skip_serializing_if = "Option::is_none")]
    pub idempotent: Option<bool>,
    /// It reaches out into an open world, such as the web.
    #[serde(rename = "openWorldHint", skip_serializing_if = "Option::is_none")]
    pub open_world: Option<bool>,
}

/// Where a function stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The path of its module.
    pub module: &'static str,
    /// Its file.
    pub file: &'static str,
    /// Its line.
    pub line: u32,
    /// Its name in the source.
    pub function: &'static str,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}:{}", self.function, self.file, self.line)
    }
}

impl Definition {
    const fn new(kind: Kind, name: &'static str, source: Source, run: fn(Call) -> Running) -> Self {
        Self {
            kind,
            name,
            title: None,
            description: "",
            deprecated: None,
            source,
            completions: &[],
            headers: &[],
            audience: &[],
            priority: None,
            ttl: 0,
            public: false,
            icons: &[],
            meta: None,
            app: None,
            raw: None,
            cut: None,
            scopes: &[],
            tags: &[],
            task: None,
            strict: None,
            timeout: None,
            concurrency: None,
            idempotency: None,
            run,
        }
    }

    /// A tool.
    pub const fn tool(name: &'static str, source: Source, run: fn(Call) -> Running) -> Self {
        let hints = Annotations { read_only: None, destructive: None, idempotent: None, open_world: None };
        Self::new(Kind::Tool(hints), name, source, run)
    }

    /// A resource whose URI was written as `uri` and consists of `segments`.
    pub const fn resource(
        name: &'static str,
        uri: &'static str,
        segments: &'static [Segment],
        source: Source,
        run: fn(Call) -> Running,
    ) -> Self {
        let uri = Template { source: uri, segments };
        Self::new(Kind::Resource { uri, mime: None, size: None }, name, source, run)
    }

    /// A prompt.
    pub const fn prompt(name: &'static str, source: Source, run: fn(Call) -> Running) -> Self {
        Self::new(Kind::Prompt, name, source, run)
    }

    /// A name for people.
    #[must_use]
    pub const fn title(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    /// What it does. A text from a file ends with a line break, which nobody needs to read.
    #[must_use]
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description.trim_ascii();
        self
    }

    /// What is said of a function that should be called no longer.
    #[must_use]
    pub const fn deprecated(mut self, line: Option<&'static str>) -> Self {
        self.deprecated = line;
        self
    }

    /// What a tool says of its behaviour.
    #[must_use]
    pub const fn annotations(mut self, annotations: Annotations) -> Self {
        if let Kind::Tool(_) = self.kind {
            self.kind = Kind::Tool(annotations);
        }
        self
    }

    /// The media type of a resource.
    #[must_use]
    pub const fn mime(mut self, media_type: &'static str) -> Self {
        if let Kind::Resource { uri, size, .. } = self.kind {
            self.kind = Kind::Resource { uri, mime: Some(media_type), size };
        }
        self
    }

    /// The size of a resource, in bytes.
    #[must_use]
    pub const fn size(mut self, bytes: u64) -> Self {
        if let Kind::Resource { uri, mime, .. } = self.kind {
            self.kind = Kind::Resource { uri, mime, size: Some(bytes) };
        }
        self
    }

    /// The functions that complete arguments, by the names of these.
    #[must_use]
    pub const fn completions(mut self, functions: &'static [(&'static str, Complete)]) -> Self {
        self.completions = functions;
        self
    }

    /// The headers that repeat arguments of a tool, by the names of these.
    #[must_use]
    pub const fn headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    /// Whom a resource is for.
    #[must_use]
    pub const fn audience(mut self, roles: &'static [Role]) -> Self {
        self.audience = roles;
        self
    }

    /// How much a resource matters, from 0 to 1.
    #[must_use]
    pub const fn priority(mut self, priority: f64) -> Self {
        self.priority = Some(priority);
        self
    }

    /// For how many seconds a client may keep what a resource gives.
    #[must_use]
    pub const fn ttl(mut self, seconds: u32) -> Self {
        self.ttl = seconds;
        self
    }

    /// Whether what a resource gives may be given to others too.
    #[must_use]
    pub const fn public(mut self, public: bool) -> Self {
        self.public = public;
        self
    }

    /// The URIs of pictures for people.
    #[must_use]
    pub const fn icons(mut self, uris: &'static [&'static str]) -> Self {
        self.icons = uris;
        self
    }

    /// What else is published: a JSON object.
    #[must_use]
    pub const fn meta(mut self, json: &'static str) -> Self {
        self.meta = Some(json);
        self
    }

    /// The URI of the page that shows what a tool gives.
    #[must_use]
    pub const fn app(mut self, uri: &'static str) -> Self {
        self.app = Some(uri);
        self
    }

    /// What a caller must be allowed, all of it.
    #[must_use]
    pub const fn scopes(mut self, scopes: &'static [&'static str]) -> Self {
        self.scopes = scopes;
        self
    }

    /// What operators choose by.
    #[must_use]
    pub const fn tags(mut self, tags: &'static [&'static str]) -> Self {
        self.tags = tags;
        self
    }

    /// A tool that becomes a task.
    #[must_use]
    pub const fn task(mut self, policy: TaskPolicy) -> Self {
        self.task = Some(policy);
        self
    }

    /// Whether arguments of a wrong type are refused, and not read as what they plainly mean.
    #[must_use]
    pub const fn strict(mut self, strict: bool) -> Self {
        self.strict = Some(strict);
        self
    }

    /// Whether what it gives is left as it is.
    #[must_use]
    pub const fn raw(mut self, raw: bool) -> Self {
        self.raw = Some(raw);
        self
    }

    /// How many bytes of text a tool gives at once.
    #[must_use]
    pub const fn cut(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// How long it may take.
    #[must_use]
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// How many calls run at once.
    #[must_use]
    pub const fn concurrency(mut self, calls: u32) -> Self {
        self.concurrency = Some(calls);
        self
    }

    /// The argument of a tool that is the key of a call.
    #[must_use]
    pub const fn idempotency(mut self, argument: &'static str) -> Self {
        self.idempotency = Some(argument);
        self
    }

    /// What it is offered as.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The name that clients use.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The scopes that a caller needs, all of them.
    pub fn required_scopes(&self) -> &'static [&'static str] {
        self.scopes
    }

    /// The tags that operators choose by.
    pub fn tagged(&self) -> &'static [&'static str] {
        self.tags
    }

    /// Where the function stands.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Whether it should be called no longer, and what its author says of that: `Deprecated since 2.0: use add`.
    pub fn deprecation(&self) -> Option<&'static str> {
        self.deprecated
    }

    /// What is published as the description: the doc comment, or else the title or the name; before it, that it is
    /// deprecated.
    pub(crate) fn published_description(&self) -> Cow<'static, str> {
        let text =
            if self.description.is_empty() { self.title.unwrap_or(self.name) } else { self.description };
        match self.deprecated {
            Some(line) => format!("{line}\n\n{text}").into(),
            None => text.into(),
        }
    }
}
