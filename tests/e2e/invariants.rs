//! What the architecture says must be absent from the code, read off the code.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn only_one_file_names_the_policy_engine() {
    assert_eq!(files_with("regorus"), ["policy/src/rego.rs"]);
}

#[test]
fn only_one_crate_names_the_yaml_parser() {
    let parsers = [
        "serde_yaml",
        "serde_norway",
        "serde_yml",
        "saphyr",
        "yaml_rust",
        "marked_yaml",
    ];
    for parser in parsers {
        for file in files_with(parser) {
            assert!(file.starts_with("document/src/"), "{file} names {parser}");
        }
    }
}

#[test]
fn only_upstream_opens_sockets_for_agents() {
    for opens in [
        "TcpStream::connect",
        "TcpSocket",
        "UdpSocket",
        "UnixStream::connect",
        "connect_tcp",
    ] {
        for file in files_with(opens) {
            let known = ["proxy/src/upstream.rs", "aegis/src/", "telemetry/src/trace"];
            assert!(
                known.iter().any(|known| file.starts_with(known)),
                "{file} names {opens}"
            );
        }
    }
}

#[test]
fn only_route_resolves_names_and_only_for_a_grant() {
    assert_eq!(files_with("hickory_resolver"), ["proxy/src/route.rs"]);
    assert_eq!(files_with(".lookup_ip("), ["proxy/src/route.rs"]);
    let route = code("proxy/src/route.rs");
    assert!(route.contains("pub(crate) async fn resolve(&self, grant: &Grant)"));
    assert_eq!(
        route.matches("pub(crate) async fn").count(),
        1,
        "there is no other way to look up"
    );
    for lookup in [
        "ToSocketAddrs",
        "to_socket_addrs",
        "lookup_host",
        "getaddrinfo",
    ] {
        assert!(files_with(lookup).is_empty(), "{lookup}");
    }
}

#[test]
fn only_gate_asks_for_a_decision() {
    let askers: Vec<String> = files_with(".decide(")
        .into_iter()
        .filter(|file| file.starts_with("proxy/"))
        .collect();
    // `lease` asks again, for what gate has let through and what is still open.
    assert!(askers.contains(&"proxy/src/gate.rs".to_owned()));
    for file in askers {
        assert!(
            ["proxy/src/gate.rs", "proxy/src/lease.rs"].contains(&&*file),
            "{file} asks for a decision"
        );
    }
}

#[test]
fn the_policy_in_force_is_taken_once_for_a_request_and_once_for_a_renamed_tunnel() {
    for file in ["proxy/src/line.rs", "proxy/src/line/connect.rs"] {
        assert_eq!(code(file).matches(".activation").count(), 1, "{file}");
    }
}

#[test]
fn only_exchange_adds_the_keys_of_services_and_only_for_their_target() {
    let service = code("proxy/src/gateway.rs");
    let check = "(target.scheme(), target.authority()) != (self.scheme, &self.authority)";
    assert!(service.contains(check));
    assert_eq!(service.matches(".add_to(").count(), 1);
    for (call, file) in [
        (".authenticate(", "proxy/src/exchange.rs"),
        (".add_to(", "proxy/src/gateway.rs"),
    ] {
        let callers = files_with(call);
        let callers = callers.iter().filter(|it| it.starts_with("proxy/"));
        assert_eq!(callers.collect::<Vec<_>>(), [file]);
    }
}

