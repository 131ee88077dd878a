//! What a data plane does and says when the control plane, or its own disk, does not do what it asks.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use aegis_config::{BundleSettings, ControlSettings, PolicySource as Named};
use aegis_telemetry::audit::{Log, LogSettings};
use aegis_telemetry::metrics::Metrics;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
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
        longer_and_longer(&one, Duration::ZERO);
        longer_and_longer(&other, Duration::ZERO);
        assert_ne!(one, other, "{status}");
    }
}

/// As of one that is frozen: it takes the question, and its connection stays open.
#[tokio::test(start_paused = true)]
async fn whoever_gets_no_answer_gives_up_in_time_and_asks_again_later_and_later() {
    let silence = Duration::from_secs(65);
    longer_and_longer(&pauses(None).await, silence);
}

/// Each pause, after what was waited for an answer, by the backoff with its jitter.
fn longer_and_longer(pauses: &[Duration], silence: Duration) {
    let mut least = SHORTEST_PAUSE;
    for pause in pauses {
        // Timers are exact to a millisecond.
        let most = silence + 2 * least + Duration::from_millis(4);
        assert!((silence + least..=most).contains(pause), "{pauses:?}");
        least = (2 * least).min(LONGEST_PAUSE);
    }
}

/// A full disk is no trouble of the control plane's, whose next answer must not hide it.
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
    link.note(Ok(())).unwrap();
    let told = link.status().upload_error.unwrap();
    assert!(
        told.contains("the audit log cannot be read for sending"),
        "{told}"
    );
    fs::remove_dir(&memo).unwrap();
    upload::send_rest(&link).await;
    let status = link.status();
    assert_eq!(status.upload_error, None);
    assert!(status.last_error.unwrap().contains("503"));
    assert_eq!(status.unconfirmed_bytes, Some(3));
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
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
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

/// The part of a data plane that asks for bundles.
fn start(directory: &Path, control: SocketAddr, drain: &Drain) {
    let settings = settings(directory, control);
    let link = Link::new(&settings).unwrap().unwrap();
    let log = LogSettings {
        file: directory.join("audit.jsonl"),
        sync: false,
    };
    let metrics = Metrics::new(&Log::open(log).unwrap());
    let activation = Arc::new(Activation::new(Arc::new(metrics)));
    let reader = PolicySource::new(&settings).fetched().unwrap();
    tokio::spawn(download::follow(link, reader, activation, drain.clone()));
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
