//! A policy's own detectors: what they describe is denied, redacted or a token in calls, answers, streams and WebSocket messages, from the reload on, and for no other profile.

use std::fs;

use aegis_testkit::{Aegis, Answer, Feed, Received, Reply, Sockets, Upstream};
use serde_json::{Value, json};

use crate::reload::policy_error;
use crate::websocket::World;

const NUMBER: &str = "EMP-123456";

#[tokio::test]
async fn an_employee_number_is_redacted_and_a_project_is_denied() {
    let site = Upstream::http().echo().start().await;
    let aegis = aegis(POLICY).await;

    let sanitized = send(&aegis, "bot", &site, "ask EMP-123456 first").await;
    assert_eq!(sanitized.header("aegis-decision"), Some("sanitize"));
    let expected = r#"{"note":"ask [REDACTED:EMPLOYEE_NUMBER] first"}"#;
    assert_eq!(site.request().text(), expected);
    let mut denied = send(&aegis, "bot", &site, "about PROJECT ORION").await;
    assert_eq!(denied.status(), 403);
    let reasons = &denied.json().await["reasons"];
    assert_eq!(reasons[0]["rule"], "data.PROJECT_NAME");
    assert_eq!(site.count(), 1);

    let (decision, _) = aegis.lines_of(&sanitized).await;
    assert_eq!(decision["data"][0]["type"], "EMPLOYEE_NUMBER");
    assert_eq!(decision["data"][0]["class"], "pii");
    let log = format!("{:?}", aegis.audit());
    assert!(!log.contains("123456"), "{log}");
}

#[tokio::test]
async fn another_profile_is_not_touched() {
    let site = mirror().await;
    let aegis = aegis(POLICY).await;

    let note = "EMP-123456 of Project Orion";
    let mut reply = send(&aegis, "other", &site, note).await;

    assert_eq!(reply.header("aegis-decision"), Some("allow"));
    assert_eq!(site.request().json()["note"], note);
    assert_eq!(reply.json().await["note"], note);
}

#[tokio::test]
async fn a_detector_finds_from_the_reload_on_that_brings_it() {
    let site = Upstream::http().echo().start().await;
    let aegis = aegis(&without()).await;
    let before = send(&aegis, "bot", &site, NUMBER).await;
    assert_eq!(before.header("aegis-decision"), Some("allow"));

    aegis.change_policy(POLICY).await;

    let after = send(&aegis, "bot", &site, NUMBER).await;
    assert_eq!(after.header("aegis-decision"), Some("sanitize"));
}

#[tokio::test]
async fn a_detector_that_is_none_changes_nothing_and_its_place_is_told() {
    let site = Upstream::http().echo().start().await;
    let aegis = aegis(POLICY).await;

    let file = aegis.policy_directory().join("policy.yaml");
    let policy = fs::read_to_string(&file).expect("the policy");
    let broken = policy.replace("EMP-[0-9]", "EMP-(?=[0-9])");
    fs::write(&file, broken).expect("the policy");

    let error = policy_error(&aegis).await;
    assert!(error.contains("policy.yaml:15:48:"), "{error}");
    assert!(error.contains("look-around"), "{error}");
    let reply = send(&aegis, "bot", &site, NUMBER).await;
    assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
}

#[tokio::test]
async fn a_number_leaves_as_a_token_and_comes_back_as_itself() {
    let site = mirror().await;
    let aegis = aegis(&tokens()).await;

    let mut reply = send(&aegis, "bot", &site, NUMBER).await;
    assert_eq!(reply.json().await, json!({"note": NUMBER}));
    let token = token_in(&site.requests()[0].text());
    // As an agent repeats what a model has said.
    let mut reply = send(&aegis, "bot", &site, &format!("of {token}")).await;

    assert_eq!(site.requests()[1].json()["note"], format!("of {token}"));
    assert_eq!(reply.header("aegis-decision"), Some("allow"));
    assert_eq!(reply.json().await, json!({"note": format!("of {NUMBER}")}));
    let mut stolen = send(&aegis, "other", &site, &token).await;
    assert_eq!(stolen.json().await, json!({"note": token}));
}

