//! Calls and snapshots as the tests of this crate say them.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::Path;
use std::sync::Arc;

use aegis_policy::suite::Suite;
use aegis_policy::{
    Auth, Authority, Call, CallKind, Caller, Chain, DataFinding, Decision, Destination, Front,
    HttpPart, Intent, Mode, Phase, Scheme, Snapshot, Source, Sources, Truncation, Workbench,
};
use serde_json::{Value as Json, json};

pub(crate) fn sources(data: &str) -> Sources {
    let data = vec![Source {
        file: "policy.yaml".to_owned(),
        text: data.to_owned(),
    }];
    Sources {
        modules: Vec::new(),
        data,
        mode: Mode::Enforce,
    }
}

pub(crate) fn with_module(data: &str, module: &str) -> Sources {
    let module = Source {
        file: "own.rego".to_owned(),
        text: module.to_owned(),
    };
    Sources {
        modules: vec![module],
        ..sources(data)
    }
}

pub(crate) fn build(sources: &Sources) -> Snapshot {
    Snapshot::build(sources, 7).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The data of one directory beside these tests, and the modules of the one of that name under
/// `policies/`: there the same data is written in documents, which `aegis-authoring` compiles to it.
pub(crate) fn directory(name: &str) -> Sources {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = root.join("tests").join(name).join("policy.yaml");
    let mut modules: Vec<Source> = std::fs::read_dir(root.join("../../policies").join(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| is_module(path))
        .map(|path| source(&path))
        .collect();
    modules.sort_by(|a, b| a.file.cmp(&b.file));
    Sources {
        modules,
        data: vec![source(&data)],
        mode: Mode::Enforce,
    }
}

fn is_module(path: &Path) -> bool {
    let stem = path.file_stem().unwrap().to_string_lossy();
    path.extension()
        .is_some_and(|extension| extension == "rego")
        && !stem.ends_with("_test")
}

fn source(path: &Path) -> Source {
    Source {
        file: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: std::fs::read_to_string(path).unwrap(),
    }
}

/// The table tests of one directory under `policies/`.
pub(crate) fn tables(name: &str) -> Suite {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../policies/{name}/tests"));
    let files = std::fs::read_dir(root).unwrap();
    let mut sources: Vec<Source> = files.map(|entry| source(&entry.unwrap().path())).collect();
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    Suite::read(&sources).unwrap_or_else(|problems| panic!("{problems}"))
}

pub(crate) fn bench(sources: &Sources) -> Workbench {
    Workbench::build(sources, 7).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A call of finance-bot that the demo policy allows; each test changes what it is about.
pub(crate) fn charge(parameters: Json) -> Intent {
    call("stripe-payments", "charge", parameters)
}

pub(crate) fn call(tool: &str, action: &str, parameters: Json) -> Intent {
    let Json::Object(parameters) = parameters else {
        panic!("parameters are an object")
    };
    Intent {
        phase: Phase::Request,
        id: "0190".into(),
        time: "2026-11-21T00:00:00Z".into(),
        front: Front::Forward,
        region: "eu-central-1".into(),
        caller: Caller {
            tenant: "acme".into(),
            agent: "finance-bot".into(),
            auth: Auth::Credential,
        },
        chain: Chain::default(),
        destination: Destination {
            scheme: Scheme::Https,
            authority: Authority::parse("payments.demo.test", 443).unwrap(),
            path: "/v1/charges".into(),
            provider: "stripe".into(),
            regions: [Arc::from("eu-central-1")].into(),
        },
        call: Call {
            kind: CallKind::Tool,
            tool: tool.into(),
            action: action.into(),
            parameters,
            model: None,
            stream: false,
            truncation: Truncation::Whole,
            opaque: false,
            changed: false,
        },
        http: Some(HttpPart {
            method: "POST".into(),
            content_type: "application/json".into(),
        }),
        data: Vec::new(),
    }
}

pub(crate) fn tunnel(host: &str) -> Intent {
    let mut intent = call("tunnel", "connect", json!({}));
    intent.phase = Phase::Connect;
    intent.call.kind = CallKind::Tunnel;
    intent.http = None;
    intent.destination.path = "".into();
    to(intent, host)
}

pub(crate) fn to(mut intent: Intent, host: &str) -> Intent {
    intent.destination.authority = Authority::parse(host, 443).unwrap();
    intent
}

pub(crate) fn by(mut intent: Intent, tenant: &str, agent: &str) -> Intent {
    intent.caller = Caller {
        tenant: tenant.into(),
        agent: agent.into(),
        auth: Auth::Credential,
    };
    intent
}

pub(crate) fn in_regions(mut intent: Intent, regions: &[&str]) -> Intent {
    intent.destination.regions = regions.iter().map(|region| Arc::from(*region)).collect();
    intent
}

pub(crate) fn with_data(mut intent: Intent, kinds: &[&'static str]) -> Intent {
    intent.data = kinds
        .iter()
        .map(|kind| DataFinding {
            kind,
            class: "pii",
            path: "body:/note".to_owned(),
            count: 1,
            confidence: 95,
        })
        .collect();
    intent
}

/// `outcome rule, rule`, as the tables of the tests write it.
pub(crate) fn said(decision: &Decision) -> String {
    let rules: Vec<&str> = decision
        .reasons
        .iter()
        .map(|reason| reason.rule.as_ref())
        .collect();
    format!("{} {}", decision.outcome.as_str(), rules.join(", "))
        .trim_end()
        .to_owned()
}

pub(crate) fn small() -> Intent {
    to(call("http", "get", json!({})), "api.example.com")
}

/// One agent that may do little.
pub(crate) const SMALL: &str = r#"
aegis:
  tenants: {acme: {}}
  agents: {finance-bot: {tenant: acme, profile: small}}
  profiles:
    small:
      mode: enforce
      hosts: [api.example.com, .example.org, "odd.example:8443"]
      passthrough: [pinned.example.com]
      upgrades: [ws.example.com]
      tools:
        http:
          get: {}
          post:
            iban: {pattern: {regex: "^DE"}}
            card: {forbidden: true}
            address: {pattern: {cidr: 10.0.0.0/8}}
"#;
