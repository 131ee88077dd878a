//! Whatever a call is made of, policy sees a tool, an action and parameters; what two readers could read differently is refused.

use aegis_testkit::{Aegis, AegisBuilder, ProxyClient, Reply, Upstream};
use http::{Method, Request};
use serde_json::{Value, json};

use crate::finance::{post, rules};

#[tokio::test]
async fn plain_http_is_the_tool_http_and_its_method() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let client = aegis.client("worker");

    let url = upstream.url_as("plain.test", "/page");
    let reply = client.get(&url).await;
    let mut deleted = client.send(request(Method::DELETE, &url)).await;

    assert_eq!(seen(&aegis, &reply).await, ["http", "http", "get"]);
    assert_eq!(reply.status(), 200);
    assert_eq!(rules(&deleted.json().await["reasons"]), ["tool"]);
    assert_eq!(seen(&aegis, &deleted).await, ["http", "http", "delete"]);
    assert_eq!(upstream.count(), 1);
}

/// `worker` may post anything that is plain HTTP to this host, and have no model asked there.
#[tokio::test]
async fn no_spelling_makes_a_generation_plain_http_where_the_catalogue_knows_nothing() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let client = aegis.client("worker");
    let chat = r#"{"messages": [{"role": "user", "content": "x"}]}"#;
    let twice = r#"{"model": "a", "model": "b", "messages": []}"#;
    let marked = format!("\u{feff}{chat}");
    let (json, text) = ("application/json", "text/plain");
    for (path, content_type, body, rule) in [
        ("/v1/chat/completions", json, chat, "tool"),
        ("/v1/messages", text, chat, "tool"),
        ("/v1/responses", json, r#"{"input": "x"}"#, "tool"),
        ("/v1/chat/x/../completions", json, chat, AMBIGUOUS),
        ("/v1/chat/%2e/completions", json, chat, AMBIGUOUS),
        ("/v1/chat%252Fcompletions", json, chat, AMBIGUOUS),
        ("/v1/chat/completions;x=1", json, chat, AMBIGUOUS),
        ("/v1/chat/completions", text, twice, "truncated"),
        ("/v1/chat/completions", text, &marked, "truncated"),
    ] {
        let url = upstream.url_as("plain.test", path);
        let mut reply = client.send(post(&url, content_type, body)).await;
        let answer = reply.text().await;
        assert_eq!(reply.status(), 403, "{path} {body}: {answer}");
        let (decision, _) = aegis.lines_of(&reply).await;
        assert_eq!(rules(&decision["rules"]), [rule], "{path} {body}");
    }
    assert_eq!(upstream.count(), 0);

    for (path, content_type, body) in [
        ("/v1/messages", json, r#"{"text": "x"}"#),
        ("/log", text, "[INFO] {\"messages\": []}"),
        (
            "/_bulk",
            "application/x-ndjson",
            "{\"index\":{}}\n{\"a\":1}\n",
        ),
    ] {
        let url = upstream.url_as("plain.test", path);
        let reply = client.send(post(&url, content_type, body)).await;
        assert_eq!(reply.status(), 200, "{path}");
        assert_eq!(seen(&aegis, &reply).await, ["http", "http", "post"]);
    }
}

const AMBIGUOUS: &str = "protocol.ambiguous_path";

#[tokio::test]
async fn parameters_are_read_from_path_query_form_and_json() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let client = aegis.client("worker");
    let url = |path: &str| upstream.url_as("shop.test", path);

    let in_json = client
        .post_json(&url("/orders/o-1/items?dry=yes"), &json!({"count": 2}))
        .await;
    let form = "application/x-www-form-urlencoded";
    let in_form = client
        .send(post(&url("/orders/o-1/items?dry=yes"), form, "count=2"))
        .await;

    for (reply, count) in [(in_json, json!(2)), (in_form, json!("2"))] {
        let (decision, _) = aegis.lines_of(&reply).await;
        assert_eq!(reply.status(), 200, "{decision}");
        assert_eq!(decision["action"], "add");
        assert_eq!(
            decision["parameters"],
            json!({"order": "o-1", "dry": "yes", "count": count})
        );
    }
}

