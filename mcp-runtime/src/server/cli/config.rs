//! `config`: which settings hold, and where each comes from. Secrets are shown as `***`, and so is whatever the author reads
//! himself: nobody knows what is secret there.

use serde_json::json;

use super::{Style, print, printable};
use crate::config::{Loaded, ROWS, Row, Shape};
use crate::server::{Server, ServerBuilder};

/// What a setting is, and where it comes from.
struct Shown {
    value: String,
    source: String,
}

/// `before` is what the author said, `builder` that with the settings.
pub(super) fn config(
    before: &[(&'static str, String)],
    builder: &ServerBuilder,
    loaded: &Loaded,
    as_json: bool,
) -> crate::Result<()> {
    let standard = Server::builder();
    let shown = |row: &'static Row| {
        let of_author = before.iter().find(|(key, _)| *key == row.key).map(|(_, value)| value.clone());
        let of_author = of_author.unwrap_or_default();
        let written = (row.said)(&loaded.config);
        match (loaded.sources.get(row.key), written) {
            (Some(source), Some(value)) => {
                let value = if row.shape == Shape::Named { (row.holds)(builder) } else { value };
                Shown { value, source: source.to_string() }
            }
            _ if of_author == (row.holds)(&standard) => Shown { value: of_author, source: "default".into() },
            _ => Shown { value: of_author, source: "program".into() },
        }
    };
    let own = builder.settings.names();
    if as_json {
        let settings: serde_json::Map<_, _> = ROWS
            .iter()
            .map(|row| {
                let Shown { value, source } = shown(row);
                (row.key.to_owned(), json!({"value": value, "source": source}))
            })
            .collect();
        let own: serde_json::Map<_, _> =
            own.into_iter().map(|(name, source)| (name, json!({"value": "***", "source": source}))).collect();
        return print(&format!("{:#}", json!({"server": settings, "settings": own})));
    }
    let style = Style::of_stdout();
    let mut heading = "";
    for row in ROWS {
        if row.heading != heading {
            print(&format!("{}{}", if heading.is_empty() { "" } else { "\n" }, style.heading(row.heading)))?;
            heading = row.heading;
        }
        let Shown { value, source } = shown(row);
        line(row.key, &value, &source, style)?;
    }
    if !own.is_empty() {
        print(&format!("\n{}", style.heading("What the program reads itself")))?;
    }
    for (name, source) in own {
        line(&name, "***", &source, style)?;
    }
    Ok(())
}

fn line(name: &str, value: &str, source: &str, style: Style) -> crate::Result<()> {
    let value = if value.is_empty() { "none" } else { value };
    let source = if source == "default" { String::new() } else { format!("  ({source})") };
    let name = style.name(&printable(&format!("{name:17}")));
    print(&format!("  {name} {}{}", printable(value), style.quiet(&printable(&source))))
}
