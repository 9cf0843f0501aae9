#[mcp::tool]
async fn first<'a>(text: &'a str) -> String {
    text.chars().take(1).collect()
}

fn main() {}
