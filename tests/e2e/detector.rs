//! Names and addresses are found by a detector over HTTP, and a call that it does not answer for is not made.

mod example;

use std::time::Duration;

use aegis_config::{DetectorSettings, OutsideType, Secret};
use aegis_testkit::{Aegis, AegisBuilder, Answer, Received, Reply, Sockets, TestCa, Upstream};
use serde_json::{Value, json};

use crate::finance::{post, rules};
use crate::websocket::World;

const ANN: &str = "Ann Lee";
const PATH: &str = "/v1/find";

#[tokio::test]
async fn a_name_is_redacted_in_json_a_form_a_query_and_plain_text() {
    let world = start(knowing(ANN)).await;
    let note = json!({"note": "“Ann Lee” called, ann@example.org", "n": 7, "to": [ANN]});
    let mut replies = vec![world.send(&note).await];
    let url = world.site.url_as("site.test", "/x?who=Ann+Lee&page=1");
    let form = "application/x-www-form-urlencoded";
    for (kind, body) in [
        (form, "a=%7E&note=for+Ann+Lee"),
        ("text/plain", "for Ann Lee"),
    ] {
        let client = world.aegis.client("bot");
        replies.push(client.send(post(&url, kind, body)).await);
    }

    for reply in &replies {
        assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
    }
    let [first, second, third] = &world.site.requests()[..] else {
        panic!("three requests");
    };
    let expected = json!({"note": "“[REDACTED:PERSON]” called, [REDACTED:EMAIL_ADDRESS]",
        "n": 7, "to": ["[REDACTED:PERSON]"]});
    assert_eq!(first.json(), expected);
    let label = "%5BREDACTED%3APERSON%5D";
    assert_eq!(second.text(), format!("a=%7E&note=for%20{label}"));
    assert_eq!(second.query(), Some(&*format!("who={label}&page=1")));
    assert_eq!(third.text(), "for [REDACTED:PERSON]");
    let (decision, _) = world.aegis.lines_of(&replies[0]).await;
    let found = decision["data"].as_array().expect("findings");
    let person = json!({"type": "PERSON", "class": "pii", "path": "body:/to/0", "count": 1, "confidence": 0.9});
    assert!(found.contains(&person), "{decision:#}");
    assert!(!format!("{:?}", world.aegis.audit()).contains("Ann"));
    // Every text that Aegis searches, and the name that it stands under.
    let asked = world.detector.requests()[0].json();
    assert_eq!(asked["version"], 1);
    let texts = asked["texts"].as_array().expect("texts");
    assert!(
        texts.contains(&json!({"id": 2, "name": "to", "text": ANN})),
        "{asked:#}"
    );
    let (_, metrics) = world.aegis.admin_get("/metrics").await;
    assert!(metrics.contains("aegis_detector_seconds_count{result=\"answered\"} 3"));
}

#[tokio::test]
async fn a_name_that_must_not_leave_is_denied_and_written_nowhere() {
    let world = start(knowing(ANN)).await;
    let url = world.site.url_as("site.test", "/people/Ann%20Lee");
    // What stands in the path cannot be redacted.
    let mut path = world.aegis.client("bot").post_json(&url, &json!({})).await;
    let mut body = world.ask("strict-bot", &json!({"to": ANN})).await;

    assert_eq!(
        rules(&path.json().await["reasons"]),
        ["sanitize.impossible"]
    );
    assert_eq!(rules(&body.json().await["reasons"]), ["data.PERSON"]);
    assert_eq!(world.site.count(), 0);
    let (decision, _) = world.aegis.lines_of(&path).await;
    assert_eq!(decision["destination"]["path"], "/people/[REDACTED:PERSON]");
    assert!(!format!("{:?}", world.aegis.audit()).contains("Ann"));
}

#[tokio::test]
async fn a_name_becomes_a_token_that_comes_back_as_the_name() {
    let world = start(knowing(ANN)).await;
    let mut reply = world.ask("token-bot", &json!({"to": ANN})).await;
    assert!(
        world
            .site
            .request()
            .text()
            .starts_with("{\"to\":\"[PERSON:")
    );
    let echoed = reply.json().await;
    assert_eq!(echoed["body"], json!({"to": ANN}).to_string());
}

