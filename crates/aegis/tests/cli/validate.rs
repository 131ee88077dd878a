//! Mistakes are told all at once, with their places, and nothing is touched for it.

use std::net::TcpListener;

use serde_json::Value;

use crate::harness::{aegis, code, err, home, names, out, path, proxy_config, write};

#[test]
fn validate_tells_all_mistakes_at_once_with_their_places() {
    let home = home();
    write(
        &home,
        "policies/policy.yaml",
        "aegis:\n  tenants:\n    acme: {mode: shadwo}\n  profile: {}\n",
    );
    let config = write(
        &home,
        "aegis.yaml",
        "region: here\npolicy: {directory: policies}\nupstream:\n  ca_file: none.pem\n",
    );
    let said = aegis(&["validate", "--config", &config, "-o", "json"]);
    assert_eq!(code(&said), 78);
    let report: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["valid"], false);
    let problems = report["problems"].as_array().expect("a list");
    let places: Vec<_> = problems
        .iter()
        .map(|it| (it["line"].as_u64(), it["hint"].is_string()))
        .collect();
    assert_eq!(
        places,
        [(Some(4), false), (Some(3), true), (Some(4), true)],
        "{report:#}"
    );

    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 78);
    assert!(err(&said).contains("policy.yaml:3:18: "), "{}", err(&said));
    assert!(
        err(&said).contains("did you mean `shadow`?"),
        "{}",
        err(&said)
    );
    assert!(err(&said).ends_with("3 mistakes\n"), "{}", err(&said));
}

/// A key that is misspelt, a wrong type, a value out of range, keys that contradict each other, a
/// variable that is not set, a file that is not there, and a mistake in the policies.
#[test]
fn one_run_names_mistakes_of_every_kind_and_nothing_that_only_follows_from_them() {
    let home = home();
    write(&home, "rules/policy.yaml", "aegis: {tenant: {}}\n");
    let config = write(
        &home,
        "aegis.yaml",
        "\
region: ${env:AEGIS_TEST_NOT_SET}
listen: {forward: 127.0.0.1:3128, admin: 127.0.0.1:3128}
policy:
  directory: rules
identity:
  credentials:
    - {id: a, tenant: acme, agent: bot, secret_sha265: aa}
    - 7
    - {id: b, tenant: anonymous, agent: bot}
upstream:
  ca_file: none.pem
  connect_timeout: 5
  idle_per_host: 20000
limits: {conections: 5, headers: many, header_timeout: 48h}
",
    );

    let said = aegis(&["validate", "--config", &config]);

    assert_eq!(code(&said), 78);
    let text = err(&said);
    let told: Vec<&str> = text.lines().collect();
    let wanted = [
        ("aegis.yaml:1:9: ", "AEGIS_TEST_NOT_SET"),
        ("aegis.yaml:2:42: ", "the admin port must differ"),
        ("aegis.yaml:7:41: ", "did you mean `secret_sha256`?"),
        (
            "aegis.yaml:8:7: ",
            "expected a mapping, found a whole number",
        ),
        ("aegis.yaml:9:7: ", "exactly one of `secret_sha256`"),
        ("aegis.yaml:9:23: ", "`anonymous` stands for"),
        ("aegis.yaml:11:12: ", "none.pem"),
        ("aegis.yaml:12:20: ", "expected a duration"),
        (
            "aegis.yaml:13:18: ",
            "expected a whole number from 0 to 10000",
        ),
        ("aegis.yaml:14:10: ", "did you mean `connections`?"),
        ("aegis.yaml:14:34: ", "found text"),
        ("aegis.yaml:14:56: ", "expected a duration from 1ms to 24h"),
        ("policy.yaml:1:9: ", "did you mean `tenants`?"),
    ];
    for (place, words) in wanted {
        let found = |line: &&str| line.contains(place) && line.contains(words);
        assert!(told.iter().any(found), "{place}{words}: {text}");
    }
    let last = format!("{} mistakes", wanted.len());
    assert_eq!(told.last(), Some(&&*last), "{text}");
}

