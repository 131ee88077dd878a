//! Allow, deny and `approval_needed`: what each does to a call, what it says, and what it leaves behind.

use std::time::Duration;

use aegis_testkit::{TestCa, Upstream};
use serde_json::{Value, json};

use crate::finance::{charge, charge_url, payments, rules, send_charge};
use crate::floods::connections;
use crate::malformed::recorded;

#[tokio::test]
async fn an_allowed_call_is_forwarded_and_recorded() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;

    let mut reply = charge(&aegis, &upstream, 5000).await;

    assert_eq!(reply.status(), 200, "{}", reply.text().await);
    assert_eq!(reply.header("aegis-decision"), Some("allow"));
    assert_eq!(upstream.request().path(), "/v1/charges");
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(decision["tool"], "stripe-payments");
    assert_eq!(decision["outcome"], "allow");
    assert_eq!(
        decision["parameters"],
        json!({"amount": 5000, "currency": "eur"})
    );
    assert_eq!(end["outcome_detail"], "forwarded");
    assert_eq!(end["status"], 200);
}

#[tokio::test]
async fn every_answer_names_its_decision_policy_and_region() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let version = aegis.policy_version().await;
    assert!(version.starts_with("1-"), "{version}");

    for (amount, outcome) in [(1, "allow"), (5001, "approval_needed"), (100_001, "deny")] {
        let reply = charge(&aegis, &upstream, amount).await;

        assert_eq!(reply.header("aegis-decision"), Some(outcome));
        assert_eq!(reply.header("aegis-policy-version"), Some(version.as_str()));
        assert_eq!(reply.header("aegis-region"), Some("eu-central-1"));
        let (decision, _) = aegis.lines_of(&reply).await;
        assert_eq!(decision["outcome"], outcome);
        assert_eq!(decision["policy_version"], version.as_str());
    }
    assert_eq!(upstream.count(), 1);
}

