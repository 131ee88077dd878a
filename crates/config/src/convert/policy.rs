//! Where policies come from and what is asked of them: from what was written to what it means. Reads no file that is named.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use super::Check;
use crate::Settings;
use crate::mirror;
use crate::names::is_place_of_a_server;
use crate::sections::{
    BundleKey, BundleSettings, ControlSettings, KeyAlgorithm, Mode, PolicySettings, PolicySource,
    Secret,
};

pub(super) fn policy(
    written: mirror::Policy,
    base: &Path,
    data_dir: &Path,
    check: &mut Check<'_>,
) -> PolicySettings {
    if written.directory.is_some() && written.bundle.is_some() {
        let message = "policies come from one place: `directory` or `bundle`";
        check.refuse(&["policy", "bundle"], message);
    }
    let policy = match (written.bundle, written.directory) {
        (Some(written), _) => PolicySettings {
            source: PolicySource::Bundle(bundle(written, base, check)),
            ..PolicySettings::default()
        },
        (None, Some(directory)) => PolicySettings {
            source: PolicySource::Directory(base.join(directory)),
            ..PolicySettings::default()
        },
        (None, None) => PolicySettings::sample(data_dir),
    };
    PolicySettings {
        mode: match written.mode {
            Some(mirror::Mode::Shadow) => Mode::Shadow,
            Some(mirror::Mode::Enforce) => Mode::Enforce,
            None => policy.mode,
        },
        ..policy
    }
}

/// A bundle comes from somewhere.
pub(super) fn agree(settings: &Settings, check: &mut Check<'_>) {
    if let PolicySource::Bundle(BundleSettings { file: None, .. }) = &settings.policy.source
        && settings.control.is_none()
        && check.knows(&["policy", "bundle", "file"])
        && check.knows(&["control"])
    {
        let message = "a bundle needs a `file`, or the section `control` to be fetched from";
        check.refuse(&["policy", "bundle"], message);
    }
}

fn bundle(written: mirror::Bundle, base: &Path, check: &mut Check<'_>) -> BundleSettings {
    let place = ["policy", "bundle", "tenants"];
    if written.tenants.is_empty() {
        check.refuse(&place, "at least one tenant is needed");
    }
    let mut tenants = BTreeSet::new();
    for (position, tenant) in written.tenants.into_iter().enumerate() {
        let position = position.to_string();
        let place = [&place[..], &[&*position]].concat();
        check.party(&place, &tenant);
        if tenant.contains([',', '@', '*']) {
            check.refuse(
                &place,
                "a bundle is not made for a tenant with `,`, `@` or `*`",
            );
        }
        if !tenants.insert(tenant) {
            check.refuse(&place, "this tenant is there twice");
        }
    }
    let keys = keys(written.keys, base, check);
    let skip = matches!(written.signature, Some(mirror::Signature::InsecureSkip));
    if !skip && keys.is_empty() && check.knows(&["policy", "bundle", "signature"]) {
        let message = "without a trusted key no bundle is accepted";
        check.refuse(&["policy", "bundle", "keys"], message);
    }
    if skip && !keys.is_empty() {
        let message = "with `insecure_skip` the keys are of no use; leave one of the two out";
        check.refuse(&["policy", "bundle", "signature"], message);
    }
    BundleSettings {
        file: written.file.map(|file| base.join(file)),
        tenants,
        keys: (!skip).then_some(keys),
    }
}

fn keys(written: Vec<mirror::BundleKey>, base: &Path, check: &mut Check<'_>) -> Vec<BundleKey> {
    let mut ids = BTreeSet::new();
    let mut keys = Vec::new();
    for (position, key) in written.into_iter().enumerate() {
        let position = position.to_string();
        let place = ["policy", "bundle", "keys", position.as_str(), "id"];
        check.name(&place, &key.id);
        if !ids.insert(key.id.clone()) {
            check.refuse(&place, "two keys have this id");
        }
        keys.push(BundleKey {
            id: key.id,
            algorithm: algorithm(key.algorithm),
            file: base.join(key.file),
        });
    }
    keys
}

pub(crate) fn algorithm(written: mirror::Algorithm) -> KeyAlgorithm {
    match written {
        mirror::Algorithm::EdDsa => KeyAlgorithm::EdDsa,
        mirror::Algorithm::Es256 => KeyAlgorithm::Es256,
        mirror::Algorithm::Rs256 => KeyAlgorithm::Rs256,
    }
}

pub(super) fn control(
    written: Option<mirror::Control>,
    base: &Path,
    check: &mut Check<'_>,
) -> Option<ControlSettings> {
    let written = written?;
    check.name(&["control", "id"], &written.id);
    url(&written, check);
    if written.token.as_deref() == Some("") {
        check.refuse(&["control", "token"], "the token is empty");
    }
    Some(ControlSettings {
        url: written.url.trim_end_matches('/').into(),
        id: written.id.into(),
        token: written.token.map(Secret::new),
        ca_file: written.ca_file.map(|file| base.join(file)),
        client_certificate: written.client_certificate.map(|file| base.join(file)),
        upload_decisions: written.upload_decisions.unwrap_or(true),
    })
}

fn url(written: &mirror::Control, check: &mut Check<'_>) {
    let place = ["control", "url"];
    let url = &written.url;
    let rest = url.strip_prefix("https://").or(url.strip_prefix("http://"));
    let Some(rest) = rest.filter(|rest| is_place_of_a_server(rest)) else {
        let message = "expected a URL such as https://control.example:8181, without credentials";
        return check.refuse(&place, message);
    };
    if url.starts_with("http://") && !is_loopback(rest) {
        let message = "policies, decisions and the token would cross the network in the clear";
        let problem = check.document.problem(&place, message);
        check.problems.push(problem.with_hint("write https://"));
    }
}

/// Of what stands behind `http://`.
pub(super) fn is_loopback(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or(rest);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
