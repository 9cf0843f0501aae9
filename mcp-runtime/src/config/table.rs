//! The settings: one table, of which the typed struct, `--help`, the variables, the keys of files and the guide are made.
//! A new setting is one row here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::form::{
    Address, Bytes, Choice, Count, Every, File, Flag, Form, Named, Opens, PerTime, Places, Secret, Shape,
    Text, Texts, Time, Uri, UrlPath, named,
};
use super::{Hidden, LogFormat, LogLevel, ProxyHeaders};
use crate::dialect::Dialect;
use crate::layer::{Breaker, Bulkhead};
use crate::limits::{Rate, RateLimits};
use crate::server::ServerBuilder;

/// A setting.
pub(crate) struct Row {
    /// What it is called: `log_level` in a file, `MCP_LOG_LEVEL` in the environment, `--log-level` on the command line.
    pub(crate) key: &'static str,
    pub(crate) heading: &'static str,
    /// What it does.
    pub(crate) meaning: &'static str,
    pub(crate) placeholder: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) shape: Shape,
    pub(crate) secret: bool,
    /// Reads a value into the struct.
    pub(crate) read: fn(&Value, &mut Config) -> Result<(), Wrong>,
    /// What the struct says, by name where there are names.
    pub(crate) said: fn(&Config) -> Option<String>,
    /// What holds in a server as it is put together so far.
    pub(crate) holds: fn(&ServerBuilder) -> String,
}

/// A value that cannot be read, and the name that it was said of.
pub(crate) struct Wrong {
    pub(crate) name: Option<String>,
    pub(crate) written: String,
}

impl Row {
    pub(crate) fn variable(&self) -> String {
        format!("MCP_{}", self.key.to_ascii_uppercase())
    }

    pub(crate) fn option(&self) -> String {
        self.key.replace('_', "-")
    }
}

fn read<F: Form>(written: &Value, held: &mut Option<F::Value>) -> Result<(), Wrong> {
    let value = F::read(written).ok_or_else(|| {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if F::SHAPE != Shape::Named {
            return Wrong { name: None, written: text(written) };
        }
        // Which of the names it is about is found out only where something is wrong.
        let single = |(name, value): &(String, Value)| {
            let alone = serde_json::Map::from_iter([(name.clone(), value.clone())]);
            F::read(&Value::Object(alone)).is_none()
        };
        match named(written) {
            Ok(pairs) => {
                let wrong = pairs.into_iter().find(single);
                let (name, value) = wrong.unwrap_or_default();
                Wrong { name: Some(name), written: text(&value) }
            }
            Err(part) => Wrong { name: None, written: part },
        }
    })?;
    F::put(held, value);
    Ok(())
}

