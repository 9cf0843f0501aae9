//! Numbers as JSON writes them, of any length: compared and told whole without losing a digit.

use std::cmp::Ordering;

/// So many digits are looked at exactly; what is longer is compared as a float, and is never made an integer.
const MOST_DIGITS: usize = 39;

/// Whether a text is a number of JSON (RFC 8259), with nothing around it.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

/// The digits of a whole number, however it is written: `30`, `30.0` and `3e1` are the same. `None` where it is none, or
/// a very long one.
pub(crate) fn whole(text: &str) -> Option<String> {
    if !is_number(text) {
        return None;
    }
    let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (left, right) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let right = right.trim_end_matches('0');
    let digits = format!("{left}{right}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Some("0".into());
    }
    let exponent: i64 = exponent.parse().ok()?;
    let shift = exponent.checked_sub(i64::try_from(right.len()).ok()?)?;
    let digits = match usize::try_from(shift) {
        Ok(zeros) if significant.len().checked_add(zeros)? <= MOST_DIGITS => {
            format!("{significant}{}", "0".repeat(zeros))
        }
        Ok(_) => return None,
        Err(_) => {
            let cut = usize::try_from(shift.unsigned_abs()).ok()?;
            let kept = significant.len().checked_sub(cut)?;
            let (kept, gone) = (significant.get(..kept)?, significant.get(kept..)?);
            if kept.is_empty() || kept.len() > MOST_DIGITS || gone.bytes().any(|byte| byte != b'0') {
                return None;
            }
            kept.to_owned()
        }
    };
    Some(if negative { format!("-{digits}") } else { digits })
}

/// Which of two numbers is the greater one.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    if let (Some(a), Some(b)) = (integer(a), integer(b)) {
        return a.cmp(&b);
    }
    let float = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
    float(a).partial_cmp(&float(b)).unwrap_or(Ordering::Equal)
}

/// Whether a number is a multiple of another, which is not 0. Of fractions, as nearly as floats can tell.
pub(crate) fn is_multiple(number: &str, of: &str) -> bool {
    if let (Some(number), Some(of)) = (integer(number), integer(of)) {
        return of != 0 && number % of == 0;
    }
    let (Ok(number), Ok(of)) = (number.parse::<f64>(), of.parse::<f64>()) else { return false };
    let times = number / of;
    times.is_finite() && (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0)
}

fn integer(text: &str) -> Option<i128> {
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => whole(text)?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_told_however_they_are_written() {
        for (text, digits) in [
            ("30", "30"),
            ("30.0", "30"),
            ("3e1", "30"),
            ("0.3e2", "30"),
            ("3000E-2", "30"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e999999999999", "0"),
            ("-7.00", "-7"),
            ("9007199254740993", "9007199254740993"),
            ("9007199254740993.0", "9007199254740993"),
        ] {
            assert_eq!(whole(text).as_deref(), Some(digits), "{text}");
        }
        for text in [
            "",
            "-",
            "+5",
            " 5",
            "5 ",
            "0x5",
            "NaN",
            "1.5",
            "05",
            "1.",
            ".5",
            "1e",
            "1e400",
            "1e-1",
            "1e99999999999999999999",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_compared_without_losing_digits() {
        assert!(compare("9007199254740993", "9007199254740992").is_gt());
        assert!(compare("18446744073709551616", "18446744073709551615").is_gt());
        assert!(compare("1e400", "1").is_gt() && compare("-1e400", "-1e300").is_lt());
        assert!(compare("0.5", "1").is_lt() && compare("1.0", "1").is_eq());
    }

    #[test]
    fn multiples_are_told_of_fractions_too() {
        assert!(is_multiple("9007199254740994", "2") && !is_multiple("9007199254740993", "2"));
        assert!(is_multiple("0.3", "0.1") && !is_multiple("0.35", "0.1") && is_multiple("4.5", "1.5"));
    }
}
