//! Starts a data plane and stops it. Names the parts and joins their tasks; has no logic of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aegis_client::SetupError;
use aegis_config::Settings;
use aegis_dlp::Scanner;
use aegis_policy::{Front, TenantMode};
use aegis_telemetry::audit::{Log, LogSettings};
use aegis_telemetry::metrics::Metrics;
use aegis_telemetry::trace::{Tracer, TracerError};
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::activation::{self, Activation};
use crate::approvals::Approvals;
use crate::budget::Budget;
use crate::ca::{Ca, CaError};
use crate::chain::Chains;
use crate::control::Link;
use crate::describe::Describer;
use crate::detector::{Detector, DetectorError};
use crate::dialogues::Dialogues;
use crate::drain::Drain;
use crate::exchange::Exchange;
use crate::forward_tls::{self, ForwardTlsError};
use crate::gate::Gate;
use crate::gateway::{ServiceError, Services};
use crate::identity::Identities;
use crate::key_file::KeyFileError;
use crate::listener::Admission;
use crate::plane::Plane;
use crate::policy_source::PolicySource;
use crate::pool::Pool;
use crate::pseudonyms::Pseudonyms;
use crate::record::Evidence;
use crate::roots::RootsError;
use crate::route::Router;
use crate::tools::{Tools, ToolsError};
use crate::upstream::Dialer;
use crate::{admin, listener};

