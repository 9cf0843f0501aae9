//! How things are done, one topic a page.

pub mod texts {
    #![doc = include_str!("../docs/texts.md")]
}
