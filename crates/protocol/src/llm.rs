//! The LLM APIs that Aegis reads: which one a call speaks decides how its request, its answer and its refusal look.

/// One API, not one provider: compatible servers speak another provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LlmApi {
    /// `POST …/chat/completions`, of `OpenAI`, Azure and compatible servers.
    ChatCompletions,
    /// `POST …/responses`, of `OpenAI`, Azure and compatible servers.
    Responses,
    /// `POST …/v1/messages`, of Anthropic.
    Messages,
    /// `POST /model/{model}/converse` and `…/converse-stream`, of Amazon Bedrock.
    Converse,
    /// `POST /model/{model}/invoke` and `…/invoke-with-response-stream`, of Amazon Bedrock: the body is the model's own.
    InvokeModel,
    /// `POST …/models/{model}:generateContent` and `…:streamGenerateContent`, of Google Gemini and Vertex.
    GenerateContent,
}
