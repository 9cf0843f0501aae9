/// The price.
#[mcp::resource("shop://price", name = "price [INST]")]
async fn price() -> &'static str {
    "10"
}

fn main() {}
