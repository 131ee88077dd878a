//! Control plane settings and what becomes of them, and the reference table against the code.

use std::path::Path;
use std::time::Duration;

use aegis_document::Problems;

use super::{Database, Role, Settings};
use crate::reference::Fallback;
use crate::reference::tests::{HASH, Nothing, assert_known, default_of, file_of};
use crate::sections::{Digest, Proof};

const SMALLEST: &str = "signing: {keys: [{id: k1, algorithm: EdDSA, file: k1.pem}]}";

const OTHER_HASH: &str = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";

fn read(text: &str) -> Result<Settings, Problems> {
    Settings::read("c.yaml", text, Path::new("/etc/aegis"), &Nothing)
}

fn complaints(text: &str) -> String {
    read(text)
        .expect_err("these settings should be refused")
        .to_string()
        .replace("c.yaml:", "")
}

#[test]
fn only_a_key_is_required_and_it_listens_on_loopback_with_a_file_as_its_database() {
    let settings = read(SMALLEST).unwrap();
    assert_eq!(settings.listen.address.to_string(), "127.0.0.1:8181");
    let file = Path::new("/etc/aegis/data/control.db").to_owned();
    assert_eq!(settings.database, Database::Sqlite(file));
    assert_eq!(
        settings.signing.keys[0].file,
        Path::new("/etc/aegis/k1.pem")
    );
    assert!(settings.principals.is_empty());
    assert_eq!(complaints(""), "1:1: the key `signing` is missing");
}

#[test]
fn everybody_arrives_in_the_role_of_their_section() {
    let settings = read(&format!(
        "{SMALLEST}
database: 'postgres://aegis:secret@db/aegis?sslmode=verify-full'
data_planes: [{{name: eu-1, tenants: [acme, beta], region: eu, labels: {{ring: canary}}, token_sha256: {HASH}}}]
auditors: [{{name: all, tenants: ['*'], token_sha256: {OTHER_HASH}}}]
"
    ))
    .unwrap();
    assert!(matches!(settings.database, Database::Postgres(_)));
    assert!(!format!("{settings:?}").contains("secret@"));
    let [plane, auditor] = settings.principals.as_slice() else {
        panic!("two principals")
    };
    assert_eq!(plane.proof, Proof::Secret(Digest::parse(HASH).unwrap()));
    let Role::DataPlane {
        tenants,
        region,
        labels,
    } = &plane.role
    else {
        panic!("a data plane")
    };
    assert_eq!(tenants.len(), 2);
    assert_eq!(region.as_deref(), Some("eu"));
    assert_eq!(labels["ring"], "canary");
    assert_eq!(auditor.role, Role::Auditor { tenants: None });
}

#[test]
fn all_mistakes_of_form_come_at_once() {
    let text = "\
signing: {keys: [{id: a, algorithm: HS256, file: a.pem, active_from: soon}], overlap: 7}
data_plane: []
publishers: [{name: ada, tokn_sha256: short}]
limits: {poll_wait: 5 s}
";
    assert_eq!(
        complaints(text),
        "\
1:37: `algorithm`: expected one of `EdDSA`, `ES256`, `RS256`; did you mean `ES256`?
1:70: `active_from`: expected a time such as 2026-11-21T06:00:00Z
1:87: `overlap`: expected a duration such as 500ms, 10s, 5m or 1h, found a whole number
2:1: unknown key `data_plane`; did you mean `data_planes`?
3:26: unknown key `tokn_sha256`; did you mean `token_sha256`?
4:21: `poll_wait`: expected a duration such as 500ms, 10s, 5m or 1h"
    );
}

#[test]
fn all_mistakes_of_meaning_come_at_once() {
    let text = format!(
        "\
listen: {{address: '0.0.0.0:8181'}}
database: mysql://db
signing: {{keys: [], bundle_lifetime: 1s}}
data_planes: [{{name: a b, tenants: [], region: 'x,y', certificate_sha256: {HASH}}}]
publishers: [{{name: ada, token_sha256: {HASH}}}, {{name: ada}}]
operators: [{{name: aegis, token_sha256: {OTHER_HASH}}}]
auditors: [{{name: eve, tenants: [acme, '*'], token_sha256: {OTHER_HASH}}}]
"
    );
    assert_eq!(
        complaints(&text),
        "\
1:19: tokens would cross the network in the clear; add `listen.tls`, or listen on a loopback address
2:11: expected a file, or a URL that starts with postgres://
3:17: at least one key is needed
3:38: `bundle_lifetime`: expected a duration from 1m to 8784h
4:22: expected 1 to 128 letters, digits and `._-`
4:36: at least one tenant is needed
4:48: `,`, `@` and `*` cannot be part of a scope's name
4:75: client certificates need `listen.tls.client_ca`
5:40: another has this hash
5:107: exactly one of `token_sha256` and `certificate_sha256` is needed
5:114: another has this name
6:20: `aegis` is the author of what the control plane does by itself
7:40: `,`, `@` and `*` cannot be part of a scope's name
7:60: another has this hash"
    );
}

