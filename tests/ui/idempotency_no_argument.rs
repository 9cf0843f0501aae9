#[mcp::tool(idempotency = "request")]
async fn no_such_argument(request_id: String) {
    let _ = request_id;
}

fn main() {}