#[test]
fn grants_and_targets_are_made_in_one_place() {
    for (name, home) in [
        ("Grant {", "proxy/src/gate.rs"),
        ("Target {", "proxy/src/route.rs"),
        ("Judged(", "proxy/src/address.rs"),
    ] {
        for file in files_with(name)
            .into_iter()
            .filter(|file| file.starts_with("proxy/") && file != home)
        {
            let text = code(&file);
            let made = text.match_indices(name).any(|(at, _)| {
                let before = text.get(..at).unwrap_or_default();
                !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                    && !before.trim_end().ends_with(['-', '>', '&'])
                    && !["struct", "impl", "for", "enum"]
                        .iter()
                        .any(|word| before.trim_end().ends_with(word))
            });
            assert!(!made, "{file} makes a {name}");
        }
        for field in fields(&code(home), name.trim_end_matches([' ', '{', '('])) {
            assert!(
                !field.starts_with("pub"),
                "{home}: {name} has the public field `{field}`"
            );
        }
    }
}

#[test]
fn only_refusal_chooses_status_codes() {
    for file in files_with("StatusCode::")
        .into_iter()
        .filter(|file| file.starts_with("proxy/"))
    {
        let chosen: Vec<String> = words_after(&code(&file), "StatusCode::");
        let may: &[&str] = match file.as_str() {
            // The operator's port has no refusals.
            "proxy/src/refusal.rs" | "proxy/src/refusal/cause.rs" | "proxy/src/admin.rs" => {
                continue;
            }
            // What HTTP itself says about a tunnel and about a switch of protocols.
            "proxy/src/line/arrive.rs" => &["OK"],
            "proxy/src/exchange.rs" => &["SWITCHING_PROTOCOLS"],
            _ => &[],
        };
        for name in chosen {
            assert!(
                may.contains(&name.as_str()),
                "{file} names StatusCode::{name}"
            );
        }
    }
}

#[test]
fn pure_crates_do_no_io() {
    for name in [
        "policy",
        "authoring",
        "dlp",
        "ledger",
        "protocol",
        "document",
        "api",
    ] {
        for dependency in dependencies(name) {
            let io = [
                "tokio",
                "hyper",
                "hyper-util",
                "rustls",
                "tokio-rustls",
                "notify",
                "mio",
                "reqwest",
            ];
            assert!(
                !io.contains(&dependency.as_str()),
                "{name} depends on {dependency}"
            );
        }
        for banned in [
            "std::fs",
            "std::net::Tcp",
            "std::net::Udp",
            "SystemTime::now",
            "std::env",
        ] {
            let found = files_with(banned)
                .into_iter()
                .find(|file| file.starts_with(&format!("{name}/")));
            assert_eq!(found, None, "{banned}");
        }
    }
}

#[test]
fn arrows_between_crates_point_down() {
    let allowed: BTreeMap<_, _> = WALLS.iter().copied().collect();
    for name in crates() {
        let may = allowed
            .get(name.as_str())
            .unwrap_or_else(|| panic!("crate {name} has no place in the architecture"));
        for dependency in dependencies(&name) {
            if let Some(ours) = dependency.strip_prefix("aegis-") {
                assert!(may.contains(&ours), "{name} depends on {ours}");
            }
        }
    }
}

#[test]
fn what_ships_does_not_contain_the_test_kit() {
    for name in crates() {
        assert!(
            !dependencies(&name).contains(&"aegis-testkit".to_owned()),
            "{name}"
        );
    }
}

#[test]
fn only_one_call_needs_unsafe_code_and_all_other_crates_have_the_common_lints() {
    let root = fs::read_to_string(root().join("../Cargo.toml")).expect("the root manifest");
    assert!(root.contains("unsafe_code = \"forbid\""));
    for name in crates().iter().filter(|name| *name != "heap") {
        let manifest = manifest(name);
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{name} does not inherit the lints"
        );
    }
    assert!(manifest("heap").contains("unsafe_code = \"deny\""));
    assert_eq!(files_with("unsafe {"), ["heap/src/lib.rs"]);
    assert_eq!(code("heap/src/lib.rs").matches("unsafe {").count(), 1);
    for form in ["unsafe fn", "unsafe impl", "unsafe extern"] {
        assert!(files_with(form).is_empty(), "{form}");
    }
}

