//! What everything in a control plane shares. Has no logic.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::compiler::Compiler;
use crate::keys::Keys;
use crate::principals::Principals;
use crate::settings::Limits;
use crate::store::Store;

pub(crate) struct Plane {
    pub(crate) store: Store,
    pub(crate) board: Board,
    pub(crate) keys: Keys,
    pub(crate) principals: Principals,
    pub(crate) compiler: Arc<dyn Compiler>,
    pub(crate) bundle_lifetime: Duration,
    /// Without it audit lines are kept for ever.
    pub(crate) audit_keep: Option<Duration>,
    pub(crate) limits: Limits,
    /// Whoever publishes, promotes, rolls back or renews: one at a time, so that nobody compiles
    /// what another has outdated. Between processes the database decides.
    pub(crate) writing: Mutex<()>,
    pub(crate) stopping: CancellationToken,
}

impl fmt::Debug for Plane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plane").finish_non_exhaustive()
    }
}