#[test]
fn the_first_policy_of_the_readme_is_good_and_its_mistakes_are_told_as_shown() {
    let home = home();
    let readme = include_str!("../../../../README.md");
    let (_, policy) = readme
        .split_once("```yaml\napiVersion:")
        .expect("the policy");
    let (policy, _) = policy.split_once("\n```").expect("its end");
    let policy = format!("apiVersion:{policy}\n");
    write(&home, "good/policy.yaml", &policy);
    let said = aegis(&["validate", "--policy", &path(&home.path().join("good"))]);
    assert_eq!(code(&said), 0, "{}", err(&said));

    let broken = policy
        .replace("hosts:", "host:")
        .replace("sanitize", "sanitise");
    write(&home, "broken/policy.yaml", &broken);
    let said = aegis(&["validate", "--policy", &path(&home.path().join("broken"))]);
    assert_eq!(code(&said), 78);
    let (_, shown) = readme
        .split_once("validate --policy broken\n")
        .expect("what is shown");
    let (shown, _) = shown.split_once("\n```").expect("its end");
    let said = err(&said).replace(&format!("{}/", path(home.path())), "");
    assert_eq!(said.trim_end(), shown);
}

#[test]
fn validate_ends_with_78_where_there_is_no_policy_directory() {
    assert_eq!(code(&aegis(&["validate", "--policy", "/nonexistent"])), 78);
    assert_eq!(code(&aegis(&["validate", "--config", "/nonexistent"])), 78);
}

#[test]
fn validate_binds_nothing_and_writes_nothing() {
    let home = home();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let config = proxy_config(
        &home,
        &taken.local_addr().expect("an address").to_string(),
        "",
    );
    let before = names(home.path());
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    assert_eq!(names(home.path()), before);
}

#[test]
fn a_credential_of_a_tenant_that_no_policy_knows_is_a_warning() {
    let home = home();
    let hash = "0".repeat(64);
    let entry = format!(
        "identity: {{credentials: [{{id: a, tenant: acem, agent: bot, secret_sha256: '{hash}'}}]}}\n"
    );
    let config = proxy_config(&home, "127.0.0.1:0", &entry);
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 0);
    assert!(
        err(&said).contains("did you mean `acme`?"),
        "{}",
        err(&said)
    );
}

#[test]
fn a_credential_of_an_agent_that_no_policy_knows_or_of_another_tenant_is_a_warning() {
    for (agent, hint) in [
        ("bto", "did you mean `bot`?"),
        ("other", "did you mean `labs`?"),
    ] {
        let home = home();
        let hash = "0".repeat(64);
        let entry = format!(
            "identity: {{credentials: [{{id: a, tenant: acme, agent: {agent}, secret_sha256: '{hash}'}}]}}\n"
        );
        let config = proxy_config(&home, "127.0.0.1:0", &entry);
        write(
            &home,
            "policies/labs.yaml",
            "aegis: {tenants: {labs: {}}, agents: {other: {tenant: labs, profile: web}}}\n",
        );
        let said = aegis(&["validate", "--config", &config]);
        assert_eq!(code(&said), 0, "{}", err(&said));
        assert!(err(&said).contains(":5:55: "), "{}", err(&said));
        assert!(err(&said).contains(hint), "{}", err(&said));
    }
}

