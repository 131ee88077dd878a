//! Values that became tokens never leave; where a token comes back to its agent, so does the value.

use std::time::Duration;

use aegis_testkit::{Aegis, AegisBuilder, Answer, Feed, Received, Reply, Upstream};
use serde_json::{Value, json};

use crate::finance::{post, rules};

const ANN: &str = "ann@corp.example";

#[tokio::test]
async fn a_model_sees_only_a_token_and_what_it_says_of_it_reaches_the_agent_as_the_value() {
    let llm = repeating(|token| {
        let text = format!("I wrote to {token}, [as] asked.");
        text.chars()
            .map(|piece| delta(&json!({"content": piece.to_string()})))
            .collect()
    })
    .await;
    let aegis = data_plane(TOKENS).start().await;

    let mut reply = ask(&aegis, "bot", &llm).await;
    let received = reply.text().await;

    let sent = llm.request().text();
    assert!(!sent.contains("corp"), "{sent}");
    assert_eq!(
        joined(&received, "/content"),
        format!("I wrote to {ANN}, [as] asked.")
    );
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(decision["outcome"], "sanitize");
    assert_eq!(end["tokens"], json!({"made": 1, "restored": 1}));
    let (_, metrics) = aegis.admin_get("/metrics").await;
    let counted = r#"aegis_redactions_total{type="EMAIL_ADDRESS",action="token"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
    let log = format!("{:?}", aegis.audit());
    assert!(
        !log.contains("corp") && !log.contains(&token_in(&sent)),
        "{log}"
    );
}

#[tokio::test]
async fn arguments_are_judged_with_the_token_and_carried_out_with_the_value() {
    let llm = repeating(|token| {
        let arguments = json!({"to": token, "cc": [format!("Ann <{token}>")]}).to_string();
        let mut events: Vec<Value> = Vec::new();
        for (at, piece) in arguments.chars().enumerate() {
            let name = if at == 0 {
                json!("send_mail")
            } else {
                Value::Null
            };
            let function = json!({"name": name, "arguments": piece.to_string()});
            let call =
                json!({"index": 0, "id": "call_1", "type": "function", "function": function});
            events.push(delta(&json!({"tool_calls": [call]})));
        }
        events.push(
            json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
        );
        events
    })
    .await;
    let aegis = data_plane(TOKENS).start().await;

    let mut reply = ask(&aegis, "bot", &llm).await;
    let received = reply.text().await;

    let arguments = joined(&received, "/tool_calls/0/function/arguments");
    let arguments: Value = serde_json::from_str(&arguments).expect("JSON");
    assert_eq!(
        arguments,
        json!({"to": ANN, "cc": [format!("Ann <{ANN}>")]})
    );
    let (asked, _) = aegis.lines_of(&reply).await;
    let (proposed, _) = aegis.lines(|line| line["proposed_by"] == asked["id"]).await;
    // The address itself would be data in the call.
    assert_eq!(proposed["outcome"], "allow");
}

#[tokio::test]
async fn the_same_value_has_the_same_token_and_another_agent_has_its_own() {
    let site = mirror().await;
    let aegis = data_plane(TOKENS).start().await;

    for agent in ["bot", "bot", "other-bot"] {
        let mut reply = send(&aegis, agent, &site, &json!({"to": ANN, "cc": ANN})).await;
        // An answer of any server, as the agent sent it.
        assert_eq!(reply.json().await, json!({"to": ANN, "cc": ANN}), "{agent}");
    }

    let tokens: Vec<String> = site
        .requests()
        .iter()
        .map(|it| token_in(&it.text()))
        .collect();
    for request in site.requests() {
        let sent = request.json();
        assert_eq!(sent["to"], sent["cc"]);
    }
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[1], tokens[2]);
    let stolen = json!({"say": tokens[0]});
    let mut reply = send(&aegis, "other-bot", &site, &stolen).await;
    assert_eq!(reply.json().await, stolen);
}

