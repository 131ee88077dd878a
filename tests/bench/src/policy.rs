//! Policy data of any size, and calls for it. Every agent has twenty tools; twenty agents share a profile.

use std::fmt::Write as _;
use std::sync::Arc;

use aegis_policy::{
    Auth, Authority, Call, CallKind, Caller, Chain, DataFinding, Destination, Front, HttpPart,
    Intent, Mode, Outcome, Phase, Scheme, Snapshot, Source, Sources, Truncation,
};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// What is asked of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Allow,
    Deny,
    ApprovalNeeded,
    Sanitize,
    Connect,
}

impl Case {
    pub(crate) const ALL: [Self; 5] = [
        Self::Allow,
        Self::Deny,
        Self::ApprovalNeeded,
        Self::Sanitize,
        Self::Connect,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            _ => self.outcome().as_str(),
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self> {
        let case = Self::ALL.into_iter().find(|case| case.name() == name);
        case.with_context(|| format!("no case is called {name}"))
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::Allow | Self::Connect => Outcome::Allow,
            Self::Deny => Outcome::Deny,
            Self::ApprovalNeeded => Outcome::ApprovalNeeded,
            Self::Sanitize => Outcome::Sanitize,
        }
    }
}

pub(crate) fn snapshot(agents: usize) -> Result<Snapshot> {
    let data = Source {
        file: "policy.yaml".to_owned(),
        text: text(agents)?,
    };
    let sources = Sources {
        modules: Vec::new(),
        data: vec![data],
        mode: Mode::Enforce,
    };
    Snapshot::build(&sources, 1).context("the policy of the benchmark")
}

/// The policy file.
pub(crate) fn text(agents: usize) -> Result<String> {
    let mut text =
        String::from("aegis:\n  tenants:\n    acme: {regions: [eu-central-1]}\n  agents:\n");
    for agent in 0..agents {
        let profile = agent / AGENTS_PER_PROFILE;
        writeln!(
            text,
            "    {}: {{tenant: acme, profile: profile-{profile}}}",
            agent_name(agent)
        )?;
    }
    text.push_str("  profiles:\n");
    for profile in 0..agents.div_ceil(AGENTS_PER_PROFILE) {
        writeln!(text, "    profile-{profile}:\n{PROFILE}")?;
        for tool in 0..TOOLS {
            writeln!(text, "        {}:\n{ACTIONS}", tool_name(tool))?;
        }
    }
    text.push_str("  catalogue:\n");
    for tool in 0..TOOLS {
        writeln!(
            text,
            "    {}:\n      hosts: [{}]\n{SERVICE}",
            tool_name(tool),
            host_name(tool)
        )?;
    }
    Ok(text)
}

/// Calls of many different agents to many different tools, all of one case. An answer that is not
/// the case's own is an error: a benchmark of wrong answers would be worth nothing.
pub(crate) fn intents(snapshot: &Snapshot, agents: usize, case: Case) -> Result<Vec<Intent>> {
    let intents: Vec<Intent> = (0..VARIETY)
        .map(|at| intent(at * 7919 % agents, at % TOOLS, case))
        .collect::<Result<_>>()?;
    for intent in &intents {
        let decision = snapshot.decide(intent);
        if decision.outcome != case.outcome() {
            bail!("{} was expected, and not {decision:?}", case.name());
        }
    }
    Ok(intents)
}

fn intent(agent: usize, tool: usize, case: Case) -> Result<Intent> {
    let connect = case == Case::Connect;
    let call = if connect {
        tunnel()
    } else {
        charge(tool, parameters(case))
    };
    let data = match case {
        Case::Deny => vec![found("EMAIL_ADDRESS", "pii"), found("CREDIT_CARD", "pci")],
        Case::Sanitize => vec![found("EMAIL_ADDRESS", "pii")],
        _ => Vec::new(),
    };
    Ok(Intent {
        phase: if connect {
            Phase::Connect
        } else {
            Phase::Request
        },
        id: "01930000-0000-7000-8000-000000000000".into(),
        time: "2026-11-21T00:00:00.000000Z".into(),
        front: Front::Forward,
        region: "eu-central-1".into(),
        caller: Caller {
            tenant: "acme".into(),
            agent: agent_name(agent).into(),
            auth: Auth::Credential,
        },
        chain: Chain::default(),
        destination: Destination {
            scheme: Scheme::Https,
            authority: Authority::parse(&host_name(tool), 443)?,
            path: if connect { "" } else { "/v1/charges" }.into(),
            provider: "stripe".into(),
            regions: [Arc::from("eu-central-1")].into(),
        },
        call,
        http: (!connect).then(|| HttpPart {
            method: "POST".into(),
            content_type: "application/json".into(),
        }),
        data,
    })
}

