//! The revisions of the protocol, and in what they differ.

/// A revision that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Revision {
    /// 2025-06-18
    June2025,
    /// 2025-11-25
    November2025,
    /// 2026-07-28
    July2026,
}

impl Revision {
    const ALL: [Self; 3] = [Self::June2025, Self::November2025, Self::July2026];
    pub(crate) const LATEST_STATEFUL: Self = Self::November2025;
    pub(crate) const LATEST_STATELESS: Self = Self::July2026;

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::June2025 => "2025-06-18",
            Self::November2025 => "2025-11-25",
            Self::July2026 => "2026-07-28",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|revision| revision.name() == name)
    }

    /// Whether every request is complete in itself; otherwise a session carries what requests leave out.
    pub(crate) fn is_stateless(self) -> bool {
        self >= Self::July2026
    }

    /// Whether results say what they are, how long they hold, and who made them.
    pub(crate) fn stamps_results(self) -> bool {
        self.is_stateless()
    }

    /// Whether structured results, and the schemas of results, may be anything but objects.
    pub(crate) fn any_structured_result(self) -> bool {
        self.is_stateless()
    }

    /// The stateless revisions, as a JSON array.
    pub(crate) fn supported() -> String {
        let names: Vec<_> =
            Self::ALL.into_iter().filter(|revision| revision.is_stateless()).map(Self::name).collect();
        serde_json::json!(names).to_string()
    }

    /// The number of the form in which lists are kept: revisions whose lists are alike share one.
    pub(crate) fn list_form(self) -> usize {
        self as usize
    }

    /// Whether what is offered, and the server, may have icons.
    pub(crate) fn publishes_icons(self) -> bool {
        self >= Self::November2025
    }

    /// Whether what is offered may have `_meta`.
    pub(crate) fn publishes_meta(self) -> bool {
        self >= Self::June2025
    }
}
