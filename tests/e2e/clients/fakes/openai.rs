//! `OpenAI`'s Chat Completions and Responses, as its SDKs read them.

use aegis_testkit::{Answer, Feed, Received};
use serde_json::{Value, json};

use super::{ALLOWED_CALL, Call, DENIED_CALL, TEXT, named_events, not_found};

/// At `path`, which says whose it is.
pub(super) fn chat(request: &Received, path: &str) -> Answer {
    if request.path() != path {
        return not_found(request);
    }
    if request.json()["stream"] != true {
        let message = json!({"role": "assistant", "content": TEXT.concat()});
        let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
        return Answer::json(&completion("chat.completion", &choice));
    }
    let feed = Feed::new();
    for choice in deltas(Call::asked_for(request)) {
        feed.event(&completion("chat.completion.chunk", &choice).to_string());
    }
    feed.event("[DONE]");
    feed.end();
    Answer::events(&feed)
}

fn completion(object: &str, choice: &Value) -> Value {
    json!({"id": "c-1", "object": object, "created": 0, "model": "demo-model", "choices": [choice]})
}

fn deltas(call: Option<Call>) -> Vec<Value> {
    let choice = |delta: Value, finish: Option<&str>| json!({"index": 0, "delta": delta, "finish_reason": finish});
    let tool = |index_and: Value| choice(json!({"tool_calls": [index_and]}), None);
    let mut choices = vec![choice(json!({"role": "assistant", "content": ""}), None)];
    choices.extend(TEXT.map(|text| choice(json!({"content": text}), None)));
    let Some(call) = call else {
        choices.push(choice(json!({}), Some("stop")));
        return choices;
    };
    choices.push(tool(json!({
        "index": 0, "id": "call_1", "type": "function",
        "function": {"name": call.name, "arguments": ""},
    })));
    choices.extend(
        call.arguments
            .map(|piece| tool(json!({"index": 0, "function": {"arguments": piece}}))),
    );
    choices.push(choice(json!({}), Some("tool_calls")));
    choices
}

/// At `path`, which says whose it is.
pub(super) fn responses(request: &Received, path: &str) -> Answer {
    let stored = request.path().strip_prefix(path).unwrap_or(request.path());
    match stored {
        "" if request.json()["stream"] == true => told(Call::asked_for(request)),
        "" => whole(None),
        "/resp_weather" if request.target.contains("stream=true") => told(Some(ALLOWED_CALL)),
        "/resp_weather" => whole(Some(ALLOWED_CALL)),
        "/resp_delete" if request.target.contains("stream=true") => told(Some(DENIED_CALL)),
        "/resp_delete" => whole(Some(DENIED_CALL)),
        _ => not_found(request),
    }
}

fn whole(call: Option<Call>) -> Answer {
    let mut output = vec![message("completed", &TEXT.concat())];
    output.extend(call.map(|call| function("completed", call, &call.arguments.concat())));
    Answer::json(&response("completed", &output.into()))
}

fn told(call: Option<Call>) -> Answer {
    let mut events =
        vec![json!({"type": "response.created", "response": response("in_progress", &json!([]))})];
    events.extend(text_item());
    let mut output = vec![message("completed", &TEXT.concat())];
    if let Some(call) = call {
        events.extend(call_item(call));
        output.push(function("completed", call, &call.arguments.concat()));
    }
    let output = response("completed", &output.into());
    events.push(json!({"type": "response.completed", "response": output}));
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = number.into();
    }
    named_events(&events)
}

fn response(status: &str, output: &Value) -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 0, "model": "demo-model", "status": status,
        "error": null, "incomplete_details": null, "instructions": null, "metadata": {}, "output": output,
        "parallel_tool_calls": true, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
    })
}

fn message(status: &str, text: &str) -> Value {
    let mut content = json!([]);
    if !text.is_empty() {
        content = json!([part(text)]);
    }
    json!({"id": "msg_1", "type": "message", "role": "assistant", "status": status, "content": content})
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": []})
}

fn function(status: &str, call: Call, arguments: &str) -> Value {
    json!({
        "id": "fc_1", "type": "function_call", "status": status, "call_id": "call_1",
        "name": call.name, "arguments": arguments,
    })
}

fn text_item() -> Vec<Value> {
    let place = |kind: &str| json!({"type": kind, "item_id": "msg_1", "output_index": 0, "content_index": 0});
    let with = |kind: &str, name: &str, value: Value| {
        let mut event = place(kind);
        event[name] = value;
        event
    };
    let mut events = vec![
        item("response.output_item.added", 0, &message("in_progress", "")),
        with("response.content_part.added", "part", part("")),
    ];
    events.extend(TEXT.map(|text| with("response.output_text.delta", "delta", text.into())));
    events.extend([
        with("response.output_text.done", "text", TEXT.concat().into()),
        with("response.content_part.done", "part", part(&TEXT.concat())),
        item(
            "response.output_item.done",
            0,
            &message("completed", &TEXT.concat()),
        ),
    ]);
    events
}

fn call_item(call: Call) -> Vec<Value> {
    let whole = call.arguments.concat();
    let arguments = |kind: &str, name: &str, value: &str| {
        let kind = format!("response.function_call_arguments.{kind}");
        let mut event = json!({"type": kind, "item_id": "fc_1", "output_index": 1});
        event[name] = value.into();
        event
    };
    let mut done = arguments("done", "arguments", &whole);
    done["name"] = call.name.into();
    let begun = function("in_progress", call, "");
    let mut events = vec![item("response.output_item.added", 1, &begun)];
    events.extend(
        call.arguments
            .map(|piece| arguments("delta", "delta", piece)),
    );
    let ended = function("completed", call, &whole);
    events.extend([done, item("response.output_item.done", 1, &ended)]);
    events
}

fn item(kind: &str, index: usize, item: &Value) -> Value {
    json!({"type": kind, "output_index": index, "item": item})
}

/// Of Azure, under the model's name.
pub(super) const DEPLOYMENT: &str = "/openai/deployments/demo-model/chat/completions";
