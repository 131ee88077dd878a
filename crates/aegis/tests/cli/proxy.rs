//! The production form: what it says when it starts, and how it ends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output};

use aegis_testkit::fixed_port;
use rustix::process::Signal;

use serde_json::Value;

use crate::harness::{
    Running, SHA256_OF_TEST, aegis, code, err, greeter, home, out, path, proxy_config, write,
};

#[test]
fn a_signal_to_end_drains_the_proxy_and_ends_it_with_0() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let home = home();
        let config = proxy_config(&home, "127.0.0.1:0", "");
        let mut proxy = Running::start(&["proxy", "--config", &config]);
        proxy.wait_for("forward proxy on ");
        proxy.wait_for("policy modes: acme=enforce");
        proxy.signal(signal);
        assert_eq!(proxy.code(), 0, "{signal:?}");
        let log = fs::read_to_string(home.path().join("data/audit.jsonl")).expect("an audit log");
        assert!(
            log.lines()
                .last()
                .is_some_and(|line| line.contains(r#""event":"drained""#)),
            "{signal:?}: {log}"
        );
    }
}

#[test]
fn a_second_signal_ends_a_draining_proxy_at_once() {
    let home = home();
    let known = format!(
        "identity: {{credentials: [{{id: a, tenant: acme, agent: a, secret_sha256: {SHA256_OF_TEST}}}]}}\n"
    );
    let config = proxy_config(&home, "127.0.0.1:0", &known);
    let mut proxy = Running::start(&["proxy", "--config", &config]);
    let line = proxy.wait_for("forward proxy on ");
    let address = line.split(' ').nth(3).expect("an address");
    let mut client = TcpStream::connect(address).expect("the proxy accepts");
    // A request that never ends keeps the drain waiting for its whole grace.
    client
        .write_all(
            b"POST http://a.test/ HTTP/1.1\r\nhost: a.test\r\nproxy-authorization: Bearer test\r\nexpect: 100-continue\r\n\
              content-length: 9\r\n\r\n",
        )
        .expect("sent");
    let mut begun = [0; 12];
    client
        .read_exact(&mut begun)
        .expect("the proxy waits for the body");
    assert_eq!(&begun, b"HTTP/1.1 100");
    proxy.wait_for("policy modes: ");
    proxy.signal(Signal::TERM);
    proxy.wait_for("draining");
    proxy.signal(Signal::INT);
    assert_eq!(proxy.code(), 1);
}

#[test]
fn shadow_is_said_loudly_at_the_start() {
    let home = home();
    write(
        &home,
        "policies/policy.yaml",
        "aegis: {tenants: {acme: {mode: shadow, residency: shadow}}}\n",
    );
    let config = write(
        &home,
        "aegis.yaml",
        "region: here\npolicy: {directory: policies}\nlisten: {forward: '127.0.0.1:0', admin: '127.0.0.1:0'}\n",
    );
    let mut proxy = Running::start(&["proxy", "--config", &config]);
    let line = proxy.wait_for("SHADOW acme");
    assert!(line.contains("REGIONS"), "{line}");
    proxy.signal(Signal::INT);
    assert_eq!(proxy.code(), 0);
}

/// Nobody has this address, so that nothing is reached from outside while it is tested.
#[test]
fn a_port_that_others_reach_without_tls_is_warned_of_at_the_start() {
    let home = home();
    let config = proxy_config(&home, "192.0.2.1:3128", "");
    let said = aegis(&["proxy", "--config", &config]);
    let wanted = "warning: `listen.forward`: 192.0.2.1:3128 is not loopback, and credentials";
    assert!(err(&said).contains(wanted), "{}", err(&said));
    assert!(err(&said).contains("cannot listen on"), "{}", err(&said));
}