#[test]
fn a_rule_about_names_that_nothing_finds_is_a_warning() {
    let without = "`names` rules on `PERSON`, and without `dlp.detector` nothing finds it";
    let left_out = "`names` rules on `PERSON`, and `dlp.detector.types` leaves it out";
    for (types, wanted) in [
        (None, Some(without)),
        (Some("LOCATION"), Some(left_out)),
        (Some("PERSON"), None),
    ] {
        let home = home();
        let section = types.map_or_else(String::new, |types| {
            format!("dlp: {{detector: {{url: 'http://127.0.0.1:1', types: [{types}]}}}}\n")
        });
        let config = proxy_config(&home, "127.0.0.1:0", &section);
        write(
            &home,
            "policies/names.yaml",
            "apiVersion: aegis.dev/v1
kind: DlpProfile
metadata: {name: careful}
spec: {types: {PERSON: sanitize, LOCATION: allow}}
---
apiVersion: aegis.dev/v1
kind: AgentPolicy
metadata: {name: names}
spec: {agents: {ids: [names-bot]}, dlp: careful, egress: {hosts: [a.example]}}
---
apiVersion: aegis.dev/v1
kind: Tenant
metadata: {name: labs}
spec: {agents: {names-bot: {}}}
",
        );
        let said = aegis(&["validate", "--config", &config]);
        assert_eq!(code(&said), 0, "{}", err(&said));
        match wanted {
            Some(wanted) => assert!(err(&said).contains(wanted), "{}", err(&said)),
            None => assert!(!err(&said).contains("`PERSON`"), "{}", err(&said)),
        }
    }
}

#[test]
fn mistakes_in_the_settings_hide_none_in_the_policies() {
    let home = home();
    write(&home, "rules/policy.yaml", "aegis: {tenant: {}}\n");
    let config = write(
        &home,
        "aegis.yaml",
        "regoin: here\npolicy: {directory: rules, mod: shadow}\n",
    );
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 78);
    for wanted in [
        "aegis.yaml:1:1: ",
        "aegis.yaml:2:28: ",
        "policy.yaml:1:9: ",
        "3 mistakes",
    ] {
        assert!(err(&said).contains(wanted), "{wanted}: {}", err(&said));
    }
}

#[test]
fn settings_that_do_not_say_which_policies_they_mean_are_said_to_hide_them() {
    let home = home();
    let config = write(
        &home,
        "aegis.yaml",
        "region: here\npolicy: {directory: [a]}\n",
    );
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 78);
    assert!(
        err(&said).contains("the policies were not checked"),
        "{}",
        err(&said)
    );
}

#[test]
fn policies_beside_settings_that_do_not_name_them_are_a_warning() {
    let home = home();
    proxy_config(&home, "127.0.0.1:0", "");
    let config = write(&home, "bare.yaml", "region: here\n");
    let before = names(home.path());
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    let wanted = "mode shadow; did you mean `policies`, which is beside the settings?";
    assert!(err(&said).contains(wanted), "{}", err(&said));
    assert_eq!(names(home.path()), before);
}

#[test]
fn a_service_whose_key_is_not_there_is_a_warning_at_its_place() {
    let home = home();
    let gateway = "gateway:\n  services:\n    llm: {upstream: 'https://llm.test', credential: {send_as: bearer, key: {file: none}}}\n";
    let config = proxy_config(&home, "127.0.0.1:0", gateway);
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    let wanted = "so every call to `llm` is refused";
    assert!(err(&said).contains("aegis.yaml:7:76: "), "{}", err(&said));
    assert!(err(&said).contains(wanted), "{}", err(&said));

    write(&home, "none", "sk-real\n");
    let said = aegis(&["validate", "--config", &config]);
    assert!(!err(&said).contains(wanted), "{}", err(&said));
}

/// What crosses a network as text is the operator's choice, and never an unknown one.
#[test]
fn ports_that_others_reach_without_tls_are_warned_of() {
    let home = home();
    let policy = "aegis: {tenants: {acme: {}}}\n";
    write(&home, "policies/policy.yaml", policy);
    let text = "region: here\npolicy: {directory: policies}\nlisten: {forward: 0.0.0.0:3128, admin: 0.0.0.0:9901}\ngateway: {address: 0.0.0.0:8080, services: {a: {upstream: 'https://a.test'}}}\n";
    let config = write(&home, "aegis.yaml", text);
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    let places = [
        "aegis.yaml:3:19: `listen.forward`",
        "aegis.yaml:3:40: `listen.admin`",
        "aegis.yaml:4:20: `gateway.address`",
    ];
    for place in places {
        assert!(err(&said).contains(place), "{place}: {}", err(&said));
    }
    let with_tls = text.replace("admin: 0.0.0.0", "tls: {names: [a]}, admin: 127.0.0.1");
    write(&home, "aegis.yaml", &with_tls);
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    assert!(!err(&said).contains("loopback"), "{}", err(&said));
}

