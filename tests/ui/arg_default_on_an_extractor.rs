#[mcp::tool]
async fn find(#[arg(default = 5)] cx: mcp::Context) {
    let _ = cx;
}

fn main() {}