fn charge(tool: usize, parameters: serde_json::Map<String, Value>) -> Call {
    Call {
        kind: CallKind::Tool,
        tool: tool_name(tool).into(),
        action: "charge".into(),
        parameters,
        model: None,
        stream: false,
        truncation: Truncation::Whole,
        opaque: false,
        changed: false,
    }
}

fn tunnel() -> Call {
    Call {
        kind: CallKind::Tunnel,
        tool: "tunnel".into(),
        action: "connect".into(),
        ..charge(0, serde_json::Map::new())
    }
}

/// 2 KB as JSON.
fn parameters(case: Case) -> serde_json::Map<String, Value> {
    let amount = if case == Case::ApprovalNeeded {
        9000
    } else {
        4200
    };
    let currency = if case == Case::Deny { "chf" } else { "eur" };
    let mut parameters = payload(amount, currency, 1700);
    parameters.insert("order".to_owned(), json!("ord-2026-11-21-000017"));
    if case == Case::Sanitize {
        parameters.insert("note".to_owned(), json!("to be delivered to the back door"));
    }
    parameters
}

/// The parameters of one charge: a few scalars, a nested object, and texts of about `size` bytes.
pub(crate) fn payload(amount: u32, currency: &str, size: usize) -> serde_json::Map<String, Value> {
    let mut payload = serde_json::Map::new();
    payload.insert("amount".to_owned(), json!(amount));
    payload.insert("currency".to_owned(), json!(currency));
    payload.insert("capture".to_owned(), json!(true));
    payload.insert(
        "customer".to_owned(),
        json!({"id": "cus_00042", "segment": "business", "tier": 3}),
    );
    let items = size / 2 / 80;
    let items: Vec<Value> = (0..items)
        .map(|item| json!({"sku": format!("sku-{item:05}"), "quantity": item + 1, "label": "recycled paper, white, A4"}))
        .collect();
    payload.insert("items".to_owned(), json!(items));
    payload.insert(
        "description".to_owned(),
        json!(PROSE.repeat(size / 2 / PROSE.len())),
    );
    payload
}

fn found(kind: &'static str, class: &'static str) -> DataFinding {
    DataFinding {
        kind,
        class,
        path: "body:/description".to_owned(),
        count: 1,
        confidence: 95,
    }
}

pub(crate) fn agent_name(agent: usize) -> String {
    format!("agent-{agent:05}")
}

fn tool_name(tool: usize) -> String {
    format!("payments-{tool:02}")
}

pub(crate) fn host_name(tool: usize) -> String {
    format!("api-{tool:02}.bench.test")
}

/// Different calls in one measurement, so that no cache of the processor holds all there is.
const VARIETY: usize = 512;
const AGENTS_PER_PROFILE: usize = 20;
const TOOLS: usize = 20;

const PROFILE: &str = "      hosts: [status.bench.test, .docs.bench.test]
      data: {EMAIL_ADDRESS: sanitize, CREDIT_CARD: deny, SECRET_AWS: deny, SECRET_PRIVATE_KEY: deny}
      tools:";

const ACTIONS: &str = "          charge:
            amount: {min: 1, max: 100000, approve_above: 5000}
            currency: {enum: [eur, usd], required: true}
            note: {redact: true}
            order: {pattern: {glob: 'ord-*'}}
            override: {forbidden: true}
          refund: {amount: {min: 1, max: 500}, charge: {required: true}}";

const SERVICE: &str = "      protocol: rest
      provider: stripe
      regions: [eu-central-1]
      operations:
        - {action: charge, method: POST, path: /v1/charges, recordable: [amount, currency]}
        - {action: refund, method: POST, path: '/v1/charges/{charge}/refund'}";

const PROSE: &str = "Forty reams of paper for the office on the third floor, as agreed. ";
