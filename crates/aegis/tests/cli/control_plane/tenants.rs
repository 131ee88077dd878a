//! One data plane for several tenants: one bundle for all of them, and each is judged by its own policy only.

use aegis_config::PolicySource;
use aegis_testkit::{Aegis, eventually};
use serde_json::Value;

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tenant_of_a_shared_data_plane_has_its_own_policy_calls_and_auditors() {
    let stage = Stage::start().await;
    stage.write_policy(10);
    stage.publish(&[]);
    let both = shared(&stage).await;
    both.has("1-p1").await;
    // Acme may charge up to 10, globex up to 1.
    for (tenant, amount, status) in [
        ("acme", 10, 200),
        ("acme", 11, 403),
        ("globex", 1, 200),
        ("globex", 10, 403),
    ] {
        assert_eq!(
            stage.charge_as(&both, tenant, amount).await,
            status,
            "{tenant} {amount}"
        );
    }
    eventually("all four calls", async || {
        stage.audit("all-audit", &[]).len() >= 4
    })
    .await;
    let own = stage.audit("acme-audit", &[]);
    let tenants: Vec<&Value> = own.iter().map(|call| &call["decision"]["tenant"]).collect();
    assert_eq!(tenants, ["acme", "acme"]);

    // What one of them gets changes nothing for the other, and a rollback comes to both.
    stage.write_policy(100);
    stage.publish(&["--allow-loosening"]);
    both.has("2-p2").await;
    assert_eq!(stage.charge_as(&both, "acme", 11).await, 200);
    assert_eq!(stage.charge_as(&both, "globex", 10).await, 403);
    stage.aegis("olga", &["rollback", "--to", "1", "--reason", "too much"]);
    both.has("3-p3").await;
    assert_eq!(stage.charge_as(&both, "acme", 11).await, 403);
    assert_eq!(stage.charge_as(&both, "globex", 1).await, 200);
}

/// The data plane `both-1`, with an agent of each tenant.
async fn shared(stage: &Stage) -> Aegis {
    let builder = stage.builder("both-1", "acme", &[("k1", &stage.k1)]);
    let builder = builder.agent("globex", "look-bot").settings(|settings| {
        if let PolicySource::Bundle(bundle) = &mut settings.policy.source {
            bundle.tenants.insert("globex".to_owned());
        }
    });
    builder.start().await
}
