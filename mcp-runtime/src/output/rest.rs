//! `result://{id}/{part}`: the rest of a result that was cut, as a resource, and as a tool for clients that read no resources.

use crate::__private::run;
use crate::handler::{Call, Context, Running};
use crate::handles::{Trouble, Vault};
use crate::model::{Annotations, Definition, Segment, Source};
use crate::{Error, ToolError};

use super::cut::bound;

const TEMPLATE: &str = "result://{id}/{part}";
/// The name of the tool.
pub(super) const TOOL: &str = "read_result";

pub(super) fn uri(id: &str, part: usize) -> String {
    format!("result://{id}/{part}")
}

const fn source(function: &'static str) -> Source {
    Source { module: module_path!(), file: file!(), line: line!(), function }
}

/// The resource template, which a server offers that cuts results. What it gives was looked after when it was cut.
pub(crate) const fn resource() -> Definition {
    const SEGMENTS: &[Segment] = &[
        Segment::Literal("result://"),
        Segment::Variable("id"),
        Segment::Literal("/"),
        Segment::Variable("part"),
    ];
    Definition::resource("result", TEMPLATE, SEGMENTS, source("result"), read)
        .title("Rest of a result")
        .description("A part of a result that was too long to be given at once.")
        .mime("text/plain")
        .raw(true)
}

/// The tool.
pub(crate) const fn tool() -> Definition {
    const HINTS: Annotations =
        Annotations { read_only: Some(true), destructive: None, idempotent: None, open_world: Some(false) };
    Definition::tool(TOOL, source(TOOL), call_tool)
        .title("Rest of a result")
        .description("Gives a part of a result that was cut because it was too long.")
        .annotations(HINTS)
        .raw(true)
        .cut(usize::MAX)
}

fn read(mut call: Call) -> Running {
    run(async move {
        let returns = call.resource::<Result<String, Error>>();
        let id = call.argument::<String, _>("id", "Which result.").given(&mut call).await;
        let part = call.argument::<u32, _>("part", "Which part, from 1 on.").given(&mut call).await;
        let cx = call.extract::<Context>("cx").given(&mut call).await;
        match (call.ready(), id, part, cx) {
            (true, Some(id), Some(part), Some(cx)) => {
                let found = part_of(&id, part, &cx).await;
                let found = found.map_err(|_| Error::internal(AWAY));
                returns.reply(found.and_then(|found| {
                    found.ok_or_else(|| Error::resource_not_found(format!("result://{id}/{part}")))
                }))
            }
            _ => call.stop(),
        }
    })
}

fn call_tool(mut call: Call) -> Running {
    run(async move {
        let returns = call.tool::<Result<String, ToolError>>();
        let id = call
            .argument::<String, _>("id", "The id that stands where the result was cut.")
            .given(&mut call)
            .await;
        let part = call.argument::<u32, _>("part", "Which part, from 1 on.").given(&mut call).await;
        let cx = call.extract::<Context>("cx").given(&mut call).await;
        match (call.ready(), id, part, cx) {
            (true, Some(id), Some(part), Some(cx)) => {
                let found = part_of(&id, part, &cx).await;
                let found = found.map_err(|_| ToolError::transient(AWAY));
                returns.reply(found.and_then(|found| found.ok_or_else(|| {
                    ToolError::invalid_input(
                        "there is no such part of a result: it may have expired; call the tool again that gave the result",
                    )
                })))
            }
            _ => call.stop(),
        }
    })
}

/// What is said where it cannot be told what is kept.
const AWAY: &str = "the rest of the result is out of reach for now: try again";

async fn part_of(id: &str, part: u32, cx: &Context) -> Result<Option<String>, Trouble> {
    // Nothing that was minted is as long.
    let Some(vault) = cx.state::<Vault>().filter(|_| id.len() <= 64) else { return Ok(None) };
    let found = vault.get(id, &bound(cx.principal(), id)).await.inspect_err(|trouble| {
        tracing::warn!(?trouble, "the rest of a result could not be read");
    })?;
    let parts: Option<Vec<String>> = found.and_then(|found| serde_json::from_slice(&found).ok());
    let at = usize::try_from(part).ok().and_then(|part| part.checked_sub(1));
    Ok(parts.zip(at).and_then(|(mut parts, at)| (at < parts.len()).then(|| parts.swap_remove(at))))
}
