//! `OpenAI`'s Responses, as the `openai` SDKs receive them.

use super::*;

const API: LlmApi = LlmApi::Responses;
const SSE: Framing = Framing::ServerSentEvents;
const ARGUMENTS: &str = "{\"table\":\"ledger\"}";

fn response(status: &str, output: Value) -> Value {
    let mut response = json!({
        "id": "resp_1", "object": "response", "model": "gpt-x", "status": status,
        "error": null, "incomplete_details": null, "tools": [{"type": "function", "name": "offered"}],
        "usage": {"input_tokens": 8, "output_tokens": 6, "input_tokens_details": {"cached_tokens": 1}},
    });
    response["output"] = output;
    response
}

fn function(arguments: &str, status: &str) -> Value {
    json!({"id": "fc_1", "type": "function_call", "status": status, "arguments": arguments,
           "call_id": "call_secret", "name": "drop_table"})
}

fn event(kind: &str, sequence: u64, members: Value) -> Value {
    let mut event = json!({"type": format!("response.{kind}"), "sequence_number": sequence});
    let Value::Object(members) = members else {
        panic!("an object")
    };
    event.as_object_mut().unwrap().extend(members);
    event
}

fn added(item: &Value) -> Value {
    event(
        "output_item.added",
        3,
        json!({"output_index": 1, "item": item}),
    )
}

fn done(item: &Value) -> Value {
    event(
        "output_item.done",
        7,
        json!({"output_index": 1, "item": item}),
    )
}

fn piece(text: &str) -> Value {
    event(
        "function_call_arguments.delta",
        4,
        json!({"item_id": "fc_1", "output_index": 1, "delta": text}),
    )
}

fn arguments(text: &str) -> Value {
    event(
        "function_call_arguments.done",
        6,
        json!({"item_id": "fc_1", "output_index": 1, "arguments": text}),
    )
}

fn completed(output: Value) -> Value {
    event(
        "completed",
        8,
        json!({"response": response("completed", output)}),
    )
}

fn text() -> Value {
    json!({"id": "msg_1", "type": "message", "content": [{"type": "output_text", "text": "Hm."}]})
}

fn events() -> Vec<Value> {
    vec![
        event(
            "created",
            0,
            json!({"response": response("in_progress", json!([]))}),
        ),
        event(
            "output_item.added",
            1,
            json!({"output_index": 0, "item": text()}),
        ),
        event(
            "output_text.delta",
            2,
            json!({"output_index": 0, "item_id": "msg_1", "delta": "Hm."}),
        ),
        added(&function("", "in_progress")),
        piece("{\"table\":"),
        piece("\"ledger\"}"),
        arguments(ARGUMENTS),
        done(&function(ARGUMENTS, "completed")),
        completed(json!([text(), function(ARGUMENTS, "completed")])),
    ]
}

pub(in super::super) fn stream() -> Vec<u8> {
    named_events(&events())
}

#[test]
fn a_released_stream_is_the_same_bytes_and_judged_once() {
    let told = released(API, SSE, &stream());
    assert_eq!(
        told.heard,
        Heard {
            id: Some("resp_1".to_owned()),
            model: Some("gpt-x".to_owned()),
            usage: usage(8, 6, Some(1)),
            finish: vec!["completed".to_owned()],
            ..Heard::default()
        }
    );
}

#[test]
fn every_copy_of_the_arguments_is_replaced() {
    let told = whole(API, SSE, &stream(), &replace());
    assert_eq!(told.error, None);
    assert!(!contains(&told.sent, "ledger"));
    let new = safe().to_string();
    let sent = sent_events(&told.sent);
    let pieces: String = sent
        .iter()
        .filter_map(|event| event["delta"].as_str())
        .skip(1)
        .collect();
    assert_eq!(pieces, new);
    assert_eq!(sent[3]["item"]["arguments"], "");
    assert_eq!(sent[6]["arguments"], new);
    assert_eq!(sent[7]["item"]["arguments"], new);
    assert_eq!(sent[8]["response"]["output"][1]["arguments"], new);
    assert_eq!(
        sent[8]["response"]["tools"],
        events()[8]["response"]["tools"]
    );
}

