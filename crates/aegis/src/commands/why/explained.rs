//! What a policy says of a recorded call: whether it is the policy that decided, why, and what to change. Writes nothing.

use aegis_policy::difference::{Difference, Direction};
use aegis_policy::explain::{Explanation, Values};
use aegis_policy::remedy::{Obstacle, Remedy, Search};
use aegis_policy::{Intent, Outcome, Workbench};

use super::recorded::Line;
use super::together::together;
use crate::commands::policy::opened::Opened;

pub(super) struct Explained {
    /// Whether it is the policy that the log names.
    pub(super) is_version: bool,
    pub(super) again: Again,
    pub(super) way: Way,
}

/// The recorded call, decided by the policy at hand.
pub(super) enum Again {
    /// The same outcome by the same rules.
    Alike(Box<Explanation>),
    Otherwise(Box<Explanation>),
    /// Not decided, for this reason. The recorded rules are explained by their words.
    Unknown(String, Vec<aegis_policy::explain::Cause>),
}

/// What lets the call through.
pub(super) enum Way {
    /// Nothing needs to.
    Open,
    Change(Box<Change>),
    Obstacles(Vec<Obstacle>),
    /// It cannot be told without the whole call.
    Unknown,
}

pub(super) struct Change {
    pub(super) remedy: Remedy,
    /// By which the policy with the change differs from the one without.
    pub(super) difference: Difference,
}

impl Explained {
    pub(super) fn of(line: &Line, policy: &Opened) -> Self {
        let is_version = is_version(policy, line);
        let intent = match line.intent(&policy.bench) {
            Ok(intent) => intent,
            Err(why) => {
                return Self {
                    is_version,
                    again: Again::Unknown(format!("the log has a line {why}"), Vec::new()),
                    way: Way::Unknown,
                };
            }
        };
        let is_alike = line.is_decided_alike(&policy.bench, &intent);
        if !is_alike && !line.masked().is_empty() {
            let why = "the values of masked parameters are not known, and without them the call is decided otherwise";
            let causes = line.reasons();
            let causes = causes
                .iter()
                .map(|reason| policy.bench.cause(&intent, reason, Values::Shown));
            return Self {
                is_version,
                again: Again::Unknown(why.to_owned(), causes.collect()),
                way: Way::Unknown,
            };
        }
        let explanation = Box::new(policy.bench.explain(&intent, Values::Shown));
        let way = way(policy, &intent, explanation.decision.outcome);
        let again = if is_alike {
            Again::Alike(explanation)
        } else {
            Again::Otherwise(explanation)
        };
        Self {
            is_version,
            again,
            way,
        }
    }
}

impl Change {
    /// Calls that come to a milder outcome, the gravest first.
    pub(super) fn opens(&self) -> impl Iterator<Item = &aegis_policy::difference::Change> {
        let changes = self.loosened();
        changes.filter(|change| change.before.outcome != change.after.outcome)
    }

    /// How many calls keep their outcome and have less asked of them, such as fewer regions.
    pub(super) fn eased(&self) -> usize {
        let changes = self.loosened();
        let eased = changes.filter(|change| change.before.outcome == change.after.outcome);
        eased.map(|change| change.count).sum()
    }

    fn loosened(&self) -> impl Iterator<Item = &aegis_policy::difference::Change> {
        let changes = self.difference.changes.iter();
        changes.filter(|change| matches!(change.direction, Direction::Opened | Direction::Loosened))
    }
}

/// Records name the number and the beginning of the digest. The number of a directory is counted
/// anew by each process.
pub(super) fn is_version(policy: &Opened, line: &Line) -> bool {
    let recorded = line.policy_version.rsplit_once('-');
    let (number, digest) = recorded.unwrap_or_default();
    let is_number = policy.number().is_none_or(|own| own.to_string() == number);
    !digest.is_empty() && is_number && policy.digest().starts_with(digest)
}

fn way(policy: &Opened, intent: &Intent, outcome: Outcome) -> Way {
    if outcome.forwards() {
        return Way::Open;
    }
    let search = Search {
        bench: &policy.bench,
        data: policy.compiled.data(),
        mode: policy.mode,
        together: &|path| together(&policy.compiled, path),
    };
    match search.remedy(intent) {
        Ok(None) => Way::Open,
        Ok(Some(remedy)) => {
            let difference = difference(policy, &remedy.changed);
            Way::Change(Box::new(Change { remedy, difference }))
        }
        Err(obstacles) => Way::Obstacles(obstacles),
    }
}

/// Over the tests and the made-up calls of both: the change has boundaries of its own.
fn difference(policy: &Opened, changed: &Workbench) -> Difference {
    let mut inputs = policy.bench.inputs(&policy.suite);
    inputs.extend(changed.inputs(&policy.suite));
    Difference::between(policy.bench.snapshot(), changed.snapshot(), &inputs)
}
