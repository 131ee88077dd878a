//! The caller is proven before anything else, and what it says of itself counts for nothing.

mod tls;

use aegis_testkit::{Aegis, AegisBuilder, Answer, Payload, ProxyClient, Reply, TestCa, Upstream};
use http::Request;

#[tokio::test]
async fn a_known_secret_proves_its_agent_as_basic_and_as_bearer() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = closed().start().await;
    let basic = basic("finance-bot", "secret-of-finance-bot");
    for credential in [&*basic, "bearer secret-of-finance-bot"] {
        let reply = present(&aegis, &upstream, &[credential]).await;

        assert_eq!(reply.status(), 200, "{credential}");
        let (decision, _) = aegis.lines_of(&reply).await;
        assert_eq!(decision["tenant"], "acme");
        assert_eq!(decision["agent"], "finance-bot");
        assert_eq!(decision["auth"], "credential");
    }
}

/// Anonymous callers may do everything here: to be taken for one would let these through.
#[tokio::test]
async fn a_credential_that_is_not_known_is_refused_and_never_counts_as_anonymous() {
    let upstream = Upstream::http().start().await;
    let aegis = open_to_anonymous().start().await;
    let good = basic("finance-bot", "secret-of-finance-bot");
    let presented: [&[&str]; 13] = [
        &[&basic("finance-bot", "wrong")],
        &[&basic("finance-bot", "")],
        &[&basic("ops-bot", "secret-of-finance-bot")],
        &[&basic("Finance-Bot", "secret-of-finance-bot")],
        &[&basic("", "secret-of-finance-bot")],
        &["Bearer wrong"],
        &["Bearer"],
        &["Basic"],
        &["Basic ***"],
        &["Digest username=\"finance-bot\""],
        &[""],
        &[&good, &good],
        &[&good, "Bearer wrong"],
    ];
    for credentials in presented {
        let mut reply = present(&aegis, &upstream, credentials).await;

        assert_eq!(reply.status(), 407, "{credentials:?}");
        assert!(reply.header("proxy-authenticate").is_some());
        assert_eq!(rule(&mut reply).await, "identity.invalid");
        let (decision, end) = aegis.lines_of(&reply).await;
        assert_eq!(decision["outcome"], "deny");
        assert_ne!(decision["auth"], "anonymous", "{credentials:?}");
        assert_eq!(end["status"], 407);
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_tunnel_needs_the_credential_too() {
    let aegis = closed().start().await;
    let impostor = aegis.anonymous().credentials("finance-bot", "wrong");
    for client in [impostor, aegis.anonymous()] {
        let refusal = client.tunnel("echo.test:443").await.unwrap_err();

        assert_eq!(refusal.status, 407);
        assert!(refusal.header("proxy-authenticate").is_some());
        assert_eq!(
            refusal.header("content-type"),
            Some("application/problem+json")
        );
    }
}

#[tokio::test]
async fn who_presents_nothing_is_anonymous_and_denied_by_default() {
    let upstream = Upstream::http().start().await;
    let aegis = closed().start().await;

    let mut reply = present(&aegis, &upstream, &[]).await;

    assert_eq!(reply.status(), 407);
    assert!(reply.header("proxy-authenticate").is_some());
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(decision["auth"], "anonymous");
    assert_eq!(decision["outcome"], "deny");
    assert_eq!(end["error"], "identity.anonymous");
    assert_eq!(rule(&mut reply).await, decision["rules"][0]["rule"]);
    assert_eq!(upstream.connections(), 0);
}

/// Who proves nothing takes no room that callers need: the body is neither asked for nor waited for.
#[tokio::test]
async fn nobody_waits_for_the_body_of_who_presents_nothing() {
    let aegis = closed().start().await;
    let mut client = aegis.raw().await;

    let head = "POST http://echo.test/ HTTP/1.1\r\nhost: echo.test\r\ncontent-length: 1000000\r\n";
    client
        .send(format!("{head}expect: 100-continue\r\n\r\n"))
        .await;

    let refusal = client.read_response().await;
    assert_eq!(refusal.status, 407);
    assert_eq!(refusal.json()["reasons"][0]["rule"], "identity.anonymous");
    let (decision, end) = aegis.lines(|line| line["decision"] != "allow").await;
    assert_eq!(decision["auth"], "anonymous");
    assert_eq!(end["bytes_in"], 0);
}

#[tokio::test]
async fn anonymous_callers_may_do_what_policy_says_of_them() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = open_to_anonymous().start().await;

    let reply = present(&aegis, &upstream, &[]).await;

    assert_eq!(reply.status(), 200);
    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(decision["auth"], "anonymous");
    assert_eq!(decision["agent"], "anonymous");
}

#[tokio::test]
async fn a_client_certificate_proves_its_agent() {
    let upstream = Upstream::http().echo().start().await;
    let clients = TestCa::new();
    let own = clients.issue_client("ops-bot");
    let aegis = closed()
        .agent_with_certificate("acme", "ops-bot", &own, &clients)
        .start()
        .await;
    let client = ProxyClient::new(aegis.forward()).proxy_tls(aegis.ca_pem(), Some(&own));

    let reply = client.get(&echo(&upstream)).await;

    assert_eq!(reply.status(), 200);
    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(decision["agent"], "ops-bot");
    assert_eq!(decision["auth"], "certificate");
}

#[tokio::test]
async fn a_certificate_and_a_credential_must_name_the_same_caller() {
    let upstream = Upstream::http().echo().start().await;
    let clients = TestCa::new();
    let own = clients.issue_client("ops-bot");
    let aegis = closed()
        .agent("acme", "ops-bot")
        .agent_with_certificate("acme", "ops-bot", &own, &clients)
        .start()
        .await;
    let client = ProxyClient::new(aegis.forward()).proxy_tls(aegis.ca_pem(), Some(&own));
    let sent = async |id: &str, secret: &str| {
        client
            .clone()
            .credentials(id, secret)
            .get(&echo(&upstream))
            .await
            .status()
    };

    assert_eq!(sent("ops-bot", "secret-of-ops-bot").await, 200);
    assert_eq!(sent("finance-bot", "secret-of-finance-bot").await, 407);
    assert_eq!(sent("ops-bot", "wrong").await, 407);
    assert_eq!(upstream.count(), 1);
}

#[tokio::test]
async fn a_certificate_that_nobody_registered_is_refused_even_with_a_good_credential() {
    let upstream = Upstream::http().start().await;
    let clients = TestCa::new();
    let known = clients.issue_client("ops-bot");
    let stranger = clients.issue_client("stranger");
    let aegis = open_to_anonymous()
        .agent_with_certificate("acme", "ops-bot", &known, &clients)
        .start()
        .await;
    let client = ProxyClient::new(aegis.forward()).proxy_tls(aegis.ca_pem(), Some(&stranger));

    assert_eq!(client.get(&echo(&upstream)).await.status(), 407);
    let armed = client.credentials("finance-bot", "secret-of-finance-bot");
    assert_eq!(armed.get(&echo(&upstream)).await.status(), 407);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn without_a_certificate_a_credential_proves_the_caller_on_a_tls_port() {
    let upstream = Upstream::http().echo().start().await;
    let clients = TestCa::new();
    let own = clients.issue_client("ops-bot");
    let aegis = closed()
        .agent_with_certificate("acme", "ops-bot", &own, &clients)
        .start()
        .await;
    let client = ProxyClient::new(aegis.forward()).proxy_tls(aegis.ca_pem(), None);

    assert_eq!(client.get(&echo(&upstream)).await.status(), 407);
    let armed = client.credentials("finance-bot", "secret-of-finance-bot");
    assert_eq!(armed.get(&echo(&upstream)).await.status(), 200);
}

#[tokio::test]
async fn a_certificate_of_another_authority_ends_the_connection_with_a_record() {
    let clients = TestCa::new();
    let own = clients.issue_client("ops-bot");
    let forged = TestCa::new().issue_client("ops-bot");
    let aegis = open_to_anonymous()
        .agent_with_certificate("acme", "ops-bot", &own, &clients)
        .start()
        .await;

    let raw = aegis.raw().await;
    // In TLS 1.3 a client learns of it only when it reads.
    if let Ok(mut client) = raw
        .tls_as(aegis.ca_pem(), "localhost", &[], Some(&forged))
        .await
    {
        client
            .send("GET http://echo.test/ HTTP/1.1\r\nHost: echo.test\r\n\r\n")
            .await;
        assert!(client.read_to_end().await.is_empty(), "nothing is answered");
    }

    let (decision, end) = aegis
        .lines(|line| line["rules"][0]["rule"] == "identity.certificate")
        .await;
    assert_eq!(decision["outcome"], "deny");
    assert_eq!(end["outcome_detail"], "refused");
}

#[tokio::test]
async fn what_a_caller_claims_to_be_is_neither_believed_nor_forwarded() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = closed().start().await;
    let mut request = Request::get(echo(&upstream)).header("x-request-id", "7");
    for name in CLAIMS {
        request = request.header(name, "admin");
    }

    let reply = aegis
        .client("finance-bot")
        .send(request.body(Payload::from("")).expect("a request"))
        .await;

    assert_eq!(reply.status(), 200);
    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(
        (&decision["tenant"], &decision["agent"]),
        (&"acme".into(), &"finance-bot".into())
    );
    let received = upstream.request();
    assert_eq!(
        received.header("x-request-id"),
        Some("7"),
        "others do cross"
    );
    for name in CLAIMS {
        assert_eq!(received.header(name), None, "{name}");
    }
    assert_eq!(received.header("proxy-authorization"), None);
}

#[tokio::test]
async fn nor_does_it_help_to_claim_it_in_the_trailers() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = closed().start().await;
    let mut client = aegis.raw().await;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: echo.test:{}\r\nProxy-Authorization: Bearer secret-of-finance-bot\r\n\
         Transfer-Encoding: chunked\r\nTrailer: x-agent-id, x-checksum, aegis-agent, baggage\r\n\r\n",
        echo(&upstream),
        upstream.port()
    );

    client.send(head + "2\r\nhi\r\n0\r\nX-Agent-Id: admin\r\nX-Checksum: 7\r\nAegis-Agent: admin\r\nBaggage: aegis-chain=x\r\n\r\n").await;

    assert_eq!(client.read_response().await.status, 200);
    let trailers = upstream.request().trailers;
    assert!(trailers.contains_key("x-checksum"), "others do cross");
    assert!(!trailers.contains_key("x-agent-id") && !trailers.contains_key("aegis-agent"));
    assert!(!trailers.contains_key("baggage"));
}

