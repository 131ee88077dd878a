//! What another policy would change: the same calls decided by both, grouped for a reviewer. It judges neither policy.

mod modules;
mod verdict;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use crate::selftest;
use crate::suite::Suite;
use crate::{Fault, Intent, Outcome, Snapshot, Workbench};

pub use verdict::{Direction, Verdict};

/// Every change between two policies that the calls show.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What opens first: in the order of [`Direction`], the most frequent first.
    pub changes: Vec<Change>,
    /// What may open a call that is not among them, in words: modules that are not the same.
    pub may_open: Vec<String>,
    /// How many calls both have decided.
    pub calls: usize,
}

/// Calls of one agent to one action that change in the same way. Where their outcome changes, whatever
/// types of data are in them: there are hundreds, and the verdicts name those of all.
#[derive(Clone, Debug)]
pub struct Change {
    pub direction: Direction,
    pub tenant: Arc<str>,
    pub agent: Arc<str>,
    pub tool: Arc<str>,
    pub action: Arc<str>,
    pub before: Verdict,
    pub after: Verdict,
    /// How many calls change so, of how many of this agent to this action.
    pub count: usize,
    pub calls: usize,
    /// The first of them.
    pub example: Intent,
}

impl Difference {
    /// As [`Self::between`], and what no call shows.
    pub fn of(old: &Workbench, new: &Workbench, intents: &[Intent]) -> Self {
        Self {
            may_open: modules::may_open(old, new),
            ..Self::between(old.snapshot(), new.snapshot(), intents)
        }
    }

    /// Decides every call by both. Each catalogue says for itself where a destination is.
    pub fn between(old: &Snapshot, new: &Snapshot, intents: &[Intent]) -> Self {
        let mut calls: HashMap<Operation, usize> = HashMap::new();
        let mut changes: BTreeMap<(Operation, Verdict, Verdict), Gathered<'_>> = BTreeMap::new();
        let (before, after) = verdicts(old, new, intents);
        for (intent, (before, after)) in intents.iter().zip(before.into_iter().zip(after)) {
            let operation = Operation::of(intent);
            *calls.entry(operation.clone()).or_default() += 1;
            if before != after {
                let (from, to) = alike(&before, &after);
                let change = changes.entry((operation, from, to));
                change
                    .and_modify(|gathered| gathered.add(&before, &after))
                    .or_insert(Gathered {
                        before,
                        after,
                        count: 1,
                        example: intent,
                    });
            }
        }
        let changes = changes
            .into_iter()
            .map(|((operation, ..), gathered)| Change {
                direction: Direction::between(&gathered.before, &gathered.after),
                calls: calls.get(&operation).copied().unwrap_or_default(),
                tenant: operation.tenant,
                agent: operation.agent,
                tool: operation.tool,
                action: operation.action,
                before: gathered.before,
                after: gathered.after,
                count: gathered.count,
                example: gathered.example.clone(),
            });
        let mut changes: Vec<Change> = changes.collect();
        changes.sort_by_key(|change| (change.direction, std::cmp::Reverse(change.count)));
        Self {
            changes,
            may_open: Vec::new(),
            calls: intents.len(),
        }
    }

    /// Whether some call that was denied is now allowed, or may be.
    pub fn opened(&self) -> bool {
        !self.may_open.is_empty() || self.any(|direction| direction == Direction::Opened)
    }

    /// Whether some call meets less resistance in any way; `opened` is one of them.
    pub fn loosened(&self) -> bool {
        self.opened() || self.any(|direction| direction == Direction::Loosened)
    }

    fn any(&self, is: impl Fn(Direction) -> bool) -> bool {
        self.changes.iter().any(|change| is(change.direction))
    }
}

impl Workbench {
    /// Calls to compare this policy with another by: those of its table tests, each boundary of its
    /// constraints, and some made up. Always the same ones; the other policy has its own.
    pub fn inputs(&self, suite: &Suite) -> Vec<Intent> {
        let mut intents = suite.intents(self);
        intents.extend(selftest::of_model(&self.model, SEED, MADE_UP));
        intents
    }
}

/// Each policy on a thread of its own: a thread keeps what it asks with, and what it has been
/// answered, for one policy at a time.
fn verdicts(old: &Snapshot, new: &Snapshot, intents: &[Intent]) -> (Vec<Verdict>, Vec<Verdict>) {
    let all = |policy| {
        let each = intents.iter().map(|intent| verdict(policy, intent));
        each.collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let before = scope.spawn(|| all(old));
        let after = all(new);
        match before.join() {
            Ok(before) => (before, after),
            Err(panic) => resume_unwind(panic),
        }
    })
}

/// Who calls what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Operation {
    tenant: Arc<str>,
    agent: Arc<str>,
    tool: Arc<str>,
    action: Arc<str>,
}

impl Operation {
    fn of(intent: &Intent) -> Self {
        Self {
            tenant: Arc::clone(&intent.caller.tenant),
            agent: Arc::clone(&intent.caller.agent),
            tool: Arc::clone(&intent.call.tool),
            action: Arc::clone(&intent.call.action),
        }
    }
}

/// Calls that are told together.
struct Gathered<'a> {
    before: Verdict,
    after: Verdict,
    count: usize,
    /// The first.
    example: &'a Intent,
}

impl Gathered<'_> {
    fn add(&mut self, before: &Verdict, after: &Verdict) {
        self.before.also(before);
        self.after.also(after);
        self.count += 1;
    }
}

/// What calls must have in common to be told together. Where the outcome stays, the types of data may be
/// all that changes; of what is still denied, only the rules that come or go count.
fn alike(before: &Verdict, after: &Verdict) -> (Verdict, Verdict) {
    match (before.outcome, after.outcome) {
        (Outcome::Deny, Outcome::Deny) => (before.beside(after), after.beside(before)),
        (one, other) if one == other => (before.clone(), after.clone()),
        _ => (before.whatever_data(), after.whatever_data()),
    }
}

fn verdict(policy: &Snapshot, intent: &Intent) -> Verdict {
    let intent = intent.under(policy.catalogue());
    let mut decision = policy.decide(&intent);
    // A busy machine can be late; that says nothing of what the policy would have decided.
    for _ in 0..TRIES {
        if decision.fault != Some(Fault::Deadline) {
            break;
        }
        decision = policy.evaluate(&intent);
    }
    Verdict::of(&decision, &intent)
}

const SEED: u64 = 0x00d1_ff00;

/// Of a call whose decision came too late.
const TRIES: usize = 2;

/// Beside the boundaries.
const MADE_UP: usize = 1_000;
