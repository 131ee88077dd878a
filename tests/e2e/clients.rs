//! Clients that nobody here wrote, unmodified: curl, Python and Node SDKs, each with an allowed and a refused call,
//! in the environment that `aegis env` prints and no other.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use aegis_testkit::{Aegis, Answer, Feed, Received, TestCa, Upstream};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

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
async fn the_openai_sdk_for_python_completes_streams_and_raises_its_own_error() {
    let world = World::start().await;
    let cases = world.python("openai_client.py").await;
    assert_openai(&cases, "PermissionDeniedError");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openai_sdk_for_node_completes_streams_and_raises_its_own_error() {
    let world = World::start().await;
    let cases = world.node("openai_client.mjs").await;
    assert_openai(&cases, "PermissionDeniedError");
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

fn assert_openai(cases: &Value, exception: &str) {
    assert_eq!(cases["allow"]["content"], "hello", "{cases}");
    assert_eq!(
        cases["allow"]["decision"]["aegis-decision"], "allow",
        "{cases}"
    );
    assert_eq!(cases["stream"]["content"], "hello", "{cases}");
    assert_eq!(cases["deny"]["exception"], exception, "{cases}");
    assert_eq!(cases["deny"]["status"], 403, "{cases}");
    assert_eq!(
        cases["deny"]["decision"]["aegis-decision"], "deny",
        "{cases}"
    );
    assert_eq!(cases["deny"]["body"]["code"], "parameter.enum", "{cases}");
}

fn assert_web(cases: &Value) {
    assert_eq!(cases["allow"]["status"], 200, "{cases}");
    assert_eq!(cases["deny"]["status"], 403, "{cases}");
    assert!(
        cases["deny"]["body"].to_string().contains("decision_id"),
        "{cases}"
    );
}

/// Four services behind TLS, one without, and a proxy in front of them that does not look into one.
struct World {
    aegis: Aegis,
    /// What `aegis env` printed.
    variables: String,
    allowed: String,
    blind: Upstream,
    llm: Upstream,
    mcp: Upstream,
    site: Upstream,
    plain: Upstream,
}

impl World {
    async fn start() -> Self {
        let ca = TestCa::new();
        let llm = Upstream::https(&ca, &["llm.test"]).h2();
        let llm = llm
            .on(Method::POST, "/v1/chat/completions", complete)
            .start()
            .await;
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
            .replace("LLM", &format!("llm.test:{}", llm.port()))
            .replace("MCP", &format!("mcp.test:{}", mcp.port()))
            .replace("SITE", &format!("site.test:{}", site.port()))
            .replace("PLAIN", &format!("plain.test:{}", plain.port()))
            .replace("BLIND", &format!("blind.test:{}", blind.port()));
        let aegis = Aegis::with_policy(&policy)
            .agent("acme", "bot")
            .hosts(&[
                "llm.test",
                "mcp.test",
                "site.test",
                "plain.test",
                "blind.test",
            ])
            .upstream_ca(&ca)
            .start()
            .await;
        Self {
            variables: variables(&aegis, &ca).await,
            allowed: site.url_as("site.test", "/page"),
            aegis,
            blind,
            llm,
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
        let python = root().join(".tools/python/bin/python");
        self.drive(&python, &root().join("tests/clients").join(driver))
            .await
    }

    async fn node(&self, driver: &str) -> Value {
        self.drive(
            Path::new("node"),
            &root().join("tests/clients").join(driver),
        )
        .await
    }

    /// Runs a driver with the environment that an agent would have; its cases by name.
    async fn drive(&self, interpreter: &Path, driver: &Path) -> Value {
        let driver = driver.to_str().expect("UTF-8");
        let output = self.run(interpreter, &[driver]).await;
        let mut cases = serde_json::Map::new();
        for line in output.lines() {
            let case: Value = serde_json::from_str(line).expect("a driver prints JSON lines");
            cases.insert(case["case"].as_str().expect("a name").to_owned(), case);
        }
        Value::Object(cases)
    }

    /// What curl got: status, headers and body.
    async fn curl(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--silent", "--show-error", "--max-time", "14"];
        all.extend(["--write-out", "\n%{http_code}\n%{header_json}"]);
        all.extend(arguments);
        let output = self.run(Path::new("curl"), &all).await;
        let (rest, headers) = output.rsplit_once("\n{").expect("headers in JSON");
        let (body, status) = rest.rsplit_once('\n').expect("a status");
        json!({
            "status": status.parse::<u16>().expect("a number"),
            "headers": serde_json::from_str::<Value>(&format!("{{{headers}")).expect("JSON"),
            "body": serde_json::from_str::<Value>(body).unwrap_or_else(|_| body.into()),
        })
    }

    /// In a shell that has read the variables, and has nothing else from around here.
    async fn run(&self, program: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{}\nexec \"$@\"", self.variables))
            .arg("sh")
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("a search path"))
            .env("LLM_URL", self.llm.url_as("llm.test", "/v1"))
            .env("LLM_DENIED_MODEL", "forbidden-model")
            .env("MCP_URL", self.mcp.url_as("mcp.test", "/mcp"))
            .env("ALLOWED_URL", &self.allowed)
            .env("DENIED_URL", self.site.url_as("site.test", "/secret"))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = output.expect("the client ends").expect("it starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            !text.is_empty(),
            "the client printed nothing; run `make tools`: {errors}"
        );
        text
    }
}

