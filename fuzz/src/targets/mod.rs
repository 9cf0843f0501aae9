//! The fuzz targets: each takes any bytes, hands them to one thing that reads foreign bytes, and panics where that does not
//! keep its promise. Nothing here knows who makes the bytes: libFuzzer does in `make fuzz`, and a small generator does in
//! `tests/fuzz`.

mod arguments;
mod carried;
mod conversation;
mod events;
mod forwarded;
mod head;
mod keys;
mod lines;
mod lock;
mod message;
mod output;
mod ready;
mod template;
mod token;

/// Takes any bytes, and panics where a promise is broken.
pub type Target = fn(&[u8]);

/// All of them, by the names of their folders in `fuzz/corpus`.
pub const ALL: [(&str, Target); 13] = [
    ("arguments", arguments::run),
    ("carried", carried::run),
    ("conversation", conversation::run),
    ("events", events::run),
    ("forwarded", forwarded::run),
    ("head", head::run),
    ("keys", keys::run),
    ("lines", lines::run),
    ("lock", lock::run),
    ("message", message::run),
    ("output", output::run),
    ("template", template::run),
    ("token", token::run),
];
