struct Row;

#[mcp::tool]
async fn find(id: u32) -> Row {
    let _ = id;
    Row
}

fn main() {}
