//! Every shape of expansion, as text. `INSTA_UPDATE=always cargo test -p mcp-macros` writes them anew.

use quote::quote;

use crate::define;
use crate::kind::Kind;

fn expansion(kind: Kind, attributes: proc_macro2::TokenStream, item: proc_macro2::TokenStream) -> String {
    let expanded = define(kind, attributes, item);
    match syn::parse2(expanded.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => panic!("{error}: {expanded}"),
    }
}

macro_rules! snapshots {
    ($($name:ident: $kind:ident($($attributes:tt)*) $item:item)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(expansion(Kind::$kind, quote!($($attributes)*), quote!($item)));
        }
    )*};
}

snapshots! {
    a_tool_reads_each_argument_and_awaits_the_function: Tool(read_only, title = "Add")
        /// Adds two numbers.
        ///
        /// Both are whole.
        pub async fn add(
            /// First addend.
            a: i64,
            b: Option<i64>,
        ) -> i64 { a + b.unwrap_or_default() }

    a_function_that_is_not_async_runs_where_it_may_block: Tool()
        /// Reads a file.
        fn read(path: &str) -> Result<String, std::io::Error> { std::fs::read_to_string(path) }

    a_quick_function_runs_at_once: Tool(inline, name = "text.length")
        fn length(text: &str, parts: &[u8]) -> usize { text.len() + parts.len() }

    a_tool_says_how_it_is_run: Tool(timeout = "250ms", concurrency = 4, idempotency = "request_id")
        async fn order(request_id: String, article: u32) {}

    a_condition_holds_for_the_registration_too: Tool(crate = crate::framework)
        #[cfg(unix)]
        #[deprecated]
        async fn unix_only() {}

    a_resource_asks_for_variables_and_extractors: Resource("logs://{service}/{+path}{?from,to}", mime = "text/plain")
        /// A log.
        async fn log(path: String, service: String, from: Option<u32>, to: Option<u32>, db: State<Db>) -> String { todo() }

    a_fixed_resource_has_a_size: Resource("docs://readme", size = 5, name = "the readme")
        async fn readme() -> &'static str { "hello" }

    a_prompt_takes_patterns_of_extractors: Prompt(description = "Reviews code.")
        async fn review(r#type: String, State(db): State<Db>, mut _n: u8) -> String { todo() }

    an_argument_is_completed_by_a_function: Prompt()
        async fn greet(
            /// Whom to greet.
            #[arg(complete = names::all)]
            name: String,
            loud: bool,
        ) -> String { name }

    an_argument_is_repeated_in_a_header: Tool()
        async fn ask(#[arg(header = "Region")] region: String) -> String { region }

    what_is_said_of_arguments_is_held_in_statics: Tool()
        async fn search(
            /// What to look for.
            #[arg(length = 1..80, pattern = "^a", example = "ab", example = word())] text: &str,
            #[arg(default = 20, range = 1..=MOST)] limit: u32,
            #[arg(default)] order: Order,
            #[arg(default = [-1.5, 2.0], rename = "weights")] (a, b): (f64, f64),
            #[arg(description = TEXT, secret)] token: String,
            plain: bool,
        ) -> String { text.into() }

    a_type_of_another_crate_is_given_a_schema: Tool(crate = facade::mcp)
        async fn find(
            #[arg(schema = String)] id: Uuid,
            #[arg(schema = schema_of_dates())] date: Date,
            #[arg(schema = |generator| own(generator))] own: Own,
        ) -> String { String::new() }

    an_argument_may_depend_on_a_condition: Tool()
        async fn find(
            text: String,
            #[cfg(unix)] mode: u32,
            #[cfg(not(unix))] #[arg(default = 1)] #[cfg_attr(windows, doc = " Attributes.", allow(unused))] attributes: u32,
        ) -> String { text }

    what_is_deprecated_says_so_to_clients: Prompt(description = concat!("a", "b"))
        #[deprecated(since = "2.0", note = "use add")]
        #[cfg_attr(windows, cfg(debug_assertions))]
        async fn sum() -> String { String::new() }

    a_line_of_a_description_may_depend_on_a_condition: Tool()
        /// Finds.
        #[cfg_attr(unix, doc = " On Unix.")]
        #[cfg_attr(unix, deprecated)]
        async fn find() -> String { String::new() }

    a_resource_says_how_long_it_holds_and_what_else: Resource(
        "docs://readme", ttl = 30, public, audience = "user", audience = "assistant", priority = 1, icon = "https://example.com/a.png", icon = "data:image/png;base64,AA",
        meta = { "com.example/team": "billing \"A\"", "x": [1, -2.5, true, null, {}] },
    )
        async fn readme() -> &'static str { "hello" }

    a_tool_has_an_app: Tool(app = "ui://weather/card")
        async fn weather() -> String { todo() }

    a_tool_takes_scopes: Tool(scopes("orders:read", "orders:write"))
        async fn order() -> String { todo() }

    a_prompt_has_tags: Prompt(tags("orders", "team/billing"))
        async fn order() -> String { todo() }

    a_mistake_leaves_the_function_as_it_was: Tool(red_only, name = "a b")
        async fn add(
            /// First addend.
            a: i64
        ) -> i64 { a }
}

#[test]
fn texts_keep_their_lines_and_lose_one_space() {
    let item = quote! {
        /// First.
        ///
        ///   - indented
        #[doc = "by hand\n two lines"]
        async fn f() {}
    };
    let expanded = define(Kind::Tool, quote!(), item).to_string();
    assert!(expanded.contains(r#"description ("First.\n\n  - indented\nby hand\ntwo lines")"#), "{expanded}");
}

#[test]
fn the_rules_of_texts_are_those_of_the_library() {
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../mcp-runtime/src/prose.rs");
    // Alone, this crate has nothing to be compared with.
    if let Ok(library) = std::fs::read_to_string(library) {
        assert!(library == include_str!("prose.rs"), "cp mcp-runtime/src/prose.rs mcp-macros/src/prose.rs");
    }
}
