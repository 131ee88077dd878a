//! A process behind the proxy keeps its exit code and its signals.

use std::net::TcpListener;
use std::process::Stdio;

use rustix::process::Signal;

use crate::harness::{
    Running, SHA256_OF_TEST, aegis, code, command, err, greeter, home, out, path, proxy_config,
    run, write,
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
fn run_starts_nothing_for_a_credential_that_the_settings_do_not_take() {
    let home = home();
    let extra = format!(
        "identity: {{credentials: [{{id: bot, tenant: acme, agent: bot, secret_sha256: {SHA256_OF_TEST}}}]}}\n"
    );
    let config = proxy_config(&home, "127.0.0.1:0", &extra);
    let run = |id: &str, secret: &str| {
        let arguments = ["run", "--config", &config, "--credential", id, "--"];
        let mut run = command(&arguments);
        run.args(["sh", "-c", "exit 7"]).env("AEGIS_SECRET", secret);
        run.output().expect("it starts")
    };
    assert_eq!(code(&run("bot", "test")), 7);
    for (id, secret) in [("nope", "test"), ("bot", "not-its-secret")] {
        let said = run(id, secret);
        assert_eq!(code(&said), 2, "{}", err(&said));
        assert!(
            err(&said).contains(&format!("credential `{id}`")),
            "{}",
            err(&said)
        );
        assert!(!err(&said).contains(secret), "{}", err(&said));
    }
}

#[test]
fn run_hands_signals_on_and_lets_the_process_end_in_order() {
    let home = home();
    let config = proxy_config(&home, "127.0.0.1:0", "");
    let signals = [
        ("TERM", Signal::TERM),
        ("INT", Signal::INT),
        ("HUP", Signal::HUP),
        ("QUIT", Signal::QUIT),
        ("USR1", Signal::USR1),
        ("USR2", Signal::USR2),
    ];
    for (name, signal) in signals {
        let script = format!("trap 'exit 5' {name}; echo ready >&2; while :; do sleep 0.05; done");
        let arguments = [
            "run", "--config", &config, "--tenant", "acme", "--agent", "bot", "--", "sh", "-c",
            &script,
        ];
        let mut running = Running::start(&arguments);
        running.wait_for("ready");
        running.signal(signal);
        assert_eq!(running.code(), 5, "{name}");
    }
}

#[test]
fn run_needs_nothing_but_a_command_and_says_that_the_sample_enforces_nothing() {
    let home = home();
    let said = command(&["run", "--", "sh", "-c", "exit 7"])
        .current_dir(home.path())
        .env("XDG_DATA_HOME", home.path())
        .output()
        .expect("it starts");
    assert_eq!(code(&said), 7, "{}", err(&said));
    for wanted in [
        "NO POLICY OF YOUR OWN",
        "IN SHADOW",
        "SHADOW local: ",
        "agent `agent`",
    ] {
        assert!(err(&said).contains(wanted), "{wanted}: {}", err(&said));
    }
}

#[test]
fn run_takes_the_policies_beside_it_and_their_only_agent() {
    let home = home();
    proxy_config(&home, "127.0.0.1:0", "");
    let run = || {
        let mut run = command(&["run", "--data-dir", "data", "--", "sh", "-c", "exit 7"]);
        run.current_dir(home.path()).output().expect("it starts")
    };
    let said = run();
    assert_eq!(code(&said), 7, "{}", err(&said));
    for wanted in ["./policies", "agent `bot` of tenant `acme`", "acme=enforce"] {
        assert!(err(&said).contains(wanted), "{wanted}: {}", err(&said));
    }

    write(
        &home,
        "policies/more.yaml",
        "aegis: {agents: {other: {tenant: acme, profile: web}}}\n",
    );
    let said = run();
    assert_eq!(code(&said), 2, "{}", err(&said));
    let wanted = "the policies know `bot` of `acme`, `other` of `acme`";
    assert!(err(&said).contains(wanted), "{}", err(&said));
}

#[test]
fn run_tells_the_mistakes_of_policies_whoever_calls() {
    let home = home();
    let mistaken = "aegis: {tenant: {}, agnts: {}}\n";
    write(&home, "policies/policy.yaml", mistaken);
    write(&home, "other/policy.yaml", mistaken);
    for named in [
        &["--tenant", "local", "--agent", "agent"][..],
        &[],
        &["--policy", "other"],
    ] {
        let said = command(&[&["run", "--data-dir", "data"], named, &["--", "true"]].concat())
            .current_dir(home.path())
            .output()
            .expect("it starts");
        assert_eq!(code(&said), 78, "{named:?}: {}", err(&said));
        for wanted in [
            "policy.yaml:1:9: unknown key `tenant`",
            "did you mean `agents`?",
        ] {
            assert!(err(&said).contains(wanted), "{named:?}: {}", err(&said));
        }
        assert!(!err(&said).contains("say who calls"), "{}", err(&said));
    }
}

#[test]
fn the_summary_counts_calls_that_prove_nothing_and_calls_refused_after_the_decision() {
    let home = home();
    let extra = "upstream: {hosts: {api.test: [10.0.0.1]}}\n";
    let config = proxy_config(&home, "127.0.0.1:0", extra);
    let script = "curl -sS -o /dev/null http://api.test/; \
                  curl -sS -o /dev/null -x http://${HTTP_PROXY#*@} http://api.test/";
    let said = run(&config, &["sh", "-c", script]);
    let summary = err(&said);
    assert!(summary.contains("allowed            0\n"), "{summary}");
    assert!(
        summary.contains("denied             2  (address.private: api.test:80; identity.anonymous: api.test:80)\n"),
        "{summary}"
    );
    let log = path(&home.path().join("data/audit.jsonl"));
    assert!(
        summary.contains(&format!("audit log          {log}\n")),
        "{summary}"
    );
}

/// As git and libraries do that show a credential only where one is asked for.
#[test]
fn a_challenge_that_the_client_answers_is_no_denial() {
    let home = home();
    let config = proxy_config(&home, "127.0.0.1:0", "");
    let script = "for url in http://other.test/ https://other.test/; do \
                  curl -sS -o /dev/null --proxy-anyauth -x $HTTP_PROXY $url; done; \
                  curl -sS -o /dev/null -x http://${HTTP_PROXY#*@} https://api.test/";
    let summary = err(&run(&config, &["sh", "-c", script]));
    let wanted = "denied             3  (host: other.test:80, other.test:443; identity.anonymous: api.test:443)\n";
    assert!(summary.contains(wanted), "{summary}");
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
    assert!(
        summary.contains(&format!(
            "denied             1  (host: other.test:{port})\n"
        )),
        "{summary}"
    );
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

#[test]
fn a_run_counts_the_calls_through_its_own_proxy_and_no_others() {
    let home = home();
    let config = proxy_config(&home, "127.0.0.1:0", "");
    let (ready, called) = (home.path().join("ready"), home.path().join("called"));
    let script = format!(
        "touch {}; until [ -e {} ]; do sleep 0.05; done",
        ready.display(),
        called.display()
    );
    let mut arguments = vec![
        "run", "--config", &config, "--tenant", "acme", "--agent", "bot", "--",
    ];
    arguments.extend(["sh", "-c", &script]);
    let idle = command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let script = format!(
        "until [ -e {} ]; do sleep 0.05; done; curl -sS -o /dev/null http://other.test/",
        ready.display()
    );
    let busy = run(&config, &["sh", "-c", &script]);
    std::fs::write(called, "").expect("a file");
    let idle = idle.wait_with_output().expect("it ends");

    let summary = err(&busy);
    assert!(
        summary.contains("denied             1  (host: other.test:80)\n"),
        "{summary}"
    );
    let summary = err(&idle);
    assert!(summary.contains("allowed            0\n"), "{summary}");
    assert!(summary.contains("denied             0\n"), "{summary}");
}

#[test]
fn run_names_policies_that_are_not_there_before_it_asks_who_calls() {
    let home = home();
    let data = path(home.path());
    for who in [&[][..], &["--tenant", "acme", "--agent", "bot"]] {
        let arguments = ["run", "--data-dir", &data, "--policy", "/nope"];
        let said = aegis(&[&arguments[..], who, &["--", "true"]].concat());
        assert_eq!(code(&said), 78, "{}", err(&said));
        assert!(err(&said).contains("/nope"), "{}", err(&said));
        assert!(!err(&said).contains("--tenant"), "{}", err(&said));
    }
}

#[test]
fn run_warns_of_an_agent_that_the_policies_do_not_know() {
    let home = home();
    proxy_config(&home, "127.0.0.1:0", "");
    let (data, policies) = (path(home.path()), path(&home.path().join("policies")));
    for (tenant, agent, wanted) in [
        (
            "acme",
            "bto",
            "no policy knows this agent, so every call of it is denied (did you mean `bot`?)",
        ),
        (
            "labs",
            "bot",
            "the policies give this agent to another tenant",
        ),
        ("acme", "bot", ""),
    ] {
        let said = aegis(&[
            "run",
            "--data-dir",
            &data,
            "--policy",
            &policies,
            "--tenant",
            tenant,
            "--agent",
            agent,
            "--",
            "true",
        ]);
        assert_eq!(code(&said), 0, "{}", err(&said));
        let told = err(&said);
        assert!(told.contains(wanted), "{told}");
        assert_eq!(told.contains("agent `"), !wanted.is_empty(), "{told}");
    }
}
