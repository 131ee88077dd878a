//! Clients that nobody here wrote, unmodified: curl, Python and Node libraries, each with an allowed and a refused call,
//! in the environment that `aegis env` prints and no other.

mod a2a;
pub(crate) mod environment;
mod fakes;
mod front;
mod llm;
mod matrix;
mod websocket;

use aegis_testkit::{Aegis, Answer, Received, TestCa, Upstream};
use http::Method;
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
async fn the_mcp_sdk_for_python_initializes_lists_calls_and_raises_its_own_error() {
    let world = World::start().await;
    let cases = world.python("mcp_client.py").await;
    assert_eq!(cases["initialize"]["server"], "docs", "{cases}");
    assert_eq!(cases["allow"]["content"], json!(["found: rego"]), "{cases}");
    assert_eq!(cases["deny"]["exception"], "MCPError", "{cases}");
    assert_eq!(cases["deny"]["data"]["outcome"], "deny", "{cases}");
    let called = world
        .mcp
        .requests()
        .iter()
        .any(|request| request.text().contains("delete_page"));
    assert!(!called, "the refused call never reached the server");
}

#[tokio::test(flavor = "multi_thread")]
async fn httpx_and_requests_for_python() {
    let world = World::start().await;
    for driver in ["httpx_client.py", "requests_client.py"] {
        assert_web(&world.python(driver).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn undici_for_node() {
    let world = World::start().await;
    assert_web(&world.node("undici_client.mjs").await);
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

/// Three services behind TLS, one without, and a proxy in front of them that does not look into one.
struct World {
    aegis: Aegis,
    environment: Environment,
    allowed: String,
    blind: Upstream,
    mcp: Upstream,
    site: Upstream,
    plain: Upstream,
}

impl World {
    async fn start() -> Self {
        let ca = TestCa::new();
        let mcp = Upstream::https(&ca, &["mcp.test"])
            .answer(mcp)
            .start()
            .await;
        let site = Upstream::https(&ca, &["site.test"])
            .h2()
            .echo()
            .start()
            .await;
        let plain = Upstream::http().echo().start().await;
        let blind = Upstream::https(&ca, &["blind.test"]).echo().start().await;
        let policy = POLICY
            .replace("MCP", &format!("mcp.test:{}", mcp.port()))
            .replace("SITE", &format!("site.test:{}", site.port()))
            .replace("PLAIN", &format!("plain.test:{}", plain.port()))
            .replace("BLIND", &format!("blind.test:{}", blind.port()));
        let aegis = Aegis::with_policy(&policy)
            .agent("acme", "bot")
            .hosts(&["mcp.test", "site.test", "plain.test", "blind.test"])
            .upstream_ca(&ca)
            .start()
            .await;
        Self {
            environment: Environment::of(&aegis, &ca).await,
            allowed: site.url_as("site.test", "/page"),
            aegis,
            blind,
            mcp,
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

    fn environment(&self) -> Environment {
        self.environment
            .clone()
            .with("MCP_URL", self.mcp.url_as("mcp.test", "/mcp"))
            .with("ALLOWED_URL", &self.allowed)
            .with("DENIED_URL", self.site.url_as("site.test", "/secret"))
    }
}

fn mcp(request: &Received) -> Answer {
    if request.method != Method::POST {
        return Answer::status(405);
    }
    let message = request.json();
    let result = match message["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": message["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "docs", "version": "1"},
        }),
        "tools/list" => json!({"tools": [
            {"name": "search", "inputSchema": {"type": "object"}},
            {"name": "delete_page", "inputSchema": {"type": "object"}},
        ]}),
        "tools/call" => json!({"content": [{
            "type": "text",
            "text": format!("found: {}", message["params"]["arguments"]["query"].as_str().unwrap_or("")),
        }]}),
        method if method.starts_with("notifications/") => return Answer::status(202),
        _ => {
            let error = json!({"code": -32601, "message": "no such method"});
            return Answer::json(&json!({"jsonrpc": "2.0", "id": message["id"], "error": error}));
        }
    };
    Answer::json(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result}))
}

const POLICY: &str = "
tenants:
  acme: {regions: [eu-central-1]}
agents:
  bot: {tenant: acme, profile: bot}
profiles:
  bot:
    passthrough: ['BLIND']
    tools:
      site: {page: {}}
      docs: {server/discover: {}, initialize: {}, notifications/initialized: {}, tools/list: {}, stream: {}, end: {}}
      docs/search: {call: {}}
catalogue:
  docs: {hosts: ['MCP'], protocol: mcp, regions: [eu-central-1]}
  blind: {hosts: ['BLIND'], protocol: http, regions: [eu-central-1]}
  site:
    hosts: ['SITE', 'PLAIN']
    protocol: rest
    regions: [eu-central-1]
    operations: [{action: page, method: GET, path: /page}]
";
