//! One binary, a module per promise: the real application over loopback, with real sockets.

// Failing loudly is what a test is for, its helpers included; the shipped crates keep these lints.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod a2a;
mod addresses;
mod answers;
mod approvals;
mod bundles;
mod clients;
mod connections;
mod detector;
mod detectors;
mod drain;
mod evidence;
mod failures;
mod faults;
mod finance;
mod floods;
mod forwarding;
mod gateway;
mod grpc;
mod http2;
mod identity;
mod install_page;
mod invariants;
mod leases;
mod malformed;
mod mcp;
mod memory;
mod names;
mod outcomes;
mod pages;
mod proposed;
mod protocols;
mod refusals;
mod regions;
mod reload;
mod sanitize;
mod shadow;
mod soak;
mod spans;
mod stalls;
mod streaming;
mod tokens;
mod tunnels;
mod unfinished;
mod upgrades;
mod websocket;

/// One agent that may send plain HTTP to one host.
const PLAIN: &str = r#"
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: plain}
profiles:
  plain:
    hosts: [up.test]
    tools: {http: {"*": {}}}
"#;
