//! The packages that are measured: as each framework's README writes a server, over stdio and nothing else.

use std::fmt::Write as _;
use std::path::Path;

/// A way to write tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framework {
    Ours,
    Rmcp,
}

impl Framework {
    pub const ALL: [Self; 2] = [Self::Ours, Self::Rmcp];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Rmcp => "rmcp",
        }
    }

    /// The `Cargo.toml` of a package.
    pub fn manifest(self, package: &str, benches: &Path) -> String {
        let framework = match self {
            Self::Ours => format!(
                "mcp = {{ path = {:?}, package = \"mcp-runtime\", default-features = false }}",
                benches.join("../mcp-runtime")
            ),
            Self::Rmcp => {
                "anyhow = \"1\"\nrmcp = { version = \"=3.9.0\", features = [\"server\", \"transport-io\"] }"
                    .into()
            }
        };
        format!(
            "[package]\nname = \"{package}\"\nedition = \"2024\"\n\n[dependencies]\n{framework}\nschemars = \"1\"\n\
             serde = {{ version = \"1\", features = [\"derive\"] }}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n"
        )
    }

    /// A server with so many tools. `edit` stands in the middle one's body: another number is a change of one line.
    pub fn source(self, tools: usize, edit: u32) -> String {
        let mut source = String::new();
        for tool in 0..tools {
            let _ = writeln!(
                source,
                "/// What tool {tool} gives.\n#[derive(serde::Serialize, schemars::JsonSchema)]\nstruct Result{tool} {{\n    \
                 /// How often.\n    count: i64,\n    /// What was found.\n    found: String,\n}}\n"
            );
        }
        let body = |tool: usize| {
            let times = if tool == tools / 2 { edit } else { 1 };
            format!(
                "if exact == Some(true) {{ text.make_ascii_uppercase(); }}\n        Json(Result{tool} {{ count: count * \
                 {times}, found: text }})"
            )
        };
        match self {
            Self::Ours => {
                source.insert_str(0, "use mcp::Json;\n\n");
                for tool in 0..tools {
                    let _ = writeln!(
                        source,
                        "/// Does what tool {tool} does.\n#[mcp::tool(read_only)]\nasync fn tool_{tool}(\n    /// How often.\n    \
                         count: i64,\n    /// What to look for.\n    mut text: String,\n    /// Whether nothing else will \
                         do.\n    exact: Option<bool>,\n) -> Json<Result{tool}> {{\n        {}\n}}\n",
                        body(tool)
                    );
                }
                source.push_str(
                    "#[tokio::main]\nasync fn main() -> mcp::Result<()> {\n    \
                     mcp::server!().build()?.serve_stdio().await\n}\n",
                );
            }
            Self::Rmcp => {
                source.insert_str(
                    0,
                    "use rmcp::{Json, ServerHandler, ServiceExt, handler::server::{router::tool::ToolRouter, \
                     wrapper::Parameters}, tool, tool_handler, tool_router, transport::stdio};\n\n",
                );
                for tool in 0..tools {
                    let _ = writeln!(
                        source,
                        "#[derive(serde::Deserialize, schemars::JsonSchema)]\nstruct Params{tool} {{\n    /// How often.\n    \
                         count: i64,\n    /// What to look for.\n    text: String,\n    /// Whether nothing else will do.\n    \
                         exact: Option<bool>,\n}}\n"
                    );
                }
                // It refuses to be empty by mistake.
                let router = if tools == 0 { "tool_router(allow_empty)" } else { "tool_router" };
                let _ = write!(
                    source,
                    "#[derive(Clone)]\nstruct Tools {{\n    tool_router: ToolRouter<Self>,\n}}\n\n#[{router}]\nimpl Tools \
                     {{\n    fn new() -> Self {{\n        Self {{ tool_router: Self::tool_router() }}\n    }}\n",
                );
                for tool in 0..tools {
                    let _ = writeln!(
                        source,
                        "\n    /// Does what tool {tool} does.\n    #[tool(annotations(read_only_hint = true))]\n    async fn \
                         tool_{tool}(&self, Parameters(Params{tool} {{ count, mut text, exact }}): \
                         Parameters<Params{tool}>) -> Json<Result{tool}> {{\n        {}\n    }}",
                        body(tool)
                    );
                }
                source.push_str(
                    "}\n\n#[tool_handler(router = self.tool_router)]\nimpl ServerHandler for Tools {}\n\n\
                     #[tokio::main]\nasync fn main() -> anyhow::Result<()> {\n    \
                     Tools::new().serve(stdio()).await?.waiting().await?;\n    Ok(())\n}\n",
                );
            }
        }
        if tools == 0 {
            // Not all of it is used then.
            source.insert_str(0, "#![allow(unused_imports)]\n\n");
        }
        source
    }
}
