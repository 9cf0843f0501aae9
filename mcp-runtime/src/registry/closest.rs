//! "Did you mean …?"

/// The name that is nearest to what was written, if any is near enough to be what was meant.
pub(crate) fn closest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What a peer writes may be of any length; nobody means a name that is much shorter.
    if written.len() > 128 {
        return None;
    }
    let written = written.to_lowercase();
    let near = names.into_iter().map(|name| (strsim::damerau_levenshtein(&written, &name.to_lowercase()), name));
    let near = near.filter(|(distance, name)| 3 * *distance <= written.len().max(name.len()));
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_meant_if_it_is_near() {
        let names = ["search_logs", "add", "subtract"];
        assert_eq!(closest("serch_logs", names), Some("search_logs"));
        assert_eq!(closest("Add", names), Some("add"));
        assert_eq!(closest("multiply", names), None);
        assert_eq!(closest(&"a".repeat(1_000_000), names), None);
    }
}
