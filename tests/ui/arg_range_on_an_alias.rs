type Name = String;

#[mcp::tool]
async fn find(#[arg(range = 1..=10)] name: Option<Name>) {
    let _ = name;
}

fn main() {}
