//! Putting a server together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use super::live::Itself;
use super::replicas::Replicas;
use super::{Server, Shared};
use crate::__private::{PromptFn, ResourceFn, ToolFn};
use crate::Catalogue;
use crate::changes::Changes;
use crate::check::{Checks, Report};
use crate::dialect::Dialect;
use crate::dispatch::Dispatch;
use crate::error::{BoxError, BuildError};
use crate::extension::{Apps, Extension, Extensions};
use crate::handler::{Busy, States};
use crate::handles::{HandleRules, Vault};
use crate::layer::{AnyLayer, Guards, Next, Protection, Rules, Stack, any};
use crate::model::{CacheScope, Definition, Hints, Icon, Implied, Onces, Request, Response};
use crate::output;
use crate::registry::{Care, Registry, Selection, discovered};
use crate::replicas::Others;
use crate::seal::{Seal, StateKey};
use crate::secrets::Secrets;
use crate::settings::Deferred;
use crate::sight::Wanted;
use crate::tasks::{self, Board, Tasks};
use crate::transport::Limits;
use crate::wire::{About, Carried, Identity, SessionLimits, Sessions};

/// Puts a server together: what it offers, what it holds, what surrounds its calls.
///
/// Every `#[mcp::tool]`, `#[mcp::resource]` and `#[mcp::prompt]` in the program is offered, unless
/// [`only`](Self::only) or [`explicit`](Self::explicit) says otherwise.
///
/// ```no_run
/// struct Db;
///
/// #[tokio::main]
/// async fn main() -> mcp::Result<()> {
///     mcp::server!()
///         .instructions("Ask for a city by its English name.")
///         .state(Db)
///         .run()
///         .await
/// }
/// ```
pub struct ServerBuilder {
    pub(super) about: About,
    explicit: bool,
    modules: Vec<String>,
    definitions: Vec<Definition>,
    pub(crate) selection: Selection,
    pub(crate) settings: Deferred,
    pub(crate) states: States,
    layers: Vec<AnyLayer>,
    pub(super) implied: Implied,
    pub(crate) sessions: SessionLimits,
    pub(crate) limits: Limits,
    extensions: Extensions,
    tasks: Tasks,
    handles: HandleRules,
    cursor_lifetime: Duration,
    pub(crate) secrets: Secrets,
    pub(crate) state_keys: Vec<StateKey>,
    pub(crate) state_lifetime: Duration,
    pub(crate) hints: Hints,
    pub(crate) page: usize,
    pub(crate) dialect: Dialect,
    pub(crate) care: Care,
    pub(crate) output: output::Care,
    pub(crate) protection: Protection,
    pub(crate) replicas: Replicas,
    pub(crate) sight: Wanted,
    /// What was given and makes no sense.
    pub(crate) problems: Vec<String>,
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("about", &self.about).finish_non_exhaustive()
    }
}

impl ServerBuilder {
    pub(super) fn new() -> Self {
        Self {
            about: About { name: "mcp-server".into(), version: "0.0.0".into(), ..About::default() },
            explicit: false,
            modules: Vec::new(),
            definitions: Vec::new(),
            selection: Selection::default(),
            settings: Deferred::default(),
            states: States::default(),
            layers: Vec::new(),
            implied: Implied::default(),
            sessions: SessionLimits::default(),
            limits: Limits::default(),
            extensions: Extensions::default(),
            tasks: Tasks::default(),
            handles: HandleRules::default(),
            cursor_lifetime: Duration::from_secs(3600),
            secrets: Secrets::default(),
            state_keys: Vec::new(),
            state_lifetime: Duration::from_secs(300),
            hints: Hints::of_lists(),
            page: 1000,
            dialect: Dialect::Standard,
            care: Care { strict: false, outputs: cfg!(debug_assertions) },
            output: output::Care::default(),
            protection: Protection::default(),
            replicas: Replicas::default(),
            sight: Wanted::default(),
            problems: Vec::new(),
        }
    }