#[tokio::test]
async fn what_was_kept_from_an_agent_does_not_come_back_to_it_by_its_token() {
    let site = Upstream::http()
        .answer(|request| match request.path() {
            "/people" => Answer::json(&json!({"mail": "bob@corp.example"})),
            _ => Answer::json(&request.json()),
        })
        .start()
        .await;
    let policy = TOKENS.replace(
        "numbers: deny",
        "answers: {EMAIL_ADDRESS: {sanitize: token}}",
    );
    let aegis = data_plane(&policy).start().await;

    let url = site.url_as("site.test", "/people");
    let told = aegis.client("bot").get(&url).await.json().await;
    let token = told["mail"].as_str().expect("a text");
    assert!(token.starts_with("[EMAIL_ADDRESS:"), "{token}");
    let mut reply = send(&aegis, "bot", &site, &json!({"say": token, "to": ANN})).await;

    assert_eq!(reply.json().await, json!({"say": token, "to": ANN}));
}

#[tokio::test]
async fn a_token_that_has_expired_stays_a_token() {
    let site = mirror().await;
    let aegis = data_plane(TOKENS)
        .settings(|settings| settings.dlp.tokens.ttl = Duration::ZERO)
        .start()
        .await;

    let mut reply = send(&aegis, "bot", &site, &json!({"to": ANN})).await;

    let answer = reply.json().await;
    let token = answer["to"].as_str().expect("a text");
    assert_eq!(site.request().json()["to"], token);
    assert!(token.starts_with("[EMAIL_ADDRESS:"), "{token}");
}

#[tokio::test]
async fn a_value_that_there_is_no_room_for_gets_a_label() {
    let site = Upstream::http().echo().start().await;
    let aegis = data_plane(TOKENS)
        .settings(|settings| settings.dlp.tokens.max = 1)
        .start()
        .await;

    let both = json!({"to": [ANN, "bob@corp.example", ANN]});
    send(&aegis, "bot", &site, &both).await;

    let sent = site.request().json();
    assert_eq!(sent["to"][1], "[REDACTED:EMAIL_ADDRESS]");
    assert!(
        sent["to"][0]
            .as_str()
            .is_some_and(|it| it.starts_with("[EMAIL_ADDRESS:"))
    );
    assert_eq!(sent["to"][0], sent["to"][2]);
}

#[tokio::test]
async fn masks_hashes_and_nothing_take_the_place_of_values_in_json_forms_and_queries() {
    let site = Upstream::http().echo().start().await;
    let aegis = data_plane(OTHERS).start().await;
    let card = "4000 1234 1234 1234";
    let url = site.url_as(
        "site.test",
        "/x?mail=ann%40corp.example&card=4000123412341234",
    );
    let client = aegis.client("bot");
    let body = json!({"to": ANN, "paid": format!("by {card}"), "ip": "from 203.0.113.7."});
    client.post_json(&url, &body).await;
    let form = "to=ann%40corp.example&paid=4000123412341234";
    let form = post(&url, "application/x-www-form-urlencoded", form);
    client.send(form).await;

    let [first, second] = &site.requests()[..] else {
        panic!("two requests");
    };
    let sent = first.json();
    let hash = sent["to"].as_str().expect("a text");
    assert!(
        hash.starts_with("[EMAIL_ADDRESS#") && hash.len() == 32,
        "{hash}"
    );
    assert_eq!(sent["paid"], "by **** **** **** 1234");
    assert_eq!(sent["ip"], "from .");
    let encoded = hash
        .replace('[', "%5B")
        .replace('#', "%23")
        .replace(']', "%5D");
    let masked = "%2A%2A%2A%2A%2A%2A%2A%2A%2A%2A%2A%2A1234";
    let query = format!("mail={encoded}&card={masked}");
    assert_eq!(first.query(), Some(&*query));
    assert_eq!(second.text(), format!("to={encoded}&paid={masked}"));
}

