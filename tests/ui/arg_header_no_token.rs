#[mcp::tool]
async fn ask(#[arg(header = "the region")] region: String, #[arg(header = "")] shard: u32) -> String {
    format!("{region} {shard}")
}

fn main() {}
