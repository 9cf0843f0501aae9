#[derive(serde::Deserialize)]
struct Filter {
    tag: String,
}

#[mcp::tool]
async fn search(filter: Filter) -> String {
    filter.tag
}

fn main() {}
