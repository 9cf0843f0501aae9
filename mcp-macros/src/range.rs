//! Ranges in attributes: `1..=10`, `0.5..`, `..MAX`; of lengths also a single number.

use syn::{Expr, ExprRange, RangeLimits};

use crate::literal::{Literal, literal};

/// A range as it was written.
pub(crate) struct Range {
    pub(crate) low: Option<End>,
    pub(crate) high: Option<End>,
    /// Whether `high` belongs to it.
    pub(crate) closed: bool,
}

/// Where a range begins or ends.
pub(crate) struct End {
    pub(crate) written: Expr,
    /// Its value, where it is a literal.
    pub(crate) literal: Option<Literal>,
}

impl End {
    fn new(written: &Expr) -> syn::Result<Self> {
        let literal = literal(written)?;
        match &literal {
            Some(value) if value.number().is_none() => {
                Err(syn::Error::new_spanned(written, "a range begins and ends with numbers, as in `1..=10`"))
            }
            _ => Ok(Self { written: written.clone(), literal }),
        }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        self.literal.as_ref().and_then(Literal::number)
    }
}

/// Reads a range; `wanted` says what should stand there.
pub(crate) fn range(expression: &Expr, single: bool, wanted: &str) -> syn::Result<Range> {
    let end = |end: &Option<Box<Expr>>| end.as_deref().map(End::new).transpose();
    let range = match expression {
        Expr::Group(group) => return range(&group.expr, single, wanted),
        Expr::Paren(paren) => return range(&paren.expr, single, wanted),
        Expr::Range(ExprRange { start, limits, end: last, .. }) => {
            Range { low: end(start)?, high: end(last)?, closed: matches!(limits, RangeLimits::Closed(_)) }
        }
        only if single => Range { low: Some(End::new(only)?), high: Some(End::new(only)?), closed: true },
        other => return Err(syn::Error::new_spanned(other, wanted)),
    };
    if range.low.is_none() && range.high.is_none() {
        return Err(syn::Error::new_spanned(
            expression,
            "`..` leaves everything open: name an end, as in `1..`",
        ));
    }
    if let (Some(low), Some(high)) =
        (range.low.as_ref().and_then(End::number), range.high.as_ref().and_then(End::number))
        && (low > high || low == high && !range.closed)
    {
        let what = if low > high { "it ends before it begins" } else { "its end does not belong to it" };
        return Err(syn::Error::new_spanned(expression, format!("this range is empty: {what}")));
    }
    Ok(range)
}

impl Range {
    /// Whether both ends can be lengths, as far as they are known.
    pub(crate) fn counts(&self) -> bool {
        let end = |end: &Option<End>| match end.as_ref().and_then(|end| end.literal.as_ref()) {
            Some(Literal::Integer(value)) => *value >= 0,
            Some(_) => false,
            None => true,
        };
        end(&self.low) && end(&self.high)
    }

    /// Whether a number is in the range, as far as that is known.
    pub(crate) fn holds(&self, number: f64) -> bool {
        let low = self.low.as_ref().and_then(End::number);
        let high = self.high.as_ref().and_then(End::number);
        low.is_none_or(|low| low <= number)
            && high.is_none_or(|high| if self.closed { number <= high } else { number < high })
    }
}
