use std::rc::Rc;

async fn pause() {}

#[mcp::tool]
async fn count(to: u32) -> u32 {
    let shared = Rc::new(to);
    pause().await;
    *shared
}

fn main() {}
