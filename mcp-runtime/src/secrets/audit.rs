//! That a secret was taken is said on the target `mcp::audit`; what it was, nowhere.

use crate::handler::Context;

/// Says which function took a secret, for whom, and whether it was there.
pub(super) fn taken(name: &str, cx: &Context, found: bool) {
    let principal = cx.principal();
    tracing::info!(
        target: "mcp::audit",
        event = "secret",
        secret = name,
        function = cx.function(),
        issuer = principal.issuer(),
        client = principal.client(),
        subject = principal.subject(),
        found,
        "a secret was asked for"
    );
}
