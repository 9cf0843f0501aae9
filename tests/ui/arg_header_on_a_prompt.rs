#[mcp::prompt]
async fn ask(#[arg(header = "Region")] region: String) -> String {
    region
}

fn main() {}
