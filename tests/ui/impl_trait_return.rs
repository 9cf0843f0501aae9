#[mcp::tool]
async fn show() -> impl std::fmt::Display {
    1
}

fn main() {}
