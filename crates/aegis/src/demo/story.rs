//! The scripted calls as data: who asks what of whom, and what is to become of it. Sends nothing.

use serde_json::{Value, json};

/// One call of the scripted agent.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// Who calls; `None` presents nothing.
    pub(crate) agent: Option<&'static str>,
    pub(crate) service: Service,
    pub(crate) path: &'static str,
    pub(crate) body: Value,
    pub(crate) expected: Expected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Payments,
    UsPayments,
    Llm,
    Mcp,
}

#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) outcome: &'static str,
    pub(crate) status: u16,
    /// What suspended findings would have made of it.
    pub(crate) would: Option<&'static str>,
    /// Text of the request that must not arrive at the service.
    pub(crate) removed: &'static [&'static str],
    /// Text of the answer that must not arrive at the agent.
    pub(crate) kept_back: &'static [&'static str],
}

pub(crate) fn scenes() -> Vec<Scene> {
    [payments(), models(), tools(), edges()]
        .into_iter()
        .flatten()
        .collect()
}

/// One scene for each outcome, as lines to paste.
pub(crate) fn for_curl() -> impl Iterator<Item = Scene> {
    let wanted = ["allow", "deny", "sanitize", "approval_needed", "shadow"];
    scenes()
        .into_iter()
        .filter(move |scene| wanted.contains(&scene.name))
}

impl Service {
    pub(crate) fn host(self) -> &'static str {
        match self {
            Self::Payments => "payments.demo.test",
            Self::UsPayments => "us-payments.demo.test",
            Self::Llm => "llm.demo.test",
            Self::Mcp => "mcp.demo.test",
        }
    }
}

impl Expected {
    pub(crate) fn forwards(&self) -> bool {
        matches!(self.outcome, "allow" | "sanitize")
    }
}

fn payments() -> Vec<Scene> {
    vec![
        Scene {
            name: "allow",
            title: "finance-bot charges 120 eur",
            agent: Some("finance-bot"),
            service: Service::Payments,
            path: "/v1/charges",
            body: json!({"amount": 120, "currency": "eur"}),
            expected: is("allow", 200),
        },
        Scene {
            name: "deny",
            title: "the same agent tries 250000, beyond its hard limit",
            agent: Some("finance-bot"),
            service: Service::Payments,
            path: "/v1/charges",
            body: json!({"amount": 250_000, "currency": "eur"}),
            expected: is("deny", 403),
        },
        Scene {
            name: "sanitize",
            title: "a charge with an internal note and a customer's address",
            agent: Some("finance-bot"),
            service: Service::Payments,
            path: "/v1/charges",
            body: json!({
                "amount": 80, "currency": "eur",
                "note": "third reminder, be polite",
                "description": "invoice for mia.keller@customer.example",
            }),
            expected: Expected {
                removed: &["third reminder", "mia.keller"],
                ..is("sanitize", 200)
            },
        },
        Scene {
            name: "approval_needed",
            title: "7500 eur: allowed in principle, a human decides",
            agent: Some("finance-bot"),
            service: Service::Payments,
            path: "/v1/charges",
            body: json!({"amount": 7500, "currency": "eur"}),
            expected: is("approval_needed", 403),
        },
        Scene {
            name: "residency",
            title: "granted tool, unlawful region: acme is bound to eu-central-1",
            agent: Some("finance-bot"),
            service: Service::UsPayments,
            path: "/v1/charges",
            body: json!({"amount": 100, "currency": "usd"}),
            expected: is("deny", 403),
        },
    ]
}

fn models() -> Vec<Scene> {
    let chat =
        |text: &str| json!({"model": "gpt-demo", "messages": [{"role": "user", "content": text}]});
    vec![
        Scene {
            name: "llm_sanitize",
            title: "a prompt with an e-mail address",
            agent: Some("research-bot"),
            service: Service::Llm,
            path: "/v1/chat/completions",
            body: chat("Draft a reply to jon.berg@customer.example, please"),
            expected: Expected {
                removed: &["jon.berg"],
                ..is("sanitize", 200)
            },
        },
        Scene {
            name: "llm_deny",
            title: "a prompt with a cloud key: refused as the SDK expects it",
            agent: Some("research-bot"),
            service: Service::Llm,
            path: "/v1/chat/completions",
            body: chat(&format!("Why does {KEY_PREFIX}{KEY_REST} not work?")),
            expected: is("deny", 403),
        },
        Scene {
            name: "llm_answer",
            title: "a model that says an address, word by word: redacted while it streams",
            agent: Some("research-bot"),
            service: Service::Llm,
            path: "/v1/chat/completions",
            body: json!({
                "model": "gpt-demo", "stream": true,
                "messages": [{"role": "user", "content": "Who is on call tonight?"}],
            }),
            expected: Expected {
                kept_back: &["jo.lind", "oncall.example"],
                ..is("allow", 200)
            },
        },
    ]
}

fn tools() -> Vec<Scene> {
    let call = |name: &str, arguments: Value| {
        let params = json!({"name": name, "arguments": arguments});
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    };
    vec![
        Scene {
            name: "mcp_allow",
            title: "an MCP tool that is granted",
            agent: Some("research-bot"),
            service: Service::Mcp,
            path: "/mcp",
            body: call("search", json!({"query": "refund terms"})),
            expected: is("allow", 200),
        },
        Scene {
            name: "mcp_deny",
            title: "an MCP tool that is not: a JSON-RPC error, so the session lives on",
            agent: Some("research-bot"),
            service: Service::Mcp,
            path: "/mcp",
            body: call("delete_page", json!({"page": "pricing"})),
            expected: is("deny", 200),
        },
    ]
}

fn edges() -> Vec<Scene> {
    vec![
        Scene {
            name: "shadow",
            title: "intern-bot has no such tool, but its tenant is in shadow",
            agent: Some("intern-bot"),
            service: Service::Payments,
            path: "/v1/charges",
            body: json!({"amount": 10, "currency": "eur"}),
            expected: Expected {
                would: Some("deny"),
                ..is("allow", 200)
            },
        },
        Scene {
            name: "anonymous",
            title: "somebody without a credential",
            agent: None,
            service: Service::Payments,
            path: "/v1/charges",
            body: json!({"amount": 1, "currency": "eur"}),
            expected: is("deny", 407),
        },
    ]
}

const fn is(outcome: &'static str, status: u16) -> Expected {
    Expected {
        outcome,
        status,
        would: None,
        removed: &[],
        kept_back: &[],
    }
}

/// Made up, and in two parts so that no scanner of this repository takes it for a real key.
const KEY_PREFIX: &str = "AKIA";
const KEY_REST: &str = "Q3DEMO7LOOPBACK2";
