//! The examples run, as somebody would start them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::record::{Record, Stream};
use crate::wire::{headers_of, start, stateless, text};

/// An address that is free, at least for now.
fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Sends an HTTP request as soon as somebody listens, and gives the body of the answer.
async fn request(address: &str, head: &str, body: &str) -> String {
    for _ in 0..200 {
        let Ok(mut stream) = tokio::net::TcpStream::connect(address).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let length = body.len();
        let all =
            format!("{head}host: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(all.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        return body.into();
    }
    panic!("nobody listens at {address}");
}

#[tokio::test]
async fn the_axum_example_shares_state_between_pages_and_tools() {
    let address = free_address();
    let _process = start("axum", &[&address]);
    for visitor in 1..=3 {
        let page = request(&address, "GET / HTTP/1.1\r\n", "").await;
        assert_eq!(page, format!("You are visitor {visitor}.\n"));
    }
    let message = stateless(1, "tools/call", json!({"name": "visits"}));
    let mut head = "POST /mcp HTTP/1.1\r\ncontent-type: application/json\r\n".to_owned();
    for (name, value) in headers_of(&message, None) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let record = Record::new();
    record.client(message.to_string().as_bytes());
    let answer = request(&address, &head, &message.to_string()).await;
    record.server(answer.as_bytes());
    assert_eq!(text(&serde_json::from_str(&answer).unwrap()), "3");
}

#[cfg(unix)]
#[tokio::test]
async fn the_unix_socket_example_serves_several_clients() {
    use tokio::io::{AsyncBufReadExt, BufReader};

    let path = std::env::temp_dir().join(format!("mcp-example-{}.sock", std::process::id()));
    let _process = start("unix_socket", &[path.to_str().unwrap()]);
    let mut clients = Vec::new();
    for _ in 0..200 {
        match tokio::net::UnixStream::connect(&path).await {
            Ok(stream) => clients.push(BufReader::new(Stream::new(stream, &Record::new()))),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        if clients.len() == 3 {
            break;
        }
    }
    assert_eq!(clients.len(), 3);
    for (name, client) in ["Ada", "Alan", "Grace"].iter().zip(&mut clients) {
        let call = stateless(1, "tools/call", json!({"name": "hello", "arguments": {"name": name}}));
        client.write_all((call.to_string() + "\n").as_bytes()).await.unwrap();
    }
    for (name, client) in ["Ada", "Alan", "Grace"].iter().zip(&mut clients) {
        let mut line = String::new();
        client.read_line(&mut line).await.unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(text(&answer), format!("Hello, {name}!"));
    }
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn the_app_example_gives_a_tool_its_page() {
    let mut process = start("app", &[]);
    let mut ask = async |method: &str, params: Value| {
        process.send(stateless(1, method, params).to_string().as_bytes()).await;
        let line = process.receive().await.unwrap();
        serde_json::from_slice::<Value>(&line).unwrap()["result"].clone()
    };
    let tools = ask("tools/list", json!({})).await;
    let uri = tools["tools"][0]["_meta"]["ui"]["resourceUri"].clone();
    let page = ask("resources/read", json!({"uri": uri})).await;
    assert_eq!(page["contents"][0]["mimeType"], "text/html;profile=mcp-app");
    assert!(page["contents"][0]["text"].as_str().unwrap().contains("ui/notifications/tool-result"));
    let called = ask("tools/call", json!({"name": "weather", "arguments": {"city": "Berlin"}})).await;
    assert_eq!(called["structuredContent"]["city"], "Berlin");
    assert!(
        called["content"][0]["text"].as_str().unwrap().contains("Berlin"),
        "a host without apps shows this"
    );
}
