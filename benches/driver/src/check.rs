//! Checks every reply: its id, that it is no error, and that the result is the one that was asked for.
//!
//! Results that repeat are read once and compared as bytes from then on, so that checking stays cheap.

use std::borrow::Cow;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::workload::{self, Call, Era};

/// What is expected of one kind of call in one era.
pub struct Checker {
    call: Call,
    era: Era,
    /// For each variant, the bytes of the result that was found right.
    known: Vec<String>,
    text: String,
}

#[derive(Deserialize)]
struct Reply<'a> {
    jsonrpc: &'a str,
    id: u64,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallResult<'a> {
    #[serde(borrow)]
    content: Vec<Content<'a>>,
    #[serde(default)]
    is_error: bool,
    #[serde(borrow)]
    result_type: Option<Cow<'a, str>>,
    structured_content: Option<Value>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    tools: Vec<Tool>,
    result_type: Option<String>,
    ttl_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tool {
    name: String,
    description: String,
    input_schema: Value,
    output_schema: Option<Value>,
}

impl Checker {
    pub fn new(call: Call, era: Era) -> Self {
        Self { call, era, known: vec![String::new(); call.variants()], text: String::new() }
    }

    /// Checks one reply and returns its id, which the caller compares with those it waits for.
    ///
    /// # Errors
    /// The reply is not what was asked for.
    pub fn check(&mut self, bytes: &[u8]) -> Result<u64> {
        let reply: Reply<'_> = serde_json::from_slice(bytes)
            .with_context(|| format!("not a reply: {}", String::from_utf8_lossy(bytes)))?;
        ensure!(reply.jsonrpc == "2.0", "not JSON-RPC 2.0");
        let Some(result) = reply.result else {
            bail!("an error instead of a result: {}", String::from_utf8_lossy(bytes))
        };
        self.check_result(reply.id, result.get())
            .with_context(|| format!("a wrong result: {}", String::from_utf8_lossy(bytes)))?;
        Ok(reply.id)
    }

    fn check_result(&mut self, number: u64, result: &str) -> Result<()> {
        let Some(variant) = self.call.variant(number) else {
            let parsed: CallResult<'_> = serde_json::from_str(result)?;
            self.check_kind(parsed.result_type.as_deref())?;
            workload::expected_text(&mut self.text, self.call, number);
            ensure!(!parsed.is_error && parsed.content.len() == 1, "not one content");
            ensure!(parsed.content[0].kind == "text" && parsed.content[0].text == self.text, "another text");
            return Ok(());
        };
        if self.known[variant] == result {
            return Ok(());
        }
        if self.call == Call::List {
            self.check_list(result)?
        } else {
            self.check_search(number, result)?
        }
        self.known[variant] = result.to_owned();
        Ok(())
    }

    fn check_search(&self, number: u64, result: &str) -> Result<()> {
        let parsed: CallResult<'_> = serde_json::from_str(result)?;
        self.check_kind(parsed.result_type.as_deref())?;
        ensure!(!parsed.is_error && parsed.content.len() == 1, "not one content");
        let expected = serde_json::to_value(workload::expected_records(number))?;
        ensure!(parsed.structured_content.as_ref() == Some(&expected), "other records");
        let text: Value = serde_json::from_str(&parsed.content[0].text)?;
        ensure!(text == expected, "other records in the text");
        Ok(())
    }

    fn check_list(&self, result: &str) -> Result<()> {
        let list: List = serde_json::from_str(result)?;
        self.check_kind(list.result_type.as_deref())?;
        ensure!(self.era == Era::Stateful || list.ttl_ms.is_some(), "no cache hints");
        let names: Vec<&str> = list.tools.iter().map(|tool| tool.name.as_str()).collect();
        ensure!(names == ["add", "echo", "search"], "other tools: {names:?}");
        for tool in &list.tools {
            ensure!(!tool.description.is_empty(), "{} has no description", tool.name);
            ensure!(tool.input_schema["type"] == "object", "{} has no input schema", tool.name);
            ensure!(
                tool.name != "search" || tool.output_schema.as_ref().is_some_and(Value::is_object),
                "search has no output schema"
            );
        }
        Ok(())
    }

    fn check_kind(&self, result_type: Option<&str>) -> Result<()> {
        let expected = (self.era == Era::Stateless).then_some("complete");
        ensure!(result_type == expected, "resultType is {result_type:?}");
        Ok(())
    }
}
