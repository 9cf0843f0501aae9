//! Without the feature `auth` nobody is told apart.

use super::Config;
use crate::http::Authentication;

pub(super) fn authentication(config: &Config) -> Result<Option<Authentication>, Vec<String>> {
    let said = [
        ("issuer", config.issuer.is_some()),
        ("resource", config.resource.is_some()),
        ("audience", config.audience.is_some()),
        ("jwks_uri", config.jwks_uri.is_some()),
        ("token_max_age", config.token_max_age.is_some()),
        ("api_keys", config.api_keys.is_some()),
        ("api_keys_file", config.api_keys_file.is_some()),
        ("api_key_header", config.api_key_header.is_some()),
    ];
    let problems: Vec<_> = said
        .iter()
        .filter(|(_, said)| *said)
        .map(|(key, _)| format!("`{key}`: this server was built without the feature `auth` of `mcp-runtime`"))
        .collect();
    if problems.is_empty() { Ok(None) } else { Err(problems) }
}
