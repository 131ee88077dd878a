//! Why a decision came about: for each reason the place in the policy that it comes from. It decides by asking the snapshot, never by itself.

mod held;
mod trace;

use serde_json::Value as Json;

use crate::{Decision, Intent, Reason, Workbench};
pub(crate) use trace::{KEYS, Subject, path as data_path};

/// A decision with where each of its reasons is written.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub decision: Decision,
    /// One for each reason, in the same order.
    pub causes: Vec<Cause>,
    /// Reasons of what it would be without shadow that are not among the reasons of what it is.
    pub suspended: Vec<Cause>,
    /// What the call is known to have passed. A decision names the strongest findings only: whether
    /// a weaker one was there as well nobody can tell, so such a check is not among these.
    pub held: Vec<Held>,
}

/// One reason.
#[derive(Clone, Debug)]
pub struct Cause {
    pub reason: Reason,
    /// In the policy data, from `aegis` on. Empty for a finding of a module and for a fault.
    pub path: Vec<String>,
    /// Of the data, or of the module's rule where it can be told.
    pub place: Option<Place>,
    /// What the call had there; only where values are to be shown.
    pub value: Option<Json>,
    /// What the policy says there.
    pub limit: Option<Json>,
}

/// One check that held.
#[derive(Clone, Debug)]
pub struct Held {
    /// `agent`, `host`, `region`, `tool`, `parameter` or `data`.
    pub check: &'static str,
    pub path: Vec<String>,
    pub place: Option<Place>,
}

/// Line and column count from 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

/// Whether an explanation repeats what the call held. It may be what nobody should read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    Hidden,
    Shown,
}

impl Workbench {
    /// Where a reason comes from that somebody else has recorded of this call. Decides nothing.
    pub fn cause(&self, intent: &Intent, reason: &Reason, values: Values) -> Cause {
        let mut cause = Subject::of(self, intent).cause(reason);
        cause.value = cause.value.filter(|_| values == Values::Shown);
        cause
    }

    /// Decides the call afresh and says why.
    pub fn explain(&self, intent: &Intent, values: Values) -> Explanation {
        let decision = self.snapshot.evaluate(intent);
        let subject = Subject::of(self, intent);
        let cause = |reason: &Reason| {
            let mut cause = subject.cause(reason);
            cause.value = cause.value.filter(|_| values == Values::Shown);
            cause
        };
        let causes: Vec<Cause> = decision.reasons.iter().map(cause).collect();
        let would = decision.would.iter().flat_map(|would| &would.reasons);
        let suspended = would.filter(|reason| !decision.reasons.contains(reason));
        let suspended: Vec<Cause> = suspended.map(cause).collect();
        let failed = |held: &Held| {
            let causes = causes.iter().chain(&suspended);
            let mut paths = causes.map(|cause| &cause.path);
            paths.any(|path| !path.is_empty() && held.path.starts_with(path))
        };
        let mut held = subject.held(&decision);
        held.retain(|held| !failed(held));
        Explanation {
            decision,
            causes,
            suspended,
            held,
        }
    }
}
