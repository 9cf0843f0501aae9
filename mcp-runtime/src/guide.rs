//! How things are done, one topic a page.

pub mod enforced {
    #![doc = include_str!("../docs/enforced.md")]
}
