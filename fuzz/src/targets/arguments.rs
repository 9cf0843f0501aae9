//! Arguments against a schema: a strict tool takes what a validator that is not ours takes, and whatever is refused is named.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use mcp::Server;
use serde_json::{Map, Value, json};

use super::ready::ask;

#[derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Order {
    Newest,
    Oldest,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "it is only read")]
struct Range {
    #[schemars(range(min = 0, max = 100))]
    from: i32,
    to: Option<i32>,
    #[serde(default)]
    labels: BTreeMap<String, u8>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[allow(dead_code, reason = "it is only read")]
enum Figure {
    Circle { radius: f64 },
    Square { side: f64, name: Option<String> },
}

/// Takes arguments of many kinds.
#[mcp::tool(strict, read_only)]
#[allow(clippy::too_many_arguments)]
async fn strict(
    #[arg(length = 1..=8, pattern = "^[a-z]+$")] text: &str,
    #[arg(default = 20, range = 1..=100)] limit: u32,
    order: Option<Order>,
    #[arg(range = 0.0..=1.0)] weight: Option<f64>,
    #[arg(length = 0..=3)] tags: Option<Vec<String>>,
    range: Option<Range>,
    figure: Option<Figure>,
    flag: Option<bool>,
    tiny: Option<i8>,
) {
    let _ = (text, limit, order, weight, tags, range, figure, flag, tiny);
}

/// Takes the same, and mends what is plainly meant.
#[mcp::tool(strict = false, read_only)]
#[allow(clippy::too_many_arguments)]
async fn lenient(
    #[arg(length = 1..=8, pattern = "^[a-z]+$")] text: &str,
    #[arg(default = 20, range = 1..=100)] limit: u32,
    order: Option<Order>,
    #[arg(range = 0.0..=1.0)] weight: Option<f64>,
    #[arg(length = 0..=3)] tags: Option<Vec<String>>,
    range: Option<Range>,
    figure: Option<Figure>,
    flag: Option<bool>,
    tiny: Option<i8>,
) {
    let _ = (text, limit, order, weight, tags, range, figure, flag, tiny);
}

struct Tested {
    server: Server,
    validator: Validator,
}

static TESTED: LazyLock<Tested> = LazyLock::new(|| {
    let server = mcp::server!().explicit().tool::<strict>().tool::<lenient>().build().unwrap();
    let catalogue = server.catalogue();
    let tool = catalogue.tools.iter().find(|tool| tool["name"] == "strict").unwrap();
    let validator = jsonschema::validator_for(&tool["inputSchema"]).unwrap();
    Tested { server, validator }
});

const NAMES: [&str; 16] = [
    "text", "limit", "order", "weight", "tags", "range", "figure", "flag", "tiny", "from", "to", "labels",
    "kind", "radius", "side", "name",
];
const TEXTS: [&str; 12] = [
    "",
    "a",
    "newest",
    "oldest",
    "circle",
    "square",
    "TOO LONG A TEXT",
    "5",
    "true",
    "[1]",
    "{}",
    "\u{202e}ü",
];

/// Makes a value of bytes, such as a model might send.
fn value(bytes: &mut impl Iterator<Item = u8>, depth: usize) -> Value {
    let Some(kind) = bytes.next() else { return Value::Null };
    let mut small = || usize::from(bytes.next().unwrap_or(0));
    match kind % 16 {
        0 => Value::Null,
        1 => json!(small() % 2 == 0),
        2 | 3 => json!(small() as i64 - 20),
        4 => json!(small() as f64 / 100.0),
        5 => json!(i64::from(i32::MAX) * (small() as i64 - 128)),
        6 => json!(small() as f64),
        7..=9 => json!(TEXTS[small() % TEXTS.len()]),
        10 if depth < 6 => (0..small() % 5).map(|_| value(bytes, depth + 1)).collect(),
        11..=14 if depth < 6 => {
            let count = small() % 6;
            let mut members = Map::new();
            for _ in 0..count {
                let name = NAMES[usize::from(bytes.next().unwrap_or(0)) % NAMES.len()];
                members.insert(name.into(), value(bytes, depth + 1));
            }
            members.into()
        }
        _ => json!([]),
    }
}

/// The JSON that the bytes are, or arguments made of them.
fn arguments(data: &[u8]) -> Value {
    if let Ok(value @ Value::Object(_)) = serde_json::from_slice(data) {
        return value;
    }
    let mut bytes = data.iter().copied();
    let mut members = Map::from_iter([("text".to_owned(), json!("a"))]);
    while let Some(at) = bytes.next() {
        members.insert(NAMES[usize::from(at) % NAMES.len()].into(), value(&mut bytes, 1));
    }
    members.into()
}

fn has_whole_fractions(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.is_f64() && number.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        Value::Array(items) => items.iter().any(has_whole_fractions),
        Value::Object(members) => members.values().any(has_whole_fractions),
        _ => false,
    }
}

pub fn run(data: &[u8]) {
    let Tested { server, validator } = &*TESTED;
    let given = arguments(data);
    for tool in ["strict", "lenient"] {
        let answer = ask(server, "tools/call", json!({"name": tool, "arguments": given}));
        // Too much, or too deep: refused before anybody looks at arguments.
        let Some(result) = answer.get("result") else {
            assert!(data.len() > 100, "a call became an error of the protocol: {answer}");
            continue;
        };
        let refused = result["isError"] == true;
        if refused {
            let text = result["content"][0]["text"].as_str().unwrap();
            let named = NAMES.iter().copied().chain(given.as_object().unwrap().keys().map(String::as_str));
            let plain =
                |name: &&str| name.len() < 30 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            assert!(named.filter(plain).any(|name| text.contains(name)), "nothing is named: {text}");
            assert!(text.len() < 20_000, "{} bytes are too many words", text.len());
        }
        if tool == "strict" {
            // A schema takes 5.0 where an integer is wanted; what is strict does not.
            if has_whole_fractions(&given) {
                continue;
            }
            let valid = validator.is_valid(&given);
            assert_eq!(!refused, valid, "{given} {answer} {:?}", validator.iter_errors(&given).next());
        }
    }
}
