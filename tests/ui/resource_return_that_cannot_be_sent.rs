#[mcp::resource("numbers://{name}")]
async fn number(name: String) -> f32 {
    let _ = name;
    1.0
}

fn main() {}
