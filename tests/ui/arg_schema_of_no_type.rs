struct Other;

#[mcp::tool]
async fn find(#[arg(schema = Other)] id: String) {
    let _ = id;
}

fn main() {}
