//! What a change of the catalogue means to callers: a table of changes, each with its verdict.

use mcp::Catalogue;
use mcp::contract::{Change, Verdict, compare};
use serde_json::{Value, json};

use Verdict::{Additive, Breaking, Wording};

fn catalogue(value: Value) -> Catalogue {
    serde_json::from_value(value).unwrap()
}

fn one(list: &str, item: &Value) -> Catalogue {
    catalogue(json!({list: [item]}))
}

/// The verdicts, and what is said, of a change of one item.
fn changes(list: &str, old: &Value, new: &Value) -> Vec<Change> {
    compare(&one(list, old), &one(list, new))
}

fn worst(changes: &[Change]) -> Option<Verdict> {
    changes.iter().map(|change| change.verdict).max()
}

/// A tool that takes one argument.
fn taking(schema: &Value) -> Value {
    json!({"name": "t", "inputSchema": {
        "type": "object", "properties": {"x": schema}, "required": ["x"], "additionalProperties": false,
        "$defs": definitions(),
    }})
}

/// A tool that gives one field.
fn giving(schema: &Value) -> Value {
    json!({"name": "t", "inputSchema": {"type": "object"}, "outputSchema": {
        "type": "object", "properties": {"x": schema}, "required": ["x"], "$defs": definitions(),
    }})
}

