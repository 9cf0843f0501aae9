//! What becomes of what functions give before anybody reads it: everything that is not seen is shown, what poses as the frame
//! of a conversation is marked, and credentials are taken out.
//!
//! Nothing here knows the wire, or how a function came to its result; `layer::care` asks.

mod clean;
mod credentials;
mod honest;
mod json;
mod markup;

pub(crate) use clean::Look;
use clean::clean;
use json::clean_json;

use std::sync::Arc;

use crate::Error;
use crate::model::{Content, Definition, PromptResult, ResourceResult, Response, ToolResult};
use crate::secrets::Known;
use crate::server::ServerBuilder;

/// How a server looks after what its functions give.
#[derive(Debug, Clone)]
pub(crate) struct Care {
    sanitise: bool,
    redact: bool,
    /// What functions were given and must not say.
    known: Arc<Known>,
}

impl Default for Care {
    fn default() -> Self {
        Self { sanitise: true, redact: true, known: Arc::default() }
    }
}

impl Care {
    /// The same, of a server with these secrets.
    pub(crate) fn with(self, known: Arc<Known>) -> Self {
        Self { known, ..self }
    }

    /// Looks after what a call gave.
    pub(crate) fn look_after(&self, response: &mut Response, look: Look) {
        if look != Look::NOTHING {
            look_after(response, look);
        }
        if self.known.any() {
            texts_of(response, &mut |text| hide(&self.known, text));
        }
    }

    /// Looks after what a call gave that has become a task.
    pub(crate) fn task(
        &self,
        definition: &Definition,
        ended: Result<ToolResult, Error>,
    ) -> Result<ToolResult, Error> {
        let mut response = ended.map_or_else(Response::Error, Response::Tool);
        self.look_after(&mut response, self.look(definition));
        match response {
            Response::Tool(result) => Ok(result),
            Response::Error(error) => Err(error),
            _ => Err(Error::internal("the task gave no result")),
        }
    }

    /// What is looked for in what a function gives.
    pub(crate) fn look(&self, definition: &Definition) -> Look {
        match definition.raw {
            Some(true) => Look::NOTHING,
            Some(false) => Look::new(true, true),
            None => Look::new(self.sanitise, self.redact),
        }
    }
}

/// Everything in it that somebody reads, or a program.
fn texts_of(response: &mut Response, each: &mut impl FnMut(&mut String)) {
    match response {
        Response::Tool(result) => {
            result.content.iter_mut().for_each(|block| block.texts_mut(each));
            result.structured.iter_mut().for_each(each);
        }
        Response::Resource(result) => {
            result.contents.iter_mut().filter_map(|item| item.text_mut()).for_each(each);
        }
        Response::Prompt(result) => {
            result.messages.iter_mut().for_each(|message| message.content.texts_mut(each));
        }
        Response::Error(error) => each(&mut error.message),
        _ => {}
    }
}

fn hide(known: &Known, text: &mut String) {
    if let Some(hidden) = known.hidden(text) {
        *text = hidden;
    }
}

/// Marks what is to be marked in what a function gave.
fn look_after(response: &mut Response, look: Look) {
    match response {
        Response::Tool(result) => tool_result(result, look),
        Response::Resource(result) => resource_result(result, look),
        Response::Prompt(result) => prompt_result(result, look),
        Response::Error(error) => each(&mut error.message, look),
        _ => {}
    }
}

fn tool_result(result: &mut ToolResult, look: Look) {
    for block in &mut result.content {
        content(block, look);
    }
    if let Some(structured) = &mut result.structured
        && let Some(cleaned) = clean_json(structured, look)
    {
        *structured = cleaned;
    }
}

fn resource_result(result: &mut ResourceResult, look: Look) {
    for item in &mut result.contents {
        // A page is run by a program and read by nobody.
        if !item.is_app() {
            item.text_mut().into_iter().for_each(|text| each(text, look));
        }
    }
}

fn prompt_result(result: &mut PromptResult, look: Look) {
    for message in &mut result.messages {
        content(&mut message.content, look);
    }
}

fn content(block: &mut Content, look: Look) {
    block.texts_mut(&mut |text| each(text, look));
}

fn each(text: &mut String, look: Look) {
    if let Some(cleaned) = clean(text, look) {
        *text = cleaned;
    }
}

impl ServerBuilder {
    /// Whether characters that nobody sees, and what poses as the frame of a conversation, are marked in what tools, resources
    /// and prompts give: they are by default. `#[mcp::tool(raw)]` says of one function that what it gives is left as it is,
    /// `raw = false` the opposite. See [`guide::output`](crate::guide::output).
    ///
    /// ```
    /// let server = mcp::server!().sanitise(false);
    /// ```
    #[must_use]
    pub fn sanitise(mut self, marks: bool) -> Self {
        self.output.sanitise = marks;
        self
    }

    /// Whether what looks like a credential is taken out of what tools, resources and prompts give: private keys, JSON Web Tokens,
    /// and keys whose issuer gave them a form of their own, such as `ghp_…` or `AKIA…`. It is by default, visibly. A
    /// function that is to give one says `#[mcp::tool(raw)]`.
    ///
    /// What a function got as a [`Secret`](crate::Secret) is taken out in any case.
    ///
    /// ```
    /// let server = mcp::server!().redact_credentials(false);
    /// ```
    #[must_use]
    pub fn redact_credentials(mut self, redact: bool) -> Self {
        self.output.redact = redact;
        self
    }
}
