//! The text of an `mcp.lock`, as a merge or an editor leaves it: it is read or refused, and what was read is written and
//! read again the same.

use mcp::contract::{compare, read, write};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match read(text) {
        Err(why) => assert!(why.to_string().starts_with("line ")),
        Ok(catalogue) => {
            let written = write(&catalogue);
            let again = read(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
            assert_eq!(again, catalogue, "{written}");
            assert_eq!(compare(&catalogue, &again).len(), 0);
        }
    }
}
