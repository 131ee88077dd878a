//! The data plane: one request, socket to upstream, as a straight line of stations.
//!
//! In the order of the line: `listener`, `session`, `request`, `identity`, `describe`, `gate`,
//! `route`, `upstream`, `exchange`, `relay` or `tunnel`, `record`. `line` walks it.

mod activation;
mod address;
mod admin;
mod answer;
mod app;
mod approvals;
mod body;
mod budget;
mod ca;
mod chain;
mod clock;
mod control;
mod describe;
mod detector;
mod dialogues;
mod drain;
mod exchange;
mod forward_tls;
mod gate;
mod gateway;
mod grpc;
mod hygiene;
mod identity;
mod install_page;
mod key_file;
mod lease;
mod line;
mod listener;
mod masking;
mod plane;
mod policy_source;
mod pool;
mod prefixed;
mod pseudonyms;
mod record;
mod refusal;
mod relay;
mod request;
mod roots;
mod route;
mod session;
mod sha256;
mod socket;
mod streams;
mod tools;
mod tunnel;
mod upstream;
mod websocket;
mod whole_file;
mod wire;

pub use app::{App, StartError};
pub use ca::{Ca, CaError};
pub use forward_tls::ForwardTlsError;
pub use gateway::ServiceError;
pub use key_file::KeyFileError;
pub use policy_source::{mode_of, policy_texts, read_policy_bundle, read_policy_directory};
pub use roots::RootsError;
pub use tools::{SeenTool, ToolsError, accept_tool, forget_tools, seen_tools};
