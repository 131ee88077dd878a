//! A policy beside the data that it was built from: what tests, explanations and comparisons look into. It decides no traffic.

use std::fmt;

use aegis_document::{Problem, Problems};

use crate::explain::Place;
use crate::rego::{Observer, RegoReport};
use crate::sources::Model;
use crate::suite::Suite;
use crate::{Intent, Revision, Snapshot, Source, Sources};

/// A snapshot, and the data and modules as people wrote them. Where only decisions are needed,
/// keep the snapshot and let go of the rest, which may be large.
pub struct Workbench {
    pub(crate) snapshot: Snapshot,
    pub(crate) model: Model,
    pub(crate) modules: Vec<Source>,
}

/// A policy that is only looked into: everything but the self-test, which takes most of the time,
/// and for want of it never a policy that decides traffic. Its snapshot cannot be taken out.
#[derive(Debug)]
pub struct Untried(Workbench);

impl Workbench {
    /// As [`Snapshot::build`], which see.
    pub fn build(sources: &Sources, number: u64) -> Result<Self, Problems> {
        Self::build_as(sources, Revision::of(sources, number))
    }

    /// As [`Snapshot::build_as`].
    pub fn build_as(sources: &Sources, revision: Revision) -> Result<Self, Problems> {
        let built = Snapshot::build_with_model(sources, revision)?;
        Ok(Self::of(built, sources))
    }

    fn of((snapshot, model): (Snapshot, Model), sources: &Sources) -> Self {
        Self {
            snapshot,
            model,
            modules: sources.modules.clone(),
        }
    }

    /// Runs table tests and Rego tests; what failed, if anything did.
    pub fn test(&self, tables: &[Source], rego: &[Source]) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let tables = Suite::read(tables).map(|suite| suite.run(self).failures());
        let rego = self.rego_tests(rego).map(|report| report.failures());
        for told in [tables, rego] {
            problems.extend(told.unwrap_or_else(|unreadable| unreadable));
        }
        problems.into_result(())
    }

    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Runs the `test_…` rules of these files, and of the modules themselves, over the modules as
    /// they decide, or says why the files are no tests.
    pub fn rego_tests(&self, tests: &[Source]) -> Result<RegoReport, Problems> {
        self.snapshot.policy().rego_tests(&self.modules, tests)
    }

    pub(crate) fn observer(&self) -> Observer<'_> {
        self.snapshot.policy().observer()
    }

    pub(crate) fn finding_place(&self, rule: &str, intent: &Intent) -> Option<Place> {
        self.snapshot.policy().finding_place(rule, intent)
    }

    pub(crate) fn trouble(&self, intent: &Intent) -> Option<Problem> {
        self.snapshot.policy().trouble(intent)
    }

    /// What a proxy decides by.
    pub fn into_snapshot(self) -> Snapshot {
        self.snapshot
    }
}

impl Untried {
    /// Reads and compiles everything, or says all that is wrong.
    pub fn build(sources: &Sources) -> Result<Self, Problems> {
        let built = Snapshot::untried_with_model(sources, Revision::of(sources, 1))?;
        Ok(Self(Workbench::of(built, sources)))
    }

    pub fn bench(&self) -> &Workbench {
        &self.0
    }
}

impl fmt::Debug for Workbench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workbench")
            .field("snapshot", &self.snapshot)
            .finish_non_exhaustive()
    }
}
