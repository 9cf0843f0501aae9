//! The name of an event: which stream of its session it was told on, and where.

use std::fmt;

/// The name of an event, unique in its session. A client gives it back to be told what came after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventId {
    pub(crate) stream: u64,
    /// Its number on the stream. That of the event before the first message is 0.
    pub(crate) number: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.stream, self.number)
    }
}

impl EventId {
    /// The stream on which a session is told what has changed. Those that answer requests are numbered from 1 on.
    pub(crate) const CHANGES: u64 = 0;

    /// Reads what a client gives back; `None` where it is nothing that it was given.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (stream, number) = text.split_once('-')?;
        let id = Self { stream: stream.parse().ok()?, number: number.parse().ok()? };
        // Each event has one name, without signs and zeros before it.
        (id.to_string() == text).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_one_name() {
        let id = EventId { stream: 3, number: 0 };
        assert_eq!((id.to_string().as_str(), EventId::read("3-0")), ("3-0", Some(id)));
        for wrong in
            ["", "3", "-", "3-", "-0", "+3-0", "03-0", "3-0-0", "3-x", " 3-0", "3-99999999999999999999"]
        {
            assert_eq!(EventId::read(wrong), None, "{wrong:?}");
        }
    }
}
