//! The proxy itself tells a client how to trust its CA, and gives out the certificate and nothing else.

use std::process::Stdio;

use aegis_testkit::{Aegis, AegisBuilder, TestCa, Upstream, within};
use tempfile::TempDir;
use tokio::process::Command;

/// A stranger with curl, the proxy's address and what the page says.
#[tokio::test]
async fn the_command_on_the_page_makes_a_client_trust_what_the_proxy_intercepts() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["site.test"]).echo().start().await;
    let aegis = web(&ca).start().await;
    let mut page = aegis.anonymous().get("http://aegis.invalid/").await;
    assert_eq!(page.status(), 200);
    let text = page.text().await;
    let command = text
        .lines()
        .find_map(|line| line.strip_prefix("<pre>curl "));
    let command = command.and_then(|line| line.strip_suffix("</pre>"));
    let proxy = format!("http://{}", aegis.forward());
    let save = format!("curl {}", command.expect("a command"));
    let save = save.replace("http://PROXY:3128", &proxy);
    let folder = TempDir::new().expect("a directory");

    shell(&folder, &save).await;
    let url = upstream.url_as("site.test", "/hello");
    let call =
        format!("curl -fsS --cacert aegis-ca.pem -x {proxy} -U web-bot:secret-of-web-bot {url}");
    let answer = shell(&folder, &call).await;

    assert!(answer.contains("/hello"), "{answer}");
    let saved = std::fs::read_to_string(folder.path().join("aegis-ca.pem")).expect("the file");
    assert_eq!(saved, aegis.ca_pem());
}

#[tokio::test]
async fn the_page_shows_the_fingerprint_that_openssl_computes() {
    let aegis = web(&TestCa::new()).start().await;
    let folder = TempDir::new().expect("a directory");
    let certificate = aegis.data_dir().join("ca.pem");
    let openssl = format!(
        "openssl x509 -in '{}' -noout -fingerprint -sha256",
        certificate.display()
    );
    let printed = shell(&folder, &openssl).await;
    let (_, fingerprint) = printed.trim().split_once('=').expect("a fingerprint");

    let (status, page) = aegis.admin_get("/ca").await;

    assert_eq!(status, 200);
    assert!(page.contains(fingerprint), "{fingerprint} in {page}");
    let mut through_the_proxy = aegis.anonymous().get("http://aegis.invalid/").await;
    assert_eq!(through_the_proxy.text().await, page);
    let policy = through_the_proxy.header("content-security-policy");
    assert!(policy.expect("a policy").contains("default-src 'none'"));
    assert!(!page.contains("<script"));
}

#[tokio::test]
async fn who_asks_for_it_needs_no_credential_and_is_on_record() {
    let aegis = web(&TestCa::new()).start().await;
    for credential in [None, Some("unknown-bot")] {
        let client = match credential {
            None => aegis.anonymous(),
            Some(id) => aegis.client(id),
        };
        let mut reply = client.get("http://aegis.invalid/ca.pem").await;

        assert_eq!(reply.status(), 200);
        assert_eq!(reply.text().await, aegis.ca_pem());
        let (decision, end) = aegis.lines_of(&reply).await;
        assert_eq!(decision["outcome"], "allow");
        assert_eq!(decision["rules"][0]["rule"], "aegis.install_page");
        assert_eq!(decision["destination"]["host"], "aegis.invalid");
        assert_eq!(end["outcome_detail"], "answered");
        assert_eq!((&end["status"], end.get("route")), (&200.into(), None));
    }
}

/// Everything else under the name is a call like any other: no key, no file, nobody's host.
#[tokio::test]
async fn nothing_but_the_page_and_the_certificate_is_there() {
    let aegis = web(&TestCa::new()).start().await;
    let key = std::fs::read_to_string(aegis.data_dir().join("ca.key")).expect("the key");
    let key = key.lines().nth(1).expect("a line of it").to_owned();
    for path in [
        "/ca.key",
        "/ca.pem/../ca.key",
        "/%63a.pem",
        "/ca.pem/",
        "/index.html",
    ] {
        let url = format!("http://aegis.invalid{path}");
        let mut reply = aegis.anonymous().get(&url).await;
        assert_eq!(reply.status(), 407, "{path}");
        assert!(!reply.text().await.contains(&key));
        let mut reply = aegis.client("web-bot").get(&url).await;
        assert_eq!(reply.status(), 403, "{path}");
        assert!(!reply.text().await.contains(&key));
        let (_, on_the_admin_port) = aegis.admin_get(path).await;
        assert!(!on_the_admin_port.contains(&key) && !on_the_admin_port.contains("PRIVATE"));
    }
    let client = aegis.anonymous();
    let posted = client
        .post_json("http://aegis.invalid/", &serde_json::json!({}))
        .await;
    assert_eq!(posted.status(), 407);
    for elsewhere in ["http://aegis.invalid:8080/", "http://x.aegis.invalid/"] {
        assert_eq!(aegis.anonymous().get(elsewhere).await.status(), 407);
    }
    let tunnel = aegis.client("web-bot").tunnel("aegis.invalid:443").await;
    assert_eq!(tunnel.expect_err("no tunnel leads there").status, 403);
    let pages = [
        aegis
            .anonymous()
            .get("http://aegis.invalid/")
            .await
            .text()
            .await,
        aegis
            .anonymous()
            .get("http://aegis.invalid/ca.pem")
            .await
            .text()
            .await,
    ];
    assert!(
        pages
            .iter()
            .all(|page| !page.contains(&key) && !page.contains("PRIVATE"))
    );
}

fn web(upstream_ca: &TestCa) -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "web-bot")
        .hosts(&["site.test"])
        .upstream_ca(upstream_ca)
}

/// What it printed; it must succeed.
async fn shell(folder: &TempDir, command: &str) -> String {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder.path());
    shell.env_remove("NO_PROXY").env_remove("no_proxy");
    shell.stdin(Stdio::null()).kill_on_drop(true);
    let output = within("the command's end", shell.output()).await;
    let output = output.expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

const POLICY: &str = "
tenants:
  acme: {}
agents:
  web-bot: {tenant: acme, profile: web}
profiles:
  web: {hosts: [site.test], tools: {http: {'*': {}}}}
";
