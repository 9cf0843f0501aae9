//! What expansions of the macros may name, and nothing else may.

pub use inventory;

pub use crate::contract::{Place, hold as hold_contract};
pub use crate::handler::{Call, Completing, Outcome, Returns, Running};
pub use crate::prose::prose;
pub use crate::tasks::TaskPolicy;

pub use crate::model::{Annotations, Definition, Role, Segment, Source};

use crate::handler::{Complete, Context};
use crate::model::Typed;

/// Boxes a run. The bound is here so that a future that cannot be sent is reported at the function's name.
pub fn run(future: impl Future<Output = Outcome> + Send + 'static) -> Running {
    Box::pin(future)
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
