//! An agent sees of a server what it may use, and nothing else.

use aegis_testkit::{Aegis, Answer, Feed, Payload, Upstream};
use http::Request;
use serde_json::{Value, json};

use super::{ask, call, data_plane, message, names, server, tool};
use crate::finance::rules;

#[tokio::test]
async fn a_list_has_what_the_agent_may_use_and_the_rest_of_it_is_kept() {
    let upstream = docs().start().await;
    let aegis = data_plane(POLICY).start().await;

    let mut reply = ask(&aegis, &upstream, &message(1, "tools/list", &json!({}))).await;

    let answer = reply.json().await;
    // `pay` needs approval above an amount, `search` has a pattern: their arguments are not known yet.
    assert_eq!(names(&answer["result"]["tools"]), ["search", "pay"]);
    assert_eq!(answer["result"]["nextCursor"], "page-2");
    let sent = upstream.request();
    assert_eq!(sent.headers["accept-encoding"], "identity");
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(decision["action"], "tools/list");
    let expected = json!({"listed": 4, "hidden": 2, "hidden_names": ["docs/delete", "docs/drop"], "changed": 0});
    assert_eq!(end["lists"], expected);
    let decisions = aegis.audit();
    let decisions = decisions.iter().filter(|line| line["event"] == "decision");
    assert_eq!(decisions.count(), 1, "entries have no lines of their own");
}

#[tokio::test]
async fn prompts_resources_and_templates_are_listed_by_the_same_rule() {
    let upstream = docs().start().await;
    let aegis = data_plane(POLICY).start().await;

    let list = async |method: &str, member: &str, name: &str| -> Vec<String> {
        let mut reply = ask(&aegis, &upstream, &message(1, method, &json!({}))).await;
        let answer = reply.json().await;
        let entries = answer["result"][member].as_array().expect("a list").clone();
        let names = entries
            .iter()
            .map(|entry| entry[name].as_str().expect("a text"));
        names.map(str::to_owned).collect()
    };

    assert_eq!(list("prompts/list", "prompts", "name").await, ["summary"]);
    // Of a resource the argument is known, of a template it is not.
    let resources = list("resources/list", "resources", "uri").await;
    assert_eq!(resources, ["file:///public/a"]);
    let templates = list(
        "resources/templates/list",
        "resourceTemplates",
        "uriTemplate",
    )
    .await;
    assert_eq!(templates, ["file:///{path}"]);
}

#[tokio::test]
async fn shadow_hides_nothing() {
    let upstream = docs().start().await;
    let aegis = data_plane(POLICY).shadow().start().await;

    let mut reply = ask(&aegis, &upstream, &message(1, "tools/list", &json!({}))).await;

    let answer = reply.json().await;
    let all = ["delete", "search", "drop", "pay"];
    assert_eq!(names(&answer["result"]["tools"]), all);
}

#[tokio::test]
async fn each_event_of_a_stream_is_filtered_as_it_comes() {
    let (aegis, upstream, feed) = streaming().await;
    let mut reply = ask(&aegis, &upstream, &message(1, "tools/list", &json!({}))).await;

    let progress =
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}});
    feed.event(&progress.to_string());
    let first = reply.chunk().await.expect("the first event");
    assert!(String::from_utf8_lossy(&first).contains("progress"));
    let result = json!({"tools": [tool("delete"), tool("search")]});
    feed.event(&json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string());
    feed.end();

    let rest = reply.text().await;
    assert!(
        rest.contains("\"search\"") && !rest.contains("\"delete\""),
        "{rest}"
    );
    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["lists"]["hidden"], 1);
    assert_eq!(end["outcome_detail"], "forwarded");
}

#[tokio::test]
async fn a_list_on_a_stream_by_get_is_filtered() {
    let (aegis, upstream, feed) = streaming().await;
    let request = Request::get(upstream.url_as("mcp.test", "/mcp"))
        .header("accept", "text/event-stream")
        .header("last-event-id", "7")
        .body(Payload::from(""))
        .expect("a request");
    let mut reply = aegis.client("worker").send(request).await;

    let result = json!({"tools": [tool("delete"), tool("search")]});
    feed.event(&json!({"jsonrpc": "2.0", "id": "of-before", "result": result}).to_string());
    feed.end();

    let events = reply.text().await;
    assert!(
        events.contains("\"search\"") && !events.contains("\"delete\""),
        "{events}"
    );
}

