//! From what was written to what it means: defaults, one conversion per section, all mistakes of meaning at once.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::time::Duration;

use super::mirror;
use super::{
    AUDIT_KEEP_DAYS, BUNDLE_LIFETIME, Database, KEY_OVERLAP, Limits, Listen, Principal, Role,
    Settings, Signing, SigningKey, Tls,
};
use crate::convert::policy::algorithm;
use crate::convert::{CLIENT_CA, Check, GIB, MIB, SHA256_OF_NOTHING, or};
use crate::mirror::Written;
use crate::sections::{Digest, Proof, Secret};
use crate::units::show_duration;

pub(super) fn settings(written: mirror::Settings, base: &Path, check: &mut Check<'_>) -> Settings {
    let data_dir = base.join(written.data_dir.as_deref().unwrap_or(Path::new("data")));
    let listen = listen(written.listen, base, check);
    let client_ca = listen.tls.as_ref().and_then(|tls| tls.client_ca.as_ref());
    let asks_for_certificates = client_ca.is_some() || !check.knows(&CLIENT_CA);
    let mut principals = Principals::new(asks_for_certificates);
    principals.data_planes(written.data_planes, check);
    principals.people("publishers", written.publishers, &Role::Publisher, check);
    principals.people("operators", written.operators, &Role::Operator, check);
    principals.auditors(written.auditors, check);
    Settings {
        database: database(written.database, base, &data_dir, check),
        signing: signing(written.signing, base, check),
        audit_keep: audit_keep(&written.audit, check),
        principals: principals.known,
        limits: limits(&written.limits, check),
        listen,
        data_dir,
    }
}

fn listen(written: mirror::Listen, base: &Path, check: &mut Check<'_>) -> Listen {
    let default = Listen::default();
    let listen = Listen {
        address: or(written.address, default.address),
        tls: written.tls.map(|tls| Tls {
            certificate: base.join(tls.certificate),
            key: base.join(tls.key),
            client_ca: tls.client_ca.map(|file| base.join(file)),
        }),
    };
    let tls_known = check.knows(&["listen", "tls"]);
    if !listen.address.ip().is_loopback() && listen.tls.is_none() && tls_known {
        let message = "tokens would cross the network in the clear";
        let problem = check.document.problem(&["listen", "address"], message);
        let hint = "add `listen.tls`, or listen on a loopback address";
        check.problems.push(problem.with_hint(hint));
    }
    listen
}

/// A `postgres://` URL, or a file.
fn database(
    written: Option<String>,
    base: &Path,
    data_dir: &Path,
    check: &mut Check<'_>,
) -> Database {
    let Some(text) = written else {
        return Database::Sqlite(data_dir.join("control.db"));
    };
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Database::Postgres(Secret::new(text));
    }
    if text.is_empty() || text.contains("://") {
        let message = "expected a file, or a URL that starts with postgres://";
        check.refuse(&["database"], message);
    }
    Database::Sqlite(base.join(text))
}

fn signing(written: mirror::Signing, base: &Path, check: &mut Check<'_>) -> Signing {
    if written.keys.is_empty() {
        check.refuse(&["signing", "keys"], "at least one key is needed");
    }
    let mut ids = HashSet::new();
    let mut keys = Vec::new();
    for (position, key) in written.keys.into_iter().enumerate() {
        let position = position.to_string();
        let place = ["signing", "keys", position.as_str(), "id"];
        check.name(&place, &key.id);
        if !ids.insert(key.id.clone()) {
            check.refuse(&place, "two keys have this id");
        }
        keys.push(SigningKey {
            id: key.id,
            algorithm: algorithm(key.algorithm),
            file: base.join(key.file),
            active_from: key.active_from.map(|time| time.0),
        });
    }
    let signing = Signing {
        keys,
        overlap: or(written.overlap, KEY_OVERLAP),
        bundle_lifetime: or(written.bundle_lifetime, BUNDLE_LIFETIME),
    };
    for (key, value) in [
        ("overlap", signing.overlap),
        ("bundle_lifetime", signing.bundle_lifetime),
    ] {
        check.range(
            "a duration",
            &["signing", key],
            &value,
            &(SHORTEST_LIFE..=LONGEST_LIFE),
            |value| show_duration(*value),
        );
    }
    signing
}

