//! "Did you mean …?"

/// The name that is nearest to what was written, if any is near enough to be what was meant.
pub(crate) fn closest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What a peer writes may be of any length; nobody means a name that is much shorter.
    if written.len() > 128 {
        return None;
    }
    let written = written.to_lowercase();
    let near = names.into_iter().map(|name| (distance(&written, &name.to_lowercase()), name));
    let near = near.filter(|(distance, name)| 3 * *distance <= written.len().max(name.len()));
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// The number of characters to insert, delete or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let (mut corner, mut left) = (i, i + 1);
        for (above, to) in row.iter_mut().skip(1).zip(&b) {
            let replaced = corner + usize::from(from != *to);
            corner = *above;
            left = replaced.min(left + 1).min(corner + 1);
            *above = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
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

    #[test]
    fn the_distance_is_levenshteins() {
        for (a, b, expected) in [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
