//! From definitions to a registry: each function is asked about itself, and everything that does not fit together is
//! reported, all at once, with its place in the source.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Registry;
use super::completion::completions;
use super::extra::{meta, problem_of_app};
use crate::error::BuildError;
use crate::handler::{States, describe};
use crate::model::{Definition, Kind, Prompt, PromptArgument, Resource, Template, Tool};
use crate::schema::{Description, mirrors};

/// A name of a tool or prompt is at most this long, so that every client can use it.
const LONGEST_NAME: usize = 64;

impl Registry {
    /// Checks the definitions and puts them in order.
    ///
    /// `problems` are those that are known already.
    pub(crate) fn build(
        definitions: Vec<Definition>,
        states: &States,
        page: usize,
        mut problems: Vec<String>,
    ) -> Result<Self, BuildError> {
        // What is both found and given explicitly is one definition.
        let mut unique: Vec<Definition> = Vec::new();
        for definition in definitions {
            if !unique.iter().any(|seen| seen.source == definition.source && same_kind(seen, &definition)) {
                unique.push(definition);
            }
        }
        duplicates(&unique, &mut problems);

        let (mut tools, mut resources, mut templates, mut prompts) = (vec![], vec![], vec![], vec![]);
        for definition in unique {
            let source = definition.source;
            if let Some(problem) = illegal_name(&definition) {
                problems.push(format!("{problem} ({source})"));
            }
            let Some(mut described) = describe(definition.run) else {
                problems.push(format!("\"{}\" cannot be described ({source})", definition.name));
                continue;
            };
            for (state, name) in &described.states {
                if !states.contains(*state) {
                    problems.push(format!(
                        "\"{}\" needs State<{name}>, which the server was not given: add `.state(…)` ({source})",
                        definition.name
                    ));
                }
            }
            match definition.kind {
                Kind::Tool(_) => match tool(definition, &mut described) {
                    Ok(tool) => tools.push(Arc::new(tool)),
                    Err(problem) => {
                        problems.push(format!("tool \"{}\": {problem} ({source})", definition.name));
                    }
                },
                Kind::Resource { uri, .. } => match resource(definition, uri, &described) {
                    Ok(resource) => {
                        let resource = Arc::new(resource);
                        if uri.is_template() { templates.push(resource) } else { resources.push(resource) }
                    }
                    Err(problem) => {
                        problems.push(format!("resource \"{}\": {problem} ({source})", definition.name));
                    }
                },
                Kind::Prompt => match prompt(definition, &described) {
                    Ok(prompt) => prompts.push(Arc::new(prompt)),
                    Err(problem) => {
                        problems.push(format!("prompt \"{}\": {problem} ({source})", definition.name));
                    }
                },
            }
        }
        for Tool { definition, .. } in tools.iter().map(|tool| &**tool) {
            if let Some(problem) = problem_of_app(definition, resources.iter().map(|resource| &**resource)) {
                problems.push(format!("{problem} ({})", definition.source));
            }
        }
        if !problems.is_empty() {
            problems.sort();
            return Err(BuildError { problems });
        }
        tools.sort_by(|a, b| a.name().cmp(b.name()));
        resources.sort_by(|a, b| a.uri().cmp(b.uri()));
        templates.sort_by(|a, b| a.uri().cmp(b.uri()));
        prompts.sort_by(|a, b| a.name().cmp(b.name()));
        let registry = Self::new(tools, resources, templates, prompts, page);
        registry.report();
        Ok(registry)
    }

    /// Says in the log what was found, and in which modules.
    fn report(&self) {
        let mut modules: BTreeMap<&str, usize> = BTreeMap::new();
        let tools = self.tools.iter().map(|tool| tool.definition.source.module);
        let resources = self.resources().map(|resource| resource.definition.source.module);
        let prompts = self.prompts.iter().map(|prompt| prompt.definition.source.module);
        for module in tools.chain(resources).chain(prompts) {
            *modules.entry(module).or_default() += 1;
        }
        let modules: Vec<_> = modules.iter().map(|(module, count)| format!("{module} ({count})")).collect();
        let found = (self.tools.len(), self.resources.len(), self.templates.len(), self.prompts.len());
        if modules.is_empty() {
            tracing::warn!(
                "nothing to serve was found: a crate that nothing names is not linked; name it with `mcp::link!`"
            );
        } else {
            tracing::info!(
                tools = found.0,
                resources = found.1,
                templates = found.2,
                prompts = found.3,
                modules = modules.join(", "),
                "offering"
            );
        }
    }
}

