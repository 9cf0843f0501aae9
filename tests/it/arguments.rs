//! What `#[arg(…)]` publishes of an argument, and what it does when the argument is left out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mcp::testing::Client;
use serde_json::{Value, json};

const MOST: usize = 40;
const THREE: usize = 3;
const UNIT: &str = "celsius";

#[derive(Debug, Default, Clone, Copy, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Newest,
    Oldest,
}

#[derive(Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Percent(u8);

/// Of another crate: it can be read and has no schema.
#[derive(serde::Deserialize)]
#[serde(try_from = "String")]
struct Foreign(String);

impl TryFrom<String> for Foreign {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.starts_with("f-") { Ok(Self(text)) } else { Err("an id of the other crate begins with f-") }
    }
}

/// Searches.
#[mcp::tool(read_only)]
#[allow(clippy::too_many_arguments, clippy::float_arithmetic)]
async fn search(
    /// What to look for.
    #[arg(length = 1..=80, example = "rust", example = "mcp servers")]
    text: &str,
    #[arg(default = 20, range = 1..=100)] limit: u32,
    #[arg(default)] order: Order,
    #[arg(default = 0.5, range = 0.0..1.0)] weight: f64,
    #[arg(default = -5, range = -10..10)] offset: i64,
    #[arg(default = UNIT.into(), pattern = "^[a-z]+$", description = concat!("Of ", "temperatures."))]
    unit: String,
    #[arg(default = ["a", "b"], length = ..=MOST)] tags: Vec<String>,
    #[arg(default = 7)] maybe: Option<u8>,
    #[arg(default = Percent(5), range = ..=100)] share: Percent,
    #[arg(rename = "type")] kind: Option<String>,
    #[arg(rename = "pair", default = (1, 2))] (a, b): (u8, u8),
    #[arg(default = true)] exact: bool,
    #[arg(default = 'x')] mark: char,
    #[arg(range = 0..)] whole: Option<f32>,
    #[arg(length = THREE)] three: Option<Vec<u8>>,
    #[arg(example = Some(BTreeMap::from([("a".to_owned(), 1)])))] map: Option<BTreeMap<String, u8>>,
    _ignored: Option<u8>,
) -> String {
    format!(
        "{text} {limit} {order:?} {weight} {offset} {unit} {tags:?} {maybe:?} {} {kind:?} {a}{b} {exact} {mark} {whole:?} \
         {three:?} {map:?}",
        share.0
    )
}

/// Takes what another crate made.
#[mcp::tool]
async fn foreign(
    #[arg(schema = String, pattern = "^f-", default = "f-0")] id: Foreign,
    #[arg(schema = mcp::schemars::json_schema!({ "type": "string", "format": "date" }))] day: Option<Foreign>,
    #[arg(schema = |generator| generator.subschema_for::<Order>())] order: &Value,
) -> String {
    format!("{} {} {order}", id.0, day.map_or("never".into(), |day| day.0))
}

fn schema(tools: &[Value], name: &str) -> Value {
    tools.iter().find(|tool| tool["name"] == name).unwrap()["inputSchema"].clone()
}

async fn client(builder: mcp::ServerBuilder) -> Client {
    Client::stateless(&builder.build().unwrap())
}

fn server() -> mcp::ServerBuilder {
    mcp::server!().explicit().tool::<search>().tool::<foreign>()
}

