//! OPA bundle archives as pure functions: build, sign, verify, limits; no I/O, no clock, no Rego.
//!
//! [`build`] makes an archive, [`open`] gives back what was put in or says what is wrong with it,
//! [`Bundle::follows`] says whether it may replace the one in force. What `build` makes, OPA loads;
//! what OPA loads, `open` may still refuse, since it asks for more: a signature by a configured key
//! under that key's algorithm, SHA-256 or better, the scope and time for which it was made, known
//! files only, and an archive within limits.

mod archive;
mod build;
mod error;
mod files;
mod json;
mod keys;
mod layout;
mod manifest;
mod open;
mod path;
mod roots;
mod token;

pub use archive::Limits;
pub use build::build;
pub use error::BundleError;
pub use keys::{Algorithm, KeyError, Signer, TrustedKey};
pub use layout::Layout;
pub use manifest::{Format, Manifest, Metadata, Region, Scope};
pub use open::{Active, Bundle, CLOCK_SKEW, Expected, Signature, Trust, claimed, open};

/// What a bundle carries, apart from its signature.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    pub manifest: Manifest,
    /// `data.json`; every entry lies under a root of the manifest.
    pub data: serde_json::Map<String, serde_json::Value>,
    /// Rego modules, `*.rego` in any directory.
    pub modules: Vec<File>,
    /// Policy tests, `tests/**/*.yaml`. OPA passes over them.
    pub tests: Vec<File>,
}

/// A text with its path in the archive: relative, `/` between the parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    pub path: String,
    pub text: String,
}
