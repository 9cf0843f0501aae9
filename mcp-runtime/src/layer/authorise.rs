//! Whether a caller may do what he asks: what a definition says with `scopes("…")` is held here, for tools, resources and
//! prompts alike. Who he is has been found out before.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tower_service::Service;

use crate::Error;
use crate::changes::Change;
use crate::error::FailureKind;
use crate::model::{
    Definition, Implied, Kind, ListPage, Listing, Operation, Principal, Request, Response, ToolResult,
};
use crate::registry::Registry;

/// What the definitions of a server say of scopes.
pub(crate) struct Rules {
    registry: Arc<Registry>,
    implied: Implied,
    /// Lists as some callers see them, the latest first: callers with the same rights share what is written of them.
    seen: Mutex<VecDeque<Seen>>,
}

struct Seen {
    whole: Arc<Listing>,
    visible: Vec<bool>,
    part: Arc<Listing>,
}

/// So many parts of lists are kept. One more is made anew whenever it is asked for.
const MOST_SEEN: usize = 64;

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").field("implied", &self.implied).finish_non_exhaustive()
    }
}

impl Rules {
    /// `None` where nothing takes a scope: then nothing stands in the way of a call.
    pub(crate) fn of(registry: &Arc<Registry>, implied: Implied) -> Option<Arc<Self>> {
        let any = registry.definitions().any(|definition| !definition.scopes.is_empty());
        any.then(|| Arc::new(Self { registry: registry.clone(), implied, seen: Mutex::default() }))
    }

    fn allow(&self, principal: &Principal, definition: &Definition) -> bool {
        self.implied.allow(principal, definition.scopes)
    }

    /// What the caller may not do of what he asks.
    fn forbidden<'a>(&self, request: &'a Request) -> Option<Forbidden<'a>> {
        let principal = request.principal();
        let refused = |definition: &Definition, name: &'a str| {
            (!self.allow(principal, definition)).then(|| Forbidden {
                what: what(definition),
                name,
                scopes: definition.scopes,
            })
        };
        if let Operation::Listen(topics) = &request.operation {
            return topics.0.iter().find_map(|topic| {
                let Change::Resource(uri) = topic else { return None };
                let (resource, _) = self.registry.resource(uri)?;
                refused(&resource.definition, uri)
            });
        }
        refused(request.definition()?, request.target()?)
    }

    /// What he is shown of a list.
    fn part(&self, principal: &Principal, whole: Arc<Listing>) -> Arc<Listing> {
        let visible: Vec<bool> =
            whole.items.definitions().map(|definition| self.allow(principal, definition)).collect();
        if visible.iter().all(|visible| *visible) {
            return whole;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.iter().position(|seen| Arc::ptr_eq(&seen.whole, &whole) && seen.visible == visible);
        if let Some(found) = known.and_then(|at| seen.remove(at)) {
            let part = found.part.clone();
            seen.push_front(found);
            return part;
        }
        let part = Arc::new(whole.part(&visible));
        seen.truncate(MOST_SEEN - 1);
        seen.push_front(Seen { whole, visible, part: part.clone() });
        part
    }
}

fn what(definition: &Definition) -> &'static str {
    match definition.kind {
        Kind::Tool(_) => "tool",
        Kind::Resource { .. } => "resource",
        Kind::Prompt => "prompt",
    }
}

struct Forbidden<'a> {
    what: &'static str,
    name: &'a str,
    scopes: &'static [&'static str],
}

impl Forbidden<'_> {
    fn response(self, request: &Request) -> Response {
        let Self { what, name, scopes } = self;
        let shown = crate::json::shortened(name);
        let error = Error::insufficient_scope(format_args!("{what} {shown:?}"), scopes.iter().copied());
        // A client that sent an HTTP request can ask for more, and call again. Elsewhere only the model is there to be told.
        let in_band = request.facts.headers.is_none();
        match request.operation {
            Operation::CallTool(_) if in_band => {
                let said = format!(
                    "{error}, which this caller does not have. It was not run, and calling it again changes nothing."
                );
                Response::Tool(ToolResult::error(said).because(FailureKind::Forbidden))
            }
            _ => Response::Error(error),
        }
    }
}

/// Refuses what a caller may not do, and leaves it out of the lists that he is given.
#[derive(Debug, Clone)]
pub(crate) struct Authorise<S> {
    inner: S,
    rules: Option<Arc<Rules>>,
}

impl<S> Authorise<S> {
    pub(crate) fn new(inner: S, rules: Option<Arc<Rules>>) -> Self {
        Self { inner, rules }
    }
}

impl<S> Service<Request> for Authorise<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Authorising<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Some(rules) = &self.rules else { return Authorising::Allowed(self.inner.call(request)) };
        if let Some(forbidden) = rules.forbidden(&request) {
            return Authorising::Refused(Some(forbidden.response(&request)));
        }
        if !matches!(request.operation, Operation::List(_)) {
            return Authorising::Allowed(self.inner.call(request));
        }
        let (principal, rules) = (request.principal().clone(), rules.clone());
        Authorising::Listing { list: self.inner.call(request), principal, rules }
    }
}

/// The response of [`Authorise`], when it is there.
pub(crate) enum Authorising<F> {
    Allowed(F),
    Refused(Option<Response>),
    Listing { list: F, principal: Principal, rules: Arc<Rules> },
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for Authorising<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match &mut *self {
            Self::Allowed(inner) => Pin::new(inner).poll(cx),
            Self::Refused(response) => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending,
            },
            Self::Listing { list, principal, rules } => {
                let Ok(response) = ready!(Pin::new(list).poll(cx));
                Poll::Ready(Ok(match response {
                    Response::List(ListPage { listing, after, dialect }) => {
                        Response::List(ListPage { listing: rules.part(principal, listing), after, dialect })
                    }
                    other => other,
                }))
            }
        }
    }
}
