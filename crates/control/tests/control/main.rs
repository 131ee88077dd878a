//! The promises of the control plane, kept by the real thing over loopback with a compiler that only knows words.

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
mod rollouts;
mod schema;
