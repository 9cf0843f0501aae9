//! Prompts: with and without arguments, with an image and with a resource.

use mcp::{Image, PromptMessage, ResourceContents, Typed};

use super::PIXEL;

/// A prompt without arguments.
#[mcp::prompt]
async fn test_simple_prompt() -> &'static str {
    "This is a simple prompt for testing."
}

/// Words that begin as the user does.
async fn words(typed: Typed) -> Vec<&'static str> {
    ["test", "testing", "tested", "other"].into_iter().filter(|word| word.starts_with(&*typed)).collect()
}

/// A prompt with two arguments.
#[mcp::prompt]
async fn test_prompt_with_arguments(
    /// The first argument.
    #[arg(complete = words)]
    arg1: String,
    /// The second argument.
    arg2: String,
) -> String {
    format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")
}

/// A prompt that carries a resource.
#[mcp::prompt]
#[allow(non_snake_case, reason = "the suite gives the argument this name")]
async fn test_prompt_with_embedded_resource(
    /// The URI that the resource is to have.
    resourceUri: String,
) -> [PromptMessage; 2] {
    let resource = ResourceContents::text("Embedded resource content for testing.");
    [
        PromptMessage::user(resource.uri(resourceUri).mime("text/plain")),
        PromptMessage::user("Please process the embedded resource above."),
    ]
}

/// A prompt with an image.
#[mcp::prompt]
async fn test_prompt_with_image() -> [PromptMessage; 2] {
    [PromptMessage::user(Image::png(PIXEL)), PromptMessage::user("Please analyze the image above.")]
}
