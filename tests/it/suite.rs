//! What holds on every transport: each test runs over memory, a byte stream, standard input and output, HTTP,
//! and HTTP+SSE.

use serde_json::{Value, json};

use crate::wire::{ALL, Over, STATEFUL, STATELESS, Wire, stateless, text};

macro_rules! over_every_transport {
    ($($(#[$attribute:meta])* async fn $name:ident($wire:ident) $body:block)*) => {$(
        $(#[$attribute])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            for over in ALL {
                eprintln!("over {over:?}");
                #[allow(unused_mut)]
                let mut $wire = Wire::connect(over).await;
                $body
            }
        }
    )*};
}

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {answer}"))
}

fn names(answer: &Value, list: &str, member: &str) -> Vec<String> {
    let items = answer["result"][list].as_array().unwrap_or_else(|| panic!("no {list}: {answer}"));
    items.iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
}

over_every_transport! {
    async fn a_stateless_client_needs_no_introduction(wire) {
        let found = wire.ask(1, "server/discover", json!({})).await;
        let result = &found["result"];
        assert_eq!(result["resultType"], "complete");
        assert_eq!(result["supportedVersions"], json!([STATELESS]));
        let capabilities = json!({
            "completions": {}, "logging": {}, "prompts": {"listChanged": true}, "tools": {"listChanged": true},
            "resources": {"listChanged": true, "subscribe": true},
            "extensions": {"io.modelcontextprotocol/tasks": {}},
        });
        assert_eq!(result["capabilities"], capabilities);
        assert_eq!(result["instructions"], "Everything here is for tests.");
        assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "everything");
        assert!(result["ttlMs"].is_u64() && result["cacheScope"] == "private");

        let called = wire.ask("c", "tools/call", json!({"name": "add", "arguments": {"a": 2, "b": 3}})).await;
        assert_eq!(called["result"]["content"], json!([{"type": "text", "text": "5"}]));
        assert_eq!(called["result"]["resultType"], "complete");
        assert_eq!(called["result"].get("isError"), None);
        assert_eq!(called["result"].get("ttlMs"), None);

        let read = wire.ask(2, "resources/read", json!({"uri": "test://template/a%20b/data"})).await;
        let item = &read["result"]["contents"][0];
        assert_eq!(item["uri"], "test://template/a%20b/data");
        assert_eq!(item["mimeType"], "application/json");
        assert_eq!(item["text"], r#"{"id":"a b","data":"Data for ID: a b"}"#);
        assert!(read["result"]["ttlMs"].is_u64());

        let prompt = json!({"name": "test_prompt_with_arguments", "arguments": {"arg1": "x", "arg2": "y"}});
        let got = wire.ask(3, "prompts/get", prompt).await;
        let message = &got["result"]["messages"][0];
        assert_eq!(message["role"], "user");
        assert_eq!(message["content"]["text"], "Prompt with arguments: arg1='x', arg2='y'");
    }

    async fn lists_are_sorted_and_the_same_for_everybody(wire) {
        let tools = wire.ask(1, "tools/list", json!({})).await;
        let found = names(&tools, "tools", "name");
        assert!(found.is_sorted() && found.len() > 10, "{found:?}");
        assert!(tools["result"]["ttlMs"].is_u64());
        let add = &tools["result"]["tools"].as_array().unwrap()[0];
        assert_eq!(add["inputSchema"]["required"], json!(["a", "b"]));
        assert_eq!(add["inputSchema"]["properties"]["a"], json!({"type": "integer", "description": "First addend."}));
        assert_eq!(add["annotations"], json!({"readOnlyHint": true}));
        assert_eq!(add["title"], "Add");

        let resources = wire.ask(2, "resources/list", json!({})).await;
        assert_eq!(names(&resources, "resources", "uri"), ["test://static-binary", "test://static-text", "test://watched-resource", "test://who-reads"]);
        let templates = wire.ask(3, "resources/templates/list", json!({})).await;
        let uris = names(&templates, "resourceTemplates", "uriTemplate");
        assert_eq!(uris, ["task://{id}", "test://number/{name}", "test://template/{id}/data"]);
        let prompts = wire.ask(4, "prompts/list", json!({})).await;
        assert!(names(&prompts, "prompts", "name").is_sorted());

        wire.initialize().await;
        let again = wire.ask_in_session(5, "tools/list", json!({})).await;
        assert_eq!(names(&again, "tools", "name"), found);
        assert_eq!(again["result"].as_object().unwrap().keys().collect::<Vec<_>>(), ["tools"]);
    }

    async fn a_stateful_client_is_served_as_its_revision_says(wire) {
        let hello = wire.initialize().await;
        assert_eq!(hello["result"]["protocolVersion"], STATEFUL);
        assert_eq!(hello["result"]["serverInfo"]["name"], "everything");
        assert_eq!(hello["result"].get("resultType"), None);

        let ping = wire.ask_in_session(1, "ping", json!({})).await;
        assert_eq!(ping["result"], json!({}));
        let called = wire.ask_in_session(2, "tools/call", json!({"name": "add", "arguments": {"a": 2, "b": 3}})).await;
        assert_eq!(called["result"], json!({"content": [{"type": "text", "text": "5"}]}));
        let read = wire.ask_in_session(3, "resources/read", json!({"uri": "test://no-such"})).await;
        assert_eq!(read["error"]["code"], -32002);
        assert_eq!(read["error"]["data"], json!({"uri": "test://no-such"}));
        let discover = wire.ask_in_session(4, "server/discover", json!({})).await;
        assert_eq!(code(&discover), -32601);
        let second = wire.ask_in_session(5, "initialize", json!({
            "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
        })).await;
        match wire.over() {
            // Over HTTP that begins another session.
            Over::Http => assert_eq!(second["result"]["protocolVersion"], STATEFUL),
            _ => assert_eq!(code(&second), -32600),
        }
    }

    async fn both_eras_live_side_by_side(wire) {
        let methods = ["initialize", "ping", "logging/setLevel", "resources/subscribe", "no/such"];
        wire.initialize().await;
        for (id, method) in methods.iter().enumerate() {
            let refused = wire.ask(id, method, json!({})).await;
            assert_eq!(code(&refused), -32601, "{method}");
        }
        let modern = wire.ask("m", "resources/read", json!({"uri": "test://no-such"})).await;
        assert_eq!(modern["error"]["code"], -32602);
        assert_eq!(modern["error"]["data"], json!({"uri": "test://no-such"}));
        let old = wire.ask_in_session("o", "ping", json!({})).await;
        assert_eq!(old["result"], json!({}));
    }

    async fn what_goes_wrong_has_the_number_that_the_specification_gives_it(wire) {
        let call = |name: Value, arguments: Value| json!({"name": name, "arguments": arguments});
        for (method, params, expected, said) in [
            ("tools/call", call(json!("ad"), json!({})), -32602, "did you mean \"add\"?"),
            ("tools/call", call(json!(5), json!({})), -32602, "\"name\" must be a string"),
            ("tools/call", call(json!("add"), json!([1, 2])), -32602, "\"arguments\" must be an object"),
            ("prompts/get", call(json!("no_such"), json!({})), -32602, "unknown prompt \"no_such\""),
            ("prompts/get", call(json!("test_prompt_with_arguments"), json!({"arg1": "x"})), -32602, "\"arg2\" is missing"),
            ("prompts/get", call(json!("test_simple_prompt"), json!({"x": 1})), -32602, "values are strings"),
            ("prompts/get", call(json!("test_simple_prompt"), json!({"x": "1"})), -32602, "no argument \"x\""),
            ("resources/read", json!({"uri": "test://number/two"}), -32602, "resource not found: test://number/two"),
            ("resources/read", json!({}), -32602, "\"uri\" must be a string"),
            ("tools/list", json!({"cursor": ""}), -32602, "\"cursor\" is invalid"),
            ("completion/complete", json!({}), -32602, "\"ref\" must be"),
            ("logging/setLevel", json!({}), -32601, "method not found"),
        ] {
            let refused = wire.ask(1, method, params.clone()).await;
            assert_eq!(code(&refused), expected, "{method} {params}");
            let message = refused["error"]["message"].as_str().unwrap();
            assert!(message.contains(said), "{method} {params}: {message}");
        }
    }

    async fn an_error_of_a_tool_is_a_result_and_names_everything_that_was_wrong(wire) {
        let failed = wire.ask(1, "tools/call", json!({"name": "test_error_handling"})).await;
        assert_eq!(failed["result"]["isError"], true);
        assert_eq!(text(&failed), "This tool intentionally returns an error for testing");
        let busy = wire.ask(2, "tools/call", json!({"name": "busy"})).await;
        assert_eq!(text(&busy), "the queue is full (temporary: try again in 5 s)");

        let wrong = json!({"name": "add", "arguments": {"a": "x", "c": 1}});
        let refused = wire.ask(3, "tools/call", wrong).await;
        assert_eq!(refused["result"]["isError"], true);
        assert_eq!(text(&refused), "The arguments of tool \"add\" are wrong; it was not run.\n\
            - argument \"a\": expected an integer, got \"x\"\n\
            - argument \"b\" is missing; it takes an integer\n\
            - there is no argument \"c\"; it takes a, b\n\
            These would be right: {\"a\":1,\"b\":1}");
    }

    async fn a_panic_ends_its_own_call_only(wire) {
        wire.send(stateless(1, "tools/call", json!({"name": "sleep", "arguments": {"ms": 300}}))).await;
        let panicked = wire.ask(2, "tools/call", json!({"name": "panic"})).await;
        assert_eq!(panicked["result"]["isError"], true);
        assert!(!text(&panicked).contains("was called"), "the panic's message is nobody's business");
        assert_eq!(text(&wire.answer(&1.into()).await), "slept");
    }

    async fn a_handler_that_blocks_delays_nothing(wire) {
        wire.send(stateless("slow", "tools/call", json!({"name": "block", "arguments": {"ms": 60_000}}))).await;
        let listed = wire.ask(1, "tools/list", json!({})).await;
        assert!(listed["result"]["tools"].is_array());
        for id in 2..50 {
            wire.send(stateless(id, "tools/call", json!({"name": "add", "arguments": {"a": id, "b": 1}}))).await;
        }
        for id in 2..50 {
            assert_eq!(text(&wire.answer(&id.into()).await), (id + 1).to_string());
        }
        assert_eq!(wire.others(), Vec::<Value>::new());
    }

    async fn calls_run_beside_each_other(wire) {
        let begun = std::time::Instant::now();
        for id in 0..40 {
            wire.send(stateless(id, "tools/call", json!({"name": "sleep", "arguments": {"ms": 500}}))).await;
        }
        for id in 0..40 {
            assert_eq!(text(&wire.answer(&id.into()).await), "slept");
        }
        assert!(begun.elapsed().as_secs() < 15, "one after the other they would take 20 s");
    }

    async fn progress_comes_in_order_and_before_the_result_with_the_token_of_the_caller(wire) {
        wire.initialize().await;
        for (era, token) in [("stateless", json!("t-1")), ("stateful", json!(7))] {
            let params = json!({"name": "test_tool_with_progress", "_meta": {"progressToken": token}});
            match era {
                "stateless" => wire.send(stateless(era, "tools/call", params)).await,
                _ => wire.send(json!({"jsonrpc": "2.0", "id": era, "method": "tools/call", "params": params})).await,
            }
            assert_eq!(text(&wire.answer(&era.into()).await), "done");
            let notices = wire.others();
            let done: Vec<_> = notices.iter().map(|notice| notice["params"]["progress"].as_f64().unwrap()).collect();
            assert_eq!(done, [0.0, 50.0, 100.0]);
            for notice in notices {
                assert_eq!(notice["method"], "notifications/progress");
                assert_eq!(notice["params"]["progressToken"], token);
                assert_eq!(notice["params"]["total"], 100);
            }
        }
        let silent = wire.ask("quiet", "tools/call", json!({"name": "test_tool_with_progress"})).await;
        assert_eq!(text(&silent), "done");
        assert_eq!(wire.others(), Vec::<Value>::new());
    }

    async fn a_cancelled_call_is_never_answered(wire) {
        wire.initialize().await;
        for tool in ["sleep", "block"] {
            let params = json!({"name": tool, "arguments": {"ms": 60_000}});
            wire.send(json!({"jsonrpc": "2.0", "id": tool, "method": "tools/call", "params": params})).await;
            if wire.over() == Over::Http {
                // Requests of their own connections overtake each other.
                tokio::time::sleep(std::time::Duration::from_millis(600)).await;
            }
            let cancelled = json!({"requestId": tool, "reason": "no longer needed"});
            wire.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled})).await;
        }
        for id in ["no-such", "sleep"] {
            let unknown = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
            wire.send(unknown).await;
        }
        wire.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": [1]}})).await;
        wire.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled"})).await;
        // Its id is free again.
        if wire.over() == Over::Http {
            tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        }
        let again = wire.ask_in_session("sleep", "tools/call", json!({"name": "sleep", "arguments": {"ms": 1}})).await;
        assert_eq!(text(&again), "slept");
        assert_eq!(wire.others(), Vec::<Value>::new());
    }

    async fn an_id_that_is_in_flight_is_refused(wire) {
        wire.initialize().await;
        let slow = json!({"name": "sleep", "arguments": {"ms": 3000}});
        wire.send(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": slow})).await;
        if wire.over() == Over::Http {
            tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        }
        // The same digits as text are another id.
        let other = wire.ask_in_session("1", "ping", json!({})).await;
        assert_eq!(other["result"], json!({}));
        let second = json!({"name": "sleep", "arguments": {"ms": 1}});
        let refused = wire.ask_in_session(1, "tools/call", second).await;
        assert_eq!(code(&refused), -32600);
        assert_eq!(text(&wire.answer(&1.into()).await), "slept");
    }

    async fn ids_come_back_as_they_were_written(wire) {
        let meta = stateless(0, "x", json!({}))["params"].to_string();
        for id in ["9007199254740993", "123456789012345678901234567890", "-5", "\"\\u00e9\"", "\"\"", "\"a b\\n\"", "0"] {
            let message = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"server/discover","params":{meta}}}"#);
            wire.send_raw(message.as_bytes()).await;
            let answer = wire.receive().await;
            let written: Value = serde_json::from_str(id).unwrap();
            assert_eq!(answer["id"], written);
            assert!(answer["result"].is_object());
        }
    }

    async fn stray_prints_do_not_reach_the_protocol(wire) {
        let printed = wire.ask(1, "tools/call", json!({"name": "print"})).await;
        assert_eq!(text(&printed), "printed");
        let next = wire.ask(2, "tools/call", json!({"name": "add", "arguments": {"a": 1, "b": 1}})).await;
        assert_eq!(text(&next), "2");
    }

    async fn content_of_every_kind_arrives_whole(wire) {
        for (tool, kind) in [("test_image_content", "image"), ("test_audio_content", "audio")] {
            let answer = wire.ask(1, "tools/call", json!({"name": tool})).await;
            let block = &answer["result"]["content"][0];
            assert_eq!(block["type"], kind);
            assert!(block["data"].as_str().unwrap().len() > 20);
        }
        let weather = wire.ask(1, "tools/call", json!({"name": "get_weather", "arguments": {"city": "O\"slo\n"}})).await;
        let expected = json!({"city": "O\"slo\n", "celsius": 3.5});
        assert_eq!(weather["result"]["structuredContent"], expected);
        assert_eq!(serde_json::from_str::<Value>(text(&weather)).unwrap(), expected);
        let mixed = wire.ask(1, "tools/call", json!({"name": "test_multiple_content_types"})).await;
        let kinds: Vec<_> = mixed["result"]["content"].as_array().unwrap().iter().map(|block| &block["type"]).collect();
        assert_eq!(kinds, ["text", "image", "resource"]);
        let read = wire.ask(1, "resources/read", json!({"uri": "test://static-binary"})).await;
        assert!(read["result"]["contents"][0]["blob"].is_string());
    }
}
