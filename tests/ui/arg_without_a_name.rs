#[mcp::tool]
async fn find(#[arg(default = 5)] (a, b): (u8, u8)) {
    let _ = (a, b);
}

fn main() {}
