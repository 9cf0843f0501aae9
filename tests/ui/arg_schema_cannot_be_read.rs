struct Id;

#[mcp::tool]
async fn find(#[arg(schema = String)] id: Id) {
    let _ = id;
}

fn main() {}
