//! Shadow lets a call through and says what would have happened; what protects Aegis itself is never suspended.

use std::fs::File;
use std::io::BufReader;

use aegis_telemetry::shadow;
use aegis_testkit::{Aegis, AegisBuilder, OtlpReceiver, Reply, Upstream};
use serde_json::json;

use crate::finance::{charge, charge_url, payments, policy, post, rules, send_charge};

#[tokio::test]
async fn global_shadow_lets_everything_through_and_says_what_would_be() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).shadow().start().await;

    for (amount, outcome, rule) in [
        (5001, "approval_needed", "parameter.approve_above"),
        (100_001, "deny", "parameter.max"),
    ] {
        let reply = charge(&aegis, &upstream, amount).await;

        went_through(&aegis, &reply, outcome, &[rule]).await;
    }
    assert_eq!(upstream.count(), 2);
    let (_, list) = aegis.admin_get("/approvals").await;
    assert!(list.contains(r#""pending":[]"#), "{list}");
}

#[tokio::test]
async fn a_tenant_in_shadow_is_alone_in_it() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = two_tenants(&upstream, "mode: shadow, ", "").start().await;

    let trial = charge_as(&aegis, &upstream, "trial-bot").await;
    let strict = charge_as(&aegis, &upstream, "finance-bot").await;

    went_through(&aegis, &trial, "deny", &["parameter.max"]).await;
    assert_eq!(strict.header("aegis-decision"), Some("deny"));
    assert!(aegis.lines_of(&strict).await.0.get("would").is_none());
    assert_eq!(upstream.count(), 1);
}

#[tokio::test]
async fn a_profile_in_shadow_is_alone_in_it() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = two_tenants(&upstream, "", "mode: shadow").start().await;

    let trial = charge_as(&aegis, &upstream, "trial-bot").await;
    let strict = charge_as(&aegis, &upstream, "finance-bot").await;

    went_through(&aegis, &trial, "deny", &["parameter.max"]).await;
    assert_eq!(strict.header("aegis-decision"), Some("deny"));
}

#[tokio::test]
async fn in_shadow_nothing_is_redacted() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).shadow().start().await;
    let body = json!({"amount": 7, "currency": "eur", "to": "ann@example.org"});

    let reply = send_charge(&aegis, &upstream, &body).await;

    went_through(&aegis, &reply, "sanitize", &["data.EMAIL_ADDRESS"]).await;
    assert_eq!(upstream.request().json(), body);
    assert!(aegis.lines_of(&reply).await.0.get("redacted").is_none());
}

#[tokio::test]
async fn metrics_and_spans_say_what_would_be() {
    let upstream = Upstream::http().echo().start().await;
    let collector = OtlpReceiver::start().await;
    let endpoint = collector.endpoint();
    let aegis = payments(&upstream)
        .shadow()
        .settings(|settings| settings.telemetry.otlp_endpoint = Some(endpoint.into()))
        .start()
        .await;

    charge(&aegis, &upstream, 5001).await.bytes().await;
    charge(&aegis, &upstream, 100_001).await.bytes().await;

    let (_, metrics) = aegis.admin_get("/metrics").await;
    for line in [
        r#"aegis_shadow_would_total{outcome="deny",rule="parameter.max"} 1"#,
        r#"aegis_shadow_would_total{outcome="approval_needed",rule="parameter.approve_above"} 1"#,
        r#"aegis_decisions_total{outcome="allow",phase="request",tenant="acme"} 2"#,
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    let spans = collector.received(2).await;
    let would = |amount: usize| spans[amount].attributes.get("aegis.would_decision");
    assert_eq!(would(0), Some(&json!("approval_needed")));
    assert_eq!(would(1), Some(&json!("deny")));
    assert!(
        spans
            .iter()
            .all(|it| it.attributes["aegis.decision"] == "allow")
    );
}

#[tokio::test]
async fn the_report_groups_what_would_be_denied() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).shadow().start().await;
    let mut ids = Vec::new();
    for amount in [200_000, 300_000, 7, 5001] {
        let reply = charge(&aegis, &upstream, amount).await;
        aegis.lines_of(&reply).await;
        ids.push(
            reply
                .header("aegis-decision-id")
                .unwrap_or_default()
                .to_owned(),
        );
    }

    let log = File::open(aegis.data_dir().join("audit.jsonl")).expect("the log");
    let report = shadow::report(BufReader::new(log)).expect("it can be read");

    assert_eq!((report.decisions, report.affected), (4, 3));
    let [denied] = report.would_deny.as_slice() else {
        panic!("one group: {report:?}")
    };
    assert_eq!(denied.rule, "parameter.max");
    assert_eq!((&*denied.tenant, &*denied.agent), ("acme", "finance-bot"));
    assert_eq!(
        (&*denied.tool, &*denied.action),
        ("stripe-payments", "charge")
    );
    assert_eq!(
        denied.destination,
        format!("payments.test:{}", upstream.port())
    );
    assert_eq!(denied.count, 2);
    assert_eq!(denied.decision_ids, ids[..2]);
    assert_eq!(report.would_need_approval[0].decision_ids, ids[3..]);
}

