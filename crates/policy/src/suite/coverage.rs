//! Which parts of a policy some table test reaches: every grant, constraint and rule on data. It judges no test.

use std::collections::BTreeMap;

use super::Suite;
use crate::data::Constraints;
use crate::explain::{Explanation, KEYS, Place, Subject, Values, data_path};
use crate::{FileCoverage, Intent, Phase, Workbench};

/// What the tests reach of the policy data and of the users' modules.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// In the order of the data.
    pub points: Vec<Point>,
    /// Lines of the users' modules that the calls of the tests came by.
    pub modules: Vec<FileCoverage>,
}

/// One thing that the data says and that a test can reach.
#[derive(Clone, Debug)]
pub struct Point {
    pub kind: PointKind,
    /// From `aegis` on, such as `aegis.profiles.finance.tools.stripe-payments.charge.amount.max`.
    pub path: Vec<String>,
    pub place: Option<Place>,
    /// How many tests reach it.
    pub tests: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointKind {
    /// An action that a profile grants: reached by a call of it.
    Grant,
    /// A key of a constraint: reached where it decides, alone or with others.
    Constraint,
    /// What a profile says of a type of data: reached by a call with such data.
    Data,
}

impl Coverage {
    /// What no test reaches.
    pub fn missed(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(|point| point.tests == 0)
    }

    /// Of a hundred points. A policy without any is covered.
    pub fn percent(&self) -> usize {
        let reached = self.points.len() - self.missed().count();
        (reached * 100)
            .checked_div(self.points.len())
            .unwrap_or(100)
    }
}

impl Suite {
    /// Decides every call again, on the interpreter too, and keeps what it comes by. Slower than
    /// [`Self::run`], and for people only.
    pub fn coverage(&self, bench: &Workbench) -> Coverage {
        let mut points = Points::of(bench);
        let mut observer = bench.observer();
        for intent in self.intents(bench) {
            observer.observe(&intent);
            points.reach(bench, &intent);
        }
        Coverage {
            points: points.into_list(bench),
            modules: observer.coverage(),
        }
    }
}

/// By path.
struct Points(BTreeMap<Vec<String>, (PointKind, usize)>);

impl Points {
    fn of(bench: &Workbench) -> Self {
        let mut points = Self(BTreeMap::new());
        for (name, profile) in &bench.model.data.profiles {
            for kind in profile.data.keys() {
                points.add(PointKind::Data, &["profiles", name, "data", kind]);
            }
            for (tool, actions) in &profile.tools {
                for (action, constraints) in actions {
                    points.grant(&["profiles", name, "tools", tool, action], constraints);
                }
            }
            for (function, actions) in profile.operations(Phase::ProposedCall) {
                let grant = ["profiles", name, "proposed", "tools", function];
                for constraints in actions.values() {
                    points.grant(&grant, constraints);
                }
            }
        }
        points
    }

    /// An operation and each of its constraints.
    fn grant(&mut self, grant: &[&str], constraints: &Constraints) {
        self.add(PointKind::Grant, grant);
        for (parameter, constraint) in constraints {
            let keys = KEYS.into_iter();
            for key in keys.filter(|key| constraint.limit(key).is_some()) {
                let below = [grant, &[parameter.as_str(), key]].concat();
                self.add(PointKind::Constraint, &below);
            }
        }
    }

    fn add(&mut self, kind: PointKind, names: &[&str]) {
        self.0.insert(data_path(names), (kind, 0));
    }

    fn reach(&mut self, bench: &Workbench, intent: &Intent) {
        let Explanation {
            causes, suspended, ..
        } = bench.explain(intent, Values::Hidden);
        let mut paths = Subject::of(bench, intent).passed();
        paths.extend(causes.into_iter().chain(suspended).map(|cause| cause.path));
        paths.sort();
        paths.dedup();
        for path in paths {
            if let Some((_, tests)) = self.0.get_mut(&path) {
                *tests += 1;
            }
        }
    }

    fn into_list(self, bench: &Workbench) -> Vec<Point> {
        let points = self.0.into_iter().map(|(path, (kind, tests))| Point {
            kind,
            place: bench.place(&path),
            path,
            tests,
        });
        let mut points: Vec<Point> = points.collect();
        points.sort_by(|a, b| a.place.cmp(&b.place));
        points
    }
}
