const UNIT: &str = "celsius";

#[mcp::tool]
async fn find(#[arg(default = UNIT)] unit: String) {
    let _ = unit;
}

fn main() {}