#[test]
fn policies_and_keys_that_are_not_there_have_a_place_in_the_settings() {
    let home = home();
    let config = write(
        &home,
        "aegis.yaml",
        "region: here\npolicy: {directory: nosuch}\n",
    );
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 78);
    let wanted = "aegis.yaml:2:21: policy directory: ";
    assert!(err(&said).contains(wanted), "{}", err(&said));
    let bundle = "region: here\npolicy:\n  bundle:\n    file: none.tar.gz\n    tenants: [acme]\n    keys: [{id: a, algorithm: EdDSA, file: none.pub}]\n";
    write(&home, "aegis.yaml", bundle);
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 78);
    for wanted in [
        "aegis.yaml:4:11: ",
        "aegis.yaml:6:44: cannot read ",
        "2 mistakes",
    ] {
        assert!(err(&said).contains(wanted), "{wanted}: {}", err(&said));
    }
}

#[test]
fn settings_that_are_not_there_are_a_mistake_beside_those_of_the_policies() {
    let home = home();
    let policies = write(&home, "policies/policy.yaml", "aegis: {tenant: {}}\n");
    let policies = policies.trim_end_matches("/policy.yaml");
    let nowhere = path(&home.path().join("none.yaml"));
    let said = aegis(&[
        "validate", "--config", &nowhere, "--policy", policies, "-o", "json",
    ]);
    assert_eq!(code(&said), 78, "{}", err(&said));
    let json: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(
        (&json["schema_version"], &json["valid"]),
        (&1.into(), &false.into())
    );
    let problems = json.to_string();
    for wanted in ["cannot read the settings file", "did you mean `tenants`?"] {
        assert!(problems.contains(wanted), "{wanted}: {problems}");
    }
}

#[test]
fn the_settings_of_a_control_plane_are_told_from_those_of_a_data_plane() {
    let home = home();
    let config = write(&home, "control.yaml", "signing: {}\n");
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 78);
    assert!(
        err(&said).contains("aegis control --config"),
        "{}",
        err(&said)
    );
}

/// Each text, and what is said of it.
#[test]
fn mistakes_of_habit_are_told_with_what_was_meant() {
    let home = home();
    for (text, wanted) in [
        ("hosts: ['https://example.com/x']", "write `example.com`"),
        ("hosts: ['*.example.com']", "write `.example.com`"),
    ] {
        let document = format!(
            "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {{name: t}}\nspec: {{agents: {{a: {{}}}}}}\n---\napiVersion: aegis.dev/v1\nkind: AgentPolicy\nmetadata: {{name: p}}\nspec:\n  agents: {{tenant: t}}\n  egress: {{{text}}}\n"
        );
        write(&home, "policies/policy.yaml", &document);
        let policies = path(&home.path().join("policies"));
        let said = aegis(&["validate", "--policy", &policies]);
        assert_eq!(code(&said), 78, "{}", err(&said));
        assert!(err(&said).contains(wanted), "{}", err(&said));
        assert!(!err(&said).contains("modes:"), "{}", err(&said));
    }
    let marked =
        "\u{feff}apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: t}\nspec: {agents: {}}\n";
    write(&home, "policies/policy.yaml", marked);
    let said = aegis(&["validate", "--policy", &path(&home.path().join("policies"))]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    let said = aegis(&[
        "env",
        "--shell",
        "zsh",
        "--data-dir",
        "none",
        "--proxy",
        "http://127.0.0.1:1",
    ]);
    assert!(!err(&said).contains("invalid value"), "{}", err(&said));
}
