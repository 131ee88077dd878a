//! Promises about what a refused agent reads.

use aegis_policy::{Catalogue, Outcome, Reason, Source};
use serde_json::{Value, json};

use super::{Dialect, RefusalDocument, render};

fn reasons() -> Vec<Reason> {
    vec![
        Reason {
            rule: "parameter.max".into(),
            message: "amount is more than 100".into(),
        },
        Reason {
            rule: "data.email".into(),
            message: "an e-mail address leaves".into(),
        },
    ]
}

fn refusal(reasons: &[Reason]) -> RefusalDocument<'_> {
    RefusalDocument {
        status: 403,
        decision_id: "d-1",
        outcome: Outcome::Deny,
        reasons,
        policy_version: "7-3fa9c1d2e0b4",
        approval_id: None,
        region: "eu-central-1",
        next_step: "lower the amount",
        retryable: false,
    }
}

fn rendered(dialect: &Dialect, refusal: &RefusalDocument<'_>) -> (String, Value) {
    let (content_type, body) = render(dialect, refusal);
    let body = serde_json::from_slice(&body).expect("JSON");
    (content_type.to_str().expect("text").to_owned(), body)
}

#[test]
fn a_problem_has_the_members_of_rfc_9457_and_ours() {
    let reasons = reasons();
    let (content_type, body) = rendered(&Dialect::Problem, &refusal(&reasons));
    assert_eq!(content_type, "application/problem+json");
    let expected = json!({
        "type": "urn:aegis:refusal:deny",
        "title": "the call was refused",
        "status": 403,
        "detail": "amount is more than 100; an e-mail address leaves",
        "decision_id": "d-1",
        "outcome": "deny",
        "reasons": [
            {"rule": "parameter.max", "message": "amount is more than 100"},
            {"rule": "data.email", "message": "an e-mail address leaves"},
        ],
        "policy_version": "7-3fa9c1d2e0b4",
        "region": "eu-central-1",
        "next_step": "lower the amount",
        "retryable": false,
    });
    assert_eq!(body, expected);
}

#[test]
fn an_approval_has_its_id() {
    let refusal = RefusalDocument {
        outcome: Outcome::ApprovalNeeded,
        approval_id: Some("a-1"),
        ..refusal(&[])
    };
    let (_, body) = rendered(&Dialect::Problem, &refusal);
    assert_eq!(body["approval_id"], "a-1");
    assert_eq!(body["outcome"], "approval_needed");
    assert_eq!(body["type"], "urn:aegis:refusal:approval_needed");
}

#[test]
fn a_json_rpc_error_answers_the_id_and_holds_the_problem() {
    let reasons = reasons();
    let (_, problem) = rendered(&Dialect::Problem, &refusal(&reasons));
    for id in [json!(7), json!("seven"), Value::Null] {
        let dialect = Dialect::JsonRpc { id: id.clone() };
        let (content_type, body) = rendered(&dialect, &refusal(&reasons));
        assert_eq!(content_type, "application/json");
        assert_eq!(body["jsonrpc"], "2.0");
        assert_eq!(body["id"], id);
        assert_eq!(body["error"]["code"], -32050);
        let message = "the call was refused: amount is more than 100; an e-mail address leaves";
        assert_eq!(body["error"]["message"], message);
        assert_eq!(body["error"]["data"], problem);
    }
}

#[test]
fn an_openai_error_has_what_the_sdk_reads_and_the_problem() {
    let reasons = reasons();
    let (content_type, body) = rendered(&Dialect::OpenAi, &refusal(&reasons));
    assert_eq!(content_type, "application/json");
    assert_eq!(body["error"]["type"], "policy_refusal");
    assert_eq!(body["error"]["code"], "parameter.max");
    assert_eq!(body["error"]["param"], Value::Null);
    assert_eq!(body["error"]["aegis"]["decision_id"], "d-1");
    let (_, body) = rendered(&Dialect::OpenAi, &refusal(&[]));
    assert_eq!(body["error"]["message"], "the call was refused");
    assert_eq!(body["error"]["code"], "deny");
}

#[test]
fn a_dialect_is_guessed_from_the_catalogue_before_the_path() {
    let text = "aegis: {catalogue: {m: {hosts: [m.example], protocol: mcp}, r: {hosts: [r.example], protocol: rest}}}";
    let source = Source {
        file: "c.yaml".to_owned(),
        text: text.to_owned(),
    };
    let catalogue = Catalogue::read(&[source]).expect("a catalogue");
    let [mcp, rest] = catalogue.services() else {
        panic!("two services")
    };
    let unknown = Dialect::JsonRpc { id: Value::Null };
    let table = [
        (Some(mcp), "/v1/chat/completions", "", unknown.clone()),
        (Some(rest), "/v1/chat/completions", "", Dialect::Problem),
        (None, "/openai/v1/chat/completions", "", Dialect::OpenAi),
        (None, "/rpc", "application/json-rpc", unknown),
        (None, "/", "application/json", Dialect::Problem),
    ];
    for (service, path, content_type, dialect) in table {
        assert_eq!(
            Dialect::guess(service, path, content_type),
            dialect,
            "{path}"
        );
    }
}