#[tokio::test]
async fn an_upstream_cannot_speak_for_aegis() {
    let forged = [
        "aegis-decision",
        "aegis-decision-id",
        "aegis-policy-version",
        "aegis-region",
        "aegis-route",
    ];
    let upstream = Upstream::http()
        .answer(move |_| {
            let answer = Answer::text("x").trailers(&[("aegis-decision", "deny"), ("x-sum", "1")]);
            forged
                .iter()
                .fold(answer, |answer, name| answer.header(name, "forged"))
        })
        .start()
        .await;
    let aegis = closed().start().await;
    let request = Request::get(echo(&upstream)).header("te", "trailers");

    let mut reply = aegis
        .client("finance-bot")
        .send(request.body(Payload::from("")).expect("a request"))
        .await;

    assert_eq!(reply.text().await, "x");
    for name in forged {
        let values: Vec<_> = reply.headers().get_all(name).iter().collect();
        assert!(
            values.len() <= 1 && values.iter().all(|value| *value != "forged"),
            "{name}"
        );
    }
    assert_eq!(reply.header("aegis-decision"), Some("allow"));
    assert!(reply.trailers().contains_key("x-sum"), "others do cross");
    assert!(!reply.trailers().contains_key("aegis-decision"));
}

#[tokio::test]
async fn a_secret_is_written_down_nowhere() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = open_to_anonymous().start().await;
    let wrong = basic("finance-bot", "guessed-secret");
    let good = basic("finance-bot", "secret-of-finance-bot");
    let mut said = Vec::new();
    for credentials in [
        &[&*good][..],
        &[&*wrong],
        &["Bearer guessed-secret"],
        &[&*good, &*good],
    ] {
        let mut reply = present(&aegis, &upstream, credentials).await;
        said.push(format!("{:?}", reply.headers()));
        said.push(reply.text().await);
        aegis.lines_of(&reply).await;
    }
    for path in ["/metrics", "/status"] {
        said.push(aegis.admin_get(path).await.1);
    }
    said.extend(aegis.audit().iter().map(ToString::to_string));
    let said = said.concat();

    assert!(
        said.contains("identity.invalid"),
        "it was looked at the right place"
    );
    let encoded = good.trim_start_matches("Basic ");
    for secret in ["secret-of-finance-bot", "guessed-secret", encoded] {
        assert!(!said.contains(secret), "{secret}");
    }
}

