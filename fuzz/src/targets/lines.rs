//! Lines, however they are cut on their way: those that are read are those that were written, and the rest is told to be too
//! long. What is sent comes out as it went in.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use mcp::transport::{Frame, Lines, Transport};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::ready::wait;

/// How many bytes pass now.
struct Pace(u32);

impl Pace {
    /// `None` for "not yet".
    fn next(&mut self, cx: &mut Context<'_>) -> Option<usize> {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match (self.0 >> 24) as usize {
            0..=31 => {
                cx.waker().wake_by_ref();
                None
            }
            few @ 32..=127 => Some(few % 7 + 1),
            many => Some(many * 97),
        }
    }
}

/// Gives a few bytes at a time.
struct Source<'a>(&'a [u8], Pace);

impl AsyncRead for Source<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(count) = self.1.next(cx) else { return Poll::Pending };
        let (now, later) = self.0.split_at(count.min(into.remaining()).min(self.0.len()));
        into.put_slice(now);
        self.0 = later;
        Poll::Ready(Ok(()))
    }
}

/// Takes a few bytes at a time.
struct Sink<'a>(&'a mut Vec<u8>, Pace);

impl AsyncWrite for Sink<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(count) = self.1.next(cx) else { return Poll::Pending };
        let now = &bytes[..count.min(bytes.len())];
        self.0.extend_from_slice(now);
        Poll::Ready(Ok(now.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[derive(Debug, PartialEq)]
enum Line {
    Whole(Vec<u8>),
    TooLong,
}

/// The same by the plainest way.
fn split(data: &[u8], limit: usize) -> Vec<Line> {
    let mut lines: Vec<_> = data.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let long = |line: &[u8]| line.len() > limit;
    let kept = lines.into_iter().filter(|line| long(line) || !line.trim_ascii().is_empty());
    kept.map(|line| if long(line) { Line::TooLong } else { Line::Whole(line.to_vec()) }).collect()
}

pub fn run(data: &[u8]) {
    let [limit, seed, data @ ..] = data else { return };
    let limit = usize::from(*limit) * usize::from(*limit);
    let pace = || Pace(u32::from(*seed));
    let mut taken = Vec::new();
    let found = wait(async {
        let mut found = Vec::new();
        let mut lines = Lines::new(Source(data, pace()), Sink(&mut taken, pace())).max_line(limit);
        while let Some(frame) = lines.receive().await.unwrap() {
            match frame {
                Frame::Message(line) => found.push(Line::Whole(line.to_vec())),
                Frame::TooLong(most) => {
                    assert_eq!(most, limit);
                    found.push(Line::TooLong);
                }
            }
        }
        assert!(lines.has_ended());
        for line in &found {
            if let Line::Whole(line) = line {
                lines.send(line.clone()).await.unwrap();
            }
        }
        lines.flush().await.unwrap();
        found
    });
    assert_eq!(found, split(data, limit));
    let whole = found.iter().filter_map(|line| match line {
        Line::Whole(line) => Some(line.as_slice()),
        Line::TooLong => None,
    });
    let sent: Vec<u8> = whole.flat_map(|line| [line, b"\n"]).flatten().copied().collect();
    assert_eq!(taken, sent, "what was sent did not come out as it went in");
}
