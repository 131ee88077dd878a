//! A service's key comes from where the operator keeps it, goes to that service alone, and is written down nowhere.

use std::fs;
use std::time::Duration;

use aegis_config::{KeyCommand, KeySource, ServiceCredential, Sigv4};
use aegis_testkit::{Answer, OtlpReceiver, Received, Reply, Upstream, header_key};
use serde_json::json;

use super::{CHAT, Llm, chat, completion};

#[tokio::test]
async fn a_rotated_file_counts_from_the_next_call_on() {
    let llm = Llm::start().await;
    llm.chat("small").await;
    let key = llm.aegis.data_dir().with_file_name("openai");

    fs::write(&key, "sk-new\n").expect("the key");
    llm.chat("small").await;
    fs::remove_file(&key).expect("the key");
    let mut without = llm.chat("small").await;

    let sent = llm.upstream.requests();
    let sent: Vec<_> = sent.iter().map(|it| it.header("authorization")).collect();
    assert_eq!(sent, [Some("Bearer sk-real"), Some("Bearer sk-new")]);
    assert_eq!(without.status(), 503);
    assert_eq!(without.json().await["error"]["code"], "gateway.key");
    let (decision, end) = llm.aegis.lines_of(&without).await;
    assert_eq!(decision["outcome"], "allow");
    assert_eq!(end["refusal"]["rules"][0]["rule"], "gateway.key");
}

#[tokio::test]
async fn a_key_stands_in_the_header_that_its_service_wants() {
    let printed = command("echo sk-printed");
    let llm = with_key(header_key("x-api-key", printed)).await;

    llm.chat("small").await;

    let received = llm.upstream.request();
    assert_eq!(received.header("x-api-key"), Some("sk-printed"));
    assert_eq!(received.header("authorization"), None);
}

#[tokio::test]
async fn a_key_does_not_follow_where_its_service_redirects_to() {
    let elsewhere = Upstream::http().echo().start().await;
    let target = elsewhere.url_as("elsewhere.test", "/v1/chat/completions");
    let redirect = move |_: &Received| Answer::status(307).header("location", &target);
    let llm = Llm::answering(|it| it.answer(redirect), |it| it).await;

    let reply = llm.chat("small").await;

    assert_eq!(reply.status(), 307);
    let sent = llm.upstream.request();
    assert_eq!(sent.header("authorization"), Some("Bearer sk-real"));
    assert_eq!(elsewhere.connections(), 0);
}

/// The agent may call the service's host itself: with what it holds, and nothing else.
#[tokio::test]
async fn a_key_is_in_no_call_that_does_not_come_by_the_gateway() {
    let llm = Llm::start().await;
    let url = llm.upstream.url_as("llm.test", "/v1/chat/completions");

    let reply = llm
        .aegis
        .client("bot")
        .post_json(&url, &chat("small"))
        .await;

    assert_eq!(reply.status(), 200);
    assert_eq!(llm.upstream.request().header("authorization"), None);
}

#[tokio::test]
async fn a_command_that_fails_refuses_the_call_and_is_not_quoted() {
    let failing = command("echo sk-printed; echo sk-said >&2; exit 1");
    let llm = with_key(header_key("x-api-key", failing)).await;

    let mut reply = llm.chat("small").await;

    assert_eq!(reply.status(), 503);
    let answer = reply.json().await.to_string();
    let (decision, end) = llm.aegis.lines_of(&reply).await;
    for said in [answer, decision.to_string(), end.to_string()] {
        assert!(!said.contains("sk-"), "{said}");
    }
    assert_eq!(llm.upstream.connections(), 0);
}

/// As a client for AWS computes it: the real SDK checks the same in the client matrix.
#[tokio::test]
async fn a_request_to_aws_is_signed_after_the_last_change() {
    let source = |value: &str| command(&format!("echo {value}"));
    let llm = with_key(ServiceCredential::Sigv4(Sigv4 {
        region: "eu-central-1".into(),
        service: "bedrock".into(),
        access_key_id: source("AKIDEXAMPLE"),
        secret_access_key: source("sk-secret"),
        session_token: Some(source("sk-session")),
    }))
    .await;
    let body = json!({"model": "small", "messages": [{"role": "user", "content": "write to ann@example.org"}]});

    let reply = llm.aegis.post_as("bot", CHAT, &body).await;

    assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
    let received = llm.upstream.request();
    let date = received.header("x-amz-date").expect("a date");
    let day = date.split('T').next().expect("a day");
    let signature = received.header("authorization").expect("a signature");
    let scope = format!("Credential=AKIDEXAMPLE/{day}/eu-central-1/bedrock/aws4_request");
    assert!(signature.starts_with("AWS4-HMAC-SHA256"), "{signature}");
    assert!(signature.contains(&scope), "{signature}");
    assert!(
        signature.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"),
        "{signature}"
    );
    assert_eq!(received.header("x-amz-security-token"), Some("sk-session"));
    let all = format!("{:?}", received.headers);
    assert!(!all.contains("sk-secret"), "{all}");
}

