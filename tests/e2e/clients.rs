//! Clients that nobody here wrote, unmodified: curl, Python and Node libraries, each with an allowed and a refused call,
//! in the environment that `aegis env` prints and no other.

mod a2a;
pub(crate) mod environment;
mod fakes;
mod front;
mod llm;
mod matrix;
mod mcp;
mod server;
mod websocket;

use aegis_testkit::{Aegis, TestCa, Upstream};
use serde_json::{Value, json};

use environment::Environment;

#[tokio::test(flavor = "multi_thread")]
async fn curl_over_http1_and_http2_gets_answers_and_readable_refusals() {
    let world = World::start().await;
    for version in ["--http1.1", "--http2"] {
        let allowed = world
            .curl(&[version, &world.site.url_as("site.test", "/page")])
            .await;
        assert_eq!(allowed["status"], 200, "{allowed}");
        assert_eq!(
            allowed["headers"]["aegis-decision"],
            json!(["allow"]),
            "{allowed}"
        );

        let refused = [
            "-X",
            "DELETE",
            version,
            &world.site.url_as("site.test", "/page"),
        ];
        let refused = world.curl(&refused).await;
        assert_eq!(refused["status"], 403, "{refused}");
        assert_eq!(refused["body"]["outcome"], "deny", "{refused}");
        assert_eq!(refused["body"]["reasons"][0]["rule"], "tool", "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_without_tunnel_and_without_credential() {
    let world = World::start().await;
    let plain = world
        .curl(&[&world.plain.url_as("plain.test", "/page?x=1")])
        .await;
    assert_eq!(plain["status"], 200, "{plain}");

    let bare_proxy = format!("http://{}", world.aegis.forward());
    let anonymous = [
        "--proxy",
        &bare_proxy,
        &world.plain.url_as("plain.test", "/page"),
    ];
    let anonymous = world.curl(&anonymous).await;
    assert_eq!(anonymous["status"], 407, "{anonymous}");
}

#[tokio::test(flavor = "multi_thread")]
async fn httpx_and_requests_for_python() {
    let world = World::start().await;
    for driver in ["httpx_client.py", "requests_client.py"] {
        let cases = world.python(driver).await;
        assert_web(&cases);
        world.assert_upload(&cases["upload"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn undici_for_node() {
    let world = World::start().await;
    let cases = world.node("undici_client.mjs").await;
    assert_web(&cases);
    world.assert_upload(&cases["upload"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_a_file_from_curl() {
    let world = World::start().await;
    let url = world.site.url_as("site.test", "/upload");
    let file = "file=to ann@corp.example\r\n;filename=note.txt;type=text/plain";
    let sent = world
        .curl(&["--form-string", "to=ann@corp.example", "--form", file, &url])
        .await;
    assert_eq!(sent["status"], 200, "{sent}");
    assert_eq!(sent["headers"]["aegis-decision"], json!(["sanitize"]));
    world.assert_uploaded();
}

/// Whoever replaces a trust store must hand on what was in it: here a CA that the user's own
/// variables named before.
#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_that_is_not_intercepted_is_trusted_by_what_was_trusted_before() {
    let world = World::start().await;
    let url = world.blind.url_as("blind.test", "/page");
    let curled = world.curl(&[&url]).await;
    assert_eq!(curled["status"], 200, "{curled}");
    assert!(
        curled["headers"].get("aegis-decision").is_none(),
        "{curled}"
    );

    let world = world.asking(url);
    let drivers = [
        world.python("httpx_client.py").await,
        world.python("requests_client.py").await,
        world.node("undici_client.mjs").await,
    ];
    for cases in drivers {
        assert_web(&cases);
        assert_eq!(cases["allow"]["decision"], json!({}), "{cases}");
    }
}

fn assert_web(cases: &Value) {
    assert_eq!(cases["allow"]["status"], 200, "{cases}");
    assert_eq!(cases["deny"]["status"], 403, "{cases}");
    assert!(
        cases["deny"]["body"].to_string().contains("decision_id"),
        "{cases}"
    );
}

/// Two services behind TLS, one without, and a proxy in front of them that does not look into one.
struct World {
    aegis: Aegis,
    environment: Environment,
    allowed: String,
    blind: Upstream,
    site: Upstream,
    plain: Upstream,
}

impl World {
    async fn start() -> Self {
        let ca = TestCa::new();
        let site = Upstream::https(&ca, &["site.test"])
            .h2()
            .echo()
            .start()
            .await;
        let plain = Upstream::http().echo().start().await;
        let blind = Upstream::https(&ca, &["blind.test"]).echo().start().await;
        let policy = POLICY
            .replace("SITE", &format!("site.test:{}", site.port()))
            .replace("PLAIN", &format!("plain.test:{}", plain.port()))
            .replace("BLIND", &format!("blind.test:{}", blind.port()));
        let aegis = Aegis::with_policy(&policy)
            .agent("acme", "bot")
            .hosts(&["site.test", "plain.test", "blind.test"])
            .upstream_ca(&ca)
            .start()
            .await;
        Self {
            environment: Environment::of(&aegis, &ca).await,
            allowed: site.url_as("site.test", "/page"),
            aegis,
            blind,
            site,
            plain,
        }
    }

    /// The drivers ask for this address in the case that is allowed.
    fn asking(self, allowed: String) -> Self {
        Self { allowed, ..self }
    }

    async fn python(&self, driver: &str) -> Value {
        self.environment().python(driver).await
    }

    async fn node(&self, driver: &str) -> Value {
        self.environment().node(driver).await
    }

    async fn curl(&self, arguments: &[&str]) -> Value {
        self.environment().curl(arguments).await
    }

    fn assert_upload(&self, case: &Value) {
        assert_eq!(case["status"], 200, "{case}");
        assert_eq!(case["decision"]["aegis-decision"], "sanitize", "{case}");
        self.assert_uploaded();
    }

    /// The server has the form as it was sent but for the address, in the field and in the file.
    fn assert_uploaded(&self) {
        let received = self.site.requests();
        let text = received.last().expect("the form").text();
        let redacted = "[REDACTED:EMAIL_ADDRESS]";
        assert!(text.contains(&format!("\r\n\r\n{redacted}\r\n")), "{text}");
        assert!(text.contains(&format!("\r\n\r\nto {redacted}")), "{text}");
        assert!(text.contains("filename=\"note.txt\""), "{text}");
        assert!(!text.contains("corp"), "{text}");
    }

    fn environment(&self) -> Environment {
        self.environment
            .clone()
            .with("ALLOWED_URL", &self.allowed)
            .with("DENIED_URL", self.site.url_as("site.test", "/secret"))
            .with("UPLOAD_URL", self.site.url_as("site.test", "/upload"))
    }
}

/// Of the calls of this tool that wait for a human.
async fn approval_ids(aegis: &Aegis, tool: &str) -> Vec<String> {
    let (_, list) = aegis.admin_get("/approvals").await;
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let pending = list["pending"].as_array().expect("a list");
    let waiting = pending.iter().filter(|it| it["tool"] == tool);
    let ids = waiting.map(|it| it["approval_id"].as_str().expect("an id"));
    ids.map(str::to_owned).collect()
}

const POLICY: &str = "
tenants:
  acme: {regions: [eu-central-1]}
agents:
  bot: {tenant: acme, profile: bot}
profiles:
  bot:
    passthrough: ['BLIND']
    data: {EMAIL_ADDRESS: sanitize}
    tools:
      site: {page: {}, upload: {}}
catalogue:
  blind: {hosts: ['BLIND'], protocol: http, regions: [eu-central-1]}
  site:
    hosts: ['SITE', 'PLAIN']
    protocol: rest
    regions: [eu-central-1]
    operations:
    - {action: page, method: GET, path: /page}
    - {action: upload, method: POST, path: /upload}
";
