#[mcp::tool]
async fn find(#[cfg_attr(all(), arg(default = 5))] count: u8) {
    let _ = count;
}

fn main() {}