async fn call(client: &Client, name: &str, arguments: Value) -> String {
    let result = client.request("tools/call", json!({"name": name, "arguments": arguments})).await.unwrap();
    assert_ne!(result["isError"], true, "{result}");
    result["content"][0]["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_said_of_an_argument_is_published_in_its_schema() {
    let tools = client(server()).await.request("tools/list", json!({})).await.unwrap();
    let schema = schema(tools["tools"].as_array().unwrap(), "search");
    assert_eq!(schema["required"], json!(["text"]));
    let all = &schema["properties"];
    for (name, wanted) in [
        (
            "text",
            json!({"type": "string", "minLength": 1, "maxLength": 80, "examples": ["rust", "mcp servers"],
                "description": "What to look for."}),
        ),
        ("limit", json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20})),
        ("order", json!({"$ref": "#/$defs/Order", "default": "newest"})),
        ("weight", json!({"type": "number", "minimum": 0.0, "exclusiveMaximum": 1.0, "default": 0.5})),
        ("offset", json!({"type": "integer", "minimum": -10, "maximum": 9, "default": -5})),
        (
            "unit",
            json!({"type": "string", "pattern": "^[a-z]+$", "default": "celsius", "description": "Of temperatures."}),
        ),
        (
            "tags",
            json!({"type": "array", "items": {"type": "string"}, "maxItems": 40, "default": ["a", "b"]}),
        ),
        ("maybe", json!({"type": "integer", "minimum": 0, "maximum": 255, "default": 7})),
        ("share", json!({"$ref": "#/$defs/Percent", "maximum": 100, "default": 5})),
        ("type", json!({"type": "string"})),
        ("exact", json!({"type": "boolean", "default": true})),
        ("mark", json!({"type": "string", "minLength": 1, "maxLength": 1, "default": "x"})),
        ("whole", json!({"type": "number", "minimum": 0})),
        (
            "three",
            json!({"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 255}, "minItems": 3,
                "maxItems": 3}),
        ),
        ("ignored", json!({"type": "integer", "minimum": 0, "maximum": 255})),
    ] {
        assert_eq!(all[name], wanted, "{name}");
    }
    assert_eq!(all["pair"]["default"], json!([1, 2]));
    assert_eq!(all["map"]["examples"], json!([{"a": 1}]));
    assert_eq!(all.as_object().unwrap().len(), 17);
}

#[tokio::test]
async fn what_was_left_out_is_what_was_published() {
    let client = client(server()).await;
    let said = call(&client, "search", json!({"text": "a"})).await;
    assert_eq!(said, "a 20 Newest 0.5 -5 celsius [\"a\", \"b\"] Some(7) 5 None 12 true x None None None");
    let said = call(
        &client,
        "search",
        json!({"text": "a", "limit": 3, "order": "oldest", "weight": 0.25, "offset": 1, "unit": "kelvin", "tags": [],
            "maybe": null, "share": 9, "type": "t", "pair": [3, 4], "exact": false, "mark": "y", "whole": 2}),
    )
    .await;
    assert_eq!(said, "a 3 Oldest 0.25 1 kelvin [] Some(7) 9 Some(\"t\") 34 false y Some(2.0) None None");
}

#[tokio::test]
async fn a_type_of_another_crate_has_the_schema_that_it_is_given() {
    let client = client(server()).await;
    let tools = client.request("tools/list", json!({})).await.unwrap();
    let schema = schema(tools["tools"].as_array().unwrap(), "foreign");
    assert_eq!(schema["required"], json!(["order"]));
    assert_eq!(schema["properties"]["id"], json!({"type": "string", "pattern": "^f-", "default": "f-0"}));
    assert_eq!(schema["properties"]["day"], json!({"type": "string", "format": "date"}));
    assert_eq!(schema["properties"]["order"], json!({"$ref": "#/$defs/Order"}));
    assert_eq!(schema["$defs"]["Order"]["enum"], json!(["newest", "oldest"]));
    assert_eq!(call(&client, "foreign", json!({"order": "oldest"})).await, "f-0 never \"oldest\"");
    let given = json!({"id": "f-1", "day": "f-2", "order": "newest"});
    assert_eq!(call(&client, "foreign", given).await, "f-1 f-2 \"newest\"");
}