    /// The name of the server, for programs. By default that of your binary.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.about.name = name.into();
        self
    }

    /// The version of the server. By default that of your package.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.about.version = version.into();
        self
    }

    /// The name of the server, for people.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.about.title = Some(title.into());
        self
    }

    /// What the server is, for people.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.about.description = Some(description.into());
        self
    }

    /// Where people can read about the server.
    #[must_use]
    pub fn website(mut self, url: impl Into<String>) -> Self {
        self.about.website_url = Some(url.into());
        self
    }

    /// A picture of the server, for people. Said several times, there are several.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.problems.extend(icon.problem());
        self.about.icons.push(icon);
        self
    }

    /// For how long a client may keep the lists of what is offered, and what the server says of itself: 60 seconds by
    /// default, to the millisecond. What a resource gives says so itself: `#[mcp::resource(…, ttl = 30)]`. See the
    /// specification, "Caching".
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp::CacheScope;
    /// let server = mcp::server!().list_ttl(Duration::from_secs(3600)).cache_scope(CacheScope::Public);
    /// ```
    #[must_use]
    pub fn list_ttl(mut self, ttl: Duration) -> Self {
        self.hints.set_ttl(ttl);
        self
    }

    /// Whether a client may give the lists that it keeps to others: [`CacheScope::Private`] by default. Say
    /// [`CacheScope::Public`] only where everybody is offered the same.
    #[must_use]
    pub fn cache_scope(mut self, scope: CacheScope) -> Self {
        self.hints.scope = scope;
        self
    }

    /// How many items stand on a page of a list, 1,000 by default and 1 at least. A client asks for the next page with the
    /// cursor that it was given. See the specification, "Pagination".
    #[must_use]
    pub fn page_size(mut self, items: usize) -> Self {
        self.page = items.max(1);
        self
    }

    /// In which [`Dialect`] tools are listed: [`Dialect::Standard`] by default. The command line says it with `--dialect`, and
    /// over HTTP a client says it by the path, as in `/mcp/gemini`.
    ///
    /// ```
    /// # use mcp::Dialect;
    /// let server = mcp::server!().dialect(Dialect::Gemini);
    /// ```
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Refuses arguments that are not of the right type, of every tool that does not say otherwise.
    ///
    /// Without it, a tool that is not `destructive` takes what a model plainly meant: `"5"` for 5, `30.0` for 30, `"true"`
    /// for true, the text `"[1]"` for the array, `null` for what may be left out. `#[mcp::tool(strict)]` says so of one
    /// tool, and `strict = false` the opposite. How often it happens says [`Server::counts`].
    ///
    /// ```
    /// let server = mcp::server!().strict();
    /// ```
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.care.strict = true;
        self
    }

    /// Whether the structured results of tools are held to their published schemas: by default in builds with debug assertions
    /// only, because it costs a second reading of each result.
    ///
    /// A result that is not what its schema says becomes a failure of the call: the log says what is wrong and where, and the
    /// peer is told as of any error that was not written for it. With the feature `validate` everything is checked that the
    /// schema says; without it types, names, values, lengths and bounds.
    ///
    /// ```
    /// let server = mcp::server!().check_outputs(true);
    /// ```
    #[must_use]
    pub fn check_outputs(mut self, check: bool) -> Self {
        self.care.outputs = check;
        self
    }

    /// How to use the server, for the model: it reads this before it calls anything.
    #[must_use]
    pub fn instructions(mut self, text: impl Into<String>) -> Self {
        self.about.instructions = Some(text.into());
        self
    }

    /// Gives the server something to hold, for arguments of the type [`State<T>`](crate::State). A second one of the
    /// same type takes the place of the first.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.states.insert(value);
        self
    }

    /// Puts a layer around every request, inside the layers that were given before. It sees what scopes and rate limits let in,
    /// and stands outside of idempotency, breakers, bulkheads and timeouts: results that are replayed go through it, what it
    /// refuses is no failure of the function, and its time is not the function's. Its panics end one call.
    ///
    /// Any `tower` layer whose service takes a [`Request`] and gives a [`Response`] will do, on every transport
    /// alike. Its errors become replies: the result of the call with `isError` for a tool, an internal error otherwise.
    ///
    /// ```standalone_crate
    /// # use mcp::Request;
    /// let server = mcp::server!()
    ///     .layer(tower::layer::layer_fn(|inner| Timed { inner }))
    ///     .build()?;
    ///
    /// #[derive(Clone)]
    /// struct Timed<S> { inner: S }
    ///
    /// impl<S: tower::Service<Request>> tower::Service<Request> for Timed<S> {
    ///     type Response = S::Response;
    ///     type Error = S::Error;
    ///     type Future = S::Future;
    ///
    ///     fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), S::Error>> {
    ///         self.inner.poll_ready(cx)
    ///     }
    ///
    ///     fn call(&mut self, request: Request) -> S::Future {
    ///         eprintln!("{} {}", request.method(), request.target().unwrap_or_default());
    ///         self.inner.call(request)
    ///     }
    /// }
    /// # Ok::<_, mcp::BuildError>(())
    /// ```
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Next> + Send + Sync + 'static,
        L::Service: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Error: Into<BoxError>,
        <L::Service as Service<Request>>::Future: Send,
    {
        self.layers.push(any(layer));
        self
    }

    /// Offers only what stands in this module or below it, such as `my_crate::admin` or `module_path!()`. Said several
    /// times, it offers what stands in any of them. What is given explicitly is offered in any case.
    #[must_use]
    pub fn only(mut self, module: impl Into<String>) -> Self {
        self.modules.push(module.into());
        self
    }

    /// Offers only what is given with [`tool`](Self::tool), [`resource`](Self::resource) and [`prompt`](Self::prompt).
    #[must_use]
    pub fn explicit(mut self) -> Self {
        self.explicit = true;
        self
    }

    /// Offers the tool that stands before `#[mcp::tool]` under this name: `.tool::<add>()`.
    #[must_use]
    pub fn tool<T: ToolFn>(mut self) -> Self {
        self.definitions.push(T::DEFINITION);
        self
    }

    /// Offers a resource: `.resource::<readme>()`.
    #[must_use]
    pub fn resource<R: ResourceFn>(mut self) -> Self {
        self.definitions.push(R::DEFINITION);
        self
    }

    /// Offers a prompt: `.prompt::<review>()`.
    #[must_use]
    pub fn prompt<P: PromptFn>(mut self) -> Self {
        self.definitions.push(P::DEFINITION);
        self
    }

    /// How many HTTP sessions of stateful clients there may be, 10,000 by default. When there are more, the idlest ends:
    /// of those of the same principal, where he has a tenth of them.
    #[must_use]
    pub fn max_sessions(mut self, count: usize) -> Self {
        self.sessions.count = count;
        self
    }

    /// After how long without a request an HTTP session ends, 30 minutes by default.
    #[must_use]
    pub fn session_idle(mut self, limit: Duration) -> Self {
        self.sessions.idle = limit;
        self
    }

    /// How long a message may be, in bytes: 4 MiB by default. A longer one is refused without being kept.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.limits.message = bytes;
        self
    }

    /// How many calls may be under way at once, 16,384 by default: on one connection, or over HTTP in all. One more is refused,
    /// over HTTP with 503; it was not run, and may be sent again. On a public server no caller has more of them than are free
    /// for the others.
    #[must_use]
    pub fn max_in_flight(mut self, calls: usize) -> Self {
        self.limits.in_flight = calls.max(1);
        self
    }

    /// How long calls that are under way may take when the server is asked to end, 2 seconds by default.
    #[must_use]
    pub fn drain(mut self, limit: Duration) -> Self {
        self.limits.drain = limit;
        self
    }

    /// Adds an extension of the protocol. Tasks and apps are there where a tool asks for them, and need not be added.
    #[must_use]
    pub fn extension(mut self, extension: impl Extension) -> Self {
        self.extensions.add(Arc::new(extension));
        self
    }

    /// How tasks are kept, that is tools with `#[mcp::tool(task)]`. See [`Tasks`] for what holds otherwise.
    #[must_use]
    pub fn tasks(mut self, tasks: Tasks) -> Self {
        self.tasks = tasks;
        self
    }

    /// How long a function waits for a client's answer to a [question](crate::Ask), 5 minutes by default. Only clients that
    /// are asked while it waits are meant; how long the others may take says
    /// [`state_lifetime`](Self::state_lifetime).
    #[must_use]
    pub fn answer_timeout(mut self, limit: Duration) -> Self {
        self.limits.answer = limit;
        self
    }

    /// The keys that seal what clients carry between the runs of a call that [asks](crate::Ask). The first seals, all of them
    /// open. So replicas get a new key behind the old one; when all have it, it is put before the old one; and that is taken
    /// away when 12 times the [`state_lifetime`](Self::state_lifetime) has passed, which is as long as a call may go on.
    ///
    /// Without keys a random one is made, which no other replica and no later process knows, and a warning is logged when it is
    /// first used.
    ///
    /// ```standalone_crate
    /// # use mcp::StateKey;
    /// # fn build() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = mcp::server!().state_keys(StateKey::from_env("STATE_KEYS")?).build()?;
    /// # Ok(())
    /// # }
    /// # build().unwrap();
    /// ```
    #[must_use]
    pub fn state_keys(mut self, keys: impl IntoIterator<Item = StateKey>) -> Self {
        self.state_keys = keys.into_iter().collect();
        self
    }

    /// How [handles](crate::Handles) are kept. See [`HandleRules`] for what holds otherwise.
    #[must_use]
    pub fn handles(mut self, rules: HandleRules) -> Self {
        self.handles = rules;
        self
    }

    /// How long the [cursor](crate::Cursor) of a page holds, 1 hour by default, in whole seconds.
    #[must_use]
    pub fn cursor_lifetime(mut self, limit: Duration) -> Self {
        self.cursor_lifetime = limit;
        self
    }

    /// How long a client may take to answer what a function [asks](crate::Ask) and call again, 5 minutes by default, in
    /// whole seconds.
    #[must_use]
    pub fn state_lifetime(mut self, limit: Duration) -> Self {
        self.state_lifetime = limit;
        self
    }

    /// What the server would publish. It need not be able to run: states that it was not given are not asked for.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build), but for states that were not given.
    pub fn catalogue(self) -> Result<Catalogue, BuildError> {
        Ok(self.looked_at(|_| true)?.catalogue())
    }

    /// Looks at everything that the server would publish, as [`Server::check`] does. It need not be able to run: states that it
    /// was not given are not asked for.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build), but for states that were not given.
    pub fn check(self, checks: Checks) -> Result<Report, BuildError> {
        Ok(self.looked_at(|_| true)?.check(checks))
    }

    /// A server that is only looked at. `keep` says of each definition that was found whether it is offered; those that
    /// were given are.
    pub(crate) fn looked_at(mut self, keep: impl FnMut(&Definition) -> bool) -> Result<Server, BuildError> {
        let found: Vec<_> = self.found().filter(keep).collect();
        self.definitions.extend(found);
        self.explicit = true;
        self.states.assume_all();
        self.replicas = Replicas::default();
        self.settings.clear();
        self.build()
    }

    /// The definitions in this program that are to be offered.
    fn found(&self) -> impl Iterator<Item = Definition> + use<'_> {
        let chosen = |definition: &Definition| {
            let module = definition.source.module;
            let below = |chosen: &String| {
                module
                    .strip_prefix(chosen.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            };
            !self.explicit && (self.modules.is_empty() || self.modules.iter().any(below))
        };
        discovered().filter(chosen)
    }

    /// Puts the server together.
    ///
    /// # Errors
    ///
    /// Everything that does not fit together, each with its place in the source: names that occur twice or are not
    /// legal, states that were not given, arguments that cannot stand beside each other.
    pub fn build(mut self) -> Result<Server, BuildError> {
        self.replicas.settle(&mut self.protection, &mut self.tasks, &mut self.handles);
        let mut definitions: Vec<_> = self.found().collect();
        definitions.extend(self.definitions);
        let mut problems = self.problems;
        problems.extend(self.replicas.problem(!self.state_keys.is_empty()));
        self.settings.read(&mut self.states, &mut problems);
        self.protection.apply(&mut definitions, &mut problems);
        self.selection.apply(&mut definitions, &mut problems);
        let has_tasks = definitions.iter().any(|definition| definition.task.is_some());
        if has_tasks {
            definitions.push(tasks::definition());
        }
        let changes = Arc::new(Changes::with(self.replicas.bus.map(Others::new)));
        let secrets = self.secrets.or_usual();
        let seal = Arc::new(Seal::new(self.state_keys));
        let vault = Arc::new(Vault::new(seal.clone(), &self.handles, self.cursor_lifetime));
        let output = Arc::new(self.output.with(secrets.known.clone(), vault.clone()));
        definitions.extend(output.definitions(&definitions));
        let board =
            has_tasks.then(|| Board::new(self.tasks, changes.clone(), self.implied.clone(), output.clone()));
        let mut extensions = self.extensions;
        if let Some(board) = &board {
            extensions.add(board.clone());
        }
        if definitions.iter().any(|definition| definition.app.is_some()) {
            extensions.add(Arc::new(Apps));
        }
        problems.extend(extensions.problems());
        problems.extend(self.implied.problems());
        let mut states = self.states;
        states.insert(secrets);
        let looked_after = definitions.clone();
        let mut registry = Registry::build(definitions, &states, self.page, self.care, problems)?;
        registry.dialect = self.dialect;
        let registry = Arc::new(registry);
        let busy = Arc::<Busy>::default();
        states.insert_shared(busy.clone());
        let itself = Arc::<Itself>::default();
        states.insert_shared(itself.clone());
        states.insert_shared(vault);
        if let Some(board) = &board {
            states.insert(board.weak());
        }
        let rules = Rules::of(&registry, self.implied);
        let sight = self.sight.of(&looked_after, &extensions);
        let guards = Guards::new(self.protection, rules, output, looked_after, sight.clone(), &mut states);
        let states = Arc::new(states);
        let dispatch =
            Dispatch::new(registry.clone(), states.clone(), changes.clone(), extensions.clone(), board);
        let stack = Stack::new(dispatch, &self.layers, &guards);
        let server = Server {
            shared: Arc::new(Shared {
                changes,
                identity: Identity::new(&self.about, &registry, &extensions, self.hints),
                extensions,
                stack,
                sessions: Sessions::new(self.sessions, self.replicas.sessions, self.replicas.events),
                sight,
                limits: self.limits,
                carried: Carried {
                    seal,
                    lifetime: self.state_lifetime,
                    onces: Arc::new(Onces::new(self.replicas.once)),
                },
                name: self.about.name,
                version: self.about.version,
                instructions: self.about.instructions,
                registry,
                states,
                busy,
            }),
        };
        itself.is(&server.shared);
        Ok(server)
    }
}
