//! What it costs a model to read the tools.
//!
//! The vocabularies of tokenisers have megabytes, and every server would carry them, so tokens are estimated: four bytes of compact
//! JSON are one. Against OpenAI's `o200k` that was 14 % too many for the tools of our examples, 10 % too many for the schema of
//! the protocol, and 10 % too few for descriptions full of code; for a single tool it is off by up to 40 %, and for
//! descriptions in Russian or Arabic by half. Other models take a little more than `o200k` does.

use serde::Serialize;
use serde_json::Value;

use super::{Checks, Finding, Item, Severity};

/// So many bytes of JSON are taken for a token.
const BYTES: usize = 4;

/// What the tools and the instructions cost a model, estimated at a token for four bytes of what it reads: name, description and
/// schema of the arguments. For all tools together that is right within about 15 %, for a single one within 40 %.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tokens {
    /// All together.
    pub total: usize,
    /// How many there may be in all.
    pub budget: usize,
    /// How many a tool may cost.
    #[serde(rename = "toolBudget")]
    pub tool_budget: usize,
    /// What each tool costs, by name, the dearest first.
    pub tools: Vec<ToolTokens>,
}

/// What a tool costs a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ToolTokens {
    /// The name of the tool.
    pub name: String,
    /// How many tokens it costs.
    pub tokens: usize,
}

impl Tokens {
    pub(super) fn of(tools: &[&Item<'_>], instructions: Option<&str>, checks: Checks) -> Self {
        let of =
            |item: &&Item<'_>| ToolTokens { name: item.definition.name.into(), tokens: cost(item.published) };
        let mut each: Vec<ToolTokens> = tools.iter().map(of).collect();
        each.sort_by(|a, b| b.tokens.cmp(&a.tokens).then_with(|| a.name.cmp(&b.name)));
        let instructions = instructions.map_or(0, |text| text.len().div_ceil(BYTES));
        let total = instructions + each.iter().map(|tool| tool.tokens).sum::<usize>();
        Self { total, budget: checks.budget, tool_budget: checks.tool_budget, tools: each }
    }

    pub(super) fn findings(&self, tools: &[&Item<'_>]) -> Vec<Finding> {
        let mut found = Vec::new();
        for item in tools {
            let tokens = cost(item.published);
            if tokens > self.tool_budget {
                let message = format!(
                    "it costs about {tokens} tokens, and may cost {}: shorten the descriptions, or take less at once",
                    self.tool_budget
                );
                found.push(item.finding(Severity::Error, "tool-over-budget", "", message));
            }
        }
        if self.total > self.budget {
            let shown = |tool: &ToolTokens| format!("{} ({})", tool.name, tool.tokens);
            let dearest: Vec<_> = self.tools.iter().take(3).map(shown).collect();
            found.push(Finding {
                severity: Severity::Error,
                rule: "over-budget",
                item: "server".into(),
                path: String::new(),
                message: format!(
                    "the tools cost about {} tokens, and may cost {}; the dearest are {}: shorten them, or serve fewer at once \
                     with `only`",
                    self.total,
                    self.budget,
                    dearest.join(", ")
                ),
                function: None,
                file: None,
                line: None,
            });
        }
        found
    }
}

/// What a model reads of a tool.
fn cost(tool: &Value) -> usize {
    let member = |name: &str| tool.get(name).map_or(0, |value| value.to_string().len() + name.len() + 4);
    ["name", "description", "inputSchema"].into_iter().map(member).sum::<usize>().div_ceil(BYTES)
}
