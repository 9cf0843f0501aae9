//! What a server publishes, as a value: to look at, to compare, to keep. It must not know who looks.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything that a server publishes of what it offers, in the meaning of the newest revision of the protocol.
///
/// Tools and prompts are sorted by name, resources and templates by URI, and the members of every object by theirs, so
/// the same program gives the same bytes. It holds what the server was built with: what has been
/// [switched off](crate::Server::disable_tool) since can be switched on again, and is there.
///
/// [`Server::catalogue`](crate::Server::catalogue) and [`ServerBuilder::catalogue`](crate::ServerBuilder::catalogue)
/// give it.
///
/// ```standalone_crate
/// /// Adds two numbers.
/// #[mcp::tool(read_only)]
/// async fn add(a: i64, b: i64) -> i64 { a + b }
///
/// let catalogue = mcp::server!().build()?.catalogue();
/// let [tool] = &*catalogue.tools else { panic!("there is one tool") };
/// assert_eq!(tool["name"], "add");
/// assert_eq!(tool["inputSchema"]["required"], serde_json::json!(["a", "b"]));
/// println!("{}", serde_json::to_string_pretty(&catalogue)?);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Catalogue {
    /// What the model reads before it calls anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// The tools, as `tools/list` gives them.
    pub tools: Vec<Value>,
    /// The resources with a fixed URI, as `resources/list` gives them.
    pub resources: Vec<Value>,
    /// The resource templates, as `resources/templates/list` gives them.
    pub templates: Vec<Value>,
    /// The prompts, as `prompts/list` gives them.
    pub prompts: Vec<Value>,
}

/// One idea a line, as a [lock](crate::contract!) has it: for snapshots.
impl fmt::Display for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::contract::sections(self))
    }
}

impl Catalogue {
    /// Whether nothing is offered.
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
            && self.resources.is_empty()
            && self.templates.is_empty()
            && self.prompts.is_empty()
    }

    /// With the members of every object in order, in whatever order this build of `serde_json` keeps them.
    pub(crate) fn sorted(mut self) -> Self {
        let Self { tools, resources, templates, prompts, .. } = &mut self;
        for item in [tools, resources, templates, prompts].into_iter().flatten() {
            item.sort_all_objects();
        }
        self
    }
}
