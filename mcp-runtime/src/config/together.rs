//! What several settings make together: who may use a server over HTTP, who calls locally, the keys that replicas share.

use super::{Config, ProxyHeaders, text_of, tokens};
use crate::http::{Authentication, Proxies, Said, unauthenticated};
use crate::seal::StateKey;
use crate::server::ServerBuilder;

pub(super) fn apply(builder: ServerBuilder, config: &Config) -> ServerBuilder {
    let builder = local(builder, config);
    let builder = state_keys(builder, config);
    exposure(builder, config)
}

fn local(builder: ServerBuilder, config: &Config) -> ServerBuilder {
    if config.principal.is_none() && config.scopes.is_none() {
        return builder;
    }
    builder.decided_local_caller(config.principal.as_deref(), config.scopes.as_deref())
}

fn state_keys(mut builder: ServerBuilder, config: &Config) -> ServerBuilder {
    let text = match one_of("state_keys", config.state_keys.as_ref(), config.state_keys_file.as_deref()) {
        Ok(None) => return builder,
        Ok(Some(text)) => text,
        Err(problem) => {
            builder.problems.push(problem);
            return builder;
        }
    };
    let texts = text.split([',', '\n']).map(str::trim).filter(|key| !key.is_empty());
    match texts.map(str::parse::<StateKey>).collect::<Result<Vec<_>, _>>() {
        Ok(keys) if keys.is_empty() => builder.problems.push("`state_keys`: there is no key".into()),
        Ok(keys) => return builder.state_keys(keys),
        Err(error) => builder.problems.push(format!("`state_keys`: {error}")),
    }
    builder
}

/// A secret, or what stands in a file.
pub(super) fn one_of(
    key: &str,
    secret: Option<&super::Hidden>,
    file: Option<&std::path::Path>,
) -> Result<Option<String>, String> {
    match (secret, file) {
        (Some(_), Some(_)) => Err(format!("`{key}` and `{key}_file` are both said: say one of them")),
        (Some(secret), None) => Ok(Some(secret.0.clone())),
        (None, Some(file)) => text_of(file).map(Some).map_err(|problem| format!("`{key}_file`: {problem}")),
        (None, None) => Ok(None),
    }
}

fn exposure(mut builder: ServerBuilder, config: &Config) -> ServerBuilder {
    let authentication = match authentication(config) {
        Ok(authentication) => authentication,
        Err(problems) => {
            builder.problems.extend(problems);
            return builder;
        }
    };
    if config.proxies.is_none() && config.proxy_headers.is_some() {
        builder.problems.push("`proxy_headers` is about proxies: say their addresses with `proxies`".into());
    }
    let said = Said {
        hosts: config.hosts.clone(),
        origins: config.origins.clone(),
        authentication,
        proxies: config.proxies.as_ref().map(|addresses| {
            let proxies = Proxies::new(addresses);
            match config.proxy_headers {
                None | Some(ProxyHeaders::XForwarded) => proxies,
                Some(ProxyHeaders::XForwardedHost) => proxies.x_forwarded_host(),
                Some(ProxyHeaders::Forwarded) => proxies.forwarded(),
            }
        }),
    };
    if said.hosts.is_none()
        && said.origins.is_none()
        && said.authentication.is_none()
        && said.proxies.is_none()
    {
        return builder;
    }
    builder.change_exposure(said)
}

fn authentication(config: &Config) -> Result<Option<Authentication>, Vec<String>> {
    let known = tokens::authentication(config)?;
    match (known, config.unauthenticated) {
        (Some(_), Some(true)) => Err(vec![
            "`unauthenticated` lets anybody in, and other settings do not: leave one of them out".into(),
        ]),
        (None, Some(true)) => Ok(Some(unauthenticated())),
        (known, _) => Ok(known),
    }
}
