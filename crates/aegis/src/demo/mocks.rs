//! The three services that the demo's agent calls, as pure answers; nothing listens or decides here.
//!
//! Each says back what reached it, so that a reader of the demo sees what was forwarded.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

/// An answer in pieces: more than one is a stream.
pub(crate) type Answer = Response<Vec<Bytes>>;

/// An LLM provider: `OpenAI`'s chat completions, whole and streamed.
pub(crate) fn llm(request: &Request<Bytes>) -> Answer {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/v1/chat/completions") => complete(request.body()),
        (&Method::GET, "/v1/models") => {
            let model =
                json!({"id": "demo-model", "object": "model", "created": 0, "owned_by": "demo"});
            json_answer(StatusCode::OK, &json!({"object": "list", "data": [model]}))
        }
        _ => not_found(),
    }
}

/// An MCP server over streamable HTTP that answers in JSON. It has a harmless tool and a harmful one.
pub(crate) fn mcp(request: &Request<Bytes>) -> Answer {
    if request.uri().path() != "/mcp" {
        return not_found();
    }
    match *request.method() {
        Method::POST => {}
        Method::DELETE => return empty(StatusCode::OK),
        // No stream of its own accord, which the specification lets a server say like this.
        _ => return empty(StatusCode::METHOD_NOT_ALLOWED),
    }
    let Ok(message) = serde_json::from_slice::<Value>(request.body()) else {
        return rpc_error(StatusCode::BAD_REQUEST, &Value::Null, -32700, "not JSON");
    };
    let Some(id) = message.get("id") else {
        return empty(StatusCode::ACCEPTED);
    };
    match text(&message, "/method") {
        "initialize" => in_session(rpc_result(id, &initialized(&message))),
        "ping" => rpc_result(id, &json!({})),
        "tools/list" => rpc_result(id, &json!({"tools": tools()})),
        "tools/call" => call_tool(id, &message),
        _ => rpc_error(StatusCode::OK, id, -32601, "no such method"),
    }
}

/// A payment API in the REST manner, which takes JSON and forms.
pub(crate) fn payments(request: &Request<Bytes>) -> Answer {
    let path = request.uri().path();
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    match (request.method(), steps.as_slice()) {
        (&Method::POST, ["v1", "charges"]) => json_answer(
            StatusCode::OK,
            &json!({"id": CHARGE, "status": "succeeded", "received": received(request.body())}),
        ),
        (&Method::GET, ["v1", "charges", id]) => {
            json_answer(StatusCode::OK, &json!({"id": id, "status": "succeeded"}))
        }
        (&Method::POST, ["v1", "charges", id, "refund"]) => {
            json_answer(StatusCode::OK, &json!({"charge": id, "status": "refunded"}))
        }
        _ => not_found(),
    }
}

fn complete(body: &[u8]) -> Answer {
    let Ok(asked) = serde_json::from_slice::<Value>(body) else {
        let error = json!({"error": {"message": "not JSON", "type": "invalid_request_error"}});
        return json_answer(StatusCode::BAD_REQUEST, &error);
    };
    let model = text(&asked, "/model");
    let said = match last_message(&asked) {
        "Who is on call tonight?" => {
            "Jo Lind is, write to jo.lind@oncall.example or call.".to_owned()
        }
        message => format!("You said: {message}"),
    };
    if asked.get("stream") == Some(&Value::Bool(true)) {
        return stream(model, &said);
    }
    let message = json!({"role": "assistant", "content": said});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    let usage = json!({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2});
    let mut answer = completion("chat.completion", model, &choice);
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("usage".to_owned(), usage);
    }
    json_answer(StatusCode::OK, &answer)
}

fn stream(model: &str, said: &str) -> Answer {
    let delta = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        event(&completion("chat.completion.chunk", model, &choice).to_string())
    };
    let mut pieces = vec![delta(
        json!({"role": "assistant", "content": ""}),
        Value::Null,
    )];
    let words = said.split_inclusive(' ');
    pieces.extend(words.map(|word| delta(json!({"content": word}), Value::Null)));
    pieces.push(delta(json!({}), json!("stop")));
    pieces.push(event("[DONE]"));
    answer(StatusCode::OK, "text/event-stream", pieces)
}

fn completion(object: &str, model: &str, choice: &Value) -> Value {
    json!({"id": "chatcmpl-demo", "object": object, "created": 0, "model": model, "choices": [choice]})
}

fn event(data: &str) -> Bytes {
    format!("data: {data}\n\n").into()
}

fn last_message(asked: &Value) -> &str {
    let messages = asked.get("messages").and_then(Value::as_array);
    messages
        .and_then(|all| all.last())
        .map(|last| text(last, "/content"))
        .unwrap_or_default()
}

fn initialized(message: &Value) -> Value {
    // A server that does not care about the differences speaks the version that it is asked for.
    json!({
        "protocolVersion": text(message, "/params/protocolVersion"),
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "docs", "version": "1.0.0"},
    })
}

