//! Promises about what a refused agent reads.

use aegis_policy::{Catalogue, Outcome, Reason, Source};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::header;
use serde_json::{Value, json};

use super::{Dialect, RefusalDocument, render};

fn reasons() -> Vec<Reason> {
    vec![
        Reason {
            rule: "parameter.max".into(),
            message: "amount is more than 100".into(),
        },
        Reason {
            rule: "data.EMAIL_ADDRESS".into(),
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
        as_tool_result: false,
    }
}

fn rendered(dialect: &Dialect, refusal: &RefusalDocument<'_>) -> (String, Value) {
    let rendered = render(dialect, refusal);
    let body = serde_json::from_slice(&rendered.body).expect("JSON");
    let content_type = &rendered.headers[header::CONTENT_TYPE];
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
            {"rule": "data.EMAIL_ADDRESS", "message": "an e-mail address leaves"},
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
        assert_eq!(body["error"]["message"], EXPLAINED);
        assert_eq!(body["error"]["data"], problem);
    }
}

#[test]
fn a_tool_result_answers_the_id_and_tells_the_model_why() {
    let reasons = reasons();
    let (_, problem) = rendered(&Dialect::Problem, &refusal(&reasons));
    let refusal = RefusalDocument {
        as_tool_result: true,
        ..refusal(&reasons)
    };
    let (_, body) = rendered(&Dialect::JsonRpc { id: json!(7) }, &refusal);
    assert_eq!(body["id"], 7);
    assert_eq!(body.get("error"), None);
    assert_eq!(body["result"]["isError"], true);
    let text = "the call was refused: amount is more than 100 (rule parameter.max); \
                an e-mail address leaves (rule data.EMAIL_ADDRESS). Next: lower the amount.";
    let content = json!([{"type": "text", "text": text}]);
    assert_eq!(body["result"]["content"], content);
    assert_eq!(body["result"]["_meta"]["aegis.dev/refusal"], problem);
}

#[test]
fn an_openai_error_has_what_the_sdk_reads_and_the_problem() {
    let reasons = reasons();
    let (content_type, body) = rendered(&Dialect::OpenAi, &refusal(&reasons));
    assert_eq!(content_type, "application/json");
    assert_eq!(body["error"]["message"], EXPLAINED);
    assert_eq!(body["error"]["type"], "policy_refusal");
    assert_eq!(body["error"]["code"], "parameter.max");
    assert_eq!(body["error"]["param"], Value::Null);
    assert_eq!(body["error"]["aegis"]["decision_id"], "d-1");
    let (_, body) = rendered(&Dialect::OpenAi, &refusal(&[]));
    assert_eq!(body["error"]["message"], "the call was refused");
    assert_eq!(body["error"]["code"], "deny");
}

