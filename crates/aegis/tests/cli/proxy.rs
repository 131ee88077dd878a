//! The production form: what it says when it starts, and how it ends.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;

use rustix::process::Signal;

use crate::harness::{Running, aegis, code, err, home, proxy_config, write};

#[test]
fn sigterm_drains_the_proxy_and_ends_it_with_0() {
    let home = home();
    let config = proxy_config(&home, "127.0.0.1:0", "");
    let mut proxy = Running::start(&["proxy", "--config", &config]);
    proxy.wait_for("forward proxy on ");
    proxy.wait_for("policy modes: acme=enforce");
    proxy.signal(Signal::TERM);
    assert_eq!(proxy.code(), 0);
    let log = fs::read_to_string(home.path().join("data/audit.jsonl")).expect("an audit log");
    assert!(
        log.lines()
            .last()
            .is_some_and(|line| line.contains(r#""event":"drained""#)),
        "{log}"
    );
}

#[test]
fn a_second_signal_ends_a_draining_proxy_at_once() {
    let home = home();
    let config = proxy_config(&home, "127.0.0.1:0", "");
    let mut proxy = Running::start(&["proxy", "--config", &config]);
    let line = proxy.wait_for("forward proxy on ");
    let address = line.split(' ').nth(3).expect("an address");
    let mut client = TcpStream::connect(address).expect("the proxy accepts");
    // A request that never ends keeps the drain waiting for its whole grace.
    client
        .write_all(b"POST http://a.test/ HTTP/1.1\r\nhost: a.test\r\ncontent-length: 9\r\n\r\n")
        .expect("sent");
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
        "region: here\nlisten: {forward: '127.0.0.1:0', admin: '127.0.0.1:0'}\n",
    );
    let mut proxy = Running::start(&["proxy", "--config", &config]);
    let line = proxy.wait_for("SHADOW acme");
    assert!(line.contains("REGIONS"), "{line}");
    proxy.signal(Signal::INT);
    assert_eq!(proxy.code(), 0);
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
