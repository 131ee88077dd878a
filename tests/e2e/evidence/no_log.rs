//! Without a log there is no call, and there is one again when the log is back.

use aegis_testkit::eventually;

use super::*;

#[tokio::test]
async fn a_log_that_nobody_reads_stops_every_call_until_somebody_does() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);

    let log = file(&aegis);
    fs::rename(&log, log.with_extension("1")).expect("the log");
    let made = Command::new("mkfifo").arg(&log).status().expect("mkfifo");
    assert!(made.success());
    let refusal = refused_for_want_of_a_log(&aegis, &upstream).await;
    assert_eq!(refusal["retryable"], true);

    fs::remove_file(&log).expect("the pipe");
    recovers(&aegis, &upstream).await;
    let log = aegis.audit();
    let id = refusal["decision_id"].clone();
    let of_refused: Vec<_> = log.iter().filter(|line| line["id"] == id).collect();
    assert_eq!(of_refused.len(), 2, "the log catches up: {of_refused:?}");
    assert_eq!(of_refused[1]["outcome_detail"], "refused");
    assert_eq!(of_refused[1]["error"], "audit.unavailable");
}

#[tokio::test]
async fn a_log_whose_directory_is_gone_stops_every_call_until_it_is_back() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream)
        .settings(|settings| settings.audit.file = settings.data_dir.join("log/audit.jsonl"))
        .start()
        .await;
    assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    let directory = aegis.data_dir().join("log");

    // At once: the log makes its file anew where only that is missing.
    fs::rename(&directory, directory.with_file_name("gone")).expect("the directory");
    refused_for_want_of_a_log(&aegis, &upstream).await;

    fs::create_dir(&directory).expect("the directory");
    recovers(&aegis, &upstream).await;
}

#[tokio::test]
async fn a_full_disk_stops_every_call() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream)
        .settings(|settings| settings.audit.file = "/dev/full".into())
        .start()
        .await;

    let mut reply = charge(&aegis, &upstream, 7).await;

    assert_eq!(reply.status(), 503);
    assert_eq!(rules(&reply.json().await["reasons"]), ["audit.unavailable"]);
    assert_eq!(upstream.connections(), 0);
    assert_eq!(aegis.admin_get("/readyz").await.0, 503);
    let (_, metrics) = aegis.admin_get("/metrics").await;
    assert!(metrics.contains("aegis_audit_healthy 0"), "{metrics}");
}

/// Calls until one is refused because it cannot be recorded: the log's file is looked at once a second.
async fn refused_for_want_of_a_log(aegis: &Aegis, upstream: &Upstream) -> Value {
    let mut refused = within("a refusal", async {
        loop {
            let reply = charge(aegis, upstream, 7).await;
            if reply.status() == 503 {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let problem = refused.json().await;
    assert_eq!(rules(&problem["reasons"]), ["audit.unavailable"]);
    assert_eq!(aegis.admin_get("/readyz").await.0, 503);
    let before = upstream.count();
    assert_eq!(charge(aegis, upstream, 7).await.status(), 503);
    assert_eq!(upstream.count(), before);
    problem
}

async fn recovers(aegis: &Aegis, upstream: &Upstream) {
    eventually("a healthy log", async || {
        aegis.admin_get("/readyz").await.0 == 200
    })
    .await;
    assert_eq!(charge(aegis, upstream, 7).await.status(), 200);
}
