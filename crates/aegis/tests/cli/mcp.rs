//! An operator sees which tools have changed and accepts one; a damaged memory of them stops the start.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{aegis, code, err, home, out, proxy_config, write};

#[test]
fn changed_tools_are_listed_and_one_is_accepted() {
    let home = home();
    let config = proxy_config(&home, "127.0.0.1:0", "");
    write(&home, "data/mcp-tools.json", &seen());

    let listed = aegis(&[
        "mcp",
        "tools",
        "--changed",
        "--config",
        &config,
        "-o",
        "json",
    ]);
    let listed: Value = serde_json::from_str(&out(&listed)).expect("JSON");
    assert_eq!(listed["schema_version"], 1);
    assert_eq!(listed["tools"].as_array().map(Vec::len), Some(2));
    assert_eq!(listed["tools"][0]["tool"], "search");

    let tool = "mcp.test:443/search";
    let accept = ["mcp", "accept", tool, "--config", &config];
    let ambiguous = aegis(&accept);
    assert_eq!(code(&ambiguous), 2, "{}", err(&ambiguous));
    let accepted = aegis(&[&accept[..], &["--tenant", "acme"]].concat());
    assert_eq!(code(&accepted), 0, "{}", err(&accepted));
    let notes = notes(&home);
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0]["accept"]["tenant"], "acme");
    assert_eq!(notes[0]["accept"]["definition"], "02".repeat(32));

    let unheard = aegis(&["mcp", "accept", "mcp.test:443/find", "--config", &config]);
    assert_eq!(code(&unheard), 1);
}

#[test]
fn a_server_is_forgotten_for_every_tenant_that_has_seen_it() {
    let home = home();
    let config = proxy_config(&home, "127.0.0.1:0", "");
    write(&home, "data/mcp-tools.json", &seen());

    let unheard = aegis(&["mcp", "forget", "*.mcp.test:443", "--config", &config]);
    assert_eq!(code(&unheard), 1, "{}", err(&unheard));
    let forgotten = aegis(&["mcp", "forget", "*.test:443", "--config", &config]);
    assert_eq!(code(&forgotten), 0, "{}", err(&forgotten));

    let notes = notes(&home);
    let tenants: Vec<_> = notes.iter().map(|note| &note["forget"]["tenant"]).collect();
    assert_eq!(tenants, ["acme", "labs"]);
    assert_eq!(notes[0]["forget"]["server"], "*.test:443");
}

#[test]
fn a_proxy_does_not_start_with_a_damaged_memory_of_tools() {
    let home = home();
    let config = proxy_config(&home, "127.0.0.1:0", "");
    write(&home, "data/mcp-tools.json", seen().split_at(100).0);

    let started = aegis(&["proxy", "--config", &config]);

    assert_ne!(code(&started), 0);
    assert!(
        err(&started).contains("mcp-tools.json is damaged"),
        "{}",
        err(&started)
    );
}

/// What is left for the proxy to take over, in the order of time.
fn notes(home: &TempDir) -> Vec<Value> {
    let notes = fs::read_dir(home.path().join("data/mcp-notes")).expect("a directory");
    let mut paths: Vec<_> = notes.map(|note| note.expect("a note").path()).collect();
    paths.sort();
    let texts = paths.iter().map(|path| fs::read(path).expect("a note"));
    texts
        .map(|text| serde_json::from_slice(&text).expect("JSON"))
        .collect()
}

/// One tool that has changed for two tenants, and one that has not.
fn seen() -> String {
    let tool = |tenant: &str, tool: &str, listed: &str| {
        format!(
            r#"{{"tenant":"{tenant}","server":"mcp.test:443","tool":"{tool}","accepted":"{}","listed":"{}","first_seen":"2026-11-21T10:00:00.000000Z","changed_at":null}}"#,
            "01".repeat(32),
            listed.repeat(32),
        )
    };
    let tools = [
        tool("acme", "search", "02"),
        tool("acme", "other", "01"),
        tool("labs", "search", "02"),
    ];
    format!(r#"{{"schema_version":1,"tools":[{}]}}"#, tools.join(","))
}
