//! What of all that was found is offered: chosen by name, by tag, and by whether it changes anything. What is not chosen is
//! never made a part of a server, so nothing can switch it on.

use super::closest;
use crate::model::{Definition, Kind};
use crate::server::ServerBuilder;

/// What is chosen. Each choice leaves something out; none adds anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// The tools that are offered.
    pub(crate) tools: Option<Vec<String>>,
    /// What is offered has one of these.
    pub(crate) tags: Option<Vec<String>>,
    /// Tools that may change something are not offered.
    pub(crate) read_only: bool,
}

impl Selection {
    /// Leaves only what is chosen, and says which names mean nothing.
    pub(crate) fn apply(&self, definitions: &mut Vec<Definition>, problems: &mut Vec<String>) {
        if *self == Self::default() {
            return;
        }
        let tools = |definition: &&Definition| matches!(definition.kind, Kind::Tool(_));
        let names: Vec<_> = definitions.iter().filter(tools).map(|tool| tool.name).collect();
        known("tool", self.tools.as_deref(), &names, problems);
        let tags: Vec<_> = definitions.iter().flat_map(|definition| definition.tags).copied().collect();
        known("tag", self.tags.as_deref(), &tags, problems);

        let before = definitions.len();
        let all = std::mem::take(definitions);
        let (chosen, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|it| self.chooses(it));
        // The page that shows what a tool gives belongs to the tool.
        let pages: Vec<_> = chosen.iter().filter_map(|tool| tool.app).collect();
        let shown = others.into_iter().filter(|definition| match definition.kind {
            Kind::Resource { uri, .. } => pages.contains(&uri.source),
            Kind::Tool(_) | Kind::Prompt => false,
        });
        *definitions = chosen.into_iter().chain(shown).collect();
        if definitions.is_empty() && before > 0 && problems.is_empty() {
            problems.push(format!(
                "nothing is left to offer: {} choose none of {before} definitions",
                self.said()
            ));
        }
    }

    fn chooses(&self, definition: &Definition) -> bool {
        if let Kind::Tool(hints) = definition.kind {
            let named =
                self.tools.as_ref().is_none_or(|names| names.iter().any(|name| name == definition.name));
            if !named || (self.read_only && hints.read_only != Some(true)) {
                return false;
            }
        }
        let has = |tag: &String| definition.tags.contains(&tag.as_str());
        self.tags.as_ref().is_none_or(|tags| tags.iter().any(has))
    }

    /// The settings that choose.
    fn said(&self) -> String {
        let said = [
            self.tools.is_some().then_some("`tools`"),
            self.tags.is_some().then_some("`tags`"),
            self.read_only.then_some("`read_only`"),
        ];
        said.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }
}

fn known(what: &str, written: Option<&[String]>, names: &[&str], problems: &mut Vec<String>) {
    for name in written.unwrap_or_default().iter().filter(|name| !names.contains(&name.as_str())) {
        let hint = match (closest(name, names.iter().copied()), names) {
            (Some(closest), _) => format!("did you mean {closest:?}?"),
            (None, []) => format!("there is no {what} at all"),
            (None, names) => {
                let mut names: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
                names.sort();
                names.dedup();
                names.truncate(MOST_SHOWN);
                format!("there is {}", names.join(", "))
            }
        };
        problems.push(format!("no {what} is called {name:?}, by which is chosen what is offered; {hint}"));
    }
}

/// So many names are shown where none is near.
const MOST_SHOWN: usize = 12;

impl ServerBuilder {
    /// Offers no tools but these. Resources and prompts are offered as before.
    ///
    /// Operators say it with `--tools a,b`. What is not chosen does not exist for clients, cannot be switched on, and needs no
    /// states; what was chosen so far is chosen anew.
    ///
    /// ```standalone_crate
    /// /// Finds an order.
    /// #[mcp::tool(read_only, tags("orders"))]
    /// async fn find_order(id: u32) -> String { format!("order {id}") }
    ///
    /// /// Cancels an order.
    /// #[mcp::tool(destructive, tags("orders"))]
    /// async fn cancel_order(id: u32) {}
    ///
    /// let server = mcp::server!().only_tools(["find_order"]).build()?;
    /// assert_eq!(server.definitions().count(), 1);
    ///
    /// let error = mcp::server!().only_tools(["find_orders"]).build().unwrap_err();
    /// assert!(error.to_string().contains("did you mean \"find_order\"?"));
    /// # Ok::<_, mcp::BuildError>(())
    /// ```
    #[must_use]
    pub fn only_tools<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.selection.tools = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Offers only what has one of these tags, `#[mcp::tool(tags("orders"))]`: tools, resources and prompts alike. The page
    /// of a tool (`app`) comes with its tool.
    ///
    /// Operators say it with `--tags a,b`. Beside [`only_tools`](Self::only_tools), a tool must be chosen by both.
    #[must_use]
    pub fn only_tags<S: Into<String>>(mut self, tags: impl IntoIterator<Item = S>) -> Self {
        self.selection.tags = Some(tags.into_iter().map(Into::into).collect());
        self
    }

    /// Offers no tools but those that say `read_only`. Resources and prompts only read, and are offered as before.
    ///
    /// Operators say it with `--read-only`. It rests on what authors say of their tools.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.selection.read_only = true;
        self
    }
}