fn definitions() -> Value {
    json!({
        "A": {"type": "string", "maxLength": 5},
        "B": {"type": "string", "maxLength": 5, "description": "Is B."},
        "C": {"type": "string", "maxLength": 4},
        "Größe": {"type": "string", "maxLength": 5},
        "Circle": {"type": "object", "properties": {"radius": {"maximum": 1}}, "required": ["radius"]},
        "Circle2": {"type": "object", "properties": {"radius": {"maximum": 2}}, "required": ["radius"]},
        "Square": {"type": "object", "properties": {"side": {"maximum": 1}}, "required": ["side"]},
        "Square2": {"type": "object", "properties": {"side": {"maximum": 2}}, "required": ["side"]},
        "Choice": {"enum": ["a", "b"]},
        "List": {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/List"}, {"type": "null"}]}}},
        "Liste": {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Liste"}, {"type": "null"}]}}},
        "Listen": {"type": "object", "properties": {
            "next": {"anyOf": [{"$ref": "#/$defs/Listen"}, {"type": "null"}]}, "and": {"type": "null"}
        }},
    })
}

/// A choice whose variants are types of their own, as serde tags them.
fn variants(circle: &str, square: &str) -> Value {
    let variant = |tag: &str, name: &str| {
        json!({
            "$ref": format!("#/$defs/{name}"), "type": "object",
            "properties": {"kind": {"type": "string", "const": tag}}, "required": ["kind"],
        })
    };
    json!({"oneOf": [variant("circle", circle), variant("square", square)]})
}

/// What a new schema allows, compared with the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Same,
    Words,
    Wider,
    Narrower,
    /// Both, or nobody knows.
    Otherwise,
}

use Is::{Narrower, Otherwise, Same, Wider, Words};

/// Changes of one value. What goes in may become wider, what comes out narrower: each row is a test of both, and of the way
/// back.
fn values() -> Vec<(Is, Value, Value)> {
    let choice = |tags: &[&str]| {
        let option = |tag: &&str| json!({"type": "object", "properties": {"kind": {"const": tag}}, "required": ["kind"]});
        json!({"oneOf": tags.iter().map(option).collect::<Vec<_>>()})
    };
    vec![
        // Types.
        (Same, json!({"type": "string"}), json!({"type": ["string"]})),
        (Same, json!(true), json!({})),
        (Same, json!({"type": ["integer", "number"]}), json!({"type": "number"})),
        (Wider, json!({"type": "integer"}), json!({"type": "number"})),
        (Wider, json!({"type": "string"}), json!({"type": ["string", "null"]})),
        (Wider, json!({"type": "string"}), json!({})),
        (Wider, json!(false), json!({"type": "string"})),
        (Otherwise, json!({"type": "integer"}), json!({"type": "string"})),
        (Otherwise, json!({"type": ["integer", "null"]}), json!({"type": ["integer", "string"]})),
        // Ranges.
        (Wider, json!({"type": "integer", "minimum": 1}), json!({"type": "integer", "minimum": 0})),
        (Wider, json!({"type": "integer", "maximum": 10}), json!({"type": "integer", "maximum": 11})),
        (Wider, json!({"type": "integer", "maximum": 10}), json!({"type": "integer"})),
        (Wider, json!({"maximum": 9_007_199_254_740_992_u64}), json!({"maximum": 9_007_199_254_740_993_u64})),
        (Wider, json!({"minimum": 0.5}), json!({"minimum": 0.25})),
        (Wider, json!({"exclusiveMinimum": 0}), json!({"minimum": 0})),
        (Same, json!({"maximum": 1}), json!({"maximum": 1.0})),
        (Otherwise, json!({"minimum": 0, "maximum": 5}), json!({"minimum": 1, "maximum": 6})),
        // Sizes.
        (Wider, json!({"type": "string", "maxLength": 5}), json!({"type": "string", "maxLength": 6})),
        (Wider, json!({"type": "string", "maxLength": 5}), json!({"type": "string"})),
        (Wider, json!({"type": "string", "minLength": 1}), json!({"type": "string"})),
        (Same, json!({"type": "string", "minLength": 0}), json!({"type": "string"})),
        (Narrower, json!({"type": "array"}), json!({"type": "array", "maxItems": 10})),
        (Narrower, json!({"type": "array", "minItems": 1}), json!({"type": "array", "minItems": 2})),
        (Narrower, json!({"type": "object"}), json!({"type": "object", "minProperties": 1})),
        // Rules.
        (Narrower, json!({"type": "string"}), json!({"type": "string", "pattern": "^a"})),
        (Otherwise, json!({"pattern": "^a"}), json!({"pattern": "^b"})),
        (Narrower, json!({"type": "string"}), json!({"type": "string", "format": "date"})),
        (Otherwise, json!({"format": "date"}), json!({"format": "date-time"})),
        (Narrower, json!({"multipleOf": 2}), json!({"multipleOf": 4})),
        (Otherwise, json!({"multipleOf": 2}), json!({"multipleOf": 3})),
        (Otherwise, json!({"multipleOf": 0.3}), json!({"multipleOf": 0.1})),
        (Narrower, json!({"type": "array"}), json!({"type": "array", "uniqueItems": true})),
        (Same, json!({"type": "array"}), json!({"type": "array", "uniqueItems": false})),
        // Values that are listed.
        (Same, json!({"enum": ["a", "b"]}), json!({"enum": ["b", "a"]})),
        (Same, json!({"const": "a"}), json!({"type": "string", "enum": ["a"]})),
        (Wider, json!({"enum": ["a"]}), json!({"enum": ["a", "b"]})),
        (Otherwise, json!({"enum": ["a", "b"]}), json!({"enum": ["a", "c"]})),
        (Wider, json!({"enum": ["a", "b"]}), json!({"type": "string"})),
        (Otherwise, json!({"enum": ["a", 1]}), json!({"type": "string"})),
        (Wider, json!({"type": "string", "enum": ["a"]}), json!({"oneOf": [{"const": "a"}, {"const": "b"}]})),
        (
            Words,
            json!({"type": "string", "enum": ["a", "b"]}),
            json!({"oneOf": [{"type": "string", "enum": ["b"]}, {"const": "a", "description": "The first."}]}),
        ),
        (
            Wider,
            json!({"$ref": "#/$defs/Choice"}),
            json!({"anyOf": [{"$ref": "#/$defs/Choice"}, {"type": "null"}]}),
        ),
        // Choices.
        (Wider, json!({"type": "string"}), json!({"anyOf": [{"type": "string"}, {"type": "integer"}]})),
        (Wider, choice(&["a", "b"]), choice(&["c", "b", "a"])),
        (Same, choice(&["a", "b"]), choice(&["b", "a"])),
        (Otherwise, choice(&["a", "b"]), choice(&["a", "c"])),
        (
            Wider,
            json!({"anyOf": [{"type": "string", "maxLength": 1}, {"type": "null"}]}),
            json!({"anyOf": [{"type": "string", "maxLength": 2}, {"type": "null"}]}),
        ),
        (
            Narrower,
            json!({"type": "object"}),
            json!({"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
        ),
        (Same, json!({"type": ["string", "null"]}), json!({"anyOf": [{"type": "null"}, {"type": "string"}]})),
        (
            Wider,
            json!({"type": ["string", "null"], "maxLength": 4}),
            json!({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}),
        ),
        (
            Wider,
            json!({"oneOf": [{"type": "string", "enum": ["a"]}, choice(&["b"])]}),
            json!({"oneOf": [{"type": "string", "enum": ["a", "c"]}, choice(&["b"]), choice(&["d"])]}),
        ),
        (
            Wider,
            json!({"type": "string", "enum": ["a", null]}),
            json!({"type": ["string", "null"], "enum": ["a", null]}),
        ),
        (Same, json!({"type": "integer", "enum": [1.0]}), json!({"type": "number", "enum": [1.0]})),
        (
            Otherwise,
            json!({"oneOf": [{"required": ["a"]}], "anyOf": [{"required": ["b"]}]}),
            json!({"oneOf": [{"required": ["a"]}], "anyOf": [{"required": ["c"]}]}),
        ),
        (
            Otherwise,
            json!({"enum": ["a", "b"], "anyOf": [{"pattern": "a"}]}),
            json!({"enum": ["a", "b"], "anyOf": [{"pattern": "b"}]}),
        ),
        (Wider, variants("Circle", "Square"), variants("Circle2", "Square2")),
        // Lists.
        (
            Wider,
            json!({"type": "array", "items": {"type": "integer"}}),
            json!({"type": "array", "items": {"type": "number"}}),
        ),
        (
            Narrower,
            json!({"type": "array", "prefixItems": [{"type": "integer"}]}),
            json!({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}),
        ),
        (Narrower, json!({"type": "array"}), json!({"type": "array", "items": {"type": "string"}})),
        (
            Same,
            json!({"allOf": [{"minimum": 1}, {"maximum": 5}]}),
            json!({"allOf": [{"maximum": 5}, {"minimum": 1}]}),
        ),
        // Maps.
        (
            Wider,
            json!({"type": "object", "additionalProperties": {"type": "integer"}}),
            json!({"type": "object", "additionalProperties": {"type": "number"}}),
        ),
        (Wider, json!({"type": "object", "additionalProperties": false}), json!({"type": "object"})),
        (Narrower, json!({"type": "object"}), json!({"type": "object", "propertyNames": {"maxLength": 3}})),
        (
            Narrower,
            json!({"type": "object", "patternProperties": {"^a": {}}}),
            json!({"type": "object", "patternProperties": {"^a": {"type": "null"}}}),
        ),
        (
            Otherwise,
            json!({"type": "object", "patternProperties": {"^a": {}}}),
            json!({"type": "object", "patternProperties": {"^b": {}}}),
        ),
        // References.
        (Same, json!({"$ref": "#/$defs/Gr%C3%B6%C3%9Fe"}), json!({"$ref": "#/$defs/A"})),
        (Narrower, json!({"$ref": "#/$defs/Gr%C3%B6%C3%9Fe"}), json!({"$ref": "#/$defs/C"})),
        (Same, json!({"$ref": "#/$defs/A"}), json!({"type": "string", "maxLength": 5})),
        (Words, json!({"$ref": "#/$defs/A"}), json!({"$ref": "#/$defs/B"})),
        (Same, json!({"$ref": "#/$defs/A"}), json!({"allOf": [{"$ref": "#/$defs/A"}]})),
        (Words, json!({"$ref": "#/$defs/A"}), json!({"$ref": "#/$defs/A", "description": "Is A."})),
        (Narrower, json!({"$ref": "#/$defs/A"}), json!({"$ref": "#/$defs/C"})),
        (Same, json!({"$ref": "#/$defs/List"}), json!({"$ref": "#/$defs/Liste"})),
        (Otherwise, json!({"$ref": "#/$defs/A"}), json!({"$ref": "https://example.com/a"})),
        (Otherwise, json!({"not": {"$ref": "#/$defs/A"}}), json!({"not": {"$ref": "#/$defs/C"}})),
        (Words, json!({"not": {"$ref": "#/$defs/A"}, "title": "a"}), json!({"not": {"$ref": "#/$defs/A"}})),
        // What is not understood.
        (Otherwise, json!({"type": "array"}), json!({"type": "array", "contains": {"type": "null"}})),
        (Otherwise, json!({"if": {"type": "null"}}), json!({"if": {"type": "string"}})),
        (Otherwise, json!({"type": "string"}), json!({"type": "string", "x-mcp-header": "Region"})),
        (Otherwise, json!({"allOf": [{}, {}]}), json!({"allOf": [{}, {}, {}]})),
        (Narrower, json!({"allOf": [{}, {}]}), json!({"allOf": [{}, {"minimum": 0}]})),
        // Texts.
        (Words, json!({"description": "a"}), json!({"description": "b"})),
        (Words, json!({}), json!({"title": "b"})),
        (Words, json!({"examples": [1]}), json!({"examples": [2]})),
        (Words, json!({}), json!({"deprecated": true})),
        (Words, json!({"$comment": "a"}), json!({})),
        (Words, json!({}), json!({"writeOnly": true})),
    ]
}

#[test]
fn what_goes_in_may_become_wider_and_what_comes_out_narrower() {
    let rows = values();
    assert!(rows.len() >= 60, "{}", rows.len());
    for (is, old, new) in rows {
        let back = match is {
            Wider => Narrower,
            Narrower => Wider,
            same => same,
        };
        for (is, old, new) in [(is, &old, &new), (back, &new, &old)] {
            let (takes, gives) = match is {
                Same => (None, None),
                Words => (Some(Wording), Some(Wording)),
                Wider => (Some(Additive), Some(Breaking)),
                Narrower => (Some(Breaking), Some(Additive)),
                Otherwise => (Some(Breaking), Some(Breaking)),
            };
            let found = changes("tools", &taking(old), &taking(new));
            assert_eq!(worst(&found), takes, "taken: {old} becomes {new}: {found:#?}");
            let found = changes("tools", &giving(old), &giving(new));
            assert_eq!(worst(&found), gives, "given: {old} becomes {new}: {found:#?}");
        }
    }
}

#[test]
fn a_schema_compared_with_itself_has_not_changed() {
    for (_, old, new) in values() {
        for schema in [old, new] {
            assert_eq!(changes("tools", &taking(&schema), &taking(&schema)), [], "{schema}");
            // The definitions differ, so that it has to be looked into.
            let (mut again, unused) = (taking(&schema), json!({"type": "null"}));
            again["inputSchema"]["$defs"]["Unused"] = unused;
            assert_eq!(changes("tools", &taking(&schema), &again), [], "{schema}");
        }
    }
}

#[test]
fn a_type_that_holds_itself_is_compared_to_its_end() {
    let (old, new) = (json!({"$ref": "#/$defs/List"}), json!({"$ref": "#/$defs/Listen"}));
    let found = changes("tools", &taking(&old), &taking(&new));
    assert_eq!(worst(&found), Some(Additive), "{found:#?}");
    let endless = json!({"$ref": "#/$defs/Endless"});
    let tool = |name: &str| {
        json!({"name": "t", "inputSchema": {"$ref": format!("#/$defs/{name}"), "$defs": {
            "Endless": endless, "Endlos": {"$ref": "#/$defs/Endlos"},
        }}})
    };
    assert_eq!(
        worst(&changes("tools", &tool("Endless"), &tool("Endlos"))),
        Some(Breaking),
        "it means nothing"
    );
}

/// The input schema of a tool: properties, and which of them are required.
fn arguments(properties: Value, required: &[&str]) -> Value {
    json!({"name": "t", "inputSchema": {
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    }})
}

fn open(properties: Value, required: &[&str]) -> Value {
    json!({"name": "t", "inputSchema": {"type": "object", "properties": properties, "required": required}})
}

fn fields(properties: Value, required: &[&str]) -> Value {
    let schema = json!({"type": "object", "properties": properties, "required": required});
    json!({"name": "t", "inputSchema": {"type": "object"}, "outputSchema": schema})
}

fn hints(hints: Value) -> Value {
    json!({"name": "t", "inputSchema": {"type": "object"}, "annotations": hints})
}

fn tool(member: &str, value: Value) -> Value {
    json!({"name": "t", "inputSchema": {"type": "object"}, member: value})
}

fn prompt(arguments: Value) -> Value {
    json!({"name": "p", "arguments": arguments})
}

fn resource(member: &str, value: Value) -> Value {
    json!({"uri": "a://b", "name": "r", member: value})
}

#[test]
fn each_change_has_its_verdict_and_says_what_it_is() {
    let int = json!({"type": "integer"});
    let with_default = |default: i64| json!({"type": "integer", "default": default});
    let a = |schema: &Value, required: &[&str]| arguments(json!({"a": schema}), required);
    let ab = |required: &[&str]| arguments(json!({"a": int, "b": int}), required);
    let rows: Vec<(&str, Value, Value, Verdict, &str)> = vec![
        (
            "tools",
            a(&int, &["a"]),
            ab(&["a", "b"]),
            Breaking,
            r#"tool "t": argument "b" is new and required"#,
        ),
        ("tools", a(&int, &["a"]), ab(&["a"]), Additive, r#"tool "t": argument "b" is new and optional"#),
        (
            "tools",
            ab(&["a"]),
            a(&int, &["a"]),
            Breaking,
            r#"argument "b" is gone, and what is not known is refused"#,
        ),
        (
            "tools",
            open(json!({"a": int}), &[]),
            open(json!({}), &[]),
            Breaking,
            "what callers give there does nothing",
        ),
        ("tools", a(&int, &[]), a(&int, &["a"]), Breaking, r#"argument "a" is required now"#),
        ("tools", a(&int, &["a"]), a(&int, &[]), Additive, r#"argument "a" may be left out now"#),
        ("tools", a(&int, &["a"]), a(&with_default(1), &[]), Additive, "may be left out now"),
        ("tools", a(&int, &[]), a(&with_default(1), &[]), Additive, "means 1 where it is left out"),
        (
            "tools",
            a(&with_default(1), &[]),
            a(&with_default(2), &[]),
            Breaking,
            "means 2 and not 1 where it is left out",
        ),
        ("tools", a(&with_default(1), &[]), a(&int, &[]), Breaking, "means 1 no longer"),
        (
            "tools",
            a(&json!({"default": null}), &[]),
            a(&json!({"default": 2}), &[]),
            Breaking,
            "means 2 and not null",
        ),
        (
            "tools",
            a(&json!({"type": "object", "additionalProperties": int}), &[]),
            a(
                &json!({"type": "object", "properties": {"b": {"type": "string"}}, "additionalProperties": int}),
                &[],
            ),
            Breaking,
            r#"argument "a.b" was integer and is string"#,
        ),
        (
            "tools",
            a(&int, &["a"]),
            a(&json!({"type": "string"}), &["a"]),
            Breaking,
            "was integer and is string",
        ),
        (
            "tools",
            a(&json!({"type": "object", "properties": {"deep": int}}), &[]),
            a(&json!({"type": "object", "properties": {"deep": {"type": "number"}}}), &[]),
            Additive,
            r#"argument "a.deep" was integer and is number"#,
        ),
        (
            "tools",
            a(&json!({"enum": ["x", "y"]}), &[]),
            a(&json!({"enum": ["x"]}), &[]),
            Breaking,
            r#"is never "y" any more"#,
        ),
        (
            "tools",
            a(&json!({"maximum": 10}), &[]),
            a(&json!({"maximum": 5}), &[]),
            Breaking,
            r#""maximum" was 10 and is 5"#,
        ),
        (
            "tools",
            a(&json!({"pattern": "a"}), &[]),
            a(&json!({}), &[]),
            Additive,
            r#"has no "pattern" any more, which was "a""#,
        ),
        (
            "tools",
            fields(json!({"a": int}), &[]),
            fields(json!({"a": int, "b": int}), &[]),
            Additive,
            r#"result "b" is new"#,
        ),
        ("tools", fields(json!({"a": int}), &[]), fields(json!({}), &[]), Breaking, r#"result "a" is gone"#),
        (
            "tools",
            fields(json!({"a": int}), &["a"]),
            fields(json!({"a": int}), &[]),
            Breaking,
            "may be missing now",
        ),
        (
            "tools",
            fields(json!({"a": int}), &[]),
            fields(json!({"a": int}), &["a"]),
            Additive,
            "is always there now",
        ),
        (
            "tools",
            fields(json!({"a": with_default(1)}), &[]),
            fields(json!({"a": with_default(2)}), &[]),
            Wording,
            "another \"default\"",
        ),
        (
            "tools",
            fields(json!({}), &[]),
            json!({"name": "t", "inputSchema": {"type": "object"}}),
            Breaking,
            "does not say any more what its result is",
        ),
        (
            "tools",
            json!({"name": "t", "inputSchema": {"type": "object"}}),
            fields(json!({}), &[]),
            Additive,
            "says now what its result is",
        ),
        ("tools", hints(json!({})), hints(json!({"destructiveHint": true})), Breaking, "is destructive now"),
        (
            "tools",
            hints(json!({"destructiveHint": false})),
            hints(json!({})),
            Breaking,
            "does not say any more that it destroys nothing",
        ),
        (
            "tools",
            hints(json!({"destructiveHint": true})),
            hints(json!({"destructiveHint": false})),
            Additive,
            "destroys nothing now",
        ),
        (
            "tools",
            hints(json!({"destructiveHint": true})),
            hints(json!({"readOnlyHint": true})),
            Additive,
            "is read-only now",
        ),
        (
            "tools",
            hints(json!({"readOnlyHint": true})),
            hints(json!({})),
            Breaking,
            "is not read-only any more",
        ),
        (
            "tools",
            hints(json!({"readOnlyHint": true})),
            json!({"name": "t", "inputSchema": {"type": "object"}}),
            Breaking,
            "is not read-only any more",
        ),
        (
            "tools",
            hints(json!({"readOnlyHint": true})),
            hints(json!({"readOnlyHint": true, "destructiveHint": true})),
            Wording,
            "is destructive now",
        ),
        ("tools", hints(json!({"readOnlyHint": false})), hints(json!({})), Wording, "read-only"),
        (
            "tools",
            hints(json!({"idempotentHint": true})),
            hints(json!({})),
            Breaking,
            "is not idempotent any more",
        ),
        ("tools", hints(json!({})), hints(json!({"idempotentHint": true})), Additive, "is idempotent now"),
        (
            "tools",
            hints(json!({"openWorldHint": false})),
            hints(json!({})),
            Breaking,
            "reaches into an open world now",
        ),
        ("tools", hints(json!({})), hints(json!({"openWorldHint": true})), Wording, "open world"),
        ("tools", hints(json!({})), hints(json!({"title": "T"})), Wording, "has another title"),
        ("tools", hints(json!({})), hints(json!({"newHint": true})), Breaking, "has another \"newHint\""),
        (
            "tools",
            tool("description", json!("a")),
            tool("description", json!("b")),
            Wording,
            "is described otherwise",
        ),
        (
            "tools",
            tool("description", json!("a")),
            tool("description", json!("Deprecated: use b. a")),
            Wording,
            "is described otherwise",
        ),
        ("tools", tool("icons", json!([])), tool("icons", json!([{"src": "a"}])), Wording, "has other icons"),
        (
            "tools",
            tool("_meta", json!({})),
            tool("_meta", json!({"a/b": 1})),
            Additive,
            "has \"a/b\" in `_meta` now",
        ),
        (
            "tools",
            tool("_meta", json!({"a/b": 1})),
            tool("_meta", json!({"a/b": 2})),
            Breaking,
            "has another \"a/b\" in `_meta`",
        ),
        (
            "tools",
            tool("_meta", json!({"a/b": 1})),
            tool("description", json!("a")),
            Breaking,
            "has no \"a/b\" in `_meta` any more",
        ),
        (
            "tools",
            tool("execution", json!({})),
            tool("execution", json!({"taskSupport": "required"})),
            Breaking,
            "has another \"execution\"",
        ),
        ("tools", json!({"name": "old"}), json!({"name": "new"}), Breaking, r#"tool "old": is gone"#),
        (
            "resources",
            resource("mimeType", json!("a/b")),
            resource("mimeType", json!("a/c")),
            Breaking,
            r#"was "a/b" and is "a/c""#,
        ),
        (
            "resources",
            resource("x", Value::Null),
            resource("mimeType", json!("a/c")),
            Additive,
            r#"says now that it is "a/c""#,
        ),
        (
            "resources",
            resource("mimeType", json!("a/c")),
            resource("x", Value::Null),
            Breaking,
            "does not say any more",
        ),
        (
            "resources",
            resource("name", json!("s")),
            resource("x", Value::Null),
            Breaking,
            r#"was called "s" and is called "r""#,
        ),
        ("resources", resource("size", json!(1)), resource("size", json!(2)), Wording, "has another size"),
        (
            "resources",
            resource("annotations", json!({"priority": 1.0})),
            resource("x", Value::Null),
            Wording,
            "is marked otherwise",
        ),
        (
            "resources",
            json!({"uri": "a://b"}),
            json!({"uri": "a://c"}),
            Breaking,
            r#"resource "a://b": is gone"#,
        ),
        (
            "templates",
            json!({"uriTemplate": "a://{b}"}),
            json!({"uriTemplate": "a://{c}"}),
            Breaking,
            r#"template "a://{b}": is gone"#,
        ),
        (
            "prompts",
            prompt(json!([])),
            prompt(json!([{"name": "a", "required": true}])),
            Breaking,
            r#"argument "a" is new and required"#,
        ),
        (
            "prompts",
            prompt(json!([])),
            prompt(json!([{"name": "a"}])),
            Additive,
            r#"argument "a" is new and optional"#,
        ),
        (
            "prompts",
            prompt(json!([{"name": "a"}])),
            json!({"name": "p"}),
            Breaking,
            r#"argument "a" is gone"#,
        ),
        (
            "prompts",
            prompt(json!([{"name": "a"}])),
            prompt(json!([{"name": "a", "required": true}])),
            Breaking,
            "is required now",
        ),
        (
            "prompts",
            prompt(json!([{"name": "a", "required": true}])),
            prompt(json!([{"name": "a", "required": false}])),
            Additive,
            "may be left out now",
        ),
        (
            "prompts",
            prompt(json!([{"name": "a"}])),
            prompt(json!([{"name": "a", "description": "A."}])),
            Wording,
            r#"argument "a" is described otherwise"#,
        ),
    ];
    for (list, old, new, verdict, text) in rows {
        let found = changes(list, &old, &new);
        assert_eq!(worst(&found), Some(verdict), "{old} becomes {new}: {found:#?}");
        let said: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|said| said.contains(text)), "{text:?} is not in {said:#?}");
        assert_eq!(changes(list, &new, &new), [], "{new}");
    }
}

#[test]
fn what_makes_no_difference_to_callers_is_no_change() {
    let arguments =
        |names: [&str; 2]| prompt(json!(names.map(|name| json!({"name": name, "required": false}))));
    assert_eq!(changes("prompts", &arguments(["a", "b"]), &arguments(["b", "a"])), []);
    let with = |name: &str, schema: Value| {
        json!({"name": "t", "inputSchema": {
            "type": "object", "properties": {"x": {"$ref": format!("#/$defs/{name}")}}, "$defs": {name: schema},
        }})
    };
    let (old, new) = (json!({"required": ["a", "b"]}), json!({"required": ["b", "a"]}));
    assert_eq!(changes("tools", &with("Filter", old), &with("Query", new)), []);
    let told = |text: &str| catalogue(json!({"instructions": text}));
    assert_eq!(worst(&compare(&told("a"), &told("b"))), Some(Wording));
}

#[test]
fn a_default_is_the_same_however_it_is_written() {
    let a = |schema: Value| arguments(json!({"a": schema}), &[]);
    let (none, null) =
        (json!({"type": ["number", "null"]}), json!({"type": ["number", "null"], "default": null}));
    assert_eq!(changes("tools", &a(none.clone()), &a(null.clone())), []);
    assert_eq!(changes("tools", &a(null), &a(none)), []);
    assert_eq!(changes("tools", &a(json!({"default": 1})), &a(json!({"default": 1.0}))), []);
}

/// A few definitions, of which each leads to the next in several ways.
fn tower(floors: usize, last: &Value, keyword: &str) -> Value {
    let mut definitions = serde_json::Map::new();
    for floor in 0..floors {
        let next = json!({"$ref": format!("#/$defs/D{}", floor + 1)});
        let own = json!({"$ref": format!("#/$defs/D{floor}")});
        definitions.insert(
            format!("D{floor}"),
            json!({"type": "object", "properties": {"a": next, "b": next, "c": own, "d": own}}),
        );
    }
    definitions.insert(format!("D{floors}"), last.clone());
    json!({"name": "t", "inputSchema": {
        "type": "object", "properties": {"x": {keyword: [{"$ref": "#/$defs/D0"}]}}, "$defs": definitions,
    }})
}

#[test]
fn what_leads_to_the_same_in_many_ways_is_compared_once() {
    let (integer, string) = (json!({"type": "integer"}), json!({"type": "string"}));
    for keyword in ["anyOf", "x-unknown"] {
        let old = tower(40, &integer, keyword);
        let mut same = old.clone();
        same["inputSchema"]["$defs"]["Unused"] = json!({});
        assert_eq!(changes("tools", &old, &same), [], "{keyword}");
        assert_eq!(worst(&changes("tools", &old, &tower(40, &string, keyword))), Some(Breaking), "{keyword}");
    }
}

#[test]
fn several_changes_are_told_apart() {
    let old = catalogue(json!({"tools": [{"name": "a", "description": "A"}, {"name": "b"}]}));
    let new = catalogue(
        json!({"tools": [{"name": "a", "description": "B"}, {"name": "c"}], "prompts": [{"name": "p"}]}),
    );
    let found: Vec<_> = compare(&old, &new).into_iter().map(|it| (it.verdict, it.to_string())).collect();
    let expected = [
        (Wording, r#"tool "a": is described otherwise"#),
        (Breaking, r#"tool "b": is gone"#),
        (Additive, r#"tool "c": is new"#),
        (Additive, r#"prompt "p": is new"#),
    ];
    assert_eq!(found, expected.map(|(verdict, text)| (verdict, text.to_owned())));
}
