//! Scratch.
#[path = "../e2e/connections.rs"]
mod connections;
#[path = "../e2e/drain.rs"]
mod drain;
#[path = "../e2e/failures.rs"]
mod failures;
#[path = "../e2e/forwarding.rs"]
mod forwarding;
#[path = "../e2e/http2.rs"]
mod http2;
#[path = "../e2e/leases.rs"]
mod leases;
#[path = "../e2e/streaming.rs"]
mod streaming;
#[path = "../e2e/tunnels.rs"]
mod tunnels;
#[path = "../e2e/upgrades.rs"]
mod upgrades;
