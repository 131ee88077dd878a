//! From policies that people write to what running data planes decide: the real program, killed and started again.

mod audit;
mod frozen;
mod killed;
mod mtls;
mod outage;
mod rollout;
mod stage;
mod tenants;

use std::time::Duration;

use aegis_api::{PublicationDetail, Publish, Rollout, SourceFile, paths};
use aegis_client::ClientError;
use aegis_testkit::within;
use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Running, aegis, code, err, home, out, write};
use stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_is_enforced_once_it_is_published_and_not_before_somebody_agrees_to_what_it_opens()
{
    let stage = Stage::start().await;
    stage.write_policy(10);
    assert!(out(&stage.publish(&[])).contains("publication 1: released, to all"));
    let acme = stage.data_plane("acme-1", "acme").await;
    acme.has("-p1").await;
    assert_eq!(stage.charge(&acme, 50).await, 403);

    stage.write_policy(100);
    let refused = stage.publish(&[]);
    assert_eq!(code(&refused), 3, "{}", err(&refused));
    let told = out(&refused);
    assert!(
        told.contains("  opened: finance-bot may now call pay/charge"),
        "{told}"
    );
    assert!(err(&refused).contains("nothing was published"));

    let done = stage.publish(&["--allow-loosening"]);
    assert_eq!(code(&done), 0, "{}", err(&done));
    assert!(out(&done).contains("acme@eu-central-1: bundle 2, signed by k1"));
    acme.has("2-p2").await;
    assert_eq!(stage.charge(&acme, 50).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_that_fail_their_own_tests_are_refused_with_places_and_nothing_changes() {
    let stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    stage.write_policy(9);
    let refused = stage.publish(&[]);
    assert_eq!(code(&refused), 78);
    assert!(
        err(&refused).contains("tests/pay.yaml:4:"),
        "{}",
        err(&refused)
    );

    // A publisher with another program learns the same from the control plane itself.
    let file = |path: &str, text: String| SourceFile {
        path: path.to_owned(),
        text,
    };
    let publish = Publish {
        base: 1,
        reason: "too strict".to_owned(),
        files: vec![
            file("policy.yaml", stage.policy(9)),
            file("tests/pay.yaml", stage::TEST.to_owned()),
        ],
        rollout: Rollout::All,
    };
    let client = stage.client("ann");
    let answer: Result<PublicationDetail, _> = client.post(paths::PUBLICATIONS, &publish).await;
    let Err(ClientError::Refused {
        problem: Some(problem),
        ..
    }) = answer
    else {
        panic!("a refusal")
    };
    assert_eq!(problem.code, "publication.mistakes");
    assert!(problem.mistakes[0].text.starts_with("tests/pay.yaml:4:"));
    let status = out(&stage.aegis("olga", &["status"]));
    assert!(
        status.contains("1 (1-p1)") && !status.contains("p2"),
        "{status}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_publishers_with_the_same_base_one_wins_and_the_other_is_told() {
    let stage = Stage::start().await;
    stage.write_policy(10);
    assert_eq!(code(&stage.publish(&["--base", "0"])), 0);
    let late = stage.publish(&["--base", "0"]);
    assert_eq!(code(&late), 3);
    let told = err(&late);
    assert!(
        told.contains("publication.outdated") && told.contains("1, by ann"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_or_cannot_be_reached_is_told_apart_by_the_exit_code() {
    let mut stage = Stage::start().await;
    stage.write_policy(10);
    let auditor = stage.aegis("acme-audit", &["status"]);
    assert_eq!(code(&auditor), 1);
    assert!(err(&auditor).contains("auth.role"));
    let url = stage.url().to_owned();
    assert_eq!(code(&aegis(&["status", "--control", &url])), 2);
    stage.kill();
    assert_eq!(code(&stage.aegis("olga", &["status"])), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_says_what_users_modules_run_on() {
    let stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    let acme = stage.data_plane("acme-1", "acme").await;
    acme.has("-p1").await;
    let reported = async |modules: &Value| {
        within("the report of what is in force", async {
            loop {
                let told = out(&stage.aegis("olga", &["status", "-o", "json"]));
                let told: Value = serde_json::from_str(&told).expect("JSON");
                let told = &told["data_planes"][0];
                if told["active_revision"] == acme.revision().await {
                    return assert_eq!(&told["labels"]["modules"], modules);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        out(&stage.aegis("olga", &["status"])).contains(" machine ")
    };
    assert!(!reported(&Value::Null).await);
    let module = r#"deny contains {"rule": "own.large", "message": "m"} if input.call.parameters.amount > 5"#;
    stage.write(
        "policies/own.rego",
        &format!("package aegis.ext\n\n{module}\n"),
    );
    stage.write("policies/tests/pay.yaml", &stage::TEST.replace("10", "5"));
    assert_eq!(code(&stage.publish(&[])), 0);
    acme.has("-p2").await;
    assert!(reported(&"machine".into()).await);
}

#[test]
fn all_mistakes_of_a_control_planes_settings_come_at_once_with_78() {
    let home = home();
    let text = "signing: {keys: []}\nlisten: {adress: 127.0.0.1:0}\nlimits: {poll_wait: 1}\n";
    let config = write(&home, "control.yaml", text);
    let refused = aegis(&["control", "--config", &config]);
    assert_eq!(code(&refused), 78);
    let told = err(&refused);
    assert!(
        told.contains("control.yaml:2:10: unknown key `adress`; did you mean `address`?"),
        "{told}"
    );
    assert!(told.contains("control.yaml:3:"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_control_plane_says_what_it_serves_and_drains_on_sigterm() {
    let stage = Stage::start().await;
    let config = stage.second_config();
    let mut plane = Running::start(&["control", "--config", &config]);
    plane.wait_for("control plane on http://127.0.0.1:");
    plane.wait_for("scope acme@eu-central-1: acme-1 acme-2");
    plane.wait_for("signing key k1 (EdDSA)");
    plane.signal(Signal::TERM);
    plane.wait_for("draining");
    assert_eq!(plane.code(), 0);
}
