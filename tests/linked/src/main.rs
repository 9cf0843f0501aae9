//! Prints what is found in the library beside it, which it names with `mcp::link!` and in no other way.

use std::io::Write;

mcp::link!(linked);

fn main() -> mcp::Result<()> {
    let server = mcp::server!().build()?;
    for definition in server.definitions() {
        writeln!(std::io::stdout(), "{} from {}", definition.name(), definition.source().module)?;
    }
    Ok(())
}
