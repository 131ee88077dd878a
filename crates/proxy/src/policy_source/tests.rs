//! A clock that jumps: what is in force follows it, and nothing is lost for good by a clock that was wrong.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use aegis_bundle::{Contents, Format, Manifest, Metadata, Region, Scope, build};
use aegis_config::BundleSettings;
use aegis_telemetry::audit::{Log, LogSettings};
use aegis_telemetry::metrics::Metrics;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::activation::ActivationStatus;

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_ahead_ends_a_bundle_and_one_that_is_put_right_brings_it_back() {
    let stage = Stage::new();
    assert_eq!(stage.offer(1).await, Some(Offered::Settled));
    stage.jump(25);
    stage.until(|status| status.expired).await;
    assert!(stage.activation.current().is_none());

    stage.jump(-25);
    stage.until(|status| !status.expired).await;
    let revision = stage.activation.current().unwrap().revision().number;
    assert_eq!(revision, 1);
    assert_eq!(stage.activation.status().last_error, None);
}

#[tokio::test(start_paused = true)]
async fn a_newer_bundle_that_comes_while_the_clock_is_wrong_is_the_one_that_counts() {
    let stage = Stage::new();
    stage.offer(1).await;
    let next = stage.bundle(2);
    stage.jump(25);
    stage.until(|status| status.expired).await;
    // It is over, too, by this clock, and may be good the next time.
    assert_eq!(stage.offer_these(&next).await, Some(Offered::Again));
    let code = stage.activation.status().last_error_code;
    assert_eq!(code, Some("bundle.expired"));

    stage.jump(-25);
    assert_eq!(stage.offer_these(&next).await, Some(Offered::Settled));
    stage.until(|status| !status.expired).await;
    assert_eq!(stage.activation.current().unwrap().revision().number, 2);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_back_ends_nothing_and_makes_the_next_bundle_wait() {
    let stage = Stage::new();
    stage.offer(1).await;
    let next = stage.bundle(2);
    stage.jump(-2);
    for _ in 0..2 {
        assert_eq!(stage.offer_these(&next).await, Some(Offered::Again));
        let code = stage.activation.status().last_error_code;
        assert_eq!(code, Some("bundle.not_yet_valid"));
        assert_eq!(stage.activation.current().unwrap().revision().number, 1);
    }
    stage.jump(2);
    assert_eq!(stage.offer_these(&next).await, Some(Offered::Settled));
    assert_eq!(stage.activation.current().unwrap().revision().number, 2);
}

struct Stage {
    reader: Arc<BundleReader>,
    activation: Arc<Activation>,
    now: Arc<Mutex<Timestamp>>,
    drain: Drain,
    _directory: TempDir,
}

impl Stage {
    /// Whoever takes bundles out of force in time is at work.
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let now = Arc::new(Mutex::new("2026-11-21T10:00:00Z".parse().unwrap()));
        let told = Arc::clone(&now);
        let clock = Clock::of(move || *told.lock().unwrap_or_else(PoisonError::into_inner));
        let settings = Settings::for_directory(directory.path().to_owned(), "eu-central-1");
        let bundle = BundleSettings {
            file: None,
            tenants: ["acme".to_owned()].into(),
            keys: None,
        };
        let reader = BundleReader::new(&bundle, &settings, Mode::Enforce, clock);
        let stage = Self {
            reader: Arc::new(reader),
            activation: Arc::new(activation(directory.path())),
            now,
            drain: Drain::default(),
            _directory: directory,
        };
        let (reader, activation) = (Arc::clone(&stage.reader), Arc::clone(&stage.activation));
        tokio::spawn(expiry::follow(reader, activation, stage.drain.clone()));
        stage
    }

    fn jump(&self, hours: i64) {
        let mut now = self.now.lock().unwrap();
        *now += SignedDuration::from_hours(hours);
    }

    /// Issued now, and good for a day.
    fn bundle(&self, number: u64) -> Vec<u8> {
        let now = *self.now.lock().unwrap();
        let data = json!({"aegis": {"tenants": {"acme": {}}, "agents": {}, "profiles": {}}});
        let contents = Contents {
            manifest: Manifest {
                revision: format!("test-{number}"),
                roots: vec![String::new()],
                aegis: Metadata {
                    format: Format::V1,
                    number,
                    issued_at: now,
                    expires_at: Some(now + 24.hours()),
                    scope: Scope {
                        tenants: ["acme".to_owned()].into(),
                        region: Region::from("eu-central-1".to_owned()),
                    },
                    rollback_from: None,
                },
            },
            data: data.as_object().unwrap().clone(),
            modules: Vec::new(),
            tests: Vec::new(),
        };
        build(&contents, None).unwrap()
    }

    async fn offer(&self, number: u64) -> Option<Offered> {
        self.offer_these(&self.bundle(number)).await
    }

    async fn offer_these(&self, archive: &[u8]) -> Option<Offered> {
        let (reader, activation) = (Arc::clone(&self.reader), Arc::clone(&self.activation));
        let archive = archive.to_owned();
        blocking(move || reader.offer(&archive, &activation)).await
    }

    async fn until(&self, reached: impl Fn(&ActivationStatus) -> bool) {
        let mut reports = self.activation.reports();
        while !reached(&self.activation.status()) {
            reports.changed().await.unwrap();
        }
    }
}

fn activation(directory: &Path) -> Activation {
    let log = LogSettings {
        file: directory.join("audit.jsonl"),
        sync: false,
    };
    let log = Log::open(log).unwrap();
    Activation::new(Arc::new(Metrics::new(&log)))
}
