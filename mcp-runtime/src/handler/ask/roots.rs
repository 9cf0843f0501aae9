//! Asking the client where it works.

use serde::Deserialize;

use super::{Ask, AskError, Context};
use crate::model::Question;

/// A place where the client works, such as a folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Root {
    /// Where it is, such as `file:///home/ada/project`.
    pub uri: String,
    /// Its name for people.
    pub name: Option<String>,
}

impl Context {
    /// Asks the client for the places where it works: its roots.
    ///
    /// They are hints of a client that may be anybody, never a permission. See the specification, "Roots".
    ///
    /// ```
    /// # use mcp::{Context, ToolError};
    /// /// Tells where the client works.
    /// #[mcp::tool(read_only)]
    /// async fn folders(cx: Context) -> Result<String, ToolError> {
    ///     let roots = cx.roots().await?;
    ///     Ok(roots.iter().map(|root| root.uri.as_str()).collect::<Vec<_>>().join("\n"))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Ask`] names them.
    pub fn roots(&self) -> Ask<Vec<Root>> {
        Ask::new(self, Ok(Question::Roots), |_, answer| {
            #[derive(Deserialize)]
            struct Answer {
                roots: Vec<Root>,
            }
            let answer: Result<Answer, _> = serde_json::from_value::<Answer>(answer);
            answer.map(|answer| answer.roots).map_err(|error| AskError::malformed(error.to_string()))
        })
    }
}
