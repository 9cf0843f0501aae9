//! How callers are told apart that come over HTTP: by tokens of an issuer, by API keys, or by both.

use http::HeaderName;

use super::Config;
use super::together::one_of;
use crate::auth::{ApiKeys, Either, Jwt};
use crate::http::Authentication;

pub(super) fn authentication(config: &Config) -> Result<Option<Authentication>, Vec<String>> {
    let mut problems = Vec::new();
    let tokens = match (&config.issuer, &config.resource) {
        (Some(issuer), Some(resource)) => {
            let mut tokens = Jwt::new(issuer, resource);
            tokens = config.audience.iter().fold(tokens, Jwt::audience);
            tokens = config.jwks_uri.iter().fold(tokens, Jwt::jwks_uri);
            Some(config.token_max_age.into_iter().fold(tokens, Jwt::max_age))
        }
        (None, None) => {
            let of_tokens = [
                ("audience", config.audience.is_some()),
                ("jwks_uri", config.jwks_uri.is_some()),
                ("token_max_age", config.token_max_age.is_some()),
            ];
            for (key, _) in of_tokens.iter().filter(|(_, said)| *said) {
                problems.push(format!("`{key}` is about tokens: say `issuer` and `resource`"));
            }
            None
        }
        (Some(_), None) => {
            problems.push("`issuer` needs `resource`, the URI by which clients know this server".into());
            None
        }
        (None, Some(_)) => {
            problems.push(
                "`resource` needs `issuer`, the authorization server whose tokens let callers in".into(),
            );
            None
        }
    };
    let keys = match one_of("api_keys", config.api_keys.as_ref(), config.api_keys_file.as_deref()) {
        Err(problem) => {
            problems.push(problem);
            None
        }
        Ok(None) => {
            if config.api_key_header.is_some() {
                problems.push("`api_key_header` is about API keys: say `api_keys_file`".into());
            }
            None
        }
        Ok(Some(text)) => {
            let keys = ApiKeys::read(&text);
            if keys.is_none() {
                problems.push(
                    "the API keys cannot be read; they are lines such as `name=KEY scope scope`".into(),
                );
            }
            keys.map(|keys| match &config.api_key_header {
                Some(header) if header.parse::<HeaderName>().is_ok() => keys.header(header),
                Some(header) => {
                    problems.push(format!("`api_key_header`: {header:?} is not the name of a header"));
                    keys
                }
                None => keys,
            })
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(match (tokens, keys) {
        (Some(tokens), Some(keys)) => Some(Either::new(keys, tokens).into()),
        (Some(tokens), None) => Some(tokens.into()),
        (None, Some(keys)) => Some(keys.into()),
        (None, None) => None,
    })
}
