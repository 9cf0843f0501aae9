#[mcp::resource("files://{name}")]
async fn file(name: String, #[arg(default = 5)] lines: u32) -> String {
    format!("{name} {lines}")
}

fn main() {}
