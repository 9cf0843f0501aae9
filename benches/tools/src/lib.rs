//! The data and the work of the `search` tool, shared by every server so that all of them do the same.
//!
//! It knows nothing of MCP. `add` and `echo` are one expression each and live in the servers.

use serde::{Deserialize, Serialize};

/// At most so many records are returned, whatever the caller asks for.
pub const MOST_RECORDS: u32 = 100;

/// The number of documents that a search looks at.
const DOCUMENTS: u64 = 400;

/// What a record must satisfy.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Filter {
    /// Tags that every record carries.
    pub tags: Vec<String>,
    /// The lowest score that is good enough.
    pub min_score: Option<f64>,
    /// Days of publication.
    pub range: Option<Range>,
}

/// A range of days, both ends included.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Range {
    /// First day.
    pub from: i64,
    /// Last day.
    pub to: i64,
}

/// One document that was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// Number of the document.
    pub id: u64,
    /// Its title.
    pub title: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// How well it matches, from 0 to 1.
    pub score: f64,
    /// The day it was published.
    pub day: i64,
}

/// The documents that were found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SearchResult {
    /// The query that was answered.
    pub query: String,
    /// Records in the order of their numbers.
    pub records: Vec<Record>,
}

/// Finds the first `limit` documents that satisfy the filter.
pub fn search(query: String, filter: &Filter, limit: u32) -> SearchResult {
    let lowest = filter.min_score.unwrap_or(0.0);
    let records = (0..DOCUMENTS)
        .map(|id| (id, (id * 37 % 100) as f64 / 100.0, id as i64 * 3))
        .filter(|&(_, score, day)| {
            score >= lowest
                && filter.range.as_ref().is_none_or(|range| (range.from..=range.to).contains(&day))
        })
        .take(limit.min(MOST_RECORDS) as usize)
        .map(|(id, score, day)| Record {
            id,
            title: format!("Document \"{id}\" about {query}"),
            tags: filter.tags.clone(),
            score,
            day,
        })
        .collect();
    SearchResult { query, records }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter() -> Filter {
        Filter { tags: vec!["alpha".into()], min_score: Some(0.5), range: Some(Range { from: 30, to: 600 }) }
    }

    #[test]
    fn every_record_satisfies_the_filter() {
        let found = search("rust".into(), &filter(), 20);
        assert_eq!(found.records.len(), 20);
        assert!(found.records.iter().all(|record| {
            record.score >= 0.5 && (30..=600).contains(&record.day) && record.tags == ["alpha"]
        }));
    }

    #[test]
    fn the_limit_is_kept() {
        assert_eq!(search("rust".into(), &filter(), 3).records.len(), 3);
        let open = Filter { tags: vec![], min_score: None, range: None };
        assert_eq!(search("rust".into(), &open, 1000).records.len(), MOST_RECORDS as usize);
    }
}
