//! A generation that a provider has stored is judged when it is fetched, like one that is made.

use aegis_testkit::{Aegis, Answer, Feed, Upstream};
use serde_json::{Value, json};

use super::{events, last_event};

/// A host that the catalogue declares as an LLM's, and one that it does not know.
const HOSTS: [&str; 2] = ["llm.test", "unknown.test"];

#[tokio::test]
async fn a_stored_response_is_fetched_with_the_calls_that_policy_lets_a_model_propose() {
    for host in HOSTS {
        let stored = response(&[text(HELLO), call("get_weather", r#"{"city":"Berlin"}"#)]);
        let sent = stored.clone();
        let (aegis, llm) = provider(move || Answer::json(&sent)).await;

        let mut reply = aegis.client("bot").get(&url(&llm, host, RESPONSE)).await;

        assert_eq!(reply.status(), 200, "{host}");
        assert_eq!(reply.json().await, stored, "{host}");
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["llm"]["response_id"], "resp_1", "{end}");
        assert_eq!(end["llm"]["output_tokens"], 6, "{end}");
        assert_eq!(end["llm"]["finish_reasons"], json!(["completed"]), "{end}");
        let (proposed, _) = aegis.lines(|line| line["phase"] == "proposed_call").await;
        assert_eq!(proposed["tool"], "get_weather", "{host}");
    }
}

#[tokio::test]
async fn a_stored_generation_with_a_call_that_nobody_allowed_is_refused_in_the_language_of_its_api()
{
    let calls = [call("rm", "{}")];
    let completion = completion("rm");
    let list = json!({"object": "list", "data": [completion], "has_more": false});
    let fetched = [
        (Method::Get, RESPONSE, response(&calls)),
        (
            Method::Post,
            "/v1/responses/resp_1/cancel",
            response(&calls),
        ),
        (Method::Get, "/v1/chat/completions/c1", completion.clone()),
        (Method::Post, "/v1/chat/completions/c1", completion.clone()),
        (Method::Get, "/v1/chat/completions?limit=2", list),
        (Method::Get, "/v1/chat/deferred-completion/c1", completion),
        (
            Method::Get,
            "/openai/v1/RESPONSES/resp_1?include=x",
            response(&calls),
        ),
    ];
    for host in HOSTS {
        for (method, path, stored) in &fetched {
            let sent = stored.clone();
            let (aegis, llm) = provider(move || Answer::json(&sent)).await;
            let url = url(&llm, host, path);

            let mut reply = match method {
                Method::Get => aegis.client("bot").get(&url).await,
                Method::Post => {
                    aegis
                        .client("bot")
                        .post_json(&url, &json!({"metadata": {}}))
                        .await
                }
            };

            assert_eq!(reply.status(), 403, "{host}{path}");
            assert_eq!(reply.json().await["error"]["code"], "tool", "{host}{path}");
            let (proposed, _) = aegis.lines(|line| line["phase"] == "proposed_call").await;
            assert_eq!(proposed["tool"], "rm", "{host}{path}");
        }
    }
}

#[tokio::test]
async fn a_stored_response_streams_while_its_calls_are_judged() {
    for host in HOSTS {
        let feed = Feed::new();
        let (aegis, llm) = streaming(&feed).await;
        let url = url(&llm, host, STREAM);
        for event in &stream("rm", r#"{"path":"/srv/secret-plans"}"#) {
            feed.send(named(event));
        }

        let mut reply = aegis.client("bot").get(&url).await;
        let received = reply.text().await;

        assert!(received.contains("One moment"), "{host}: {received}");
        for hidden in ["\"rm\"", "secret-plans"] {
            assert!(!received.contains(hidden), "{host}: {received}");
        }
        let error = last_event(&received);
        assert_eq!(error["error"]["code"], "tool", "{host}: {error}");
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["refusal"]["rules"][0]["rule"], "tool", "{host}");
    }
}

#[tokio::test]
async fn a_stream_that_is_allowed_passes_as_it_came() {
    for host in HOSTS {
        let feed = Feed::new();
        let (aegis, llm) = streaming(&feed).await;
        let sent: String = stream("get_weather", r#"{"city":"Berlin"}"#)
            .iter()
            .map(named)
            .collect();
        feed.send(sent.clone());
        feed.end();

        let url = url(&llm, host, STREAM);
        let mut reply = aegis.client("bot").get(&url).await;

        assert_eq!(reply.text().await, sent, "{host}");
    }
}

#[tokio::test]
async fn a_stream_from_the_middle_of_a_call_on_is_refused() {
    for host in HOSTS {
        let feed = Feed::new();
        let (aegis, llm) = streaming(&feed).await;
        for event in stream("get_weather", r#"{"city":"Berlin"}"#).iter().skip(5) {
            feed.send(named(event));
        }

        let url = url(&llm, host, &format!("{STREAM}&starting_after=4"));
        let received = aegis.client("bot").get(&url).await.text().await;

        assert!(!received.contains("Berlin"), "{host}: {received}");
        let error = last_event(&received);
        assert_eq!(
            error["error"]["code"], "protocol.answer_incomplete",
            "{host}"
        );
    }
}

#[tokio::test]
async fn a_stream_from_behind_a_call_on_is_judged_by_what_repeats_it() {
    let feed = Feed::new();
    let (aegis, llm) = streaming(&feed).await;
    let events = stream("rm", "{}");
    feed.send(named(events.last().expect("an event")));
    feed.end();

    let url = url(&llm, "llm.test", &format!("{STREAM}&starting_after=9"));
    let received = aegis.client("bot").get(&url).await.text().await;

    assert!(!received.contains("\"rm\""), "{received}");
    assert_eq!(last_event(&received)["error"]["code"], "tool");
}

#[tokio::test]
async fn data_in_a_stored_response_is_searched_where_answers_are() {
    for host in HOSTS {
        let stored = response(&[text("Write to ann@corp.example")]);
        let (aegis, llm) = provider(move || Answer::json(&stored)).await;
        let mut reply = aegis
            .client("searching")
            .get(&url(&llm, host, RESPONSE))
            .await;
        let document = reply.json().await;
        let said = &document["output"][0]["content"][0]["text"];
        assert_eq!(said, "Write to [REDACTED:EMAIL_ADDRESS]", "{host}");

        let feed = Feed::new();
        let (aegis, llm) = streaming(&feed).await;
        for event in saying(&["Write to an", "n@corp.exam", "ple now"]) {
            feed.send(named(&event));
        }
        feed.end();
        let url = url(&llm, host, STREAM);
        let received = aegis.client("searching").get(&url).await.text().await;
        assert!(!received.contains("corp"), "{host}: {received}");
        let heard: String = events(&received)
            .filter_map(|it| it["delta"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(heard, "Write to [REDACTED:EMAIL_ADDRESS] now", "{host}");
    }
}

#[tokio::test]
async fn a_text_that_is_searched_is_not_fetched_from_its_middle_on() {
    for host in HOSTS {
        let feed = Feed::new();
        let (aegis, llm) = streaming(&feed).await;
        for event in saying(&["Write to an", "n@corp.example now"])
            .iter()
            .skip(2)
        {
            feed.send(named(event));
        }
        let url = url(&llm, host, &format!("{STREAM}&starting_after=1"));

        let received = aegis.client("searching").get(&url).await.text().await;

        assert!(!received.contains("corp"), "{host}: {received}");
        let error = last_event(&received);
        assert_eq!(
            error["error"]["code"], "protocol.answer_incomplete",
            "{host}"
        );
    }
}

#[tokio::test]
async fn what_is_fetched_has_an_action_of_its_own() {
    let (aegis, llm) = provider(|| Answer::json(&response(&[]))).await;
    for (method, path, action) in [
        (Method::Get, RESPONSE, "retrieve"),
        (Method::Post, "/v1/responses/resp_1/cancel", "cancel"),
        (Method::Get, "/v1/responses/resp_1/input_items", "other"),
        (Method::Post, "/v1/chat/completions/c1", "update"),
        (Method::Get, "/v1/chat/completions/c1/messages", "other"),
    ] {
        let url = url(&llm, "llm.test", path);
        let client = aegis.client("asking");
        let reply = match method {
            Method::Get => client.get(&url).await,
            Method::Post => client.post_json(&url, &json!({})).await,
        };
        let granted = if action == "retrieve" { 200 } else { 403 };
        assert_eq!(reply.status(), granted, "{path}");
        let (asked, _) = aegis.lines_of(&reply).await;
        assert_eq!(asked["action"], action, "{path}");
    }
}

#[tokio::test]
async fn ordinary_services_keep_their_paths() {
    let large = format!("{{\"rows\": \"{}\"}}", "x".repeat(100_000));
    let ordinary = [
        (
            r#"{"response": 5, "output": ["a"], "choices": {"a": 1}}"#,
            "application/json",
        ),
        ("{\"a\": 1}\n{\"a\": 2}\n", "application/x-ndjson"),
        ("[1, 2]", "application/json"),
        ("id;answer\n5;yes\n", "text/csv"),
        ("{{ template }}", "text/plain"),
        (&large, "application/json"),
        ("", "application/json"),
    ];
    for (body, content_type) in ordinary {
        for path in ["/survey/responses/5", "/v1/chat/completions/5"] {
            let sent = body.to_owned();
            let (aegis, host) =
                provider(move || Answer::text(sent.clone().into_bytes()).header("x-content", "1"))
                    .await;
            let mut reply = aegis
                .client("bot")
                .get(&url(&host, "unknown.test", path))
                .await;
            assert_eq!(reply.status(), 200, "{content_type}");
            let length = body.len().to_string();
            assert_eq!(reply.header("content-length"), Some(&*length), "{body:.40}");
            assert_eq!(reply.text().await, body);
            let (asked, _) = aegis.lines_of(&reply).await;
            assert_eq!(asked["action"], "get");
        }
    }
}

#[tokio::test]
async fn events_of_an_ordinary_service_pass_and_are_searched_where_answers_are() {
    let sent = ": hello\nid: 7\nevent: tick\ndata: plain, ann@corp.example\n\ndata: {\"type\":\"tick\"}\n\n";
    for (agent, address) in [
        ("bot", "ann@corp.example"),
        ("searching", "[REDACTED:EMAIL_ADDRESS]"),
    ] {
        let feed = Feed::new();
        let (aegis, host) = streaming(&feed).await;
        feed.send(sent.to_owned());
        feed.end();

        let url = url(&host, "unknown.test", "/survey/responses/5");
        let received = aegis.client(agent).get(&url).await.text().await;

        assert_eq!(
            received,
            sent.replace("ann@corp.example", address),
            "{agent}"
        );
    }
}

#[tokio::test]
async fn what_only_some_clients_read_as_a_response_does_not_pass() {
    let call = response(&[call("rm", "{}")]).to_string();
    let utf16: Vec<u8> = call.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (body, path) in [
        (format!("\u{feff}{call}").into_bytes(), RESPONSE),
        (utf16, RESPONSE),
        (
            call.replacen('{', "{\"x\": NaN, ", 1).into_bytes(),
            RESPONSE,
        ),
        (
            format!("{{x\n\n{}", named(&json!({"type": "response.completed"}))).into_bytes(),
            STREAM,
        ),
        (
            call.replacen("\"output\"", "\"Output\"", 1).into_bytes(),
            RESPONSE,
        ),
    ] {
        let sent = body.clone();
        let (aegis, llm) = provider(move || Answer::text(sent.clone())).await;
        let mut reply = aegis
            .client("bot")
            .get(&url(&llm, "unknown.test", path))
            .await;
        let received = reply.text().await;
        assert_eq!(reply.status(), 502, "{received}");
        assert!(!received.contains("call_1"), "{received}");
    }
}

#[derive(Clone, Copy)]
enum Method {
    Get,
    Post,
}

async fn streaming(feed: &Feed) -> (Aegis, Upstream) {
    let feed = feed.clone();
    provider(move || Answer::events(&feed)).await
}

async fn provider(answer: impl Fn() -> Answer + Send + Sync + 'static) -> (Aegis, Upstream) {
    let llm = Upstream::http().answer(move |_| answer()).start().await;
    let agents = ["bot", "searching", "asking"];
    let aegis = agents
        .iter()
        .fold(Aegis::with_policy(POLICY), |aegis, agent| {
            aegis.agent("acme", agent)
        });
    (aegis.hosts(&HOSTS).start().await, llm)
}

fn url(llm: &Upstream, host: &str, path: &str) -> String {
    llm.url_as(host, path)
}

fn response(output: &[Value]) -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 0, "model": "m", "status": "completed",
        "error": null, "incomplete_details": null, "output": output,
        "usage": {"input_tokens": 8, "output_tokens": 6},
    })
}

fn text(text: &str) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
           "content": [{"type": "output_text", "text": text, "annotations": []}]})
}

