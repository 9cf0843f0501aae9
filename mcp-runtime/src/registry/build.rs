//! From definitions to a registry: each function is asked about itself, and everything that does not fit together is
//! reported, all at once, with its place in the source.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Registry;
use super::completion::completions;
use super::extra::{meta, problem_of_app};
use crate::dialect::Dialects;
use crate::error::BuildError;
use crate::handler::{Fault, States, describe, faults};
use crate::json::{Node, Object};
use crate::model::{Arguments, Definition, Kind, Prompt, PromptArgument, Resource, Template, Tool};
use crate::schema::{Description, Guard, OutputCheck, guard, guard_of_texts, mirrors};
use crate::tally::Tally;

/// A name of a tool or prompt is at most this long, so that every client can use it.
const LONGEST_NAME: usize = 64;

/// What a server takes care of beyond what every server does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Care {
    /// Slips of models are refused, of every tool that does not say otherwise.
    pub(crate) strict: bool,
    /// Results are held to their schemas.
    pub(crate) outputs: bool,
}

impl Registry {
    /// Checks the definitions and puts them in order.
    ///
    /// `problems` are those that are known already.
    pub(crate) fn build(
        definitions: Vec<Definition>,
        states: &States,
        page: usize,
        care: Care,
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
            for name in &described.credentials {
                if !states.has_secret(name) {
                    problems.push(format!(
                        "\"{}\" needs the secret {name}, which is nowhere to be found: set the variable {name}, or {name}_FILE \
                         to a file that has it, or say where secrets come from with `.secrets(…)` ({source})",
                        definition.name
                    ));
                }
            }
            for problem in described.problems.drain(..) {
                problems.push(format!("\"{}\": {problem} ({source})", definition.name));
            }
            match definition.kind {
                Kind::Tool(_) => match tool(definition, care, &mut described) {
                    Ok(tool) => tools.push(Arc::new(tool)),
                    Err(problem) => {
                        problems.push(format!("tool \"{}\": {problem} ({source})", definition.name));
                    }
                },
                Kind::Resource { uri, .. } => match resource(definition, uri, &mut described) {
                    Ok(resource) => {
                        let resource = Arc::new(resource);
                        if uri.is_template() { templates.push(resource) } else { resources.push(resource) }
                    }
                    Err(problem) => {
                        problems.push(format!("resource \"{}\": {problem} ({source})", definition.name));
                    }
                },
                Kind::Prompt => match prompt(definition, &mut described) {
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

fn tool(definition: Definition, care: Care, described: &mut Description) -> Result<Tool, String> {
    for (name, header) in definition.headers {
        described.header(name, header)?;
    }
    let meta = meta(&definition)?;
    let input = described.input().map_err(|conflict| conflict.to_string())?;
    let published = serde_json::to_value(&input).map_err(|error| error.to_string())?;
    let mirrors = mirrors(&published)?;
    let takes = |name: Option<&'static str>, node: &Node| {
        let arguments = match name {
            Some(name) => Node::Object(vec![(name.to_owned(), node.clone())]).to_text(),
            None => node.to_text(),
        };
        let object = Object::parse(&arguments).unwrap_or_else(Object::empty);
        let found = faults(definition.run, Arguments::Json(object));
        !found.iter().any(|fault| match fault {
            Fault::Invalid { name: wrong, .. } => name == Some(wrong),
            Fault::Whole { .. } => true,
            Fault::Missing { .. } | Fault::Unknown { .. } => false,
        })
    };
    let guard = guard(&input, published, &takes)?;
    let destructive = matches!(definition.kind, Kind::Tool(hints) if hints.destructive == Some(true));
    let strict = definition.strict.unwrap_or(care.strict || destructive);
    let output = described.output.take();
    let check = output.as_ref().filter(|_| care.outputs).map(|output| OutputCheck::new(&output.0));
    Ok(Tool {
        definition,
        mirrors,
        input,
        output,
        meta,
        dialects: Dialects::default(),
        guard,
        strict,
        check,
        tally: Tally::default(),
    })
}

/// What is checked of arguments that come as texts.
fn guard_of(definition: &Definition, described: &mut Description) -> Result<Guard, String> {
    if described.whole.is_some() || described.fields.is_empty() {
        return Ok(Guard::default());
    }
    let input = described.input().map_err(|conflict| conflict.to_string())?;
    let document = serde_json::to_value(&input).map_err(|error| error.to_string())?;
    let takes = |name: Option<&'static str>, node: &Node| {
        let text = match node {
            Node::Text(text) => text.clone(),
            other => other.to_text(),
        };
        let given = name.map(|name| (name.to_owned(), text)).into_iter().collect();
        let found = faults(definition.run, Arguments::Text(given));
        !found.iter().any(|fault| matches!(fault, Fault::Invalid { name: wrong, .. } if name == Some(wrong)))
    };
    guard_of_texts(&input, document, &takes)
}

fn resource(
    definition: Definition,
    template: Template,
    described: &mut Description,
) -> Result<Resource, String> {
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
    let guard = guard_of(&definition, described)?;
    Ok(Resource { definition, template, completions, meta: meta(&definition)?, guard })
}

fn prompt(definition: Definition, described: &mut Description) -> Result<Prompt, String> {
    let arguments = prompt_arguments(described)?;
    let completions = completions(&definition, described)?;
    let secrets = described.fields.iter().filter(|field| field.is_secret()).map(|field| field.name).collect();
    let guard = guard_of(&definition, described)?;
    Ok(Prompt { definition, arguments, secrets, completions, meta: meta(&definition)?, guard })
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