#[test]
fn every_file_says_what_its_job_is() {
    for file in sources() {
        let text = fs::read_to_string(root().join(&file)).expect("a source");
        assert!(
            file.ends_with("/tests.rs") || text.starts_with("//! "),
            "{file} does not say what it is for"
        );
    }
}

/// Sources that ship and name `word` in their code, as `crate/src/file.rs`.
fn files_with(word: &str) -> Vec<String> {
    sources()
        .into_iter()
        .filter(|file| code(file).contains(word))
        .collect()
}

/// Everything below `crates/*/src` but the test kit and test modules.
fn sources() -> Vec<String> {
    let mut found = Vec::new();
    for name in crates().iter().filter(|name| *name != "testkit") {
        collect(&root().join(name).join("src"), &mut found);
    }
    let mut files: Vec<String> = found
        .iter()
        .map(|path| {
            path.strip_prefix(root())
                .expect("below crates")
                .to_string_lossy()
                .into_owned()
        })
        .filter(|file| !file.ends_with("/tests.rs") && !file.contains("/tests/"))
        .collect();
    files.sort();
    assert!(files.len() > 50, "the sources are where they should be");
    files
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// A source without its comments.
fn code(file: &str) -> String {
    let text = fs::read_to_string(root().join(file)).expect("a source");
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn words_after(text: &str, prefix: &str) -> Vec<String> {
    let word = |rest: &str| {
        rest.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    text.match_indices(prefix)
        .map(|(at, _)| word(text.get(at + prefix.len()..).unwrap_or_default()))
        .collect()
}

/// The lines between the braces of `struct NAME`, or what is between its parentheses.
fn fields(text: &str, name: &str) -> Vec<String> {
    let at = text
        .find(&format!("struct {name}"))
        .expect("the type is declared");
    let declared = text.get(at..).unwrap_or_default();
    let end = declared.find(['}', ';']).expect("its end");
    let body = declared
        .get(..end)
        .unwrap_or_default()
        .split_once(['{', '('])
        .expect("fields")
        .1;
    body.lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

fn crates() -> Vec<String> {
    let entries = fs::read_dir(root()).expect("the crates");
    let names = entries.map(|entry| entry.expect("an entry"));
    let names = names.filter(|entry| entry.path().join("Cargo.toml").exists());
    names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Names under `[dependencies]`: what a crate ships with.
fn dependencies(name: &str) -> Vec<String> {
    let manifest = manifest(name);
    let section = manifest
        .split("[dependencies]\n")
        .nth(1)
        .unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split(['.', ' ', '=']).next());
    names
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

fn manifest(name: &str) -> String {
    fs::read_to_string(root().join(name).join("Cargo.toml")).expect("a manifest")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")
}

/// Each crate, and what of ours it may stand on.
const WALLS: &[(&str, &[&str])] = &[
    ("document", &[]),
    ("api", &[]),
    ("bundle", &[]),
    ("client", &["api"]),
    ("dlp", &[]),
    ("heap", &[]),
    ("ledger", &[]),
    ("telemetry", &[]),
    ("control", &["api", "bundle", "config"]),
    ("policy", &["document", "dlp"]),
    ("authoring", &["policy", "document", "bundle"]),
    ("config", &["document"]),
    ("protocol", &["policy", "dlp"]),
    (
        "proxy",
        &[
            "policy",
            "config",
            "dlp",
            "heap",
            "ledger",
            "protocol",
            "telemetry",
            "document",
            "bundle",
            "api",
            "authoring",
            "client",
        ],
    ),
    ("testkit", &["proxy", "config", "document", "bundle"]),
    (
        "aegis",
        &[
            "proxy",
            "control",
            "client",
            "api",
            "authoring",
            "bundle",
            "config",
            "policy",
            "telemetry",
            "document",
            "dlp",
            "heap",
            "protocol",
            "authoring",
            "bundle",
            "client",
            "api",
            "control",
        ],
    ),
];
