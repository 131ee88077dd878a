//! Real servers, which SDKs make; each ends with the test. It asks them nothing.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use super::environment::root;

/// Killed when it is dropped.
pub(super) struct Server {
    process: Child,
    pub(super) port: u64,
}

impl Server {
    /// With the packages of one of the environments that `make tools` makes.
    pub(super) async fn launch(packages: &str, driver: &str, settings: &[(&str, &str)]) -> Self {
        let python = root().join(".tools").join(packages).join("bin/python");
        Self::start(Command::new(python), driver, settings).await
    }

    pub(super) async fn launch_node(driver: &str, settings: &[(&str, &str)]) -> Self {
        Self::start(Command::new("node"), driver, settings).await
    }

    async fn start(mut interpreter: Command, driver: &str, settings: &[(&str, &str)]) -> Self {
        let mut process = interpreter
            .arg(root().join("tests/clients").join(driver))
            .envs(settings.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("`make tools` installs what it needs");
        let output = process.stdout.take().expect("its output");
        let line = BufReader::new(output).lines().next_line().await;
        let line = line.expect("its output").expect("it says where it is");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        let port = said["port"].as_u64().expect("a port");
        Self { process, port }
    }

    /// A line of its input.
    pub(super) async fn tell(&mut self, line: &str) {
        let input = self.process.stdin.as_mut().expect("its input");
        let line = format!("{line}\n");
        input.write_all(line.as_bytes()).await.expect("it listens");
    }
}
