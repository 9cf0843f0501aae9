//! What becomes of what functions give before anybody reads it: everything that is not seen is shown, what poses as the frame
//! of a conversation is marked, and credentials are taken out.
//!
//! Nothing here knows the wire, or how a function came to its result; `layer::care` asks.

mod clean;
mod credentials;
mod cut;
mod honest;
mod json;
mod markup;
mod rest;

pub(crate) use clean::Look;
use clean::clean;
pub(crate) use cut::Cutting;
use json::clean_json;

use std::sync::Arc;

use crate::Error;
use crate::handles::Vault;
use crate::model::{
    Content, Definition, Operation, PromptResult, Request, ResourceResult, Response, ToolResult,
};
use crate::secrets::Known;
use crate::server::ServerBuilder;

/// How a server looks after what its functions give.
#[derive(Debug, Clone)]
pub(crate) struct Care {
    sanitise: bool,
    redact: bool,
    /// What functions were given and must not say.
    known: Arc<Known>,
    /// How much text a tool gives at once that says nothing of it.
    cut: Option<usize>,
    /// Whether rests can be read by calling a tool.
    by_tool: bool,
    vault: Option<Arc<Vault>>,
}

impl Default for Care {
    fn default() -> Self {
        Self { sanitise: true, redact: true, known: Arc::default(), cut: None, by_tool: false, vault: None }
    }
}

impl Care {
    /// The same, of a server with these secrets and this vault.
    pub(crate) fn with(self, known: Arc<Known>, vault: Arc<Vault>) -> Self {
        Self { known, vault: Some(vault), ..self }
    }

    /// What a server offers that cuts results, so that the rest can be had.
    pub(crate) fn definitions(&self, definitions: &[Definition]) -> Vec<Definition> {
        let cuts = self.cut.is_some() || definitions.iter().any(|definition| definition.cut.is_some());
        let tool = (cuts && self.by_tool).then(rest::tool);
        cuts.then(rest::resource).into_iter().chain(tool).collect()
    }

    /// What it takes to cut what a tool gives, where it may be cut.
    pub(crate) fn cutting(&self, request: &Request) -> Option<Box<Cutting>> {
        let Operation::CallTool(_) = &request.operation else { return None };
        let most = request.definition()?.cut.or(self.cut)?;
        let vault = self.vault.clone()?;
        Some(Box::new(Cutting { vault, principal: request.principal().clone(), most, by_tool: self.by_tool }))
    }

    /// Looks after what a call gave.
    pub(crate) fn look_after(&self, response: &mut Response, look: Look) {
        // First, since a secret in which something is marked would not be known any more.
        if self.known.any() {
            texts_of(response, &mut |text| self.known.hide(text));
        }
        if look != Look::NOTHING {
            look_after(response, look);
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
            result.content.iter_mut().for_each(|block| block.everything_mut(each));
            result.structured.iter_mut().for_each(&mut *each);
            result.meta.texts_mut(each);
        }
        Response::Resource(result) => {
            result.contents.iter_mut().for_each(|item| item.everything_mut(each));
            result.meta.texts_mut(each);
        }
        Response::Prompt(result) => {
            result.messages.iter_mut().for_each(|message| message.content.everything_mut(each));
            result.meta.texts_mut(each);
        }
        Response::Completion(completion) => completion.values.iter_mut().for_each(each),
        Response::Error(error) => each(&mut error.message),
        _ => {}
    }
}

/// Marks what is to be marked in what a function gave.
fn look_after(response: &mut Response, look: Look) {
    match response {
        Response::Tool(result) => tool_result(result, look),
        Response::Resource(result) => resource_result(result, look),
        Response::Prompt(result) => prompt_result(result, look),
        Response::Completion(completion) => completion.values.iter_mut().for_each(|value| each(value, look)),
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

    /// Cuts texts of tools that are longer than so many bytes, 1,000 at least, and keeps the rest for the caller: a note says how much
    /// is missing, and the resource `result://…` has it in parts, as long as [handles](crate::HandleRules) are kept. Without it
    /// nothing is cut, and [`max_result`](Self::max_result) refuses what is too long for anybody. `#[mcp::tool(cut = 20_000)]` says
    /// of one tool how much it gives at once.
    ///
    /// Structured content stays whole, because programs read it; its text is cut. Where `tool` is true there is a tool `read_result`
    /// too, for clients that read no resources. The results of tasks are not cut.
    ///
    /// ```standalone_crate
    /// let server = mcp::server!().cut_results(20_000, false).build()?;
    /// # Ok::<_, mcp::BuildError>(())
    /// ```
    #[must_use]
    pub fn cut_results(mut self, bytes: usize, tool: bool) -> Self {
        if bytes < 1000 {
            self.problems
                .push(format!("`cut_results` leaves {bytes} bytes: 1000 at least are given at once"));
        }
        self.output.cut = Some(bytes);
        self.output.by_tool = tool;
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
