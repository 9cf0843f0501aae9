//! `completion/complete`: which argument of what is being typed.

use std::collections::BTreeMap;

use super::envelope::Params;
use crate::Error;
use crate::json::string;
use crate::model::{ArgumentCompletion, Completed, Operation, Typed};
use crate::registry::{Registry, closest};

/// Reads the request, and finds what it refers to.
pub(super) fn read(registry: &Registry, params: &Params) -> Result<Operation, Error> {
    let wrong = |what: &str| Error::invalid_params(what.to_owned());
    let object = |name: &str, wanted: &str| params.inside(name).ok().flatten().ok_or_else(|| wrong(wanted));
    const REFERENCE: &str =
        "\"ref\" must be {\"type\":\"ref/prompt\",\"name\":…} or {\"type\":\"ref/resource\",\"uri\":…}";
    const ARGUMENT: &str = "\"argument\" must be {\"name\":…,\"value\":…}, both strings";

    let reference = object("ref", REFERENCE)?;
    let text = |name: &str| Some(string(reference.get(name)?.as_str())?.into_owned());
    let of = match text("type").as_deref() {
        Some("ref/prompt") => {
            Completed::Prompt(registry.prompt(&text("name").ok_or_else(|| wrong(REFERENCE))?)?)
        }
        Some("ref/resource") => {
            Completed::Resource(registry.published(&text("uri").ok_or_else(|| wrong(REFERENCE))?)?)
        }
        _ => return Err(wrong(REFERENCE)),
    };

    let argument = object("argument", ARGUMENT)?;
    let text = |name: &str| Some(string(argument.get(name)?.as_str())?.into_owned());
    let (Some(name), Some(typed)) = (text("name"), text("value")) else { return Err(wrong(ARGUMENT)) };
    let completions = match &of {
        Completed::Prompt(prompt) => &prompt.completions,
        Completed::Resource(resource) => &resource.completions,
    };
    let Some(completer) = completions.of(&name) else {
        let shown: String = name.chars().take(100).collect();
        let hint = match closest(&name, completions.names()) {
            Some(meant) => format!("; did you mean {meant:?}?"),
            None => String::new(),
        };
        return Err(wrong(&format!("{:?} has no argument {shown:?}{hint}", of.name())));
    };
    let completer = completer.clone();
    let typed = Typed::among(typed, given(params)?);
    Ok(Operation::Complete(ArgumentCompletion { of, completer, typed }))
}

/// The other arguments that are known already.
fn given(params: &Params) -> Result<BTreeMap<String, String>, Error> {
    let wrong = || Error::invalid_params("\"context\" must be {\"arguments\":{…}}, whose values are strings");
    let Some(context) = params.inside("context").map_err(|()| wrong())? else { return Ok(BTreeMap::new()) };
    match context.get("arguments") {
        Some(arguments) => serde_json::from_str(arguments.as_str()).map_err(|_| wrong()),
        None => Ok(BTreeMap::new()),
    }
}