#[tokio::test]
async fn each_message_of_a_batch_and_of_a_websocket_is_asked_about() {
    let world = start(knowing(ANN)).await;
    let call = |id: u32, who: &str| {
        let params = json!({"name": "search", "arguments": {"query": who}});
        json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
    };
    let url = world.site.url_as("mcp.test", "/mcp");
    let batch = json!([call(1, "for Bob"), call(2, "for Ann Lee")]);
    world.aegis.client("bot").post_json(&url, &batch).await;
    let expected = json!([call(1, "for Bob"), call(2, "for [REDACTED:PERSON]")]);
    assert_eq!(world.site.request().json(), expected);
    assert_eq!(world.detector.count(), 1);

    let detector = knowing(ANN).await;
    let settings = detector_at(&detector);
    let sockets = World::with(Sockets::new(), |builder| {
        builder.settings(|all| all.dlp.detector = Some(settings))
    });
    let world = sockets.await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    client.send_text("for Bob").await;
    assert_eq!(server.read_text().await, "for Bob");
    // Without a rule for it, it is denied.
    client.send_text("for Ann Lee").await;
    assert_eq!(
        client.read_close().await,
        (1008, "data.unclassified".to_owned())
    );
}

#[tokio::test]
async fn a_detector_that_does_not_answer_as_it_must_refuses_the_call() {
    let found = |start: u32, end: u32| json!({"findings": [{"id": 1, "type": "PERSON", "start": start, "end": end, "confidence": 0.9}]});
    let with = |member: &str, value: Value| {
        let mut answer = found(3, 6);
        answer["findings"][0][member] = value;
        answer
    };
    let malformed = [
        json!([]),
        json!({}),
        // Beyond the text, within a character, nothing, backwards.
        found(0, 99),
        found(0, 1),
        found(2, 2),
        found(3, 1),
        with("id", json!(7)),
        with("id", json!("1")),
        with("type", json!("FIRST_NAME")),
        with("confidence", json!(1.5)),
        with("confidence", json!(-0.1)),
        with("start", json!(-1)),
        json!({"findings": null}),
    ];
    for answer in malformed {
        let shown = answer.to_string();
        let detector = Upstream::http().answer(move |_| Answer::json(&answer));
        let world = start_with(detector.start().await, |_| {}).await;
        world.refuses("another form", &shown).await;
    }
    for (case, words) in [
        ("no JSON", "another form"),
        ("too long", "another form"),
        ("an error", "with an error"),
        ("gone", "cannot be reached"),
    ] {
        let detector = Upstream::http().answer(move |_| match case {
            "too long" => Answer::large(2 << 20),
            "an error" => Answer::status(500),
            "gone" => Answer::hang_up(),
            text => Answer::text(text),
        });
        let world = start_with(detector.start().await, |_| {}).await;
        world.refuses(words, case).await;
    }
}

#[tokio::test]
async fn a_detector_that_is_late_refuses_the_call_in_shadow_as_well() {
    let detector = Upstream::http().answer(|_| Answer::never()).start().await;
    let short = |detector: &mut DetectorSettings| detector.timeout = Duration::from_millis(50);
    let world = start_with(detector, short).await;
    world.refuses("in time", "late").await;
    let (_, metrics) = world.aegis.admin_get("/metrics").await;
    assert!(metrics.contains("aegis_detector_seconds_count{result=\"late\"} 1"));

    let detector = Upstream::http().answer(|_| Answer::never()).start().await;
    let mut settings = detector_at(&detector);
    settings.timeout = Duration::from_millis(50);
    let site = Upstream::http().echo().start().await;
    let aegis = data_plane(settings).shadow().start().await;
    let world = Scene {
        aegis,
        detector,
        site,
    };
    world.refuses("in time", "in shadow").await;
}

#[tokio::test]
async fn a_detector_that_is_not_there_refuses_the_call() {
    let gone = Upstream::http().start().await;
    let settings = detector_at(&gone);
    drop(gone);
    let site = Upstream::http().echo().start().await;
    let aegis = data_plane(settings).start().await;
    let detector = Upstream::http().start().await;
    let world = Scene {
        aegis,
        detector,
        site,
    };
    world.refuses("cannot be reached", "nobody there").await;
}

