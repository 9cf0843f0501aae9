//! How things are done, one topic a page.

pub mod contract {
    #![doc = include_str!("../docs/contract.md")]
}

pub mod testing {
    #![doc = include_str!("../docs/testing.md")]
}

pub mod application {
    #![doc = include_str!("../docs/application.md")]
}
