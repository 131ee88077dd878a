//! Fake agents, fake upstreams and a test CA over real loopback sockets; never part of what ships.
//!
//! A fake that cannot do its part panics, and a panic inside a fake server fails the test that
//! started it. Whatever waits gives up after [`PATIENCE`] and says what it waited for.

// Failing loudly is what a test kit is for; the shipped crates keep these lints.
#![allow(clippy::expect_used, clippy::panic)]

mod answer;
mod app;
mod bundle;
mod client;
mod controlled;
mod gateway;
mod otlp;
mod payload;
mod port;
mod raw;
mod received;
mod server;
mod tls;
mod upstream;
mod websocket;

pub use answer::Answer;
pub use app::{Aegis, AegisBuilder};
pub use bundle::{Draft, Publisher};
pub use client::{ProxyClient, Reply, Session};
pub use gateway::{bearer, header_key};
pub use otlp::{OtlpReceiver, Span};
pub use payload::{Feed, Payload};
pub use port::fixed_port;
pub use raw::{RawClient, RawResponse};
pub use received::Received;
pub use tls::{Certificate, TestCa, Validity};
pub use upstream::{Upstream, UpstreamBuilder};
pub use websocket::{Frame, Sockets, WebSocket};

use std::time::Duration;

/// How long a test waits for anything. Only a hang ever takes this long: it is no measure of speed,
/// and generous because tests share two cores with a compiler.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Waits for `future`, or fails the test saying `what` did not happen.
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    let Ok(value) = tokio::time::timeout(PATIENCE, future).await else {
        panic!("{what} did not happen within {} s", PATIENCE.as_secs());
    };
    value
}

/// Waits until `condition` holds, or fails the test saying `what` did not happen.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    within(what, holds).await;
}

const LOOK_AGAIN: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
