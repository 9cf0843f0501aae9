//! What a server offers: immutable, sorted, and checked once, when the server is built.

mod build;
mod closest;
mod collect;
mod completion;
mod extra;
mod selection;
mod switched;

use std::sync::Arc;

pub(crate) use build::Care;
pub(crate) use closest::closest;
pub(crate) use collect::discovered;
pub(crate) use selection::Selection;

use self::switched::Switched;
use crate::Error;
use crate::dialect::Dialect;
use crate::model::{Arguments, Definition, Items, Listing, ListingKind, Prompt, Resource, Tool};

/// Everything that a server offers.
#[derive(Debug)]
pub(crate) struct Registry {
    tools: Vec<Arc<Tool>>,
    resources: Vec<Arc<Resource>>,
    templates: Vec<Arc<Resource>>,
    prompts: Vec<Arc<Prompt>>,
    listings: [Arc<Listing>; 4],
    switched: Switched,
    /// In which dialect tools are listed for whoever asks for no other.
    pub(crate) dialect: Dialect,
}

impl Registry {
    /// Takes lists that are sorted already.
    fn new(
        tools: Vec<Arc<Tool>>,
        resources: Vec<Arc<Resource>>,
        templates: Vec<Arc<Resource>>,
        prompts: Vec<Arc<Prompt>>,
        page: usize,
    ) -> Self {
        let listings = [
            Items::Tools(tools.clone()),
            Items::Resources(resources.clone()),
            Items::Templates(templates.clone()),
            Items::Prompts(prompts.clone()),
        ];
        let listings = listings.map(|items| Arc::new(Listing::new(items, page)));
        Self {
            tools,
            resources,
            templates,
            prompts,
            listings,
            switched: Switched::new(page),
            dialect: Dialect::Standard,
        }
    }

    /// Everything that is offered, switched on or not.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = &Definition> {
        let tools = self.tools.iter().map(|tool| tool.definition());
        let resources = self.resources().map(|resource| resource.definition());
        tools.chain(resources).chain(self.prompts.iter().map(|prompt| prompt.definition()))
    }

    pub(crate) fn has_tools(&self) -> bool {
        !self.tools.is_empty()
    }

    pub(crate) fn has_resources(&self) -> bool {
        !(self.resources.is_empty() && self.templates.is_empty())
    }

    pub(crate) fn has_prompts(&self) -> bool {
        !self.prompts.is_empty()
    }

    /// Whether any argument can be completed.
    pub(crate) fn has_completions(&self) -> bool {
        self.prompts.iter().any(|prompt| prompt.completions.any())
            || self.resources().any(|resource| resource.completions.any())
    }

    pub(crate) fn tools(&self) -> &[Arc<Tool>] {
        &self.tools
    }

    pub(crate) fn resources(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources.iter().chain(&self.templates)
    }

    pub(crate) fn prompts(&self) -> &[Arc<Prompt>] {
        &self.prompts
    }

    /// The tool of this name.
    pub(crate) fn tool(&self, name: &str) -> Result<Arc<Tool>, Error> {
        if self.switched.is_off(ListingKind::Tools, name) {
            return Err(unknown("tool", name, None));
        }
        match self.tools.binary_search_by(|tool| tool.name().cmp(name)) {
            Ok(at) => self.tools.get(at).cloned().ok_or_else(|| unknown("tool", name, None)),
            Err(_) => Err(unknown("tool", name, closest(name, self.tools.iter().map(|tool| tool.name())))),
        }
    }

    /// The prompt of this name.
    pub(crate) fn prompt(&self, name: &str) -> Result<Arc<Prompt>, Error> {
        if self.switched.is_off(ListingKind::Prompts, name) {
            return Err(unknown("prompt", name, None));
        }
        match self.prompts.binary_search_by(|prompt| prompt.name().cmp(name)) {
            Ok(at) => self.prompts.get(at).cloned().ok_or_else(|| unknown("prompt", name, None)),
            Err(_) => {
                Err(unknown("prompt", name, closest(name, self.prompts.iter().map(|prompt| prompt.name()))))
            }
        }
    }

    /// The resource that a URI names, or the first template that it fits, with the values of its variables.
    pub(crate) fn resource(&self, uri: &str) -> Option<(Arc<Resource>, Arguments)> {
        if let Ok(at) = self.resources.binary_search_by(|resource| resource.uri().cmp(uri)) {
            let found = self.resources.get(at).filter(|_| !self.switched.is_off(ListingKind::Resources, uri));
            return found.map(|resource| (resource.clone(), Arguments::none()));
        }
        let offered = |it: &&Arc<Resource>| !self.switched.is_off(ListingKind::Templates, it.uri());
        self.templates.iter().filter(offered).find_map(|resource| {
            let values = resource.template.matches(uri)?;
            let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            Some((resource.clone(), Arguments::Text(values)))
        })
    }

    /// The resource or template that was published with this URI.
    pub(crate) fn published(&self, uri: &str) -> Result<Arc<Resource>, Error> {
        let off = self.switched.is_off(ListingKind::Resources, uri)
            || self.switched.is_off(ListingKind::Templates, uri);
        let found = self.resources().find(|resource| resource.uri() == uri && !off).cloned();
        found.ok_or_else(|| {
            let uris = self.resources().map(|resource| resource.uri());
            unknown("resource template", uri, closest(uri, uris))
        })
    }

    pub(crate) fn listing(&self, kind: ListingKind) -> Arc<Listing> {
        let [tools, resources, templates, prompts] = &self.listings;
        let listing = match kind {
            ListingKind::Tools => tools,
            ListingKind::Resources => resources,
            ListingKind::Templates => templates,
            ListingKind::Prompts => prompts,
        };
        self.switched.listing(listing, kind).unwrap_or_else(|| listing.clone())
    }

    /// Offers an item, or offers it no longer. Whether that is a change.
    pub(crate) fn switch(&self, kind: ListingKind, name: &str, on: bool) -> bool {
        let known = match kind {
            ListingKind::Tools => self.tools.iter().any(|tool| tool.name() == name),
            ListingKind::Prompts => self.prompts.iter().any(|prompt| prompt.name() == name),
            ListingKind::Resources => self.resources.iter().any(|resource| resource.uri() == name),
            ListingKind::Templates => self.templates.iter().any(|resource| resource.uri() == name),
        };
        known && self.switched.switch(kind, name, on)
    }
}

/// Names what does not exist, shortened: the name came from the peer.
fn unknown(what: &str, name: &str, closest: Option<&str>) -> Error {
    let shown: String = name.chars().take(100).collect();
    match closest {
        Some(closest) => {
            Error::invalid_params(format!("unknown {what} {shown:?}; did you mean {closest:?}?"))
        }
        None => Error::invalid_params(format!("unknown {what} {shown:?}")),
    }
}
