//! The variables by which SDKs find the gateway and prove their agent there. Knows no key of a service.

use aegis_config::{GatewaySettings, ServiceUrl};

use super::Shell;
use crate::secret::Secret;

/// What `aegis env --gateway` says.
pub(crate) struct BaseUrls {
    /// For each service that SDKs have variables for.
    pub(crate) lines: String,
    /// Where the others are.
    pub(crate) notes: Vec<String>,
}

impl BaseUrls {
    /// `url` is where the agent reaches the gateway.
    pub(crate) fn render(
        gateway: &GatewaySettings,
        url: &str,
        secret: Option<&Secret>,
        shell: Shell,
    ) -> Self {
        let (mut lines, mut notes) = (String::new(), Vec::new());
        let mut set: Vec<(&str, &str)> = Vec::new();
        for (name, service) in &gateway.services {
            let base = format!("{url}/{name}");
            let sdks = Sdks::of(&service.upstream);
            let Some((variable, _)) = sdks.base_urls.first() else {
                notes.push(format!(
                    "no variable of an SDK is known for `{name}`; it is at {base}"
                ));
                continue;
            };
            // An SDK reads one variable, however many services it could call.
            if let Some((_, first)) = set.iter().find(|(known, _)| known == variable) {
                notes.push(format!(
                    "{variable} is for `{first}`; `{name}` is at {base}"
                ));
                continue;
            }
            set.push((variable, name));
            for (variable, path) in &sdks.base_urls {
                lines += &shell.line(variable, &format!("{base}{path}"));
            }
            if let Some(secret) = secret {
                for variable in sdks.keys {
                    lines += &shell.line(variable, secret.expose());
                }
            }
        }
        Self { lines, notes }
    }
}

/// What the SDKs of one provider read from their environment.
struct Sdks {
    /// Each with what its SDK expects a base URL to end with.
    base_urls: Vec<(&'static str, &'static str)>,
    /// Those of Vertex AI are handed an access token instead.
    keys: &'static [&'static str],
}

impl Sdks {
    fn of(upstream: &ServiceUrl) -> Self {
        let host = upstream.authority.split(':').next().unwrap_or_default();
        let (base_urls, keys) = known(host);
        let prefix = &*upstream.prefix;
        let base_urls = base_urls.iter().filter_map(|(variable, path)| {
            // What the service's own URL ends with is not said twice.
            let rest = if prefix == *path { "" } else { *path };
            (prefix.is_empty() || prefix == *path).then_some((*variable, rest))
        });
        Self {
            base_urls: base_urls.collect(),
            keys,
        }
    }
}

type Known = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// By the names that the SDKs themselves, and litellm, document or read.
fn known(host: &str) -> Known {
    let within = |domain: &str| {
        host.strip_suffix(domain)
            .is_some_and(|it| it.ends_with('.'))
    };
    match host {
        _ if host == "api.openai.com" || within("api.openai.com") => {
            (&[("OPENAI_BASE_URL", "/v1")], &["OPENAI_API_KEY"])
        }
        _ if AZURE.into_iter().any(within) => (
            &[("AZURE_OPENAI_ENDPOINT", ""), ("AZURE_API_BASE", "")],
            &["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"],
        ),
        "api.anthropic.com" => (&[("ANTHROPIC_BASE_URL", "")], &["ANTHROPIC_API_KEY"]),
        "generativelanguage.googleapis.com" => (
            &[
                ("GOOGLE_GEMINI_BASE_URL", ""),
                ("GEMINI_API_BASE", "/v1beta"),
            ],
            &["GEMINI_API_KEY"],
        ),
        _ if is_vertex(host) => (
            &[
                ("GOOGLE_VERTEX_BASE_URL", ""),
                ("ANTHROPIC_VERTEX_BASE_URL", "/v1"),
            ],
            &[],
        ),
        _ if host.starts_with("bedrock-runtime") && within("amazonaws.com") => (
            &[
                ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", ""),
                ("ANTHROPIC_BEDROCK_BASE_URL", ""),
                ("AWS_BEDROCK_RUNTIME_ENDPOINT", ""),
            ],
            &["AWS_BEARER_TOKEN_BEDROCK"],
        ),
        "api.groq.com" => (&[("GROQ_BASE_URL", "")], &["GROQ_API_KEY"]),
        "api.cerebras.ai" => (&[("CEREBRAS_BASE_URL", "")], &["CEREBRAS_API_KEY"]),
        "api.cohere.com" => (&[("CO_API_URL", "")], &["CO_API_KEY"]),
        _ => (&[], &[]),
    }
}

/// Of one region, of several, and of all.
fn is_vertex(host: &str) -> bool {
    let of = |domain: &str| host.strip_suffix(domain);
    let one = of("aiplatform.googleapis.com").is_some_and(|it| it.is_empty() || it.ends_with('-'));
    one || of(".rep.googleapis.com").is_some_and(|it| it.starts_with("aiplatform."))
}

const AZURE: [&str; 3] = [
    "openai.azure.com",
    "openai.azure.us",
    "cognitiveservices.azure.com",
];
