#[mcp::resource("files://{name}")]
async fn file(#[arg(description = "Its name.")] name: String) -> String {
    name
}

fn main() {}
