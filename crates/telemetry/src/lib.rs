//! Evidence: the audit log, metrics and spans of what the line decided and did; decides nothing itself.
//!
//! Knows no other crate of the workspace: callers hand in plain words and numbers. The formats are
//! described in `docs/evidence.md`.

pub mod audit;
pub mod metrics;
pub mod shadow;
pub mod trace;
