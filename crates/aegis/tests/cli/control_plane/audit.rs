//! What one tenant has never reaches another: neither its bundle nor its calls.

use std::time::Duration;

use aegis_api::{RefusedAccesses, paths};
use aegis_testkit::eventually;
use serde_json::Value;

use super::stage::Stage;
use crate::harness::{code, err, out};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_plane_cannot_have_the_bundle_of_another_tenant_and_the_attempt_is_recorded() {
    let stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    let thief = stage.client("acme-1");
    let now = Duration::ZERO;
    let refused = thief
        .bundle("globex@eu-central-1", "acme-1", None, now)
        .await;
    assert_eq!(refused.unwrap_err().code(), Some("auth.scope"));
    let operator = stage.client("olga");
    let known: RefusedAccesses = operator.get(paths::REFUSED).await.unwrap();
    assert_eq!(known.refused[0].principal, "acme-1");
    assert_eq!(known.refused[0].target, "globex@eu-central-1");
}

/// Its reports are taken all the time, which says nothing about bundles.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_plane_that_is_set_to_another_tenant_says_in_its_status_what_is_refused() {
    let stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    let lost = stage.data_plane("acme-1", "globex").await;
    let control = async || {
        let (_, status) = lost.admin_get("/status").await;
        let status: Value = serde_json::from_str(&status).expect("JSON");
        status["control"].clone()
    };
    eventually("an answer to both", async || {
        let told = control().await;
        !told["bundle_error"].is_null() && !told["last_contact_at"].is_null()
    })
    .await;
    let told = control().await;
    let refused = told["bundle_error"].as_str().expect("words");
    assert!(
        refused.contains("403") && refused.contains("auth.scope"),
        "{refused}"
    );
    assert_eq!(told["report_error"], Value::Null);
    assert_eq!(told["upload_error"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_of_one_tenant_never_sees_the_calls_of_another() {
    let stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    let acme = stage.data_plane("acme-1", "acme").await;
    let globex = stage.data_plane("globex-1", "globex").await;
    acme.has("-p1").await;
    globex.has("-p1").await;
    assert_eq!(stage.charge(&acme, 11).await, 403);
    assert_eq!(stage.charge_as(&globex, "globex", 1).await, 200);
    eventually("both calls", async || {
        stage.audit("all-audit", &[]).len() >= 2
    })
    .await;
    let tenants = |calls: Vec<Value>| {
        let tenants = calls.iter().map(|call| call["decision"]["tenant"].clone());
        tenants.collect::<Vec<_>>()
    };
    assert_eq!(tenants(stage.audit("acme-audit", &[])), ["acme"]);
    let denied = [
        "--outcome",
        "deny",
        "--rule",
        "parameter.max",
        "--region",
        "eu-central-1",
    ];
    assert_eq!(tenants(stage.audit("all-audit", &denied)), ["acme"]);
    let later = ["--since", "2100-01-01T00:00:00Z"];
    assert!(stage.audit("all-audit", &later).is_empty());
    let asked = stage.aegis("acme-audit", &["audit", "query", "--tenant", "globex"]);
    assert_eq!(code(&asked), 1);
    assert!(err(&asked).contains("auth.tenant"), "{}", err(&asked));
    let table = out(&stage.aegis("acme-audit", &["audit", "query"]));
    assert!(
        table.contains("pay/charge") && table.contains("parameter.max"),
        "{table}"
    );
}
