//! The example from the field that several modules use: a finance agent and its payment service. Proves nothing by itself.

use aegis_testkit::{Aegis, AegisBuilder, Payload, Reply, Upstream};
use http::Request;
use serde_json::{Value, json};

/// A data plane for one agent, `finance-bot`, that may charge up to 5000 without being asked.
pub(crate) fn payments(upstream: &Upstream) -> AegisBuilder {
    under(&policy(upstream))
}

/// The same under another policy.
pub(crate) fn under(policy: &str) -> AegisBuilder {
    Aegis::with_policy(policy)
        .agent("acme", "finance-bot")
        .hosts(&["payments.test"])
}

pub(crate) fn charge_url(upstream: &Upstream) -> String {
    upstream.url_as("payments.test", "/v1/charges")
}

/// A charge in euros.
pub(crate) async fn charge(aegis: &Aegis, upstream: &Upstream, amount: u64) -> Reply {
    send_charge(
        aegis,
        upstream,
        &json!({"amount": amount, "currency": "eur"}),
    )
    .await
}

pub(crate) async fn send_charge(aegis: &Aegis, upstream: &Upstream, body: &Value) -> Reply {
    aegis
        .client("finance-bot")
        .post_json(&charge_url(upstream), body)
        .await
}

/// A POST with a body of any type.
pub(crate) fn post(url: &str, content_type: &str, body: &str) -> Request<Payload> {
    Request::post(url)
        .header("content-type", content_type)
        .body(Payload::from(body.to_owned()))
        .expect("the test gives a URL")
}

/// The rule ids of a list of reasons, of a refusal or of a line in the log.
pub(crate) fn rules(reasons: &Value) -> Vec<&str> {
    let reasons = reasons.as_array().expect("a list of reasons");
    reasons
        .iter()
        .map(|reason| reason["rule"].as_str().expect("a rule id"))
        .collect()
}

pub(crate) fn policy(upstream: &Upstream) -> String {
    let port = upstream.port();
    format!(
        "
tenants:
  acme: {{regions: [eu-central-1]}}
agents:
  finance-bot: {{tenant: acme, profile: finance}}
profiles:
  finance:
    data: {{EMAIL_ADDRESS: sanitize, CREDIT_CARD: deny, SECRET_AWS: deny, SECRET_PRIVATE_KEY: deny}}
    tools:
      stripe-payments:
        charge:
          amount: {{min: 1, max: 100000, approve_above: 5000, required: true}}
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
      - {{action: refund, method: POST, path: '/v1/charges/{{charge}}/refund'}}
"
    )
}
