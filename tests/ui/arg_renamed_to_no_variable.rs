#[mcp::resource("files://{name}")]
async fn file(name: String, #[arg(rename = "line")] lines: u32) -> String {
    format!("{name} {lines}")
}

fn main() {}
