//! A server that has too little: no descriptors, or only clients that take their time.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Serving;
use crate::wire::{headers_of, stateless};

/// A request on a connection that is kept, as bytes.
fn request(address: &str) -> Vec<u8> {
    let message = stateless(1, "tools/list", serde_json::json!({}));
    let mut head = format!("POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n");
    for (name, value) in headers_of(&message, None) {
        head += &format!("{name}: {value}\r\n");
    }
    let body = message.to_string();
    format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// How long it takes until a request on this connection is answered.
async fn answered(stream: &mut TcpStream, address: &str) -> Duration {
    let begun = Instant::now();
    stream.write_all(&request(address)).await.unwrap();
    let mut first = [0; 12];
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_exact(&mut first)).await;
    read.expect("no answer").unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    begun.elapsed()
}

#[tokio::test]
async fn a_server_without_descriptors_serves_whom_it_has_and_others_when_there_are_some() {
    let serving = Serving::start_after("ulimit -n 40;").await;
    let address = &serving.address;
    let mut first = TcpStream::connect(address).await.unwrap();
    answered(&mut first, address).await;
    // More than it can take; the rest waits at the system's door.
    let mut others = Vec::new();
    for _ in 0..100 {
        others.push(TcpStream::connect(address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(serving.descriptors() >= 39, "{}", serving.descriptors());
    let before = serving.worked();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let busy = serving.worked() - before;
    // The connection that it has is served: it has not read its first answer to the end, and asks anew.
    let mut rest = vec![0; 1 << 16];
    let _ = first.read(&mut rest).await.unwrap();
    let during = answered(&mut first, address).await;
    let begun = Instant::now();
    others.truncate(0);
    let mut late = TcpStream::connect(address).await.unwrap();
    answered(&mut late, address).await;
    eprintln!(
        "40 descriptors, 101 connections: {busy:?} of work in 1 s; served in {during:?}, newcomers {:?} after there was room",
        begun.elapsed()
    );
    assert!(busy < Duration::from_millis(300), "{busy:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn clients_that_take_their_time_delay_nobody_and_cost_little() {
    let serving = Serving::start().await;
    let address = &serving.address;
    let mut quick = TcpStream::connect(address).await.unwrap();
    answered(&mut quick, address).await;
    let (descriptors, held) = (serving.descriptors(), serving.memory("VmRSS"));
    let request = request(address);
    let mut slow = Vec::new();
    for _ in 0..400 {
        slow.push(TcpStream::connect(address).await.unwrap());
    }
    let (mut worst, before) = (Duration::ZERO, serving.worked());
    // A byte each, again and again, from the first one of the head on.
    for at in 0..20 {
        for stream in &mut slow {
            stream.write_all(&request[at..=at]).await.unwrap();
        }
        let mut newcomer = TcpStream::connect(address).await.unwrap();
        worst = worst.max(answered(&mut newcomer, address).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let worked = serving.worked() - before;
    let grown = serving.memory("VmRSS").saturating_sub(held) / 1024;
    drop(slow);
    let gone = Instant::now();
    while serving.descriptors() > descriptors && gone.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    eprintln!(
        "400 slow clients: others served in {worst:?}, {worked:?} of work, {grown} MiB; gone {:?} after them",
        gone.elapsed()
    );
    assert!(worst < Duration::from_secs(1), "{worst:?}");
    assert!(grown < 20, "{grown} MiB");
    assert!(serving.descriptors() <= descriptors);
}