#[tokio::test]
async fn a_list_on_a_stream_by_get_is_filtered_where_nobody_catalogued_the_server() {
    let (_, upstream, feed) = streaming().await;
    let aegis = data_plane(UNCATALOGUED).start().await;
    let open = |last_event: &str| {
        Request::get(upstream.url_as("mcp.test", "/mcp"))
            .header("accept", "text/event-stream")
            .header("mcp-protocol-version", "2025-11-25")
            .header("last-event-id", last_event)
            .body(Payload::from(""))
            .expect("a request")
    };
    let mut reply = aegis.client("worker").send(open("7")).await;

    let result = json!({"tools": [tool("delete"), tool("search")]});
    feed.event(&json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string());
    feed.end();

    let events = reply.text().await;
    assert!(
        events.contains("\"search\"") && !events.contains("\"delete\""),
        "{events}"
    );
    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(decision["tool"], "mcp.test");
    assert_eq!(decision["action"], "stream");
}

#[tokio::test]
async fn a_list_that_somebody_else_waits_for_comes_in_no_other_answer() {
    let search = call(2, "search", &json!({"query": "docs:a"}));
    for asked in [search, message(2, "ping", &json!({}))] {
        let (aegis, upstream, feed) = streaming().await;
        let mut reply = ask(&aegis, &upstream, &asked).await;
        let sampling = json!({"jsonrpc": "2.0", "id": 1, "method": "sampling/createMessage"});
        feed.event(&sampling.to_string());
        let first = reply.chunk().await.expect("what the server asks");
        assert!(String::from_utf8_lossy(&first).contains("sampling"));

        let list = json!({"tools": [tool("delete")]});
        feed.event(&json!({"jsonrpc": "2.0", "id": 1, "result": list}).to_string());

        let rest = reply.text().await;
        assert!(!rest.contains("\"delete\""), "{rest}");
        let error = rest.lines().find_map(|line| line.strip_prefix("data: "));
        let error: Value = serde_json::from_str(error.expect("an event")).expect("JSON");
        assert_eq!(error["id"], 2);
        let told = rules(&error["error"]["data"]["reasons"]);
        assert_eq!(told, ["protocol.list_unasked"]);
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["refusal"]["rules"][0]["rule"], "protocol.list_unasked");
    }
}

#[tokio::test]
async fn a_servers_word_that_is_no_message_reaches_the_agent() {
    let upstream = Upstream::http().answer(|_| {
        Answer::status(401)
            .header("www-authenticate", "Bearer")
            .body("Unauthorized")
    });
    let upstream = upstream.start().await;
    let aegis = data_plane(POLICY).start().await;

    let mut reply = ask(&aegis, &upstream, &message(1, "tools/list", &json!({}))).await;

    assert_eq!(reply.status(), 401);
    assert_eq!(reply.headers()["www-authenticate"], "Bearer");
    assert_eq!(reply.text().await, "Unauthorized");
}

#[tokio::test]
async fn a_list_that_cannot_be_followed_is_refused_in_the_callers_dialect() {
    let twice = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[],"tools":[{"name":"delete"}]}}"#;
    let cases = [
        (
            "protocol.list_malformed",
            "application/json",
            twice.to_owned(),
            None,
        ),
        (
            "protocol.list_hidden",
            "text/html",
            "<html>".to_owned(),
            None,
        ),
        (
            "protocol.list_hidden",
            "application/json",
            "?".to_owned(),
            Some("gzip"),
        ),
        (
            "protocol.list_unasked",
            "application/json",
            json!({"jsonrpc": "2.0", "id": 9, "result": {"tools": []}}).to_string(),
            None,
        ),
    ];
    for (rule, content_type, body, coding) in cases {
        let upstream = Upstream::http().answer(move |_| {
            let answer = Answer::status(200).header("content-type", content_type);
            let answer = coding.into_iter().fold(answer, |answer, coding| {
                answer.header("content-encoding", coding)
            });
            answer.body(body.clone())
        });
        let upstream = upstream.start().await;
        let aegis = data_plane(POLICY).start().await;

        let mut reply = ask(&aegis, &upstream, &message(1, "tools/list", &json!({}))).await;

        let answer = reply.json().await;
        assert_eq!(reply.status(), 200);
        assert_eq!(answer["id"], 1);
        assert_eq!(rules(&answer["error"]["data"]["reasons"]), [rule]);
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["refusal"]["rules"][0]["rule"], rule);
    }
}