/// Logs in.
#[mcp::tool]
async fn login(
    user: String,
    /// Who knows it may do everything.
    #[arg(secret, length = 8..)]
    token: String,
    #[arg(secret)] pin: Option<u16>,
) -> String {
    format!("{user} {} {}", token.len(), pin.is_some())
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Account {
    user: String,
    #[schemars(extend("writeOnly" = true))]
    password: String,
}

/// Takes all of it.
#[mcp::tool]
async fn register(mcp::Args(account): mcp::Args<Account>) -> String {
    format!("{} {}", account.user, account.password.len())
}

/// Asks with a key.
#[mcp::prompt]
async fn keyed(#[arg(secret)] key: u64, #[arg(default = "me")] who: &str) -> String {
    format!("{who} {}", key > 5)
}

/// Notes how every request is shown.
fn noting(builder: mcp::ServerBuilder) -> (mcp::ServerBuilder, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let layer = tower::layer::layer_fn(move |inner: mcp::Next| {
        let noted = noted.clone();
        tower::ServiceExt::map_request(inner, move |request: mcp::Request| {
            noted.lock().unwrap().push(format!("{request:?}"));
            request
        })
    });
    (builder.layer(layer), seen)
}

#[tokio::test]
async fn a_secret_is_repeated_nowhere() {
    let (builder, seen) =
        noting(mcp::server!().explicit().tool::<login>().tool::<register>().prompt::<keyed>());
    let client = client(builder).await;
    let tools = client.request("tools/list", json!({})).await.unwrap();
    let token = &tools["tools"][0]["inputSchema"]["properties"]["token"];
    assert_eq!(
        *token,
        json!({"type": "string", "minLength": 8, "writeOnly": true, "description": "Who knows it may do everything."})
    );

    let call =
        |arguments: Value| client.request("tools/call", json!({"name": "login", "arguments": arguments}));
    let fine = call(json!({"user": "ann", "token": "s3cr3t-token", "pin": 1234})).await.unwrap();
    assert_eq!(fine["content"][0]["text"], "ann 12 true");
    let wrong = call(json!({"user": "ann", "token": "s3cr3t-token", "pin": "s3cr3t-pin"})).await.unwrap();
    assert_eq!(wrong["isError"], true);
    let said = wrong.to_string();
    assert!(said.contains("pin") && !said.contains("s3cr3t"), "{said}");

    let arguments = json!({"user": "bea", "password": "s3cr3t-word"});
    let fine =
        client.request("tools/call", json!({"name": "register", "arguments": arguments})).await.unwrap();
    assert_eq!(fine["content"][0]["text"], "bea 11");

    let get = |key: &str| client.request("prompts/get", json!({"name": "keyed", "arguments": {"key": key}}));
    assert_eq!(get("12").await.unwrap()["messages"][0]["content"]["text"], "me true");
    let said = format!("{:?}", get("s3cr3t-key").await.unwrap_err());
    assert!(said.contains("key") && !said.contains("s3cr3t"), "{said}");

    let seen = seen.lock().unwrap().join("\n");
    assert!(
        seen.contains("\"user\": \"bea\"") && seen.contains("\"user\": \"ann\"") && seen.contains("(secret)"),
        "{seen}"
    );
    assert!(!seen.contains("s3cr3t") && !seen.contains("1234"), "{seen}");
}

/// Shows lines.
#[mcp::resource("lines://{file}{?from,kind}")]
async fn lines(
    file: String,
    #[arg(default = 1, range = 1..)] from: u32,
    #[arg(rename = "kind", default)] order: Order,
) -> String {
    format!("{file} {from} {order:?}")
}

/// Writes a letter.
#[mcp::prompt]
async fn letter(
    /// To whom.
    #[arg(rename = "to", length = 1..)]
    name: &str,
    #[arg(default = 3, description = "How many lines.")] lines: u8,
    #[arg(default)] order: Order,
) -> String {
    format!("{name} {lines} {order:?}")
}

#[tokio::test]
async fn prompts_and_variables_of_uris_have_defaults_too() {
    let client = client(mcp::server!().explicit().resource::<lines>().prompt::<letter>()).await;
    for (uri, wanted) in [
        ("lines://a", "a 1 Newest"),
        ("lines://a?from=5", "a 5 Newest"),
        ("lines://a?from=5&kind=oldest", "a 5 Oldest"),
    ] {
        let read = client.request("resources/read", json!({"uri": uri})).await.unwrap();
        assert_eq!(read["contents"][0]["text"], wanted);
    }
    let prompts = client.request("prompts/list", json!({})).await.unwrap();
    assert_eq!(
        prompts["prompts"][0]["arguments"],
        json!([
            {"name": "to", "description": "To whom.", "required": true},
            {"name": "lines", "description": "How many lines.", "required": false},
            {"name": "order", "required": false},
        ])
    );
    for (arguments, wanted) in [
        (json!({"to": "Ann"}), "Ann 3 Newest"),
        (json!({"to": "Ann", "lines": "5", "order": "oldest"}), "Ann 5 Oldest"),
    ] {
        let got =
            client.request("prompts/get", json!({"name": "letter", "arguments": arguments})).await.unwrap();
        assert_eq!(got["messages"][0]["content"]["text"], wanted);
    }
}

/// Adds.
#[mcp::tool]
#[deprecated(since = "2.0.0", note = "use `search`")]
async fn old() {}

/// Is older.
#[mcp::tool]
#[deprecated]
async fn older() {}

#[mcp::prompt(title = "The oldest")]
#[deprecated = "write yourself"]
async fn oldest() -> &'static str {
    "?"
}

