#[derive(schemars::JsonSchema)]
struct Row {
    id: u32,
}

#[mcp::tool]
async fn find(id: u32) -> mcp::Json<Row> {
    mcp::Json(Row { id })
}

fn main() {}