#[tokio::test]
async fn so_does_an_answer_to_what_was_never_judged() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream)
        .settings(|settings| {
            settings.limits.header_timeout = Duration::from_millis(150);
            settings.limits.connections = 1;
        })
        .start()
        .await;
    let version = aegis.policy_version().await;
    let head = format!("GET {} HTTP/1.1\r\n", charge_url(&upstream));
    let host = format!("Host: payments.test:{}\r\n", upstream.port());
    for (status, request) in [
        (
            407,
            format!("{head}{host}Proxy-Authorization: Bearer guessed\r\n\r\n"),
        ),
        (400, format!("{head}{host}{host}\r\n")),
        (400, format!("{head}Host: other.test\r\n\r\n")),
        (408, head.clone()),
        (
            431,
            format!("{head}{host}X-Long: {}\r\n\r\n", "a".repeat(100_000)),
        ),
        (503, String::new()),
    ] {
        // One connection is all there may be, so the next one is too many.
        let first = match status {
            503 => Some(aegis.raw().await),
            _ => None,
        };
        let mut client = aegis.raw().await;
        client.send(request).await;
        let answer = client.read_response().await;

        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.header("aegis-decision"), Some("deny"));
        assert_eq!(answer.header("aegis-policy-version"), Some(&*version));
        assert_eq!(answer.header("aegis-region"), Some("eu-central-1"));
        assert_eq!(answer.json()["policy_version"], *version, "{status}");
        let (decision, _) = recorded(&aegis, &answer).await;
        assert_eq!(decision["policy_version"], *version, "{status}");
        drop(first);
        drop(client);
        connections(&aegis, 0).await;
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_refusal_is_a_problem_that_an_agent_can_act_on() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;

    let mut reply = charge(&aegis, &upstream, 100_001).await;

    assert_eq!(reply.status(), 403);
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let problem = reply.json().await;
    assert_eq!(problem["type"], "urn:aegis:refusal:deny");
    assert_eq!(problem["status"], 403);
    assert_eq!(problem["outcome"], "deny");
    assert_eq!(rules(&problem["reasons"]), ["parameter.max"]);
    assert_eq!(
        problem["decision_id"].as_str(),
        reply.header("aegis-decision-id")
    );
    assert_eq!(
        problem["policy_version"].as_str(),
        reply.header("aegis-policy-version")
    );
    assert_eq!(problem["region"], "eu-central-1");
    assert_eq!(problem["retryable"], false);
    assert!(problem["title"].is_string() && problem["detail"].is_string());
    assert!(
        problem["next_step"]
            .as_str()
            .is_some_and(|it| it.contains("do not retry"))
    );
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn what_the_finance_agent_may_not_do_is_denied_by_the_rule_that_says_so() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;

    for (body, rule) in [
        (
            json!({"amount": 100_001, "currency": "eur"}),
            "parameter.max",
        ),
        (json!({"amount": 0, "currency": "eur"}), "parameter.min"),
        (
            json!({"amount": "many", "currency": "eur"}),
            "parameter.type",
        ),
        (json!({"amount": 5, "currency": "gbp"}), "parameter.enum"),
        (json!({"amount": 5}), "parameter.required"),
        (json!({"currency": "eur"}), "parameter.required"),
    ] {
        let mut reply = send_charge(&aegis, &upstream, &body).await;

        assert_eq!(reply.status(), 403, "{body}");
        assert_eq!(reply.header("aegis-decision"), Some("deny"));
        let problem = reply.json().await;
        assert!(
            rules(&problem["reasons"]).contains(&rule),
            "{body}: {problem}"
        );
        let (decision, end) = aegis.lines_of(&reply).await;
        assert_eq!(decision["rules"], problem["reasons"]);
        assert_eq!(end["outcome_detail"], "refused");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_tool_an_action_or_a_host_that_nobody_granted_is_denied() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).hosts(&["elsewhere.test"]).start().await;
    let client = aegis.client("finance-bot");

    let refund = upstream.url_as("payments.test", "/v1/charges/ch_1/refund");
    let mut action = client.post_json(&refund, &json!({})).await;
    let mut unknown = client
        .get(&upstream.url_as("payments.test", "/v1/balance"))
        .await;
    let mut host = client.get(&upstream.url_as("elsewhere.test", "/")).await;

    assert_eq!(rules(&action.json().await["reasons"]), ["tool"]);
    assert_eq!(aegis.lines_of(&action).await.0["action"], "refund");
    assert_eq!(rules(&unknown.json().await["reasons"]), ["tool"]);
    assert_eq!(aegis.lines_of(&unknown).await.0["action"], "other");
    let problem = host.json().await;
    assert!(rules(&problem["reasons"]).contains(&"host"), "{problem}");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn an_amount_above_the_limit_waits_for_a_human_under_one_id() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;

    let mut first = charge(&aegis, &upstream, 5001).await;
    let mut again = charge(&aegis, &upstream, 5001).await;
    let mut other = charge(&aegis, &upstream, 5002).await;

    assert_eq!(first.status(), 403);
    let problem = first.json().await;
    assert_eq!(problem["outcome"], "approval_needed");
    assert_eq!(rules(&problem["reasons"]), ["parameter.approve_above"]);
    let id = problem["approval_id"].as_str().expect("an approval id");
    assert_eq!(again.json().await["approval_id"], id);
    assert_ne!(other.json().await["approval_id"], id);
    let (decision, end) = aegis.lines_of(&first).await;
    assert_eq!(decision["approval_id"], id);
    assert_eq!(end["approval_id"], id);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_pending_approval_says_who_wants_what_and_no_values() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;

    let mut reply = charge(&aegis, &upstream, 7321).await;
    charge(&aegis, &upstream, 7321).await;

    let (status, list) = aegis.admin_get("/approvals").await;
    assert_eq!(status, 200);
    assert!(!list.contains("7321"), "{list}");
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let [pending] = list["pending"].as_array().expect("a list").as_slice() else {
        panic!("one request is pending: {list}");
    };
    assert_eq!(pending["approval_id"], reply.json().await["approval_id"]);
    assert_eq!(
        pending["decision_id"].as_str(),
        reply.header("aegis-decision-id")
    );
    assert_eq!(pending["tenant"], "acme");
    assert_eq!(pending["agent"], "finance-bot");
    assert_eq!(pending["tool"], "stripe-payments");
    assert_eq!(pending["action"], "charge");
    assert_eq!(pending["attempts"], 2);
    assert_eq!(rules(&pending["reasons"]), ["parameter.approve_above"]);
}

#[tokio::test]
async fn all_of_it_holds_inside_an_intercepted_tunnel() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["payments.test"])
        .echo()
        .start()
        .await;
    let aegis = payments(&upstream).upstream_ca(&ca).start().await;

    for (amount, status, outcome) in [
        (5000, 200, "allow"),
        (5001, 403, "approval_needed"),
        (100_001, 403, "deny"),
    ] {
        let reply = charge(&aegis, &upstream, amount).await;

        assert_eq!(reply.status(), status);
        assert_eq!(reply.header("aegis-decision"), Some(outcome));
        let (decision, _) = aegis.lines_of(&reply).await;
        assert_eq!(decision["outcome"], outcome);
        let log = aegis.audit();
        let connect = log.iter().find(|line| line["id"] == decision["tunnel"]);
        let connect = connect.expect("the tunnel was judged before");
        assert_eq!(
            (&connect["phase"], &connect["outcome"]),
            (&json!("connect"), &json!("allow"))
        );
    }
    assert_eq!(upstream.count(), 1);
}

#[tokio::test]
async fn who_presents_nothing_is_told_to_prove_itself() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;

    let mut reply = aegis
        .anonymous()
        .post_json(&charge_url(&upstream), &json!({"amount": 1}))
        .await;

    assert_eq!(reply.status(), 407);
    assert!(reply.header("proxy-authenticate").is_some());
    assert_eq!(reply.json().await["outcome"], "deny");
    assert_eq!(aegis.lines_of(&reply).await.0["agent"], "anonymous");
    assert_eq!(upstream.connections(), 0);
}
