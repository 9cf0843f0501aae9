//! Values that are written as literals: what they are is known without knowing types, so rules can be held against them.

use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp};

/// A literal, which stands for the same value of JSON.
pub(crate) enum Literal {
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Literal>),
}

/// The value of a literal; `None` of every other expression.
///
/// # Errors
///
/// It is a literal, and no value of JSON.
pub(crate) fn literal(expression: &Expr) -> syn::Result<Option<Literal>> {
    let found = match expression {
        Expr::Group(group) => return literal(&group.expr),
        Expr::Paren(paren) => return literal(&paren.expr),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match literal(expr)? {
            Some(Literal::Integer(value)) => Literal::Integer(-value),
            Some(Literal::Float(value)) => Literal::Float(-value),
            _ => return Ok(None),
        },
        Expr::Array(array) => {
            let items = array.elems.iter().map(literal).collect::<syn::Result<Option<Vec<_>>>>()?;
            match items {
                Some(items) => Literal::List(items),
                None => return Ok(None),
            }
        }
        Expr::Lit(ExprLit { lit, .. }) => scalar(lit)?,
        _ => return Ok(None),
    };
    match found {
        Literal::Integer(value) if !(i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value) => {
            Err(syn::Error::new_spanned(expression, "an integer of JSON has at most 64 bits"))
        }
        found => Ok(Some(found)),
    }
}

fn scalar(literal: &Lit) -> syn::Result<Literal> {
    match literal {
        Lit::Bool(value) => Ok(Literal::Boolean(value.value)),
        Lit::Str(value) => Ok(Literal::Text(value.value())),
        Lit::Char(value) => Ok(Literal::Text(value.value().into())),
        Lit::Int(value) => value.base10_parse().map(Literal::Integer),
        Lit::Float(value) => match value.base10_parse::<f64>()? {
            value if value.is_finite() => Ok(Literal::Float(value)),
            _ => Err(syn::Error::new(value.span(), "this number is too large")),
        },
        other => Err(syn::Error::new(
            other.span(),
            "this literal is no value of JSON: write a text, a number or `true`",
        )),
    }
}

impl Literal {
    /// The number that it stands for.
    #[allow(clippy::cast_precision_loss, reason = "bounds are compared as JSON compares them")]
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// How many characters or items it has.
    pub(crate) fn length(&self) -> Option<(usize, &'static str)> {
        match self {
            Self::Text(text) => Some((text.chars().count(), "characters")),
            Self::List(items) => Some((items.len(), "items")),
            _ => None,
        }
    }

    /// Writes it as JSON.
    pub(crate) fn to_json(&self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => format!("{value:?}"),
            Self::Text(text) => crate::json::text(text),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::to_json).collect();
                format!("[{}]", items.join(","))
            }
        }
    }
}
