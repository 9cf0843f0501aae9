//! Orders of a shop, for callers who may do different things: read orders, place them, give money back.
//!
//! Over HTTP the callers come with tokens of an authorization server, and their scopes say what they may do:
//!
//! ```sh
//! ISSUER=https://login.example.com RESOURCE=https://mcp.example.com/mcp orders --http 127.0.0.1:8080
//! ```
//!
//! On standard input and output whoever starts it says that: `MCP_SCOPES="orders:read orders:write" orders`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mcp::auth::Jwt;
use mcp::http::{Exposure, Proxies};
use mcp::{Context, Json, Principal, State, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Order {
    number: u32,
    item: String,
    euros: u32,
    /// Who placed it.
    by: String,
    refunded: bool,
}

/// What was ordered: in a real shop, a database.
#[derive(Default)]
struct Orders(Mutex<BTreeMap<u32, Order>>);

impl Orders {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<u32, Order>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn find(&self, number: u32) -> Result<Order, ToolError> {
        let found = self.with(|orders| orders.get(&number).cloned());
        found.ok_or_else(|| ToolError::invalid_input(format!("there is no order {number}")))
    }
}

/// Lists the orders.
#[mcp::tool(read_only, scopes("orders:read"))]
async fn list_orders(orders: State<Orders>) -> Json<Vec<Order>> {
    Json(orders.with(|orders| orders.values().cloned().collect()))
}

/// One order.
#[mcp::resource("orders://{number}", mime = "application/json", scopes("orders:read"))]
async fn order(number: u32, orders: State<Orders>) -> Result<String, mcp::BoxError> {
    Ok(serde_json::to_string(&orders.find(number)?)?)
}

/// Places an order.
#[mcp::tool(scopes("orders:write"))]
async fn place_order(
    item: String,
    /// What it costs, in euros.
    euros: u32,
    orders: State<Orders>,
    caller: Principal,
) -> Json<Order> {
    let by = caller.subject().unwrap_or_default().to_owned();
    Json(orders.with(|orders| {
        let number = orders.keys().next_back().map_or(1, |last| last + 1);
        let order = Order { number, item, euros, by, refunded: false };
        orders.insert(number, order.clone());
        order
    }))
}

#[derive(Deserialize, JsonSchema)]
struct Agreed {
    /// Whether the money is to be given back.
    agreed: bool,
}

/// Gives the money of an order back, once somebody has agreed.
#[mcp::tool(destructive, idempotent, scopes("orders:refund"))]
async fn refund_order(number: u32, orders: State<Orders>, cx: Context) -> Result<String, ToolError> {
    let Order { item, euros, refunded, .. } = orders.find(number)?;
    if refunded {
        return Ok(format!("order {number} was refunded before"));
    }
    let Agreed { agreed } = cx.elicit(format!("Give back {euros} euros for {item}?")).key("refund").await?;
    if !agreed {
        return Ok("nothing was given back".into());
    }
    orders.with(|orders| orders.get_mut(&number).map(|order| order.refunded = true));
    Ok(format!("{euros} euros are on their way"))
}

/// Adds up all orders, which takes its time.
#[mcp::tool(read_only, task, scopes("orders:read"))]
async fn report(orders: State<Orders>, cx: Context) -> String {
    let numbers: Vec<u32> = orders.with(|orders| orders.keys().copied().collect());
    let mut sum = 0;
    for (done, number) in (1_u32..).zip(&numbers) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        sum += orders.find(*number).map_or(0, |order| order.euros);
        cx.progress((f64::from(done), numbers.len() as f64));
    }
    format!("{} orders, {sum} euros", numbers.len())
}

/// Who may come over HTTP: callers with tokens of an issuer, if the environment names one, or programs on this machine.
fn exposure() -> Exposure {
    let (Ok(issuer), Ok(resource)) = (std::env::var("ISSUER"), std::env::var("RESOURCE")) else {
        return Exposure::loopback();
    };
    let host = resource.split('/').nth(2).unwrap_or_default().to_owned();
    let tokens = Jwt::new(issuer, resource).scopes(["orders:read"]);
    // A proxy on this machine ends TLS.
    Exposure::public([host], [""; 0], tokens).behind(Proxies::new(["127.0.0.1", "::1"]))
}

#[tokio::main]
async fn main() -> mcp::Result<()> {
    mcp::server!()
        .instructions("Amounts are in euros.")
        .scope_implies("orders:write", ["orders:read"])
        .scope_implies("orders:refund", ["orders:read"])
        .state(Orders::default())
        .exposure(exposure())
        .run()
        .await
}
