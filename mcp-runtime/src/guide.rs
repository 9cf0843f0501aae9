//! How things are done, one topic a page.

pub mod dialects {
    #![doc = include_str!("../docs/dialects.md")]
}

pub mod texts {
    #![doc = include_str!("../docs/texts.md")]
}
