#[mcp::tool]
async fn find(#[arg(default = 256)] count: u8) {
    let _ = count;
}

fn main() {}
