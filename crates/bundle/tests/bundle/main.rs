//! What a bundle promises, through the public API; the faults are made here, not found in the wild.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: to fail loudly is their job"
)]

mod archives;
mod bundles;
mod keys;
mod manifests;
mod opa;
mod properties;
mod signatures;
mod tokens;
mod tools;
