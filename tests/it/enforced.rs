//! What is published is kept: faults come back all at once, in words that a model can act on, and bounded.

use std::collections::HashSet;

use mcp::testing::Client;
use mcp::{Args, Json};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
struct Percent(#[schemars(range(min = 1, max = 100))] u8);

#[derive(Deserialize, JsonSchema)]
struct Code(#[schemars(length(min = 2, max = 4), regex(pattern = "^[A-Z]+$"))] String);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// How many.
    limit: u32,
    #[serde(default)]
    kinds: Vec<Kind>,
    #[serde(default)]
    shape: Option<Shape>,
    #[serde(default)]
    next: Option<Box<Filter>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Error,
    Warning,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Circle { radius: f64 },
    Square { side: u32 },
}

/// Finds things.
#[mcp::tool]
async fn find(
    filter: Filter,
    share: Option<Percent>,
    code: Option<Code>,
    words: Option<HashSet<String>>,
) -> String {
    let code = code.map(|code| code.0).unwrap_or_default();
    let share = share.map_or(0, |share| share.0);
    let words = words.map_or(0, |words| words.len());
    let Filter { limit, kinds, shape, next } = filter;
    let shape = match shape {
        Some(Shape::Circle { radius }) => radius,
        Some(Shape::Square { side }) => f64::from(side),
        None => 0.0,
    };
    let errors = kinds.iter().filter(|kind| matches!(kind, Kind::Error)).count();
    format!("{limit} {errors} {shape} {share} {code} {words} {}", next.is_some())
}

/// Takes a secret.
#[mcp::tool]
async fn login(user: String, password: u64) -> String {
    format!("{user} {password}")
}

#[derive(Deserialize)]
struct Handwritten {
    a: Option<i64>,
    b: Option<i64>,
}

impl JsonSchema for Handwritten {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Handwritten".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "dependentRequired": {"a": ["b"]},
            "required": ["a"],
        })
    }
}

/// Has a schema that nothing but a validator keeps.
#[mcp::tool]
async fn by_hand(Args(Handwritten { a, b }): Args<Handwritten>) -> String {
    format!("{a:?} {b:?}")
}

/// Explains a share.
#[mcp::prompt]
async fn explain(share: Percent) -> String {
    share.0.to_string()
}

/// A page of a book.
#[mcp::resource("books://{code}")]
async fn book(code: Code) -> String {
    code.0
}

fn server() -> mcp::Server {
    let server = mcp::server!().explicit().tool::<find>().tool::<login>().tool::<by_hand>();
    server.prompt::<explain>().resource::<book>().build().unwrap()
}

async fn refused(tool: &str, arguments: Value) -> String {
    let server = server();
    let mut said = Vec::new();
    for client in [Client::stateless(&server), Client::stateful(&server).await.unwrap()] {
        let answer = client.call(tool, arguments.clone()).await.unwrap();
        assert!(answer.is_error(), "{arguments} was taken: {}", answer.text());
        said.push(answer.text());
    }
    assert_eq!(said[0], said[1], "both eras say the same");
    said.remove(0)
}

#[tokio::test]
async fn faults_at_every_depth_come_back_at_once_with_an_example_that_works() {
    let said = refused(
        "find",
        json!({
            "filter": {"limit": "many", "kinds": ["error", "eror", 5], "shape": {"kind": "circle", "radius": []}, "nxt": 1,
                "next": {"kinds": []}},
            "share": 101,
            "code": "abc",
            "serch": 1,
        }),
    )
    .await;
    assert_eq!(
        said,
        "The arguments of tool \"find\" are wrong; it was not run.\n\
         - argument \"filter.kinds[1]\": expected one of \"error\", \"warning\", got \"eror\"; did you mean \"error\"?\n\
         - argument \"filter.kinds[2]\": expected one of \"error\", \"warning\", got 5\n\
         - argument \"filter.limit\": expected a non-negative integer, got \"many\"\n\
         - argument \"filter.next.limit\" is missing; it takes a non-negative integer\n\
         - there is no argument \"filter.nxt\"; did you mean \"next\"?\n\
         - argument \"filter.shape.radius\": expected a number, got an empty array\n\
         - argument \"share\": expected an integer from 1 to 100, got 101\n\
         - argument \"code\": expected a string of 2 to 4 characters that matches the pattern ^[A-Z]+$, got \"abc\"\n\
         - there is no argument \"serch\"; it takes filter, share, code, words\n\
         These would be right: {\"filter\":{\"limit\":1,\"kinds\":[\"error\"],\"next\":{\"limit\":1},\
         \"shape\":{\"kind\":\"circle\",\"radius\":1}},\"share\":1,\"code\":\"ABC\"}"
    );
    let example = said.rsplit_once("right: ").unwrap().1;
    let client = Client::stateless(&server());
    let right = client.call("find", serde_json::from_str(example).unwrap()).await.unwrap();
    assert!(!right.is_error(), "{}", right.text());
}

