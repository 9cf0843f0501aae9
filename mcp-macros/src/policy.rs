//! What an attribute says of how a function is run: how long, how many at once, and when it is the same call again.

use proc_macro2::TokenStream;
use quote::quote;

use crate::attr::Key;
use crate::diag::{Errors, suggest};
use crate::model::Definition;

/// More than this is a mistake, or `none`.
const LONGEST: u64 = 24 * 60 * 60 * 1000;

pub(crate) fn check(definition: &Definition, errors: &mut Errors) {
    if let Some(text) = definition.attributes.text(Key::Timeout)
        && let Err(problem) = duration(&text.value())
    {
        errors.on(
            text,
            format!("{problem}: `timeout` is a time in `ms`, `s`, `m` or `h`, as in `timeout = \"30s\"`, or `\"none\"`"),
        );
    }
    if let Some(count) = definition.attributes.number(Key::Concurrency)
        && !count.base10_parse::<u32>().is_ok_and(|count| (1..=1_000_000).contains(&count))
    {
        errors.on(
            count,
            "`concurrency` is how many calls run at once, from 1 to 1000000, as in `concurrency = 4`",
        );
    }
    if let Some(bytes) = definition.attributes.number(Key::Cut)
        && !bytes.base10_parse::<u32>().is_ok_and(|bytes| bytes >= 1000)
    {
        errors.on(
            bytes,
            "`cut` is how many bytes of text are given at once, 1000 at least, as in `cut = 20_000`",
        );
    }
    if let Some(argument) = definition.attributes.text(Key::Idempotency) {
        let names = definition.arguments.iter().filter_map(|argument| argument.name.as_ref());
        let names = names.map(|(name, _)| name.as_str());
        let written = argument.value();
        if !names.clone().any(|name| name == written) {
            let hint = suggest(&written, names);
            errors
                .on(argument, format!("`idempotency` names the argument that is the key of a call; {hint}"));
        }
    }
}

pub(crate) fn expand(definition: &Definition) -> TokenStream {
    let timeout = definition.attributes.text(Key::Timeout).and_then(|text| duration(&text.value()).ok());
    let timeout = timeout.map(|limit| match limit {
        Some(milliseconds) => quote!(.timeout(::core::time::Duration::from_millis(#milliseconds))),
        None => quote!(.timeout(::core::time::Duration::MAX)),
    });
    let concurrency =
        definition.attributes.number(Key::Concurrency).map(|count| quote!(.concurrency(#count)));
    let idempotency = definition.attributes.text(Key::Idempotency).map(|name| quote!(.idempotency(#name)));
    let raw = definition.attributes.flag(Key::Raw).map(|raw| quote!(.raw(#raw)));
    let cut = definition.attributes.number(Key::Cut).map(|bytes| quote!(.cut(#bytes)));
    quote!(#raw #cut #timeout #concurrency #idempotency)
}

/// A time as people write it, in milliseconds; none where there is to be no limit.
fn duration(text: &str) -> Result<Option<u64>, String> {
    if text == "none" {
        return Ok(None);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "" => return Err(format!("{text:?} has no unit")),
        _ => return Err(format!("{text:?} is no time")),
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)) {
        Some(0) => Err(format!("{text:?} leaves no time")),
        Some(limit) if limit > LONGEST => Err(format!("{text:?} is longer than a day")),
        Some(limit) => Ok(Some(limit)),
        None => Err(format!("{text:?} is no time")),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn times_are_written_as_people_write_them() {
        for (text, milliseconds) in
            [("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000), ("24h", 86_400_000)]
        {
            assert_eq!(duration(text), Ok(Some(milliseconds)), "{text}");
        }
        assert_eq!(duration("none"), Ok(None));
        for text in [
            "",
            "30",
            "s",
            "30 s",
            "1.5s",
            "-1s",
            "0s",
            "0ms",
            "25h",
            "30sec",
            "99999999999999999999s",
            "1m30s",
            "30S",
            "١s",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
