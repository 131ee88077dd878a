//! What a data plane does and says when the control plane, or its own disk, does not do what it asks.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use aegis_config::{BundleSettings, ControlSettings, PolicySource as Named};
use aegis_telemetry::audit::{Log, LogSettings};
use aegis_telemetry::metrics::Metrics;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::*;
use crate::policy_source::PolicySource;

/// Time is paused: what is waited for is measured.
#[tokio::test(start_paused = true)]
async fn whoever_is_refused_asks_again_later_and_later_and_no_two_at_the_same_time() {
    for status in [
        "401 Unauthorized",
        "403 Forbidden",
        "503 Service Unavailable",
    ] {
        let (one, other) = (pauses(Some(status)).await, pauses(Some(status)).await);
        longer_and_longer(&one, [Duration::ZERO; 2]);
        longer_and_longer(&other, [Duration::ZERO; 2]);
        assert_ne!(one, other, "{status}");
    }
}

/// As of one that is frozen: it takes the question, and its connection stays open.
#[tokio::test(start_paused = true)]
async fn whoever_gets_no_answer_gives_up_in_time_and_asks_again_later_and_later() {
    // Whoever has failed asks for an answer at once.
    let silence = [65, 15].map(Duration::from_secs);
    longer_and_longer(&pauses(None).await, silence);
}

/// Each pause, after what was waited for an answer (the first time, and then), by the backoff with its jitter.
fn longer_and_longer(pauses: &[Duration], [mut silence, later]: [Duration; 2]) {
    let mut least = SHORTEST_PAUSE;
    for pause in pauses {
        // Timers are exact to a millisecond.
        let most = silence + 2 * least + Duration::from_millis(4);
        assert!((silence + least..=most).contains(pause), "{pauses:?}");
        least = (2 * least).min(LONGEST_PAUSE);
        silence = later;
    }
}

/// The next bundle may be a long time coming: that nothing fails any more is not told by it.
#[tokio::test]
async fn whoever_is_answered_again_knows_it_before_there_is_something_new() {
    let directory = TempDir::new().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (link, drain) = run(directory.path(), listener.local_addr().unwrap());
    let mut is_first = true;
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = head(&mut stream).await;
        let answer = match () {
            () if !head.starts_with("GET /v1/bundles/") => "204 No Content",
            () if is_first => "503 Service Unavailable",
            () if head.contains("wait=0") => "304 Not Modified",
            // The next question is answered when there is something.
            () => break,
        };
        is_first &= !head.starts_with("GET /v1/bundles/");
        let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    assert!(!is_first);
    assert_eq!(link.status().bundle_error, None);
    drain.run(Duration::ZERO).await;
}

/// A full disk is no trouble of the control plane's, whose next answer to others must not hide it.
#[tokio::test]
async fn what_keeps_lines_from_being_sent_here_is_told_until_it_is_over() {
    let directory = TempDir::new().unwrap();
    let (address, _asked) = refusing(Some("503 Service Unavailable")).await;
    let link = Link::new(&settings(directory.path(), address))
        .unwrap()
        .unwrap();
    let log = directory.path().join("audit.jsonl");
    fs::write(log, "{}\n").unwrap();
    // Where nothing can be written, whoever writes.
    let memo = directory.path().join("uploaded.json");
    fs::create_dir(&memo).unwrap();
    upload::send_rest(&link).await;
    link.note(Errand::Report, Ok(())).unwrap();
    link.note(Errand::Bundles, Ok(())).unwrap();
    let told = link.status().upload_error.unwrap();
    assert!(
        told.contains("the audit log cannot be read for sending"),
        "{told}"
    );
    fs::remove_dir(&memo).unwrap();
    upload::send_rest(&link).await;
    let status = link.status();
    assert!(status.upload_error.unwrap().contains("503"));
    assert_eq!((status.bundle_error, status.report_error), (None, None));
    assert_eq!(status.unconfirmed_bytes, Some(3));
}