#[test]
fn an_anthropic_error_has_the_type_of_its_status_and_the_problem() {
    let reasons = reasons();
    let (content_type, body) = rendered(&Dialect::Anthropic, &refusal(&reasons));
    assert_eq!(content_type, "application/json");
    assert_eq!(body["type"], "error");
    assert_eq!(body["error"]["message"], EXPLAINED);
    assert_eq!(body["error"]["aegis"]["decision_id"], "d-1");
    for (status, kind) in [
        (400, "invalid_request_error"),
        (403, "permission_error"),
        (407, "authentication_error"),
        (431, "invalid_request_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
    ] {
        let refusal = RefusalDocument {
            status,
            ..refusal(&[])
        };
        let (_, body) = rendered(&Dialect::Anthropic, &refusal);
        assert_eq!(body["error"]["type"], kind, "{status}");
        assert_eq!(body["error"]["message"], "the call was refused");
    }
}

#[test]
fn a_bedrock_error_names_its_exception_in_a_header_and_says_all_in_its_message() {
    let reasons = reasons();
    let (content_type, body) = rendered(&Dialect::Bedrock, &refusal(&reasons));
    assert_eq!(content_type, "application/json");
    let message = format!("{EXPLAINED}; what to do now: lower the amount");
    assert_eq!(body["message"], message);
    assert_eq!(body["aegis"]["decision_id"], "d-1");
    for (status, exception) in [
        (400, "ValidationException"),
        (403, "AccessDeniedException"),
        (407, "AccessDeniedException"),
        (408, "ModelTimeoutException"),
        (502, "ServiceUnavailableException"),
    ] {
        let refusal = RefusalDocument {
            status,
            ..refusal(&[])
        };
        let headers = render(&Dialect::Bedrock, &refusal).headers;
        assert_eq!(headers["x-amzn-errortype"], exception, "{status}");
        for dialect in [Dialect::Anthropic, Dialect::Gemini, Dialect::Problem] {
            assert_eq!(render(&dialect, &refusal).headers.len(), 1);
        }
    }
}

#[test]
fn a_gemini_error_has_the_members_of_googles_and_the_problem() {
    let reasons = reasons();
    let (content_type, body) = rendered(&Dialect::Gemini, &refusal(&reasons));
    assert_eq!(content_type, "application/json");
    let error = &body["error"];
    assert_eq!(error["code"], 403);
    assert_eq!(error["message"], EXPLAINED);
    assert_eq!(error["status"], "PERMISSION_DENIED");
    assert_eq!(error["details"][0]["reason"], "DENIED");
    assert_eq!(error["details"][0]["metadata"]["rule"], "parameter.max");
    assert_eq!(error["aegis"]["decision_id"], "d-1");
    for (status, name) in [
        (400, "INVALID_ARGUMENT"),
        (407, "UNAUTHENTICATED"),
        (408, "DEADLINE_EXCEEDED"),
        (502, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
    ] {
        let refusal = RefusalDocument {
            status,
            ..refusal(&[])
        };
        let (_, body) = rendered(&Dialect::Gemini, &refusal);
        assert_eq!(body["error"]["status"], name, "{status}");
    }
}

#[test]
fn an_agents_error_over_http_is_one_that_both_versions_know() {
    let reasons = reasons();
    let (content_type, body) = rendered(&Dialect::A2aHttp, &refusal(&reasons));
    assert_eq!(content_type, "application/json");
    let error = &body["error"];
    assert_eq!(
        (&error["code"], &error["status"]),
        (&json!(403), &json!("PERMISSION_DENIED"))
    );
    assert_eq!(error["message"], EXPLAINED);
    let info = &error["details"][0];
    assert_eq!(info["@type"], "type.googleapis.com/google.rpc.ErrorInfo");
    assert_eq!(info["reason"], "UNSUPPORTED_OPERATION");
    assert_eq!(info["metadata"]["rule"], "parameter.max");
    assert_eq!(info["metadata"]["decision_id"], "d-1");
    assert_eq!(error["aegis"]["next_step"], "lower the amount");
    assert_eq!(body["type"], "UnsupportedOperationError");
    assert_eq!(body["message"], EXPLAINED);

    let failure = RefusalDocument {
        status: 502,
        outcome: Outcome::Allow,
        ..refusal(&[])
    };
    let (_, body) = rendered(&Dialect::A2aHttp, &failure);
    assert_eq!(body["error"]["details"][0]["reason"], "INTERNAL_ERROR");
    assert_eq!(body["type"], "InternalError");
}

#[test]
fn an_approval_says_so_in_every_language() {
    let refusal = RefusalDocument {
        outcome: Outcome::ApprovalNeeded,
        approval_id: Some("a-1"),
        ..refusal(&[])
    };
    let title = "the call needs the approval of a human";
    for (dialect, message, problem) in [
        (
            Dialect::JsonRpc { id: json!(1) },
            "/error/message",
            "/error/data",
        ),
        (Dialect::A2aHttp, "/error/message", "/error/aegis"),
        (Dialect::A2aHttp, "/message", "/error/aegis"),
        (Dialect::OpenAi, "/error/message", "/error/aegis"),
        (Dialect::Anthropic, "/error/message", "/error/aegis"),
        (Dialect::Gemini, "/error/message", "/error/aegis"),
        (Dialect::Bedrock, "/message", "/aegis"),
    ] {
        let (_, body) = rendered(&dialect, &refusal);
        let message = body.pointer(message).and_then(Value::as_str);
        let message = message.expect("a message");
        assert!(message.starts_with(title), "{message}");
        assert!(message.contains("approval_id a-1"), "{message}");
        let problem = body.pointer(problem).expect("the problem");
        assert_eq!(problem["approval_id"], "a-1");
    }
}

#[test]
fn a_dialect_is_guessed_from_the_catalogue_before_the_path() {
    let text = "aegis: {catalogue: {m: {hosts: [m.example], protocol: mcp}, r: {hosts: [r.example], protocol: rest}, v: {hosts: [v.example], protocol: gemini}, w: {hosts: [w.example], protocol: a2a}}}";
    let source = Source {
        file: "c.yaml".to_owned(),
        text: text.to_owned(),
    };
    let catalogue = Catalogue::read(&[source]).expect("a catalogue");
    let [mcp, rest, vertex, agent] = catalogue.services() else {
        panic!("four services")
    };
    let unknown = Dialect::JsonRpc { id: Value::Null };
    let table = [
        (Some(mcp), "/v1/chat/completions", "", unknown.clone()),
        (Some(rest), "/v1/chat/completions", "", Dialect::Problem),
        (None, "/openai/v1/chat/completions", "", Dialect::OpenAi),
        (None, "/rpc", "application/json-rpc", unknown),
        (None, "/v1/messages", "", Dialect::Anthropic),
        (None, "/model/m/converse", "", Dialect::Bedrock),
        (None, "/v1/models/m:countTokens", "", Dialect::Gemini),
        (Some(vertex), "/any", "", Dialect::Gemini),
        (Some(agent), "/", "", Dialect::JsonRpc { id: Value::Null }),
        (Some(agent), "/v1/message:stream", "", Dialect::A2aHttp),
        (Some(agent), "/tasks/t1:cancel", "", Dialect::A2aHttp),
        (
            Some(vertex),
            "/v1/publishers/anthropic/models/m:rawPredict",
            "",
            Dialect::Anthropic,
        ),
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

const EXPLAINED: &str = "the call was refused: amount is more than 100 (rule parameter.max); \
                         an e-mail address leaves (rule data.EMAIL_ADDRESS)";

#[test]
fn a_client_of_grpc_reads_status_message_and_document_in_the_head() {
    let reasons = [Reason {
        rule: "tool".into(),
        message: "profile \"größer\" grants 100% of nothing".into(),
    }];
    let answer = render(&Dialect::Grpc, &refusal(&reasons));

    assert!(answer.body.is_empty());
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/grpc");
    assert_eq!(answer.headers["grpc-status"], "7");
    assert_eq!(
        answer.headers["grpc-message"],
        "the call was refused: profile \"gr%C3%B6%C3%9Fer\" grants 100%25 of nothing (rule tool); \
         what to do now: lower the amount"
    );
    let document = STANDARD_NO_PAD.decode(answer.headers["aegis-refusal-bin"].as_bytes());
    let document: Value = serde_json::from_slice(&document.expect("base64")).expect("JSON");
    assert_eq!(document["reasons"][0]["rule"], "tool");
}

#[test]
fn what_is_too_long_for_metadata_is_left_out_and_the_status_stays() {
    let reasons: Vec<Reason> = (0..200).flat_map(|_| reasons()).collect();
    let answer = render(&Dialect::Grpc, &refusal(&reasons));

    assert_eq!(answer.headers["grpc-status"], "7");
    assert!(!answer.headers.contains_key("grpc-message"));
    assert!(!answer.headers.contains_key("aegis-refusal-bin"));
}
