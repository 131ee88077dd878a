//! The gateway of the real program: each service's key from where the settings say, which only a process of its own can show for
//! its environment.

use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Running, SHA256_OF_TEST, command, greeter, home, out, proxy_config, write};

#[test]
fn a_key_comes_from_a_file_from_the_environment_or_from_a_command() {
    let home = home();
    let key = write(&home, "key", "sk-in-a-file\n");
    let sources = [
        ("filed", format!("file: '{key}'"), "sk-in-a-file"),
        ("set", "env: MODEL_KEY".to_owned(), "sk-in-the-environment"),
        (
            "printed",
            "command: [echo, sk-printed]".to_owned(),
            "sk-printed",
        ),
    ];
    for (service, source, expected) in sources {
        let (port, upstream) = greeter();
        let (proxy, address) =
            gateway(&home, service, &source, port, Some("sk-in-the-environment"));

        assert_eq!(asked(&address, service), "200");

        let head = upstream.join().expect("the service was asked once");
        let keys = head.iter().filter(|line| line.starts_with("authorization"));
        let keys: Vec<_> = keys.collect();
        assert_eq!(keys, [&format!("authorization: Bearer {expected}")]);
        drop(proxy);
    }
}

#[test]
fn without_its_variable_a_service_is_not_called() {
    // Nobody takes what would come here.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    nobody.set_nonblocking(true).expect("a listener");
    let port = nobody.local_addr().expect("an address").port();
    let home = home();
    let (mut proxy, address) = gateway(&home, "set", "env: MODEL_KEY", port, None);

    assert_eq!(asked(&address, "set"), "503");

    proxy.wait_for("there is no key");
    assert!(nobody.accept().is_err(), "the service was called");
}

/// Where it listens, with one service, and this value in the variable `MODEL_KEY`.
fn gateway(
    home: &TempDir,
    service: &str,
    key: &str,
    port: u16,
    value: Option<&str>,
) -> (Running, String) {
    let extra = format!(
        "identity: {{credentials: [{{id: bot, tenant: acme, agent: bot, secret_sha256: {SHA256_OF_TEST}}}]}}
upstream: {{hosts: {{api.test: [127.0.0.1]}}, allow_addresses: [127.0.0.0/8]}}
gateway:
  address: 127.0.0.1:0
  services:
    {service}: {{upstream: 'http://api.test:{port}', insecure_http: true, credential: {{send_as: bearer, key: {{{key}}}}}}}
"
    );
    let config = proxy_config(home, "127.0.0.1:0", &extra);
    let mut program = command(&["proxy", "--config", &config]);
    program.env_remove("MODEL_KEY");
    if let Some(value) = value {
        program.env("MODEL_KEY", value);
    }
    let mut proxy = Running::of(program);
    let line = proxy.wait_for("gateway on ");
    let (_, rest) = line.split_once("gateway on ").expect("an address");
    let address = rest.split_whitespace().next().expect("an address");
    let address = address.to_owned();
    proxy.wait_for("policy modes: ");
    (proxy, address)
}

/// The status that an agent gets.
fn asked(gateway: &str, service: &str) -> String {
    let (url, bearer) = (
        format!("http://{gateway}/{service}/"),
        format!("authorization: Bearer {SECRET}"),
    );
    let shown = [
        "-sS",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-H",
        &bearer,
        &url,
    ];
    out(&Command::new("curl").args(shown).output().expect("curl"))
}

const SECRET: &str = "test";