#[test]
fn a_proxy_does_not_start_with_broken_settings() {
    let home = home();
    let config = write(&home, "aegis.yaml", "regoin: here\n");
    let said = aegis(&["proxy", "--config", &config]);
    assert_eq!(code(&said), 78);
    assert!(
        err(&said).contains("did you mean `region`?"),
        "{}",
        err(&said)
    );
}

#[test]
fn mistakes_that_only_a_start_would_meet_are_told_by_validate_and_end_the_proxy_with_78() {
    let mistakes = [
        (
            "telemetry: {otlp_endpoint: 'https://collector'}\n",
            ":5:28: ",
        ),
        ("listen: {tls: {names: [bad name]}}\n", ":5:24: "),
    ];
    for (mistake, place) in mistakes {
        let home = home();
        let text =
            format!("region: here\ndata_dir: data\npolicy: {{directory: policies}}\n\n{mistake}");
        let config = write(&home, "aegis.yaml", &text);
        for command in ["validate", "proxy"] {
            let said = aegis(&[command, "--config", &config]);
            assert_eq!(code(&said), 78, "{command}: {}", err(&said));
            assert!(err(&said).contains(place), "{command}: {}", err(&said));
        }
    }
}

#[test]
fn where_the_ports_speak_tls_what_env_prints_is_verified() {
    for listen in ["127.0.0.1", "0.0.0.0"] {
        let home = home();
        let (forward, gateway) = (fixed_port(), fixed_port());
        let text = format!(
            "region: here
data_dir: data
policy: {{directory: policies}}
listen: {{forward: '{listen}:{forward}', admin: '127.0.0.1:0', tls: {{}}}}
gateway: {{address: '{listen}:{gateway}', services: {{openai: {{upstream: 'https://api.openai.com'}}}}}}
"
        );
        proxy_config(&home, "127.0.0.1:0", "");
        let config = write(&home, "aegis.yaml", &text);
        let mut proxy = Running::start(&["proxy", "--config", &config]);
        proxy.wait_for("policy modes: ");
        let ca = path(&home.path().join("data/ca.pem"));

        let said = aegis(&["env", "--shell", "dotenv", "--config", &config]);
        let proxy_url = value(&out(&said), "HTTPS_PROXY=");
        assert!(err(&said).contains("--proxy-cacert"), "{}", err(&said));
        let page = "http://aegis.invalid/ca.pem";
        let asked = curl(&["--proxy", &proxy_url, "--proxy-cacert", &ca, page]);
        assert_eq!(out(&asked), "200", "{}", err(&asked));

        let said = aegis(&["env", "--gateway", "--shell", "dotenv", "--config", &config]);
        assert!(err(&said).contains(&ca), "{}", err(&said));
        let base_url = value(&out(&said), "OPENAI_BASE_URL=");
        let asked = curl(&["--cacert", &ca, &base_url]);
        assert_eq!(out(&asked), "401", "{}", err(&asked));
    }
}

/// The status alone, as curl says it.
fn curl(arguments: &[&str]) -> Output {
    let mut curl = Command::new("curl");
    curl.args([
        "-sS",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "--noproxy",
        "",
    ]);
    curl.args(arguments).output().expect("curl")
}

fn value(lines: &str, name: &str) -> String {
    let mut values = lines.lines().filter_map(|line| line.strip_prefix(name));
    values.next().expect("the variable").to_owned()
}

#[test]
fn an_audit_log_that_cannot_be_opened_is_named_and_ends_with_78() {
    let home = home();
    fs::create_dir(home.path().join("log")).expect("a directory");
    let config = proxy_config(&home, "127.0.0.1:0", "audit: {file: log}\n");
    for command in ["validate", "proxy"] {
        let said = aegis(&[command, "--config", &config]);
        assert_eq!(code(&said), 78, "{command}: {}", err(&said));
        for wanted in ["audit.file", &path(&home.path().join("log"))] {
            assert!(err(&said).contains(wanted), "{command}: {}", err(&said));
        }
    }
    let said = aegis(&["validate", "--config", &config]);
    assert!(err(&said).contains("aegis.yaml:5:"), "{}", err(&said));
}

