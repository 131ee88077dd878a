//! A process behind the proxy keeps its exit code and its signals.

use std::net::TcpListener;

use rustix::process::Signal;

use crate::harness::{
    Running, aegis, code, err, greeter, home, out, path, proxy_config, run, write,
};

#[test]
fn run_ends_with_the_exit_code_of_the_process() {
    let home = home();
    let config = proxy_config(&home, "127.0.0.1:0", "");
    assert_eq!(code(&run(&config, &["sh", "-c", "exit 7"])), 7);
    assert_eq!(code(&run(&config, &["sh", "-c", "kill -9 $$"])), 128 + 9);
    assert_eq!(code(&run(&config, &["/nonexistent"])), 127);
}

#[test]
fn run_hands_sigterm_on_and_lets_the_process_end_in_order() {
    let home = home();
    let config = proxy_config(&home, "127.0.0.1:0", "");
    let script = "trap 'exit 5' TERM; echo ready >&2; while :; do sleep 0.05; done";
    let arguments = [
        "run", "--config", &config, "--tenant", "acme", "--agent", "bot", "--", "sh", "-c", script,
    ];
    let mut running = Running::start(&arguments);
    running.wait_for("ready");
    running.signal(Signal::TERM);
    assert_eq!(running.code(), 5);
}

#[test]
fn run_puts_curl_behind_the_proxy_and_sums_up() {
    let home = home();
    let (port, upstream) = greeter();
    let extra = "upstream: {hosts: {api.test: [127.0.0.1]}, allow_addresses: [127.0.0.0/8]}\n";
    let config = proxy_config(&home, "127.0.0.1:0", extra);
    let script = format!(
        "curl -sS http://api.test:{port}/ && curl -sS -o /dev/null http://other.test:{port}/"
    );
    let said = run(&config, &["sh", "-c", &script]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    assert_eq!(out(&said), "hello");
    upstream.join().expect("the upstream was asked once");
    let summary = err(&said);
    assert!(summary.contains("allowed            1\n"), "{summary}");
    assert!(summary.contains("denied             1  (host"), "{summary}");
}

#[test]
fn run_says_when_the_running_proxy_does_not_answer() {
    let home = home();
    let ca = write(&home, "ca.pem", "");
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let (url, data) = (format!("http://{free}"), path(home.path()));
    let said = aegis(&[
        "run",
        "--proxy",
        &url,
        "--ca",
        &ca,
        "--data-dir",
        &data,
        "--",
        "true",
    ]);
    assert_eq!(code(&said), 4, "{}", err(&said));
}