#[tokio::test]
async fn more_text_than_the_detector_may_get_refuses_the_call_and_nothing_is_sent() {
    let few = |detector: &mut DetectorSettings| detector.max_bytes = 1024;
    let world = start_with(knowing(ANN).await, few).await;
    let long = "a ".repeat(600);
    let mut reply = world.send(&json!({"note": long})).await;
    world.is_refused(&mut reply, "more text").await;
    assert_eq!(world.detector.count(), 0);
    assert_eq!(world.send(&json!({"note": "a"})).await.status(), 200);
}

#[tokio::test]
async fn without_the_setting_nobody_is_asked_and_without_a_text_neither() {
    let detector = knowing(ANN).await;
    let site = Upstream::http().echo().start().await;
    let aegis = data_plane(detector_at(&detector));
    let aegis = aegis.settings(|all| all.dlp.detector = None).start().await;
    let world = Scene {
        aegis,
        detector,
        site,
    };
    assert_eq!(world.send(&json!({"to": ANN})).await.status(), 200);
    assert_eq!(world.site.request().json(), json!({"to": ANN}));
    assert_eq!(world.detector.count(), 0);

    let world = start(knowing(ANN)).await;
    let url = world.site.url_as("site.test", "/");
    let reply = world
        .aegis
        .client("bot")
        .post_json(&url, &json!({"n": 7}))
        .await;
    assert_eq!(reply.status(), 200);
    assert_eq!(world.detector.count(), 0);
}

#[tokio::test]
async fn nobody_is_asked_about_an_answer_that_is_searched() {
    let said = format!("{ANN}, ann@corp.example");
    let site = Upstream::http().answer(move |_| Answer::text(said.clone()));
    let world = Scene {
        site: site.start().await,
        ..start(knowing(ANN)).await
    };
    let searched = "answers: {EMAIL_ADDRESS: sanitize}\n    data: {PERSON: sanitize,";
    let policy = POLICY.replace("data: {PERSON: sanitize,", searched);
    world.aegis.change_policy(&policy).await;

    let mut reply = world.send(&json!({"to": ANN})).await;

    assert_eq!(world.site.request().json()["to"], "[REDACTED:PERSON]");
    let expected = format!("{ANN}, [REDACTED:EMAIL_ADDRESS]");
    assert_eq!(reply.text().await, expected);
    assert_eq!(world.detector.count(), 1, "about the request");
}

#[tokio::test]
async fn only_the_types_that_are_asked_for_count_and_only_where_they_are_likely() {
    let answer = json!({"findings": [
        {"id": 1, "type": "LOCATION", "start": 0, "end": 3, "confidence": 0.9},
        {"id": 1, "type": "PERSON", "start": 4, "end": 7, "confidence": 0.49, "why": "a guess"},
    ]});
    let detector = Upstream::http().answer(move |_| Answer::json(&answer));
    let person = |settings: &mut DetectorSettings| settings.types = [OutsideType::Person].into();
    let world = start_with(detector.start().await, person).await;
    let reply = world.send(&json!({"to": ANN})).await;
    assert_eq!(reply.header("aegis-decision"), Some("allow"));
    assert_eq!(world.detector.request().json()["types"], json!(["PERSON"]));
}

#[tokio::test]
async fn connections_to_the_detector_are_kept_and_it_is_told_who_asks() {
    let secret = |settings: &mut DetectorSettings| {
        settings.authorization = Some(Secret::new("Bearer some-secret"));
    };
    let world = start_with(knowing(ANN).await, secret).await;
    for _ in 0..3 {
        assert_eq!(world.send(&json!({"to": "x"})).await.status(), 200);
    }
    assert_eq!(world.detector.connections(), 1);
    let asked = world.detector.requests();
    assert_eq!(asked[2].header("authorization"), Some("Bearer some-secret"));
    assert_eq!(
        (asked[2].path(), asked[2].header("content-type")),
        (PATH, Some("application/json"))
    );
}

#[tokio::test]
async fn a_detector_over_tls_is_trusted_as_an_upstream_is() {
    let ca = TestCa::new();
    for trusted in [true, false] {
        let detector = Upstream::https(&ca, &["localhost"]).answer(|it| find(it, ANN));
        let detector = detector.start().await;
        let url = format!("https://localhost:{}{PATH}", detector.port());
        let site = Upstream::http().echo().start().await;
        let aegis = data_plane(DetectorSettings::at(url));
        let aegis = if trusted {
            aegis.upstream_ca(&ca)
        } else {
            aegis
        };
        let world = Scene {
            aegis: aegis.start().await,
            detector,
            site,
        };
        if trusted {
            let reply = world.send(&json!({"to": ANN})).await;
            assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
        } else {
            world.refuses("cannot be reached", "another CA").await;
        }
    }
}