/// 0 is for ever.
fn audit_keep(written: &mirror::Audit, check: &mut Check<'_>) -> Option<Duration> {
    let days = written.keep_days.unwrap_or(AUDIT_KEEP_DAYS);
    let count = usize::try_from(days).unwrap_or(usize::MAX);
    check.count(&["audit", "keep_days"], count, 0..=MOST_DAYS);
    (days > 0).then(|| Duration::from_hours(24 * u64::from(days)))
}

/// Who has been read so far, and by what nobody else may be known.
struct Principals {
    known: Vec<Principal>,
    asks_for_certificates: bool,
    names: HashSet<String>,
    digests: HashSet<Digest>,
}

/// What every principal has.
struct Person {
    name: String,
    token: Option<Written<Digest>>,
    certificate: Option<Written<Digest>>,
}

impl Principals {
    fn new(asks_for_certificates: bool) -> Self {
        Self {
            known: Vec::new(),
            asks_for_certificates,
            names: HashSet::new(),
            digests: HashSet::new(),
        }
    }

    fn data_planes(&mut self, written: Vec<mirror::DataPlane>, check: &mut Check<'_>) {
        for (position, plane) in written.into_iter().enumerate() {
            let place = ["data_planes", &position.to_string()];
            let tenants = tenants(&place, plane.tenants, check);
            if plane.region != ANY {
                scope_name(&[&place[..], &["region"]].concat(), &plane.region, check);
            }
            let role = Role::DataPlane {
                tenants,
                region: Some(plane.region).filter(|region| region != ANY),
                labels: plane.labels,
            };
            let person = Person {
                name: plane.name,
                token: plane.token_sha256,
                certificate: plane.certificate_sha256,
            };
            self.add(&place, person, role, check);
        }
    }

    fn people(
        &mut self,
        section: &str,
        written: Vec<mirror::Person>,
        role: &Role,
        check: &mut Check<'_>,
    ) {
        for (position, person) in written.into_iter().enumerate() {
            let person = Person {
                name: person.name,
                token: person.token_sha256,
                certificate: person.certificate_sha256,
            };
            let place = [section, &position.to_string()];
            self.add(&place, person, role.clone(), check);
        }
    }

    fn auditors(&mut self, written: Vec<mirror::Auditor>, check: &mut Check<'_>) {
        for (position, auditor) in written.into_iter().enumerate() {
            let place = ["auditors", &position.to_string()];
            let all = auditor.tenants == [ANY];
            let tenants = (!all).then(|| tenants(&place, auditor.tenants, check));
            let person = Person {
                name: auditor.name,
                token: auditor.token_sha256,
                certificate: auditor.certificate_sha256,
            };
            self.add(&place, person, Role::Auditor { tenants }, check);
        }
    }