#[test]
fn a_refused_stream_ends_with_the_providers_error() {
    let told = whole(API, SSE, &stream(), &Verdict::Refuse);
    assert!(hides_the_call(&told));
    let last = sent_events(&told.sent).pop().unwrap();
    assert_eq!(last["type"], "error");
    assert_eq!(last["sequence_number"], 7);
    assert_eq!(last["error"]["code"], "tools.denied");
}

#[test]
fn a_copy_that_differs_is_a_call_of_its_own() {
    let mut events = events();
    events[8] = completed(json!([function("{\"table\":\"users\"}", "completed")]));
    let told = whole(API, SSE, &named_events(&events), &Verdict::Release);
    let tables: Vec<_> = told
        .calls
        .iter()
        .map(|call| call.arguments.clone())
        .collect();
    assert_eq!(
        tables,
        [
            read(json!({"table": "ledger"})),
            read(json!({"table": "users"}))
        ]
    );
}

#[test]
fn a_call_that_only_the_last_event_names_is_judged() {
    for kind in [
        "completed",
        "incomplete",
        "failed",
        "in_progress",
        "something_new",
    ] {
        let item = function(ARGUMENTS, "completed");
        let last = event(
            kind,
            1,
            json!({"response": response("completed", json!([item]))}),
        );
        let told = whole(API, SSE, &named_events(&[last]), &Verdict::Refuse);
        assert_eq!(told.calls.len(), 1, "{kind}");
        assert!(hides_the_call(&told));
    }
}

#[test]
fn custom_tools_take_text() {
    let item = |input: &str| json!({"id": "ctc_1", "type": "custom_tool_call", "call_id": "c", "name": "shell", "input": input});
    let part = |kind: &str, members| event(&format!("custom_tool_call_input.{kind}"), 4, members);
    let stream = named_events(&[
        added(&item("")),
        part(
            "delta",
            json!({"output_index": 1, "item_id": "ctc_1", "delta": "rm"}),
        ),
        part(
            "done",
            json!({"output_index": 1, "item_id": "ctc_1", "input": "rm"}),
        ),
        done(&item("rm")),
        completed(json!([item("rm")])),
    ]);
    let told = whole(API, SSE, &stream, &Verdict::Release);
    assert_eq!(told.calls, [call("c", "shell", json!({"input": "rm"}))]);
    assert_eq!(told.sent, stream);
    let told = whole(API, SSE, &stream, &Verdict::Replace(json!({"input": "ls"})));
    assert_eq!(told.error, None);
    assert!(!contains(&told.sent, "rm"));
    assert_eq!(
        sent_events(&told.sent)[4]["response"]["output"][0]["input"],
        "ls"
    );
}

#[test]
fn what_the_provider_runs_is_seen_and_marked() {
    let item = json!({"id": "mcp_1", "type": "mcp_call", "name": "search", "server_label": "docs", "arguments": "{}"});
    let stream = named_events(&[completed(json!([item]))]);
    let told = whole(API, SSE, &stream, &Verdict::Release);
    assert_eq!(
        (told.calls[0].run_by, &*told.calls[0].id),
        (RunBy::Provider, "mcp_1")
    );
    assert_eq!(told.sent, stream);
}

#[test]
fn an_item_that_is_a_call_by_its_type_is_judged_whole() {
    let item = |commands: Value, status: &str| {
        json!({"id": "sh_1", "type": "shell_call", "call_id": "call_secret",
        "status": status, "action": {"commands": commands}})
    };
    let (begun, ended) = (
        item(json!([]), "in_progress"),
        item(json!(["drop_table"]), "completed"),
    );
    let delta = json!({"type": "response.shell_call_command.delta", "output_index": 1, "delta": "drop_table"});
    let stream = named_events(&[
        added(&begun),
        delta,
        done(&ended),
        completed(json!([ended])),
    ]);
    let told = whole(API, SSE, &stream, &Verdict::Release);
    let names: Vec<_> = told.calls.iter().map(|call| &*call.name).collect();
    assert_eq!(names, ["shell_call", "shell_call"]);
    let Arguments::Read(arguments) = &told.calls[1].arguments else {
        panic!("readable")
    };
    assert_eq!(arguments["action"]["commands"][0], "drop_table");
    assert_eq!(told.sent, stream);

    let told = whole(API, SSE, &stream, &replace());
    assert_eq!(told.error, Some(AnswerError::Fixed));
    assert!(hides_the_call(&told));

    let unchanged = named_events(&[added(&ended), done(&ended), completed(json!([ended]))]);
    let told = whole(API, SSE, &unchanged, &Verdict::Release);
    assert_eq!((told.calls.len(), told.sent), (1, unchanged));
}

