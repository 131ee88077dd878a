//! Starts the real binary and reads what it says.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) fn demo(home: &TempDir) -> Output {
    let data = path(home.path());
    aegis(&[
        "demo",
        "--once",
        "-o",
        "json",
        "--data-dir",
        &data,
        "--forward",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
    ])
}

pub(crate) fn scene<'a>(told: &'a Value, name: &str) -> &'a Value {
    let scenes = told["scenes"].as_array().expect("scenes");
    scenes
        .iter()
        .find(|scene| scene["name"] == name)
        .expect("the scene")
}

pub(crate) fn run(config: &str, words: &[&str]) -> Output {
    let mut arguments = vec![
        "run", "--config", config, "--tenant", "acme", "--agent", "bot", "--",
    ];
    arguments.extend(words);
    aegis(&arguments)
}

/// An agent of tenant acme that may `GET` from api.test, and a proxy that listens on `forward`.
pub(crate) fn proxy_config(home: &TempDir, forward: &str, extra: &str) -> String {
    write(home, "policies/policy.yaml", POLICY);
    let text = format!(
        "region: here\ndata_dir: data\npolicy: {{directory: policies}}\nlisten: {{forward: '{forward}', admin: '127.0.0.1:0'}}\n{extra}"
    );
    write(home, "aegis.yaml", &text)
}

/// A service that answers one request, and has its head in lines then.
pub(crate) fn greeter() -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
        let lines = lines.map(|line| line.expect("text"));
        let head = lines.take_while(|line| !line.is_empty()).collect();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
            .expect("sent");
        head
    });
    (port, serving)
}

/// A process of ours that stays up, and what it says.
pub(crate) struct Running {
    child: Child,
    said: BufReader<std::process::ChildStderr>,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(command(arguments))
    }

    pub(crate) fn of(mut program: Command) -> Self {
        let mut child = program.stderr(Stdio::piped()).spawn().expect("it starts");
        let said = BufReader::new(child.stderr.take().expect("a pipe"));
        Self { child, said }
    }

    pub(crate) fn wait_for(&mut self, wanted: &str) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            let read = self.said.read_line(&mut line).expect("text");
            assert!(read > 0, "it ended without `{wanted}`: {all}");
            if line.contains(wanted) {
                return line;
            }
            all.push_str(&line);
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.child.id().cast_signed()).expect("an id");
        kill_process(id, signal).expect("it runs");
    }

    /// As a crash: nothing of it runs on.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    pub(crate) fn code(&mut self) -> i32 {
        self.child
            .wait()
            .expect("it ends")
            .code()
            .expect("no signal ended it")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

pub(crate) fn aegis(arguments: &[&str]) -> Output {
    command(arguments).output().expect("it starts")
}

/// Away from this user's own proxies and trust.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aegis"));
    command.args(arguments).stdin(Stdio::null());
    for name in [
        "NO_PROXY",
        "no_proxy",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "AEGIS_SECRET",
        "AEGIS_TOKEN",
    ] {
        command.env_remove(name);
    }
    command
}

pub(crate) fn home() -> TempDir {
    TempDir::new().expect("a directory")
}

pub(crate) fn write(home: &TempDir, name: &str, text: &str) -> String {
    let file = home.path().join(name);
    fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
    fs::write(&file, text).expect("a file");
    path(&file)
}

pub(crate) fn path(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<_> = entries
        .map(|entry| path(&entry.expect("an entry").path()))
        .collect();
    names.sort();
    names
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal ended it")
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

const POLICY: &str = "
aegis:
  tenants: {acme: {}}
  agents: {bot: {tenant: acme, profile: web}}
  profiles:
    web:
      hosts: [api.test]
      data: {EMAIL_ADDRESS: deny, CREDIT_CARD: deny, SECRET_AWS: deny, SECRET_PRIVATE_KEY: deny}
      tools: {http: {get: {}}}
";

pub(crate) const SHA256_OF_TEST: &str =
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
