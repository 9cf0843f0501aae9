#[mcp::tool(task(defered))]
async fn train() -> &'static str {
    "trained"
}

fn main() {}
