//! One binary, a module per promise: the real application over loopback, with real sockets.

mod addresses;
mod approvals;
mod clients;
mod connections;
mod evidence;
mod failures;
mod faults;
mod finance;
mod floods;
mod forwarding;
mod identity;
mod invariants;
mod malformed;
mod names;
mod outcomes;
mod pages;
mod protocols;
mod refusals;
mod regions;
mod reload;
mod sanitize;
mod shadow;
mod spans;
mod streaming;
mod tunnels;
