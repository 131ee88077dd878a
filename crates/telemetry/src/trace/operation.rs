//! What OpenTelemetry's conventions for `GenAI` and MCP say of a call: its name, and attributes beside ours.
//!
//! They are in development, so one revision is followed: `open-telemetry/semantic-conventions-genai`
//! at `002c8a6ea1c8a42b14a4527db83b3cabcded610a`. Texts and arguments, which the conventions leave
//! to the user's choice, are never written.

use opentelemetry::{KeyValue, StringValue, Value};

/// What is done, in the conventions' words.
#[derive(Clone, Debug, Default)]
pub enum Operation<'a> {
    /// Nothing that they have a word for.
    #[default]
    Other,
    /// A model is asked.
    Inference(Inference<'a>),
    /// A message to a server of MCP, by its method.
    Mcp { method: &'a str, target: Target<'a> },
    /// Another agent is asked.
    Agent { name: &'a str },
    /// A call that a model proposes; nobody has made it yet.
    ProposedTool { name: &'a str },
}

/// What a message to a server of MCP is for.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    Server,
    Tool(&'a str),
    Prompt(&'a str),
}

/// A question to a model, and what its answer said about itself.
#[derive(Clone, Debug, Default)]
pub struct Inference<'a> {
    /// `chat` or `generate_content`.
    pub operation: &'static str,
    /// One of the conventions' own values.
    pub provider: &'static str,
    pub model: &'a str,
    pub stream: bool,
    pub response_id: Option<&'a str>,
    pub response_model: Option<&'a str>,
    pub finish_reasons: &'a [String],
    pub input_tokens: Option<u64>,
    /// Of the input.
    pub cached_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    /// The region that did the work, where the provider states it. The conventions have no word for it.
    pub region: Option<&'a str>,
}

impl Operation<'_> {
    /// Low in variety, as the conventions ask.
    pub(super) fn span_name(&self) -> Option<String> {
        Some(match self {
            Self::Other => return None,
            Self::Inference(asked) if asked.model.is_empty() => asked.operation.to_owned(),
            Self::Inference(asked) => format!("{} {}", asked.operation, asked.model),
            Self::Mcp { method, target } => match target {
                Target::Server => (*method).to_owned(),
                Target::Tool(name) | Target::Prompt(name) => format!("{method} {name}"),
            },
            Self::Agent { name } => format!("{INVOKE_AGENT} {name}"),
            Self::ProposedTool { name } => format!("propose {name}"),
        })
    }

    pub(super) fn attributes(&self) -> Vec<KeyValue> {
        match self {
            Self::Other => Vec::new(),
            Self::Inference(asked) => asked.attributes(),
            Self::Mcp { method, target } => {
                let mut all = vec![text("mcp.method.name", method)];
                match target {
                    Target::Server => {}
                    Target::Tool(name) => {
                        all.push(text(OPERATION, "execute_tool"));
                        all.push(text(TOOL, name));
                    }
                    Target::Prompt(name) => all.push(text("gen_ai.prompt.name", name)),
                }
                all
            }
            Self::Agent { name } => {
                vec![
                    text(OPERATION, INVOKE_AGENT),
                    text("gen_ai.agent.name", name),
                ]
            }
            Self::ProposedTool { name } => vec![text(TOOL, name)],
        }
    }
}

impl Inference<'_> {
    fn attributes(&self) -> Vec<KeyValue> {
        let mut all = vec![
            text(OPERATION, self.operation),
            text("gen_ai.provider.name", self.provider),
        ];
        let words = [
            ("gen_ai.request.model", Some(self.model)),
            ("gen_ai.response.id", self.response_id),
            ("gen_ai.response.model", self.response_model),
            ("aegis.response_region", self.region),
        ];
        for (key, word) in words {
            let word = word.filter(|word| !word.is_empty());
            all.extend(word.map(|word| text(key, word)));
        }
        if self.stream {
            all.push(KeyValue::new("gen_ai.request.stream", true));
        }
        let counts = [
            ("gen_ai.usage.input_tokens", self.input_tokens),
            ("gen_ai.usage.cache_read.input_tokens", self.cached_tokens),
            ("gen_ai.usage.output_tokens", self.output_tokens),
        ];
        for (key, count) in counts {
            let count = count.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
            all.extend(count.map(|count| KeyValue::new(key, count)));
        }
        if !self.finish_reasons.is_empty() {
            let reasons = self.finish_reasons.iter().cloned().map(StringValue::from);
            let reasons: Vec<StringValue> = reasons.collect();
            all.push(KeyValue::new(
                "gen_ai.response.finish_reasons",
                Value::Array(reasons.into()),
            ));
        }
        all
    }
}

fn text(key: &'static str, value: &str) -> KeyValue {
    KeyValue::new(key, value.to_owned())
}

const OPERATION: &str = "gen_ai.operation.name";
const TOOL: &str = "gen_ai.tool.name";
const INVOKE_AGENT: &str = "invoke_agent";
