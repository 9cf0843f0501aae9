//! Orders of a shop, for callers who may do different things: read orders, place them, give money back. Nothing is done
//! twice, however often it is asked for: an order has a key, and a refund is somebody's word.
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

    /// An order whose money has not been given back.
    fn paid(&self, number: u32) -> Result<Order, ToolError> {
        let order = self.find(number)?;
        if order.refunded { Err(was_refunded(number)) } else { Ok(order) }
    }

    fn place(&self, item: String, euros: u32, by: String) -> Order {
        self.with(|orders| {
            let number = orders.keys().next_back().map_or(1, |last| last + 1);
            let order = Order { number, item, euros, by, refunded: false };
            orders.insert(number, order.clone());
            order
        })
    }

    /// Gives the money back, unless somebody else has just done so.
    fn refund(&self, number: u32) -> Result<(), ToolError> {
        self.with(|orders| match orders.get_mut(&number) {
            Some(order) if !order.refunded => {
                order.refunded = true;
                Ok(())
            }
            _ => Err(was_refunded(number)),
        })
    }
}

fn was_refunded(number: u32) -> ToolError {
    ToolError::invalid_input(format!("order {number} was refunded before"))
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

/// Places an order. Called again with the same request_id, it gives the same order.
#[mcp::tool(idempotency = "request_id", scopes("orders:write"))]
async fn place_order(
    /// Made up for this order, such as a UUID, and sent again where it is not known whether the order was placed.
    #[arg(length = 8..=64)]
    _request_id: String,
    item: String,
    /// What it costs, in euros.
    euros: u32,
    orders: State<Orders>,
    caller: Principal,
) -> Json<Order> {
    Json(orders.place(item, euros, caller.subject().unwrap_or_default().into()))
}

#[derive(Deserialize, JsonSchema)]
struct Agreed {
    /// Whether the money is to be given back.
    agreed: bool,
}

/// Gives the money of an order back, once somebody has agreed.
#[mcp::tool(destructive, idempotent, scopes("orders:refund"))]
async fn refund_order(number: u32, orders: State<Orders>, cx: Context) -> Result<String, ToolError> {
    // What is asked about stays what it was, and however often the answer comes, it is acted upon once.
    let Order { item, euros, .. } = cx.once("order", async { orders.paid(number) }).await?;
    let Agreed { agreed } = cx.elicit(format!("Give back {euros} euros for {item}?")).key("refund").await?;
    if !agreed {
        return Ok("nothing was given back".into());
    }
    cx.once("refund", async { orders.refund(number) }).await?;
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
