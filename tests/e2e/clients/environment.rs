//! Where a client runs: what `aegis env` prints, what a driver is told, and nothing else. It looks at no outcome.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use aegis_testkit::{Aegis, TestCa};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

#[derive(Clone)]
pub(crate) struct Environment {
    /// What `aegis env` printed.
    variables: String,
    settings: Vec<(&'static str, String)>,
}

impl Environment {
    /// Of agent `bot`, whose user has another CA already.
    pub(crate) async fn of(aegis: &Aegis, own: &TestCa) -> Self {
        Self {
            variables: variables(aegis, own).await,
            settings: Vec::new(),
        }
    }

    /// Of a client that has never heard of a proxy.
    pub(crate) fn bare() -> Self {
        Self {
            variables: String::new(),
            settings: Vec::new(),
        }
    }

    /// What the drivers are told.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    pub(crate) async fn python(&self, driver: &str) -> Value {
        self.python_of("python", driver).await
    }

    /// With the packages of one of the environments that `make tools` makes.
    pub(crate) async fn python_of(&self, packages: &str, driver: &str) -> Value {
        let python = root().join(".tools").join(packages).join("bin/python");
        self.drive(&python, driver).await
    }

    pub(crate) async fn node(&self, driver: &str) -> Value {
        self.drive(Path::new("node"), driver).await
    }

    /// Runs a driver; its cases by name.
    async fn drive(&self, interpreter: &Path, driver: &str) -> Value {
        let driver = root().join("tests/clients").join(driver);
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
    pub(crate) async fn curl(&self, arguments: &[&str]) -> Value {
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
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = output.expect("the client ends").expect("it starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            !text.is_empty() && output.status.success(),
            "the client failed; `make tools` installs what it needs: {errors}"
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

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Interpreters start slowly on a machine that is compiling as well.
const PATIENCE: Duration = Duration::from_mins(3);