macro_rules! settings {
    ($(
        $heading:literal {$(
            $(#[doc = $doc:literal])+
            $key:ident: $form:ty = $value:ty, $holds:expr, $apply:expr;
        )*}
    )*) => {
        /// The settings of a server that operators make: what is `None` stays as the program says.
        ///
        /// [`run`](ServerBuilder::run) reads them from a file, from variables of the environment and from the command line, later ones
        /// winning; see the [guide](crate::guide::configuration). A program without a command line reads file and environment with
        /// [`load`](Config::load).
        ///
        /// ```no_run
        /// # async fn serve() -> mcp::Result<()> {
        /// let mut config = mcp::Config::load()?;
        /// config.page_size = Some(100);
        /// mcp::server!().config(config).build()?.serve_stdio().await
        /// # }
        /// ```
        #[derive(Debug, Clone, Default)]
        #[non_exhaustive]
        #[allow(rustdoc::bare_urls, reason = "`--help` says the same")]
        pub struct Config {
            $($(
                $(#[doc = $doc])+
                pub $key: Option<$value>,
            )*)*
        }

        /// Every setting, in the order of `--help`.
        pub(crate) static ROWS: &[Row] = &[$($(Row {
                key: stringify!($key),
                heading: $heading,
                meaning: concat!($($doc),+),
                placeholder: <$form as Form>::PLACEHOLDER,
                expected: <$form as Form>::EXPECTED,
                shape: <$form as Form>::SHAPE,
                secret: <$form as Form>::SECRET,
                read: |written, config| read::<$form>(written, &mut config.$key),
                said: |config| config.$key.as_ref().map(<$form as Form>::show),
                holds: $holds,
            },)*)*];

        impl ServerBuilder {
            /// Sets what `config` says; the rest stays as it is.
            #[must_use]
            pub fn config(mut self, config: Config) -> Self {
                self = super::together::apply(self, &config);
                $($(
                    if let Some(value) = config.$key {
                        self = applied(self, value, $apply);
                    }
                )*)*
                self
            }
        }
    };
}

fn applied<T>(
    builder: ServerBuilder,
    value: T,
    apply: fn(ServerBuilder, T) -> ServerBuilder,
) -> ServerBuilder {
    apply(builder, value)
}

fn limits(mut builder: ServerBuilder, change: impl FnOnce(RateLimits) -> RateLimits) -> ServerBuilder {
    let limits = std::mem::take(&mut builder.protection.rate_limits);
    builder.protection.rate_limits = change(limits);
    builder
}

/// What a list or a word is where nothing is said.
fn or<T>(value: Option<T>, without: &str, shown: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| without.to_owned(), shown)
}

/// What is not a part of a server but of the process, or is put together of several settings.
fn elsewhere(builder: ServerBuilder) -> ServerBuilder {
    builder
}

settings! {
    "Where it is served" {
        /// Serve Streamable HTTP at this address, such as 127.0.0.1:8080, instead of standard input and output
        http: Address = String, |_| "standard input and output".into(), |builder, _| elsewhere(builder);
        /// Where the server is found over HTTP
        path: UrlPath = String, |builder| builder.http_settings().path.clone(), ServerBuilder::path;
        /// Serve HTTP+SSE too, for the oldest clients: at /sse and /messages
        http_sse: Flag = bool, |builder| builder.http_settings().serves_sse().to_string(),
            |builder, on| if on { builder.http_sse() } else { builder.without_http_sse() };
        /// How many HTTP connections there may be at once
        max_connections: Count = usize, |builder| builder.http_settings().max_connections().to_string(),
            ServerBuilder::max_connections;
        /// How long calls may go on when the server is asked to end
        drain: Time = Duration, |builder| Time::show(&builder.limits.drain), ServerBuilder::drain;
    }
    "Who may use it over HTTP" {
        /// The names under which clients reach the server, as in mcp.example.com: it is public then
        hosts: Texts = Vec<String>, |builder| or(builder.http_settings().hosts(), "this machine only", |it| it.join(",")),
            |builder, _| elsewhere(builder);
        /// The web pages that may use it from a browser, as in https://app.example.com
        origins: Texts = Vec<String>, |builder| or(builder.http_settings().origins(), "none", |it| it.join(",")),
            |builder, _| elsewhere(builder);
        /// The addresses or networks of the proxies in front of it, as in 10.0.0.0/8
        proxies: Texts = Vec<String>, |builder| or(builder.http_settings().proxies(), "none", |it| it),
            |builder, _| elsewhere(builder);
        /// Which headers these proxies set
        proxy_headers: Choice<ProxyHeaders> = ProxyHeaders, |_| "x-forwarded".into(), |builder, _| elsewhere(builder);
        /// Whether anybody may use a public server, without a name
        unauthenticated: Flag = bool, |builder| builder.http_settings().is_unauthenticated().to_string(),
            |builder, _| elsewhere(builder);
        /// The authorization server whose tokens let callers in
        issuer: Uri = String, |_| "as the program says".into(), |builder, _| elsewhere(builder);
        /// The URI by which clients know this server, for which tokens must be made out
        resource: Uri = String, |_| "as the program says".into(), |builder, _| elsewhere(builder);
        /// Another name that the issuer has for this server
        audience: Text = String, |_| "none".into(), |builder, _| elsewhere(builder);
        /// Where the issuer's keys are, if it publishes no metadata
        jwks_uri: Uri = String, |_| "as the issuer says".into(), |builder, _| elsewhere(builder);
        /// How old a token may be
        token_max_age: Time = Duration, |_| "1d".into(), |builder, _| elsewhere(builder);
        /// API keys: name=KEY scope scope, with ; between several
        api_keys: Secret = Hidden, |_| "none".into(), |builder, _| elsewhere(builder);
        /// A file of API keys: name=KEY scope scope, one a line
        api_keys_file: File = PathBuf, |_| "none".into(), |builder, _| elsewhere(builder);
        /// The header that has the API key, in place of Authorization: Bearer
        api_key_header: Text = String, |_| "authorization".into(), |builder, _| elsewhere(builder);
    }
    "Who calls by standard input, and with `call`" {
        /// The name of the caller
        principal: Text = String, |builder| or(builder.local_caller().subject(), "nobody", str::to_owned),
            |builder, _| elsewhere(builder);
        /// What the caller may do
        scopes: Texts = Vec<String>, |builder| or(Some(builder.local_caller().scopes().collect::<Vec<_>>().join(",")).filter(|it| !it.is_empty()), "none", |it| it),
            |builder, _| elsewhere(builder);
    }
    "What is offered" {
        /// Offer no tools but these
        tools: Texts = Vec<String>, |builder| or(builder.selection.tools.as_ref(), "all", Texts::show), |builder, names| builder.only_tools(names);
        /// Offer only what has one of these tags
        tags: Texts = Vec<String>, |builder| or(builder.selection.tags.as_ref(), "all", Texts::show), |builder, tags| builder.only_tags(tags);
        /// Offer no tools but those that say that they change nothing
        read_only: Flag = bool, |builder| builder.selection.read_only.to_string(), |mut builder, on| {
            builder.selection.read_only = on;
            builder
        };
        /// How schemas are told to hosts that read a part of JSON Schema
        dialect: Choice<Dialect> = Dialect, |builder| builder.dialect.to_string(), ServerBuilder::dialect;
        /// Refuse arguments that are not of the right type, in place of reading them as what they plainly mean
        strict: Flag = bool, |builder| builder.care.strict.to_string(), |mut builder, on| {
            builder.care.strict = on;
            builder
        };
        /// How many items stand on a page of a list
        page_size: Count = usize, |builder| builder.page.to_string(), ServerBuilder::page_size;
        /// How long a client may keep lists
        list_ttl: Time = Duration, |builder| Time::show(&Duration::from_millis(builder.hints.ttl)), ServerBuilder::list_ttl;
    }
    "How long calls take" {
        /// How long a function may take of which nothing else is said
        call_timeout: Time = Duration, |builder| Time::show(&builder.protection.timeout), ServerBuilder::timeout;
        /// How long single functions may take
        call_timeout_of: Named<Time> = BTreeMap<String, Duration>, |builder| Named::<Time>::show(&builder.protection.timeouts),
            |builder, all| all.into_iter().fold(builder, |builder, (name, limit)| builder.timeout_of(name, limit));
        /// How long a function waits for a client's answer
        answer_timeout: Time = Duration, |builder| Time::show(&builder.limits.answer), ServerBuilder::answer_timeout;
        /// How long a call may wait for its answer when the client carries its state
        state_lifetime: Time = Duration, |builder| Time::show(&builder.state_lifetime), ServerBuilder::state_lifetime;
        /// After how long without a request a session over HTTP ends
        session_idle: Time = Duration, |builder| Time::show(&builder.sessions.idle), ServerBuilder::session_idle;
        /// How long the key of a call is known after the call has ended
        idempotency_keep: Time = Duration, |builder| Time::show(&builder.protection.idempotency.keep), |mut builder, time| {
            let idempotency = builder.protection.idempotency.clone();
            builder = builder.idempotency(idempotency.keep(time));
            builder
        };
    }
    "How much there may be" {
        /// How long a message may be
        max_message: Bytes = usize, |builder| Bytes::show(&builder.limits.message), ServerBuilder::max_message;
        /// How long the arguments of a call may be
        max_arguments: Bytes = usize, |builder| or(Some(builder.protection.sizes.arguments).filter(|it| *it < usize::MAX), "as a message", |it| Bytes::show(&it)),
            ServerBuilder::max_arguments;
        /// How long a result may be
        max_result: Bytes = usize, |builder| Bytes::show(&builder.protection.sizes.result), ServerBuilder::max_result;
        /// How many calls may be under way at once
        max_in_flight: Count = usize, |builder| builder.limits.in_flight.to_string(), ServerBuilder::max_in_flight;
        /// How many sessions there may be over HTTP
        max_sessions: Count = usize, |builder| builder.sessions.count.to_string(), ServerBuilder::max_sessions;
        /// How often a caller may ask
        rate_caller: PerTime = Option<Rate>, |builder| PerTime::show(&builder.protection.rate_limits.caller), |builder, rate| limits(builder, |mut limits| { limits.caller = rate; limits });
        /// How often may be asked in a session
        rate_session: PerTime = Option<Rate>, |builder| PerTime::show(&builder.protection.rate_limits.session), |builder, rate| limits(builder, |mut limits| { limits.session = rate; limits });
        /// How often each function may be asked for
        rate_function: PerTime = Option<Rate>, |builder| PerTime::show(&builder.protection.rate_limits.function), |builder, rate| limits(builder, |mut limits| { limits.function = rate; limits });
        /// How often may be asked in all
        rate_global: PerTime = Option<Rate>, |builder| PerTime::show(&builder.protection.rate_limits.global), |builder, rate| limits(builder, |mut limits| { limits.global = rate; limits });
        /// How often single functions may be asked for
        rate_of: Named<Every> = BTreeMap<String, Rate>, |builder| Named::<Every>::show(&builder.protection.rate_limits.functions),
            |builder, all| limits(builder, |limits| all.into_iter().fold(limits, |limits, (name, rate)| limits.function(name, rate)));
        /// How many calls of single functions run at once
        concurrency_of: Named<Places> = BTreeMap<String, Bulkhead>, |builder| Named::<Places>::show(&builder.protection.bulkheads),
            |builder, all| all.into_iter().fold(builder, |builder, (name, bulkhead)| builder.bulkhead(name, bulkhead));
        /// When a function that keeps failing is not run for a while
        breakers: Opens = Option<Breaker>, |builder| Opens::show(&builder.protection.breakers), |mut builder, breaker| {
            builder.protection.breakers = breaker;
            builder
        };
        /// The same of single functions
        breaker_of: Named<Opens> = BTreeMap<String, Option<Breaker>>, |builder| Named::<Opens>::show(&builder.protection.breakers_of),
            |builder, all| all.into_iter().fold(builder, |builder, (name, breaker)| builder.breaker(name, breaker));
    }
    "What replicas share" {
        /// The keys that seal what clients carry: base64 of 32 bytes, with commas between several, the newest first
        state_keys: Secret = Hidden, |builder| if builder.state_keys.is_empty() { "random".into() } else { "***".into() }, |builder, _| elsewhere(builder);
        /// A file of such keys
        state_keys_file: File = PathBuf, |_| "none".into(), |builder, _| elsewhere(builder);
    }
    "What is logged" {
        /// What to log to standard error
        log_level: Choice<LogLevel> = LogLevel, |_| "info, and warn for commands".into(), |builder, _| elsewhere(builder);
        /// How to log
        log_format: Choice<LogFormat> = LogFormat, |_| "text".into(), |builder, _| elsewhere(builder);
    }
}