/// The types of the settings are those of the rules, no more and no less.
#[test]
fn the_settings_and_the_policies_know_the_same_types() {
    let known = aegis_policy::sensitive::types();
    for kind in OutsideType::ALL {
        assert!(known.contains(&kind.as_str()), "{kind:?}");
        assert_eq!(
            aegis_policy::sensitive::class_of(kind.as_str()),
            Some("pii")
        );
    }
}

pub(crate) struct Scene {
    pub(crate) aegis: Aegis,
    pub(crate) detector: Upstream,
    pub(crate) site: Upstream,
}

impl Scene {
    async fn send(&self, body: &Value) -> Reply {
        self.ask("bot", body).await
    }

    async fn ask(&self, agent: &str, body: &Value) -> Reply {
        let url = self.site.url_as("site.test", "/x");
        self.aegis.client(agent).post_json(&url, body).await
    }

    async fn refuses(&self, words: &str, case: &str) {
        let mut reply = self.send(&json!({"to": "é Ann Lee"})).await;
        assert_eq!(reply.status(), 503, "{case}");
        self.is_refused(&mut reply, words).await;
    }

    async fn is_refused(&self, reply: &mut Reply, words: &str) {
        let problem = reply.json().await;
        assert_eq!(rules(&problem["reasons"]), ["dlp.detector_unavailable"]);
        let message = problem["reasons"][0]["message"].as_str();
        assert!(message.is_some_and(|it| it.contains(words)), "{problem:#}");
        assert_eq!(problem["retryable"], true);
        assert_eq!(self.site.count(), 0);
        let (decision, end) = self.aegis.lines_of(reply).await;
        assert_eq!(decision["outcome"], "deny");
        assert_eq!(end["error"], "dlp.detector_unavailable");
        assert!(!format!("{problem}{decision}{end}").contains("Ann"));
    }
}

async fn start(detector: impl Future<Output = Upstream>) -> Scene {
    start_with(detector.await, |_| {}).await
}

async fn start_with(detector: Upstream, change: impl FnOnce(&mut DetectorSettings)) -> Scene {
    let mut settings = detector_at(&detector);
    change(&mut settings);
    let site = Upstream::http().echo().start().await;
    let aegis = data_plane(settings).start().await;
    Scene {
        aegis,
        detector,
        site,
    }
}

pub(crate) fn data_plane(settings: DetectorSettings) -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "bot")
        .agent("acme", "strict-bot")
        .agent("acme", "token-bot")
        .hosts(&["site.test", "mcp.test"])
        .settings(|all| all.dlp.detector = Some(settings))
}

fn detector_at(detector: &Upstream) -> DetectorSettings {
    DetectorSettings::at(detector.url(PATH))
}

/// It knows one person, by her name.
async fn knowing(person: &'static str) -> Upstream {
    let answer = move |request: &Received| find(request, person);
    Upstream::http().answer(answer).start().await
}

fn find(request: &Received, person: &str) -> Answer {
    let question = request.json();
    let texts = question["texts"].as_array().expect("texts").iter();
    let found = texts.flat_map(|text| {
        let places = text["text"].as_str().expect("a text").match_indices(person);
        let found = places.map(|(start, value)| {
            let end = start + value.len();
            json!({"id": text["id"], "type": "PERSON", "start": start, "end": end, "confidence": 0.9})
        });
        found.collect::<Vec<_>>()
    });
    Answer::json(&json!({"findings": found.collect::<Vec<_>>()}))
}

const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: careful}
  strict-bot: {tenant: acme, profile: strict}
  token-bot: {tenant: acme, profile: tokens}
profiles:
  careful:
    hosts: [site.test]
    data: {PERSON: sanitize, EMAIL_ADDRESS: sanitize}
    tools: {http: {'*': {}}, docs/search: {call: {}}}
  strict:
    hosts: [site.test]
    data: {PERSON: deny}
    tools: {http: {'*': {}}}
  tokens:
    hosts: [site.test]
    data: {PERSON: {sanitize: token}}
    tools: {http: {'*': {}}}
catalogue:
  docs: {hosts: [mcp.test], protocol: mcp}
";