fn tools() -> Value {
    let takes = |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}, "required": [name]});
    json!([
        {"name": "search", "description": "finds pages", "inputSchema": takes("query")},
        {"name": "delete_page", "description": "deletes a page", "inputSchema": takes("page")},
    ])
}

fn call_tool(id: &Value, message: &Value) -> Answer {
    let said = match text(message, "/params/name") {
        "search" => format!("3 pages about {}", text(message, "/params/arguments/query")),
        "delete_page" => format!("{} is deleted", text(message, "/params/arguments/page")),
        _ => return rpc_error(StatusCode::OK, id, -32602, "no such tool"),
    };
    let content = json!([{"type": "text", "text": said}]);
    rpc_result(id, &json!({"content": content, "isError": false}))
}

fn rpc_result(id: &Value, result: &Value) -> Answer {
    json_answer(
        StatusCode::OK,
        &json!({"jsonrpc": "2.0", "id": id, "result": result}),
    )
}

fn rpc_error(status: StatusCode, id: &Value, code: i32, message: &str) -> Answer {
    let error = json!({"code": code, "message": message});
    json_answer(status, &json!({"jsonrpc": "2.0", "id": id, "error": error}))
}

fn in_session(mut answer: Answer) -> Answer {
    let session = header::HeaderValue::from_static("demo-session");
    answer.headers_mut().insert("mcp-session-id", session);
    answer
}

/// What the body was: JSON as it is, anything else as text.
fn received(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| json!(String::from_utf8_lossy(body)))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn not_found() -> Answer {
    json_answer(
        StatusCode::NOT_FOUND,
        &json!({"error": {"message": "no such operation"}}),
    )
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = status;
    answer
}

fn json_answer(status: StatusCode, value: &Value) -> Answer {
    answer(status, "application/json", vec![value.to_string().into()])
}

fn answer(status: StatusCode, content_type: &'static str, pieces: Vec<Bytes>) -> Answer {
    let mut answer = Response::new(pieces);
    *answer.status_mut() = status;
    let content_type = header::HeaderValue::from_static(content_type);
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    answer
}

const CHARGE: &str = "ch_1";

#[cfg(test)]
mod tests {
    use super::*;

    fn post(path: &str, body: &Value) -> Request<Bytes> {
        Request::post(path)
            .body(body.to_string().into())
            .expect("a request")
    }

    fn json_of(answer: &Answer) -> Value {
        serde_json::from_slice(&answer.body().concat()).expect("JSON")
    }

    #[test]
    fn a_completion_says_back_what_reached_the_model() {
        let messages = json!([{"role": "user", "content": "hello there"}]);
        let asked = json!({"model": "m", "messages": messages, "stream": false});
        let answer = json_of(&llm(&post("/v1/chat/completions", &asked)));
        assert_eq!(
            answer["choices"][0]["message"]["content"],
            "You said: hello there"
        );
    }

    #[test]
    fn a_streamed_completion_comes_word_by_word_and_ends_with_done() {
        let messages = json!([{"role": "user", "content": "hello there"}]);
        let asked = json!({"model": "m", "messages": messages, "stream": true});
        let answer = llm(&post("/v1/chat/completions", &asked));
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.body().len(), 7, "role, four words, end, done");
        assert_eq!(answer.body()[6], "data: [DONE]\n\n");
    }

    #[test]
    fn an_mcp_client_can_initialize_list_and_call() {
        let version = json!({"protocolVersion": "2025-06-18"});
        let initialize =
            json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": version});
        let answer = mcp(&post("/mcp", &initialize));
        assert!(answer.headers().contains_key("mcp-session-id"));
        assert_eq!(json_of(&answer)["result"]["protocolVersion"], "2025-06-18");

        let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        assert_eq!(
            mcp(&post("/mcp", &initialized)).status(),
            StatusCode::ACCEPTED
        );

        let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
        assert_eq!(
            json_of(&mcp(&post("/mcp", &list)))["result"]["tools"][0]["name"],
            "search"
        );

        let params = json!({"name": "search", "arguments": {"query": "rego"}});
        let call = json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params});
        let answer = json_of(&mcp(&post("/mcp", &call)));
        assert_eq!(answer["result"]["content"][0]["text"], "3 pages about rego");
    }

    #[test]
    fn a_charge_says_back_what_reached_the_payment_service() {
        let answer = json_of(&payments(&post("/v1/charges", &json!({"amount": 5}))));
        assert_eq!(answer["received"]["amount"], 5);
        let refund = json_of(&payments(&post("/v1/charges/ch_1/refund", &json!({}))));
        assert_eq!(refund["status"], "refunded");
        assert_eq!(
            payments(&post("/v1/other", &json!({}))).status(),
            StatusCode::NOT_FOUND
        );
    }
}
