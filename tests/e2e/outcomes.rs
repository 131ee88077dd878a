//! Allow, deny, sanitize, approval_needed: what each does to a call, and what it leaves behind.

use aegis_testkit::{Aegis, AegisBuilder, Upstream};
use serde_json::json;

#[tokio::test]
async fn an_allowed_call_is_forwarded_and_recorded() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;

    let mut reply = aegis
        .client("finance-bot")
        .post_json(
            &charge(&upstream),
            &json!({"amount": 100, "currency": "eur"}),
        )
        .await;

    assert_eq!(reply.status(), 200, "{}", reply.text().await);
    assert_eq!(reply.header("aegis-decision"), Some("allow"));
    assert_eq!(upstream.request().path(), "/v1/charges");
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(decision["tool"], "stripe-payments");
    assert_eq!(decision["parameters"]["amount"], 100);
    assert_eq!(end["outcome_detail"], "forwarded");
}

fn payments(upstream: &Upstream) -> AegisBuilder {
    let port = upstream.port();
    Aegis::with_policy(&format!(
        "
tenants:
  acme: {{regions: [eu-central-1]}}
agents:
  finance-bot: {{tenant: acme, profile: finance}}
profiles:
  finance:
    data: {{email: sanitize, payment_card: deny, aws_key: deny, pem_key: deny}}
    tools:
      stripe-payments:
        charge:
          amount: {{min: 1, max: 100000, approve_above: 5000}}
          currency: {{enum: [eur, usd], required: true}}
          note: {{redact: true}}
catalogue:
  stripe-payments:
    hosts: ['payments.test:{port}']
    protocol: rest
    provider: stripe
    regions: [eu-central-1]
    operations:
      - {{action: charge, method: POST, path: /v1/charges, recordable: [amount, currency]}}
"
    ))
    .agent("acme", "finance-bot")
    .hosts(&["payments.test"])
}

fn charge(upstream: &Upstream) -> String {
    upstream.url_as("payments.test", "/v1/charges")
}