#[tokio::test]
async fn constraints_of_arguments_are_kept() {
    let server = server();
    let client = Client::stateless(&server);
    let filter = json!({"limit": 1});
    for (name, value, right) in [
        ("share", json!(1), true),
        ("share", json!(100), true),
        ("share", json!(0), false),
        ("share", json!(101), false),
        ("share", json!(null), true),
        ("code", json!("AB"), true),
        ("code", json!("ABCDE"), false),
        ("code", json!("A"), false),
        ("code", json!("Ab"), false),
        ("code", json!("\u{00c4}\u{00c4}"), false),
        ("words", json!(["a", "b"]), true),
        ("words", json!(["a", "\u{0061}"]), false),
    ] {
        let answer = client.call("find", json!({"filter": filter, name: value})).await.unwrap();
        assert_eq!(!answer.is_error(), right, "{name} {value}: {}", answer.text());
    }
}

#[tokio::test]
async fn characters_are_counted_and_not_bytes() {
    let client = Client::stateless(&server());
    let said =
        client.call("find", json!({"filter": {"limit": 1}, "code": "\u{1F600}"})).await.unwrap().text();
    assert!(said.contains("of 2 to 4 characters"), "{said}");
}

#[tokio::test]
async fn a_schema_that_was_written_by_hand_is_kept_by_a_validator() {
    let client = Client::stateless(&server());
    assert_eq!(client.call("by_hand", json!({"a": 1, "b": 2})).await.unwrap().text(), "Some(1) Some(2)");
    for (arguments, wanted) in
        [(json!({"a": 1}), "\"b\" is a required property"), (json!({"b": 1}), "argument \"a\" is missing")]
    {
        let said = client.call("by_hand", arguments).await.unwrap();
        assert!(said.is_error() && said.text().contains(wanted), "{}", said.text());
    }
}

#[tokio::test]
async fn prompts_and_templates_keep_what_their_arguments_promise() {
    let client = Client::stateless(&server());
    assert_eq!(client.prompt("explain", json!({"share": "7"})).await.unwrap().len(), 1);
    let said = client.prompt("explain", json!({"share": "101", "x": "1"})).await.unwrap_err().to_string();
    assert!(said.contains("argument \"share\": expected an integer from 1 to 100, got \"101\""), "{said}");
    assert!(said.contains("there is no argument \"x\""), "{said}");
    assert_eq!(client.read("books://AB").await.unwrap().len(), 1);
    let said = client.read("books://ab").await.unwrap_err().to_string();
    assert!(said.contains("that matches the pattern"), "{said}");
}

#[tokio::test]
async fn a_secret_is_not_repeated() {
    let said = refused("login", json!({"user": 5, "password": "hunter2"})).await;
    assert!(
        !said.contains("hunter2")
            && said.contains("argument \"password\": expected a non-negative integer, got a string"),
        "{said}"
    );
    let said = refused("login", json!({"user": "a", "password": 1e30})).await;
    assert!(!said.contains("1e30"), "{said}");
}