#[tokio::test]
async fn what_was_not_read_to_its_end_cannot_be_signed() {
    let source = || command("echo sk-a");
    let signed = ServiceCredential::Sigv4(Sigv4 {
        region: "eu-central-1".into(),
        service: "bedrock".into(),
        access_key_id: source(),
        secret_access_key: source(),
        session_token: None,
    });
    let llm = Llm::answering(
        |it| it.answer(|_| completion()),
        |it| {
            it.settings(|settings| {
                settings.limits.inspected_body_bytes = 16;
                let gateway = settings.gateway.as_mut().expect("a gateway");
                let service = gateway.services.get_mut("openai").expect("a service");
                service.credential = Some(signed);
                // What cannot be read is denied; here it is to get that far.
                settings.policy.mode = aegis_config::Mode::Shadow;
            })
        },
    )
    .await;

    let reply = llm.chat("small").await;

    assert_eq!(reply.status(), 413);
    assert_eq!(llm.upstream.connections(), 0);
}

/// Searched for in everything that leaves the process but the request itself.
#[tokio::test]
async fn no_key_is_in_answers_records_spans_metrics_or_logs() {
    let log = Log::capture();
    let collector = OtlpReceiver::start().await;
    let endpoint = format!("http://{}", collector.address());
    let llm = Llm::answering(
        |it| it.answer(|_| completion()),
        |it| {
            let signed = ServiceCredential::Sigv4(Sigv4 {
                region: "eu-central-1".into(),
                service: "bedrock".into(),
                access_key_id: command("echo AKIDEXAMPLE"),
                secret_access_key: command("echo sk-real-secret"),
                session_token: Some(command("echo sk-real-session")),
            });
            it.settings(|settings| {
                settings.telemetry.otlp_endpoint = Some(endpoint.into());
                let gateway = settings.gateway.as_mut().expect("a gateway");
                let mut service = gateway.services["openai"].clone();
                service.credential = Some(signed);
                gateway.services.insert("signed".into(), service);
            })
        },
    )
    .await;
    let to_aws = CHAT.replace("openai", "signed");
    let mut said = Vec::new();

    for (path, model) in [(CHAT, "small"), (CHAT, "huge"), (&*to_aws, "small")] {
        let mut reply = llm.aegis.post_as("bot", path, &chat(model)).await;
        said.push(said_in(&mut reply).await);
    }
    let file = llm.aegis.data_dir().with_file_name("openai");
    fs::write(file, "sk-real\u{7}\n").expect("the key");
    let mut without = llm.chat("small").await;
    assert_eq!(without.status(), 503);
    said.push(said_in(&mut without).await);
    let mut wrong = llm.show(&[("x-api-key", "sk-real")]).await;
    said.push(said_in(&mut wrong).await);
    for path in ["/metrics", "/status", "/approvals"] {
        said.push(llm.aegis.admin_get(path).await.1);
    }
    let spans = collector.received(5).await;
    assert_eq!(llm.upstream.count(), 2);
    let (_, lines) = llm.aegis.stop().await;
    said.push(format!("{spans:?}{lines:?}"));
    said.push(log.text());

    let said = said.concat();
    assert!(log.text().contains("there is no key"), "{said}");
    for secret in ["sk-real", "secret-of-bot"] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}

async fn said_in(reply: &mut Reply) -> String {
    let body = reply.text().await;
    format!("{:?}{body}", reply.headers())
}

async fn with_key(credential: ServiceCredential) -> Llm {
    Llm::answering(
        |it| it.answer(|_| completion()),
        |it| {
            it.settings(|settings| {
                let gateway = settings.gateway.as_mut().expect("a gateway");
                let service = gateway.services.get_mut("openai").expect("a service");
                service.credential = Some(credential);
            })
        },
    )
    .await
}

fn command(script: &str) -> KeySource {
    KeySource::Command(KeyCommand {
        timeout: Duration::from_secs(10),
        ..KeyCommand::new(["sh", "-c", script].map(str::to_owned).to_vec())
    })
}

/// What the process logs, at every level.
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Log {
    fn capture() -> Self {
        let log = Self(std::sync::Arc::default());
        let writer = Self(std::sync::Arc::clone(&log.0));
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || Self(std::sync::Arc::clone(&writer.0)))
            .finish();
        // One process runs one test; where another has come first, the text is empty and the test fails.
        tracing::subscriber::set_global_default(subscriber).ok();
        log
    }

    fn text(&self) -> String {
        let bytes = self.0.lock().expect("nobody panics with the lock held");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut log = self.0.lock().expect("nobody panics with the lock held");
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
