//! From a publication to data planes that wait for it: the real control plane, and simulated data planes that only fetch.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use aegis_api::{PublicationDetail, Publish, Rollout, SourceFile, paths};
use aegis_client::{Access, Client, Fetched};
use aegis_testkit::Publisher;
use anyhow::{Context as _, Result, bail};
use ring::digest::{SHA256, digest};
use tempfile::TempDir;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{sleep, timeout};

use crate::policy;
use crate::process::Process;
use crate::stage::free_port;
use crate::statistics::{head, percentile, row};

pub(crate) const PLANES: usize = 1_000;

/// A data plane has a whole new bundle.
struct Received {
    etag: String,
    at: Instant,
}

/// Nanoseconds of all data planes and publications.
#[derive(Default)]
struct Times {
    from_start: Vec<u64>,
    from_answer: Vec<u64>,
    publishing: Vec<u64>,
}

pub(crate) fn table(planes: usize) -> Result<String> {
    let directory = TempDir::new()?;
    let port = free_port()?;
    let config = settings(directory.path(), port, planes)?;
    let arguments = [
        "control",
        "--log-level",
        "error",
        "--config",
        &config.to_string_lossy(),
    ];
    let aegis = std::env::current_exe()?.with_file_name("aegis");
    let _control = Process::start_anywhere(&aegis, &arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let times = runtime.block_on(measure(&format!("http://127.0.0.1:{port}"), planes))?;
    Ok(times.table(planes))
}

async fn measure(url: &str, planes: usize) -> Result<Times> {
    let publisher = client(url, "publisher")?;
    ready(&publisher).await?;
    // Everybody waits for the second one: a bundle must be there to wait for another.
    publish(&publisher, 0).await?;
    let (sender, mut received) = channel(planes);
    for number in 0..planes {
        tokio::spawn(follow(
            client(url, &plane(number))?,
            plane(number),
            sender.clone(),
        ));
    }
    everybody(&mut received, planes).await?;
    let mut times = Times::default();
    for base in 1..=PUBLICATIONS {
        // So that all of them wait again.
        sleep(Duration::from_secs(1)).await;
        let start = Instant::now();
        let (answered, arrived) = tokio::join!(
            async {
                publish(&publisher, base).await?;
                anyhow::Ok(Instant::now())
            },
            everybody(&mut received, planes),
        );
        let answered = answered?;
        times.publishing.push(nanos(start, answered));
        for at in arrived? {
            times.from_start.push(nanos(start, at));
            times.from_answer.push(nanos(answered, at));
        }
    }
    Ok(times)
}

/// One message of each, all about the same bundle.
async fn everybody(received: &mut Receiver<Received>, planes: usize) -> Result<Vec<Instant>> {
    let mut arrived = Vec::with_capacity(planes);
    let mut etags = HashSet::new();
    while arrived.len() < planes {
        let next = timeout(PATIENCE, received.recv()).await;
        let Received { etag, at } = next
            .with_context(|| format!("only {} data planes have it", arrived.len()))?
            .context("the data planes are gone")?;
        etags.insert(etag);
        arrived.push(at);
    }
    if etags.len() != 1 {
        bail!("the data planes have {} different bundles", etags.len());
    }
    Ok(arrived)
}

/// As a data plane does it, without using what it gets.
async fn follow(client: Client, id: String, sender: Sender<Received>) {
    let mut known: Option<String> = None;
    loop {
        match client.bundle(SCOPE, &id, known.as_deref(), WAIT).await {
            Ok(Fetched::Unchanged) => {}
            Ok(Fetched::New { etag, .. }) => {
                let at = Instant::now();
                let etag = etag.unwrap_or_default();
                known = Some(etag.clone());
                if sender.send(Received { etag, at }).await.is_err() {
                    return;
                }
            }
            // The round ends without it, which is told.
            Err(_) => return,
        }
    }
}

async fn ready(publisher: &Client) -> Result<()> {
    let path = paths::PUBLICATIONS;
    for _ in 0..100 {
        if publisher.get::<serde_json::Value>(path).await.is_ok() {
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    bail!("the control plane does not start")
}

async fn publish(publisher: &Client, base: u64) -> Result<()> {
    // Another limit each time, so that it is another bundle.
    let text = policy::text(AGENTS)?.replace("max: 100000", &format!("max: {}", 100_000 - base));
    let publish = Publish {
        base,
        reason: "measured".to_owned(),
        files: vec![SourceFile {
            path: "policy.yaml".to_owned(),
            text,
        }],
        rollout: Rollout::All,
    };
    let _: PublicationDetail = publisher.post(paths::PUBLICATIONS, &publish).await?;
    Ok(())
}

fn client(url: &str, name: &str) -> Result<Client> {
    let access = Access {
        url: url.to_owned(),
        token: Some(token(name)),
        ..Access::default()
    };
    Ok(Client::new(&access)?)
}

fn settings(directory: &Path, port: u16, planes: usize) -> Result<std::path::PathBuf> {
    let key = directory.join("key.pem");
    fs::write(&key, Publisher::new().private_pem())?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    let mut text = format!(
        "listen: {{address: '127.0.0.1:{port}'}}
signing: {{keys: [{{id: key, algorithm: EdDSA, file: key.pem}}]}}
publishers: [{{name: publisher, token_sha256: {}}}]
data_planes:
",
        sha256(&token("publisher"))
    );
    for number in 0..planes {
        let name = plane(number);
        let hash = sha256(&token(&name));
        writeln!(
            text,
            "  - {{name: {name}, tenants: [acme], region: eu-central-1, token_sha256: {hash}}}"
        )?;
    }
    let file = directory.join("control.yaml");
    fs::write(&file, text)?;
    Ok(file)
}

impl Times {
    fn table(mut self, planes: usize) -> String {
        let mut table = format!(
            "{planes} data planes, {PUBLICATIONS} publications of a policy for {AGENTS} agents\n\n"
        );
        table += &head(&[
            "until a data plane has the whole bundle",
            "P50 ms",
            "P99 ms",
            "max ms",
        ]);
        for (name, times) in [
            (
                "from the start of the publish request",
                &mut self.from_start,
            ),
            ("from its answer", &mut self.from_answer),
            ("the publish request itself", &mut self.publishing),
        ] {
            times.sort_unstable();
            let millis = |percent| (percentile(times, percent) / 1_000_000).to_string();
            table += &row(&[name.to_owned(), millis(50), millis(99), millis(100)]);
        }
        table
    }
}

fn plane(number: usize) -> String {
    format!("plane-{number}")
}

fn token(name: &str) -> String {
    format!("token-of-{name}")
}

fn sha256(text: &str) -> String {
    hex::encode(digest(&SHA256, text.as_bytes()))
}

/// Zero where the second came first: some have the bundle before the publisher has its answer.
fn nanos(from: Instant, to: Instant) -> u64 {
    let nanos = to.saturating_duration_since(from).as_nanos();
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

const SCOPE: &str = "acme@eu-central-1";
const AGENTS: usize = 100;
const PUBLICATIONS: u64 = 20;
const WAIT: Duration = Duration::from_secs(50);
const PATIENCE: Duration = Duration::from_mins(1);
