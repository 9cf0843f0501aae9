//! Names that a model takes for each other.

use std::collections::BTreeMap;

use super::{Finding, Item, Severity};

/// Tools, and prompts, whose names differ only in how they are written.
pub(super) fn alike(items: &[Item<'_>]) -> Vec<Finding> {
    let mut by_sound: BTreeMap<(&str, String), Vec<&Item<'_>>> = BTreeMap::new();
    for item in items.iter().filter(|item| ["tool", "prompt"].contains(&item.kind)) {
        by_sound.entry((item.kind, sound(item.definition.name))).or_default().push(item);
    }
    let alike = by_sound.into_values().filter(|items| items.len() > 1);
    let findings = alike.flat_map(|items| {
        let names: Vec<_> = items.iter().map(|item| item.definition.name).collect();
        let findings: Vec<_> = items
            .iter()
            .map(|item| {
                let others: Vec<_> = names.iter().filter(|name| **name != item.definition.name).collect();
                item.finding(
                    Severity::Warning,
                    "look-alike-name",
                    "/name",
                    format!("the name is easily taken for {others:?}: say in the name what is different"),
                )
            })
            .collect();
        findings
    });
    findings.collect()
}

/// A name without capitals, separators and the plural, and with one character for those that look alike.
fn sound(name: &str) -> String {
    let plain = name.chars().filter(char::is_ascii_alphanumeric).map(|c| match c.to_ascii_lowercase() {
        '0' => 'o',
        '1' | 'i' => 'l',
        c => c,
    });
    let plain: String = plain.collect();
    plain.strip_suffix('s').map(str::to_owned).unwrap_or(plain)
}
