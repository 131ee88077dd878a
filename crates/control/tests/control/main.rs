//! The promises of the control plane, kept by the real thing over loopback with a compiler that only knows words.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests: to fail loudly is their job, and a helper tells its caller on its output"
)]

mod accounts;
mod bundles;
mod client;
mod compiler;
mod crash;
mod document;
mod keys;
mod limits;
mod logs;
mod plane;
mod postgres;
mod publications;
mod renewal;
mod retention;
mod rollouts;
mod rotation;
mod schema;
