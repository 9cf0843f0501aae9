//! What stands behind a key of an attribute.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Expr, Ident, Lit, LitBool, LitInt, LitStr, Path, PathArguments, Token, Type};

use crate::attr::Form;
use crate::diag::suggest;
use crate::json::{self, Object};
use crate::range::{self, Range};

/// What was written behind a key.
pub(crate) enum Value {
    Flag(bool),
    Text(LitStr),
    Number(LitInt),
    Fraction(Lit),
    Path(Path),
    Json(Object),
    Words(Vec<Ident>),
    Texts(Vec<LitStr>),
    Expression(Expr),
    Range(Range),
    Schema(Schema),
}

/// What stands in for the schema of a type.
pub(crate) enum Schema {
    /// The schema of another type.
    Type(Type),
    /// `|generator| …`
    Closure(Expr),
    /// An expression that is a schema.
    Expression(Expr),
}

/// Reads what stands behind the key `name`.
pub(crate) fn read(name: &str, form: Form, ident: &Ident, input: ParseStream<'_>) -> syn::Result<Value> {
    let wanted = match form {
        Form::Flag => format!("`{name}` stands alone, or as `{name} = false`"),
        Form::Text => format!("`{name}` takes a text, as in `{name} = \"…\"`"),
        Form::Number => format!("`{name}` takes a number, as in `{name} = 1024`"),
        Form::Fraction => format!("`{name}` takes a number from 0 to 1, as in `{name} = 0.5`"),
        Form::Json => {
            format!("`{name}` takes an object, as in `{name} = {{ \"com.example/team\": \"billing\" }}`")
        }
        Form::Texts => format!("`{name}` takes texts in parentheses, as in `{name}(\"orders:write\")`"),
        Form::Path => format!("`{name}` takes a path, as in `{name} = some::path`"),
        Form::Words(words) => {
            let some: Vec<_> = words.iter().map(|word| format!("`{name}({word})`")).collect();
            format!("`{name}` stands alone, or as {}", some.join(" or "))
        }
        Form::Prose => format!("`{name}` takes a text, as in `{name} = \"…\"`, `concat!(…)` or a constant"),
        Form::Sample => format!("`{name}` takes a value, as in `{name} = 5`"),
        Form::Default => format!("`{name}` stands alone, or takes a value, as in `{name} = 5`"),
        Form::Range => format!("`{name}` takes a range of numbers, as in `{name} = 1..=10`"),
        Form::Length => format!("`{name}` takes a range of lengths, as in `{name} = 1..=80`, or one length"),
        Form::Schema => format!("`{name}` takes a type that has a schema, as in `{name} = String`"),
    };
    if let Form::Words(known) = form {
        return words(known, input, &wanted).map(Value::Words);
    }
    if form == Form::Texts {
        return texts(ident, input, &wanted).map(Value::Texts);
    }
    if !input.peek(Token![=]) {
        return match form {
            Form::Flag | Form::Default if input.is_empty() || input.peek(Token![,]) => Ok(Value::Flag(true)),
            _ => Err(syn::Error::new(ident.span(), wanted)),
        };
    }
    input.parse::<Token![=]>()?;
    let explain = |error: syn::Error| syn::Error::new(error.span(), &wanted);
    match form {
        Form::Flag => input.parse().map(|value: LitBool| Value::Flag(value.value)).map_err(explain),
        Form::Text => input.parse().map(Value::Text).map_err(explain),
        Form::Number => input.parse().map(Value::Number).map_err(explain),
        Form::Fraction => input.parse().map(Value::Fraction).map_err(explain),
        Form::Json => match input.parse()? {
            proc_macro2::TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace => {
                json::object(&group).map(Value::Json)
            }
            other => Err(syn::Error::new(other.span(), &wanted)),
        },
        Form::Path => input.call(Path::parse_mod_style).map(Value::Path).map_err(explain),
        Form::Prose => {
            let expression: Expr = input.parse().map_err(explain)?;
            match ungrouped(&expression) {
                Expr::Lit(literal) if !matches!(literal.lit, Lit::Str(_)) => {
                    Err(syn::Error::new_spanned(&expression, &wanted))
                }
                _ => Ok(Value::Expression(expression)),
            }
        }
        Form::Sample | Form::Default => input.parse().map(Value::Expression).map_err(explain),
        Form::Range | Form::Length => {
            let expression: Expr = input.parse().map_err(explain)?;
            let found = range::range(&expression, form == Form::Length, &wanted)?;
            if form == Form::Length && !found.counts() {
                let message = format!("a length is a whole number and not negative, as in `{name} = 1..=80`");
                return Err(syn::Error::new_spanned(&expression, message));
            }
            Ok(Value::Range(found))
        }
        Form::Schema => schema(input).map(Value::Schema).map_err(explain),
        Form::Words(_) | Form::Texts => Err(input.error(&wanted)),
    }
}

/// An expression without the invisible group that an `$e:expr` of somebody's macro puts around it.
pub(crate) fn ungrouped(expression: &Expr) -> &Expr {
    match expression {
        Expr::Group(group) => ungrouped(&group.expr),
        Expr::Paren(paren) => ungrouped(&paren.expr),
        other => other,
    }
}

/// A type and an expression are told apart by their syntax: what can be a type is one.
fn schema(input: ParseStream<'_>) -> syn::Result<Schema> {
    let ahead = input.fork();
    if let Ok(ty) = ahead.parse::<Type>()
        && (ahead.is_empty() || ahead.peek(Token![,]))
        && is_type(&ty)
    {
        return input.parse().map(Schema::Type);
    }
    let expression: Expr = input.parse()?;
    Ok(match ungrouped(&expression) {
        Expr::Closure(_) => Schema::Closure(expression),
        _ => Schema::Expression(expression),
    })
}

/// Whether it is no macro and no call.
fn is_type(ty: &Type) -> bool {
    match ty {
        Type::Macro(_) => false,
        Type::Path(path) => {
            let called = |arguments: &PathArguments| matches!(arguments, PathArguments::Parenthesized(_));
            !path.path.segments.iter().any(|segment| called(&segment.arguments))
        }
        _ => true,
    }
}

/// The texts in the parentheses behind a key: one at least.
fn texts(ident: &Ident, input: ParseStream<'_>, wanted: &str) -> syn::Result<Vec<LitStr>> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(ident.span(), wanted));
    }
    let inside;
    syn::parenthesized!(inside in input);
    let texts = inside
        .parse_terminated(|text| text.parse::<LitStr>(), Token![,])
        .map_err(|error| syn::Error::new(error.span(), wanted))?;
    if texts.is_empty() { Err(inside.error(wanted)) } else { Ok(texts.into_iter().collect()) }
}

/// The words in the parentheses behind a key, if there are any.
fn words(known: &[&str], input: ParseStream<'_>, wanted: &str) -> syn::Result<Vec<Ident>> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(Vec::new());
    }
    if !input.peek(syn::token::Paren) {
        return Err(input.error(wanted));
    }
    let inside;
    syn::parenthesized!(inside in input);
    let words = inside.parse_terminated(Ident::parse_any, Token![,])?;
    for word in &words {
        let written = word.to_string();
        if !known.contains(&written.as_str()) {
            let message =
                format!("there is no `{written}` here; {}", suggest(&written, known.iter().copied()));
            return Err(syn::Error::new(word.span(), message));
        }
    }
    if words.is_empty() { Err(inside.error(wanted)) } else { Ok(words.into_iter().collect()) }
}
