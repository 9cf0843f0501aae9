//! How things are done, one topic a page.

pub mod contract {
    #![doc = include_str!("../docs/contract.md")]
}

pub mod check {
    #![doc = include_str!("../docs/check.md")]
}

pub mod dialects {
    #![doc = include_str!("../docs/dialects.md")]
}

pub mod texts {
    #![doc = include_str!("../docs/texts.md")]
}