async fn present(aegis: &Aegis, upstream: &Upstream, credentials: &[&str]) -> Reply {
    let mut request = Request::get(echo(upstream));
    for credential in credentials {
        request = request.header("proxy-authorization", *credential);
    }
    aegis
        .anonymous()
        .send(request.body(Payload::from("")).expect("a request"))
        .await
}

async fn rule(reply: &mut Reply) -> String {
    let problem = reply.json().await;
    problem["reasons"][0]["rule"]
        .as_str()
        .expect("a rule")
        .to_owned()
}

fn basic(id: &str, secret: &str) -> String {
    use base64::Engine as _;
    let pair = base64::prelude::BASE64_STANDARD.encode(format!("{id}:{secret}"));
    format!("Basic {pair}")
}

fn echo(upstream: &Upstream) -> String {
    upstream.url_as("echo.test", "/")
}

fn closed() -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "finance-bot")
        .hosts(&["echo.test"])
}

fn open_to_anonymous() -> AegisBuilder {
    let policy = POLICY
        .replace("tenants:", "tenants:\n  anonymous: {}")
        .replace(
            "agents:",
            "agents:\n  anonymous: {tenant: anonymous, profile: web}",
        );
    Aegis::with_policy(&policy)
        .agent("acme", "finance-bot")
        .hosts(&["echo.test"])
}

/// Names by which one hop tells the next who the caller is, also as CGI and WSGI would read them.
const CLAIMS: [&str; 16] = [
    "aegis-agent",
    "aegis-decision-id",
    "x-aegis-agent",
    "x-aegis-tenant",
    "x-agent",
    "x-agent-id",
    "x-tenant",
    "x-tenant-id",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-user",
    "forwarded",
    "x-real-ip",
    "x_agent_id",
    "x_forwarded_for",
    "x-aegis_agent",
];

const POLICY: &str = "
tenants:
  acme: {}
agents:
  finance-bot: {tenant: acme, profile: web}
  ops-bot: {tenant: acme, profile: web}
profiles:
  web:
    hosts: [echo.test]
    tools: {http: {'*': {}}}
";
