//! Intent to decision: the vocabulary, the evaluators, the snapshot.
//!
//! Pure: no sockets, no files, no clock. Whoever calls hands in texts and gets a [`Snapshot`];
//! whoever has a snapshot hands in an [`Intent`] and gets a [`Decision`], always. Who writes policy
//! has a [`Workbench`]: a snapshot that can be tested, explained and compared.

mod action;
mod authority;
mod catalogue;
mod check;
mod compile;
mod data;
mod decision;
mod detectors;
pub mod difference;
pub mod explain;
mod facts;
mod hosts;
mod intent;
mod rego;
pub mod remedy;
pub mod selftest;
pub mod sensitive;
mod snapshot;
mod sources;
pub mod suite;
mod workbench;

pub use action::{Action, AnswerEffect, Effect, Mask, Numbers, redact};
pub use authority::{Authority, AuthorityError, Host};
pub use catalogue::{AmbiguousPath, Catalogue, Matched, Operation, Service, decoded_segments};
pub use check::{check_form, mistakes};
pub use data::{Mode, Protocol};
pub use decision::{
    AnswerRules, Decision, Fault, Obligations, Outcome, Reason, Redaction, RefuseAs, Unread, Would,
};
pub use intent::{
    Auth, Call, CallKind, Caller, Chain, DataFinding, Destination, Front, HttpPart, Intent,
    Parameters, Phase, Scheme, Truncation,
};
pub use rego::{Answers, Evaluator, FileCoverage, RegoReport, RegoResult, RegoVerdict};
pub use snapshot::{Comparison, Revision, Snapshot, TenantMode};
pub use sources::{Source, Sources};
pub use workbench::{Untried, Workbench};
