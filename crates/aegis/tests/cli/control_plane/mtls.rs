//! A data plane that proves itself by a certificate, to a control plane that it knows by an authority of its own.

use aegis_testkit::{Aegis, AegisBuilder, Certificate, TestCa, within};
use serde_json::Value;

use super::stage::Stage;
use crate::harness::{code, err};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_its_certificate_it_gets_its_bundle_reports_and_sends_its_calls() {
    let stage = published().await;
    let acme = shows(&stage, stage.tls().ca.pem(), Some(&stage.tls().acme));
    let acme = acme.start().await;
    acme.has("1-p1").await;
    assert_eq!(stage.charge(&acme, 10).await, 200);
    assert_eq!(stage.charge(&acme, 11).await, 403);
    within("both calls, by the name of the certificate", async {
        loop {
            let calls = stage.audit("acme-audit", &[]);
            if calls.len() == 2 {
                return assert!(calls.iter().all(|call| call["data_plane"] == "acme-1"));
            }
            pause().await;
        }
    })
    .await;
    let status = stage.aegis("olga", &["status", "-o", "json"]);
    let status: Value = serde_json::from_slice(&status.stdout).expect("JSON");
    assert_eq!(status["data_planes"][0]["principal"], "acme-1");
    assert_eq!(status["data_planes"][0]["active_revision"], "1-p1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_trusts_or_shows_something_else_gets_nothing_and_denies_everything() {
    let stage = published().await;
    let (tls, other) = (stage.tls(), TestCa::new());
    let (ours, theirs) = (tls.ca.pem(), other.pem());
    let strangers = (tls.ca.issue_client("acme-1"), other.issue_client("acme-1"));
    for (trusted, shown, told) in [
        (theirs, Some(&tls.acme), "invalid peer certificate"),
        (ours, Some(&strangers.0), "auth.unauthenticated"),
        (
            ours,
            Some(&strangers.1),
            "the connection to the control plane broke",
        ),
        // Nor does a token do where a certificate is asked for.
        (ours, None, "auth.unauthenticated"),
    ] {
        let acme = shows(&stage, trusted, shown).start().await;
        within(told, async {
            while !bundle_error(&acme).await.contains(told) {
                pause().await;
            }
        })
        .await;
        assert_eq!(acme.revision().await, "");
        assert_eq!(stage.charge(&acme, 1).await, 403);
    }
}

/// One publication, by somebody with a token, over TLS as well.
async fn published() -> Stage {
    let stage = Stage::start_with_tls().await;
    stage.write_policy(10);
    let done = stage.publish(&[]);
    assert_eq!(code(&done), 0, "{}", err(&done));
    stage
}

/// A data plane that shows a certificate, or its token.
fn shows(stage: &Stage, trusted: &str, shown: Option<&Certificate>) -> AegisBuilder {
    let ca = stage.write("trusted.pem", trusted);
    let own = shown.map(|shown| {
        let text = shown.pem().to_owned() + &shown.key_pem();
        stage.write("own.pem", &text)
    });
    stage
        .builder("acme-1", "acme", &[("k1", &stage.k1)])
        .settings(|settings| {
            let control = settings.control.as_mut().expect("a control plane");
            control.ca_file = Some(ca);
            if own.is_some() {
                control.token = None;
            }
            control.client_certificate = own;
        })
}

async fn bundle_error(aegis: &Aegis) -> String {
    let (_, status) = aegis.admin_get("/status").await;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    let error = status["control"]["bundle_error"].as_str();
    error.unwrap_or_default().to_owned()
}

async fn pause() {
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
}
