//! Settings that are one of some words.

use std::str::FromStr as _;

use crate::dialect::Dialect;

/// One of some words.
pub(crate) trait Words: Clone + Sized {
    /// What stands for it in `--help`.
    const NAME: &'static str;
    /// All of them, as people read it.
    const ALL: &'static str;
    /// Reads a word in small letters.
    fn read(word: &str) -> Option<Self>;
    fn word(&self) -> &'static str;
}

macro_rules! words {
    ($(#[$outer:meta])* $name:ident = $placeholder:literal, $all:literal { $($(#[$meta:meta])* $variant:ident = $word:literal $(| $other:literal)*,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$meta])* $variant,)*
        }

        impl Words for $name {
            const NAME: &'static str = $placeholder;
            const ALL: &'static str = $all;

            fn read(word: &str) -> Option<Self> {
                match word {
                    $($word $(| $other)* => Some(Self::$variant),)*
                    _ => None,
                }
            }

            fn word(&self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

words! {
    /// What is logged.
    LogLevel = "LEVEL", "off, error, warn, info, debug or trace" {
        /// Nothing.
        Off = "off",
        /// What failed.
        Error = "error",
        /// And what may be wrong.
        Warn = "warn" | "warning",
        /// And what happens.
        Info = "info",
        /// And how.
        Debug = "debug",
        /// And everything else.
        Trace = "trace",
    }
}

words! {
    /// How is logged.
    LogFormat = "FORMAT", "text or json" {
        /// Lines for people.
        Text = "text",
        /// A JSON object a line.
        Json = "json",
    }
}

words! {
    /// Which headers proxies set: see [`Proxies`](crate::http::Proxies).
    ProxyHeaders = "HEADERS", "x-forwarded, x-forwarded-host or forwarded" {
        /// `X-Forwarded-For`.
        XForwarded = "x-forwarded",
        /// And `X-Forwarded-Host`.
        XForwardedHost = "x-forwarded-host",
        /// `Forwarded` (RFC 7239), and none of those.
        Forwarded = "forwarded",
    }
}

impl Words for Dialect {
    const NAME: &'static str = "NAME";
    const ALL: &'static str = "standard, gemini, openai-strict or cursor";

    fn read(word: &str) -> Option<Self> {
        Self::from_str(word).ok()
    }

    fn word(&self) -> &'static str {
        self.name()
    }
}
