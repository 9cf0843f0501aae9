//! What only the compiler knows of a text is looked at while compiling, without taking long.

#![deny(long_running_const_eval)]

#[doc = include_str!("../../README.md")]
#[mcp::tool]
async fn readme() {}

fn main() {}
