#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
enum Unit {
    Celsius,
}

#[mcp::tool]
async fn find(#[arg(default)] unit: Unit) {
    let _ = unit;
}

fn main() {}
