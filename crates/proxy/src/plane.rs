//! The parts of a data plane, each made from its own settings, and named in one place. It has no logic.

use std::sync::Arc;

use aegis_config::Limits;

use crate::activation::Activation;
use crate::approvals::Approvals;
use crate::ca::Ca;
use crate::chain::Chains;
use crate::control::Link;
use crate::describe::Describer;
use crate::drain::Drain;
use crate::exchange::Exchange;
use crate::gate::Gate;
use crate::gateway::Services;
use crate::identity::Identities;
use crate::listener::Admission;
use crate::record::Evidence;
use crate::route::Router;
use crate::tools::Tools;

/// Shared by all connections.
#[derive(Debug)]
pub(crate) struct Plane {
    pub(crate) limits: Limits,
    pub(crate) admission: Admission,
    pub(crate) ca: Arc<Ca>,
    pub(crate) identities: Identities,
    pub(crate) chains: Chains,
    /// Behind the gateway.
    pub(crate) services: Services,
    pub(crate) activation: Arc<Activation>,
    /// To the control plane, if there is one.
    pub(crate) link: Option<Arc<Link>>,
    pub(crate) approvals: Arc<Approvals>,
    /// As MCP servers have listed them.
    pub(crate) tools: Arc<Tools>,
    pub(crate) describer: Describer,
    pub(crate) gate: Gate,
    pub(crate) router: Router,
    pub(crate) exchange: Exchange,
    pub(crate) evidence: Arc<Evidence>,
    pub(crate) drain: Drain,
}
