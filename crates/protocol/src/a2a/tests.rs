//! Promises about messages to agents, of both versions and both bindings.

use aegis_policy::{CallKind, Truncation};
use serde_json::{Value, json};

use crate::Dialect;
use crate::inspected::Place;
use crate::testing::{MAIL, Sent, get, post, request};

const AGENT: &str = "agent.example.com";

fn call(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": "r1", "method": method, "params": params})
}

/// As the SDK for 1.0 writes it.
fn message() -> Value {
    json!({
        "message": {
            "messageId": "m1", "role": "ROLE_USER", "taskId": "t1", "contextId": "c1",
            "parts": [{"text": "Charge 100 to my card"}],
            "metadata": {"skillId": "charge", "amount": 100},
            "extensions": ["https://example.com/e"], "referenceTaskIds": ["t0"],
        },
        "configuration": {
            "acceptedOutputModes": ["text"],
            "taskPushNotificationConfig": {"url": "https://hook.example.com/"},
        },
        "metadata": {"trace": "x"},
        "tenant": "acme",
    })
}

/// As the SDK for 0.3 writes it.
fn earlier() -> Value {
    json!({
        "message": {
            "kind": "message", "messageId": "m1", "role": "user", "taskId": "t1", "contextId": "c1",
            "parts": [{"kind": "text", "text": "Charge 100 to my card"}],
            "metadata": {"skillId": "charge", "amount": 100},
            "extensions": ["https://example.com/e"], "referenceTaskIds": ["t0"],
        },
        "configuration": {
            "acceptedOutputModes": ["text"], "blocking": true,
            "pushNotificationConfig": {"url": "https://hook.example.com/"},
        },
        "metadata": {"trace": "x"},
    })
}

fn parameters(sent: &Sent) -> Value {
    Value::Object(sent.seen().call.parameters)
}

#[test]
fn both_versions_are_one_action_with_the_same_parameters() {
    let mut expected = json!({
        "taskId": "t1", "contextId": "c1", "referenceTaskIds": ["t0"], "skill": "charge",
        "extensions": ["https://example.com/e"], "metadata": {"skillId": "charge", "amount": 100},
        "requestMetadata": {"trace": "x"}, "pushUrl": "https://hook.example.com/",
    });
    for method in ["message/send", "message/stream"] {
        let sent = post(AGENT, "/a2a").json(&call(method, &earlier()));
        assert_eq!(parameters(&sent), expected, "{method}");
    }
    expected["tenant"] = json!("acme");
    for method in ["SendMessage", "SendStreamingMessage"] {
        let sent = post(AGENT, "/").json(&call(method, &message()));
        assert_eq!(parameters(&sent), expected, "{method}");
    }
    for path in [
        "/message:send",
        "/acme/message:stream",
        "/a2a/v1/message:send",
    ] {
        assert_eq!(
            parameters(&post(AGENT, path).json(&message())),
            expected,
            "{path}"
        );
    }
}

#[test]
fn an_earlier_message_over_http_may_go_by_the_name_of_its_field() {
    let request = json!({"request": {
        "message_id": "m1", "role": "ROLE_USER", "content": [{"text": "hello"}],
        "task_id": "t1", "metadata": {"skill": "translate"},
    }});
    for host in [AGENT, "other.example.net"] {
        let sent = post(host, "/v1/message:send").json(&request).seen();
        assert_eq!(sent.call.kind, CallKind::A2a, "{host}");
        assert_eq!(sent.parameter("taskId"), Some(&json!("t1")));
        assert_eq!(sent.parameter("skill"), Some(&json!("translate")));
        assert_eq!(sent.reading.dialect, Dialect::A2aHttp);
    }
    let mut two = request.clone();
    two["message"] = json!({"messageId": "m2"});
    let over_json_rpc = call("message/send", &request);
    for sent in [
        post(AGENT, "/v1/message:send").json(&two),
        post(AGENT, "/").json(&over_json_rpc),
    ] {
        assert_eq!(sent.error().rule(), "protocol.malformed");
    }
}

