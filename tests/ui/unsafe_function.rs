#[mcp::tool]
async unsafe fn poke(address: usize) -> usize {
    address
}

fn main() {}
