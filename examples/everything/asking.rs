//! Tools and a prompt that ask the client back.

use mcp::{Ask, AskError, Context, PromptMessage, Sampled, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name.
#[derive(Deserialize, JsonSchema)]
struct Name {
    /// Your name.
    name: String,
}

fn ask_name(cx: &Context) -> Ask<Name> {
    cx.elicit("What is your name?").key("user_name")
}

/// Asks for a name.
#[mcp::tool]
async fn test_input_required_result_elicitation(cx: Context) -> Result<String, ToolError> {
    let Name { name } = ask_name(&cx).await?;
    Ok(format!("Hello, {name}!"))
}

/// Asks the client's model.
#[mcp::tool]
async fn test_input_required_result_sampling(cx: Context) -> Result<String, ToolError> {
    let question = cx.sample("What is the capital of France?").max_tokens(100);
    Ok(question.key("capital_question").await?.text())
}

/// Asks the client where it works.
#[mcp::tool]
async fn test_input_required_result_list_roots(cx: Context) -> Result<String, ToolError> {
    let roots = cx.roots().key("client_roots").await?;
    Ok(roots.into_iter().map(|root| root.uri).collect::<Vec<_>>().join("\n"))
}

/// A yes or a no.
#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    /// Yes or no.
    ok: bool,
}

/// Asks for a confirmation.
#[mcp::tool]
async fn test_input_required_result_request_state(cx: Context) -> Result<&'static str, ToolError> {
    let Confirmation { ok } = cx.elicit("Please confirm").key("confirm").await?;
    Ok(if ok { "state-ok" } else { "not confirmed" })
}

/// Asks for a confirmation; a state that was tampered with is refused.
#[mcp::tool]
async fn test_input_required_result_tampered_state(cx: Context) -> Result<&'static str, ToolError> {
    let Confirmation { ok } = cx.elicit("Please confirm").key("confirm").await?;
    Ok(if ok { "state-ok" } else { "not confirmed" })
}

/// Asks three things at once.
#[mcp::tool]
async fn test_input_required_result_multiple_inputs(cx: Context) -> Result<String, ToolError> {
    let greeting = cx.sample("Generate a greeting").max_tokens(50).key("greeting");
    let roots = cx.roots().key("client_roots");
    let (name, greeting, roots) = tokio::try_join!(ask_name(&cx), greeting, roots)?;
    Ok(format!("{}: {} ({} roots)", name.name, greeting.text(), roots.len()))
}

/// A colour.
#[derive(Deserialize, JsonSchema)]
struct Color {
    /// Your favourite colour.
    color: String,
}

/// Asks one thing, and then another.
#[mcp::tool]
async fn test_input_required_result_multi_round(cx: Context) -> Result<String, ToolError> {
    let Name { name } = cx.elicit("Step 1: What is your name?").key("step1").await?;
    let Color { color } = cx.elicit("Step 2: What is your favorite color?").key("step2").await?;
    Ok(format!("{name} likes {color}"))
}

/// Asks whoever can be asked: the client's model, or else the person.
#[mcp::tool]
async fn test_input_required_result_capabilities(cx: Context) -> Result<String, ToolError> {
    match cx.sample("Say hello.").max_tokens(50).key("hello").await {
        Err(AskError::Unsupported { .. }) => Ok(format!("Hello, {}!", ask_name(&cx).await?.name)),
        answer => Ok(answer?.text()),
    }
}

/// What the prompt is to be about.
#[derive(Deserialize, JsonSchema)]
struct UserContext {
    /// The context.
    context: String,
}

/// A prompt that asks for its context.
#[mcp::prompt]
async fn test_input_required_result_prompt(cx: Context) -> Result<PromptMessage, AskError> {
    let answer: UserContext = cx.elicit("What context should the prompt use?").key("user_context").await?;
    Ok(PromptMessage::user(format!("Use this context: {}", answer.context)))
}

/// A resource that asks who reads it.
#[mcp::resource("test://who-reads", mime = "text/plain")]
async fn asking(cx: Context) -> Result<String, AskError> {
    Ok(format!("Read by {}.", ask_name(&cx).await?.name))
}

