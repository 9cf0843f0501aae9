//! Machines that are processes, with a balancer before them, and what is left when one is killed.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::real::Real;
use crate::wire::{example, headers_of, stateless};

struct Machine {
    process: Child,
    address: String,
}

impl Machine {
    async fn start(redis: &Real, tickets: &PathBuf, printing: Duration) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
        let process = Command::new(example("replicas"))
            .args(["--http", &address])
            .env("REDIS_URL", redis.address())
            .env("STATE_KEYS", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=")
            .env("TICKETS", tickets)
            .env("PRINTING_MS", printing.as_millis().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("build the example with `cargo build --examples` ({error})"));
        let machine = Self { process, address };
        for _ in 0..400 {
            if TcpStream::connect(&machine.address).await.is_ok() {
                return machine;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("nobody listens at {}", machine.address);
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A file for sold tickets, which goes with the test.
struct Tickets(PathBuf);

impl Tickets {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("mcp-tickets-{}-{number}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    /// How often each was sold.
    fn sold(&self) -> HashMap<String, usize> {
        let mut sold = HashMap::new();
        for line in std::fs::read_to_string(&self.0).unwrap_or_default().lines() {
            *sold.entry(line.split(' ').next().unwrap().to_owned()).or_default() += 1;
        }
        sold
    }
}

impl Drop for Tickets {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Gives each connection to the next machine that listens, under the machine's own name.
async fn balance(addresses: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().to_string();
    let name = own.clone();
    tokio::spawn(async move {
        let mut turn = 0;
        while let Ok((mut client, _)) = listener.accept().await {
            turn += 1;
            let turned = addresses.iter().cycle().skip(turn).take(addresses.len());
            let turned: Vec<_> = turned.cloned().collect();
            let name = name.clone();
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let length = client.read(&mut head).await.unwrap_or_default();
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                for address in turned {
                    if let Ok(mut machine) = TcpStream::connect(&address).await {
                        let _ = machine.write_all(head.replace(&name, &address).as_bytes()).await;
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut machine).await;
                        return;
                    }
                }
            });
        }
    });
    own
}

/// Sells a ticket on a connection of its own; `None` where there is no whole answer.
async fn sell(address: &str, key: &str) -> Option<Value> {
    let message =
        stateless(1, "tools/call", json!({"name": "sell", "arguments": {"request_id": key, "seat": 7}}));
    let body = message.to_string();
    let mut request = format!(
        "POST /mcp HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\naccept: application/json\r\ncontent-type: \
         application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers_of(&message, None) {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.push_str(&body);
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let body = serde_json::from_str(body).ok()?;
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    Some(body)
}

fn said(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_call_whose_machine_was_killed_has_an_unknown_outcome_and_is_never_made_again() {
    let (redis, tickets) = (Real::start().await, Tickets::new());
    let mut first = Machine::start(&redis, &tickets.0, Duration::from_secs(60)).await;
    let second = Machine::start(&redis, &tickets.0, Duration::ZERO).await;
    let selling = tokio::spawn({
        let address = first.address.clone();
        async move { sell(&address, "a").await }
    });
    while tickets.sold().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    first.kill();
    assert_eq!(selling.await.unwrap(), None);
    let begun = Instant::now();
    // The second waits for the first until it counts as dead.
    let answer = sell(&second.address, "a").await.unwrap();
    assert!(said(&answer).contains("the outcome is unknown"), "{answer}");
    println!("an owner was found dead after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    for _ in 0..3 {
        assert!(said(&sell(&second.address, "a").await.unwrap()).contains("the outcome is unknown"));
    }
    assert_eq!(tickets.sold(), HashMap::from([("a".to_owned(), 1)]));
    assert!(said(&sell(&second.address, "b").await.unwrap()).contains("is sold"));
}

#[tokio::test]
async fn a_machine_that_is_killed_under_load_takes_no_answer_along_and_nothing_is_sold_twice() {
    let (redis, tickets) = (Real::durable().await, Tickets::new());
    let printing = Duration::from_millis(20);
    let mut first = Machine::start(&redis, &tickets.0, printing).await;
    let second = Machine::start(&redis, &tickets.0, printing).await;
    let address = balance(vec![first.address.clone(), second.address.clone()]).await;
    let answered = Arc::new(AtomicUsize::new(0));
    // Each client repeats what was not answered, under the same key, as clients do.
    let clients: Vec<_> = (0..8)
        .map(|client| {
            let (address, answered) = (address.clone(), answered.clone());
            tokio::spawn(async move {
                let (mut sold, mut unknown, mut repeated) = (Vec::new(), Vec::new(), 0);
                for number in 0..40 {
                    let key = format!("c{client}-{number}");
                    let answer = loop {
                        match sell(&address, &key).await {
                            // Of one that is still at work elsewhere it is known later.
                            Some(answer) if said(&answer).contains("is sold") => break answer,
                            Some(answer) if said(&answer).contains("outcome is unknown") => break answer,
                            _ => repeated += 1,
                        }
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    };
                    answered.fetch_add(1, Ordering::SeqCst);
                    if said(&answer).contains("is sold") { sold.push(key) } else { unknown.push(key) }
                }
                (sold, unknown, repeated)
            })
        })
        .collect();
    while answered.load(Ordering::SeqCst) < 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    first.kill();
    let (mut sold, mut unknown, mut repeated) = (Vec::new(), Vec::new(), 0);
    for client in clients {
        let (one, other, more) = client.await.unwrap();
        sold.extend(one);
        unknown.extend(other);
        repeated += more;
    }
    let tickets = tickets.sold();
    println!(
        "320 sales at two machines, one killed: {} answered, {} of unknown outcome, {repeated} repeated, {} tickets, {} twice",
        sold.len(),
        unknown.len(),
        tickets.len(),
        tickets.values().filter(|count| **count > 1).count()
    );
    assert_eq!(sold.len() + unknown.len(), 320);
    assert!(unknown.len() <= 8, "one for each client at most: {unknown:?}");
    assert!(tickets.values().all(|count| *count == 1), "{tickets:?}");
    for key in &sold {
        assert_eq!(tickets.get(key), Some(&1), "{key} was answered and not sold");
    }
    // What was answered by either machine is answered again by the one that is left.
    for key in sold.iter().step_by(10) {
        let again = sell(&address, key).await.unwrap();
        assert!(said(&again).contains("is sold"), "{again}");
        assert_eq!(again["result"]["_meta"]["idempotentReplay"], true, "{again}");
    }
}
