mod several;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aegis_policy::{Authority, Call, CallKind};

use super::seen::{Definitions, MOST_OF_SERVER, MOST_OF_TENANT, Seen};
use super::{Sighting, Tools, accept_tool, forget_tools, seen_tools};

#[test]
fn a_change_is_told_over_a_restart_and_until_an_operator_accepts_it() {
    let directory = tempfile::tempdir().unwrap();
    let tools = open(directory.path());
    assert_eq!(sight(&tools, "search", 1), Sighting::Same);
    assert_eq!(sight(&tools, "search", 2), Sighting::Changed { anew: true });
    assert_eq!(
        sight(&tools, "search", 2),
        Sighting::Changed { anew: false }
    );
    tools.update().unwrap();

    let tools = open(directory.path());
    assert_eq!(
        sight(&tools, "search", 2),
        Sighting::Changed { anew: false }
    );
    let known = seen_tools(directory.path()).unwrap();
    assert!(known[0].has_changed() && known[0].changed_at.is_some());
    accept_tool(directory.path(), &known[0]).unwrap();
    tools.update().unwrap();

    assert_eq!(sight(&tools, "search", 2), Sighting::Same);
    assert_eq!(sight(&tools, "search", 1), Sighting::Changed { anew: true });
    assert!(!seen_tools(directory.path()).unwrap()[0].has_changed());
    assert!(tools.files.notes().is_empty());
}

#[test]
fn what_is_accepted_is_one_definition_and_not_the_next_one() {
    let directory = tempfile::tempdir().unwrap();
    let tools = open(directory.path());
    sight(&tools, "search", 1);
    sight(&tools, "search", 2);
    tools.update().unwrap();
    accept_tool(directory.path(), &seen_tools(directory.path()).unwrap()[0]).unwrap();
    sight(&tools, "search", 3);

    tools.update().unwrap();

    assert_eq!(
        sight(&tools, "search", 3),
        Sighting::Changed { anew: false }
    );
}

#[test]
fn nothing_is_written_where_nothing_is_new() {
    let directory = tempfile::tempdir().unwrap();
    let tools = open(directory.path());
    let path = directory.path().join("mcp-tools.json");
    tools.update().unwrap();
    assert!(!path.exists());
    sight(&tools, "search", 1);
    tools.update().unwrap();
    std::fs::remove_file(&path).unwrap();
    sight(&tools, "search", 1);
    tools.update().unwrap();
    assert!(!path.exists());
}

#[test]
fn what_could_not_be_written_is_written_later() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("data");
    let tools = open(&place);
    sight(&tools, "search", 1);
    assert!(tools.update().is_err());
    std::fs::create_dir(&place).unwrap();
    tools.update().unwrap();
    assert_eq!(seen_tools(&place).unwrap().len(), 1);
}

#[test]
fn tenants_and_servers_do_not_share_what_they_have_seen() {
    let directory = tempfile::tempdir().unwrap();
    let tools = open(directory.path());
    tools.sight("acme", &server("a.test"), "search", [1; 32]);
    for (tenant, host) in [("acme", "b.test"), ("globex", "a.test")] {
        let sighting = tools.sight(tenant, &server(host), "search", [2; 32]);
        assert_eq!(sighting, Sighting::Same);
    }
}

#[test]
fn what_there_is_no_room_for_counts_as_changed() {
    let mut seen = Seen::default();
    for number in 0..MOST_OF_SERVER {
        assert!(seen.insert(("acme", "a.test:443", &number.to_string()), definitions()));
    }
    assert!(!seen.insert(("acme", "a.test:443", "one-more"), definitions()));
    assert!(seen.insert(("acme", "b.test:443", "one-more"), definitions()));
    assert!(!seen.insert(("acme", "b.test:443", &"x".repeat(257)), definitions()));
    assert!(Sighting::Unkept.is_changed());
}

#[test]
fn a_tenant_whose_room_is_taken_takes_none_of_the_others() {
    let mut seen = Seen::default();
    for number in 0..MOST_OF_TENANT {
        let server = format!("{}.hostile.test:443", number / MOST_OF_SERVER);
        assert!(seen.insert(("acme", &server, &number.to_string()), definitions()));
    }
    assert!(!seen.insert(("acme", "honest.test:443", "search"), definitions()));
    assert!(!seen.has_room("acme", "honest.test:443", "search"));
    assert!(seen.insert(("globex", "honest.test:443", "search"), definitions()));
}

#[test]
fn what_an_operator_forgets_leaves_room_and_is_seen_for_the_first_time_again() {
    let directory = tempfile::tempdir().unwrap();
    let tools = open(directory.path());
    for host in ["a.mcp.test", "b.mcp.test", "mcp.test", "notmcp.test"] {
        for tenant in ["acme", "globex"] {
            tools.sight(tenant, &server(host), "search", [1; 32]);
        }
    }
    forget_tools(directory.path(), "acme", "*.mcp.test:443").unwrap();
    tools.update().unwrap();

    let known = seen_tools(directory.path()).unwrap();
    let of = |tenant| {
        let known = known.iter().filter(move |tool| tool.tenant == tenant);
        known.map(|tool| &*tool.server).collect::<Vec<_>>()
    };
    assert_eq!(of("acme"), ["mcp.test:443", "notmcp.test:443"]);
    assert_eq!(of("globex").len(), 4);
    assert!(tools.files.notes().is_empty());
    let sighting = tools.sight("acme", &server("a.mcp.test"), "search", [2; 32]);
    assert_eq!(sighting, Sighting::Same);
}

#[test]
fn what_is_forgotten_makes_room() {
    let mut seen = Seen::default();
    for number in 0..MOST_OF_TENANT {
        let server = format!("{number}.hostile.test:443");
        seen.insert(("acme", &server, "search"), definitions());
    }
    assert_eq!(
        seen.forget("acme", |server| server == "7.hostile.test:443"),
        1
    );
    assert!(seen.insert(("acme", "honest.test:443", "search"), definitions()));
    assert!(!seen.insert(("acme", "honest.test:443", "other"), definitions()));
    assert_eq!(seen.forget("globex", |_| true), 0);
}

#[test]
fn a_damaged_file_is_an_error_and_not_a_fresh_start() {
    let directory = tempfile::tempdir().unwrap();
    let tools = open(directory.path());
    sight(&tools, "search", 1);
    tools.update().unwrap();
    let path = directory.path().join("mcp-tools.json");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    for damaged in [
        text.split_at(text.len() / 2).0.to_owned(),
        text.replace("\"schema_version\":1", "\"schema_version\":2"),
        text.replace("0101", "01"),
        String::new(),
    ] {
        std::fs::write(&path, damaged).unwrap();
        let error = Tools::open(directory.path()).unwrap_err().to_string();
        assert!(error.contains("mcp-tools.json is damaged"), "{error}");
    }
}

fn open(directory: &Path) -> Tools {
    Tools::open(directory).unwrap()
}

fn sight(tools: &Tools, tool: &str, digest: u8) -> Sighting {
    tools.sight("acme", &server("mcp.test"), tool, [digest; 32])
}

fn server(host: &str) -> Authority {
    Authority::parse(host, 443).unwrap()
}

fn definitions() -> Definitions {
    Definitions {
        accepted: [1; 32],
        listed: [1; 32],
        first_seen: String::new(),
        changed_at: None,
    }
}
