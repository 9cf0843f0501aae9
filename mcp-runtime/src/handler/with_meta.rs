//! Results with members of `_meta`.

use super::{Failure, IntoPromptResult, IntoResourceResult, IntoToolResult, Needs};
use crate::model::{
    Content, PromptMessage, PromptResult, ResourceContents, ResourceResult, ToolResult, WithMeta,
};

impl<T: IntoToolResult> IntoToolResult for WithMeta<T> {
    fn into_content(self) -> Vec<Content> {
        self.value.into_content()
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_tool_result(self) -> Result<ToolResult, Failure> {
        let mut result = self.value.into_tool_result()?;
        result.meta.extend(self.meta);
        Ok(result)
    }

    fn describe(needs: &mut Needs<'_>) {
        T::describe(needs);
    }
}

impl<T: IntoResourceResult> IntoResourceResult for WithMeta<T> {
    fn into_contents(self) -> Vec<ResourceContents> {
        self.value.into_contents()
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_resource_result(self) -> Result<ResourceResult, Failure> {
        let mut result = self.value.into_resource_result()?;
        result.meta.extend(self.meta);
        Ok(result)
    }
}

impl<T: IntoPromptResult> IntoPromptResult for WithMeta<T> {
    fn into_messages(self) -> Vec<PromptMessage> {
        self.value.into_messages()
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_prompt_result(self) -> Result<PromptResult, Failure> {
        let mut result = self.value.into_prompt_result()?;
        result.meta.extend(self.meta);
        Ok(result)
    }
}
