//! Dialects: hosts that read a part of JSON Schema are told no more than that, and what they are told is taken.

use std::collections::{BTreeMap, HashMap};

use mcp::testing::Client;
use mcp::{Args, Dialect, Server};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::http::{post, send};
use crate::wire::{serve_http, stateless};

/// A unit of temperature.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)]
enum Unit {
    /// Degrees Celsius.
    Celsius,
    /// Degrees Fahrenheit.
    Fahrenheit,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)]
enum Level {
    Low,
    High,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "lowercase")]
#[allow(dead_code)]
enum Key {
    /// By number.
    Number { number: u32 },
    /// By name.
    Name { name: String, exact: Option<bool> },
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum Either {
    Text(String),
    Number(i64),
}

/// A circle.
#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Circle {
    radius: f64,
    label: Option<String>,
}

/// The tag stands beside the members of the variant's type, and one type is in two variants.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[allow(dead_code)]
enum Shape {
    Circle(Circle),
    Hole(Circle),
    Ring { inner: Circle, outer: Circle },
}

/// Is called by letters that a reference encodes.
#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Größe {
    breite: u32,
    teile: Vec<Größe>,
}

/// A tree.
#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Tree {
    name: String,
    children: Vec<Tree>,
    note: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Point {
    #[schemars(range(min = -90, max = 90))]
    x: f64,
    #[schemars(length(min = 1), regex(pattern = "^[a-z]+$"))]
    label: Option<String>,
    #[serde(default)]
    size: u8,
    level: Level,
}

/// Takes one of each.
#[mcp::tool]
#[allow(clippy::too_many_arguments)]
async fn zoo(
    /// Comes first.
    zebra: i64,
    unit: Unit,
    maybe: Option<Level>,
    key: Key,
    either: Option<Either>,
    tree: Tree,
    point: Point,
    points: Vec<Point>,
    pair: (i64, String),
    same: [f64; 3],
    table: BTreeMap<String, i64>,
    any: Value,
    #[arg(header = "Region")] region: Option<String>,
) -> &'static str {
    let _ = (zebra, unit, maybe, key, either, tree, point, points, pair, same, table, any, region);
    "taken"
}

/// Takes what refers to others.
#[mcp::tool]
async fn shapes(
    shape: Shape,
    /// Where it lies.
    either: Either,
    /// Whatever it is.
    whatever: Option<Value>,
    größe: Größe,
) -> &'static str {
    let _ = (shape, either, whatever, größe);
    "taken"
}

/// Takes a choice of objects.
#[mcp::tool]
async fn choice(Args(key): Args<Key>) -> &'static str {
    match key {
        Key::Number { .. } => "number",
        Key::Name { .. } => "name",
    }
}

/// Takes nothing.
#[mcp::tool]
async fn nothing() -> &'static str {
    "taken"
}

const HOSTS: [Dialect; 3] = [Dialect::Gemini, Dialect::OpenAiStrict, Dialect::Cursor];

fn server(dialect: Dialect) -> Server {
    mcp::server!().only(module_path!()).dialect(dialect).build().unwrap()
}

/// The schema of the arguments of a tool in a dialect.
async fn published(dialect: Dialect, tool: &str) -> Value {
    let tools = Client::stateless(&server(dialect)).tools().await.unwrap();
    let found = tools.iter().find(|it| it["name"] == tool).unwrap();
    found["inputSchema"].clone()
}

/// Every schema in a schema.
fn schemas<'a>(schema: &'a Value, found: &mut Vec<&'a Map<String, Value>>) {
    let members = schema.as_object().unwrap_or_else(|| panic!("{schema} is no object"));
    found.push(members);
    for (key, value) in members {
        match key.as_str() {
            "properties" | "$defs" => value.as_object().unwrap().values().for_each(|it| schemas(it, found)),
            "items" => schemas(value, found),
            "additionalProperties" if value.is_object() => schemas(value, found),
            "anyOf" => value.as_array().unwrap().iter().for_each(|it| schemas(it, found)),
            _ => {}
        }
    }
}

