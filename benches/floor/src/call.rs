//! The three tools: reads the arguments, does the work, writes the result.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tools::Filter;

use crate::reply;

#[derive(Deserialize)]
struct Add {
    a: i64,
    b: i64,
}

#[derive(Deserialize)]
struct Echo<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Search {
    query: String,
    filter: Filter,
    limit: u32,
}

/// No tool has this name.
pub struct UnknownTool;

/// Writes the result of a call, without its closing brace.
///
/// # Errors
/// The tool does not exist. Arguments that do not fit are a result, one that says so.
pub fn call(out: &mut Vec<u8>, name: &str, arguments: Option<&RawValue>) -> Result<(), UnknownTool> {
    let arguments = arguments.map_or("{}", RawValue::get);
    let done = match name {
        "add" | "echo" | "search" if !arguments.starts_with('{') => {
            Err(serde::de::Error::custom("expected an object"))
        }
        "add" => add(out, arguments),
        "echo" => echo(out, arguments),
        "search" => search(out, arguments),
        _ => return Err(UnknownTool),
    };
    if let Err(error) = done {
        reply::text_content(out, &format!("invalid arguments: {error}"));
        out.extend_from_slice(br#","isError":true"#);
    }
    Ok(())
}

fn add(out: &mut Vec<u8>, arguments: &str) -> serde_json::Result<()> {
    let Add { a, b } = serde_json::from_str(arguments)?;
    out.extend_from_slice(br#"{"content":[{"type":"text","text":""#);
    // Digits need no escaping.
    reply::json(out, &(a + b));
    out.extend_from_slice(br#""}]"#);
    Ok(())
}

fn echo(out: &mut Vec<u8>, arguments: &str) -> serde_json::Result<()> {
    let Echo { text } = serde_json::from_str(arguments)?;
    reply::text_content(out, &text);
    Ok(())
}

fn search(out: &mut Vec<u8>, arguments: &str) -> serde_json::Result<()> {
    let Search { query, filter, limit } = serde_json::from_str(arguments)?;
    let found = tools::search(query, &filter, limit);
    let structured = serde_json::to_string(&found)?;
    reply::text_content(out, &structured);
    out.extend_from_slice(br#","structuredContent":"#);
    out.extend_from_slice(structured.as_bytes());
    Ok(())
}
