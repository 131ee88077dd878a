//! Who serves a model, in the words of OpenTelemetry's conventions for `GenAI`: by the host, else by the API.

use aegis_protocol::LlmApi;

/// The conventions have a list of values and want one of them wherever it applies. An API says whose
/// language is spoken, which is as much as is known of a compatible server that nobody knows.
pub(super) fn provider(api: LlmApi, host: &str) -> &'static str {
    let of_domain = |domain: &str| {
        let above = host.strip_suffix(domain);
        above.is_some_and(|above| above.is_empty() || above.ends_with(['.', '-']))
    };
    let is_aws = || {
        let service = host.split('.').next().unwrap_or_default();
        service.starts_with("bedrock") && (of_domain("amazonaws.com") || of_domain("api.aws"))
    };
    let known = PROVIDERS.iter().find(|(domain, _)| of_domain(domain));
    match known {
        Some((_, AZURE)) if !matches!(api, LlmApi::ChatCompletions | LlmApi::Responses) => {
            AZURE_OTHERS
        }
        Some((_, provider)) => provider,
        None if is_aws() => "aws.bedrock",
        None => match api {
            LlmApi::ChatCompletions | LlmApi::Responses => "openai",
            LlmApi::Messages => "anthropic",
            LlmApi::Converse | LlmApi::InvokeModel => "aws.bedrock",
            LlmApi::GenerateContent => "gcp.gemini",
        },
    }
}

/// By the end of the host's name; of two that fit, the first.
const PROVIDERS: [(&str, &str); 15] = [
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("models.ai.azure.com", AZURE_OTHERS),
    ("inference.ai.azure.com", AZURE_OTHERS),
    ("azure.com", AZURE),
    ("openai.com", "openai"),
    ("anthropic.com", "anthropic"),
    ("x.ai", "x_ai"),
    ("mistral.ai", "mistral_ai"),
    ("deepseek.com", "deepseek"),
    ("groq.com", "groq"),
    ("perplexity.ai", "perplexity"),
    ("cohere.com", "cohere"),
    ("cohere.ai", "cohere"),
    ("ml.cloud.ibm.com", "ibm.watsonx.ai"),
];

/// Models of `OpenAI`.
const AZURE: &str = "azure.ai.openai";
const AZURE_OTHERS: &str = "azure.ai.inference";

#[cfg(test)]
mod tests {
    use super::provider;
    use aegis_protocol::LlmApi::{
        self, ChatCompletions, Converse, GenerateContent, Messages, Responses,
    };

    #[test]
    fn the_host_says_who_serves_and_else_the_api() {
        let known: [(LlmApi, &str, &str); 16] = [
            (ChatCompletions, "api.openai.com", "openai"),
            (Responses, "eu.api.openai.com", "openai"),
            (ChatCompletions, "acme.openai.azure.com", "azure.ai.openai"),
            (Messages, "acme.services.ai.azure.com", "azure.ai.inference"),
            (
                ChatCompletions,
                "x.models.ai.azure.com",
                "azure.ai.inference",
            ),
            (ChatCompletions, "api.mistral.ai", "mistral_ai"),
            (ChatCompletions, "api.x.ai", "x_ai"),
            (
                ChatCompletions,
                "generativelanguage.googleapis.com",
                "gcp.gemini",
            ),
            (
                Messages,
                "europe-west1-aiplatform.googleapis.com",
                "gcp.vertex_ai",
            ),
            (
                ChatCompletions,
                "bedrock-runtime.eu-west-1.amazonaws.com",
                "aws.bedrock",
            ),
            (ChatCompletions, "llm.internal", "openai"),
            (ChatCompletions, "notopenai.company", "openai"),
            (Messages, "llm.internal", "anthropic"),
            (Messages, "cox.ai", "anthropic"),
            (Converse, "llm.internal", "aws.bedrock"),
            (GenerateContent, "llm.internal", "gcp.gemini"),
        ];
        for (api, host, expected) in known {
            assert_eq!(provider(api, host), expected, "{host}");
        }
    }
}
