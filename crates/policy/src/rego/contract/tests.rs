//! The table, the documentation and what is built agree, in every phase.

use std::collections::BTreeMap;

use CallKind::{A2a, Grpc, Http, Llm, Mcp, Tool, Tunnel};

use super::{Field, INPUT, Phases, Shape};
use crate::rego::Json;
use crate::sensitive;
use crate::sources::Source;
use crate::{
    Auth, Authority, Call, CallKind, Caller, Chain, DataFinding, Destination, Front, HttpPart,
    Intent, Mode, Phase, Scheme, Snapshot, Sources, Truncation,
};

#[test]
fn the_documentation_has_every_field_of_the_table_and_no_other() {
    let text = include_str!("../../../../../docs/policy.md");
    let section = text.split("\n## Input\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let documented: BTreeMap<String, (String, String)> = rows.flat_map(documented).collect();
    let mut table = BTreeMap::new();
    flatten("", &INPUT, Phases::All, &mut table);
    assert_eq!(documented, table);
}

/// The fields of one row, `.name` being one beside the field before it.
fn documented(row: &str) -> Vec<(String, (String, String))> {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let mut parent = String::new();
    let fields = cells[0].split(", ").map(|field| field.trim_matches('`'));
    let fields = fields.map(|field| {
        let path = match field.strip_prefix('.') {
            Some(name) => format!("{parent}.{name}"),
            None => field.to_owned(),
        };
        path.rsplit_once('.')
            .unwrap_or_default()
            .0
            .clone_into(&mut parent);
        (path, (cells[1].to_owned(), cells[2].to_owned()))
    });
    fields.collect()
}

/// Every place that has nothing below it: when it is there, and what.
fn flatten(
    path: &str,
    shape: &Shape,
    phases: Phases,
    into: &mut BTreeMap<String, (String, String)>,
) {
    let dot = if path.is_empty() { "" } else { "." };
    match shape {
        Shape::Object(fields) => {
            for field in *fields {
                let path = format!("{path}{dot}{}", field.name);
                flatten(&path, &field.shape, field.phases, into);
            }
        }
        Shape::List(of @ Shape::Object(_)) => flatten(&format!("{path}[]"), of, phases, into),
        Shape::Map(of) => flatten(&format!("{path}.NAME"), of, phases, into),
        Shape::Facts => flatten(&format!("{path}.NAME"), &Shape::Truth, phases, into),
        leaf => {
            let phases = match phases {
                Phases::All => "all",
                Phases::Described => "not in `connect`",
                Phases::Library => "not in modules",
            };
            into.insert(path.to_owned(), (phases.to_owned(), leaf.to_string()));
        }
    }
}

#[test]
fn what_is_built_is_what_the_table_says() {
    let snapshot = Snapshot::build(&sources(), 1).unwrap();
    let mut comparison = snapshot.comparison().unwrap();
    let mut input = |intent: Intent| comparison.answers(&intent).unwrap().input;

    let request = input(request());
    conforms("input", &INPUT, &request, Phase::Request);
    // The check is only worth something where lists and maps have something in them.
    for filled in [
        "/facts/european",
        "/patterns/iban",
        "/dlp/findings/0",
        "/call/misspelled/0",
        "/call/parameters/iban",
        "/agent/labels/team",
        "/tenant/labels/tier",
        "/tenant/regions/0",
    ] {
        assert!(request.pointer(filled).is_some(), "{filled} in {request}");
    }
    conforms("input", &INPUT, &input(tunnel()), Phase::Connect);

    let mut unbound = self::request();
    unbound.caller.tenant = "globex".into();
    let unbound = input(unbound);
    assert_eq!(unbound["tenant"]["regions"], Json::Null);
    conforms("input", &INPUT, &unbound, Phase::Request);
}

fn conforms(path: &str, shape: &Shape, value: &Json, phase: Phase) {
    let holds = match (shape, value) {
        (Shape::Any, _)
        | (Shape::Text, Json::String(_))
        | (Shape::Number, Json::Number(_))
        | (Shape::Truth, Json::Bool(_))
        | (Shape::Nullable(_), Json::Null) => true,
        (Shape::OneOf(words), Json::String(text)) => words.contains(&text.as_str()),
        (Shape::DataType, Json::String(text)) => sensitive::types().contains(&text.as_str()),
        (Shape::Nullable(shape), _) => {
            conforms(path, shape, value, phase);
            true
        }
        (Shape::List(of), Json::Array(items)) => {
            for item in items {
                conforms(path, of, item, phase);
            }
            true
        }
        (Shape::Map(of), Json::Object(entries)) => {
            for entry in entries.values() {
                conforms(path, of, entry, phase);
            }
            true
        }
        (Shape::Facts, Json::Object(entries)) => entries.values().all(Json::is_boolean),
        (Shape::Object(fields), Json::Object(entries)) => {
            for field in *fields {
                has(path, field, entries.get(field.name), phase);
            }
            entries
                .keys()
                .all(|name| fields.iter().any(|field| field.name == name))
        }
        _ => false,
    };
    assert!(holds, "{path} is {value}, not {shape}");
}

fn has(path: &str, field: &Field, value: Option<&Json>, phase: Phase) {
    let path = format!("{path}.{}", field.name);
    if phase == Phase::Connect && field.phases == Phases::Described {
        let empty = match value {
            None => true,
            Some(Json::String(text)) => text.is_empty(),
            Some(Json::Array(items)) => items.is_empty(),
            Some(Json::Object(entries)) => entries.is_empty(),
            Some(_) => false,
        };
        assert!(empty, "{path} is {value:?} in `connect`");
    } else {
        let value = value.unwrap_or_else(|| panic!("{path} is not built"));
        conforms(&path, &field.shape, value, phase);
    }
}

/// The matches fail to compile where a variant is missing here.
#[test]
fn every_constant_of_the_vocabulary_is_in_the_table() {
    let phases = [Phase::Connect, Phase::Request, Phase::ProposedCall].map(|phase| match phase {
        Phase::Connect | Phase::Request | Phase::ProposedCall => phase.as_str(),
    });
    let fronts = [Front::Forward, Front::Gateway].map(|front| match front {
        Front::Forward | Front::Gateway => front.as_str(),
    });
    let auths = [Auth::Anonymous, Auth::Credential, Auth::Certificate].map(|auth| match auth {
        Auth::Anonymous | Auth::Credential | Auth::Certificate => auth.as_str(),
    });
    let schemes = [Scheme::Http, Scheme::Https].map(|scheme| match scheme {
        Scheme::Http | Scheme::Https => scheme.as_str(),
    });
    let kinds = [Tunnel, Http, Tool, Llm, Mcp, A2a, Grpc].map(|kind| match kind {
        Tunnel | Http | Tool | Llm | Mcp | A2a | Grpc => kind.as_str(),
    });
    for (path, words) in [
        ("phase", &phases[..]),
        ("front", &fronts),
        ("agent.auth", &auths),
        ("destination.scheme", &schemes),
        ("call.kind", &kinds),
    ] {
        let place = path.split('.').fold(&INPUT, |shape, name| match shape {
            Shape::Object(fields) => {
                &fields
                    .iter()
                    .find(|field| field.name == name)
                    .unwrap()
                    .shape
            }
            _ => panic!("{path}"),
        });
        assert!(
            matches!(place, Shape::OneOf(known) if *known == words),
            "{path}"
        );
    }
}

fn request() -> Intent {
    let parameters = serde_json::json!({"iban": "DE1", "Amount": 5, "deep": [{"x": null}]});
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
            agent: "a".into(),
            auth: Auth::Certificate,
        },
        chain: Chain {
            agents: ["planner".into()].into(),
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        },
        destination: Destination {
            scheme: Scheme::Https,
            authority: Authority::parse("pay.example.com", 443).unwrap(),
            path: "/charges".into(),
            provider: "pay".into(),
            regions: ["eu-central-1".into()].into(),
        },
        call: Call {
            kind: CallKind::Llm,
            tool: "pay".into(),
            action: "charge".into(),
            parameters,
            model: Some("any".into()),
            stream: true,
            truncation: Truncation::Whole,
            opaque: false,
            changed: false,
        },
        http: Some(HttpPart {
            method: "POST".into(),
            content_type: "application/json".into(),
        }),
        data: vec![DataFinding {
            kind: "EMAIL_ADDRESS",
            class: "pii",
            path: "body:/iban".to_owned(),
            count: 1,
            confidence: 95,
        }],
    }
}

fn tunnel() -> Intent {
    let mut intent = request();
    intent.phase = Phase::Connect;
    intent.destination.path = "".into();
    intent.call = Call {
        kind: CallKind::Tunnel,
        tool: "tunnel".into(),
        action: "connect".into(),
        parameters: serde_json::Map::new(),
        model: None,
        stream: false,
        ..intent.call
    };
    intent.http = None;
    intent.data = Vec::new();
    intent
}

fn sources() -> Sources {
    let text = r#"
aegis:
  tenants:
    acme: {regions: [eu-central-1], labels: {tier: gold}}
    globex: {}
  agents: {a: {tenant: acme, profile: p, labels: {team: money}}}
  profiles: {p: {tools: {pay: {charge: {iban: {pattern: {glob: "DE*"}}, amount: {max: 9}}}}}}
  catalogue:
    pay: {hosts: [pay.example.com], protocol: rest, operations: [{action: charge, method: POST, path: /charges}]}
  facts: {european: {glob: "*.eu", of: destination.host}}
"#;
    let data = Source {
        file: "data.yaml".to_owned(),
        text: text.to_owned(),
    };
    Sources {
        modules: Vec::new(),
        data: vec![data],
        mode: Mode::Enforce,
    }
}
