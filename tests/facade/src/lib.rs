//! Gives the framework on: whoever depends on this crate alone writes `#[facade::mcp::tool(crate = facade::mcp)]`.

pub use mcp;
