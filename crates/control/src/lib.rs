//! The control plane: takes policy sources, makes signed bundles of them, and serves those to data planes.
//!
//! A change, from the request to the data planes: `routes` lets the caller in, `publications` reads
//! the request, `publish` checks and compiles, `issue` numbers, signs and stores, `board` shows it,
//! `bundles` serves it to whoever waits. `keeper` issues again what grows old. It knows nothing of
//! the data plane's code, and neither YAML nor Rego: whoever starts it hands a [`Compiler`] in.

mod app;
mod audit;
mod board;
mod body;
mod bundles;
mod compile;
mod compiler;
mod error;
mod issue;
mod keeper;
mod keys;
mod listener;
mod logs;
mod meta;
mod openapi;
mod operations;
mod parameters;
mod plane;
mod principals;
mod publications;
mod publish;
mod retention;
mod rollout;
mod routes;
mod settings;
mod sources;
mod status;
mod store;
mod tls;

pub use app::{Control, StartError, openapi};
pub use compiler::{Compiled, Compiler, Package};
pub use keys::KeyFileError;
pub use settings::{
    Database, Limits, Listen, Principal, Proof, Role, Settings, SettingsError, SigningKey, Tenants,
    Tls,
};
pub use store::StoreError;
pub use tls::TlsError;
