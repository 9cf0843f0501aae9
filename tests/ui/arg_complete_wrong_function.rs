fn names(typed: mcp::Typed) -> Vec<String> {
    vec![typed.to_string()]
}

#[mcp::prompt]
async fn greet(#[arg(complete = names)] name: String) -> String {
    name
}

fn main() {}