#[tokio::test]
async fn no_host_is_told_what_it_refuses() {
    for tool in ["zoo", "shapes", "choice", "nothing"] {
        for dialect in HOSTS {
            let root = published(dialect, tool).await;
            assert_eq!(root["type"], "object");
            let mut all = Vec::new();
            schemas(&root, &mut all);
            for schema in all {
                let refused: &[&str] = match dialect {
                    Dialect::Gemini => {
                        &["$ref", "$defs", "additionalProperties", "default", "prefixItems", "title"]
                    }
                    Dialect::OpenAiStrict => &["default", "prefixItems", "title", "minLength", "nullable"],
                    _ => &["$ref", "$defs", "anyOf", "prefixItems", "title", "nullable"],
                };
                for keyword in refused.iter().chain(&["$schema", "oneOf", "allOf", "const"]) {
                    assert!(!schema.contains_key(*keyword), "{dialect}: {keyword} in {schema:?}");
                }
                assert!(dialect == Dialect::OpenAiStrict || !schema.get("type").is_some_and(Value::is_array));
                let is = |kind: &str| schema.get("type").is_some_and(|found| found == kind);
                if is("array") {
                    assert!(schema["items"].is_object(), "{dialect}: {schema:?}");
                }
                if dialect == Dialect::Gemini && schema.contains_key("anyOf") {
                    assert_eq!(schema.len(), 1, "nothing stands beside a union: {schema:?}");
                }
                if dialect == Dialect::Gemini && schema.contains_key("enum") {
                    assert!(is("string"), "{schema:?}");
                }
                if dialect == Dialect::OpenAiStrict && is("object") {
                    assert_eq!(schema["additionalProperties"], false);
                    let names: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
                    let mut required: Vec<String> =
                        serde_json::from_value(schema["required"].clone()).unwrap();
                    required.sort();
                    assert_eq!(required, names, "{schema:?}");
                }
                if schema.contains_key("$ref") {
                    assert_eq!(schema.len(), 1, "nothing stands beside a reference");
                }
            }
        }
    }
}

/// A value that a schema takes: as little as it can be or as much, with null wherever it may be or nowhere.
fn example(schema: &Value, root: &Value, much: bool, deep: usize) -> Value {
    let inner = |schema: &Value| example(schema, root, much && deep < 4, deep + 1);
    if let Some(reference) = schema["$ref"].as_str() {
        let reference = reference.replace("Gr%C3%B6%C3%9Fe", "Größe");
        return inner(root.pointer(&reference[1..]).unwrap());
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
        Value::String(kind) => vec![kind.as_str()],
        _ => vec![],
    };
    if !much && (schema["nullable"] == true || kinds.contains(&"null")) {
        return Value::Null;
    }
    if let Some(values) = schema["enum"].as_array() {
        return values[0].clone();
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let null = options.iter().any(|option| option["type"] == "null");
        return if null && !much { Value::Null } else { inner(&options[0]) };
    }
    match kinds.first().copied() {
        Some("object") => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let properties = schema["properties"].as_object().into_iter().flatten();
            let given = properties.filter(|(name, _)| much || required.iter().any(|it| it == *name));
            given.map(|(name, property)| (name.clone(), inner(property))).collect::<Map<_, _>>().into()
        }
        Some("array") => {
            let count = schema["minItems"].as_u64().unwrap_or(u64::from(much));
            (0..count).map(|_| inner(&schema["items"])).collect()
        }
        Some("integer") => 1.into(),
        Some("number") => 1.5.into(),
        Some("boolean") => true.into(),
        _ => "abc".into(),
    }
}

#[tokio::test]
async fn what_a_dialect_says_is_taken() {
    let client = Client::stateless(&server(Dialect::Standard));
    for dialect in HOSTS {
        for much in [false, true] {
            let schema = published(dialect, "zoo").await;
            let mut given = example(&schema, &schema, much, 0);
            // Which of the two is the number and which is the text, only words could tell.
            given["pair"] = json!([1, "a"]);
            // Whether a tree that ends in words has its members, too.
            given["tree"]["children"] = json!([]);
            // The same, where members of a choice stand side by side.
            if dialect == Dialect::Cursor {
                given["key"] = json!({"by": "number", "number": 1, "name": "a"});
            }
            let result = client.call("zoo", given.clone()).await.unwrap();
            assert_eq!(result.text(), "taken", "{dialect}: {given}");
            let shapes = published(dialect, "shapes").await;
            let mut given = example(&shapes, &shapes, much, 0);
            given["größe"]["teile"] = json!([]);
            if dialect == Dialect::Cursor {
                // What its alternatives are, only words could tell.
                given["either"] = 1.into();
                given["shape"] = json!({"kind": "hole", "radius": 1, "label": "a"});
            }
            let result = client.call("shapes", given.clone()).await.unwrap();
            assert_eq!(result.text(), "taken", "{dialect}: {given}: {shapes}");
            let nothing = published(dialect, "nothing").await;
            let given = example(&nothing, &nothing, much, 0);
            assert_eq!(client.call("nothing", given).await.unwrap().text(), "taken");
        }
    }
}

