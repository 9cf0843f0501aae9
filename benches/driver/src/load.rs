//! Calls under load: the servers work in turns, so that what disturbs one disturbs all.
//!
//! Each setting is measured twice: with server and driver on one core, where the CPU per call can be reproduced, and
//! on all cores, where the rate is what a user would see.

use std::{thread, time::Duration};

use anyhow::{Context, Result};
use nix::sched::CpuSet;

use crate::{
    http::{self, Connection},
    options::Options,
    process::{Process, all_cores, confine_self, last_of},
    report::{Report, Unit, mean, median},
    servers::Server,
    stdio::{Client, Until},
    workload::{CALLS, Call, ERAS, Era},
};

const DEPTHS: [u64; 2] = [1, 32];
const CONNECTIONS: [usize; 3] = [1, 16, 64];

/// What a server's turns at one setting gave.
#[derive(Default, Clone)]
struct Turns {
    confined_cpu: Vec<f64>,
    free_cpu: Vec<f64>,
    rate: Vec<f64>,
}

/// # Errors
/// A server fails or answers wrongly.
pub fn measure_stdio(servers: &[Server], options: &Options, report: &mut Report) -> Result<()> {
    for era in ERAS {
        let mut clients: Vec<Client> = servers
            .iter()
            .map(|server| Client::start(server.stdio(), era).context(server.name))
            .collect::<Result<_>>()?;
        for call in CALLS {
            for depth in DEPTHS {
                let slice = Until::Elapsed(options.slice());
                let turns =
                    in_turns(servers, options, &mut clients, |client| client.run(call, depth, &slice))?;
                add(report, "stdio", &format!("{depth} in flight"), call, era, turns);
            }
        }
        let label = format!("resident after load, stdio, {}", era.revision());
        add_memory(report, &label, clients.iter().map(|client| &client.process));
        for client in &mut clients {
            client.process.close(Duration::from_secs(5))?;
        }
    }
    Ok(())
}

/// # Errors
/// A server fails or answers wrongly.
pub fn measure_http(servers: &[Server], options: &Options, report: &mut Report) -> Result<()> {
    let runtime = http::runtime()?;
    for era in ERAS {
        let running: Vec<http::Running> = servers
            .iter()
            .map(|server| http::Running::start(server).context(server.name))
            .collect::<Result<_>>()?;
        if era == ERAS[0] {
            add_memory(report, "resident, idle, HTTP", running.iter().map(|server| &server.process));
        }
        for connections in CONNECTIONS {
            let mut open: Vec<Connected> = running
                .iter()
                .map(|server| {
                    let connections = runtime.block_on(http::connect(server, era, connections))?;
                    Ok(Connected { process: &server.process, connections })
                })
                .collect::<Result<_>>()?;
            for call in CALLS {
                let turns = in_turns(servers, options, &mut open, |client| {
                    runtime.block_on(http::run(&mut client.connections, call, options.slice()))
                })?;
                let plural = if connections == 1 { "" } else { "s" };
                add(report, "HTTP", &format!("{connections} connection{plural}"), call, era, turns);
            }
        }
        let label = format!("resident after load, HTTP, {}", era.revision());
        add_memory(report, &label, running.iter().map(|server| &server.process));
    }
    Ok(())
}

/// A client with the process of its server.
trait Load {
    fn process(&self) -> &Process;
}

struct Connected<'a> {
    process: &'a Process,
    connections: Vec<Connection>,
}

impl Load for Connected<'_> {
    fn process(&self) -> &Process {
        self.process
    }
}

impl Load for Client {
    fn process(&self) -> &Process {
        &self.process
    }
}

/// Gives every server its turns, starting with another server each time.
fn in_turns<C: Load>(
    servers: &[Server],
    options: &Options,
    clients: &mut [C],
    mut run: impl FnMut(&mut C) -> Result<(u64, Duration)>,
) -> Result<Vec<Turns>> {
    let all = all_cores()?;
    let one = last_of(&all)?;
    let mut turns = vec![Turns::default(); servers.len()];
    for (cores, is_confined) in [(&one, true), (&all, false)] {
        for round in 0..options.rounds() {
            for step in 0..servers.len() {
                let index = (round + step) % servers.len();
                let (cpu, rate) =
                    take_turn(cores, &mut clients[index], &mut run).context(servers[index].name)?;
                let turns = &mut turns[index];
                if is_confined {
                    turns.confined_cpu.push(cpu);
                } else {
                    turns.free_cpu.push(cpu);
                    turns.rate.push(rate);
                }
            }
        }
    }
    Ok(turns)
}

/// One turn on these cores: CPU per call in microseconds, and calls per second.
fn take_turn<C: Load>(
    cores: &CpuSet,
    client: &mut C,
    run: impl FnOnce(&mut C) -> Result<(u64, Duration)>,
) -> Result<(f64, f64)> {
    confine_self(cores)?;
    client.process().confine(cores)?;
    let clock = client.process().clock;
    let before = clock.now()?;
    let (calls, elapsed) = run(client)?;
    // What the server does after its last reply belongs to the calls as well.
    thread::sleep(Duration::from_millis(2));
    let spent = clock.now()?.saturating_sub(before);
    Ok((spent.as_secs_f64() * 1e6 / calls as f64, calls as f64 / elapsed.as_secs_f64()))
}

fn add(report: &mut Report, transport: &str, load: &str, call: Call, era: Era, turns: Vec<Turns>) {
    let label = format!("{}, {load}, {}", call.name(), era.revision());
    eprintln!("{transport} {label}");
    for turns in &turns {
        report.note_spread(&turns.confined_cpu);
    }
    report.add(
        &format!("Server CPU per call, one core, {transport}"),
        &label,
        Unit::Microseconds,
        turns.iter().map(|turns| median(&turns.confined_cpu)),
    );
    report.add(
        &format!("Server CPU per call, all cores, {transport}"),
        &label,
        Unit::Microseconds,
        turns.iter().map(|turns| mean(&turns.free_cpu)),
    );
    report.add(
        &format!("Calls per second, all cores, {transport}"),
        &label,
        Unit::PerSecond,
        turns.iter().map(|turns| median(&turns.rate)),
    );
}

fn add_memory<'a>(report: &mut Report, label: &str, processes: impl Iterator<Item = &'a Process>) {
    let resident = processes.map(|process| process.resident().ok());
    report.add("Start and memory", label, Unit::Megabytes, resident);
}
