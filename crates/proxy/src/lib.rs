//! The data plane: one request, socket to upstream, as a straight line of stations.
//!
//! In the order of the line: `listener`, `session`, `request`, `identity`, `describe`, `gate`,
//! `route`, `upstream`, `exchange`, `relay` or `tunnel`, `record`. `line` walks it.

mod activation;
mod address;
mod admin;
mod app;
mod approvals;
mod body;
mod budget;
mod ca;
mod describe;
mod drain;
mod exchange;
mod forward_tls;
mod gate;
mod hygiene;
mod identity;
mod lease;
mod line;
mod listener;
mod masking;
mod plane;
mod policy_directory;
mod pool;
mod prefixed;
mod record;
mod refusal;
mod relay;
mod request;
mod roots;
mod route;
mod session;
mod socket;
mod tunnel;
mod upstream;
mod wire;

pub use app::{App, StartError, mode_of};
pub use ca::{Ca, CaError};
pub use forward_tls::ForwardTlsError;
pub use policy_directory::read as read_policy_directory;
pub use roots::RootsError;
