//! Everything that one end-to-end run needs: files, ports, the upstream, the floor, Envoy where it is installed, and the real proxy.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::floor::{self, Ports};
use crate::process::{Core, Process};
use crate::{envoy, policy, tls, upstream};

pub(crate) struct Stage {
    pub(crate) upstream: Ports,
    pub(crate) floor: Measured,
    pub(crate) envoy: Option<Measured>,
    pub(crate) aegis: Measured,
    directory: TempDir,
    _upstream: Process,
}

/// A proxy, and where it listens.
pub(crate) struct Measured {
    pub(crate) process: Process,
    pub(crate) port: u16,
}

impl Stage {
    pub(crate) fn set() -> Result<Self> {
        let directory = TempDir::new()?;
        let path = directory.path();
        tls::write(path)?;
        let ports = [
            free_port()?,
            free_port()?,
            free_port()?,
            free_port()?,
            free_port()?,
        ];
        let peer = free_port()?;
        let [plain, encrypted, floor, forward, admin] = ports;
        let text = |port: u16| port.to_string();
        let bench = std::env::current_exe()?;
        let shown = path.to_string_lossy();
        let upstream = [upstream::WORKER, &text(plain), &text(encrypted), &shown];
        let upstream = Process::start(Core::Surroundings, &bench, &upstream)?;
        let arguments = [
            floor::WORKER,
            &text(floor),
            &text(plain),
            &text(encrypted),
            &shown,
        ];
        let floor = Measured {
            process: Process::start(Core::Measured, &bench, &arguments)?,
            port: floor,
        };
        let envoy = envoy::start(path, peer, plain)?;
        let envoy = envoy.map(|process| Measured {
            process,
            port: peer,
        });
        let settings = settings(path, forward, admin)?;
        let arguments = ["proxy", "--config", &settings.to_string_lossy()];
        let aegis = Measured {
            process: Process::start(Core::Measured, &bench.with_file_name("aegis"), &arguments)?,
            port: forward,
        };
        let peers = envoy.iter().map(|envoy| envoy.port);
        for port in ports.into_iter().chain(peers) {
            wait("a listener", || answers(port, "").is_ok())?;
        }
        // Without a policy it listens already, and denies.
        wait("the policy", || {
            answers(admin, "/readyz").is_ok_and(|answer| answer.contains(" 200 "))
        })?;
        let upstream_ports = Ports {
            plain,
            tls: encrypted,
        };
        Ok(Self {
            upstream: upstream_ports,
            floor,
            envoy,
            aegis,
            directory,
            _upstream: upstream,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The authority that signs what Aegis shows inside a tunnel.
    pub(crate) fn interception_ca(&self) -> PathBuf {
        self.path().join("data/ca.pem")
    }
}

/// A way that is compared with others.
pub(crate) trait Compared {
    fn name(&self) -> &str;

    fn measure(&mut self) -> impl Future<Output = Result<()>>;
}

/// Round by round, so that what the machine does meanwhile meets all of them.
pub(crate) fn in_turn(rows: &mut [impl Compared], rounds: usize) -> Result<Runtime> {
    Core::Surroundings.enter()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for _ in 0..rounds {
        for row in &mut *rows {
            let measured = runtime.block_on(row.measure());
            measured.with_context(|| row.name().to_owned())?;
        }
    }
    Ok(runtime)
}

/// Every control on: credentials, policy, data loss prevention, the audit log.
fn settings(directory: &Path, forward: u16, admin: u16) -> Result<PathBuf> {
    let policies = directory.join("policies");
    fs::create_dir(&policies)?;
    fs::write(policies.join("policy.yaml"), policy::text(AGENTS)?)?;
    fs::write(policies.join("model.yaml"), MODEL)?;
    let file = directory.join("aegis.yaml");
    let (agent, host) = (policy::agent_name(0), policy::host_name(0));
    let credentials = [&*agent, MODEL_AGENT, SEARCHED_AGENT].map(|agent| {
        let digest = digest(agent);
        format!("    - {{id: {agent}, tenant: acme, agent: {agent}, secret_sha256: {digest}}}")
    });
    let credentials = credentials.join("\n");
    let text = format!(
        "region: eu-central-1
data_dir: data
listen: {{forward: '127.0.0.1:{forward}', admin: '127.0.0.1:{admin}'}}
identity:
  credentials:
{credentials}
policy: {{directory: policies}}
upstream: {{ca_file: {}, allow_addresses: [127.0.0.0/8], hosts: {{{host}: [127.0.0.1], {MODEL_HOST}: [127.0.0.1]}}}}
",
        tls::CA
    );
    fs::write(&file, text)?;
    Ok(file)
}

pub(crate) fn credential(agent: &str) -> String {
    let pair = format!("{agent}:{}", secret(agent));
    format!("Basic {}", STANDARD.encode(pair))
}

/// No two credentials have one secret: the proxy would not start.
fn secret(agent: &str) -> String {
    format!("correct horse of {agent}")
}

fn digest(agent: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, secret(agent).as_bytes());
    hex::encode(digest)
}

pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// The answer to a `GET`; without a path, only whether somebody listens.
fn answers(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let mut answer = String::new();
    if !path.is_empty() {
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )?;
        stream.read_to_string(&mut answer)?;
    }
    Ok(answer)
}

fn wait(what: &str, mut is_there: impl FnMut() -> bool) -> Result<()> {
    let patience = Instant::now() + PATIENCE;
    while !is_there() {
        if Instant::now() > patience {
            bail!("{what} did not come");
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// A language model, and the agents that may ask it.
pub(crate) const MODEL_HOST: &str = "llm.bench.test";
pub(crate) const MODEL_AGENT: &str = "streaming";
/// One whose answers are searched for data.
pub(crate) const SEARCHED_AGENT: &str = "searched";

const MODEL: &str = "
aegis:
  agents:
    streaming: {tenant: acme, profile: streaming}
    searched: {tenant: acme, profile: searched}
  profiles:
    streaming:
      tools: {model: {chat: {}}}
      data: {pii: sanitize, pci: deny, secret: deny}
      proposed: {tools: {get_weather: {city: {required: true}}}}
    searched:
      tools: {model: {chat: {}}}
      data: {pii: sanitize, pci: deny, secret: deny}
      answers: {pii: sanitize, pci: sanitize, secret: deny}
      proposed: {tools: {get_weather: {city: {required: true}}}}
  catalogue:
    model: {hosts: [llm.bench.test], protocol: openai, provider: bench, regions: [eu-central-1]}
";

const AGENTS: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(30);