#[test]
fn a_first_installation_runs_the_sample_in_shadow_and_says_so_loudly() {
    let home = home();
    let (port, upstream) = greeter();
    let text = format!(
        "region: here
listen: {{forward: '127.0.0.1:0', admin: '127.0.0.1:0'}}
identity: {{credentials: [{{id: a, tenant: local, agent: agent, secret_sha256: {SHA256_OF_TEST}}}]}}
upstream: {{hosts: {{api.test: [127.0.0.1], inner.test: [10.0.0.1]}}, allow_addresses: [127.0.0.0/8]}}
"
    );
    let config = write(&home, "aegis.yaml", &text);
    let mut proxy = Running::start(&["proxy", "--config", &config]);
    let said = proxy.wait_for("NO POLICY OF YOUR OWN");
    assert!(
        said.contains("sample-policies") && said.contains("IN SHADOW"),
        "{said}"
    );
    let said = proxy.wait_for("forward proxy on ");
    let address = said.split(' ').nth(3).expect("an address");
    proxy.wait_for("SHADOW local: policy findings are recorded and NOT enforced");

    // No profile of the sample names this host.
    let call = |user: &str, url: &str| {
        let proxy = format!("http://{user}{address}");
        let arguments = [
            "-sS",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-x",
            &proxy,
            url,
        ];
        out(&Command::new("curl").args(arguments).output().expect("curl"))
    };
    assert_eq!(call("a:test@", &format!("http://api.test:{port}/")), "200");
    upstream.join().expect("the upstream was asked once");
    assert_eq!(call("", &format!("http://api.test:{port}/")), "407");
    assert_eq!(call("a:test@", "http://inner.test/"), "403");

    proxy.signal(Signal::TERM);
    assert_eq!(proxy.code(), 0);
    let audit = path(&home.path().join("data/audit.jsonl"));
    let report = aegis(&["shadow", "report", "--audit", &audit, "-o", "json"]);
    let report: Value = serde_json::from_str(&out(&report)).expect("JSON");
    assert_eq!(report["would_deny"][0]["rule"], "host", "{report}");
}

#[test]
fn a_policy_directory_that_is_named_and_missing_denies_everything() {
    let home = home();
    let config = write(
        &home,
        "aegis.yaml",
        "region: here\npolicy: {directory: none}\nlisten: {forward: '127.0.0.1:0', admin: '127.0.0.1:0'}\n",
    );
    let mut proxy = Running::start(&["proxy", "--config", &config]);
    proxy.wait_for("NO POLICY IS IN FORCE, everything is denied");
    proxy.signal(Signal::TERM);
    assert_eq!(proxy.code(), 0);
    assert!(!home.path().join("data/sample-policies").exists());
}

/// Also for root, who may write everywhere: a file is no directory.
#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    let home = home();
    let data = write(&home, "data", "a file");
    let policies = path(&home.path().join("policies"));
    write(
        &home,
        "policies/policy.yaml",
        "aegis: {tenants: {acme: {}}}\n",
    );
    for policy in ["", "policy: {directory: policies}\n"] {
        let ports = "listen: {forward: '127.0.0.1:0', admin: '127.0.0.1:0'}\n";
        let text = format!("region: here\ndata_dir: data\n{ports}{policy}");
        let config = write(&home, "aegis.yaml", &text);
        let said = aegis(&["proxy", "--config", &config]);
        assert_eq!(code(&said), 78, "{policy}: {}", err(&said));
        let wanted = format!("data_dir {data} cannot be written (");
        assert!(err(&said).contains(&wanted), "{policy}: {}", err(&said));
    }
    let run = [
        "run",
        "--policy",
        &policies,
        "--data-dir",
        &data,
        "--",
        "true",
    ];
    let said = aegis(&run);
    assert_eq!(code(&said), 78, "{}", err(&said));
    assert!(err(&said).contains("data_dir "), "{}", err(&said));
}

