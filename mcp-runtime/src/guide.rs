//! How things are done, one topic a page. Who calls, and what he may do, is told at `mcp::auth`.

pub mod application {
    #![doc = include_str!("../docs/application.md")]
}

pub mod arguments {
    #![doc = include_str!("../docs/arguments.md")]
}

pub mod check {
    #![doc = include_str!("../docs/check.md")]
}

#[allow(
    rustdoc::bare_urls,
    reason = "the table is that of `--help`, where addresses stand as they are written"
)]
pub mod configuration {
    #![doc = include_str!("../docs/configuration.md")]
}

pub mod contract {
    #![doc = include_str!("../docs/contract.md")]
}

pub mod deployment {
    #![doc = include_str!("../docs/deployment.md")]
}

pub mod dialects {
    #![doc = include_str!("../docs/dialects.md")]
}

pub mod enforced {
    #![doc = include_str!("../docs/enforced.md")]
}

pub mod handles {
    #![doc = include_str!("../docs/handles.md")]
}

pub mod limits {
    #![doc = include_str!("../docs/limits.md")]
}

pub mod output {
    #![doc = include_str!("../docs/output.md")]
}

pub mod replicas {
    #![doc = include_str!("../docs/replicas.md")]
}

pub mod resilience {
    #![doc = include_str!("../docs/resilience.md")]
}

pub mod secrets {
    #![doc = include_str!("../docs/secrets.md")]
}

pub mod sight {
    #![doc = include_str!("../docs/sight.md")]
}

pub mod testing {
    #![doc = include_str!("../docs/testing.md")]
}

pub mod texts {
    #![doc = include_str!("../docs/texts.md")]
}
