//! From what was written to what it means: defaults, one conversion per section, all mistakes of
//! meaning at once.

mod dlp;
pub(crate) mod policy;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aegis_document::{Document, Problems};

use crate::gateway::convert::gateway;
use crate::mirror::{self, Written};
use crate::names::{is_host, is_host_name, is_place_of_a_server};
use crate::sections::{
    AuditSettings, ChainSettings, Credential, Digest, Identity, Limits, Listen, ListenTls, Proof,
    TelemetrySettings, UpstreamSettings,
};
use crate::{Settings, units};

pub(crate) fn settings(written: mirror::Settings, base: &Path, check: &mut Check<'_>) -> Settings {
    check.name(&["region"], &written.region);
    let data_dir = base.join(written.data_dir.as_deref().unwrap_or(Path::new("data")));
    let listen = listen(written.listen, base, check);
    let settings = Settings {
        region: written.region.into(),
        gateway: gateway(written.gateway, base, &listen, check),
        identity: identity(written.identity, &listen, check),
        listen,
        chain: ChainSettings {
            key_file: written.chain.key_file.map(|file| base.join(file)),
        },
        dlp: dlp::dlp(written.dlp, check),
        policy: policy::policy(written.policy, base, &data_dir, check),
        control: policy::control(written.control, base, check),
        audit: audit(written.audit, base, &data_dir),
        telemetry: telemetry(written.telemetry, check),
        upstream: upstream(written.upstream, base, check),
        limits: limits(&written.limits, check),
        data_dir,
    };
    policy::agree(&settings, check);
    settings
}

fn listen(written: mirror::Listen, base: &Path, check: &mut Check<'_>) -> Listen {
    let default = Listen::default();
    let listen = Listen {
        forward: written.forward.map_or(default.forward, |address| address.0),
        admin: written.admin.map_or(default.admin, |address| address.0),
        tls: written.tls.map(|tls| ListenTls {
            client_ca: tls.client_ca.map(|file| base.join(file)),
            names: tls.names.unwrap_or(ListenTls::default().names),
        }),
    };
    // Port 0 lets the system choose, and it chooses two.
    let both_known = check.knows(&["listen", "forward"]);
    if both_known && listen.forward == listen.admin && listen.admin.port() != 0 {
        check.refuse(
            &["listen", "admin"],
            "the admin port must differ from the forward port",
        );
    }
    if let Some(tls) = &listen.tls {
        names(&tls.names, check);
    }
    listen
}

fn names(names: &[String], check: &mut Check<'_>) {
    if names.is_empty() {
        check.refuse(&["listen", "tls", "names"], "at least one name is needed");
    }
    for (position, name) in names.iter().enumerate() {
        if !is_host(name) {
            let place = ["listen", "tls", "names", &position.to_string()];
            let message = "expected a host name, 192.0.2.1 or [2001:db8::1]";
            check.refuse(&place, message);
        }
    }
}

fn identity(written: mirror::Identity, listen: &Listen, check: &mut Check<'_>) -> Identity {
    let client_ca = listen.tls.as_ref().and_then(|tls| tls.client_ca.as_ref());
    let asks_for_certificates = client_ca.is_some() || !check.knows(&CLIENT_CA);
    let mut ids = HashSet::new();
    let mut digests = HashSet::new();
    let mut credentials = Vec::new();
    for (position, written) in written.credentials.into_iter().enumerate() {
        let position = position.to_string();
        let at = |key| ["identity", "credentials", position.as_str(), key];
        check.credential_id(&at("id"), &written.id);
        check.party(&at("tenant"), &written.tenant);
        check.party(&at("agent"), &written.agent);
        if !ids.insert(written.id.clone()) {
            check.refuse(&at("id"), "two credentials have this id");
        }
        let Some((key, proof, digest)) = proof(&written) else {
            if check.knows(&at("secret_sha256")) && check.knows(&at("certificate_sha256")) {
                let message = "exactly one of `secret_sha256` and `certificate_sha256` is needed";
                check.refuse(&["identity", "credentials", position.as_str()], message);
            }
            continue;
        };
        if !digests.insert(digest) {
            check.refuse(&at(key), "two credentials have this hash");
        }
        if digest.0 == SHA256_OF_NOTHING {
            check.refuse(&at(key), "this is the hash of an empty secret");
        }
        if matches!(proof, Proof::Certificate(_)) && !asks_for_certificates {
            check.refuse(&at(key), "client certificates need `listen.tls.client_ca`");
        }
        credentials.push(Credential {
            id: written.id.into(),
            tenant: written.tenant.into(),
            agent: written.agent.into(),
            proof,
        });
    }
    Identity { credentials }
}