#[tokio::test]
async fn a_recursive_type_ends_or_stays_a_reference() {
    let gemini = published(Dialect::Gemini, "zoo").await;
    let tree = &gemini["properties"]["tree"];
    assert_eq!(tree["properties"]["name"]["type"], "string");
    assert_eq!(
        tree["properties"]["children"]["items"],
        json!({
            "type": "object", "description": "A tree. (a Tree again, with children, name, note?)"
        })
    );
    let openai = published(Dialect::OpenAiStrict, "zoo").await;
    let children = &openai["properties"]["tree"]["properties"]["children"];
    assert_eq!(children["items"], json!({"$ref": "#/$defs/Tree"}));
    assert_eq!(openai["$defs"]["Tree"]["properties"]["children"], *children);
}

#[tokio::test]
async fn a_variant_has_the_members_of_its_type() {
    for dialect in HOSTS {
        let shape = published(dialect, "shapes").await["properties"]["shape"].clone();
        let variants = shape["anyOf"].as_array().cloned().unwrap_or_else(|| vec![shape.clone()]);
        for variant in &variants {
            let members = variant["properties"].as_object().unwrap();
            let has = |name: &str| members.contains_key(name);
            assert!(has("kind") && (has("radius") && has("label") || has("outer")), "{dialect}: {variant}");
        }
        // A type that was met in one variant is not taken for one that holds itself in the next.
        let ring = variants.last().unwrap();
        assert_eq!(
            ring["properties"]["inner"]["properties"]["radius"]["type"], "number",
            "{dialect}: {ring}"
        );
    }
}

#[tokio::test]
async fn a_reference_is_followed_in_whatever_letters_it_is_written() {
    for dialect in HOSTS {
        let schema = published(dialect, "shapes").await;
        let size = &schema["properties"]["größe"]["properties"];
        assert_eq!(size["breite"]["type"], "integer", "{dialect}: {schema}");
        assert!(dialect != Dialect::OpenAiStrict || schema["$defs"]["Größe"].is_object(), "{schema}");
    }
}

#[tokio::test]
async fn null_is_told_as_the_host_reads_it() {
    let of = async |dialect, member: &str| published(dialect, "zoo").await["properties"][member].clone();
    assert_eq!(of(Dialect::Gemini, "maybe").await, json!({"type": "string", "enum": ["low", "high"]}));
    assert_eq!(
        of(Dialect::OpenAiStrict, "maybe").await,
        json!({"type": ["string", "null"], "enum": ["low", "high", null]})
    );
    assert_eq!(of(Dialect::Cursor, "maybe").await, json!({"type": "string", "enum": ["low", "high"]}));
    // A header repeats one value, and there is no header for null.
    let region = of(Dialect::OpenAiStrict, "region").await;
    assert_eq!(region, json!({"type": "string", "x-mcp-header": "Region"}));
    // A default need not be null to be left out.
    let point = of(Dialect::OpenAiStrict, "point").await;
    assert_eq!(point["properties"]["size"]["description"], "default: 0");
    assert_eq!(point["properties"]["size"]["type"], "integer");
}

#[tokio::test]
async fn values_of_enums_keep_what_is_said_of_them() {
    for dialect in HOSTS {
        let unit = published(dialect, "zoo").await["properties"]["unit"].clone();
        assert_eq!(unit["enum"], json!(["celsius", "fahrenheit"]), "{dialect}");
        let said = unit["description"].as_str().unwrap();
        assert_eq!(
            said,
            "A unit of temperature. (\"celsius\": Degrees Celsius; \"fahrenheit\": Degrees Fahrenheit)"
        );
    }
}

