//! URIs against templates: any text is matched or not, and what a template makes of values is read as these values.

use std::sync::LazyLock;

use mcp::{Server, Template};
use serde_json::{Map, Value, json};

use super::ready::ask;

type Named = Map<String, Value>;

fn told(variables: &[(&str, Option<String>)]) -> String {
    let named: Named = variables.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    Value::Object(named).to_string()
}

/// One segment, with text around it.
#[mcp::resource("log://{service}/on/{date}.txt")]
async fn log(service: String, date: String) -> String {
    told(&[("service", Some(service)), ("date", Some(date))])
}

/// Whatever stands between two texts.
#[mcp::resource("file:///{+path}/meta{?version,language}")]
async fn file(path: String, version: Option<String>, language: Option<String>) -> String {
    told(&[("path", Some(path)), ("version", version), ("language", language)])
}

/// A rest behind a segment.
#[mcp::resource("db:{table}-{+rest}")]
async fn db(table: String, rest: String) -> String {
    told(&[("table", Some(table)), ("rest", Some(rest))])
}

/// A rest before a segment.
#[mcp::resource("x:{+rest}--{last}{?a}")]
async fn rest(rest: String, last: String, a: Option<String>) -> String {
    told(&[("rest", Some(rest)), ("last", Some(last)), ("a", a)])
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let server = mcp::server!().explicit().resource::<log>().resource::<file>();
    server.resource::<db>().resource::<rest>().sanitise(false).redact_credentials(false).build().unwrap()
});

/// The values that a URI is read as, and the template that read it.
fn read(uri: &str) -> Option<Named> {
    let answer = ask(&SERVER, "resources/read", json!({"uri": uri}));
    let Some(contents) = answer["result"]["contents"].as_array() else {
        assert!(answer["error"]["code"].is_i64(), "{answer}");
        return None;
    };
    assert_eq!(contents[0]["uri"], uri);
    Some(serde_json::from_str(contents[0]["text"].as_str().unwrap()).unwrap())
}

pub fn run(data: &[u8]) {
    let [kind, data @ ..] = data else { return };
    let Ok(text) = std::str::from_utf8(data) else { return };
    let template = match kind {
        b'1' => Template::of::<log>(),
        b'2' => Template::of::<file>(),
        b'3' => Template::of::<db>(),
        b'4' => Template::of::<rest>(),
        _ => {
            let again = read(text);
            if let Some(values) = again {
                assert!(values.values().all(|value| !value.as_str().unwrap_or_default().contains('\0')));
            }
            return;
        }
    };
    let values: Vec<_> = template.variables().zip(text.split('\0')).collect();
    let shown: Vec<_> = values.iter().map(|(name, value)| (*name, value as &dyn std::fmt::Display)).collect();
    let Ok(uri) = template.expand(&shown) else { return };
    let found = read(&uri).unwrap_or_else(|| panic!("{uri} of {values:?} is not matched"));
    for (name, value) in values {
        assert_eq!(found.get(name), Some(&json!(value)), "{uri}");
    }
}
