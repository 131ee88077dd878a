//! Several processes with one data directory: what one of them knows, all of them know.

use super::*;

/// Both know nothing at first, as two processes that started together.
fn two(directory: &Path) -> (Tools, Tools) {
    (open(directory), open(directory))
}

fn update(tools: &Tools) {
    tools.update().unwrap();
}

fn digests(directory: &Path, tool: &str) -> (String, String) {
    let known = seen_tools(directory).unwrap();
    let known = known.into_iter().find(|known| known.tool == tool).unwrap();
    (known.accepted, known.listed)
}

fn hex(digest: u8) -> String {
    hex::encode([digest; 32])
}

#[test]
fn no_process_erases_what_another_one_saw_first() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = two(directory.path());
    sight(&one, "search", 1);
    update(&one);
    sight(&other, "else", 1);
    update(&other);

    assert_eq!(seen_tools(directory.path()).unwrap().len(), 2);
    let third = open(directory.path());
    assert_eq!(sight(&third, "search", 2), Sighting::Changed { anew: true });
    for tools in [one, other] {
        update(&tools);
        assert_eq!(sight(&tools, "search", 2), Sighting::Changed { anew: true });
        assert_eq!(sight(&tools, "else", 2), Sighting::Changed { anew: true });
    }
}

#[test]
fn the_first_definition_on_disk_is_the_first_whoever_listed_another_one_meanwhile() {
    for swapped in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let (one, other) = two(directory.path());
        sight(&one, "search", 1);
        assert_eq!(sight(&other, "search", 2), Sighting::Same);
        let (first, second) = if swapped {
            (&other, &one)
        } else {
            (&one, &other)
        };
        update(first);
        update(second);
        update(first);

        let (kept, late) = if swapped { (2, 1) } else { (1, 2) };
        assert_eq!(digests(directory.path(), "search"), (hex(kept), hex(late)));
        for tools in [first, second] {
            assert!(calls_changed(tools, "search"));
            assert_eq!(
                sight(tools, "search", late),
                Sighting::Changed { anew: false }
            );
            assert_eq!(sight(tools, "search", kept), Sighting::Same);
        }
    }
}

#[test]
fn a_change_that_one_has_seen_is_known_to_the_other_before_it_is_listed_there() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = two(directory.path());
    sight(&one, "search", 1);
    update(&one);
    update(&other);
    assert!(!calls_changed(&other, "search"));
    sight(&one, "search", 2);
    update(&one);
    update(&other);
    assert!(calls_changed(&other, "search"));
}

#[test]
fn what_was_listed_twice_between_two_looks_keeps_its_first_definition() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = two(directory.path());
    sight(&one, "search", 1);
    sight(&one, "search", 2);
    update(&one);
    assert_eq!(digests(directory.path(), "search"), (hex(1), hex(2)));
    update(&other);
    assert!(calls_changed(&other, "search"));
}

#[test]
fn what_an_operator_decides_is_taken_over_once_and_known_to_all() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = two(directory.path());
    sight(&one, "search", 1);
    sight(&one, "search", 2);
    sight(&one, "else", 1);
    update(&one);
    update(&other);
    accept_tool(
        directory.path(),
        seen_tools(directory.path())
            .unwrap()
            .iter()
            .find(|tool| tool.tool == "search")
            .unwrap(),
    )
    .unwrap();
    update(&other);
    assert!(!one.files.has_notes());
    update(&one);
    for tools in [&one, &other] {
        assert!(!calls_changed(tools, "search"));
    }

    forget_tools(directory.path(), "acme", "mcp.test:443").unwrap();
    update(&one);
    update(&other);
    assert!(seen_tools(directory.path()).unwrap().is_empty());
    assert_eq!(sight(&other, "search", 3), Sighting::Same);
    update(&other);
    update(&one);
    assert_eq!(sight(&one, "search", 4), Sighting::Changed { anew: true });
}

#[test]
fn a_file_that_is_damaged_meanwhile_is_left_as_it_is_and_nothing_is_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = two(directory.path());
    sight(&one, "search", 1);
    update(&one);
    update(&other);
    let path = directory.path().join("mcp-tools.json");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, "{").unwrap();
    sight(&other, "search", 2);
    sight(&other, "else", 1);
    for tools in [&one, &other] {
        let error = tools.update().unwrap_err().to_string();
        assert!(error.contains("mcp-tools.json is damaged"), "{error}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"{");
    sight(&other, "else", 2);
    assert!(calls_changed(&other, "search") && calls_changed(&other, "else"));
    assert_eq!(sight(&one, "search", 1), Sighting::Same);

    std::fs::write(&path, whole).unwrap();
    update(&other);
    assert_eq!(digests(directory.path(), "search"), (hex(1), hex(2)));
    assert_eq!(digests(directory.path(), "else"), (hex(1), hex(2)));
}

#[test]
fn a_file_that_is_taken_away_is_written_again_with_all_that_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = two(directory.path());
    sight(&one, "search", 1);
    update(&one);
    update(&other);
    std::fs::remove_file(directory.path().join("mcp-tools.json")).unwrap();
    sight(&other, "else", 1);
    update(&other);
    assert_eq!(seen_tools(directory.path()).unwrap().len(), 2);
}

#[test]
fn two_that_write_at_the_same_time_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = two(directory.path());
    std::thread::scope(|scope| {
        for (name, tools) in [("one", &one), ("other", &other)] {
            scope.spawn(move || {
                for number in 0..20 {
                    sight(tools, &format!("{name}-{number}"), 1);
                    update(tools);
                }
            });
        }
    });
    assert_eq!(seen_tools(directory.path()).unwrap().len(), 40);
}

fn calls_changed(tools: &Tools, tool: &str) -> bool {
    let call = Call {
        kind: CallKind::Mcp,
        action: "call".into(),
        tool: format!("docs/{tool}").into(),
        ..Call::tunnel()
    };
    tools.has_changed("acme", &server("mcp.test"), &call)
}