fn same_kind(a: &Definition, b: &Definition) -> bool {
    std::mem::discriminant(&a.kind) == std::mem::discriminant(&b.kind)
}

/// What clients tell definitions apart by: names of tools and prompts, URIs of resources.
fn key(definition: &Definition) -> (&'static str, &'static str) {
    match definition.kind {
        Kind::Tool(_) => ("tool", definition.name),
        Kind::Prompt => ("prompt", definition.name),
        Kind::Resource { uri: Template { source, .. }, .. } => ("resource", source),
    }
}

fn duplicates(definitions: &[Definition], problems: &mut Vec<String>) {
    let mut by_key: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for definition in definitions {
        by_key.entry(key(definition)).or_default().push(definition.source.to_string());
    }
    for ((kind, name), mut places) in by_key {
        if places.len() > 1 {
            places.sort();
            problems.push(format!(
                "{kind} \"{name}\" is defined {} times: {}",
                places.len(),
                places.join(", ")
            ));
        }
    }
}

fn illegal_name(definition: &Definition) -> Option<String> {
    let Definition { name, kind, .. } = definition;
    match kind {
        Kind::Tool(_) | Kind::Prompt => {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
            let fits = (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(legal);
            (!fits).then(|| {
                format!(
                    "{name:?} is not a name: use 1 to {LONGEST_NAME} letters, digits, \"_\", \"-\" and \".\" of ASCII"
                )
            })
        }
        Kind::Resource { .. } => (name.is_empty() || name.chars().any(char::is_control))
            .then(|| format!("{name:?} is not a name: it must have text without control characters")),
    }
}

fn tool(definition: Definition, described: &mut Description) -> Result<Tool, String> {
    for (name, header) in definition.headers {
        described.header(name, header)?;
    }
    let meta = meta(&definition)?;
    let input = described.input().map_err(|conflict| conflict.to_string())?;
    let published = serde_json::to_value(&input).map_err(|error| error.to_string())?;
    Ok(Tool { definition, mirrors: mirrors(&published)?, input, output: described.output.take(), meta })
}

fn resource(definition: Definition, template: Template, described: &Description) -> Result<Resource, String> {
    if definition.public && !definition.scopes.is_empty() {
        return Err(
            "`public` lets caches give it to anybody, and `scopes` do not: leave one of them out".into()
        );
    }
    if let (true, Some(caller)) = (definition.public, described.callers.first()) {
        return Err(format!(
            "`public` lets caches give one caller what another was given, and `{caller}` may tell callers apart: leave \
             `public` out, or the argument; an extractor of yours that is the same for all says so with \
             `const SAME_FOR_ALL: bool = true`"
        ));
    }
    let completions = completions(&definition, described)?;
    Ok(Resource { definition, template, completions, meta: meta(&definition)? })
}

fn prompt(definition: Definition, described: &Description) -> Result<Prompt, String> {
    let arguments = prompt_arguments(described)?;
    let completions = completions(&definition, described)?;
    Ok(Prompt { definition, arguments, completions, meta: meta(&definition)? })
}

fn prompt_arguments(described: &Description) -> Result<Vec<PromptArgument>, String> {
    if let Some(whole) = &described.whole {
        let properties = whole.get("properties").and_then(serde_json::Value::as_object);
        let names = properties.map(|found| found.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        return Err(format!("a prompt takes its arguments plainly, not as `Args`: {}", names.join(", ")));
    }
    let argument = |field: &crate::schema::Field| PromptArgument {
        name: field.name,
        description: field.description,
        required: field.required,
    };
    Ok(described.fields.iter().map(argument).collect())
}