#[test]
fn a_call_that_was_named_before_its_pieces_is_judged_with_them() {
    let mut events = events();
    events[0] = event(
        "created",
        0,
        json!({"response": response("in_progress", json!([function(ARGUMENTS, "completed")]))}),
    );
    let told = whole(API, SSE, &named_events(&events), &replace());
    assert_eq!((told.error, told.calls.len()), (None, 2));
    assert!(!contains(&told.sent, "ledger"));
}

#[test]
fn a_namespace_is_part_of_the_name() {
    let mut item = function("{}", "completed");
    item["namespace"] = json!("crm");
    let told = whole(
        API,
        Framing::Document,
        response("completed", json!([item])).to_string().as_bytes(),
        &Verdict::Release,
    );
    assert_eq!(told.calls[0].name, "crm.drop_table");
}

#[test]
fn the_end_of_the_arguments_may_repeat_the_name_without_its_namespace() {
    let mut item = function("", "in_progress");
    item["namespace"] = json!("crm");
    let mut end = arguments("{}");
    end["name"] = json!("drop_table");
    let stream = named_events(&[added(&item), end]);
    let told = whole(API, SSE, &stream, &Verdict::Release);
    assert_eq!((told.error, &told.sent), (None, &stream));
    assert_eq!(told.calls[0].name, "crm.drop_table");
}

#[test]
fn a_whole_answer_is_judged_and_replaced() {
    let mut answer = response(
        "completed",
        json!([text(), function(ARGUMENTS, "completed")]),
    );
    let body = answer.to_string().into_bytes();
    let told = whole(API, Framing::Document, &body, &Verdict::Release);
    assert_eq!((told.calls.len(), &told.sent), (1, &body));
    let told = whole(API, Framing::Document, &body, &replace());
    answer["output"][1]["arguments"] = safe().to_string().into();
    assert_eq!(serde_json::from_slice::<Value>(&told.sent).unwrap(), answer);
}

#[test]
fn what_clients_would_put_together_differently_is_an_error() {
    let begin = || added(&function("", "in_progress"));
    let mut other = function("{}", "completed");
    other["name"] = json!("other");
    let mut lost = piece("{}");
    lost["item_id"] = json!("fc_9");
    let mut renamed = arguments(ARGUMENTS);
    renamed["name"] = json!("other");
    for (case, events) in [
        ("a name that changes at the end", vec![begin(), renamed]),
        (
            "a sum that differs",
            vec![begin(), piece("{}"), arguments(ARGUMENTS)],
        ),
        (
            "an item that differs",
            vec![
                begin(),
                piece("{}"),
                done(&function(ARGUMENTS, "completed")),
            ],
        ),
        ("another name", vec![begin(), piece("{}"), done(&other)]),
        (
            "no call any more",
            vec![begin(), piece("{}"), done(&text())],
        ),
        ("a piece of nothing", vec![piece("{}")]),
        ("a piece for another item", vec![begin(), lost]),
        (
            "behind the end",
            vec![begin(), piece("{}"), arguments("{}"), piece(" ")],
        ),
        (
            "never ends",
            vec![begin(), piece("{}"), completed(json!([]))],
        ),
    ] {
        let told = whole(API, SSE, &named_events(&events), &Verdict::Release);
        assert!(told.error.is_some(), "{case}");
    }
}

#[test]
fn the_name_of_an_event_is_its_type() {
    let stream = format!(
        "event: thread.x\ndata: {}\n\n",
        added(&function("{}", "completed"))
    );
    let told = whole(API, SSE, stream.as_bytes(), &Verdict::Release);
    assert!(matches!(told.error, Some(AnswerError::Ambiguous(_))));
    assert!(hides_the_call(&told));
}
