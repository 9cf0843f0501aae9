#[mcp::tool]
async fn find(#[arg(defualt = 5)] count: u8) {
    let _ = count;
}

fn main() {}
