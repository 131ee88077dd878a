use serde_json::json;

use super::report;

const LOG: &str = r#"
{"event":"decision","id":"d1","time":"2026-11-21T10:00:01.000000Z","tenant":"acme","agent":"finance-bot","tool":"stripe-payments","action":"charge","destination":{"scheme":"https","host":"api.stripe.example","port":443,"path":"/v1/charges"},"outcome":"allow","would":{"outcome":"approval_needed","rules":[{"rule":"tool.amount","message":"above 5000"}]},"rules":[]}
{"event":"end","id":"d1","time":"2026-11-21T10:00:02.000000Z"}
{"event":"decision","id":"d2","time":"2026-11-21T10:00:03.000000Z","tenant":"acme","agent":"ops-bot","tool":"http","action":"get","destination":{"scheme":"http","host":"example.com","port":80,"path":"/"},"outcome":"allow","would":{"outcome":"deny","rules":[{"rule":"egress.host","message":"not granted"},{"rule":"user.night","message":"at night"}]},"rules":[]}
{"event":"decision","id":"d3","time":"2026-11-21T10:00:04.000000Z","tenant":"acme","agent":"ops-bot","tool":"http","action":"get","destination":{"scheme":"http","host":"example.com","port":80,"path":"/a"},"outcome":"allow","would":{"outcome":"deny","rules":[{"rule":"user.night","message":"at night"}]},"rules":[]}
{"event":"decision","id":"d4","time":"2026-11-21T10:00:05.000000Z","tenant":"acme","agent":"ops-bot","tool":"http","action":"get","destination":{"scheme":"http","host":"example.com","port":80,"path":"/"},"outcome":"allow","rules":[]}
{"event":"decision","id":"d5","time":"2026-11-21T10:00:06.000000Z","tenant":"acme","agent":"ops-bot","tool":"http","action":"post","destination":{"scheme":"http","host":"example.com","port":80,"path":"/"},"outcome":"allow","would":{"outcome":"sanitize","rules":[{"rule":"data.EMAIL_ADDRESS","message":"e-mail"}]},"rules":[]}
{"event":"malformed","id":"d6","time":"2026-11-21T10:00:07.000000Z"}
{"event":"decision","id":"to
"#;

#[test]
fn the_table_groups_by_outcome_with_the_most_frequent_first() {
    let table = report(LOG.as_bytes()).expect("readable").to_string();
    let expected = "\
5 decisions, 4 would have been different
from 2026-11-21T10:00:01.000000Z to 2026-11-21T10:00:06.000000Z
1 lines could not be read

would be denied
COUNT  RULE         AGENT         TOOL      DESTINATION     FIRST                        LAST                         DECISION IDS
2      user.night   acme/ops-bot  http get  example.com:80  2026-11-21T10:00:03.000000Z  2026-11-21T10:00:04.000000Z  d2 d3
1      egress.host  acme/ops-bot  http get  example.com:80  2026-11-21T10:00:03.000000Z  2026-11-21T10:00:03.000000Z  d2

would need approval
COUNT  RULE         AGENT             TOOL                    DESTINATION             FIRST                        LAST                         DECISION IDS
1      tool.amount  acme/finance-bot  stripe-payments charge  api.stripe.example:443  2026-11-21T10:00:01.000000Z  2026-11-21T10:00:01.000000Z  d1

would be sanitized
COUNT  RULE                AGENT         TOOL       DESTINATION     FIRST                        LAST                         DECISION IDS
1      data.EMAIL_ADDRESS  acme/ops-bot  http post  example.com:80  2026-11-21T10:00:06.000000Z  2026-11-21T10:00:06.000000Z  d5
";
    assert_eq!(table, expected);
}

#[test]
fn the_json_has_the_same_and_a_version() {
    let report = report(LOG.as_bytes()).expect("readable");
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["affected"], 4);
    assert_eq!(json["malformed_lines"], 1);
    assert_eq!(
        json["would_deny"][0],
        json!({
            "rule": "user.night", "tenant": "acme", "agent": "ops-bot", "tool": "http",
            "action": "get", "destination": "example.com:80", "count": 2,
            "first": "2026-11-21T10:00:03.000000Z", "last": "2026-11-21T10:00:04.000000Z",
            "decision_ids": ["d2", "d3"],
        })
    );
}

#[test]
fn a_group_keeps_a_few_decision_ids() {
    let line = |id: u32| {
        format!(
            r#"{{"event":"decision","id":"d{id}","time":"t{id:02}","would":{{"outcome":"deny","rules":[{{"rule":"r"}}]}}}}"#
        )
    };
    // Out of order, as the lines of several connections may be.
    let log: Vec<_> = (0..20).rev().map(line).collect();
    let report = report(log.join("\n").as_bytes()).expect("readable");
    let [group] = &report.would_deny[..] else {
        panic!("one group")
    };
    assert_eq!(group.count, 20);
    assert_eq!((group.first.as_str(), group.last.as_str()), ("t00", "t19"));
    assert_eq!(group.decision_ids, ["d19", "d18", "d17", "d16", "d15"]);
}

#[test]
fn a_line_that_stands_there_twice_is_one_decision() {
    let line = |id: &str| {
        format!(
            r#"{{"event":"decision","id":"{id}","time":"t","would":{{"outcome":"deny","rules":[{{"rule":"r"}}]}}}}"#
        )
    };
    let number = "0193a5f0-7c6e-7d2a-9c4b-1f2e3d4c5b6a";
    let other = "0193a5f0-7c6e-7d2a-9c4b-1f2e3d4c5b6b";
    let log = [number, "d1", other, number, "d1", "d2", "", ""].map(line);
    let report = report(log.join("\n").as_bytes()).expect("readable");
    assert_eq!((report.decisions, report.affected), (6, 6));
    assert_eq!(report.would_deny[0].count, 6);
    assert_eq!(report.malformed_lines, 0);
}

#[test]
fn what_was_enforced_is_no_finding_of_shadow() {
    let line = |id: &str, outcome: &str, rules: &str, would: &str| {
        format!(
            r#"{{"event":"decision","id":"{id}","time":"t","outcome":"{outcome}","rules":[{rules}],"would":{{"outcome":"{would}","rules":[{{"rule":"host","message":"m"}},{{"rule":"region","message":"m"}}]}}}}"#
        )
    };
    let region = r#"{"rule":"region","message":"m"}"#;
    let log = [
        line("d1", "deny", region, "deny"),
        line("d2", "approval_needed", region, "deny"),
    ];
    let report = report(log.join("\n").as_bytes()).expect("readable");
    assert_eq!((report.decisions, report.affected), (2, 1));
    let [denied] = &report.would_deny[..] else {
        panic!("one group: {report:?}")
    };
    assert_eq!((&*denied.rule, denied.count), ("host", 1));
    assert_eq!(denied.decision_ids, ["d2"]);
}

#[test]
fn an_empty_log_is_a_report_too() {
    let report = report(&b""[..]).expect("readable");
    assert_eq!(
        report.to_string(),
        "0 decisions, 0 would have been different\n"
    );
}

#[test]
fn a_log_cannot_steer_the_terminal() {
    let log = r#"{"event":"decision","id":"d","time":"t","agent":"\u001b[2J","would":{"outcome":"deny","rules":[{"rule":"r"}]}}"#;
    let table = report(log.as_bytes()).expect("readable").to_string();
    assert!(!table.contains('\u{1b}'));
}

#[test]
fn bytes_that_are_no_text_are_one_bad_line() {
    let report = report(&b"\xff\xfe\n"[..]).expect("readable");
    assert_eq!(report.malformed_lines, 1);
}
