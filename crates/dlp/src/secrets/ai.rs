//! Keys of services for language models, speech and pictures.

use super::token;
use crate::checks::chance::is_random;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    token(
        "SECRET_OPENAI",
        "OpenAI API reference, authentication: legacy keys",
        &["sk-"],
        r"sk-(?:[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|[A-Za-z0-9]{48})\b",
    ),
    token(
        "SECRET_OPENAI",
        "OpenAI API reference, authentication: keys of projects, services and administrators",
        &["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-none-"],
        r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{36,}",
    )
    .check(is_openai),
    token(
        "SECRET_ANTHROPIC",
        "Anthropic API reference, authentication",
        &["sk-ant-"],
        r"sk-ant-(?:api|admin|sid|oat|ort)[0-9]{2}-[A-Za-z0-9_-]{80,120}AA\b",
    ),
    token(
        "SECRET_OPENROUTER",
        "OpenRouter documentation, authentication",
        &["sk-or-v1-"],
        r"sk-or-v1-[a-f0-9]{64}\b",
    ),
    token(
        "SECRET_DEEPSEEK",
        "DeepSeek API documentation; others give keys of the same form",
        &["sk-"],
        r"sk-[a-f0-9]{32}\b",
    ),
    token(
        "SECRET_LANGFUSE",
        "Langfuse documentation, API keys",
        &["sk-lf-"],
        r"sk-lf-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}\b",
    ),
    token(
        "SECRET_HELICONE",
        "Helicone documentation, API keys",
        &["sk-helicone-"],
        r"sk-helicone-[a-z0-9-]{20,60}",
    ),
    token(
        "SECRET_HUGGINGFACE",
        "Hugging Face Hub documentation, user access tokens",
        &["hf_", "api_org_"],
        r"(?:hf|api_org)_[A-Za-z0-9]{34}\b",
    ),
    token(
        "SECRET_GROQ",
        "Groq console documentation",
        &["gsk_"],
        r"gsk_[A-Za-z0-9]{52}\b",
    ),
    token(
        "SECRET_XAI",
        "xAI API documentation",
        &["xai-"],
        r"xai-[A-Za-z0-9_]{70,90}\b",
    ),
    token(
        "SECRET_PERPLEXITY",
        "Perplexity API documentation",
        &["pplx-"],
        r"pplx-[A-Za-z0-9]{46,56}\b",
    ),
    token(
        "SECRET_REPLICATE",
        "Replicate HTTP API reference",
        &["r8_"],
        r"r8_[A-Za-z0-9]{37}\b",
    ),
    token(
        "SECRET_TOGETHER",
        "Together AI documentation",
        &["tgp_v1_"],
        r"tgp_v1_[A-Za-z0-9_-]{43}",
    ),
    token(
        "SECRET_FIREWORKS",
        "Fireworks AI documentation",
        &["fw_"],
        r"fw_[A-Za-z0-9]{22,26}\b",
    ),
    token(
        "SECRET_CEREBRAS",
        "Cerebras inference documentation",
        &["csk-"],
        r"csk-[a-z0-9]{48}\b",
    ),
    token(
        "SECRET_NVIDIA",
        "NVIDIA NGC and NIM documentation",
        &["nvapi-"],
        r"nvapi-[A-Za-z0-9_-]{60,72}",
    ),
    token(
        "SECRET_LANGSMITH",
        "LangSmith documentation, API keys",
        &["lsv2_pt_", "lsv2_sk_", "ls__"],
        r"(?:lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}|ls__[a-f0-9]{32})\b",
    ),
    token(
        "SECRET_PINECONE",
        "Pinecone documentation, API keys",
        &["pcsk_"],
        r"pcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{50,72}\b",
    ),
    token(
        "SECRET_TAVILY",
        "Tavily API reference",
        &["tvly-"],
        r"tvly-(?:dev-|prod-)?[A-Za-z0-9]{24,40}\b",
    ),
    token(
        "SECRET_FIRECRAWL",
        "Firecrawl API reference",
        &["fc-"],
        r"fc-[a-f0-9]{32}\b",
    ),
    token(
        "SECRET_E2B",
        "E2B documentation",
        &["e2b_"],
        r"e2b_[a-f0-9]{40}\b",
    ),
    token(
        "SECRET_ELEVENLABS",
        "ElevenLabs API reference",
        &["sk_"],
        r"sk_[a-f0-9]{48}\b",
    ),
    token(
        "SECRET_JINA",
        "Jina AI documentation",
        &["jina_"],
        r"jina_[A-Za-z0-9_-]{60}",
    ),
    token(
        "SECRET_VOYAGE",
        "Voyage AI documentation",
        &["pa-"],
        r"pa-[A-Za-z0-9_-]{43}\b",
    ),
    token(
        "SECRET_RUNPOD",
        "RunPod documentation",
        &["rpa_"],
        r"rpa_[A-Z0-9]{38,48}[a-z0-9]{0,8}\b",
    ),
    token(
        "SECRET_ANYSCALE",
        "Anyscale documentation",
        &["esecret_"],
        r"esecret_[A-Za-z0-9]{20,40}\b",
    ),
    token(
        "SECRET_LLAMACLOUD",
        "LlamaCloud documentation",
        &["llx-"],
        r"llx-[A-Za-z0-9]{48}\b",
    ),
    token(
        "SECRET_VOICEFLOW",
        "Voiceflow API documentation",
        &["VF."],
        r"VF\.(?:DM|WS|DMV?|CPD)\.[a-f0-9]{24}\.[A-Za-z0-9]{16}\b",
    ),
    token(
        "SECRET_WEIGHTSANDBIASES",
        "Weights & Biases documentation",
        &["wandb_v1_"],
        r"wandb_v1_[A-Za-z0-9_]{40,90}\b",
    ),
    token(
        "SECRET_BROWSERBASE",
        "Browserbase documentation",
        &["bb_live_"],
        r"bb_live_[A-Za-z0-9_-]{24,40}",
    ),
    token(
        "SECRET_DIFY",
        "Dify documentation",
        &["app-", "dataset-"],
        r"(?:app|dataset)-[A-Za-z0-9]{24}\b",
    )
    .check(is_random),
    token(
        "SECRET_FRIENDLI",
        "Friendli documentation",
        &["flp_"],
        r"flp_[A-Za-z0-9]{40,52}\b",
    ),
    token(
        "SECRET_CHROMA",
        "Chroma Cloud documentation",
        &["ck-"],
        r"ck-[A-Za-z0-9]{44}\b",
    ),
    token(
        "SECRET_MODAL",
        "Modal documentation",
        &["ak-", "as-"],
        r"a[ks]-[A-Za-z0-9]{22}\b",
    )
    .check(is_random),
];

/// All have the same eight letters in their middle. A key that is long is one all the same.
fn is_openai(value: &[u8]) -> bool {
    let marked = value.windows(8).any(|part| part == b"T3BlbkFJ");
    (marked || value.len() >= 80) && is_random(value)
}
