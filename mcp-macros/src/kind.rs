//! What a function can be offered as.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tool,
    Resource,
    Prompt,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Resource => "resource",
            Self::Prompt => "prompt",
        }
    }

    /// A signature that works, to be shown beside one that does not.
    pub(crate) fn signature(self) -> &'static str {
        match self {
            Self::Tool => "async fn add(a: i64, b: i64) -> i64",
            Self::Resource => "async fn page(name: &str) -> String",
            Self::Prompt => "async fn review(code: &str) -> String",
        }
    }

    /// A whole function that works.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Tool => "#[mcp::tool] async fn add(a: i64, b: i64) -> i64 { a + b }",
            Self::Resource => "#[mcp::resource(\"docs://readme\")] async fn readme() -> String { … }",
            Self::Prompt => "#[mcp::prompt] async fn review(code: String) -> String { … }",
        }
    }
}