#[test]
fn damaged_files_of_the_data_directory_end_with_78() {
    for file in ["mcp-tools.json", "chain.key", "ca.key", "dlp.key"] {
        let home = home();
        let config = proxy_config(&home, "127.0.0.1:0", "");
        write(&home, &format!("data/{file}"), "?");
        let said = aegis(&["proxy", "--config", &config]);
        assert_eq!(code(&said), 78, "{file}: {}", err(&said));
        assert!(err(&said).contains(file), "{file}: {}", err(&said));
        assert!(!err(&said).contains("data_dir"), "{file}: {}", err(&said));
    }
}

#[test]
fn a_proxy_that_nobody_can_use_says_so_and_what_to_do() {
    let home = home();
    let ports = "listen: {forward: '127.0.0.1:0', admin: '127.0.0.1:0'}\n";
    let config = write(&home, "aegis.yaml", &format!("region: here\n{ports}"));
    let mut proxy = Running::start(&["proxy", "--config", &config]);
    let line = proxy.wait_for("`identity.credentials` is empty");
    let wanted = "aegis credential new --id agent --tenant local --agent agent";
    assert!(line.contains(wanted), "{line}");
    proxy.signal(Signal::TERM);
    assert_eq!(proxy.code(), 0);
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    assert!(err(&said).contains(wanted), "{}", err(&said));
    // What is advised cures it.
    let advised: Vec<&str> = wanted.split(' ').skip(1).collect();
    let made = out(&aegis(&advised));
    let (_, section) = made.split_once('\n').expect("the secret, then the section");
    write(
        &home,
        "aegis.yaml",
        &format!("region: here\n{ports}{section}"),
    );
    let said = aegis(&["validate", "--config", &config]);
    assert!(
        !err(&said).contains("identity.credentials"),
        "{}",
        err(&said)
    );
}

#[test]
fn an_anonymous_caller_that_the_policies_let_in_makes_credentials_needless() {
    let home = home();
    let policy = "aegis: {tenants: {anonymous: {}}, agents: {anonymous: {tenant: anonymous, profile: a}}, profiles: {a: {hosts: [a.test], tools: {http: {get: {}}}}}}\n";
    let directory = write(&home, "policies/policy.yaml", policy);
    let config = write(
        &home,
        "aegis.yaml",
        "region: here\npolicy: {directory: policies}\n",
    );
    let said = aegis(&["validate", "--config", &config]);
    assert_eq!(code(&said), 0, "{directory}: {}", err(&said));
    assert!(
        !err(&said).contains("identity.credentials"),
        "{}",
        err(&said)
    );
}

#[test]
fn an_audit_log_that_cannot_be_written_is_named_with_the_reason() {
    let home = home();
    let pipe = home.path().join("audit");
    let made = Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .expect("it starts");
    assert!(made.success());
    let config = proxy_config(&home, "127.0.0.1:0", "audit: {file: audit}\n");
    let mut proxy = Running::start(&["proxy", "--config", &config]);
    let line = proxy.wait_for("the audit log cannot be written");
    assert!(line.contains(&path(&pipe)), "{line}");
    assert!(line.contains("a pipe that nobody reads"), "{line}");
    let config = proxy_config(&home, "127.0.0.1:0", "audit: {file: /dev/full}\n");
    let mut proxy = Running::start(&["proxy", "--config", &config]);
    let line = proxy.wait_for("forward proxy on ");
    let address = line.split(' ').nth(3).expect("an address");
    let mut client = TcpStream::connect(address).expect("the proxy accepts");
    client
        .write_all(b"GET http://a.test/ HTTP/1.1\r\nhost: a.test\r\n\r\n")
        .expect("sent");
    let line = proxy.wait_for("the audit log cannot be written");
    assert!(line.contains("/dev/full"), "{line}");
    assert!(line.contains("No space left on device"), "{line}");
}
