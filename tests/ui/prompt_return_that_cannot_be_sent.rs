#[mcp::prompt]
async fn review(code: String) -> u32 {
    let _ = code;
    1
}

fn main() {}