/// Methods with the word for them, and which of their params says which task.
const METHODS: [(&str, &str, &str); 17] = [
    ("GetTask", "get", "id"),
    ("tasks/get", "get", "id"),
    ("CancelTask", "cancel", "id"),
    ("tasks/cancel", "cancel", "id"),
    ("SubscribeToTask", "subscribe", "id"),
    ("tasks/resubscribe", "subscribe", "id"),
    ("CreateTaskPushNotificationConfig", "set_push", "taskId"),
    ("tasks/pushNotificationConfig/set", "set_push", "taskId"),
    ("GetTaskPushNotificationConfig", "get_push", "taskId"),
    ("tasks/pushNotificationConfig/get", "get_push", "id"),
    ("ListTaskPushNotificationConfigs", "list_push", "taskId"),
    ("tasks/pushNotificationConfig/list", "list_push", "id"),
    ("DeleteTaskPushNotificationConfig", "delete_push", "task_id"),
    ("tasks/pushNotificationConfig/delete", "delete_push", "id"),
    ("ListTasks", "list", "taskId"),
    ("GetExtendedAgentCard", "card", "taskId"),
    ("agent/getAuthenticatedExtendedCard", "card", "taskId"),
];

#[test]
fn every_method_has_its_word() {
    let sends = [
        ("SendMessage", message(), "send"),
        ("message/send", earlier(), "send"),
        ("SendStreamingMessage", message(), "stream"),
        ("message/stream", earlier(), "stream"),
    ];
    let others = METHODS.map(|(method, action, id)| (method, json!({id: "t1"}), action));
    for (method, params, action) in sends.into_iter().chain(others) {
        for (host, tool) in [
            (AGENT, "helper"),
            ("other.example.net", "other.example.net"),
        ] {
            let seen = post(host, "/").json(&call(method, &params)).seen();
            assert_eq!(seen.call.kind, CallKind::A2a, "{method}");
            assert_eq!(seen.name(), format!("{tool} {action}"), "{method}");
            assert_eq!(seen.reading.dialect, Dialect::JsonRpc { id: json!("r1") });
            assert_eq!(seen.call.stream, matches!(action, "stream" | "subscribe"));
            assert_eq!(seen.parameter("taskId"), Some(&json!("t1")), "{method}");
        }
    }
}

#[test]
fn what_is_mcp_stays_mcp() {
    let table = [
        call("tasks/get", &json!({"taskId": "t1"})),
        call("tasks/cancel", &json!({"taskId": "t1"})),
        call("tasks/list", &json!({})),
        call("message/send", &json!({"text": "x"})),
        call("tools/call", &json!({"name": "SendMessage"})),
    ];
    for message in table {
        let seen = post("other.example.net", "/").json(&message).seen();
        assert_eq!(seen.call.kind, CallKind::Mcp, "{message}");
    }
    let declared =
        post("mcp.example.com:8443", "/mcp").json(&call("tasks/get", &json!({"id": "t"})));
    assert_eq!(declared.seen().name(), "docs tasks/get");
}

#[test]
fn the_http_binding_is_known_by_method_and_path() {
    let table = [
        (get(AGENT, "/tasks"), "list", None),
        (get(AGENT, "/v1/tasks/t1"), "get", Some("t1")),
        (post(AGENT, "/tasks/t1:cancel"), "cancel", Some("t1")),
        (get(AGENT, "/tasks/t1:subscribe"), "subscribe", Some("t1")),
        (
            post(AGENT, "/tasks/t1/pushNotificationConfigs").json(&json!({"url": "u"})),
            "set_push",
            Some("t1"),
        ),
        (
            get(AGENT, "/tasks/t1/pushNotificationConfigs"),
            "list_push",
            Some("t1"),
        ),
        (
            get(AGENT, "/tasks/t1/pushNotificationConfigs/p"),
            "get_push",
            Some("t1"),
        ),
        (
            request("DELETE", AGENT, "/tasks/t1/pushNotificationConfigs/p"),
            "delete_push",
            Some("t1"),
        ),
        (get(AGENT, "/extendedAgentCard"), "card", None),
        (get(AGENT, "/v1/card"), "card", None),
        (get(AGENT, "/.well-known/agent-card.json"), "card", None),
        (get(AGENT, "/.well-known/agent.json"), "card", None),
        (get(AGENT, "/health"), "other", None),
        (request("PUT", AGENT, "/tasks/t1"), "other", None),
        (post(AGENT, "/").json(&json!({"hello": 1})), "other", None),
        (post(AGENT, "/").too_long(), "unknown", None),
        (post(AGENT, "/message:send").too_long(), "send", None),
    ];
    for (sent, action, task) in table {
        let seen = sent.seen();
        assert_eq!(seen.name(), format!("helper {action}"));
        assert_eq!(seen.parameter("taskId").and_then(Value::as_str), task);
    }
    assert_eq!(
        post(AGENT, "/message:send")
            .too_long()
            .seen()
            .call
            .truncation,
        Truncation::Truncated
    );
}