#[tokio::test]
async fn shadow_never_suspends_identity() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).shadow().start().await;
    let url = charge_url(&upstream);
    let body = json!({"amount": 7, "currency": "eur"});

    let anonymous = aegis.anonymous().post_json(&url, &body).await;
    let stranger = aegis.anonymous().credentials("finance-bot", "wrong");
    let stranger = stranger.post_json(&url, &body).await;

    assert_eq!((anonymous.status(), stranger.status()), (407, 407));
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn shadow_never_suspends_the_address_guard() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream)
        .shadow()
        .settings(|settings| settings.upstream.allow_addresses.clear())
        .start()
        .await;

    let mut reply = charge(&aegis, &upstream, 7).await;

    assert_eq!(reply.status(), 403);
    assert_eq!(rules(&reply.json().await["reasons"]), ["address.loopback"]);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn shadow_never_suspends_what_cannot_be_understood() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).shadow().start().await;
    let broken = post(
        &charge_url(&upstream),
        "application/json",
        r#"{"amount": 7"#,
    );

    let mut reply = aegis.client("finance-bot").send(broken).await;

    assert_eq!(
        rules(&reply.json().await["reasons"]),
        ["protocol.malformed"]
    );
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn shadow_never_suspends_a_fault() {
    let upstream = Upstream::http().echo().start().await;
    let faulty = "package aegis.ext\ndeny contains input.phase if input.phase == \"request\"\n";
    let aegis = payments(&upstream)
        .shadow()
        .module("own.rego", faulty)
        .start()
        .await;

    let mut reply = charge(&aegis, &upstream, 7).await;

    assert_eq!(rules(&reply.json().await["reasons"]), ["aegis.wrong_type"]);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn shadow_does_not_stand_in_for_a_missing_policy() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = Aegis::with_policy("tenants: 1")
        .agent("acme", "finance-bot")
        .hosts(&["payments.test"])
        .shadow()
        .start()
        .await;

    let mut reply = charge(&aegis, &upstream, 7).await;

    assert_eq!(rules(&reply.json().await["reasons"]), ["aegis.no_policy"]);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn residency_is_suspended_only_where_the_tenant_says_so() {
    let upstream = Upstream::http().echo().start().await;
    let abroad = policy(&upstream).replace("regions: [eu-central-1]\n", "regions: [us-east-1]\n");
    let said = abroad.replace(
        "regions: [eu-central-1]}",
        "regions: [eu-central-1], residency: shadow}",
    );
    assert_ne!(abroad, said);
    let start = async |words: &str| {
        let builder = Aegis::with_policy(words).agent("acme", "finance-bot");
        builder.hosts(&["payments.test"]).shadow().start().await
    };

    let silent = start(&abroad).await;
    let mut refused = charge(&silent, &upstream, 7).await;
    assert_eq!(rules(&refused.json().await["reasons"]), ["region"]);
    assert_eq!(upstream.connections(), 0);

    let explicit = start(&said).await;
    let reply = charge(&explicit, &upstream, 7).await;
    went_through(&explicit, &reply, "deny", &["region"]).await;
    let (_, status) = explicit.admin_get("/status").await;
    assert!(status.contains("acme=shadow"), "{status}");
}

#[tokio::test]
async fn a_call_that_residency_refuses_is_no_finding_of_shadow() {
    let upstream = Upstream::http().echo().start().await;
    let abroad = policy(&upstream).replace("regions: [eu-central-1]\n", "regions: [us-east-1]\n");
    let aegis = Aegis::with_policy(&abroad)
        .agent("acme", "finance-bot")
        .hosts(&["payments.test"])
        .shadow()
        .start()
        .await;

    let mut refused = charge(&aegis, &upstream, 100_001).await;

    assert_eq!(rules(&refused.json().await["reasons"]), ["region"]);
    let (decision, _) = aegis.lines_of(&refused).await;
    assert_eq!(
        rules(&decision["would"]["rules"]),
        ["parameter.max", "region"]
    );
    let log = File::open(aegis.data_dir().join("audit.jsonl")).expect("the log");
    let report = shadow::report(BufReader::new(log)).expect("it can be read");
    assert_eq!((report.decisions, report.affected), (1, 0));
    assert_eq!(report.would_deny, []);
    let (_, metrics) = aegis.admin_get("/metrics").await;
    let fired = r#"aegis_shadow_would_total{outcome="deny",rule="parameter.max"} 1"#;
    assert!(metrics.contains(fired), "{metrics}");
    let enforced = r#"aegis_shadow_would_total{outcome="deny",rule="region"}"#;
    assert!(!metrics.contains(enforced), "{metrics}");
}

async fn went_through(aegis: &Aegis, reply: &Reply, would: &str, because: &[&str]) {
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.header("aegis-decision"), Some("allow"));
    let (decision, end) = aegis.lines_of(reply).await;
    assert_eq!(decision["outcome"], "allow");
    assert_eq!(decision["rules"], json!([]));
    assert_eq!(decision["would"]["outcome"], would);
    assert_eq!(rules(&decision["would"]["rules"]), because);
    assert_eq!(end["outcome_detail"], "forwarded");
}

async fn charge_as(aegis: &Aegis, upstream: &Upstream, agent: &str) -> Reply {
    let body = json!({"amount": 100_001, "currency": "eur"});
    aegis
        .client(agent)
        .post_json(&charge_url(upstream), &body)
        .await
}

/// A second tenant with an agent and a profile of its own, otherwise alike.
fn two_tenants(upstream: &Upstream, tenant: &str, profile: &str) -> AegisBuilder {
    let words = policy(upstream)
        .replace(
            "agents:\n",
            &format!("  trials: {{{tenant}regions: [eu-central-1]}}\nagents:\n  trial-bot: {{tenant: trials, profile: trial}}\n"),
        )
        .replace(
            "catalogue:\n",
            &format!("  trial:\n    {profile}\n    tools: {{stripe-payments: {{charge: {{amount: {{max: 9}}}}}}}}\ncatalogue:\n"),
        );
    Aegis::with_policy(&words)
        .agent("acme", "finance-bot")
        .agent("trials", "trial-bot")
        .hosts(&["payments.test"])
}
