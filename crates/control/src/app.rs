//! Starts a control plane and stops it. Names the parts and joins their tasks; has no logic of its own.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::board::Board;
use crate::compiler::Compiler;
use crate::keys::{KeyFileError, Keys};
use crate::plane::Plane;
use crate::principals::Principals;
use crate::settings::{Settings, SettingsError};
use crate::store::{Store, StoreError};
use crate::tls::{Follower, TlsError};
use crate::{keeper, listener, retention, routes};

/// A control plane that runs.
pub struct Control {
    plane: Arc<Plane>,
    address: SocketAddr,
    tasks: TaskTracker,
}

#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("signing keys: {0}")]
    Keys(#[from] KeyFileError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
    #[error("cannot listen on {address}: {error}")]
    Listen {
        address: SocketAddr,
        error: io::Error,
    },
}

impl Control {
    /// Binds the port and begins to serve. What was in force before is served again when this returns.
    pub async fn start(
        settings: Settings,
        compiler: Arc<dyn Compiler>,
    ) -> Result<Self, StartError> {
        settings.check()?;
        let tls = settings.listen.tls.as_ref();
        let tls = tls.map(Follower::start).transpose()?;
        let keys = Keys::load(&settings.keys, settings.key_overlap)?;
        let address = settings.listen.address;
        let unbound = |error| StartError::Listen { address, error };
        let listener = TcpListener::bind(address).await.map_err(unbound)?;
        let address = listener.local_addr().map_err(unbound)?;
        let principals = Principals::new(settings.principals);
        let plane = Arc::new(Plane {
            store: Store::open(&settings.database).await?,
            board: Board::new(principals.scopes()),
            keys,
            principals,
            compiler,
            bundle_lifetime: settings.bundle_lifetime,
            audit_keep: settings.audit_keep,
            limits: settings.limits,
            writing: Mutex::new(()),
            stopping: CancellationToken::new(),
        });
        plane.board.refresh(&plane.store).await?;
        keeper::renew(&plane).await;
        let tasks = TaskTracker::new();
        let router = routes::router(&plane);
        let current = tls.as_ref().map(Follower::current);
        let accepting =
            listener::accept(Arc::clone(&plane), listener, current, router, tasks.clone());
        tasks.spawn(accepting);
        tasks.spawn(keeper::keep(Arc::clone(&plane)));
        tasks.spawn(retention::enforce(Arc::clone(&plane)));
        if let Some(tls) = tls {
            tasks.spawn(tls.follow(plane.stopping.clone()));
        }
        Ok(Self {
            plane,
            address,
            tasks,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// No new connections; whoever waits for a bundle gets its answer now, and what has begun may
    /// end within the grace period.
    pub async fn stop(self) {
        self.plane.stopping.cancel();
        self.tasks.close();
        let grace = self.plane.limits.drain_grace;
        let drained = tokio::time::timeout(grace, self.tasks.wait()).await;
        let closed = tokio::time::timeout(CLOSING_TIME, self.plane.store.close()).await;
        let (drained, closed) = (drained.is_ok(), closed.is_ok());
        tracing::info!(drained, closed, "stopped");
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// The document that `/openapi.json` serves.
pub fn openapi() -> serde_json::Value {
    crate::openapi::document()
}

const CLOSING_TIME: Duration = Duration::from_secs(5);