/// Time is paused: all ask again and again, and what goes well comes after what fails.
#[tokio::test(start_paused = true)]
async fn that_one_errand_goes_well_never_hides_that_another_fails() {
    for failing in ["/v1/bundles/", "/v1/status", "/v1/logs"] {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join("audit.jsonl"), "{}\n").unwrap();
        let (address, mut asked) = answering(failing).await;
        let (link, drain) = run(directory.path(), address);
        let mut times = [0, 0];
        while times[0] < 3 || times[1] < 3 {
            times[usize::from(asked.recv().await.unwrap() == failing)] += 1;
        }
        let status = link.status();
        let told = [
            ("/v1/bundles/", status.bundle_error),
            ("/v1/status", status.report_error),
            ("/v1/logs", status.upload_error),
        ];
        for (errand, error) in told {
            let is_told = error.is_some_and(|words| words.contains("503"));
            assert_eq!(is_told, errand == failing, "{errand}, {failing} fails");
        }
        drain.run(Duration::ZERO).await;
    }
}

/// What lies between a data plane's questions for a bundle, when all are answered so, or not at all.
async fn pauses(status: Option<&'static str>) -> Vec<Duration> {
    let directory = TempDir::new().unwrap();
    let (address, mut asked) = refusing(status).await;
    let drain = Drain::default();
    start(directory.path(), address, &drain);
    let mut before = asked.recv().await.unwrap();
    let mut pauses = Vec::new();
    while pauses.len() < 10 {
        let now = asked.recv().await.unwrap();
        pauses.push(now - before);
        before = now;
    }
    drain.run(Duration::ZERO).await;
    pauses
}

/// A control plane that gives nobody anything, and when it was asked.
async fn refusing(status: Option<&'static str>) -> (SocketAddr, mpsc::UnboundedReceiver<Instant>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            head(&mut stream).await;
            if tell.send(Instant::now()).is_err() {
                return;
            }
            let Some(status) = status else {
                silent.push(stream);
                continue;
            };
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, asked)
}

/// A control plane that has nothing new and takes everything, one errand excepted; and what it was asked.
async fn answering(failing: &'static str) -> (SocketAddr, mpsc::UnboundedReceiver<&'static str>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = head(&mut stream).await;
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            stream.read_exact(&mut body).await.unwrap();
            let (errand, well) = [
                ("/v1/bundles/", "304 Not Modified\r\n"),
                ("/v1/status", "204 No Content\r\n"),
                ("/v1/logs", "200 OK\r\ncontent-length: 22\r\n"),
            ]
            .into_iter()
            .find(|(errand, _)| head.contains(errand))
            .unwrap();
            let (answer, body) = match errand {
                _ if errand == failing => ("503 Service Unavailable\r\ncontent-length: 0\r\n", ""),
                "/v1/logs" => (well, r#"{"stored":1,"known":0}"#),
                _ => (well, ""),
            };
            let answer = format!("HTTP/1.1 {answer}connection: close\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
            if tell.send(errand).is_err() {
                return;
            }
        }
    });
    (address, asked)
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// All that a data plane does about its control plane.
fn run(directory: &Path, control: SocketAddr) -> (Arc<Link>, Drain) {
    let (settings, drain) = (settings(directory, control), Drain::default());
    let link = Link::new(&settings).unwrap().unwrap();
    let reader = PolicySource::new(&settings).fetched();
    link.start(&settings, reader, &activation(directory), &drain);
    (link, drain)
}

/// The part of a data plane that asks for bundles.
fn start(directory: &Path, control: SocketAddr, drain: &Drain) {
    let settings = settings(directory, control);
    let link = Link::new(&settings).unwrap().unwrap();
    let reader = PolicySource::new(&settings).fetched().unwrap();
    let activation = activation(directory);
    tokio::spawn(download::follow(link, reader, activation, drain.clone()));
}

fn activation(directory: &Path) -> Arc<Activation> {
    let log = LogSettings {
        file: directory.join("audit.jsonl"),
        sync: false,
    };
    let metrics = Metrics::new(&Log::open(log).unwrap());
    Arc::new(Activation::new(Arc::new(metrics)))
}

fn settings(directory: &Path, control: SocketAddr) -> Settings {
    let mut settings = Settings::for_directory(directory.to_owned(), "eu-central-1");
    settings.policy.source = Named::Bundle(BundleSettings {
        file: None,
        tenants: ["acme".to_owned()].into(),
        keys: None,
    });
    settings.control = Some(ControlSettings {
        url: format!("http://{control}").into(),
        id: "acme-1".into(),
        token: None,
        ca_file: None,
        client_certificate: None,
        upload_decisions: true,
    });
    settings
}