/// A data plane that runs.
pub struct App {
    plane: Arc<Plane>,
    forward: SocketAddr,
    gateway: Option<SocketAddr>,
    admin: SocketAddr,
    accepting: Vec<JoinHandle<()>>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the rules for sensitive data cannot be used: {0}")]
    Scanner(#[from] aegis_dlp::BuildError),
    #[error("{0}")]
    Listen(io::Error),
    #[error("`audit.file`: cannot open the audit log {}: {source}", file.display())]
    Audit { file: PathBuf, source: io::Error },
    #[error("interception CA: {0}")]
    Ca(#[from] CaError),
    #[error("key of the chain of agents: {0}")]
    Chain(#[source] KeyFileError),
    #[error("key of hashes: {0}")]
    HashKey(#[source] KeyFileError),
    #[error("telemetry: {0}")]
    Tracer(#[from] TracerError),
    #[error(transparent)]
    Roots(#[from] RootsError),
    #[error("the resolver cannot be set up: {0}")]
    Resolver(String),
    #[error("control plane: {0}")]
    Control(#[from] SetupError),
    #[error("TLS on the agents' ports: {0}")]
    ForwardTls(#[from] ForwardTlsError),
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error("detector of sensitive data: {0}")]
    Detector(#[from] DetectorError),
    #[error("definitions of MCP tools: {0}")]
    Tools(#[from] ToolsError),
}

impl App {
    /// Binds the ports and begins to serve. The policy is loaded before this returns; if it is not
    /// good, everything is denied until a better one appears.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let forward = listener::bind(settings.listen.forward)
            .await
            .map_err(StartError::Listen)?;
        let admin = listener::bind(settings.listen.admin)
            .await
            .map_err(StartError::Listen)?;
        let gateway = match &settings.gateway {
            Some(gateway) => Some(
                listener::bind(gateway.address)
                    .await
                    .map_err(StartError::Listen)?,
            ),
            None => None,
        };
        let gateway_address = gateway.as_ref().map(TcpListener::local_addr).transpose();
        let gateway_address = gateway_address.map_err(StartError::Listen)?;
        let forward_address = forward.local_addr().map_err(StartError::Listen)?;
        let admin_address = admin.local_addr().map_err(StartError::Listen)?;
        let plane = Arc::new(plane(&settings)?);
        let mut ports = vec![(
            Front::Forward,
            forward,
            tls(&settings, forward_address, &plane.ca, &["http/1.1"])?,
        )];
        if let Some((gateway, address)) = gateway.zip(gateway_address) {
            let tls = tls(&settings, address, &plane.ca, &["h2", "http/1.1"])?;
            ports.push((Front::Gateway, gateway, tls));
        }
        let source = PolicySource::new(&settings);
        let fetched = source.fetched();
        source.start(&plane.activation, &plane.drain).await;
        if let Some(link) = &plane.link {
            link.start(&settings, fetched, &plane.activation, &plane.drain);
        }
        tokio::spawn(Pool::sweep_regularly(Arc::downgrade(
            &plane.exchange.dialer.pool,
        )));
        tokio::spawn(Tools::keep(Arc::downgrade(&plane.tools)));
        tokio::spawn(admin::serve(Arc::clone(&plane), admin));
        let accepting = ports.into_iter().map(|(front, port, tls)| {
            tokio::spawn(listener::accept(Arc::clone(&plane), front, port, tls))
        });
        let accepting = accepting.collect();
        Ok(Self {
            plane,
            forward: forward_address,
            gateway: gateway_address,
            admin: admin_address,
            accepting,
        })
    }

    pub fn forward_address(&self) -> SocketAddr {
        self.forward
    }

    /// `None` where no gateway is configured.
    pub fn gateway_address(&self) -> Option<SocketAddr> {
        self.gateway
    }

    pub fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// The audit lines of this data plane from now on, for the first who asks: others may have the
    /// same file.
    pub fn follow_audit(&self) -> UnboundedReceiver<Vec<u8>> {
        self.plane.evidence.log.follow()
    }

    /// The interception CA's certificate, for clients' trust stores.
    pub fn ca_pem(&self) -> &str {
        self.plane.ca.certificate_pem()
    }

    /// Each tenant's mode in one line; `None` while there is no policy.
    pub fn modes(&self) -> Option<String> {
        self.plane
            .activation
            .current()
            .map(|policy| activation::modes_in_words(&policy))
    }

    /// Each tenant's mode; `None` while there is no policy.
    pub fn tenant_modes(&self) -> Option<BTreeMap<String, TenantMode>> {
        self.plane
            .activation
            .current()
            .map(|policy| policy.modes().clone())
    }

    /// Whether every call is refused because no caller can prove anything, and policy lets none in
    /// that does not.
    pub fn knows_nobody(&self) -> bool {
        let anonymous = self.plane.identities.only_anonymous();
        let policy = self.plane.activation.current();
        anonymous
            .zip(policy)
            .is_some_and(|(anonymous, policy)| !policy.knows(anonymous))
    }

    /// Why the policy directory's present state is not in force, if it is not.
    pub fn policy_error(&self) -> Option<String> {
        self.plane.activation.status().last_error
    }

    /// Drains: no new connections, open work may finish within the grace period, the rest is cut.
    /// Returns how much was cut.
    pub async fn stop(mut self) -> u64 {
        let cut = self.plane.drain.run(self.plane.limits.drain_grace).await;
        for port in self.accepting.drain(..) {
            let _ = port.await;
        }
        tracing::info!(cut, "drained");
        self.close_the_books(cut).await;
        cut
    }

    /// The last line, and everything on its way to where it is kept.
    async fn close_the_books(&self, cut: u64) {
        let evidence = &self.plane.evidence;
        let drained = serde_json::json!({
            "schema_version": 1, "event": "drained",
            "time": aegis_telemetry::audit::now(), "cut": cut,
        });
        if evidence.log.append(&drained).await.is_err() {
            tracing::error!("the audit log did not take the last line");
        }
        self.plane.tools.close().await;
        if let Some(link) = &self.plane.link {
            link.flush(FLUSH_TIME).await;
        }
        evidence.tracer.shutdown(FLUSH_TIME).await;
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("forward", &self.forward)
            .finish_non_exhaustive()
    }
}

fn plane(settings: &Settings) -> Result<Plane, StartError> {
    let drain = Drain::default();
    let evidence = Arc::new(evidence(settings, drain.clone())?);
    let activation = Arc::new(Activation::new(Arc::clone(&evidence.metrics)));
    let approvals = Arc::new(Approvals::default());
    let ca = Arc::new(Ca::load_or_create(&settings.data_dir)?);
    let tools = Arc::new(Tools::open(&settings.data_dir)?);
    let upstream = &settings.upstream;
    let pool = Arc::new(Pool::new(upstream.idle_timeout, upstream.idle_per_host));
    Ok(Plane {
        ca,
        admission: Admission::new(settings.limits.connections),
        chains: Chains::new(settings).map_err(StartError::Chain)?,
        identities: Identities::new(&settings.identity.credentials),
        services: Services::new(settings.gateway.as_ref())?,
        gate: Gate::new(
            Arc::clone(&activation),
            Arc::clone(&approvals),
            Pseudonyms::new(settings).map_err(StartError::HashKey)?,
            drain.clone(),
        ),
        activation,
        link: Link::new(settings)?,
        approvals,
        tools: Arc::clone(&tools),
        describer: Describer {
            dialogues: Dialogues::default(),
            scanner: Scanner::standard()?,
            detector: Detector::new(settings, &evidence.metrics)?,
            tools,
            region: Arc::clone(&evidence.region),
            body_limit: settings.limits.inspected_body_bytes,
            body_time: settings.limits.body_timeout,
            budget: Budget::new(settings.limits.inspected_body_bytes),
        },
        router: Router::new(upstream).map_err(StartError::Resolver)?,
        exchange: Exchange {
            dialer: Dialer::new(upstream, pool)?,
            response_time: upstream.response_timeout,
        },
        evidence,
        drain,
        limits: settings.limits.clone(),
    })
}

/// How a port that speaks this greets its clients, if it speaks TLS.
fn tls(
    settings: &Settings,
    address: SocketAddr,
    ca: &Arc<Ca>,
    alpn: &[&str],
) -> Result<Option<TlsAcceptor>, ForwardTlsError> {
    let tls = settings.listen.tls.as_ref();
    tls.map(|tls| forward_tls::acceptor(tls, address.ip(), ca, alpn))
        .transpose()
}

fn evidence(settings: &Settings, drain: Drain) -> Result<Evidence, StartError> {
    let log = LogSettings {
        file: settings.audit.file.clone(),
        sync: settings.audit.sync,
    };
    let log = Log::open(log).map_err(|source| StartError::Audit {
        file: settings.audit.file.clone(),
        source,
    })?;
    let metrics = Arc::new(Metrics::new(&log));
    let endpoint = settings.telemetry.otlp_endpoint.as_deref();
    let tracer = Tracer::new(endpoint, &settings.region)?;
    Ok(Evidence {
        log,
        metrics,
        tracer,
        region: Arc::clone(&settings.region),
        drain,
    })
}

const FLUSH_TIME: Duration = Duration::from_secs(3);
