#[mcp::resource("files://{name}")]
async fn file(#[arg(default = "readme")] name: String) -> String {
    name
}

fn main() {}
