//! Sensitive data is found and redacted in files and pipes, by the binary itself. Every value is made up.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::harness::{aegis, code, err, home, out, write};

#[test]
fn a_file_is_scanned_and_no_value_is_shown() {
    let home = home();
    let file = write(
        &home,
        "notes.txt",
        "a line\nwrite to ann@shop.example today\n",
    );
    let scanned = aegis(&["dlp", "scan", &file]);
    assert_eq!(code(&scanned), 0, "{}", err(&scanned));
    let told = out(&scanned);
    assert!(told.contains("EMAIL_ADDRESS  pii    2:10"), "{told}");
    assert!(!told.contains("ann"), "{told}");
    let told: Value =
        serde_json::from_str(&out(&aegis(&["dlp", "scan", &file, "-o", "json"]))).unwrap();
    assert_eq!(told["schema_version"], 1);
    assert_eq!(
        told["findings"],
        json!([{"type": "EMAIL_ADDRESS", "class": "pii", "start": 16, "end": 32, "confidence": 0.95}])
    );
}

#[test]
fn lines_of_texts_and_bodies_are_scanned_as_their_readers_see_them() {
    let pieces = ["write to ann", "@shop", ".example, please"].map(|piece| {
        let event = json!({"choices": [{"delta": {"content": piece}}]});
        format!("data: {event}\n\n")
    });
    let arguments = json!({"note": "to ann\\u0040shop.example"})
        .to_string()
        .replace("\\\\", "\\");
    let lines = [
        json!({"id": 1, "text": "to ann@shop.example"}),
        json!({"id": "form", "format": "form-urlencoded", "body": "a=1&to=to+ann%40shop.example&z=end"}),
        json!({"id": "nested", "format": "json", "body": json!({"arguments": arguments}).to_string()}),
        json!({"id": "stream", "format": "sse", "body": pieces.concat()}),
    ];
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let scanned = piped(&["dlp", "scan", "--jsonl"], lines.join("\n").as_bytes());
    let told = out(&scanned);
    let found: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let starts = [3, 3, 3, 9];
    assert_eq!(found.len(), starts.len());
    for (line, start) in found.iter().zip(starts) {
        let findings = line["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 1, "{line}");
        assert_eq!(findings[0]["type"], "EMAIL_ADDRESS");
        assert_eq!(
            (&findings[0]["start"], &findings[0]["end"]),
            (&json!(start), &json!(start + 16))
        );
    }
    assert_eq!(
        (&found[0]["id"], &found[1]["id"]),
        (&json!(1), &json!("form"))
    );
}

#[test]
fn a_pipe_is_redacted_by_type_and_by_class() {
    let text = format!("ann@shop.example AKIA{} bye", "Q7".repeat(8));
    let all = piped(&["dlp", "redact"], text.as_bytes());
    assert_eq!(
        out(&all),
        "[REDACTED:EMAIL_ADDRESS] [REDACTED:SECRET_AWS] bye"
    );
    let secrets = piped(&["dlp", "redact", "--type", "secret"], text.as_bytes());
    assert_eq!(out(&secrets), "ann@shop.example [REDACTED:SECRET_AWS] bye");
    let one = piped(
        &["dlp", "redact", "--type", "EMAIL_ADDRESS"],
        text.as_bytes(),
    );
    assert!(out(&one).starts_with("[REDACTED:EMAIL_ADDRESS] AKIA"));
    let unknown = piped(&["dlp", "redact", "--type", "mail"], b"");
    assert_eq!(code(&unknown), 2);
    assert!(
        err(&unknown).contains("no type or class of data `mail`"),
        "{}",
        err(&unknown)
    );
}

#[test]
fn detectors_of_a_policy_are_looked_for_too() {
    let home = home();
    write(&home, "policy/staff.yaml", STAFF);
    let policy = home.path().join("policy").display().to_string();
    let file = write(&home, "notes.txt", "EMP-123456 is ann@shop.example\n");
    let scanned = out(&aegis(&["dlp", "scan", "--policy", &policy, &file]));
    assert!(scanned.contains("EMPLOYEE_NUMBER  pii    1:1"), "{scanned}");
    assert!(scanned.contains("EMAIL_ADDRESS"), "{scanned}");
    let redact = ["dlp", "redact", "--policy", &policy, "--type"];
    let redacted = |kind| out(&aegis(&[&redact[..], &[kind, &file]].concat()));
    assert_eq!(
        redacted("EMPLOYEE_NUMBER"),
        "[REDACTED:EMPLOYEE_NUMBER] is ann@shop.example\n"
    );
    assert_eq!(
        redacted("pii"),
        "[REDACTED:EMPLOYEE_NUMBER] is [REDACTED:EMAIL_ADDRESS]\n"
    );
    let without = aegis(&["dlp", "redact", "--type", "EMPLOYEE_NUMBER", &file]);
    assert_eq!(code(&without), 2);
}

#[test]
fn a_policy_with_a_mistake_is_told_with_its_place() {
    let home = home();
    write(&home, "policy/staff.yaml", &STAFF.replace("EMP-", "EMP-("));
    let policy = home.path().join("policy").display().to_string();
    let scanned = aegis(&["dlp", "scan", "--policy", &policy, "-"]);
    assert_eq!(code(&scanned), 78);
    let told = err(&scanned);
    assert!(told.contains("staff.yaml:20:"), "{told}");
    assert!(told.contains("unclosed group"), "{told}");
}

#[test]
fn a_line_that_is_none_is_told_by_its_number() {
    let scanned = piped(
        &["dlp", "scan", "--jsonl"],
        b"{\"id\": 1, \"text\": \"\"}\n{\"id\": 2}\n",
    );
    assert_eq!(code(&scanned), 1);
    assert!(
        err(&scanned).contains("line 2 cannot be used"),
        "{}",
        err(&scanned)
    );
}

fn piped(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_aegis"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input)
        .expect("written");
    child.wait_with_output().expect("ended")
}

const STAFF: &str = r"
apiVersion: aegis.dev/v1
kind: Tenant
metadata: {name: acme}
spec: {agents: {hr-bot: {}}}
---
apiVersion: aegis.dev/v1
kind: AgentPolicy
metadata: {name: hr}
spec:
  agents: {ids: [hr-bot]}
  dlp: staff
---
apiVersion: aegis.dev/v1
kind: DlpProfile
metadata: {name: staff}
spec:
  types: {EMPLOYEE_NUMBER: sanitize}
  detectors:
    EMPLOYEE_NUMBER: {class: pii, pattern: '\bEMP-[0-9]{6}\b'}
";
