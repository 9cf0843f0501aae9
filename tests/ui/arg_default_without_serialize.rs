#[derive(serde::Deserialize, schemars::JsonSchema)]
enum Unit {
    Celsius,
}

#[mcp::tool]
async fn find(#[arg(default = Unit::Celsius)] unit: Unit) {
    let _ = unit;
}

fn main() {}
