//! How long a server takes from its start to its first list, and what memory it then has.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{
    options::Options,
    report::{Report, Unit, median},
    servers::Server,
    stdio::{Client, Until},
    workload::{Call, Era},
};

/// # Errors
/// A server fails.
pub fn measure(servers: &[Server], options: &Options, report: &mut Report) -> Result<()> {
    let mut times = vec![Vec::new(); servers.len()];
    let mut memory = vec![Vec::new(); servers.len()];
    for _ in 0..options.starts() {
        for (index, server) in servers.iter().enumerate() {
            let start = Instant::now();
            let mut client = Client::start(server.stdio(), Era::Stateless)?;
            client.run(Call::List, 1, &Until::Calls(1))?;
            times[index].push(start.elapsed().as_secs_f64() * 1e3);
            memory[index].push(client.process.resident()?);
            client.process.close(Duration::from_secs(5))?;
        }
    }
    report.add(
        "Start and memory",
        "start to first list, stdio",
        Unit::Milliseconds,
        times.iter().map(|times| median(times)),
    );
    report.add(
        "Start and memory",
        "resident, idle, stdio",
        Unit::Megabytes,
        memory.iter().map(|sizes| median(sizes)),
    );
    Ok(())
}
