//! The example server of docs/detector-api.md works as the page says, in twenty lines of Python.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use aegis_config::DetectorSettings;
use aegis_testkit::{Upstream, fixed_port};
use serde_json::json;

use super::{Scene, data_plane};

#[tokio::test]
async fn the_example_of_the_page_finds_a_name_and_aegis_redacts_it() {
    let server = Server::start();
    let settings = DetectorSettings::at(format!("http://127.0.0.1:{}/", server.port));
    let site = Upstream::http().echo().start().await;
    let detector = Upstream::http().start().await;
    let aegis = data_plane(settings).start().await;
    let world = Scene {
        aegis,
        detector,
        site,
    };

    for at in 0..2 {
        let body = json!({"note": "Ärger mit Ada Lovelace, sagt sie", "at": at});
        let reply = world.send(&body).await;
        assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
        let sent = world.site.requests();
        let expected = json!({"note": "Ärger mit [REDACTED:PERSON], sagt sie", "at": at});
        assert_eq!(sent.last().expect("a request").json(), expected);
    }
}

/// Ends with the test.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let page = include_str!("../../../docs/detector-api.md");
        let (_, example) = page.split_once("```python\n").expect("an example");
        let (example, _) = example.split_once("```").expect("its end");
        assert!(example.lines().count() <= 25, "it is meant to be short");
        assert!(example.contains("5002"), "another port is put there");
        let port = fixed_port();
        let example = example.replace("5002", &port.to_string());
        let mut process = Command::new("python3")
            .args(["-u", "-c", &example])
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let output = process.stdout.take().expect("its output");
        let mut said = String::new();
        BufReader::new(output).read_line(&mut said).expect("a line");
        assert!(said.starts_with("listening"), "{said}");
        Self { process, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
