//! What is published changes only when somebody means it: `MCP_LOCK=write cargo test` writes the locks.

#[test]
fn what_customers_see_changes_only_on_purpose() {
    mcp::contract!(bookshop::server());
}

#[test]
fn what_the_staff_sees_changes_only_on_purpose() {
    mcp::contract!(bookshop::staff_server(), path = "staff.lock");
}
