//! The attribute macros `#[mcp::tool]`, `#[mcp::resource]` and `#[mcp::prompt]`.
//!
//! Each goes the same way: `attr` and `func` parse, `model` holds what was found, `check` applies the rules, `expand`
//! writes tokens. If anything was wrong, `fallback` emits all errors and the user's function, and nothing else. What an
//! expansion does at run time is in `mcp::__private`; nothing here knows JSON, the protocol or a transport.

mod argument;
mod attr;
mod attributes;
mod check;
mod conditional;
mod deprecated;
mod diag;
mod document;
mod expand;
mod fallback;
mod func;
mod json;
mod kind;
mod literal;
mod model;
mod policy;
#[allow(dead_code, reason = "the library uses the rest of it")]
mod prose;
mod range;
mod rules;
mod uri;
mod value;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

use kind::Kind;

/// Offers a function as a tool.
///
/// The name is the function's, the description its doc comment (and before it, whether it is `#[deprecated]`), the input schema is made of the arguments and the output
/// schema of the return type.
///
/// | key | meaning |
/// |---|---|
/// | `name = "…"` | the name that clients use: 1 to 64 letters, digits, `_`, `-`, `.` |
/// | `title = "…"` | a name for people |
/// | `description = …` | in place of the doc comment: a literal, `concat!`, `include_str!` or a constant |
/// | `read_only`, `destructive`, `idempotent`, `open_world` | hints for the client; each also takes `= false` |
/// | `icon = "https://…"` | a picture for people, at an `https:` or `data:` URI; may stand several times |
/// | `meta = { "com.example/team": "billing" }` | what else is to be published, as `_meta` |
/// | `task` | the call may go on after its answer, as a task; `task(deferred)`: from `Context::start_task` on; `task(required)`: only for clients that know tasks |
/// | `scopes("orders:write")` | what a caller must be allowed, all of it; whoever is not is refused, and is not shown the tool |
/// | `tags("orders", "admin")` | what an operator chooses by: `--tags orders` offers what has this tag |
/// | `app = "ui://…"` | the resource that shows the result as a page (extension `io.modelcontextprotocol/ui`) |
/// | `inline` | a function that is not async and returns at once: it is run without a thread of its own |
/// | `crate = path` | where `mcp` is, if it was renamed or is re-exported |
///
/// | key of `#[arg(…)]` | meaning |
/// |---|---|
/// | `default`, `default = …` | stands in where the argument was left out: `Default::default()`, a literal, or an expression of its type |
/// | `range = 1..=10` | of a number: where it lies; open at an end as `1..`, without the last as `0.0..1.0` |
/// | `length = 1..=80`, `length = 4` | of a text its characters, of a list its items |
/// | `pattern = "^[a-z]+$"` | a regular expression that is found in a text |
/// | `example = …` | a value that shows what is meant; may stand several times |
/// | `rename = "…"` | the name that callers use |
/// | `description = …` | in place of the doc comment: a literal, `concat!`, `include_str!` or a constant |
/// | `schema = …` | in place of the schema of its type: a type, a closure over the generator, or an expression |
/// | `secret` | the value is written nowhere |
/// | `header = "Region"` | clients repeat the argument in the HTTP header `Mcp-Param-Region`, and the server checks it |
#[proc_macro_attribute]
pub fn tool(attributes: TokenStream, item: TokenStream) -> TokenStream {
    define(Kind::Tool, attributes.into(), item.into()).into()
}

/// Offers a function as a resource: `#[mcp::resource("docs://readme")]`, or as a resource template:
/// `#[mcp::resource("logs://{service}/{date}")]`.
///
/// Each variable of the template is an argument of the same name; all other arguments are extractors. `{name}` takes one
/// or more characters without `/`, `?` and `#`; `{+path}` takes any; `{?from,to}` at the end takes query parameters.
///
/// | key | meaning |
/// |---|---|
/// | `name`, `title`, `description`, `icon`, `meta`, `scopes`, `tags`, `inline`, `crate` | as for tools |
/// | `audience = "user"`, `audience = "assistant"` | whom it is for; both, without it |
/// | `priority = 0.5` | how much it matters, from 0 (may be left out) to 1 (required) |
/// | `ttl = …` | for how many seconds a client may keep what it read; 0 without it |
/// | `public` | whoever keeps it may give it to others too: the function takes nothing that tells who asks |
/// | `mime = "…"` | the media type of the contents |
/// | `size = …` | the size in bytes, where it is known and the URI has no variables |
///
/// | key of `#[arg(…)]` | meaning |
/// |---|---|
/// | `complete = path` | an async function of yours that completes what the user types: `mcp::Complete` |
/// | `default`, `range`, `length`, `pattern`, `rename`, `schema` | as for tools; only a variable of `{?…}` has a default |
#[proc_macro_attribute]
pub fn resource(attributes: TokenStream, item: TokenStream) -> TokenStream {
    define(Kind::Resource, attributes.into(), item.into()).into()
}

/// Offers a function as a prompt. Its arguments arrive as strings and are read as the types that they have.
///
/// | key | meaning |
/// |---|---|
/// | `name`, `title`, `description`, `icon`, `meta`, `scopes`, `tags`, `inline`, `crate` | as for tools |
///
/// | key of `#[arg(…)]` | meaning |
/// |---|---|
/// | `complete = path` | as for resources |
/// | `default`, `range`, `length`, `pattern`, `rename`, `description`, `schema`, `secret` | as for tools |
#[proc_macro_attribute]
pub fn prompt(attributes: TokenStream, item: TokenStream) -> TokenStream {
    define(Kind::Prompt, attributes.into(), item.into()).into()
}

fn define(
    kind: Kind,
    attributes: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    let mut errors = diag::Errors::default();
    let attributes = attr::parse(kind, attributes, &mut errors);
    let Some(function) = func::parse(kind, item.clone(), &mut errors) else {
        return fallback::untouched(&errors, item);
    };
    let definition = model::Definition::new(kind, attributes, function, &mut errors);
    check::check(&definition, &mut errors);
    rules::check(&definition, &mut errors);
    if errors.is_empty() { expand::expand(&definition) } else { fallback::function(&errors, &definition) }
}
