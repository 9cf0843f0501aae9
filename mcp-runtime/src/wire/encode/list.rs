//! The lists: what is published of each thing that is offered.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::super::cursor;
use super::super::extra::{Extra, Marks};
use super::super::revision::Revision;
use super::{Answer, member};
use crate::Catalogue;
use crate::dialect::{Dialect, Rewritten};
use crate::model::{self, Definition, Items, Kind, ListPage, Resource, Tool};
use crate::registry::Registry;
use crate::schema::InputSchema;

impl Answer {
    pub(super) fn list<'a>(&self, page: &'a ListPage) -> Cow<'a, [u8]> {
        match page.after {
            None => page.listing.form(self.form(page), || self.page(page)),
            Some(_) => self.page(page).into(),
        }
    }

    /// The number of the form in which the first page is kept. Only tools differ by dialect.
    fn form(&self, page: &ListPage) -> usize {
        let dialect = match page.listing.items {
            Items::Tools(_) => page.dialect as usize,
            _ => 0,
        };
        self.revision.list_form() * Dialect::ALL.len() + dialect
    }

    /// Writes a page of a list, with the cursor of the next one.
    fn page(&self, page: &ListPage) -> Vec<u8> {
        let mut out = Vec::new();
        let (range, last) = page.range();
        let items = &page.listing.items;
        match items {
            Items::Tools(found) => {
                let found = found.get(range).unwrap_or_default().iter();
                let found: Vec<_> =
                    found.map(|tool| PublishedTool::new(tool, self.revision, page.dialect)).collect();
                member(&mut out, "tools", &found);
            }
            Items::Resources(found) | Items::Templates(found) => {
                let found = found.get(range).unwrap_or_default().iter();
                let found: Vec<_> =
                    found.map(|resource| PublishedResource::new(resource, self.revision)).collect();
                let list = if let Items::Resources(_) = items { "resources" } else { "resourceTemplates" };
                member(&mut out, list, &found);
            }
            Items::Prompts(found) => {
                let found = found.get(range).unwrap_or_default().iter();
                let found: Vec<_> = found.map(|prompt| PublishedPrompt::new(prompt, self.revision)).collect();
                member(&mut out, "prompts", &found);
            }
        }
        if let Some(last) = last {
            out.push(b',');
            member(&mut out, "nextCursor", &cursor::write(items.kind(), last));
        }
        out
    }
}

/// Everything that is published, whole: in the newest revision, which leaves nothing out.
pub(crate) fn catalogue(registry: &Registry, instructions: Option<&str>) -> Catalogue {
    let revision = Revision::LATEST_STATELESS;
    let (templates, resources): (Vec<_>, Vec<_>) =
        registry.resources().partition(|resource| resource.template.is_template());
    let published = |found: Vec<&std::sync::Arc<Resource>>| {
        found.into_iter().map(|resource| json!(PublishedResource::new(resource, revision))).collect()
    };
    let tool = |tool: &std::sync::Arc<Tool>| json!(PublishedTool::new(tool, revision, Dialect::Standard));
    let catalogue = Catalogue {
        instructions: instructions.map(str::to_owned),
        tools: registry.tools().iter().map(tool).collect(),
        resources: published(resources),
        templates: published(templates),
        prompts: registry.prompts().iter().map(|it| json!(PublishedPrompt::new(it, revision))).collect(),
    };
    catalogue.sorted()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublishedTool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: Cow<'a, str>,
    input_schema: Input<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<Cow<'a, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Hints<'a>>,
    #[serde(flatten)]
    extra: Extra<'a>,
}

/// The schema of the arguments.
#[derive(Serialize)]
#[serde(untagged)]
enum Input<'a> {
    Standard(&'a InputSchema),
    Rewritten(&'a Rewritten),
}

/// What a tool says of its own behaviour.
#[derive(Serialize)]
struct Hints<'a> {
    /// Only where the tool itself has no title: then it would be there twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(flatten)]
    behaviour: model::Annotations,
}

impl<'a> Hints<'a> {
    fn new(definition: &'a Definition, revision: Revision) -> Option<Self> {
        let Kind::Tool(behaviour) = definition.kind else { return None };
        let title = definition.title.filter(|_| !revision.has_titles());
        let says_something = title.is_some() || behaviour != model::Annotations::default();
        (revision.has_tool_annotations() && says_something).then_some(Self { title, behaviour })
    }
}

impl<'a> PublishedTool<'a> {
    fn new(tool: &'a Tool, revision: Revision, dialect: Dialect) -> Self {
        let definition = &tool.definition;
        let output = tool.output.as_ref().filter(|schema| {
            revision.has_structured_results() && (revision.any_structured_result() || schema.is_object())
        });
        Self {
            name: definition.name,
            title: definition.title.filter(|_| revision.has_titles()),
            description: definition.published_description(),
            input_schema: tool.rewritten(dialect).map_or(Input::Standard(&tool.input), Input::Rewritten),
            output_schema: output.map(|schema| match revision.any_structured_result() {
                true => Cow::Borrowed(&schema.0),
                false => with_objects(&schema.0),
            }),
            annotations: Hints::new(definition, revision),
            extra: Extra::new(definition, &tool.meta, revision),
        }
    }
}

/// A schema whose properties all have objects for schemas, as the revisions ask that have objects only for results:
/// `true`, for any value, is `{}` there.
fn with_objects(schema: &Value) -> Cow<'_, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    if !properties.is_some_and(|properties| properties.values().any(Value::is_boolean)) {
        return Cow::Borrowed(schema);
    }
    let mut schema = schema.clone();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(|properties| properties.values_mut()) {
        match property {
            Value::Bool(true) => *property = json!({}),
            Value::Bool(false) => *property = json!({"not": {}}),
            _ => {}
        }
    }
    Cow::Owned(schema)
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
    description: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Marks>,
    #[serde(flatten)]
    extra: Extra<'a>,
}

impl<'a> PublishedResource<'a> {
    fn new(resource: &'a Resource, revision: Revision) -> Self {
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
            title: definition.title.filter(|_| revision.has_titles()),
            description: definition.published_description(),
            mime_type,
            size: size.filter(|_| !template),
            annotations: Marks::new(definition),
            extra: Extra::new(definition, &resource.meta, revision),
        }
    }
}

#[derive(Serialize)]
struct PublishedPrompt<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: Cow<'a, str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    arguments: &'a [model::PromptArgument],
    #[serde(flatten)]
    extra: Extra<'a>,
}

impl<'a> PublishedPrompt<'a> {
    fn new(prompt: &'a model::Prompt, revision: Revision) -> Self {
        let definition = &prompt.definition;
        Self {
            name: definition.name,
            title: definition.title.filter(|_| revision.has_titles()),
            description: definition.published_description(),
            arguments: &prompt.arguments,
            extra: Extra::new(definition, &prompt.meta, revision),
        }
    }
}