#[tokio::test]
async fn a_stream_that_cannot_be_followed_ends_with_an_error_for_the_request() {
    let (aegis, upstream, feed) = streaming().await;
    let mut reply = ask(&aegis, &upstream, &message(1, "tools/list", &json!({}))).await;

    feed.event(r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"title":"without a name"}]}}"#);

    let events = reply.text().await;
    let error = events.lines().find_map(|line| line.strip_prefix("data: "));
    let error: Value = serde_json::from_str(error.expect("an event")).expect("JSON");
    assert_eq!(error["id"], 1);
    assert_eq!(
        rules(&error["error"]["data"]["reasons"]),
        ["protocol.list_malformed"]
    );
}

#[tokio::test]
async fn a_policy_that_changes_while_a_stream_is_open_judges_what_comes_next() {
    let (aegis, upstream, feed) = streaming().await;
    let mut reply = ask(&aegis, &upstream, &message(1, "tools/list", &json!({}))).await;
    feed.event(r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#);
    reply.chunk().await.expect("the first event");

    aegis
        .change_policy(&POLICY.replace("docs/search", "docs/find"))
        .await;
    let result = json!({"tools": [tool("find"), tool("search")]});
    feed.event(&json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string());
    feed.end();

    let rest = reply.text().await;
    assert!(
        rest.contains("\"find\"") && !rest.contains("\"search\""),
        "{rest}"
    );
}

fn docs() -> aegis_testkit::UpstreamBuilder {
    server(|method, _| match method {
        "tools/list" => json!({
            "tools": [tool("delete"), tool("search"), tool("drop"), tool("pay")],
            "nextCursor": "page-2",
        }),
        "prompts/list" => json!({"prompts": [{"name": "summary"}, {"name": "secret"}]}),
        "resources/list" => json!({"resources": [
            {"uri": "file:///public/a", "name": "a"}, {"uri": "file:///private/b", "name": "b"}]}),
        "resources/templates/list" => json!({"resourceTemplates": [
            {"uriTemplate": "file:///{path}", "name": "any"}]}),
        other => panic!("nobody scripted {other}"),
    })
}

/// A server that answers with events, as the test says.
async fn streaming() -> (Aegis, Upstream, Feed) {
    let feed = Feed::new();
    let answers = feed.clone();
    let upstream = Upstream::http().answer(move |_| Answer::events(&answers));
    let upstream = upstream.start().await;
    (data_plane(POLICY).start().await, upstream, feed)
}

const POLICY: &str = r#"
tenants: {acme: {}}
agents: {worker: {tenant: acme, profile: worker}}
profiles:
  worker:
    data: {EMAIL_ADDRESS: allow}
    proposed: {unnamed: allow}
    tools:
      docs: {ping: {}, tools/list: {}, prompts/list: {}, resources/list: {}, resources/templates/list: {}, stream: {},
             resources/read: {uri: {pattern: {glob: "file:///public/*"}, required: true}}}
      docs/search: {call: {query: {pattern: {glob: "docs:*"}, required: true}}}
      docs/pay: {call: {amount: {approve_above: 10, required: true}}}
      docs/summary: {get: {}}
catalogue:
  docs: {hosts: [mcp.test], protocol: mcp}
"#;

const UNCATALOGUED: &str = r"
tenants: {acme: {}}
agents: {worker: {tenant: acme, profile: worker}}
profiles:
  worker:
    hosts: [mcp.test]
    tools:
      http: {get: {}}
      mcp.test: {tools/list: {}, stream: {}}
      mcp.test/search: {call: {}}
catalogue: {}
";