#[tokio::test]
async fn nothing_hides_where_a_type_of_its_own_would_stand() {
    let site = Upstream::http().echo().start().await;
    let aegis = aegis(&POLICY.replace("EMP-[0-9]", "EMP[0-9]")).await;
    send(&aegis, "bot", &site, "[EMP123456:abcdefabcdefabcd]").await;
    let sent = site.request().json();
    assert_eq!(
        sent["note"],
        "[[REDACTED:EMPLOYEE_NUMBER]:abcdefabcdefabcd]"
    );
}

#[tokio::test]
async fn a_model_never_says_it_wherever_its_stream_is_cut() {
    let said = "It is EMP-123456, is it?";
    let model = Upstream::http()
        .answer(move |request| {
            let cut = request.json()["cut"].as_u64().expect("a number");
            let (first, rest) = said.split_at(usize::try_from(cut).expect("small"));
            match cut {
                0 => spoken(said.chars().map(String::from)),
                _ => spoken([first, rest].map(str::to_owned)),
            }
        })
        .start()
        .await;
    let aegis = aegis(POLICY).await;

    for cut in 0..said.len() {
        let mut reply = ask(&aegis, &model, &json!({"cut": cut})).await;
        let heard = joined(&reply.text().await);
        assert_eq!(heard, "It is [REDACTED:EMPLOYEE_NUMBER], is it?", "{cut}");
    }
}

#[tokio::test]
async fn a_model_that_says_the_token_byte_by_byte_says_the_number() {
    let model = Upstream::http()
        .answer(|request| {
            let text = format!("I asked {}.", token_in(&request.text()));
            spoken(text.chars().map(String::from))
        })
        .start()
        .await;
    let aegis = aegis(&tokens()).await;

    let mut reply = ask(&aegis, &model, &json!({"user": NUMBER})).await;

    assert!(!model.request().text().contains(NUMBER));
    assert_eq!(joined(&reply.text().await), format!("I asked {NUMBER}."));
}

#[tokio::test]
async fn a_stream_ends_when_a_detector_comes_that_it_is_not_searched_with() {
    let changed = POLICY.replace("[0-9]{6}", "[0-9]{5}");
    for (before, after) in [(without(), POLICY), (POLICY.to_owned(), &changed)] {
        let feed = Feed::new();
        let body = feed.clone();
        let model = Upstream::http()
            .answer(move |_| Answer::events(&body))
            .start()
            .await;
        let aegis = aegis(&before).await;
        let mut reply = ask(&aegis, &model, &json!({})).await;
        feed.event(&piece("One moment, please").to_string());
        reply.chunk().await.expect("the text");

        aegis.change_policy(after).await;

        while let Ok(Some(_)) = reply.try_chunk().await {}
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["outcome_detail"], "closed_by_policy");
    }
}

#[tokio::test]
async fn messages_of_a_websocket_are_searched_with_the_detectors_of_the_policy_in_force() {
    let world = world(&without()).await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    client.send_text(NUMBER).await;
    assert_eq!(server.read_text().await, NUMBER);

    // It only asks more of messages that are to come.
    let policy = POLICY.replace("answers: {pii: sanitize}", "answers: {}");
    world.aegis.change_policy(&policy).await;
    client.send_text(NUMBER).await;
    assert_eq!(server.read_text().await, "[REDACTED:EMPLOYEE_NUMBER]");

    world.aegis.change_policy(POLICY).await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    server.send_text(NUMBER).await;
    assert_eq!(client.read_text().await, "[REDACTED:EMPLOYEE_NUMBER]");
}

