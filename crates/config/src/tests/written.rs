//! What is written in a settings file arrives, key by key.

use super::*;

fn full() -> Settings {
    read(&format!(
        "
region: eu-central-1
data_dir: /var/lib/aegis
listen: {{forward: '0.0.0.0:3128', admin: '[::1]:9901', tls: {{client_ca: clients.pem}}}}
identity:
  credentials:
    - {{id: bot, tenant: acme, agent: finance-bot, secret_sha256: {HASH}}}
    - {{id: ops, tenant: acme, agent: ops-bot, certificate_sha256: {OTHER_HASH}}}
chain: {{key_file: chain.key}}
policy: {{directory: ../rules, mode: shadow}}
audit: {{file: /var/log/aegis.jsonl, sync: true}}
telemetry: {{otlp_endpoint: 'http://127.0.0.1:4318'}}
upstream:
  ca_file: /etc/ssl/own.pem
  web_roots: false
  allow_addresses: [127.0.0.0/8, 'fd00::/8']
  hosts: {{API.example.: [127.0.0.1, '::1']}}
  connect_timeout: 500ms
  response_timeout: 3s
  idle_timeout: 4s
  idle_per_host: 0
limits:
  connections: 8
  header_bytes: 8KiB
  headers: 9
  inspected_body_bytes: 2MiB
  header_timeout: 1s
  tls_handshake_timeout: 2s
  body_timeout: 3s
  idle_timeout: 4s
  http2_streams: 5
  drain_grace: 1h
"
    ))
    .unwrap()
}

#[test]
fn who_listens_and_who_may_call_arrive_as_written() {
    let Settings {
        listen, identity, ..
    } = full();
    let tls = listen.tls.unwrap();
    assert_eq!(tls.client_ca.unwrap(), Path::new("/etc/aegis/clients.pem"));
    assert_eq!(tls.names, ["localhost"]);
    assert_eq!(listen.forward.to_string(), "0.0.0.0:3128");
    assert_eq!(listen.admin.to_string(), "[::1]:9901");
    let [bot, ops] = identity.credentials.as_slice() else {
        panic!("two credentials")
    };
    assert_eq!(
        (&*bot.id, &*bot.tenant, &*bot.agent),
        ("bot", "acme", "finance-bot")
    );
    assert_eq!(bot.proof, Proof::Secret(Digest::parse(HASH).unwrap()));
    assert_eq!(
        ops.proof,
        Proof::Certificate(Digest::parse(OTHER_HASH).unwrap())
    );
}

#[test]
fn places_of_policies_and_records_arrive_as_written() {
    let settings = full();
    assert_eq!(settings.data_dir, Path::new("/var/lib/aegis"));
    assert_eq!(
        settings.policy.source.directory(),
        Some(Path::new("/etc/aegis/../rules"))
    );
    assert_eq!(settings.policy.mode, Mode::Shadow);
    assert_eq!(settings.audit.file, Path::new("/var/log/aegis.jsonl"));
    assert!(settings.audit.sync);
    let chain = settings.chain.key_file.unwrap();
    assert_eq!(chain, Path::new("/etc/aegis/chain.key"));
    assert_eq!(
        settings.telemetry.otlp_endpoint.as_deref(),
        Some("http://127.0.0.1:4318")
    );
}

#[test]
fn the_way_to_upstreams_arrives_as_written() {
    let upstream = UpstreamSettings {
        ca_file: Some("/etc/ssl/own.pem".into()),
        web_roots: false,
        allow_addresses: ["127.0.0.0/8", "fd00::/8"]
            .map(|net| net.parse().unwrap())
            .into(),
        hosts: BTreeMap::from([(
            "api.example".into(),
            ["127.0.0.1", "::1"]
                .map(|address| address.parse().unwrap())
                .into(),
        )]),
        connect_timeout: Duration::from_millis(500),
        response_timeout: Duration::from_secs(3),
        idle_timeout: Duration::from_secs(4),
        idle_per_host: 0,
    };
    assert_eq!(full().upstream, upstream);
}

#[test]
fn limits_arrive_as_written() {
    let limits = Limits {
        connections: 8,
        header_bytes: 8192,
        headers: 9,
        inspected_body_bytes: 2 << 20,
        header_timeout: Duration::from_secs(1),
        tls_handshake_timeout: Duration::from_secs(2),
        body_timeout: Duration::from_secs(3),
        idle_timeout: Duration::from_secs(4),
        http2_streams: 5,
        drain_grace: Duration::from_hours(1),
    };
    assert_eq!(full().limits, limits);
}
