//! gRPC passes with its methods judged and its messages counted; what is refused is refused in gRPC.

use aegis_testkit::{Aegis, AegisBuilder, Answer, Payload, TestCa, Upstream};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::clients::environment::Environment;

#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_python_speaks_every_kind_of_call_and_raises_its_own_error_when_refused() {
    let ca = TestCa::new();
    let aegis = proxy(&ca, POLICY).start().await;
    let certificate = ca.issue(&["ledger.test"]);
    let home = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    };
    let cases = Environment::of(&aegis, &ca)
        .await
        .with("CERTIFICATE", file("server.pem", certificate.pem()))
        .with("KEY", file("server.key", &certificate.key_pem()))
        .python("grpc_client.py")
        .await;

    assert_eq!(cases["unary"]["answer"], "posted 7", "{cases}");
    assert_eq!(cases["unary"]["trailers"]["ledger"], "posted", "{cases}");
    let ticks = json!(["tick 0", "tick 1", "tick 2"]);
    assert_eq!(cases["server_stream"]["answers"], ticks, "{cases}");
    let heard = json!(["heard one", "heard two"]);
    assert_eq!(cases["conversation"]["answers"], heard, "{cases}");
    assert_eq!(
        cases["server_error"]["status"], "FAILED_PRECONDITION",
        "{cases}"
    );
    assert_eq!(cases["server_error"]["decision"], "allow", "{cases}");
    for (case, rule) in [("deny", "tool"), ("constrained", "truncated")] {
        let refused = &cases[case];
        assert_eq!(refused["status"], "PERMISSION_DENIED", "{cases}");
        assert_eq!(refused["document"]["reasons"][0]["rule"], rule, "{cases}");
        let details = refused["details"].as_str().expect("a message");
        assert!(details.contains(&format!("(rule {rule})")), "{details}");
    }
    assert_eq!(
        cases["not_a_method"]["document"]["reasons"][0]["rule"],
        "protocol.malformed"
    );

    let (decision, end) = ended(&aegis, "Talk").await;
    assert_eq!(decision["kind"], "grpc", "{decision}");
    assert_eq!(decision["tool"], "ledger/acme.Ledger", "{decision}");
    let expected = json!({
        "from_agent": {"count": 2, "largest_bytes": 3},
        "to_agent": {"count": 2, "largest_bytes": 9},
        "status": 0,
    });
    assert_eq!(end["grpc"], expected, "{end}");
    let (_, end) = ended(&aegis, "Fail").await;
    assert_eq!(end["grpc"]["status"], 9, "{end}");
}

#[tokio::test]
async fn a_policy_can_deny_messages_that_nobody_reads() {
    let ca = TestCa::new();
    let upstream = ledger(&ca).await;
    let denying = POLICY.replace("profile: bot}", "profile: strict}");
    let aegis = proxy(&ca, &denying).start().await;

    let reply = post(&aegis, &upstream, "/acme.Ledger/Post").await;

    assert_eq!(reply["grpc-status"], "7", "{reply}");
    assert_eq!(reply["rule"], "truncated", "{reply}");
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn approval_is_asked_for_in_grpc_too() {
    let ca = TestCa::new();
    let upstream = ledger(&ca).await;
    let module = "package aegis.ext\n\napproval_needed contains {\"rule\": \"ledger.human\", \"message\": \"a human must see this\"} if {\n\tinput.call.kind == \"grpc\"\n}\n";
    let aegis = proxy(&ca, POLICY)
        .module("human.rego", module)
        .start()
        .await;

    let reply = post(&aegis, &upstream, "/acme.Ledger/Post").await;

    assert_eq!(reply["grpc-status"], "7", "{reply}");
    assert_eq!(reply["rule"], "ledger.human", "{reply}");
    assert_eq!(reply["outcome"], "approval_needed", "{reply}");
    assert!(reply["approval_id"].is_string(), "{reply}");
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn what_a_declared_server_is_sent_beside_grpc_is_refused() {
    let ca = TestCa::new();
    let upstream = ledger(&ca).await;
    let aegis = proxy(&ca, POLICY).start().await;
    let url = upstream.url_as("ledger.test", "/acme.Ledger/Post");
    let request = Request::post(&url)
        .header("content-type", "application/json")
        .body(Payload::from("{}"));
    let client = aegis.client("bot").h2();
    let reply = client.send(request.expect("a request")).await;

    assert_eq!(reply.header("grpc-status"), Some("7"));
    assert_eq!(upstream.count(), 0);
    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(
        decision["rules"][0]["rule"], "protocol.disagreement",
        "{decision}"
    );
}

/// The head of the answer, with what its document says.
async fn post(aegis: &Aegis, upstream: &Upstream, path: &str) -> Value {
    let url = upstream.url_as("ledger.test", path);
    let request = Request::post(&url)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Payload::from("\0\0\0\0\u{1}x"));
    let client = aegis.client("bot").h2();
    let reply = client.send(request.expect("a request")).await;
    assert_eq!(reply.status(), 200);
    let document = reply.header("aegis-refusal-bin").expect("a document");
    let document = STANDARD_NO_PAD.decode(document).expect("base64");
    let mut told: Value = serde_json::from_slice(&document).expect("JSON");
    told["rule"] = told["reasons"][0]["rule"].clone();
    told["grpc-status"] = reply.header("grpc-status").into();
    told
}

async fn ledger(ca: &TestCa) -> Upstream {
    let answer = |_: &_| Answer::status(200).trailers(&[("grpc-status", "0")]);
    let upstream = Upstream::https(ca, &["ledger.test"]).h2();
    upstream
        .on(Method::POST, "/acme.Ledger/Post", answer)
        .start()
        .await
}

async fn ended(aegis: &Aegis, action: &str) -> (Value, Value) {
    aegis.lines(|line| line["action"] == action).await
}

fn proxy(ca: &TestCa, policy: &str) -> AegisBuilder {
    Aegis::with_policy(policy)
        .agent("acme", "bot")
        .hosts(&["ledger.test"])
        .upstream_ca(ca)
}

const POLICY: &str = "
tenants:
  acme: {regions: [eu-central-1]}
agents:
  bot: {tenant: acme, profile: bot}
profiles:
  bot:
    tools:
      ledger/acme.Ledger: {Post: {}, Watch: {}, Talk: {}, Fail: {}, Move: {amount: {max: 5}}}
  strict:
    grpc_bodies: deny
    tools:
      ledger/acme.Ledger: {Post: {}}
catalogue:
  ledger: {hosts: [ledger.test], protocol: grpc, regions: [eu-central-1]}
";
