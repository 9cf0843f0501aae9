//! The lock file: written, held, and refused where it cannot hold anything. `held` is the test that a package would have; the
//! others run it in a process of its own, because it is told by its environment what to do.

use std::path::PathBuf;
use std::process::Command;

use mcp::{Catalogue, Json};
use serde_json::json;

/// Adds two numbers.
#[mcp::tool(read_only)]
async fn add(
    /// First addend.
    a: i64,
    b: Option<i64>,
) -> i64 {
    a + b.unwrap_or_default()
}

mod changed {
    /// Adds two numbers, or more.
    #[mcp::tool]
    pub async fn add(a: i64, c: i64) -> i64 {
        a + c
    }
}

mod reworded {
    /// Adds two integers.
    #[mcp::tool(read_only)]
    pub async fn add(
        /// First addend.
        a: i64,
        b: Option<i64>,
    ) -> i64 {
        a + b.unwrap_or_default()
    }
}

#[derive(serde::Serialize, schemars::JsonSchema)]
#[serde(tag = "kind")]
enum Shape {
    /// Is round.
    Circle {
        radius: f64,
    },
    Square {
        side: f64,
    },
}

/// Gives shapes.
///
/// Some are round.
#[mcp::tool]
async fn shapes() -> Json<Vec<Shape>> {
    Json(vec![Shape::Circle { radius: 1.0 }, Shape::Square { side: 1.0 }])
}

/// One of many.
#[mcp::resource("shelf://{id}/{+rest}", mime = "text/plain")]
async fn shelf(id: u32, rest: String) -> String {
    format!("{id}{rest}")
}

#[test]
#[ignore = "the tests below run it, each in an environment of its own"]
fn held() {
    let path = std::env::var("TEST_LOCK").unwrap();
    let builder = mcp::server!().explicit();
    match std::env::var("TEST_SERVER").unwrap().as_str() {
        "first" => mcp::contract!(builder.tool::<add>(), path = &path),
        "changed" => mcp::contract!(builder.tool::<changed::add>(), path = &path),
        "reworded" => mcp::contract!(builder.tool::<reworded::add>().build(), path = &path),
        "more" => {
            let server = builder.tool::<shapes>().resource::<shelf>().instructions("Be brief.\nBe kind.");
            mcp::contract!(&server.build().unwrap(), path = &path);
        }
        "unseen" => {
            let tool = json!({"name": "t", "description": "a\u{200b}b\u{202e}\u{e0041}é"});
            let catalogue: Catalogue = serde_json::from_value(json!({"tools": [tool]})).unwrap();
            mcp::contract!(catalogue, path = &path);
        }
        "none" => mcp::contract!(builder, path = &path),
        "found" => mcp::contract!(path = &path),
        other => panic!("{other}"),
    }
}

/// A package with a lock, or without.
struct Package {
    lock: PathBuf,
}

impl Package {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("locks").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        Self { lock: folder.join("mcp.lock") }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.lock).unwrap()
    }

    fn edit(&self, from: &str, to: &str) {
        let text = self.text();
        assert!(text.contains(from), "{text}");
        std::fs::write(&self.lock, text.replace(from, to)).unwrap();
    }

    /// Runs the test of the package. What it says where it fails.
    fn test(&self, server: &str, variables: &[(&str, &str)]) -> Result<(), String> {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "contract::lock::held", "--ignored", "--nocapture"]);
        command.env_remove("MCP_LOCK").env_remove("CI").env_remove("RUST_BACKTRACE");
        command.env("TEST_LOCK", &self.lock).env("TEST_SERVER", server).envs(variables.iter().copied());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("running 1 test"), "{said}");
        if output.status.success() { Ok(()) } else { Err(said) }
    }

    fn write(&self, server: &str) {
        self.test(server, &[("MCP_LOCK", "write")]).unwrap();
    }

    fn fails(&self, server: &str, variables: &[(&str, &str)], with: &[&str]) {
        let said = self.test(server, variables).unwrap_err();
        for text in with {
            assert!(said.contains(text), "{text:?} is not in:\n{said}");
        }
    }
}

#[test]
fn a_lock_that_is_not_there_fails_and_says_how_to_make_it() {
    let package = Package::new("missing");
    let how = [
        "there is no lock at",
        "MCP_LOCK=write cargo test",
        "hold 1 tools",
        "found: 1 in it::contract::lock",
    ];
    package.fails("first", &[], &how);
    assert!(!package.lock.exists(), "nothing was asked to be written");
    package.write("first");
    package.test("first", &[]).unwrap();
    package.test("first", &[("CI", "true")]).unwrap();
}