#[tokio::test]
async fn what_is_deprecated_says_so_first() {
    let server = mcp::server!().explicit().tool::<old>().tool::<older>().prompt::<oldest>().build().unwrap();
    let client = Client::stateful(&server).await.unwrap();
    let tools = client.request("tools/list", json!({})).await.unwrap();
    assert_eq!(tools["tools"][0]["description"], "Deprecated since 2.0.0: use `search`\n\nAdds.");
    assert_eq!(tools["tools"][1]["description"], "Deprecated\n\nIs older.");
    let prompts = client.request("prompts/list", json!({})).await.unwrap();
    assert_eq!(prompts["prompts"][0]["description"], "Deprecated: write yourself\n\nThe oldest");
    let said: Vec<_> = server.definitions().map(|definition| definition.deprecation()).collect();
    assert!(said.contains(&Some("Deprecated since 2.0.0: use `search`")), "{said:?}");

    client.call("old", json!({})).await.unwrap();
    client.call("old", json!({})).await.unwrap();
    let counts = server.counts();
    assert_eq!((counts["old"].deprecated, counts["older"].deprecated), (2, 0));
}

/// Depends on the machine.
#[mcp::tool]
async fn machine(
    text: &str,
    #[cfg(any())] missing: DoesNotExist,
    #[cfg(not(any()))]
    #[cfg_attr(not(any()), doc = "How many.", allow(unused))]
    #[arg(default = 2)]
    count: u8,
    #[cfg(any())]
    #[arg(default = 2)]
    count: u16,
    #[cfg(not(any()))] more: &[u8],
) -> String {
    format!("{text} {count} {more:?}")
}

#[tokio::test]
async fn an_argument_that_depends_on_a_condition_is_there_or_not() {
    let client = client(mcp::server!().explicit().tool::<machine>()).await;
    let tools = client.request("tools/list", json!({})).await.unwrap();
    let schema = &tools["tools"][0]["inputSchema"];
    assert_eq!(schema["properties"].as_object().unwrap().len(), 3);
    assert_eq!(schema["properties"]["count"]["description"], "How many.");
    assert_eq!(call(&client, "machine", json!({"text": "a", "more": [1]})).await, "a 2 [1]");
    let wrong = json!({"name": "machine", "arguments": {"text": "a", "mor": [1]}});
    let said = client.request("tools/call", wrong).await.unwrap()["content"][0]["text"].to_string();
    assert!(said.contains("\\\"more\\\" is missing") && said.contains("no argument"), "{said}");
}

macro_rules! limited {
    ($name:ident, $ty:ty, $default:expr, $least:literal, $text:literal) => {
        #[doc = concat!("Takes ", $text, ".")]
        #[mcp::tool]
        async fn $name(
            #[doc = $text]
            #[arg(default = $default, range = $least.., example = $least)]
            value: $ty,
            #[arg(description = $text)] other: Option<$ty>,
        ) -> String {
            format!("{value} {other:?}")
        }
    };
}

limited!(limited_float, f64, 0.5, 0.25, "a fraction");
limited!(limited_integer, i32, -5, -10, "an integer");

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}%", self.0)
    }
}

limited!(limited_percent, Percent, Percent(2 * 4), 1, "percents");