/// What the real `aegis env` prints for a user whose own variables name a CA already.
async fn variables(aegis: &Aegis, own: &TestCa) -> String {
    let home = TempDir::new().expect("a directory");
    let (own_ca, secret) = (home.path().join("own.pem"), home.path().join("secret"));
    std::fs::write(&own_ca, own.pem()).expect("a file");
    std::fs::write(&secret, "secret-of-bot\n").expect("a file");
    let output = Command::new(program())
        .args(["env", "--shell", "bash", "--credential", "bot"])
        .args(["--proxy", &format!("http://{}", aegis.forward())])
        .arg("--secret-file")
        .arg(&secret)
        .arg("--data-dir")
        .arg(aegis.data_dir())
        .env_clear()
        .env("SSL_CERT_FILE", &own_ca)
        .env("NODE_EXTRA_CA_CERTS", &own_ca)
        .output()
        .await
        .expect("the program is there: `cargo build --package aegis` makes it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Cargo puts it beside the folder of the tests, and makes both for a test of the whole workspace.
fn program() -> PathBuf {
    let tests = std::env::current_exe().expect("a place");
    let folder = tests.parent().and_then(Path::parent).expect("a folder");
    folder.join("aegis")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn complete(request: &Received) -> Answer {
    let message = json!({"role": "assistant", "content": "hello"});
    let answer = |object: &str, choice: Value| json!({"id": "c-1", "object": object, "created": 0, "model": "demo-model", "choices": [choice]});
    if request.json()["stream"] != true {
        let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
        return Answer::json(&answer("chat.completion", choice));
    }
    let feed = Feed::new();
    for piece in ["hel", "lo"] {
        let choice = json!({"index": 0, "delta": {"content": piece}});
        feed.event(&answer("chat.completion.chunk", choice).to_string());
    }
    feed.event("[DONE]");
    feed.end();
    Answer::events(&feed)
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
      llm:
        chat: {model: {enum: [demo-model]}}
      docs: {server/discover: {}, initialize: {}, notifications/initialized: {}, tools/list: {}, stream: {}, end: {}}
      docs/search: {call: {}}
catalogue:
  llm: {hosts: ['LLM'], protocol: openai, provider: openai, regions: [eu-central-1]}
  docs: {hosts: ['MCP'], protocol: mcp, regions: [eu-central-1]}
  blind: {hosts: ['BLIND'], protocol: http, regions: [eu-central-1]}
  site:
    hosts: ['SITE', 'PLAIN']
    protocol: rest
    regions: [eu-central-1]
    operations: [{action: page, method: GET, path: /page}]
";

/// Interpreters start slowly on a machine that is compiling as well.
const PATIENCE: Duration = Duration::from_mins(1);
