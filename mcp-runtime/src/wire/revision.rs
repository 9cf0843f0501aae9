//! The revisions of the protocol, and in what they differ.

/// A revision that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Revision {
    /// 2024-11-05
    November2024,
    /// 2025-03-26
    March2025,
    /// 2025-06-18
    June2025,
    /// 2025-11-25
    November2025,
    /// 2026-07-28
    July2026,
}

impl Revision {
    pub(super) const ALL: [Self; 5] =
        [Self::November2024, Self::March2025, Self::June2025, Self::November2025, Self::July2026];
    pub(crate) const LATEST_STATEFUL: Self = Self::November2025;
    pub(crate) const LATEST_STATELESS: Self = Self::July2026;

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::November2024 => "2024-11-05",
            Self::March2025 => "2025-03-26",
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

    /// Whether several messages may come as one array.
    pub(crate) fn has_batches(self) -> bool {
        self == Self::March2025
    }

    /// Whether an error that answers no request that could be read has `null` for its id. JSON-RPC says so, and until
    /// 2025-11-25 messages follow JSON-RPC; their own schema has neither that nor an error without an id. Since then an id
    /// is a string or a number where there is one.
    pub(crate) fn has_null_ids(self) -> bool {
        self < Self::November2025
    }

    /// Whether structured results, and the schemas of results, may be anything but objects.
    pub(crate) fn any_structured_result(self) -> bool {
        self.is_stateless()
    }

    /// Whether people can be asked.
    pub(crate) fn elicits(self) -> bool {
        self >= Self::June2025
    }

    /// Whether people can be sent to a page.
    pub(crate) fn visits(self) -> bool {
        self >= Self::November2025
    }

    /// Whether forms have lists to choose from, and defaults for every field.
    pub(crate) fn has_rich_forms(self) -> bool {
        self >= Self::November2025
    }

    /// Whether there are structured results, and schemas of results, at all.
    pub(crate) fn has_structured_results(self) -> bool {
        self >= Self::June2025
    }

    /// Whether everything that has a name may have a title beside it.
    pub(crate) fn has_titles(self) -> bool {
        self >= Self::June2025
    }

    /// Whether tools say how they behave. Where nothing else has a title, those hints have one.
    pub(crate) fn has_tool_annotations(self) -> bool {
        self >= Self::March2025
    }

    /// Whether content may be sound.
    pub(crate) fn has_audio(self) -> bool {
        self >= Self::March2025
    }

    /// Whether content may be a link to a resource.
    pub(crate) fn has_resource_links(self) -> bool {
        self >= Self::June2025
    }

    /// Whether notices of progress may say something in words.
    pub(crate) fn has_progress_messages(self) -> bool {
        self >= Self::March2025
    }

    /// Whether a server may tell what it is, and where to read about it.
    pub(crate) fn has_server_descriptions(self) -> bool {
        self >= Self::November2025
    }

    /// Whether a capability of servers is one of this revision's.
    pub(crate) fn has_capability(self, name: &str) -> bool {
        match name {
            "completions" => self >= Self::March2025,
            "extensions" => self.is_stateless(),
            "tasks" => self == Self::November2025,
            _ => true,
        }
    }

    /// Whether a client whose stream is ended before the response comes back for the rest. Then streams begin with an event
    /// that says nothing but its name; clients of the revisions before take what has no data for a message.
    pub(crate) fn polls_streams(self) -> bool {
        self == Self::November2025
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
