//! The replies that are the same for everybody, as their bytes.

/// The list of tools, without the closing brace of the result.
pub const TOOLS: &str = concat!(
    r#"{"tools":[{"name":"add","description":"Adds two numbers.","inputSchema":{"type":"object","properties":{"#,
    r#""a":{"description":"First addend.","type":"integer"},"b":{"description":"Second addend.","type":"integer"}},"#,
    r#""required":["a","b"]},"annotations":{"readOnlyHint":true}},"#,
    r#"{"name":"echo","description":"Returns the text that it is given.","inputSchema":{"type":"object","#,
    r#""properties":{"text":{"description":"The text to return.","type":"string"}},"required":["text"]},"#,
    r#""annotations":{"readOnlyHint":true}},"#,
    r#"{"name":"search","description":"Searches the documents.","inputSchema":{"type":"object","properties":{"#,
    r#""query":{"description":"What to search for.","type":"string"},"filter":{"description":"What a record must satisfy.","#,
    r#""type":"object","properties":{"tags":{"description":"Tags that every record carries.","type":"array","#,
    r#""items":{"type":"string"}},"min_score":{"description":"The lowest score that is good enough.","#,
    r#""type":["number","null"]},"range":{"description":"Days of publication.","type":["object","null"],"#,
    r#""properties":{"from":{"description":"First day.","type":"integer"},"to":{"description":"Last day.","#,
    r#""type":"integer"}},"required":["from","to"]}},"required":["tags"]},"limit":{"description":"#,
    r#""The largest number of records.","type":"integer","minimum":0}},"required":["query","filter","limit"]},"#,
    r#""outputSchema":{"type":"object","properties":{"query":{"description":"The query that was answered.","#,
    r#""type":"string"},"records":{"description":"Records in the order of their numbers.","type":"array","items":{"#,
    r#""type":"object","properties":{"id":{"description":"Number of the document.","type":"integer","minimum":0},"#,
    r#""title":{"description":"Its title.","type":"string"},"tags":{"description":"Its tags.","type":"array","#,
    r#""items":{"type":"string"}},"score":{"description":"How well it matches, from 0 to 1.","type":"number"},"#,
    r#""day":{"description":"The day it was published.","type":"integer"}},"#,
    r#""required":["id","title","tags","score","day"]}}},"required":["query","records"]},"#,
    r#""annotations":{"readOnlyHint":true}}]"#,
);

/// The reply to `server/discover`, without the closing brace of the result.
pub const DISCOVERED: &str =
    r#"{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":60000,"cacheScope":"public""#;

/// How long a list of the stateless revision may be kept, and by whom.
pub const CACHE_HINTS: &str = r#","ttlMs":60000,"cacheScope":"public""#;

/// The reply to `initialize`.
pub const INITIALIZED: &str = concat!(
    r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"#,
    r#""serverInfo":{"name":"floor","version":"0.0.0"}}"#,
);

/// The versions that a request of the stateless era may name.
pub const SUPPORTED: &str = r#"["2026-07-28"]"#;
