//! The lists: what is published of each thing that is offered.

use serde::Serialize;

use super::{Answer, member};
use crate::model::{self, Items, Kind, Listing, Resource, Tool};

impl Answer {
    pub(super) fn list<'a>(&self, listing: &'a Listing) -> std::borrow::Cow<'a, [u8]> {
        listing.form(self.revision.list_form(), |items| {
            let mut out = Vec::new();
            match items {
                Items::Tools(tools) => {
                    let any = self.revision.any_structured_result();
                    let tools: Vec<_> = tools.iter().map(|tool| PublishedTool::new(tool, any)).collect();
                    member(&mut out, "tools", &tools);
                }
                Items::Resources(found) => {
                    let found: Vec<_> =
                        found.iter().map(|resource| PublishedResource::new(resource)).collect();
                    member(&mut out, "resources", &found);
                }
                Items::Templates(found) => {
                    let found: Vec<_> =
                        found.iter().map(|resource| PublishedResource::new(resource)).collect();
                    member(&mut out, "resourceTemplates", &found);
                }
                Items::Prompts(found) => {
                    let found: Vec<_> = found.iter().map(|prompt| PublishedPrompt::new(prompt)).collect();
                    member(&mut out, "prompts", &found);
                }
            }
            out
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublishedTool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: &'a str,
    input_schema: &'a crate::schema::InputSchema,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<&'a serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<model::Annotations>,
}

impl<'a> PublishedTool<'a> {
    fn new(tool: &'a Tool, any_structured_result: bool) -> Self {
        let definition = &tool.definition;
        let output = tool.output.as_ref().filter(|schema| any_structured_result || schema.is_object());
        Self {
            name: definition.name,
            title: definition.title,
            description: definition.published_description(),
            input_schema: &tool.input,
            output_schema: output.map(|schema| &schema.0),
            annotations: match definition.kind {
                Kind::Tool(hints) if hints != model::Annotations::default() => Some(hints),
                _ => None,
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublishedResource<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_template: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

impl<'a> PublishedResource<'a> {
    fn new(resource: &'a Resource) -> Self {
        let definition = &resource.definition;
        let (mime_type, size) = match definition.kind {
            Kind::Resource { mime, size, .. } => (mime, size),
            _ => (None, None),
        };
        let template = resource.template.is_template();
        Self {
            uri: (!template).then(|| resource.uri()),
            uri_template: template.then(|| resource.uri()),
            name: definition.name,
            title: definition.title,
            description: definition.published_description(),
            mime_type,
            size: size.filter(|_| !template),
        }
    }
}

#[derive(Serialize)]
struct PublishedPrompt<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    arguments: &'a [model::PromptArgument],
}

impl<'a> PublishedPrompt<'a> {
    fn new(prompt: &'a model::Prompt) -> Self {
        let definition = &prompt.definition;
        Self {
            name: definition.name,
            title: definition.title,
            description: definition.published_description(),
            arguments: &prompt.arguments,
        }
    }
}
