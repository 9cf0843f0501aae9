//! What is published beside the plain facts: `_meta`, and the app that shows a tool's result.

use serde_json::{Value, json};

use crate::model::{Definition, Kind, Meta, Resource, problem_of_name};

/// The media type of the page of an app (extension `io.modelcontextprotocol/ui`).
const APP: &str = "text/html;profile=mcp-app";

/// The `_meta` of a definition.
pub(super) fn meta(definition: &Definition) -> Result<Meta, String> {
    let mut meta = Meta::default();
    if let Some(text) = definition.meta {
        let members: serde_json::Map<String, Value> =
            serde_json::from_str(text).map_err(|error| format!("`meta` is no JSON object: {error}"))?;
        for (name, value) in members {
            if let Some(problem) = problem_of_name(&name) {
                return Err(format!("the name {name:?} in `meta`: {problem}"));
            }
            meta.put(name, value);
        }
    }
    if let Some(uri) = definition.app {
        // What the author says of the page beside its URI, such as who may see the tool, stays.
        let written = meta.members().find(|(name, _)| *name == "ui").map(|(_, ui)| ui.clone());
        let mut ui = written.unwrap_or_else(|| json!({}));
        let members = ui.as_object_mut().ok_or("\"ui\" in `meta` is no object")?;
        members.insert("resourceUri".into(), uri.into());
        meta.put("ui".into(), ui);
    }
    Ok(meta)
}

/// What is wrong with the app of a tool, if anything is.
pub(super) fn problem_of_app<'a>(
    definition: &Definition,
    resources: impl Iterator<Item = &'a Resource>,
) -> Option<String> {
    let uri = definition.app?;
    let name = definition.name;
    let mut mimes =
        resources.filter(|resource| resource.uri() == uri).map(|resource| match resource.definition.kind {
            Kind::Resource { mime, .. } => mime,
            _ => None,
        });
    match mimes.next() {
        Some(Some(APP)) => None,
        Some(_) => Some(format!("the app of tool \"{name}\", {uri:?}, is no page: write `mime = \"{APP}\"`")),
        None => Some(format!(
            "there is no resource {uri:?} to be the app of tool \"{name}\": write \
             `#[mcp::resource(\"{uri}\", mime = \"{APP}\")] async fn page() -> &'static str {{ … }}`"
        )),
    }
}
