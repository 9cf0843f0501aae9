#![deny(deprecated)]

/// Adds.
#[mcp::tool]
#[deprecated(note = "use `sum`")]
async fn add(a: i64) -> i64 {
    a
}

fn main() {
    let _ = add(1);
}