fn proof(written: &mirror::Credential) -> Option<(&'static str, Proof, Digest)> {
    match (&written.secret_sha256, &written.certificate_sha256) {
        (Some(Written(digest)), None) => Some(("secret_sha256", Proof::Secret(*digest), *digest)),
        (None, Some(Written(digest))) => {
            Some(("certificate_sha256", Proof::Certificate(*digest), *digest))
        }
        _ => None,
    }
}

fn audit(written: mirror::Audit, base: &Path, data_dir: &Path) -> AuditSettings {
    AuditSettings {
        file: written
            .file
            .map_or_else(|| data_dir.join("audit.jsonl"), |file| base.join(file)),
        sync: written.sync.unwrap_or(false),
    }
}

fn telemetry(written: mirror::Telemetry, check: &mut Check<'_>) -> TelemetrySettings {
    if let Some(endpoint) = &written.otlp_endpoint {
        let place = ["telemetry", "otlp_endpoint"];
        let rest = endpoint.strip_prefix("http://");
        if endpoint.starts_with("https://") {
            let problem = check
                .document
                .problem(&place, "TLS to a collector is not spoken");
            check.problems.push(problem.with_hint(
                "write http:// and run a collector beside the proxy that sends on over TLS",
            ));
        } else if !rest.is_some_and(is_place_of_a_server) {
            let message = "expected a URL such as http://127.0.0.1:4318, without credentials";
            check.refuse(&place, message);
        }
    }
    TelemetrySettings {
        otlp_endpoint: written.otlp_endpoint.map(Into::into),
    }
}

fn upstream(written: mirror::Upstream, base: &Path, check: &mut Check<'_>) -> UpstreamSettings {
    let default = UpstreamSettings::default();
    let upstream = UpstreamSettings {
        ca_file: written.ca_file.map(|file| base.join(file)),
        web_roots: written.web_roots.unwrap_or(default.web_roots),
        allow_addresses: written
            .allow_addresses
            .into_iter()
            .map(|network| network.0)
            .collect(),
        hosts: hosts(written.hosts, check),
        connect_timeout: or(written.connect_timeout, default.connect_timeout),
        response_timeout: or(written.response_timeout, default.response_timeout),
        idle_timeout: or(written.idle_timeout, default.idle_timeout),
        idle_per_host: written.idle_per_host.unwrap_or(default.idle_per_host),
    };
    let ca_file_known = check.knows(&["upstream", "ca_file"]);
    if !upstream.web_roots && upstream.ca_file.is_none() && ca_file_known {
        let message = "without the web's roots, `ca_file` is needed: nothing else is trusted";
        check.refuse(&["upstream", "web_roots"], message);
    }
    check.duration(&["upstream", "connect_timeout"], upstream.connect_timeout);
    check.duration(&["upstream", "response_timeout"], upstream.response_timeout);
    check.duration(&["upstream", "idle_timeout"], upstream.idle_timeout);
    check.count(
        &["upstream", "idle_per_host"],
        upstream.idle_per_host,
        0..=10_000,
    );
    upstream
}

fn hosts(
    written: BTreeMap<String, Vec<Written<IpAddr>>>,
    check: &mut Check<'_>,
) -> BTreeMap<Arc<str>, Vec<IpAddr>> {
    let mut hosts = BTreeMap::new();
    for (name, addresses) in written {
        let path = ["upstream", "hosts", name.as_str()];
        let canonical = name.strip_suffix('.').unwrap_or(&name).to_ascii_lowercase();
        if !is_host_name(&canonical) {
            check.refuse(&path, format!("`{name}` is not a host name"));
        }
        if addresses.is_empty() {
            check.refuse(&path, format!("`{name}` needs at least one address"));
        }
        let addresses = addresses.into_iter().map(|address| address.0).collect();
        if hosts.insert(canonical.into(), addresses).is_some() {
            check.refuse(&path, format!("`{name}` is there in another spelling"));
        }
    }
    hosts
}

