//! What expansions of the macros may name, and nothing else may.

pub use inventory;

pub use crate::contract::{Place, hold as hold_contract};
pub use crate::handler::{
    Arg, Call, Completing, Described, Outcome, Probe, Returns, Running, Sample, Shape, Unshaped, made,
    standard, written,
};
pub use crate::prose::prose;
pub use crate::schema::{Bound, Literal, Number, before, header, length, pattern, range};
pub use crate::tasks::TaskPolicy;

pub use crate::model::{Annotations, Definition, Role, Segment, Source};

use crate::handler::{Complete, Context};
use crate::model::Typed;
use crate::schema::characters;

/// Boxes a run. The bound is here so that a future that cannot be sent is reported at the function's name.
pub fn run(future: impl Future<Output = Outcome> + Send + 'static) -> Running {
    Box::pin(future)
}

/// Some clients refuse longer descriptions, others cut them off, and every call pays for each of them.
const LONGEST_DESCRIPTION: usize = 1024;

/// Refuses a description that is no literal, and says nothing or too much.
#[track_caller]
pub const fn description(text: &'static str, explicit: bool) {
    prose(text);
    assert!(
        !explicit || !text.is_empty(),
        "an empty description says nothing: leave it out, or say something"
    );
    assert!(
        characters(text) <= LONGEST_DESCRIPTION,
        "this description has more than 1024 characters, which is where clients cut off: say what it does and when to use it"
    );
}

/// A bound of a range that is computed when the server is built.
pub fn number(value: impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The schema of a type that stands in for that of another.
pub fn schema_of<T: Described>(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    T::describe(generator)
}

/// Completes an argument.
pub fn complete<F: Complete<M>, M>(function: F, typed: Typed, cx: Context) -> Completing {
    function.complete(typed, cx)
}

/// The name of a function that stands under `#[mcp::tool]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool",
    note = "name a function that has `#[mcp::tool]`, as in `.tool::<add>()`"
)]
pub trait ToolFn {
    /// What the macro found.
    const DEFINITION: Definition;
}

/// The name of a function that stands under `#[mcp::resource]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource",
    note = "name a function that has `#[mcp::resource]`, as in `.resource::<readme>()`"
)]
pub trait ResourceFn {
    /// What the macro found.
    const DEFINITION: Definition;
}

/// The name of a function that stands under `#[mcp::prompt]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a prompt",
    note = "name a function that has `#[mcp::prompt]`, as in `.prompt::<review>()`"
)]
pub trait PromptFn {
    /// What the macro found.
    const DEFINITION: Definition;
}