/// Needs a client that has a model.
#[mcp::tool]
async fn test_missing_capability(cx: Context) -> Result<String, ToolError> {
    Ok(cx.sample("Say hello.").max_tokens(50).await?.text())
}

/// Asks for a confirmation, if the client can be asked.
#[mcp::tool]
async fn test_streaming_elicitation(cx: Context) -> Result<&'static str, ToolError> {
    match cx.elicit::<Confirmation>("Please confirm").key("confirm").await {
        Ok(Confirmation { ok: true }) => Ok("confirmed"),
        Ok(_) | Err(AskError::Unsupported { .. }) => Ok("not confirmed"),
        Err(error) => Err(error.into()),
    }
}

/// Asks the client's model what it is told to.
#[mcp::tool]
async fn test_sampling(
    /// What the model is asked.
    prompt: String,
    cx: Context,
) -> Result<String, ToolError> {
    let answer: Sampled = cx.sample(prompt).max_tokens(100).await?;
    Ok(format!("LLM response: {}", answer.text()))
}

/// What a person says of himself.
#[derive(Deserialize, Serialize, JsonSchema)]
struct Person {
    /// Your name.
    username: String,
    /// Your address.
    #[schemars(extend("format" = "email"))]
    email: String,
}

/// Asks a person who he is.
#[mcp::tool]
async fn test_elicitation(
    /// What the person is told.
    message: String,
    cx: Context,
) -> Result<String, ToolError> {
    let answer = cx.elicit::<Person>(message).await;
    Ok(match answer {
        Ok(person) => {
            let content =
                serde_json::to_string(&person).map_err(|error| ToolError::fatal(error.to_string()))?;
            format!("User response: action=accept, content={content}")
        }
        Err(AskError::Declined { .. }) => "User response: action=decline".into(),
        Err(AskError::Dismissed { .. }) => "User response: action=cancel".into(),
        Err(error) => return Err(error.into()),
    })
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Inactive,
    Pending,
}

/// A form whose fields are all filled in already.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(default)]
struct Defaults {
    /// A name.
    name: String,
    /// An age.
    age: i64,
    /// A score.
    score: f64,
    #[schemars(description = "A status.")]
    status: Status,
    /// Whether it was verified.
    verified: bool,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { name: "John Doe".into(), age: 30, score: 95.5, status: Status::Active, verified: true }
    }
}

/// Asks with a form that has defaults.
#[mcp::tool]
async fn test_elicitation_sep1034_defaults(cx: Context) -> Result<String, ToolError> {
    let answer: Defaults = cx.elicit("Please review the values").await?;
    Ok(format!("Elicitation completed: {}, {}, {}", answer.name, answer.age, answer.score))
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Plain {
    #[serde(rename = "option1")]
    One,
    #[serde(rename = "option2")]
    Two,
    #[serde(rename = "option3")]
    Three,
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Titled {
    /// First Option
    #[serde(rename = "value1")]
    One,
    /// Second Option
    #[serde(rename = "value2")]
    Two,
    /// Third Option
    #[serde(rename = "value3")]
    Three,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("enumNames" = ["Option One", "Option Two", "Option Three"]))]
enum Legacy {
    #[serde(rename = "opt1")]
    One,
    #[serde(rename = "opt2")]
    Two,
    #[serde(rename = "opt3")]
    Three,
}

/// A choice in each of its spellings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Choices {
    untitled_single: Option<Plain>,
    titled_single: Option<Titled>,
    legacy_enum: Option<Legacy>,
    untitled_multi: Option<Vec<Plain>>,
    titled_multi: Option<Vec<Titled>>,
}

/// Asks with a form that has choices of every spelling.
#[mcp::tool]
async fn test_elicitation_sep1330_enums(cx: Context) -> Result<String, ToolError> {
    let answer: Choices = cx.elicit("Please choose").await?;
    let Choices { untitled_single, titled_single, legacy_enum, untitled_multi, titled_multi } = answer;
    let chosen = (untitled_single, titled_single, legacy_enum, untitled_multi, titled_multi);
    Ok(format!("Elicitation completed: {chosen:?}"))
}
