//! What becomes of a call whose arguments are not right: it runs with what was meant, where that is plain, or it is answered
//! with everything that is wrong. No call that is right comes here.

use std::sync::Arc;

use super::faults::{explain, explain_texts};
use crate::Error;
use crate::error::FailureKind;
use crate::handler::{Call, Context, Failure, Fault, Refused, Running, faults};
use crate::json::{Node, Object};
use crate::model::{Arguments, Definition, Facts, Response, Tool, ToolResult};
use crate::schema::{Coercion, Guard, OutputCheck, Slip};

/// What came of it.
type Mended = Result<Running, Box<Response>>;

/// A tool whose arguments can be read and do not keep what its schema promises.
pub(super) fn broken(tool: &Arc<Tool>, context: Context, given: Object) -> Mended {
    let arguments = Arguments::Json(given);
    let faults = faults(tool.definition.run, arguments.clone());
    refused(tool, Refused { faults, context, arguments, mended: false })
}

/// A tool whose arguments were refused.
pub(super) fn refused(tool: &Arc<Tool>, refused: Refused) -> Mended {
    let Refused { mut faults, context, arguments, mended } = refused;
    let Arguments::Json(given) = arguments else {
        return Err(Box::new(Response::Error(Error::internal("a tool was given texts"))));
    };
    let mut given = given.anew();
    if !tool.strict
        && !mended
        && let Some((meant, slips)) = meant(tool, &given)
    {
        given = meant;
        if tool.guard.holds(&given) {
            for (slip, path) in slips {
                tracing::debug!(
                    tool = tool.name(),
                    argument = path,
                    slip = slip.name(),
                    "an argument was mended"
                );
                tool.tally.slipped(slip);
            }
            return Ok((tool.definition.run)(Call::mended(context, Arguments::Json(given))));
        }
        faults = crate::handler::faults(tool.definition.run, Arguments::Json(given.clone()));
    }
    Err(Box::new(Response::Tool(explain(tool, &given, &faults))))
}

/// What the model meant, where it slipped and that is plain.
fn meant(tool: &Tool, given: &Object) -> Option<(Object, Vec<(Slip, String)>)> {
    let node = Node::read(given.raw())?;
    let mut coercion = Coercion::new(tool.guard.document());
    let mended = coercion.all(&node)?;
    Some((Object::parse(&mended.to_text())?, coercion.slips))
}

/// What is wrong with the texts that a prompt or a resource was given, if anything is.
pub(super) fn broken_texts(definition: &Definition, guard: &Guard, given: &Arguments) -> Option<String> {
    let Arguments::Text(pairs) = given else { return None };
    let broken: Vec<_> = guard.broken_text(pairs).collect();
    if broken.is_empty() {
        return None;
    }
    let faults: Vec<Fault> = faults(definition.run, given.clone());
    Some(explain_texts(guard, pairs, &broken, &faults))
}

/// A result that is what its schema says, or the failure that it is otherwise.
pub(super) fn held(tool: &Tool, check: &OutputCheck, result: ToolResult, facts: &Facts) -> ToolResult {
    let structured = result.structured.as_deref().filter(|_| !result.is_error);
    match structured.and_then(|structured| check.broken(structured)) {
        None => result,
        Some(broken) => {
            tool.tally.broke_its_output();
            Failure::new(broken).into_tool_result(tool.name(), facts)
        }
    }
}

/// The answer to a tool that was refused where it cannot be run again.
pub(super) fn answer(tool: &Arc<Tool>, refused: &Refused) -> ToolResult {
    match &refused.arguments {
        Arguments::Json(given) => explain(tool, &given.anew(), &refused.faults),
        Arguments::Text(_) => ToolResult::error("the arguments are wrong").because(FailureKind::Input),
    }
}
