//! The variables by which SDKs find the gateway and prove their agent there. Knows no key of a service.

use aegis_config::{GatewaySettings, ServiceUrl};

use super::Shell;
use crate::secret::Secret;

/// For each service that an SDK has variables for. `url` is where the agent reaches the gateway.
pub(crate) fn render(
    gateway: &GatewaySettings,
    url: &str,
    secret: Option<&Secret>,
    shell: Shell,
) -> String {
    let mut lines = String::new();
    for (name, service) in &gateway.services {
        let Some(sdk) = Sdk::of(&service.upstream) else {
            continue;
        };
        let inside = if service.upstream.prefix.is_empty() {
            sdk.path
        } else {
            ""
        };
        lines += &shell.line(sdk.base_url, &format!("{url}/{name}{inside}"));
        if let Some(secret) = secret {
            lines += &shell.line(sdk.key, secret.expose());
        }
    }
    lines
}

/// What an SDK reads from its environment.
struct Sdk {
    base_url: &'static str,
    /// What it expects the base URL to end with.
    path: &'static str,
    key: &'static str,
}

impl Sdk {
    fn of(upstream: &ServiceUrl) -> Option<Self> {
        let host = upstream.authority.split(':').next().unwrap_or_default();
        let (base_url, path, key) = match host {
            "api.openai.com" => ("OPENAI_BASE_URL", "/v1", "OPENAI_API_KEY"),
            "api.anthropic.com" => ("ANTHROPIC_BASE_URL", "", "ANTHROPIC_API_KEY"),
            "generativelanguage.googleapis.com" => ("GOOGLE_GEMINI_BASE_URL", "", "GEMINI_API_KEY"),
            host if host.ends_with(".openai.azure.com") => {
                ("AZURE_OPENAI_ENDPOINT", "", "AZURE_OPENAI_API_KEY")
            }
            host if host.starts_with("bedrock-runtime.") => (
                "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
                "",
                "AWS_BEARER_TOKEN_BEDROCK",
            ),
            _ => return None,
        };
        Some(Self {
            base_url,
            path,
            key,
        })
    }
}
