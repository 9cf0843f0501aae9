struct Connection;

#[mcp::tool]
async fn find(id: u32, connection: Connection) -> String {
    let _ = connection;
    id.to_string()
}

fn main() {}
