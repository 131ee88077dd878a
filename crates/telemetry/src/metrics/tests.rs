use std::sync::Arc;
use std::time::Duration;

use super::Metrics;
use super::family::CAP;
use crate::audit::{Log, LogSettings};

#[test]
fn every_event_is_in_the_text() {
    let (metrics, _directory) = metrics();
    let tenant: Arc<str> = "acme".into();
    let rule: Arc<str> = "tool.amount".into();
    metrics.decided("allow", "request", &tenant, Duration::from_micros(18));
    metrics.would_have("deny", &rule);
    metrics.refused(&rule);
    metrics.crossed_region("eu-central-1", "us-east-1");
    metrics.connection_rejected();
    metrics.upstream_connected(true);
    metrics.policy_loaded(7);
    metrics.policy_rejected();
    metrics.malformed("bad_chunk");
    metrics.found("EMAIL_ADDRESS", "call", 3);
    metrics.redacted("EMAIL_ADDRESS", "label", 2);
    metrics.detector_asked("late", Duration::from_secs(2));
    metrics.tool_changed();
    metrics.tool_unkept();
    metrics.received_from_agent(10);
    metrics.sent_to_agent(20);
    let _open = [
        metrics.connection_opened(),
        metrics.request_started(),
        metrics.tunnel_opened(),
    ];
    let text = metrics.render();
    for line in [
        "aegis_decision_duration_seconds_bucket{le=\"0.00001\",outcome=\"allow\"} 0",
        "aegis_decision_duration_seconds_bucket{le=\"0.00002\",outcome=\"allow\"} 1",
        "aegis_decisions_total{outcome=\"allow\",phase=\"request\",tenant=\"acme\"} 1",
        "aegis_shadow_would_total{outcome=\"deny\",rule=\"tool.amount\"} 1",
        "aegis_refusals_total{rule=\"tool.amount\"} 1",
        "aegis_cross_region_calls_total{from=\"eu-central-1\",to=\"us-east-1\"} 1",
        "aegis_connections 1",
        "aegis_connections_rejected_total 1",
        "aegis_upstream_connections_total{reused=\"true\"} 1",
        "aegis_requests_in_flight 1",
        "aegis_tunnels_open 1",
        "aegis_policy_revision 7",
        "aegis_policy_reloads_total{result=\"loaded\"} 1",
        "aegis_policy_reloads_total{result=\"rejected\"} 1",
        "aegis_malformed_requests_total{reason=\"bad_chunk\"} 1",
        "aegis_data_found_total{type=\"EMAIL_ADDRESS\",in=\"call\"} 3",
        "aegis_redactions_total{type=\"EMAIL_ADDRESS\",action=\"label\"} 2",
        "aegis_detector_seconds_bucket{le=\"1.0\",result=\"late\"} 0",
        "aegis_detector_seconds_bucket{le=\"2.5\",result=\"late\"} 1",
        "aegis_mcp_tools_changed_total 1",
        "aegis_mcp_tools_unkept_total 1",
        "aegis_request_bytes_total 10",
        "aegis_response_bytes_total 20",
        "aegis_audit_errors_total 0",
        "aegis_audit_healthy 1",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn what_was_open_is_over_when_it_is_dropped() {
    let (metrics, _directory) = metrics();
    drop(metrics.request_started());
    assert!(metrics.render().contains("aegis_requests_in_flight 0\n"));
}

#[test]
fn the_same_word_is_one_label_whoever_owns_it() {
    let (metrics, _directory) = metrics();
    metrics.refused("a");
    metrics.refused(&Arc::from("a"));
    assert!(
        metrics
            .render()
            .contains("aegis_refusals_total{rule=\"a\"} 2\n")
    );
}

#[test]
fn a_family_stops_growing_and_counts_the_rest_as_other() {
    let (metrics, _directory) = metrics();
    for number in 0..CAP + 50 {
        metrics.refused(&Arc::from(format!("rule-{number}")));
    }
    metrics.refused(&Arc::from("rule-0"));
    let text = metrics.render();
    assert_eq!(text.matches("aegis_refusals_total{").count(), CAP + 1);
    assert!(text.contains("aegis_refusals_total{rule=\"other\"} 50\n"));
    assert!(text.contains("aegis_refusals_total{rule=\"rule-0\"} 2\n"));
}

#[test]
fn a_word_too_long_for_a_name_is_other() {
    let (metrics, _directory) = metrics();
    metrics.refused(&Arc::from("x".repeat(129)));
    assert!(
        metrics
            .render()
            .contains("aegis_refusals_total{rule=\"other\"} 1\n")
    );
}

#[test]
fn a_label_cannot_break_the_text() {
    let (metrics, _directory) = metrics();
    metrics.refused(&Arc::from("a\"} 1\nfake{b=\"\\"));
    let text = metrics.render();
    assert!(
        text.contains(r#"aegis_refusals_total{rule="a\"} 1\nfake{b=\"\\"} 1"#),
        "{text}"
    );
}

fn metrics() -> (Metrics, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let settings = LogSettings {
        file: directory.path().join("audit.jsonl"),
        sync: false,
    };
    (
        Metrics::new(&Log::open(settings).expect("the log opens")),
        directory,
    )
}