#[tokio::test]
async fn a_ping_says_nothing_that_its_own_profile_minds() {
    let swapped = POLICY
        .replace(
            "bot: {tenant: acme, profile: careful}",
            "bot: {tenant: acme, profile: other}",
        )
        .replace(
            "  other: {tenant: acme, profile: other}",
            "  other: {tenant: acme, profile: careful}",
        );
    let world = world(&swapped).await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    client.send_frame(0x89, NUMBER.as_bytes()).await;
    let ping = server.read_frame().await.expect("a ping");
    assert_eq!(&*ping.payload, NUMBER.as_bytes());

    world.aegis.change_policy(POLICY).await;
    let (mut client, _server) = world.open("ws.test", "/chat").await;
    client.send_frame(0x89, NUMBER.as_bytes()).await;
    let close = client.read_close().await;
    assert_eq!(close, (1008, "data.EMPLOYEE_NUMBER".to_owned()));
}

async fn aegis(policy: &str) -> Aegis {
    Aegis::with_policy(policy)
        .agent("acme", "bot")
        .agent("acme", "other")
        .hosts(&["site.test", "llm.test"])
        .start()
        .await
}

async fn world(policy: &str) -> World {
    World::with(Sockets::new(), |_| {
        Aegis::with_policy(policy)
            .agent("acme", "bot")
            .agent("acme", "other")
            .hosts(&["ws.test"])
    })
    .await
}

async fn send(aegis: &Aegis, agent: &str, upstream: &Upstream, note: &str) -> Reply {
    let url = upstream.url_as("site.test", "/notes");
    let body = json!({"note": note});
    aegis.client(agent).post_json(&url, &body).await
}

/// For a stream, with these members besides.
async fn ask(aegis: &Aegis, model: &Upstream, more: &Value) -> Reply {
    let mut request =
        json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "go"}]});
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    let url = model.url_as("llm.test", "/v1/chat/completions");
    aegis.client("bot").post_json(&url, &request).await
}

/// Answers with the JSON that it was sent.
async fn mirror() -> Upstream {
    let answer = |request: &Received| Answer::json(&request.json());
    Upstream::http().answer(answer).start().await
}

fn spoken(pieces: impl IntoIterator<Item = String>) -> Answer {
    let feed = Feed::new();
    for text in pieces {
        feed.event(&piece(&text).to_string());
    }
    feed.event("[DONE]");
    feed.end();
    Answer::events(&feed)
}

fn piece(text: &str) -> Value {
    json!({
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}],
    })
}

/// As an SDK puts it together.
fn joined(received: &str) -> String {
    let lines = received.lines();
    let data = lines.filter_map(|line| line.strip_prefix("data: "));
    let events = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    let pieces = events.filter_map(|event| {
        let piece = event.pointer("/choices/0/delta/content")?;
        piece.as_str().map(str::to_owned)
    });
    pieces.collect()
}

fn token_in(text: &str) -> String {
    let (_, rest) = text.split_once("[EMPLOYEE_NUMBER:").expect("a token");
    let (digits, _) = rest.split_once(']').expect("its end");
    format!("[EMPLOYEE_NUMBER:{digits}]")
}

/// The same policy before anybody thought of numbers of six digits.
fn without() -> String {
    POLICY
        .replace(
            "      EMPLOYEE_NUMBER: {class: pii, pattern: '\\bEMP-[0-9]{6}\\b'}\n",
            "",
        )
        .replace("EMPLOYEE_NUMBER: sanitize, ", "")
}

fn tokens() -> String {
    POLICY.replace(
        "EMPLOYEE_NUMBER: sanitize",
        "EMPLOYEE_NUMBER: {sanitize: token}",
    )
}

const POLICY: &str = r"
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: careful}
  other: {tenant: acme, profile: other}
profiles:
  careful:
    hosts: [site.test, ws.test]
    tools: {http: {'*': {}}, llm: {chat: {}}}
    data: {EMPLOYEE_NUMBER: sanitize, secret: deny}
    answers: {pii: sanitize}
    detectors:
      EMPLOYEE_NUMBER: {class: pii, pattern: '\bEMP-[0-9]{6}\b'}
      PROJECT_NAME: {keywords: [Project Orion]}
  other:
    hosts: [site.test, ws.test]
    tools: {http: {'*': {}}}
    data: {secret: deny, pii: deny}
    answers: {secret: deny, pii: deny}
catalogue:
  llm: {hosts: [llm.test], protocol: openai}
";
