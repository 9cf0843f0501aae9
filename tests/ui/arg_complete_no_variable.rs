async fn names(_: mcp::Typed) -> Vec<String> {
    Vec::new()
}

#[mcp::resource("docs://{page}")]
async fn page(page: String, #[arg(complete = names)] who: mcp::Principal) -> String {
    format!("{page} {who:?}")
}

fn main() {}