    fn add(&mut self, place: &[&str], person: Person, role: Role, check: &mut Check<'_>) {
        let at = |key| [place, &[key]].concat();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !(1..=128).contains(&person.name.len()) || !person.name.chars().all(plain) {
            let message = "expected 1 to 128 letters, digits and `._-`";
            check.refuse(&at("name"), message);
        }
        if person.name == "aegis" {
            let message = "`aegis` is the author of what the control plane does by itself";
            check.refuse(&at("name"), message);
        }
        if !self.names.insert(person.name.clone()) {
            check.refuse(&at("name"), "another has this name");
        }
        let (key, proof, digest) = match (person.token, person.certificate) {
            (Some(Written(digest)), None) => ("token_sha256", Proof::Secret(digest), digest),
            (None, Some(Written(digest))) => {
                ("certificate_sha256", Proof::Certificate(digest), digest)
            }
            _ => {
                if check.knows(&at("token_sha256")) && check.knows(&at("certificate_sha256")) {
                    let message =
                        "exactly one of `token_sha256` and `certificate_sha256` is needed";
                    check.refuse(place, message);
                }
                return;
            }
        };
        if !self.digests.insert(digest) {
            check.refuse(&at(key), "another has this hash");
        }
        if digest.0 == SHA256_OF_NOTHING {
            check.refuse(&at(key), "this is the hash of an empty token");
        }
        if matches!(proof, Proof::Certificate(_)) && !self.asks_for_certificates {
            check.refuse(&at(key), "client certificates need `listen.tls.client_ca`");
        }
        self.known.push(Principal {
            name: person.name.into(),
            proof,
            role,
        });
    }
}

fn tenants(place: &[&str], written: Vec<String>, check: &mut Check<'_>) -> BTreeSet<String> {
    let place = [place, &["tenants"]].concat();
    if written.is_empty() {
        check.refuse(&place, "at least one tenant is needed");
    }
    let mut tenants = BTreeSet::new();
    for (position, tenant) in written.into_iter().enumerate() {
        let position = position.to_string();
        let place = [&place[..], &[&*position]].concat();
        check.party(&place, &tenant);
        scope_name(&place, &tenant, check);
        if !tenants.insert(tenant) {
            check.refuse(&place, "this tenant is there twice");
        }
    }
    tenants
}

/// What the scope of a bundle is made of.
fn scope_name(place: &[&str], name: &str, check: &mut Check<'_>) {
    check.name(place, name);
    if name.contains([',', '@', '*']) {
        check.refuse(place, "`,`, `@` and `*` cannot be part of a scope's name");
    }
}

fn limits(written: &mirror::Limits, check: &mut Check<'_>) -> Limits {
    let default = Limits::default();
    let limits = Limits {
        connections: written.connections.unwrap_or(default.connections),
        header_timeout: or(written.header_timeout, default.header_timeout),
        body_timeout: or(written.body_timeout, default.body_timeout),
        poll_wait: or(written.poll_wait, default.poll_wait),
        publication_bytes: or(written.publication_bytes, default.publication_bytes),
        batch_bytes: or(written.batch_bytes, default.batch_bytes),
        unpacked_batch_bytes: or(written.unpacked_batch_bytes, default.unpacked_batch_bytes),
        batch_lines: written.batch_lines.unwrap_or(default.batch_lines),
        request_bytes: or(written.request_bytes, default.request_bytes),
        drain_grace: or(written.drain_grace, default.drain_grace),
    };
    for (key, count) in [
        ("connections", limits.connections),
        ("batch_lines", limits.batch_lines),
    ] {
        check.count(&["limits", key], count, 1..=1_000_000);
    }
    for (key, size) in [
        ("publication_bytes", limits.publication_bytes),
        ("batch_bytes", limits.batch_bytes),
        ("unpacked_batch_bytes", limits.unpacked_batch_bytes),
    ] {
        check.size(&["limits", key], size, 1024..=GIB);
    }
    check.size(
        &["limits", "request_bytes"],
        limits.request_bytes,
        1024..=MIB,
    );
    for (key, duration) in [
        ("header_timeout", limits.header_timeout),
        ("body_timeout", limits.body_timeout),
        ("poll_wait", limits.poll_wait),
        ("drain_grace", limits.drain_grace),
    ] {
        check.duration(&["limits", key], duration);
    }
    limits
}

/// Every region, or all tenants.
const ANY: &str = "*";

/// A hundred years.
const MOST_DAYS: usize = 36_525;

const SHORTEST_LIFE: Duration = Duration::from_mins(1);
const LONGEST_LIFE: Duration = Duration::from_hours(24 * 366);