#[tokio::test]
async fn functions_made_by_macros_have_constraints_too() {
    let builder = mcp::server!().explicit().tool::<limited_float>().tool::<limited_percent>();
    let client = client(builder).await;
    let tools = client.request("tools/list", json!({})).await.unwrap();
    assert_eq!(tools["tools"][0]["description"], "Takes a fraction.");
    assert_eq!(
        tools["tools"][0]["inputSchema"]["properties"]["value"],
        json!({"type": "number", "minimum": 0.25, "default": 0.5, "examples": [0.25], "description": "a fraction"})
    );
    assert_eq!(tools["tools"][0]["inputSchema"]["properties"]["other"]["description"], "a fraction");
    assert_eq!(call(&client, "limited_float", json!({})).await, "0.5 None");
    assert_eq!(call(&client, "limited_percent", json!({})).await, "8% None");
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Name(#[schemars(length(min = 2, max = 20))] String);

/// Is wrong in every way that only its types tell.
#[mcp::tool]
#[allow(clippy::too_many_arguments)]
async fn wrong(
    #[arg(range = 1..)] name: Name,
    #[arg(length = 1..)] share: Percent,
    #[arg(length = ..=30)] longer: Name,
    #[arg(default = "x")] short: Name,
    #[arg(default = "never")] order: Order,
    #[arg(example = 400)] percent: Percent,
    #[arg(default = 50 - 5, range = ..=40)] most: i64,
    #[arg(range = 20..=MOST / 4)] empty: i64,
    #[arg(schema = String, default = "0")] foreign: Foreign,
    #[arg(default = f64::NAN)] nan: f64,
) {
    let _ = (name, share, longer, short, order, percent, most, empty, foreign.0, nan);
}

#[test]
fn what_only_the_types_tell_is_found_when_the_server_is_built() {
    let broken = mcp::server!().explicit().tool::<wrong>().build().unwrap_err();
    let said = broken.problems().join("\n");
    for wanted in [
        "argument \"name\": `range` is for numbers, and the type takes a string",
        "argument \"share\": `length` is for texts and lists, and the type takes an integer",
        "argument \"longer\": the schema of the type has \"maxLength\": 20, and 30 allows what that forbids",
        "argument \"short\": its default is none that a caller could give: \"x\" is not a string of 2 to 20 characters",
        "argument \"order\": its default is none that a caller could give: \"never\" is not one of \"newest\", \"oldest\"",
        "argument \"percent\": its example is none that a caller could give: 400 is not an integer from 0 to 255",
        "argument \"most\": its default is none that a caller could give: 45 is not an integer",
        "argument \"empty\": no number is in this `range`: it is empty",
        "argument \"foreign\": its default is none that a caller could give: an id of the other crate begins with f-",
        "argument \"nan\": its default is none that a caller could give",
    ] {
        assert!(said.contains(wanted), "{wanted}\nis not in\n{said}");
    }
    assert_eq!(broken.problems().len(), 10, "{said}");
    assert_eq!(said.matches("(wrong at tests/it/arguments.rs:").count(), 10, "{said}");
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Point {
    x: i32,
    y: i32,
}

#[mcp::tool(description = include_str!("described.txt"))]
async fn described(
    #[doc = include_str!("described.txt")] plain: u8,
    #[arg(description = include_str!("described.txt"))] said: u8,
    #[arg(rename = "at", header = "Never-Repeated")] mut _place: Option<String>,
    #[arg(rename = "corner", default = Point { x: 1, y: 2 })] Point { x, y }: Point,
    #[arg(default = "borrowed", length = 1..)] text: std::borrow::Cow<'_, str>,
    #[arg(default = ["a"])] set: &std::collections::BTreeSet<String>,
) -> i32 {
    assert_eq!((&*text, set.len()), ("borrowed", 1));
    x + y + i32::from(plain) + i32::from(said)
}

macro_rules! named {
    ($function:ident, $name:literal, $argument:literal, $pattern:literal, $length:expr, $description:expr) => {
        #[mcp::tool(name = $name, title = $name, description = $description)]
        async fn $function(
            #[arg(rename = $argument, pattern = $pattern, length = $length)] text: String,
            #[arg(length = ..=$length)] list: &[u8],
        ) -> String {
            format!("{text} {list:?}")
        }
    };
}

const NAMED: &str = "Is named by a macro.";

named!(named, "named.by-macro", "the.text", "^a+$", 3, NAMED);

#[tokio::test]
async fn texts_come_from_files_and_macros() {
    let client = client(mcp::server!().explicit().tool::<described>().tool::<named>()).await;
    let tools = client.request("tools/list", json!({})).await.unwrap();
    let text = include_str!("described.txt").trim();
    let [described, named] = [&tools["tools"][0], &tools["tools"][1]];
    let all = &described["inputSchema"]["properties"];
    for said in [&described["description"], &all["plain"]["description"], &all["said"]["description"]] {
        assert_eq!(said, text);
    }
    assert_eq!(all["at"], json!({"type": "string", "x-mcp-header": "Never-Repeated"}));
    assert_eq!(all["corner"]["default"], json!({"x": 1, "y": 2}));
    let said = client
        .request("tools/call", json!({"name": "described", "arguments": {"plain": 1, "said": 2}}))
        .await;
    assert_eq!(said.unwrap()["content"][0]["text"], "6");

    assert_eq!((&named["name"], &named["title"]), (&json!("named.by-macro"), &json!("named.by-macro")));
    assert_eq!(named["description"], "Is named by a macro.");
    let all = &named["inputSchema"]["properties"];
    assert_eq!(all["the.text"], json!({"type": "string", "pattern": "^a+$", "minLength": 3, "maxLength": 3}));
    assert_eq!(all["list"]["maxItems"], 3);
}
