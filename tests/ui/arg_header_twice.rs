#[mcp::tool]
async fn ask(#[arg(header = "Region")] region: String, #[arg(header = "region")] shard: u32) -> String {
    format!("{region} {shard}")
}

fn main() {}