#[test]
fn a_card_is_asked_for_and_a_message_sent_on_any_host() {
    let card = get("other.example.net", "/.well-known/agent-card.json").seen();
    assert_eq!(card.name(), "other.example.net card");
    let sent = post("other.example.net", "/message:send")
        .json(&message())
        .seen();
    assert_eq!(sent.name(), "other.example.net send");
    assert_eq!(
        get("other.example.net", "/tasks/t1").seen().name(),
        "http get"
    );
    assert_eq!(
        get("files.example.com", "/.well-known/agent-card.json")
            .seen()
            .name(),
        "files get"
    );
}

#[test]
fn an_agent_where_the_catalogue_has_another_is_a_disagreement() {
    for host in ["pay.example.com", "files.example.com", "llm.example.com"] {
        let sent = post(host, "/").json(&call("SendMessage", &message()));
        assert_eq!(sent.error().rule(), "protocol.disagreement", "{host}");
    }
    let chat = json!({"model": "m", "messages": []});
    let sent = post(AGENT, "/v1/chat/completions").json(&chat);
    assert_eq!(sent.error().rule(), "protocol.disagreement");
}

#[test]
fn a_name_in_the_spelling_of_protobuf_is_the_same_name() {
    let params = json!({"message": {"task_id": "t1", "context_id": "c1", "parts": [],
                                    "metadata": {"skill_id": "s", "a_b": 1, "aB": 2}}});
    let sent = post(AGENT, "/").json(&call("SendMessage", &params));
    let seen = sent.seen();
    assert_eq!(seen.parameter("taskId"), Some(&json!("t1")));
    assert_eq!(seen.parameter("skill"), Some(&json!("s")));
    let place = seen
        .reading
        .parameters
        .iter()
        .find(|(name, _)| name == "taskId");
    let place = place.map(|(_, place)| place);
    assert_eq!(
        place,
        Some(&Place::Body("/params/message/task_id".to_owned()))
    );
}

#[test]
fn what_agents_could_read_differently_is_malformed() {
    let with = |member: &str, value: Value| {
        let mut params = message();
        params["message"][member] = value;
        call("SendMessage", &params)
    };
    let mut skills = message();
    skills["metadata"]["skill"] = json!("other");
    let mut pushes = message();
    pushes["configuration"]["pushNotificationConfig"] = json!({"url": "other"});
    let messages = [
        with("task_id", json!("t2")),
        with("TaskID", json!("t2")),
        with("metadata", json!("x")),
        call("SendMessage", &skills),
        call("SendMessage", &pushes),
        call("GetTask", &json!({"id": "a", "Id": "b"})),
        call("SendMessage", &json!({})),
        json!({"jsonrpc": "2.0", "id": 1, "result": {}}),
        json!({"jsonrpc": "2.0", "id": [1], "method": "GetTask"}),
    ];
    for message in messages {
        let sent = post(AGENT, "/").json(&message);
        assert_eq!(sent.error().rule(), "protocol.malformed", "{message}");
    }
    let both = post(AGENT, "/message:send").json(&call("GetTask", &json!({"id": "t"})));
    assert_eq!(both.error().rule(), "protocol.malformed");
    assert_eq!(
        post(AGENT, "/message:send").error().rule(),
        "protocol.malformed"
    );
    let path = post(AGENT, "/a/../message:send").json(&message());
    assert_eq!(path.error().rule(), "protocol.ambiguous_path");
    let batch = post(AGENT, "/").json(&json!([call("GetTask", &json!({"id": "t"}))]));
    assert_eq!(batch.error().rule(), "protocol.batch");
    assert_eq!(
        batch.batch().expect_err("agents take no batches").rule(),
        "protocol.batch"
    );
}

#[test]
fn the_parts_are_searched_and_are_no_parameters() {
    let mut params = message();
    params["message"]["parts"] = json!([{"text": format!("write to {MAIL}")}]);
    let seen = post(AGENT, "/").json(&call("SendMessage", &params)).seen();
    assert_eq!(
        seen.found(),
        vec![("EMAIL_ADDRESS", "body:/params/message/parts/0/text")]
    );
    assert!(
        !Value::Object(seen.call.parameters)
            .to_string()
            .contains(MAIL)
    );
    let recordable = seen.reading.recordable.first();
    assert_eq!(recordable.map(|name| &**name), Some("taskId"));
}

#[test]
fn a_method_of_an_extension_goes_by_its_own_name() {
    let seen = post(AGENT, "/")
        .json(&call("example/rate", &json!({"stars": 5})))
        .seen();
    assert_eq!(seen.name(), "helper example/rate");
    assert_eq!(seen.parameter("stars"), Some(&json!(5)));
}
