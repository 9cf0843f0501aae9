//! `list`: what the server offers.

use serde_json::json;

use super::{Style, print, printable};
use crate::model::{Definition, Kind};
use crate::server::Server;
use crate::testing::Client;

pub(super) async fn list(server: &Server, as_json: bool) -> crate::Result<()> {
    if as_json {
        let client = Client::of_author(server);
        let listed = json!({
            "tools": client.tools().await.unwrap_or_default(),
            "resources": client.resources().await.unwrap_or_default(),
            "resourceTemplates": client.templates().await.unwrap_or_default(),
            "prompts": client.prompts().await.unwrap_or_default(),
        });
        return print(&format!("{listed:#}"));
    }
    let style = Style::of_stdout();
    let (name, version) = (server.name(), server.version());
    print(&format!("{} {}", style.heading(name), style.quiet(version)))?;
    let registry = &server.shared.registry;
    let tools = registry.tools().iter().map(|tool| {
        let mut arguments: Vec<String> = match tool.input.fields.as_slice() {
            [] => tool.input.names(),
            fields => fields.iter().map(|field| mark(field.name, field.required)).collect(),
        };
        arguments.retain(|argument| !argument.is_empty());
        (format!("{}({})", tool.name(), arguments.join(", ")), note(tool.definition()))
    });
    section("tools", tools.collect(), style)?;
    let resources =
        registry.resources().map(|resource| (resource.uri().to_owned(), note(resource.definition())));
    section("resources", resources.collect(), style)?;
    let prompts = registry.prompts().iter().map(|prompt| {
        let arguments: Vec<_> =
            prompt.arguments.iter().map(|argument| mark(argument.name, argument.required)).collect();
        (format!("{}({})", prompt.name(), arguments.join(", ")), note(prompt.definition()))
    });
    section("prompts", prompts.collect(), style)
}

fn mark(name: &str, required: bool) -> String {
    if required { name.into() } else { format!("{name}?") }
}

/// The first line of the description, what a tool says of itself, and what its caller needs.
fn note(definition: &Definition) -> String {
    let description = definition.published_description();
    let first = description.lines().next().unwrap_or_default();
    let mut hints: Vec<String> = match definition.kind() {
        Kind::Tool(hints) => [
            (hints.read_only, "read-only"),
            (hints.destructive, "destructive"),
            (hints.idempotent, "idempotent"),
            (hints.open_world, "open world"),
        ]
        .iter()
        .filter(|(hint, _)| *hint == Some(true))
        .map(|(_, name)| (*name).to_owned())
        .collect(),
        _ => vec![],
    };
    let scopes = definition.required_scopes();
    if !scopes.is_empty() {
        hints.push(format!("needs {}", scopes.join(" and ")));
    }
    if hints.is_empty() { first.into() } else { format!("{first} [{}]", hints.join(", ")) }
}

fn section(heading: &str, rows: Vec<(String, String)>, style: Style) -> crate::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    print(&format!("\n{}", style.heading(heading)))?;
    let width = rows.iter().map(|(left, _)| left.chars().count()).max().unwrap_or_default().min(48);
    for (left, right) in rows {
        let gap = " ".repeat(width.saturating_sub(left.chars().count()));
        print(&format!("  {}{gap}  {}", style.name(&printable(&left)), printable(&right)))?;
    }
    Ok(())
}
