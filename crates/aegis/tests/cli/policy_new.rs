//! The patterns that a policy can be started from.

use serde_json::Value;

use crate::harness::{aegis, code, err, home, names, out, path, write};

#[test]
fn every_template_is_without_mistakes_and_tested_in_full() {
    let said = aegis(&["policy", "new", "--list", "-o", "json"]);
    let told: Value = serde_json::from_str(&out(&said)).expect("JSON");
    let templates = told["templates"].as_array().expect("a list");
    assert_eq!(templates.len(), 4);
    for template in templates {
        let name = template["name"].as_str().expect("a name");
        let home = home();
        let directory = path(&home.path().join("policies"));
        let said = aegis(&["policy", "new", &directory, "--template", name]);
        assert_eq!(code(&said), 0, "{name}: {}", err(&said));
        assert!(err(&said).contains("aegis policy test"), "{}", err(&said));
        let said = aegis(&["policy", "check", &directory]);
        assert_eq!(code(&said), 0, "{name}: {}", err(&said));
        assert!(!err(&said).contains("warning"), "{name}: {}", err(&said));
        let said = aegis(&["policy", "test", &directory, "--min-coverage", "100"]);
        assert_eq!(code(&said), 0, "{name}: {} {}", out(&said), err(&said));
        assert!(!err(&said).contains("warning"), "{name}: {}", err(&said));
    }
}

#[test]
fn a_directory_that_is_not_empty_is_left_as_it_is() {
    let home = home();
    write(&home, "mine.yaml", "own: 1\n");
    let before = names(home.path());
    let said = aegis(&[
        "policy",
        "new",
        &path(home.path()),
        "--template",
        "payments",
    ]);
    assert_eq!(code(&said), 1);
    assert_eq!(names(home.path()), before);
}

#[test]
fn a_template_that_is_not_there_is_told_which_are() {
    let said = aegis(&["policy", "new", "x", "--template", "payment"]);
    assert_eq!(code(&said), 2);
    assert!(err(&said).contains("mcp-read-only"), "{}", err(&said));
}
