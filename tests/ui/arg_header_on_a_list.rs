#[mcp::tool]
async fn find(#[arg(header = "Regions")] regions: Vec<String>) {
    let _ = regions;
}

fn main() {}
