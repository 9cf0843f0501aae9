//! What an operator says of who may use a server over HTTP, beside what its author said.

use std::sync::Arc;

use super::exposure::Reach;
use super::settings::Settings;
use super::{Authentication, Exposure, Proxies};
use crate::server::ServerBuilder;

/// What was said; the rest stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) hosts: Option<Vec<String>>,
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) authentication: Option<Authentication>,
    pub(crate) proxies: Option<Proxies>,
}

impl Exposure {
    fn changed(mut self, said: Said) -> Self {
        // Whoever put the exposure together has been told of these.
        self.problems.clear();
        let known = match &self.reach {
            Reach::Loopback => None,
            Reach::Public { authentication, .. } => Some(authentication.clone()),
        };
        if let Some(hosts) = said.hosts {
            match said.authentication.or(known) {
                Some(authentication) => {
                    let public = Self::public(hosts, [""; 0], authentication);
                    self.reach = public.reach;
                    self.problems.extend(public.problems);
                }
                None => self.problems.push(
                    "`hosts` makes the server public, and nothing says who may use it: say `issuer` and `resource`, or \
                     `api_keys_file`, or `unauthenticated`"
                        .into(),
                ),
            }
        } else if let Some(given) = said.authentication {
            self.problems.extend(given.problems());
            match &mut self.reach {
                Reach::Public { authentication, .. } => *authentication = given,
                Reach::Loopback => self.problems.push(
                    "callers are told apart on a public server only: say its `hosts`, the names under which clients reach it"
                        .into(),
                ),
            }
        }
        if let Some(origins) = said.origins {
            self.origins.clear();
            self = origins.into_iter().fold(self, Self::allow_origin);
        }
        match said.proxies {
            Some(proxies) => self.behind(proxies),
            None => self,
        }
    }
}

impl ServerBuilder {
    pub(crate) fn http_settings(&self) -> Arc<Settings> {
        self.states.get().unwrap_or_default()
    }

    pub(crate) fn change_exposure(self, said: Said) -> Self {
        let exposure = self.http_settings().exposure.clone().changed(said);
        self.exposure(exposure)
    }

    pub(crate) fn without_http_sse(mut self) -> Self {
        let mut settings = (*self.http_settings()).clone();
        settings.sse = None;
        self.states.insert(settings);
        self
    }
}

/// What it says, for people.
impl Settings {
    pub(crate) fn serves_sse(&self) -> bool {
        self.sse.is_some()
    }

    pub(crate) fn max_connections(&self) -> usize {
        self.connections
    }

    pub(crate) fn hosts(&self) -> Option<Vec<String>> {
        match &self.exposure.reach {
            Reach::Public { hosts, .. } => Some(hosts.iter().map(ToString::to_string).collect()),
            Reach::Loopback => None,
        }
    }

    pub(crate) fn origins(&self) -> Option<Vec<String>> {
        let origins = &self.exposure.origins;
        (!origins.is_empty()).then(|| origins.iter().map(ToString::to_string).collect())
    }

    pub(crate) fn proxies(&self) -> Option<String> {
        self.exposure.proxies.as_ref().map(|_| "as the program says".to_owned())
    }

    pub(crate) fn is_unauthenticated(&self) -> bool {
        matches!(&self.exposure.reach, Reach::Public { authentication, .. } if authentication.is_nobody())
    }
}
