//! Settings files and what becomes of them.

mod detector;
mod policy;
mod written;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use aegis_document::Problems;

use crate::{
    Digest, Limits, Lookup, Mode, PolicySettings, Proof, Settings, UpstreamSettings, units,
};

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const OTHER_HASH: &str = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";

/// An environment and files that exist only here.
struct Fake;

impl Lookup for Fake {
    fn env(&self, name: &str) -> Option<String> {
        let known = [
            ("REGION", "eu-west-1"),
            ("EMPTY", ""),
            ("NESTED", "${env:REGION}"),
        ];
        known
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        match path.to_str() {
            Some("/etc/aegis/hash") => Ok(format!("{HASH}\r\n")),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

fn read(text: &str) -> Result<Settings, Problems> {
    Settings::read("a.yaml", text, Path::new("/etc/aegis"), &Fake)
}

fn complaints(text: &str) -> String {
    read(text)
        .expect_err("these settings should be refused")
        .to_string()
        .replace("a.yaml:", "")
}

#[test]
fn only_the_region_is_required_and_everything_listens_on_loopback() {
    let settings = read("region: eu-central-1").unwrap();
    assert_eq!(settings.data_dir, Path::new("/etc/aegis/data"));
    assert_eq!(
        settings.audit.file,
        Path::new("/etc/aegis/data/audit.jsonl")
    );
    let sample = PolicySettings::sample(&settings.data_dir);
    assert_eq!(settings.policy, sample);
    assert!(settings.listen.forward.ip().is_loopback() && settings.listen.admin.ip().is_loopback());
    assert!(settings.identity.credentials.is_empty() && settings.listen.tls.is_none());
    assert_eq!(complaints(""), "1:1: the key `region` is missing");
}

#[test]
fn settings_made_in_code_are_those_of_a_file_with_nothing_but_the_region() {
    let mut made = Settings::for_directory("/etc/aegis/data", "eu-central-1");
    made.policy = PolicySettings::sample(&made.data_dir);
    assert_eq!(read("region: eu-central-1").unwrap(), made);
}

#[test]
fn all_mistakes_of_form_come_at_once() {
    let text = "\
regoin: eu
listen: {forward: 3128, admin: localhost:9901}
identity: {credentials: [{id: a, tenant: b, secret_sha256: short}]}
policy: {mode: shadwo, directory: 7}
upstream: {allow_addresses: [10.1.2.3/8], hosts: {a: [b]}, connect_timeout: 10}
limits: {header_bytes: 64K, http2_streams: -1, idle_timeout: 10 s}
";
    assert_eq!(
        complaints(text),
        "\
1:1: unknown key `regoin`; did you mean `region`?
2:19: `forward`: expected an address and a port such as 127.0.0.1:3128 or [::1]:3128, found a whole number
2:32: `admin`: expected an address and a port such as 127.0.0.1:3128 or [::1]:3128
3:26: the key `agent` is missing
3:60: `secret_sha256`: expected a SHA-256 as 64 hexadecimal digits
4:16: `mode`: expected one of `enforce`, `shadow`; did you mean `shadow`?
4:35: `directory`: expected a path, found a whole number
5:30: `allow_addresses`: expected a network such as 10.0.0.0/8 or 2001:db8::/32, zero behind its prefix
5:55: `a`: expected an address such as 192.0.2.1 or 2001:db8::1
5:77: `connect_timeout`: expected a duration such as 500ms, 10s, 5m or 1h, found a whole number
6:24: `header_bytes`: expected a size such as 512B, 64KiB or 1MiB
6:44: `http2_streams`: expected a whole number from 0 to 4294967295
6:62: `idle_timeout`: expected a duration such as 500ms, 10s, 5m or 1h"
    );
}

#[test]
fn all_mistakes_of_meaning_come_at_once() {
    let text = "\
region: ''
listen: {forward: 127.0.0.1:1, admin: 127.0.0.1:1, tls: {names: []}}
telemetry: {otlp_endpoint: 'http://user@host'}
upstream: {web_roots: false, hosts: {a..b: [], A.b: [10.0.0.1], a.b: [10.0.0.1]}, idle_timeout: 0s}
limits: {connections: 0, header_bytes: 1KiB, headers: 0, drain_grace: 0s, body_timeout: 25h}
";
    assert_eq!(
        complaints(text),
        "\
1:9: a name must not be empty or contain spaces
2:39: the admin port must differ from the forward port
2:65: at least one name is needed
3:28: expected a URL such as http://127.0.0.1:4318, without credentials
4:23: without the web's roots, `ca_file` is needed: nothing else is trusted
4:44: `a..b` is not a host name
4:44: `a..b` needs at least one address
4:70: `a.b` is there in another spelling
4:97: `idle_timeout`: expected a duration from 1ms to 24h
5:23: `connections`: expected a whole number from 1 to 1000000
5:40: `header_bytes`: expected a size from 8KiB to 1MiB
5:55: `headers`: expected a whole number from 1 to 10000
5:71: `drain_grace`: expected a duration from 1ms to 24h
5:89: `body_timeout`: expected a duration from 1ms to 24h"
    );
}

#[test]
fn a_credential_has_one_proof_and_shares_nothing() {
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let text = format!(
        "\
region: eu
identity:
  credentials:
    - {{id: a, tenant: t, agent: x, secret_sha256: {HASH}}}
    - {{id: a, tenant: t, agent: y, secret_sha256: {OTHER_HASH}}}
    - {{id: b, tenant: t, agent: z, secret_sha256: {HASH}}}
    - {{id: c, tenant: t, agent: z}}
    - {{id: d, tenant: t, agent: z, secret_sha256: {HASH}, certificate_sha256: {HASH}}}
    - {{id: 'e:f', tenant: anonymous, agent: 'a b', secret_sha256: {nothing}}}
    - {{id: g, tenant: t, agent: z, certificate_sha256: {}}}
",
        HASH.to_ascii_uppercase()
    );
    assert_eq!(
        complaints(&text),
        "\
5:12: two credentials have this id
6:51: two credentials have this hash
7:7: exactly one of `secret_sha256` and `certificate_sha256` is needed
8:7: exactly one of `secret_sha256` and `certificate_sha256` is needed
9:12: a credential's id must not contain a colon
9:27: `anonymous` stands for callers that prove nothing
9:45: a name must not be empty or contain spaces
9:67: this is the hash of an empty secret
10:56: two credentials have this hash
10:56: client certificates need `listen.tls.client_ca`"
    );
}

#[test]
fn a_collector_is_named_by_a_plain_http_url() {
    let endpoint = |written: &str| {
        read(&format!(
            "{{region: eu, telemetry: {{otlp_endpoint: '{written}'}}}}"
        ))
    };
    for good in [
        "http://127.0.0.1:4318",
        "http://collector",
        "http://collector.internal:4318/v1/traces",
        "http://[::1]:4318/",
        "http://[::1]",
    ] {
        assert!(endpoint(good).is_ok(), "{good}");
    }
    for bad in [
        "https://collector:4318",
        "collector:4318",
        "http://",
        "http://user@host",
        "http://host:0",
        "http://host:65536",
        "http://host:+1",
        "http://[::1",
        "http://a b",
        "http://a/b c",
        "http://a/?b",
    ] {
        assert!(endpoint(bad).is_err(), "{bad}");
    }
    let refused = endpoint("https://collector:4318").unwrap_err().to_string();
    assert!(
        refused.contains("1:41: TLS to a collector is not spoken; write http://"),
        "{refused}"
    );
}

#[test]
fn a_name_for_a_certificate_is_refused_at_its_place() {
    let names = "region: eu\nlisten:\n  tls:\n    names: [a.test., 192.0.2.1, '[::1]', bad name, -a, a..b, '127.1', '::1', '']\n";
    let expected = "expected a host name, 192.0.2.1 or [2001:db8::1]";
    let wanted: Vec<_> = [42, 52, 56, 62, 71, 78]
        .map(|column| format!("4:{column}: {expected}"))
        .into();
    assert_eq!(complaints(names), wanted.join("\n"));
}

#[test]
fn references_are_expanded_once_and_only_in_values() {
    let region = |written: &str| read(&format!("region: '{written}'")).map(|s| s.region);
    assert_eq!(&*region("${env:REGION}").unwrap(), "eu-west-1");
    assert_eq!(
        &*region("x-${env:REGION}-${env:NONE:-b}").unwrap(),
        "x-eu-west-1-b"
    );
    assert_eq!(&*region("${env:EMPTY:-fallback}").unwrap(), "fallback");
    assert_eq!(&*region("${env:NESTED}").unwrap(), "${env:REGION}");
    assert_eq!(&*region("$${env:REGION}").unwrap(), "${env:REGION}");
    assert_eq!(&*region("$5-}-{").unwrap(), "$5-}-{");
    assert_eq!(&*region("${file:hash}").unwrap(), HASH);
    assert_eq!(&*region("${file:/etc/aegis/hash}").unwrap(), HASH);
    assert!(complaints("region: eu\n${env:REGION}: x\n").contains("unknown key `${env:REGION}`"));
}

#[test]
fn a_reference_without_an_answer_is_a_mistake_with_its_place() {
    let text = "\
region: ${env:NONE}
data_dir: ${env:A B}
policy: {directory: '${REGION}', mode: '${file:secret}'}
audit: {file: '${env:REGION'}
";
    assert_eq!(
        complaints(text),
        "\
1:9: the environment variable `NONE` is not set
2:11: a variable's name has letters, digits and underscores only
3:21: expected ${env:NAME}, ${env:NAME:-default} or ${file:PATH}
3:40: cannot read `/etc/aegis/secret`: entity not found
4:15: a reference `${` has no end `}`"
    );
}

#[test]
fn a_hash_is_printed_as_its_first_digits_only() {
    let text = format!(
        "{{region: eu, identity: {{credentials: [{{id: a, tenant: t, agent: x, secret_sha256: {HASH}}}]}}}}"
    );
    let shown = format!("{:?}", read(&text).unwrap());
    assert!(shown.contains("Secret(9f86d081…)"), "{shown}");
    assert!(!shown.contains("9f86d0818"), "{shown}");
}

#[test]
fn durations_and_sizes_have_one_plain_form() {
    let durations = [
        ("1ms", 1),
        ("10s", 10_000),
        ("5m", 300_000),
        ("2h", 7_200_000),
    ];
    for (text, milliseconds) in durations {
        let duration = Duration::from_millis(milliseconds);
        assert_eq!(units::duration(text), Some(duration));
        assert_eq!(units::show_duration(duration), text);
    }
    for (text, bytes) in [
        ("3B", 3),
        ("64KiB", 65536),
        ("1MiB", 1 << 20),
        ("2GiB", 2 << 30),
    ] {
        assert_eq!(units::size(text), Some(bytes));
        assert_eq!(units::show_size(bytes), text);
    }
    for wrong in [
        "",
        "s",
        "10",
        "1.5s",
        "-1s",
        "1 s",
        "1S",
        "١s",
        "99999999999999999h",
        "1s2m",
    ] {
        assert_eq!(units::duration(wrong), None, "{wrong:?}");
    }
    for wrong in ["", "64", "64K", "64KB", "64kib", "18446744073709551615GiB"] {
        assert_eq!(units::size(wrong), None, "{wrong:?}");
    }
}

/// What a default would contradict, nobody wrote; what was taken out of a list does not shift places.
#[test]
fn what_only_follows_from_a_mistake_is_not_told() {
    for (text, expected) in [
        (
            "regoin: here",
            "1:1: unknown key `regoin`; did you mean `region`?",
        ),
        (
            "region: a\nlisten: {forward: 3128, admin: '127.0.0.1:3128'}",
            "2:19: `forward`: expected an address and a port such as 127.0.0.1:3128 or [::1]:3128, found a whole number",
        ),
        (
            "region: a\nupstream: {web_roots: false, ca_fiel: own.pem}",
            "2:30: unknown key `ca_fiel`; did you mean `ca_file`?",
        ),
        (
            "region: a\nlisten: {tls: {names: [7], client_ca: [x]}}\nidentity: {credentials: [{id: a, tenant: t, agent: b, certificate_sha256: HASH}]}",
            "2:24: `names`: expected text, found a whole number\n2:39: `client_ca`: expected a path, found a list",
        ),
        (
            "region: a\npolicy: {bundle: {file: b, tenants: [t], keys: [{id: k}], signature: no}}",
            "2:49: the key `algorithm` is missing\n2:49: the key `file` is missing\n2:70: `signature`: expected one of `required`, `insecure_skip`",
        ),
        (
            "region: a\ncontrl: {url: u, id: i}\npolicy: {bundle: {tenants: [t], signature: insecure_skip}}",
            "2:1: unknown key `contrl`; did you mean `control`?",
        ),
        (
            "region: a\nupstream: {hosts: {a.test: ['${env:NOT}'], b.test: []}}",
            "2:29: the environment variable `NOT` is not set\n2:52: `b.test` needs at least one address",
        ),
        (
            "region: a\nidentity: {credentials: [7, {id: a, tenant: t, agent: 'b c', secret_sha256: HASH}]}",
            "2:26: `credentials`: expected a mapping, found a whole number\n2:55: a name must not be empty or contain spaces",
        ),
    ] {
        assert_eq!(complaints(&text.replace("HASH", HASH)), expected, "{text}");
    }
}

#[test]
fn settings_with_mistakes_can_be_examined_and_not_read() {
    let text = "region: a\nupstream: {ca_file: own.pem}\nlimits: {headers: many}";
    let (settings, problems) = Settings::examine("a.yaml", text, Path::new("/etc"), &Fake);
    let ca_file = settings.expect("most of it is sound").upstream.ca_file;
    assert_eq!(ca_file.unwrap(), Path::new("/etc/own.pem"));
    assert_eq!(problems.len(), 1);
    assert_eq!(read(text).unwrap_err().len(), 1);
}
