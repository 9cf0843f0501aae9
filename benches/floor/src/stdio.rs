//! Serves standard input and output as non-blocking pipes; replies that are ready together are written together.

use std::{io, os::fd::AsFd};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::pipe,
};

use crate::{answer, message, reply};

/// The longest line that is read.
const LONGEST_LINE: usize = 4 << 20;

/// Serves until standard input ends.
///
/// # Errors
/// Standard input or output is no pipe, or it fails.
pub async fn serve() -> io::Result<()> {
    let input = pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
    let output = pipe::Sender::from_owned_fd(io::stdout().as_fd().try_clone_to_owned()?)?;
    // On a worker, where the poll for input happens; the main thread would be woken across threads for each read.
    tokio::spawn(converse(input, output)).await?
}

async fn converse(mut input: pipe::Receiver, mut output: pipe::Sender) -> io::Result<()> {
    let mut lines = BytesMut::with_capacity(64 << 10);
    let mut replies = Vec::with_capacity(64 << 10);
    let mut initialized = false;
    let mut searched = 0;
    loop {
        while let Some(end) = memchr::memchr(b'\n', &lines[searched..]) {
            answer_line(&mut replies, &lines[..searched + end], &mut initialized);
            lines.advance(searched + end + 1);
            searched = 0;
        }
        if !replies.is_empty() {
            output.write_all(&replies).await?;
            replies.clear();
        }
        searched = lines.len();
        if searched > LONGEST_LINE {
            return Err(io::Error::other("a line is too long"));
        }
        if input.read_buf(&mut lines).await? == 0 {
            return Ok(());
        }
    }
}

fn answer_line(replies: &mut Vec<u8>, line: &[u8], initialized: &mut bool) {
    let start = replies.len();
    match message::read(line) {
        Ok(message) => {
            let Some(id) = message.id else { return };
            let is_stateless = !message.params.meta.version.is_empty();
            if is_stateless {
                answer::stateless(replies, id, &message);
            } else if *initialized || matches!(&*message.method, "initialize" | "ping") {
                *initialized |= message.method == "initialize";
                answer::stateful(replies, id, &message);
            } else {
                answer::stateless(replies, id, &message);
            }
        }
        Err(unreadable) => reply::error(replies, unreadable.id, unreadable.code, unreadable.text, None),
    }
    if replies.len() > start {
        replies.push(b'\n');
    }
}
