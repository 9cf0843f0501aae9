struct Db;

impl Db {
    #[mcp::tool]
    async fn find(&self, id: u32) -> String {
        id.to_string()
    }
}

fn main() {}
