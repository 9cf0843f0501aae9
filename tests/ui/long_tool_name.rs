#[mcp::tool]
async fn a_name_that_is_so_long_that_some_clients_would_not_accept_it_at_all() {}

fn main() {}