#[tokio::test]
async fn a_limit_holds_wherever_the_parameter_stands() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let client = aegis.client("worker");
    let url = |path: &str| upstream.url_as("shop.test", path);
    let form = "application/x-www-form-urlencoded";

    for request in [
        post(
            &url("/orders/o-1/items"),
            "application/json",
            r#"{"count": 11}"#,
        ),
        post(&url("/orders/o-1/items"), "text/plain", r#"{"count": 11}"#),
        post(&url("/orders/o-1/items"), form, "count=11"),
        post(&url("/orders/o-1/items?count=11"), form, ""),
    ] {
        let mut reply = client.send(request).await;

        let problem = reply.json().await;
        assert_eq!(rules(&problem["reasons"]), ["parameter.max"], "{problem}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_parameter_in_two_places_is_refused() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let client = aegis.client("worker");
    let url = |path: &str| upstream.url_as("shop.test", path);
    let form = "application/x-www-form-urlencoded";

    for request in [
        post(
            &url("/orders/o-1/items?count=1"),
            "application/json",
            r#"{"count": 11}"#,
        ),
        post(&url("/orders/o-1/items?count=1"), form, "count=11"),
        post(&url("/orders/o-1/items?count=1&count=11"), form, ""),
        post(&url("/orders/o-1/items?order=o-2"), form, "count=1"),
        post(&url("/orders/o-1/items"), form, "count=1&Count=11"),
    ] {
        refused(&aegis, &client, request, "protocol.duplicate_parameter").await;
    }
    let twice = post(
        &url("/orders/o-1/items"),
        "application/json",
        r#"{"count":1,"count":11}"#,
    );
    refused(&aegis, &client, twice, "protocol.malformed").await;
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_path_that_servers_read_differently_is_refused() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let client = aegis.client("worker");

    for path in [
        "/orders/../admin",
        "/orders/%2e%2e/admin",
        "/orders/o-1%2fitems",
        "/orders//items",
        "/orders/o-1;x=1/items",
        "/orders/o-1%00/items",
    ] {
        let url = upstream.url_as("shop.test", path);
        refused(
            &aegis,
            &client,
            request(Method::GET, &url),
            "protocol.ambiguous_path",
        )
        .await;
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_path_of_no_operation_is_the_action_other() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;

    let url = upstream.url_as("shop.test", "/orders/o-1/unknown");
    let mut reply = aegis.client("worker").get(&url).await;

    assert_eq!(rules(&reply.json().await["reasons"]), ["tool"]);
    assert_eq!(seen(&aegis, &reply).await, ["tool", "shop", "other"]);
}

#[tokio::test]
async fn another_method_by_header_or_parameter_is_refused() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let client = aegis.client("worker");
    let url = upstream.url_as("shop.test", "/orders/o-1/items");

    let mut overridden = post(&url, "application/json", r#"{"count": 1}"#);
    let headers = overridden.headers_mut();
    headers.insert(
        "x-http-method-override",
        http::HeaderValue::from_static("DELETE"),
    );
    refused(&aegis, &client, overridden, "protocol.method_override").await;
    let form = "application/x-www-form-urlencoded";
    let parameter = post(&url, form, "count=1&_method=DELETE");
    refused(&aegis, &client, parameter, "protocol.method_override").await;
}

#[tokio::test]
async fn a_chat_completion_is_judged_by_its_model_and_options() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let client = aegis.client("worker");
    let url = upstream.url_as("llm.test", "/v1/chat/completions");

    let allowed = client.post_json(&url, &chat("gpt-small")).await;
    let mut model = client.post_json(&url, &chat("gpt-huge")).await;
    let mut tokens = chat("gpt-small");
    tokens["max_tokens"] = json!(4097);
    let mut tokens = client.post_json(&url, &tokens).await;

    let (decision, _) = aegis.lines_of(&allowed).await;
    assert_eq!(allowed.status(), 200, "{decision}");
    assert_eq!(decision["kind"], "llm");
    assert_eq!(decision["action"], "chat");
    assert_eq!(decision["parameters"]["model"], "gpt-small");
    let code = |refusal: &Value| refusal["error"]["code"].clone();
    assert_eq!(code(&model.json().await), "parameter.enum");
    assert_eq!(code(&tokens.json().await), "parameter.max");
    assert_eq!(upstream.count(), 1);
}

#[tokio::test]
async fn mcp_calls_are_judged_by_server_tool_and_arguments() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let url = upstream.url_as("mcp.test", "/mcp");
    let ask = async |method: &str, params: Value| {
        let message = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        let mut reply = aegis.client("worker").post_json(&url, &message).await;
        let decision = aegis.lines_of(&reply).await.0;
        (decision, reply.json().await)
    };

    let (list, _) = ask("tools/list", json!({})).await;
    let search = json!({"name": "search", "arguments": {"query": "docs:rust"}});
    let (search, _) = ask("tools/call", search).await;
    let secret = json!({"name": "search", "arguments": {"query": "secret"}});
    let (other, refusal) = ask("tools/call", secret).await;
    let (tool, _) = ask("tools/call", json!({"name": "delete", "arguments": {}})).await;
    let (method, _) = ask("resources/subscribe", json!({"uri": "x"})).await;

    let words = |line: &Value| format!("{} {} {}", line["tool"], line["action"], line["outcome"]);
    assert_eq!(words(&list), r#""docs" "tools/list" "allow""#);
    assert_eq!(words(&search), r#""docs/search" "call" "allow""#);
    assert_eq!(search["parameters"]["query"], "docs:rust");
    assert_eq!(words(&other), r#""docs/search" "call" "deny""#);
    assert_eq!(rules(&other["rules"]), ["parameter.pattern"]);
    assert_eq!(refusal["id"], 7);
    assert_eq!(words(&tool), r#""docs/delete" "call" "deny""#);
    assert_eq!(words(&method), r#""docs" "resources/subscribe" "deny""#);
    assert_eq!(upstream.count(), 2);
}

#[tokio::test]
async fn content_is_recognised_on_a_host_that_nobody_catalogued() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let client = aegis.client("worker");

    let message =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "run"}});
    let mcp = client
        .post_json(&upstream.url_as("plain.test", "/anything"), &message)
        .await;
    let path = "/proxy/v1/chat/completions";
    let llm = client
        .post_json(&upstream.url_as("plain.test", path), &chat("m"))
        .await;

    assert_eq!(seen(&aegis, &mcp).await, ["mcp", "plain.test/run", "call"]);
    assert_eq!(seen(&aegis, &llm).await, ["llm", "plain.test", "chat"]);
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn content_that_is_not_what_the_catalogue_says_is_refused() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let client = aegis.client("worker");
    let message = r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x"}}"#;
    let json = "application/json";

    for (host, path, body) in [
        ("shop.test", "/orders/o-1/items", message),
        ("llm.test", "/v1/chat/completions", message),
        ("mcp.test", "/mcp", r#"{"count": 1}"#),
        ("llm.test", "/v1/chat/completions", r#"{"count": 1}"#),
    ] {
        let request = post(&upstream.url_as(host, path), json, body);
        let mut reply = client.send(request).await;
        let (decision, _) = aegis.lines_of(&reply).await;
        let said = reply.text().await;
        assert_eq!(
            rules(&decision["rules"]),
            ["protocol.disagreement"],
            "{said}"
        );
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_denied_unless_policy_says_otherwise() {
    let upstream = Upstream::http()
        .answer(|_| aegis_testkit::Answer::status(204))
        .start()
        .await;
    let aegis = data_plane(&upstream)
        .settings(|settings| settings.limits.inspected_body_bytes = 1000)
        .start()
        .await;
    let long = format!(r#"{{"text": "{}"}}"#, "x".repeat(2000));
    let strict = upstream.url_as("plain.test", "/");

    for agent in ["worker", "lenient"] {
        let client = aegis.client(agent);
        let mut reply = client.send(post(&strict, "application/json", &long)).await;
        let (decision, end) = aegis.lines_of(&reply).await;
        assert_eq!(decision["truncated"], true);
        match agent {
            "worker" => assert_eq!(rules(&reply.json().await["reasons"]), ["truncated"]),
            _ => assert_eq!(end["bytes_in"], long.len()),
        }
    }
    assert_eq!(upstream.request().text(), long);
}

/// A body is truncated whether or not it says how long it is.
#[tokio::test]
async fn a_chunked_body_beyond_the_limit_arrives_whole_where_policy_lets_it() {
    let upstream = Upstream::http()
        .answer(|_| aegis_testkit::Answer::status(204))
        .start()
        .await;
    let aegis = data_plane(&upstream)
        .settings(|settings| settings.limits.inspected_body_bytes = 1000)
        .start()
        .await;
    let feed = aegis_testkit::Feed::new();
    let request = Request::post(upstream.url_as("plain.test", "/")).body(feed.payload());
    for piece in ["a", "b", "c"] {
        feed.send(piece.repeat(700));
    }
    feed.end();

    let reply = aegis.client("lenient").send(request.expect("a URL")).await;

    assert_eq!(reply.status(), 204);
    let whole = ["a", "b", "c"].map(|piece| piece.repeat(700)).concat();
    assert_eq!(upstream.request().text(), whole);
    assert_eq!(aegis.lines_of(&reply).await.0["truncated"], true);
}

#[tokio::test]
async fn a_body_that_cannot_be_decoded_counts_as_one_that_was_not_seen() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let mut request = post(
        &upstream.url_as("plain.test", "/"),
        "application/json",
        "not really",
    );
    let headers = request.headers_mut();
    headers.insert("content-encoding", http::HeaderValue::from_static("gzip"));

    let mut reply = aegis.client("worker").send(request).await;

    assert_eq!(rules(&reply.json().await["reasons"]), ["truncated"]);
    assert_eq!(upstream.connections(), 0);
}

fn chat(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "hello"}]})
}

fn request(method: Method, url: &str) -> Request<aegis_testkit::Payload> {
    let request = Request::builder().method(method).uri(url);
    request.body("".into()).expect("the test gives a URL")
}

async fn seen(aegis: &Aegis, reply: &Reply) -> [String; 3] {
    let (decision, _) = aegis.lines_of(reply).await;
    ["kind", "tool", "action"].map(|it| decision[it].as_str().unwrap_or_default().to_owned())
}

async fn refused(
    aegis: &Aegis,
    client: &ProxyClient,
    request: Request<aegis_testkit::Payload>,
    rule: &str,
) {
    let what = format!("{} {:?}", request.uri(), request.body());
    let mut reply = client.send(request).await;
    let text = reply.text().await;
    assert_eq!(reply.status(), 403, "{what}: {text}");
    let problem: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(rules(&problem["reasons"]), [rule], "{what}");
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(rules(&decision["rules"]), [rule], "{what}");
    assert_eq!(end["outcome_detail"], "refused");
}

fn data_plane(upstream: &Upstream) -> AegisBuilder {
    let port = upstream.port();
    Aegis::with_policy(&format!(
        "
tenants:
  acme: {{}}
agents:
  worker: {{tenant: acme, profile: worker}}
  lenient: {{tenant: acme, profile: lenient}}
profiles:
  worker:
    hosts: [plain.test]
    tools:
      http: {{get: {{}}, post: {{}}}}
      shop: {{add: {{count: {{max: 10}}}}}}
      llm: {{chat: {{model: {{enum: [gpt-small]}}, max_tokens: {{max: 4096}}}}}}
      docs: {{tools/list: {{}}}}
      docs/search: {{call: {{query: {{pattern: {{glob: 'docs:*'}}}}}}}}
  lenient:
    hosts: [plain.test]
    truncated: allow
    tools: {{http: {{post: {{}}}}}}
catalogue:
  shop:
    hosts: ['shop.test:{port}']
    protocol: rest
    operations:
      - {{action: add, method: POST, path: '/orders/{{order}}/items', recordable: [order, dry, count]}}
  llm: {{hosts: ['llm.test:{port}'], protocol: openai, recordable: [model]}}
  docs: {{hosts: ['mcp.test:{port}'], protocol: mcp, recordable: [query]}}
"
    ))
    .agent("acme", "worker")
    .agent("acme", "lenient")
    .hosts(&["plain.test", "shop.test", "llm.test", "mcp.test"])
}