#[test]
fn a_lock_has_one_idea_a_line_each_with_its_path() {
    let package = Package::new("form");
    package.write("first");
    let expected = r#"# What this package publishes to MCP clients, held by `mcp::contract!()`. It is not edited by hand:
# `MCP_LOCK=write cargo test` writes it. Its differences are what callers will see.
version = 1

[tool "add"]
annotations.readOnlyHint = true
description = "Adds two numbers."
inputSchema.additionalProperties = false
inputSchema.properties.a.description = "First addend."
inputSchema.properties.a.type = "integer"
inputSchema.properties.b.type = "integer"
inputSchema.required = ["a"]
inputSchema.type = "object"
"#;
    assert_eq!(package.text(), expected);

    package.write("more");
    let text = package.text();
    for lines in [
        "[server]\ninstructions = \"Be brief.\"\n  + \"Be kind.\"\n",
        "description = \"Gives shapes.\"\n  + \"\"\n  + \"Some are round.\"\n",
        "\nmimeType = \"text/plain\"\nname = \"shelf\"\n",
        "[template \"shelf://{id}/{+rest}\"]\n",
        "].properties.kind.const = \"Circle\"\n",
        "oneOf[0].required = [\"kind\", \"radius\"]\n",
    ] {
        assert!(text.contains(lines), "{lines:?} is not in:\n{text}");
    }
    package.test("more", &[]).unwrap();

    package.write("unseen");
    let text = package.text();
    assert!(text.contains(r#"description = "a\u200bb\u202e\udb40\udc41é""#), "{text}");
    package.test("unseen", &[]).unwrap();
}

#[test]
fn a_change_fails_with_a_verdict_for_each_and_the_difference() {
    let package = Package::new("drift");
    package.write("first");
    let before = package.text();
    package.fails(
        "changed",
        &[],
        &[
            "what is published has changed: 3 breaking for callers, 2 wording only",
            "\nbreaking for callers:\n  tool \"add\": is not read-only any more\n",
            "  tool \"add\": argument \"b\" is gone, and what is not known is refused\n",
            "  tool \"add\": argument \"c\" is new and required\n",
            "\nwording only:\n  tool \"add\": is described otherwise\n",
            "\n  [tool \"add\"]\n- annotations.readOnlyHint = true\n",
            "\n- description = \"Adds two numbers.\"\n+ description = \"Adds two numbers, or more.\"\n",
            "\n+ inputSchema.properties.c.type = \"integer\"\n",
            "`MCP_LOCK=write cargo test` writes the lock",
        ],
    );
    package.fails("reworded", &[], &["has changed: 1 wording only"]);
    package.fails("more", &[], &["tool \"add\": is gone", "\n- [tool \"add\"]\n", "\n+ [tool \"shapes\"]\n"]);
    assert_eq!(package.text(), before, "a test that fails writes nothing");
    package.write("changed");
    package.test("changed", &[]).unwrap();
    package.fails("first", &[], &["argument \"c\" is gone"]);
}

#[test]
fn a_lock_is_not_written_in_ci_nor_by_an_unknown_word() {
    let package = Package::new("ci");
    package.fails("first", &[("MCP_LOCK", "write"), ("CI", "1")], &["not done where CI is set"]);
    package.fails(
        "first",
        &[("MCP_LOCK", "yes")],
        &["MCP_LOCK is \"yes\": the only word that it knows is `write`"],
    );
    assert!(!package.lock.exists());
    package.test("first", &[("MCP_LOCK", "write"), ("CI", "false")]).unwrap();
}

#[test]
fn a_program_that_publishes_nothing_fails_even_when_it_is_to_write() {
    let package = Package::new("empty");
    for variables in [&[][..], &[("MCP_LOCK", "write")]] {
        package.fails("none", variables, &["nothing is published", "mcp::link!(your_crate);"]);
    }
    assert!(!package.lock.exists());
}

#[test]
fn a_lock_that_cannot_be_read_says_where_and_what_to_do() {
    let package = Package::new("damaged");
    for (from, to, why) in [
        (
            "version = 1",
            "version = 2",
            "line 3: it has version 2 of the form, and this build of mcp-runtime knows 1",
        ),
        ("version = 1", "", "line 5: expected `version = 1` before anything else"),
        ("= true", "= yes", "line 6: the value is no JSON"),
        ("[tool \"add\"]", "[gadget \"add\"]", "line 5: expected a section such as"),
        ("[tool \"add\"]\n", "", "it stands in no section"),
        ("[tool \"add\"]", "<<<<<<< ours", "line 5: two branches changed it, and the merge is not finished"),
        ("inputSchema.type = \"object\"", "inputSchema = 3", "contradicts a line before it"),
        ("inputSchema.type", "inputSchema type", "expected `name = value`"),
        ("inputSchema.type = \"object\"", "x[1] = 0", "[1] has none before it"),
        ("inputSchema.type = \"object\"", "[tool \"add\"]", "stands there twice"),
        ("inputSchema.type = \"object\"", "  + \"more\"\n  + 3", "no text that goes on here"),
    ] {
        package.write("first");
        package.edit(from, to);
        package.fails("first", &[], &[why, "MCP_LOCK=write cargo test"]);
    }
    std::fs::write(&package.lock, "").unwrap();
    package.fails("first", &[], &["expected `version = 1`"]);
    std::fs::write(&package.lock, [0xff]).unwrap();
    package.fails("first", &[], &["cannot be read"]);
}

#[test]
fn only_what_callers_notice_is_drift() {
    let package = Package::new("notice");
    package.write("first");
    package.edit("\n", "\r\n");
    package.test("first", &[]).unwrap();
    package.edit("version = 1", "# A comment.\n\nversion = 1");
    package.test("first", &[]).unwrap();
    package.edit("First addend.", "The first addend.");
    package.fails("first", &[], &["tool \"add\": argument \"a\" is described otherwise"]);
}

#[test]
fn without_a_server_it_is_what_crates_bring_and_not_what_tests_define() {
    let package = Package::new("found");
    package.write("found");
    let text = package.text();
    let sections: Vec<_> = text.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(sections, ["[tool \"linked\"]"]);
    std::fs::remove_file(&package.lock).unwrap();
    let left_out = ["left out, because they are of tests: ", " in it::everything", " in it::contract::lock"];
    package.fails("found", &[], &left_out);
}
