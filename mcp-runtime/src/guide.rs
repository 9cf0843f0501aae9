//! How things are done, one topic a page.

pub mod arguments {
    #![doc = include_str!("../docs/arguments.md")]
}