#[tokio::test]
async fn whatever_is_sent_the_answer_is_short() {
    let deep = (0..100).fold(json!("x"), |inner, _| json!({"limit": inner}));
    let many: serde_json::Map<_, _> =
        (0..5000).map(|n| (format!("{n}{}", "k".repeat(100)), json!(n))).collect();
    let long = "\u{1F600}".repeat(100_000);
    for arguments in [
        json!({"filter": deep}),
        json!({"filter": {"limit": 1, "kinds": vec!["x"; 50_000]}}),
        json!({"filter": many}),
        Value::Object(many.clone()),
        json!({"filter": {"limit": long, "shape": {"kind": long}}, "code": long, long.clone(): long}),
        json!({"filter": {"limit": 1}, "words": (0..100_000).map(|n| n / 2).map(|n| n.to_string()).collect::<Vec<_>>()}),
        json!({"filter": {"limit": 1}, "code": "A".repeat(1_000_000)}),
    ] {
        let begun = std::time::Instant::now();
        let said = refused("find", arguments).await;
        assert!(said.len() < 12_000, "{} bytes", said.len());
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}

#[derive(Serialize, JsonSchema)]
struct Measured {
    #[schemars(range(max = 10))]
    level: f64,
}

/// Measures.
#[mcp::tool]
async fn measure(level: f64) -> Json<Measured> {
    Json(Measured { level: if level < 0.0 { f64::NAN } else { level } })
}

#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
struct Few(#[schemars(length(max = 1))] Vec<u8>);

/// Gives a list.
#[mcp::tool]
async fn list(count: u8) -> Json<Few> {
    Json(Few((0..count).collect()))
}

#[tokio::test]
async fn a_result_that_breaks_its_schema_is_a_failure_and_is_counted() {
    for checked in [true, false] {
        let server = mcp::server!()
            .explicit()
            .tool::<measure>()
            .tool::<list>()
            .check_outputs(checked)
            .build()
            .unwrap();
        for client in [Client::stateless(&server), Client::stateful(&server).await.unwrap()] {
            let right = client.call("measure", json!({"level": 10})).await.unwrap();
            assert!(!right.is_error());
            for level in [11, -1] {
                let broken = client.call("measure", json!({"level": level})).await.unwrap();
                assert_eq!(broken.is_error(), checked, "{}", broken.text());
                assert_eq!(
                    broken.text().contains("the result is not what the output schema says: at level"),
                    checked
                );
            }
            assert_eq!(client.call("list", json!({"count": 2})).await.unwrap().is_error(), checked);
            assert!(!client.call("list", json!({"count": 1})).await.unwrap().is_error());
        }
        assert_eq!(server.counts()["measure"].broken_outputs, if checked { 4 } else { 0 });
    }
}

/// Takes anything.
#[derive(Deserialize)]
#[serde(transparent)]
struct Any(Value);

macro_rules! any {
    ($name:ident, $tool:ident, $schema:tt) => {
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct $name(Any);

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }

        /// Takes what its schema says, and no type does.
        #[mcp::tool]
        async fn $tool(value: $name) -> String {
            value.0.0.to_string().chars().take(50).collect()
        }
    };
}

any!(Slow, slow, {"type": "string", "pattern": "^(a+)+(b|a*)*$"});
any!(Cyclic, cyclic, {"type": ["array", "integer"], "items": {"$ref": "#/properties/value"}});
any!(Looping, looping, {"anyOf": [{"$ref": "#/properties/value"}, {"$ref": "#/properties/value/anyOf/0"}, {"type": "integer"}]});
any!(Wide, wide, {"type": "array", "items": {"anyOf": [
    {"type": "array", "items": {"$ref": "#/properties/value/items"}}, {"type": "array", "items": {"$ref": "#/properties/value/items"}},
    {"type": "array", "items": {"$ref": "#/properties/value/items"}}, {"type": "integer"}, {"type": "boolean"}]}});
any!(Step, step, {"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 0});
any!(Listed, listed, {"type": "string", "enum": ["a", "b"]});
any!(Typed, typed, {"type": "integer"});

#[tokio::test]
async fn schemas_that_lead_to_themselves_or_branch_without_end_cost_little() {
    let server = mcp::server!().explicit().tool::<cyclic>().tool::<wide>().tool::<slow>().build().unwrap();
    let client = Client::stateless(&server);
    let nested = |depth: usize, inner: Value| (0..depth).fold(inner, |inner, _| json!([inner]));
    for (tool, value, right) in [
        ("cyclic", nested(100, json!(1)), true),
        ("cyclic", nested(100, json!("x")), false),
        ("wide", nested(6, json!(1)), true),
        ("wide", nested(6, json!("x")), false),
        // Three ways at each of a hundred levels.
        ("wide", nested(100, json!("x")), false),
        ("slow", json!("a".repeat(5000)), true),
        ("slow", json!("a".repeat(5000) + "!"), false),
    ] {
        let answer = client.call(tool, json!({"value": value})).await.unwrap();
        assert_eq!(!answer.is_error(), right, "{tool}: {}", answer.text());
        assert!(answer.text().len() < 2000, "{tool}");
    }
    let broken = mcp::server!().explicit().tool::<looping>().build().unwrap_err().to_string();
    assert!(broken.contains("tool \"looping\"") && broken.contains("refers to itself"), "{broken}");
}

#[tokio::test]
async fn what_a_schema_written_by_hand_says_of_an_argument_is_kept_without_its_type() {
    let server = mcp::server!().explicit().tool::<step>().tool::<listed>().tool::<typed>().build().unwrap();
    let client = Client::stateless(&server);
    for (tool, value, right) in [
        ("step", json!(0.07), true),
        ("step", json!(1e20), true),
        ("step", json!(0.075), false),
        ("step", json!(0), false),
        ("step", json!("0.07"), true),
        ("listed", json!("a"), true),
        ("listed", json!("c"), false),
        ("typed", json!(5), true),
        ("typed", json!("5"), true),
        ("typed", json!([]), false),
    ] {
        let answer = client.call(tool, json!({"value": value})).await.unwrap();
        assert_eq!(!answer.is_error(), right, "{tool} {value}: {}", answer.text());
    }
}

#[derive(Deserialize)]
struct Huge(String);

impl JsonSchema for Huge {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Huge".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let values: Vec<String> = (0..20_000).map(|n| format!("value {n}")).collect();
        json_schema!({"type": "string", "enum": values})
    }
}

/// Takes one of very many.
#[mcp::tool]
async fn huge(many: Vec<Huge>) -> usize {
    many.iter().map(|one| one.0.len()).sum()
}

#[tokio::test]
async fn an_enum_of_very_many_values_is_kept_and_explained_in_few_words() {
    let server = mcp::server!().explicit().tool::<huge>().build().unwrap();
    let client = Client::stateless(&server);
    assert_eq!(client.call("huge", json!({"many": ["value 7"]})).await.unwrap().text(), "7");
    let refused = client.call("huge", json!({"many": vec!["valu 7"; 2000]})).await.unwrap().text();
    assert!(refused.contains("(20000 in all)") && refused.contains("did you mean"), "{refused}");
    assert!(refused.len() < 20_000, "{}", refused.len());
}
