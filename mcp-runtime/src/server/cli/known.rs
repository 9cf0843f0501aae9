//! Which call a line of the log belongs to: its correlation id stands behind it.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::LogFormat;
use crate::handler::current;

/// Lines as another format writes them, with the id of the call where they are logged in one.
pub(super) struct Known<F> {
    pub(super) inner: F,
    pub(super) form: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for Known<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, cx: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(facts) = current::call() else { return self.inner.format_event(cx, to, event) };
        let mut line = String::new();
        self.inner.format_event(cx, Writer::new(&mut line), event)?;
        let (line, id) = (line.trim_end(), facts.correlation());
        match (self.form, line.strip_suffix('}')) {
            (LogFormat::Json, Some(members)) => writeln!(to, "{members},\"correlation_id\":\"{id}\"}}"),
            _ => writeln!(to, "{line} correlation_id={id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::prelude::*;

    use super::*;
    use crate::model::Facts;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged outside of a call and in one, and the call's id.
    fn logged(form: LogFormat) -> (Vec<String>, String) {
        let lines = Lines::default();
        let written = lines.clone();
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || written.clone());
        let layer = match form {
            LogFormat::Text => layer.map_event_format(|inner| Known { inner, form }).boxed(),
            LogFormat::Json => layer.json().map_event_format(|inner| Known { inner, form }).boxed(),
        };
        let facts = Arc::<Facts>::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!("outside");
            let _entered = current::enter(&facts);
            tracing::info!("inside");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        (text.lines().map(str::to_owned).collect(), facts.correlation().to_owned())
    }

    #[test]
    fn a_line_of_a_call_ends_with_its_id_and_others_do_not() {
        let (lines, id) = logged(LogFormat::Text);
        assert!(
            lines[0].ends_with("outside") && lines[1].ends_with(&format!("inside correlation_id={id}")),
            "{lines:?}"
        );
        let (lines, id) = logged(LogFormat::Json);
        let read = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        assert_eq!(read(&lines[0])["correlation_id"], serde_json::Value::Null);
        assert_eq!((&read(&lines[1])["correlation_id"], lines.len()), (&id.into(), 2));
    }
}