fn limits(written: &mirror::Limits, check: &mut Check<'_>) -> Limits {
    let default = Limits::default();
    let limits = Limits {
        connections: written.connections.unwrap_or(default.connections),
        header_bytes: or(written.header_bytes, default.header_bytes),
        headers: written.headers.unwrap_or(default.headers),
        inspected_body_bytes: or(written.inspected_body_bytes, default.inspected_body_bytes),
        header_timeout: or(written.header_timeout, default.header_timeout),
        tls_handshake_timeout: or(written.tls_handshake_timeout, default.tls_handshake_timeout),
        body_timeout: or(written.body_timeout, default.body_timeout),
        idle_timeout: or(written.idle_timeout, default.idle_timeout),
        http2_streams: written.http2_streams.unwrap_or(default.http2_streams),
        drain_grace: or(written.drain_grace, default.drain_grace),
    };
    check.count(
        &["limits", "connections"],
        limits.connections,
        1..=1_000_000,
    );
    check.size(
        &["limits", "header_bytes"],
        limits.header_bytes,
        LEAST_HEADER..=MIB,
    );
    check.count(&["limits", "headers"], limits.headers, 1..=10_000);
    check.size(
        &["limits", "inspected_body_bytes"],
        limits.inspected_body_bytes,
        1..=GIB,
    );
    check.duration(&["limits", "header_timeout"], limits.header_timeout);
    check.duration(
        &["limits", "tls_handshake_timeout"],
        limits.tls_handshake_timeout,
    );
    check.duration(&["limits", "body_timeout"], limits.body_timeout);
    check.duration(&["limits", "idle_timeout"], limits.idle_timeout);
    check.count(
        &["limits", "http2_streams"],
        limits.http2_streams,
        1..=10_000,
    );
    check.duration(&["limits", "drain_grace"], limits.drain_grace);
    limits
}

pub(crate) fn or<T>(written: Option<Written<T>>, default: T) -> T {
    written.map_or(default, |written| written.0)
}

/// Collects mistakes of meaning, each with its place, beside those of form.
pub(crate) struct Check<'d> {
    pub(crate) document: &'d Document,
    pub(crate) problems: &'d mut Problems,
}

impl<'d> Check<'d> {
    pub(crate) fn new(document: &'d Document, problems: &'d mut Problems) -> Self {
        Self { document, problems }
    }

    /// Says nothing where a mistake of form has been told already.
    pub(crate) fn refuse(&mut self, path: &[&str], message: impl Into<String>) {
        if self.knows(path) {
            self.problems.push(self.document.problem(path, message));
        }
    }

    /// Whether the text says what stands here. Two keys contradict each other only where both are known.
    pub(crate) fn knows(&self, path: &[&str]) -> bool {
        !self.document.is_in_doubt(path)
    }

    pub(crate) fn name(&mut self, path: &[&str], name: &str) {
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            self.refuse(path, "a name must not be empty or contain spaces");
        }
    }

    pub(crate) fn party(&mut self, path: &[&str], name: &str) {
        self.name(path, name);
        if name == "anonymous" {
            self.refuse(path, "`anonymous` stands for callers that prove nothing");
        }
    }

    /// RFC 7617: the id ends at the first colon.
    fn credential_id(&mut self, path: &[&str], id: &str) {
        self.name(path, id);
        if id.contains(':') {
            self.refuse(path, "a credential's id must not contain a colon");
        }
    }

    pub(crate) fn count<T: Copy + PartialOrd + Display>(
        &mut self,
        path: &[&str],
        value: T,
        range: RangeInclusive<T>,
    ) {
        self.range("a whole number", path, &value, &range, T::to_string);
    }

    pub(crate) fn size(&mut self, path: &[&str], value: usize, range: RangeInclusive<usize>) {
        self.range("a size", path, &value, &range, |value| {
            units::show_size(*value)
        });
    }

    pub(crate) fn duration(&mut self, path: &[&str], value: Duration) {
        let range = SHORTEST..=LONGEST;
        self.range("a duration", path, &value, &range, |value| {
            units::show_duration(*value)
        });
    }

    pub(crate) fn range<T: PartialOrd>(
        &mut self,
        kind: &str,
        path: &[&str],
        value: &T,
        range: &RangeInclusive<T>,
        show: impl Fn(&T) -> String,
    ) {
        if !range.contains(value) {
            let key = path.last().copied().unwrap_or_default();
            let (least, most) = (show(range.start()), show(range.end()));
            self.refuse(
                path,
                format!("`{key}`: expected {kind} from {least} to {most}"),
            );
        }
    }
}

/// Whether callers may prove themselves with certificates, in both planes' files.
pub(crate) const CLIENT_CA: [&str; 3] = ["listen", "tls", "client_ca"];

pub(crate) const MIB: usize = 1 << 20;
pub(crate) const GIB: usize = 1 << 30;

/// The HTTP/1 reader cannot work with a smaller buffer.
const LEAST_HEADER: usize = 8 * 1024;

const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_hours(24);

pub(crate) const SHA256_OF_NOTHING: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];
