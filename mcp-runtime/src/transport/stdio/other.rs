//! Standard input and output where descriptors cannot be moved about: both are served by threads, and prints of other
//! parts of the process must be kept away from standard output by the author.

use std::io;

use super::{Input, Output, blocking};

/// Nothing was changed, so nothing is put back.
pub(super) struct Streams;

pub(super) fn open() -> io::Result<(Streams, Input, Output)> {
    let input = blocking::Reader::new(io::stdin())?;
    let output = blocking::Writer::new(io::stdout())?;
    Ok((Streams, Box::new(input), Box::new(output)))
}