#[tokio::test]
async fn a_number_that_must_not_become_text_refuses_the_call() {
    let site = Upstream::http().echo().start().await;
    let aegis = data_plane(OTHERS).start().await;

    let mut reply = send(
        &aegis,
        "bot",
        &site,
        &json!({"card": 4_000_123_412_341_234_u64}),
    )
    .await;

    assert_eq!(reply.status(), 403);
    assert_eq!(rules(&reply.json().await["reasons"]), ["data.number"]);
    assert_eq!(site.connections(), 0);
    let text = OTHERS.replace("numbers: deny", "numbers: text");
    let aegis = data_plane(&text).start().await;
    send(
        &aegis,
        "bot",
        &site,
        &json!({"card": 4_000_123_412_341_234_u64}),
    )
    .await;
    assert_eq!(site.request().json()["card"], "************1234");
}

/// A model's server that answers with what it makes of the token that it was sent.
async fn repeating(says: impl Fn(&str) -> Vec<Value> + Send + Sync + 'static) -> Upstream {
    let answer = move |request: &Received| {
        let feed = Feed::new();
        for event in says(&token_in(&request.text())) {
            feed.event(&event.to_string());
        }
        feed.event("[DONE]");
        feed.end();
        Answer::events(&feed)
    };
    Upstream::http().answer(answer).start().await
}

/// Answers with the JSON that it was sent.
async fn mirror() -> Upstream {
    let answer = |request: &Received| Answer::json(&request.json());
    Upstream::http().answer(answer).start().await
}

fn data_plane(policy: &str) -> AegisBuilder {
    Aegis::with_policy(policy)
        .agent("acme", "bot")
        .agent("acme", "other-bot")
        .hosts(&["llm.test", "site.test"])
}

async fn ask(aegis: &Aegis, agent: &str, llm: &Upstream) -> Reply {
    let said = format!("Write to {ANN}");
    let messages = json!([{"role": "user", "content": said}]);
    let request = json!({"model": "m", "stream": true, "messages": messages});
    let url = llm.url_as("llm.test", "/v1/chat/completions");
    aegis.client(agent).post_json(&url, &request).await
}

async fn send(aegis: &Aegis, agent: &str, site: &Upstream, body: &Value) -> Reply {
    let url = site.url_as("site.test", "/x");
    aegis.client(agent).post_json(&url, body).await
}

fn delta(delta: &Value) -> Value {
    json!({
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": null}],
    })
}

/// As an SDK puts it together.
fn joined(received: &str, member: &str) -> String {
    let lines = received.lines();
    let data = lines.filter_map(|line| line.strip_prefix("data: "));
    let events = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    let place = format!("/choices/0/delta{member}");
    let pieces = events.filter_map(|event| Some(event.pointer(&place)?.as_str()?.to_owned()));
    pieces.collect()
}

fn token_in(text: &str) -> String {
    let (_, rest) = text.split_once("[EMAIL_ADDRESS:").expect("a token");
    let (digits, _) = rest.split_once(']').expect("its end");
    format!("[EMAIL_ADDRESS:{digits}]")
}

const TOKENS: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: careful}
  other-bot: {tenant: acme, profile: careful}
profiles:
  careful:
    hosts: [site.test]
    data: {EMAIL_ADDRESS: {sanitize: token}}
    numbers: deny
    tools: {llm: {chat: {}}, http: {'*': {}}}
    proposed: {unnamed: allow}
catalogue:
  llm: {hosts: [llm.test], protocol: openai}
";

const OTHERS: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: careful}
  other-bot: {tenant: acme, profile: careful}
profiles:
  careful:
    hosts: [site.test]
    data: {EMAIL_ADDRESS: {sanitize: hash}, CREDIT_CARD: {sanitize: {mask: {keep_last: 4}}}, IP_ADDRESS: {sanitize: remove}}
    numbers: deny
    tools: {http: {'*': {}}}
";