#[tokio::test]
async fn a_choice_of_objects_is_an_object() {
    for dialect in HOSTS {
        let schema = published(dialect, "choice").await;
        assert_eq!(schema["properties"]["by"]["enum"], json!(["number", "name"]), "{dialect}: {schema}");
        assert!(schema["properties"]["exact"].is_object());
        let required = schema["required"].as_array().unwrap().len();
        assert_eq!(required, if dialect == Dialect::OpenAiStrict { 4 } else { 1 }, "{schema}");
        let server = server(dialect);
        let losses = server.losses(dialect);
        let (_, losses) = losses.iter().find(|(tool, _)| *tool == "choice").unwrap();
        let said = losses.iter().any(|loss| loss.path.is_empty() && loss.what.contains("may be refused"));
        assert_eq!(said, dialect == Dialect::OpenAiStrict, "{losses:?}");
    }
}

#[tokio::test]
async fn arguments_keep_their_order() {
    let server = server(Dialect::Gemini);
    let mut replies =
        server.handle(stateless(1, "tools/list", json!({})).to_string().as_bytes(), &mcp::Peer::connection());
    let body = String::from_utf8(replies.next().await.unwrap().into_body()).unwrap();
    let (zebra, any) = (body.find("\"zebra\":{").unwrap(), body.find("\"any\":{").unwrap());
    assert!(zebra < any);
}

mod explosive {
    use super::*;

    macro_rules! doubled {
        ($($name:ident of $inner:ty),+) => {
            $(
                #[derive(Deserialize, JsonSchema)]
                #[allow(dead_code)]
                pub struct $name { a: Option<Box<$inner>>, b: Option<Box<$inner>>, c: HashMap<String, $inner> }
            )+
        };
    }
    doubled!(A of B, B of C, C of D, D of E, E of F, F of G, G of H, H of I, I of J, J of K, K of u8);

    /// Has few types and, written out, two to the power of many.
    #[mcp::tool]
    async fn explode(a: A) {
        drop(a);
    }
}

#[tokio::test]
async fn what_is_written_out_is_bounded() {
    for dialect in HOSTS {
        let schema = published(dialect, "explode").await;
        let length = schema.to_string().len();
        assert!(length < 1_000_000, "{dialect}: {length}");
    }
}

#[tokio::test]
async fn the_path_chooses_over_http() {
    let url = serve_http(&server(Dialect::Cursor)).await;
    let message = stateless(1, "tools/list", json!({}));
    let told = async |path: &str| {
        let answer = post(&format!("{url}{path}"), &message, &[]).await;
        let tools = answer.body["result"]["tools"]
            .as_array()
            .unwrap_or_else(|| panic!("{path}: {}", answer.status))
            .clone();
        tools.into_iter().find(|it| it["name"] == "zoo").unwrap()["inputSchema"].clone()
    };
    for _ in 0..2 {
        assert_eq!(told("").await, published(Dialect::Cursor, "zoo").await);
        for dialect in Dialect::ALL {
            assert_eq!(told(&format!("/{dialect}")).await, published(dialect, "zoo").await);
        }
    }
    assert_eq!(send(&format!("{url}/basque"), "POST", &[], message.to_string()).await.status, 404);
    assert_eq!(send(&format!("{url}gemini"), "POST", &[], message.to_string()).await.status, 404);
}

#[tokio::test]
async fn the_path_chooses_in_a_router_too() {
    let router = axum::Router::new().nest_service("/tools", server(Dialect::Standard).http_service());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/tools", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let message = stateless(1, "tools/list", json!({}));
    let of = |answer: &crate::http::Answer| {
        let tools = answer.body["result"]["tools"].as_array().unwrap().clone();
        tools.into_iter().find(|it| it["name"] == "zoo").unwrap()["inputSchema"].clone()
    };
    let plain = post(&url, &message, &[]).await;
    assert_eq!(of(&plain), published(Dialect::Standard, "zoo").await);
    let gemini = post(&format!("{url}/gemini"), &message, &[]).await;
    assert_eq!(of(&gemini), published(Dialect::Gemini, "zoo").await);
}

#[tokio::test]
async fn pages_are_told_in_the_dialect() {
    let server = mcp::server!().only(module_path!()).dialect(Dialect::Gemini).page_size(1).build().unwrap();
    let tools = Client::stateless(&server).tools().await.unwrap();
    assert_eq!(tools.len(), 5);
    assert!(tools.iter().all(|tool| tool["inputSchema"].get("additionalProperties").is_none()));
}