fn call(name: &str, arguments: &str) -> Value {
    json!({"id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_1",
           "name": name, "arguments": arguments})
}

fn completion(name: &str) -> Value {
    json!({
        "id": "c1", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": null,
            "tool_calls": [{"id": "t1", "type": "function", "function": {"name": name, "arguments": "{}"}}],
        }}],
    })
}

/// A text, then a call in two pieces.
fn stream(name: &str, arguments: &str) -> Vec<Value> {
    let (begin, rest) = arguments.split_at(arguments.len() / 2);
    let piece = |piece: &str| json!({"type": "response.function_call_arguments.delta", "item_id": "fc_1", "output_index": 1, "delta": piece});
    let mut events = saying(&[HELLO]);
    events.extend([
        json!({"type": "response.output_item.added", "output_index": 1, "item": call(name, "")}),
        piece(begin),
        piece(rest),
        json!({"type": "response.output_item.done", "output_index": 1, "item": call(name, arguments)}),
        json!({"type": "response.completed", "response": response(&[text(HELLO), call(name, arguments)])}),
    ]);
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = number.into();
    }
    events
}

fn saying(pieces: &[&str]) -> Vec<Value> {
    let item =
        |kind: &str, said: &str| json!({"type": kind, "output_index": 0, "item": text(said)});
    let delta = |piece: &&str| json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": piece});
    let mut events = vec![item("response.output_item.added", "")];
    events.extend(pieces.iter().map(delta));
    events.push(item("response.output_item.done", &pieces.concat()));
    events
}

fn named(event: &Value) -> String {
    format!(
        "event: {}\ndata: {event}\n\n",
        event["type"].as_str().expect("a type")
    )
}

const HELLO: &str = "One moment";
const RESPONSE: &str = "/v1/responses/resp_1";
const STREAM: &str = "/v1/responses/resp_1?stream=true";

const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: careful}
  searching: {tenant: acme, profile: searching}
  asking: {tenant: acme, profile: asking}
profiles:
  careful:
    tools: {llm: {'*': {}}, http: {get: {}, post: {}}}
    hosts: [unknown.test]
    proposed: {tools: {get_weather: {}}}
  searching:
    tools: {llm: {'*': {}}, http: {get: {}, post: {}}}
    hosts: [unknown.test]
    data: {EMAIL_ADDRESS: allow}
    answers: {EMAIL_ADDRESS: sanitize}
    proposed: {tools: {get_weather: {}}}
  asking:
    tools: {llm: {retrieve: {id: {enum: [resp_1], required: true}}}}
catalogue:
  llm: {hosts: [llm.test], protocol: openai}
";
