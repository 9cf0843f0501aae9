//! What a prompt may return.

use super::Failure;
use crate::BoxError;
use crate::model::{Content, PromptMessage, PromptResult};

/// What a prompt may return: text (one message of the user), [`PromptMessage`], several of them, or a `Result` of these.
#[diagnostic::on_unimplemented(
    message = "a prompt cannot return `{Self}`",
    label = "cannot be sent as the messages of a prompt",
    note = "return text (`String`), `mcp::PromptMessage`, a `Vec` or an array of them, or a `Result` of one of these"
)]
pub trait IntoPromptResult: Sized {
    /// The messages.
    fn into_messages(self) -> Vec<PromptMessage>;

    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_prompt_result(self) -> Result<PromptResult, Failure> {
        Ok(PromptResult { messages: self.into_messages(), ..PromptResult::default() })
    }
}

impl IntoPromptResult for Vec<PromptMessage> {
    fn into_messages(self) -> Vec<PromptMessage> {
        self
    }
}

impl<const N: usize> IntoPromptResult for [PromptMessage; N] {
    fn into_messages(self) -> Vec<PromptMessage> {
        self.into()
    }
}

impl IntoPromptResult for PromptMessage {
    fn into_messages(self) -> Vec<PromptMessage> {
        vec![self]
    }
}

impl IntoPromptResult for Content {
    fn into_messages(self) -> Vec<PromptMessage> {
        vec![PromptMessage::user(self)]
    }
}

impl IntoPromptResult for String {
    fn into_messages(self) -> Vec<PromptMessage> {
        vec![PromptMessage::user(self)]
    }
}

impl IntoPromptResult for &str {
    fn into_messages(self) -> Vec<PromptMessage> {
        vec![PromptMessage::user(self)]
    }
}

impl<T: IntoPromptResult, E: Into<BoxError> + 'static> IntoPromptResult for Result<T, E> {
    fn into_messages(self) -> Vec<PromptMessage> {
        self.map(T::into_messages).unwrap_or_default()
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_prompt_result(self) -> Result<PromptResult, Failure> {
        self.map_err(Failure::new)?.into_prompt_result()
    }
}
