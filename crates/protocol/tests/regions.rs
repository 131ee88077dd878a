//! Where an LLM's request asks to be processed, from its bytes to the decision on it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test: to fail loudly is its job"
)]

use std::sync::LazyLock;

use aegis_dlp::Scanner;
use aegis_policy::{
    Auth, Authority, Caller, Decision, Destination, Front, Intent, Mode, Outcome, Phase, Scheme,
    Snapshot, Source, Sources,
};
use aegis_protocol::{BodyView, RequestView, inspect};
use bytes::Bytes;
use http::{HeaderMap, Method};

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::new().expect("rules"));

#[test]
fn a_model_is_used_only_through_a_profile_of_the_tenants_geography() {
    let table = [
        ("eu.anthropic.claude-x-v1:0", "allow"),
        ("anthropic.claude-x-v1:0", "allow"),
        ("us.anthropic.claude-x-v1:0", "parameter.enum"),
        ("global.anthropic.claude-x-v1:0", "parameter.enum"),
        (
            "arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Fus.x.y",
            "parameter.enum",
        ),
        (
            "arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Aapplication-inference-profile%2Fabc",
            "parameter.enum",
        ),
    ];
    for (model, expected) in table {
        let path = format!("/model/{model}/converse");
        assert_eq!(
            said("bedrock.example.com", &path, r#"{"messages":[]}"#),
            expected,
            "{model}"
        );
    }
}

#[test]
fn a_call_of_vertex_goes_to_a_location_that_the_policy_names() {
    for (location, expected) in [
        ("europe-west4", "allow"),
        ("us-central1", "parameter.enum"),
        ("global", "parameter.enum"),
    ] {
        let parent = format!("/v1/projects/p/locations/{location}");
        let path = format!("{parent}/publishers/google/models/gemini-x:generateContent");
        let body = r#"{"contents":[],"location":"europe-west4"}"#;
        assert_eq!(
            said("gemini.example.com", &path, body),
            expected,
            "{location}"
        );
    }
    let path = "/v1beta/models/gemini-x:generateContent";
    let nowhere = said("gemini.example.com", path, r#"{"contents":[]}"#);
    assert_eq!(nowhere, "parameter.required");
}

#[test]
fn a_message_asks_for_a_geography_that_the_policy_names() {
    for (member, expected) in [
        (r#","inference_geo":"eu""#, "allow"),
        (r#","inference_geo":"us""#, "parameter.enum"),
        (r#","inference_geo":["eu"]"#, "parameter.enum"),
        ("", "parameter.required"),
    ] {
        let body = format!(r#"{{"model":"m","messages":[]{member}}}"#);
        assert_eq!(
            said("claude.example.com", "/v1/messages", &body),
            expected,
            "{member}"
        );
    }
}

/// `allow`, or the rule that denies.
fn said(host: &str, path: &str, body: &str) -> String {
    let decision = decide(host, path, body);
    match decision.outcome {
        Outcome::Allow => "allow".to_owned(),
        _ => decision.reasons.iter().map(|it| &*it.rule).collect(),
    }
}

fn decide(host: &str, path: &str, body: &str) -> Decision {
    let authority = Authority::parse(host, 443).expect("an authority");
    let service = SNAPSHOT.catalogue().service(&authority);
    let view = RequestView {
        method: &Method::POST,
        authority: &authority,
        path,
        query: None,
        headers: &HeaderMap::new(),
        opens_websocket: false,
        body: BodyView::Whole(&Bytes::from(body.to_owned())),
    };
    let inspected = inspect(&view, service, &*SCANNER).expect("a call");
    SNAPSHOT.decide(&Intent {
        phase: Phase::Request,
        id: "1".into(),
        time: "2026-01-31T12:00:00Z".into(),
        front: Front::Forward,
        region: "eu-central-1".into(),
        caller: Caller {
            tenant: "acme".into(),
            agent: "bot".into(),
            auth: Auth::Credential,
        },
        chain: aegis_policy::Chain::default(),
        destination: Destination::catalogued(
            Scheme::Https,
            authority.clone(),
            path.into(),
            service,
        ),
        call: inspected.call,
        http: None,
        data: inspected.data,
    })
}

static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    let data = vec![Source {
        file: "policy.yaml".to_owned(),
        text: POLICY.to_owned(),
    }];
    let sources = Sources {
        modules: Vec::new(),
        data,
        mode: Mode::Enforce,
    };
    Snapshot::build(&sources, 1).unwrap_or_else(|problems| panic!("{problems}"))
});

const POLICY: &str = "
aegis:
  tenants: {acme: {regions: [eu-central-1]}}
  agents: {bot: {tenant: acme, profile: p}}
  profiles:
    p:
      tools:
        aws: {chat: {inference_profile_region: {enum: [eu]}}}
        google: {chat: {location: {enum: [europe-west4], required: true}}}
        claude: {chat: {inference_geo: {enum: [eu], required: true}}}
  catalogue:
    aws: {hosts: [bedrock.example.com], protocol: bedrock, regions: [eu-central-1]}
    google: {hosts: [gemini.example.com], protocol: gemini, regions: [eu-central-1]}
    claude: {hosts: [claude.example.com], protocol: anthropic, regions: [eu-central-1]}
";
