#[mcp::tool(meta = { "com.example/x": yes }, meta = { "a": [1, 2u8] })]
async fn add(a: i64) -> i64 {
    a
}

#[mcp::prompt(meta = "text")]
async fn ask() -> String {
    String::new()
}

#[mcp::prompt(meta = { "a": 1, "a": 2 })]
async fn twice() -> String {
    String::new()
}

fn main() {}
