//! The words that the control plane and its callers exchange, version 1: types and path names. No I/O, no judgement.
//!
//! What is sent to the control plane refuses fields that it does not know, except the status report,
//! whose shape is OPA's. What the control plane answers may gain fields within a version.

mod audit;
mod keys;
pub mod paths;
mod problem;
mod publication;
mod status;

pub use audit::{AuditPage, AuditRecord, LogReceipt, RefusedAccess, RefusedAccesses};
pub use keys::{Jwk, JwkSet};
pub use problem::{Latest, Mistake, Problem};
pub use publication::{
    Action, BundleRecord, Change, Diff, Promotion, Publication, PublicationDetail, PublicationList,
    Publish, Rollback, Rollout, SourceFile, Stage,
};
pub use status::{BundleStatus, DataPlane, Overview, ScopeStatus, Served, StatusReport};

/// The version in every path.
pub const VERSION: &str = "v1";

/// Tells instances apart that share one principal: 1 to 128 of the characters `A-Z a-z 0-9 . _ -`.
pub const DATA_PLANE_HEADER: &str = "aegis-data-plane";

/// Names a batch of audit lines, in the same characters; the same batch sent again is stored once.
pub const BATCH_HEADER: &str = "aegis-batch";

/// What OPA takes as the promise of long polling.
pub const BUNDLE_TYPE: &str = "application/vnd.openpolicyagent.bundles";

/// RFC 9457.
pub const PROBLEM_TYPE: &str = "application/problem+json";
