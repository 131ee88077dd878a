use serde_json::{Value, json};

use super::*;

#[test]
fn a_decision_line_has_exactly_these_fields() {
    let expected = json!({
        "event": "decision", "schema_version": 1, "id": "id-1",
        "time": "2026-11-21T10:00:00.000001Z", "connection": 3, "tunnel": "id-0", "proposed_by": "id-2", "batched_by": "id-3", "messages": 2,
        "websocket": "id-4",
        "phase": "request", "front": "forward", "tenant": "acme", "agent": "finance-bot",
        "auth": "credential",
        "chain": {"depth": 1, "agents": ["planner"], "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}, "kind": "tool", "tool": "stripe-payments", "action": "charge",
        "parameters": {"amount": 7000, "note": "[masked]"},
        "destination": {"scheme": "https", "host": "api.stripe.example", "port": 443,
                        "path": "/v1/charges", "provider": "stripe"},
        "method": "POST", "content_type": "application/json",
        "region": "eu-central-1", "destination_regions": ["eu-central-1"],
        "outcome": "approval_needed",
        "would": {"outcome": "deny", "rules": [{"rule": "tool.amount", "message": "above 5000"}]},
        "rules": [{"rule": "tool.amount", "message": "above 5000"}],
        "data": [{"type": "EMAIL_ADDRESS", "class": "pii", "path": "body:/note", "count": 2, "confidence": 0.95}],
        "approval_id": "ap-1", "policy_version": "7-3fa9c1d2e0b4", "fault": "aegis.deadline",
        "truncated": true, "unread": "parts", "changed": true, "redacted": ["note"], "decision_us": 21,
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "peer": "127.0.0.1:5555",
    });
    assert_eq!(written(&full_decision(&json!(7000))), expected);
}

#[test]
fn what_does_not_apply_is_left_out_of_a_line() {
    let line = written(&DecisionRecord::default());
    for field in [
        "tunnel",
        "proposed_by",
        "batched_by",
        "messages",
        "websocket",
        "parameters",
        "method",
        "content_type",
        "would",
        "data",
        "approval_id",
        "fault",
        "truncated",
        "unread",
        "changed",
    ] {
        assert_eq!(line.get(field), None, "{field}");
    }
    assert_eq!(
        line["rules"],
        json!([]),
        "a plain allow says that no rule fired"
    );
}

#[test]
fn an_end_line_has_exactly_these_fields() {
    let record = EndRecord {
        id: "id-1",
        time: "2026-11-21T10:00:00.000001Z",
        status: Some(200),
        outcome_detail: "refused",
        error: Some("address.denied"),
        refusal: Some(OutcomeRecord {
            outcome: "deny",
            rules: vec![RuleRecord {
                rule: "address.metadata",
                message: "a metadata address",
            }],
        }),
        route: Some(RouteRecord {
            address: "192.0.2.1:443".into(),
            region: "eu-central-1",
            reused: true,
            protocol: "http/1.1",
        }),
        bytes_in: 10,
        bytes_out: 20,
        timings_us: Timings {
            decision: Some(1),
            resolve: Some(2),
            connect: Some(3),
            first_byte: Some(4),
            total: 5,
        },
        approval_id: Some("ap-1"),
        lists: Some(ListsRecord {
            listed: 4,
            hidden: 2,
            hidden_names: &["docs/delete".to_owned()],
            ..ListsRecord::default()
        }),
        error_type: Some("tool_error"),
        ..EndRecord::default()
    };
    let expected = json!({
        "event": "end", "schema_version": 1, "id": "id-1", "time": "2026-11-21T10:00:00.000001Z",
        "status": 200, "outcome_detail": "refused", "error": "address.denied",
        "refusal": {"outcome": "deny",
                    "rules": [{"rule": "address.metadata", "message": "a metadata address"}]},
        "route": {"address": "192.0.2.1:443", "region": "eu-central-1", "reused": true,
                  "protocol": "http/1.1"},
        "bytes_in": 10, "bytes_out": 20,
        "timings_us": {"decision": 1, "resolve": 2, "connect": 3, "first_byte": 4, "total": 5},
        "approval_id": "ap-1",
        "lists": {"listed": 4, "hidden": 2, "hidden_names": ["docs/delete"], "changed": 0},
        "error_type": "tool_error",
    });
    assert_eq!(written(&record), expected);
}

#[test]
fn a_time_always_has_six_decimals() {
    for (nanoseconds, expected) in [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_234_567_899, "1970-01-01T00:00:01.234567Z"),
    ] {
        let time = Timestamp::from_nanosecond(nanoseconds).expect("a time");
        assert_eq!(format_time(time), expected);
    }
}

fn full_decision(amount: &Value) -> DecisionRecord<'_> {
    let rule = RuleRecord {
        rule: "tool.amount",
        message: "above 5000",
    };
    DecisionRecord {
        id: "id-1",
        time: "2026-11-21T10:00:00.000001Z",
        connection: 3,
        tunnel: Some("id-0"),
        proposed_by: Some("id-2"),
        batched_by: Some("id-3"),
        messages: Some(2),
        websocket: Some("id-4"),
        phase: "request",
        front: "forward",
        tenant: "acme",
        agent: "finance-bot",
        auth: "credential",
        chain: Some(ChainRecord {
            depth: 1,
            agents: vec!["planner"],
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
        }),
        kind: "tool",
        tool: "stripe-payments",
        action: "charge",
        parameters: vec![
            ("amount", Recorded::Value(amount)),
            ("note", Recorded::Masked),
        ],
        destination: charges(),
        method: "POST",
        content_type: "application/json",
        region: "eu-central-1",
        destination_regions: vec!["eu-central-1"],
        outcome: "approval_needed",
        would: Some(OutcomeRecord {
            outcome: "deny",
            rules: vec![rule],
        }),
        rules: vec![rule],
        data: vec![DataRecord {
            kind: "EMAIL_ADDRESS",
            class: "pii",
            path: "body:/note",
            count: 2,
            confidence: 0.95,
        }],
        approval_id: Some("ap-1"),
        policy_version: "7-3fa9c1d2e0b4",
        fault: Some("aegis.deadline"),
        truncated: true,
        unread: Some("parts"),
        changed: true,
        redacted: vec!["note"],
        decision_us: 21,
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
        peer: "127.0.0.1:5555".into(),
        schema_version: SchemaVersion,
    }
}

fn written(record: &impl Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(record).expect("JSON")).expect("JSON")
}

fn charges() -> DestinationRecord<'static> {
    DestinationRecord {
        scheme: "https",
        host: "api.stripe.example".into(),
        port: 443,
        path: "/v1/charges",
        provider: "stripe",
    }
}
