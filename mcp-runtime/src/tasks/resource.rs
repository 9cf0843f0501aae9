//! `task://{id}`: a task as a resource, for clients that do not know the extension.

use serde_json::Value;

use super::board::Board;
use crate::__private::run;
use crate::handler::{Call, Context, Json, Running};
use crate::model::{Definition, Segment, Source};
use crate::{Error, Link};

const TEMPLATE: &str = "task://{id}";

/// The resource template, which a server offers that has tasks.
pub(crate) const fn definition() -> Definition {
    const SEGMENTS: &[Segment] = &[Segment::Literal("task://"), Segment::Variable("id")];
    let source = Source { module: module_path!(), file: file!(), line: line!(), function: "task" };
    Definition::resource("task", TEMPLATE, SEGMENTS, source, read)
        .title("Task")
        .description("The status of a task, and its result when it has one.")
        .mime("application/json")
}

fn read(mut call: Call) -> Running {
    run(async move {
        let returns = call.resource::<Result<Json<Value>, Error>>();
        let id = call.argument::<String, _>("id", "The id of the task.").given(&mut call).await;
        let cx = call.extract::<Context>("cx").given(&mut call).await;
        match (call.ready(), id, cx) {
            (true, Some(id), Some(cx)) => returns.reply(status(&id, &cx).await),
            _ => call.stop(),
        }
    })
}

async fn status(id: &str, cx: &Context) -> Result<Json<Value>, Error> {
    let board = Board::of(cx)?;
    let task = board.find(id, cx.principal()).await;
    let task = task.map_err(|_| Error::resource_not_found(format!("task://{id}")))?;
    Ok(Json(task.detail().into()))
}

/// What a client gets in place of a result that takes too long.
pub(crate) fn link(id: &str, tool: &str) -> Link {
    Link::new(format!("task://{id}"), format!("{tool}-task"))
        .title(format!("Status and result of {tool}"))
        .mime("application/json")
}
