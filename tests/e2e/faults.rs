//! Users' own modules count like the shipped rules; when they fail, the call is denied and the fault is named.

use aegis_testkit::{Aegis, Reply, Upstream};
use serde_json::{Value, json};

use crate::finance::{charge, payments, rules, send_charge};

#[tokio::test]
async fn a_module_may_deny_ask_and_redact() {
    let upstream = Upstream::http().echo().start().await;
    for (set, more, outcome) in [
        ("deny", "", "deny"),
        ("approval_needed", "", "approval_needed"),
        ("sanitize", r#", "parameter": "memo""#, "sanitize"),
    ] {
        let aegis = with_module(
            &upstream,
            &format!(
                r#"{set} contains {{"rule": "own.memo", "message": "memos are special"{more}}} if input.call.parameters.memo"#
            ),
        )
        .await;

        let body = json!({"amount": 7, "currency": "eur", "memo": "hush"});
        let reply = send_charge(&aegis, &upstream, &body).await;
        let plain = charge(&aegis, &upstream, 7).await;

        assert_eq!(reply.header("aegis-decision"), Some(outcome));
        assert_eq!(reasons(&aegis, &reply).await, ["own.memo"]);
        assert_eq!(plain.header("aegis-decision"), Some("allow"));
    }
    let arrived = upstream.requests();
    let memos: Vec<_> = arrived
        .iter()
        .filter_map(|it| it.json().get("memo").cloned())
        .collect();
    assert_eq!(memos, ["[REDACTED]"], "only the redacted memo arrives");
}

#[tokio::test]
async fn a_module_may_grant_a_tool_and_nothing_else() {
    let upstream = Upstream::http().echo().start().await;
    let module = r#"allow contains {"rule": "own.refund", "message": "refunds are tried out"} if input.call.action == "refund""#;
    let aegis = with_module(&upstream, module).await;
    let client = aegis.client("finance-bot");
    let refund = upstream.url_as("payments.test", "/v1/charges/ch_1/refund");

    assert_eq!(aegis.policy_status().await["modules"], "machine");
    let granted = client.post_json(&refund, &json!({})).await;
    let elsewhere = refund.replace("payments.test", "127.0.0.1");
    let elsewhere = client.post_json(&elsewhere, &json!({})).await;

    assert_eq!(granted.status(), 200);
    assert_eq!(elsewhere.header("aegis-decision"), Some("deny"));
    assert_eq!(upstream.count(), 1);
}

#[tokio::test]
async fn each_fault_denies_the_call_under_its_own_rule() {
    let upstream = Upstream::http().echo().start().await;
    for (module, rule) in [
        (
            "deny contains input.call.tool if input.call.parameters.amount == 7",
            "aegis.wrong_type",
        ),
        (
            "a := 1 if input.version == 1\na := 2 if input.call.parameters.amount == 7\ndeny contains {\"rule\": \"own\", \"message\": \"m\"} if a == 3",
            "aegis.conflict",
        ),
        (
            r#"deny contains {"rule": "own", "message": "m"} if 1 / (input.call.parameters.amount - 7) == 2"#,
            "aegis.evaluation_error",
        ),
        (
            r#"deny contains {"rule": "own", "message": "m"} if { input.call.parameters.amount == 7; count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a == b + 1]) == 0 }"#,
            "aegis.deadline",
        ),
        // What a module finds, the library has to go through.
        (
            r#"deny contains {"rule": sprintf("own.%d", [n]), "message": "m"} if { input.call.parameters.amount == 7; some n in numbers.range(1, 1000) }"#,
            "aegis.instruction_limit",
        ),
    ] {
        let aegis = with_module(&upstream, module).await;

        let mut reply = charge(&aegis, &upstream, 7).await;

        assert_eq!(reply.status(), 403, "{module}");
        let problem = reply.json().await;
        assert_eq!(rules(&problem["reasons"]), [rule], "{module}");
        let next = problem["next_step"].as_str().unwrap_or_default();
        assert!(next.contains("the policy is at fault"), "{problem}");
        let (decision, end) = aegis.lines_of(&reply).await;
        assert_eq!(decision["fault"], rule);
        assert_eq!(end["error"], "policy.fault");
        let (_, metrics) = aegis.admin_get("/metrics").await;
        let counted = format!("aegis_policy_faults_total{{fault=\"{rule}\"}} 1");
        assert!(metrics.lines().any(|line| line == counted), "{metrics}");
        assert_eq!(
            charge(&aegis, &upstream, 8).await.status(),
            200,
            "the next call: {module}"
        );
    }
    assert_eq!(upstream.count(), 5);
}

#[tokio::test]
async fn a_module_that_cannot_be_compiled_never_comes_into_force() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = with_module(&upstream, "deny contains 1 if startwith(\"a\", \"b\")").await;

    let mut reply = charge(&aegis, &upstream, 7).await;

    let problem = reply.json().await;
    assert_eq!(rules(&problem["reasons"]), ["aegis.no_policy"]);
    assert_eq!(problem["policy_version"], "none");
    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(decision["fault"], "aegis.no_policy");
    assert_eq!(decision["policy_version"], "");
    let (_, status) = aegis.admin_get("/status").await;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    let error = status["policy"]["last_error"].as_str().expect("an error");
    assert!(error.contains("own.rego:2:20"), "{error}");
}

async fn reasons(aegis: &Aegis, reply: &Reply) -> Vec<String> {
    let (decision, _) = aegis.lines_of(reply).await;
    rules(&decision["rules"])
        .into_iter()
        .map(str::to_owned)
        .collect()
}

async fn with_module(upstream: &Upstream, rules: &str) -> Aegis {
    payments(upstream)
        .module("own.rego", &format!("package aegis.ext\n{rules}\n"))
        .start()
        .await
}
