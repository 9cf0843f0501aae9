//! What a tool may return.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Failure, Needs};
use crate::BoxError;
use crate::model::{Audio, Content, Image, Link, ResourceContents, ToolResult};

/// What a tool may return: nothing, text, numbers, [`Json`], content blocks, and `Option` or `Result` of these.
///
/// Implement it for a type of your own to say how it is shown to the model:
///
/// ```
/// # use mcp::{IntoToolResult, Content};
/// struct Table(Vec<Vec<String>>);
///
/// impl IntoToolResult for Table {
///     fn into_content(self) -> Vec<Content> {
///         let rows: Vec<_> = self.0.iter().map(|row| row.join("\t")).collect();
///         vec![rows.join("\n").into()]
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}`",
    label = "cannot be sent as the result of a tool",
    note = "return `mcp::Json<…>` of a type that derives `serde::Serialize` and `schemars::JsonSchema` for structured content",
    note = "or text (`String`), a number, `()`, `mcp::Content`, `Vec<mcp::Content>`, or a `Result` or `Option` of one of these"
)]
pub trait IntoToolResult: Sized {
    /// The content blocks.
    fn into_content(self) -> Vec<Content>;

    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_tool_result(self) -> Result<ToolResult, Failure> {
        Ok(ToolResult { content: self.into_content(), ..ToolResult::default() })
    }

    #[doc(hidden)]
    fn describe(needs: &mut Needs<'_>) {
        let _ = needs;
    }
}

/// A structured result: the client gets it as JSON with a schema, and the model reads its text.
///
/// The schema of `T` is published as the tool's output schema.
///
/// ```
/// # use mcp::Json;
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Weather { city: String, celsius: f64 }
///
/// /// Tells the weather.
/// #[mcp::tool(read_only)]
/// async fn weather(city: String) -> Json<Weather> {
///     Json(Weather { city, celsius: 3.5 })
/// }
/// ```
///
/// # Errors
///
/// A value that JSON cannot express, such as a map with keys that are no strings, makes the call fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

impl<T: Serialize + JsonSchema> IntoToolResult for Json<T> {
    fn into_content(self) -> Vec<Content> {
        serde_json::to_string(&self.0).map(|text| vec![Content::text(text)]).unwrap_or_default()
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_tool_result(self) -> Result<ToolResult, Failure> {
        let structured = serde_json::to_string(&self.0).map_err(Failure::new)?;
        Ok(ToolResult { structured: Some(structured), ..ToolResult::default() })
    }

    fn describe(needs: &mut Needs<'_>) {
        needs.0.output::<T>();
    }
}

impl<T: IntoToolResult, E: Into<BoxError> + 'static> IntoToolResult for Result<T, E> {
    fn into_content(self) -> Vec<Content> {
        self.map_or_else(|error| vec![error.into().to_string().into()], T::into_content)
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_tool_result(self) -> Result<ToolResult, Failure> {
        self.map_err(Failure::new)?.into_tool_result()
    }

    fn describe(needs: &mut Needs<'_>) {
        T::describe(needs);
    }
}

/// Nothing is an empty result, so no structured content is promised.
impl<T: IntoToolResult> IntoToolResult for Option<T> {
    fn into_content(self) -> Vec<Content> {
        self.map(T::into_content).unwrap_or_default()
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_tool_result(self) -> Result<ToolResult, Failure> {
        self.map_or_else(|| Ok(ToolResult::default()), T::into_tool_result)
    }
}

impl IntoToolResult for ToolResult {
    fn into_content(self) -> Vec<Content> {
        self.content
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_tool_result(self) -> Result<ToolResult, Failure> {
        Ok(self)
    }
}

impl IntoToolResult for () {
    fn into_content(self) -> Vec<Content> {
        Vec::new()
    }
}

impl IntoToolResult for Vec<Content> {
    fn into_content(self) -> Vec<Content> {
        self
    }
}

impl<const N: usize> IntoToolResult for [Content; N] {
    fn into_content(self) -> Vec<Content> {
        self.into()
    }
}

macro_rules! one_block {
    ($($kind:ty),*) => {$(
        impl IntoToolResult for $kind {
            fn into_content(self) -> Vec<Content> {
                vec![self.into()]
            }
        }
    )*};
}

one_block!(String, &str, Content, Image, Audio, Link, ResourceContents);

macro_rules! as_text {
    ($($kind:ty),*) => {$(
        impl IntoToolResult for $kind {
            fn into_content(self) -> Vec<Content> {
                vec![self.to_string().into()]
            }
        }
    )*};
}

as_text!(bool, char, f32, f64, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
as_text!(std::borrow::Cow<'_, str>, Box<str>);