/// Sound content for a key that has no literal default.
fn example(path: &str) -> String {
    match path.rsplit('.').next().unwrap() {
        "token_sha256" => HASH,
        "algorithm" => "EdDSA",
        "active_from" => "'2026-11-21T06:00:00Z'",
        "tenants" => "[some-name]",
        "database" => "some.db",
        _ => "some-name",
    }
    .to_owned()
}

#[test]
fn every_documented_key_is_accepted_and_documented_defaults_change_nothing() {
    let keys = Settings::reference();
    // The two proofs exclude each other, and one token is one principal's.
    let is_other = |path: &str| {
        path.ends_with("certificate_sha256")
            || ["publishers", "operators", "auditors"]
                .iter()
                .any(|section| path.starts_with(section))
    };
    let keys: Vec<_> = keys.iter().filter(|key| !is_other(key.path)).collect();
    let written =
        |key: &&crate::Key| default_of(key).unwrap_or_else(|| (key.path, example(key.path)));
    let all = read(&file_of(keys.iter().map(written))).unwrap();
    for section in ["publishers", "operators", "auditors"] {
        let own = Settings::reference();
        let own = own.iter().filter(|key| {
            key.path.starts_with(section) && !key.path.ends_with("certificate_sha256")
        });
        let own = own.map(|key| (key.path, example(key.path)));
        let signing = keys.iter().filter(|key| key.path.starts_with("signing."));
        let text = file_of(own.chain(signing.map(written)));
        assert_eq!(read(&text).unwrap().principals.len(), 1, "{text}");
    }
    let required = keys.iter().filter(|key| {
        let is_default = matches!(key.default, Fallback::Literal(_));
        key.path.starts_with("signing.keys") && !is_default
    });
    let bare = read(&file_of(required.map(written))).unwrap();
    assert_eq!((bare.limits, bare.signing), (all.limits, all.signing));
    assert_eq!(bare.audit_keep, all.audit_keep);
    assert_eq!(bare.listen.address, all.listen.address);
}

#[test]
fn the_reader_knows_the_documented_keys_and_no_others() {
    assert_known(&Settings::reference(), |text| read(text).unwrap_err());
}

#[test]
fn a_certificate_proves_where_client_certificates_are_asked_for() {
    let text = format!(
        "{SMALLEST}
listen: {{address: '[::]:8181', tls: {{certificate: c.pem, key: k.pem, client_ca: ca.pem}}}}
operators: [{{name: olga, certificate_sha256: {HASH}}}]
"
    );
    let settings = read(&text).unwrap();
    assert!(matches!(
        settings.principals[0].proof,
        Proof::Certificate(_)
    ));
    assert_eq!(settings.signing.overlap, Duration::from_hours(168));
}

#[test]
fn audit_lines_are_kept_for_more_than_a_year_unless_the_file_says_otherwise() {
    let keep = |audit: &str| read(&format!("{SMALLEST}\n{audit}")).unwrap().audit_keep;
    let days = |days: u64| Some(Duration::from_hours(24 * days));
    assert_eq!(keep(""), days(400));
    assert_eq!(keep("audit: {keep_days: 7}"), days(7));
    assert_eq!(keep("audit: {keep_days: 0}"), None);
    let text = format!("{SMALLEST}\naudit: {{keep_days: 40000}}");
    assert!(
        complaints(&text).starts_with("2:20: "),
        "{}",
        complaints(&text)
    );
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/control-plane.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_page_has_exactly_the_table_that_the_code_makes() {
    let keys = Settings::reference();
    let rows = keys.iter().map(ToString::to_string).collect::<Vec<_>>();
    let table = rows.join("\n");
    let page = page();
    let (_, rest) = page
        .split_once("| Key | Written as | Default | Meaning |\n|---|---|---|---|\n")
        .expect("the page has the table");
    let committed: Vec<_> = rest
        .lines()
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert_eq!(
        committed.join("\n"),
        table,
        "put this into docs/control-plane.md:\n{table}"
    );
}

#[test]
fn every_example_of_the_page_is_a_sound_settings_file() {
    let page = page();
    let examples = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|example| example.contains("signing:"));
    let mut count = 0;
    for example in examples {
        read(example).unwrap_or_else(|problems| panic!("{problems}\n{example}"));
        count += 1;
    }
    assert!(count >= 1, "the page shows an example");
}
