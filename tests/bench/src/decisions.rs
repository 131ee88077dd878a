//! How long a decision takes, evaluated and remembered: input building and the reading of the answer included, nothing else.

use std::hint::black_box;
use std::time::Instant;

use aegis_policy::{Decision, Intent, Snapshot};
use anyhow::{Result, bail};

use crate::policy::{self, Case};
use crate::statistics::{head, micros, percentile, row};

/// Decides `count` times, for whoever counts instructions.
pub(crate) const WORKER: &str = "decide";

/// All cases at all sizes in turn, several times over, so that whatever else the machine does
/// falls on all of them.
pub(crate) fn table() -> Result<String> {
    let mut subjects = Vec::new();
    let snapshots = SIZES
        .iter()
        .map(|&agents| policy::snapshot(agents).map(|snapshot| (agents, snapshot)))
        .collect::<Result<Vec<_>>>()?;
    let evaluated = Case::ALL.map(|case| (case, case.name().to_owned(), EVALUATE));
    let remembered = [Case::Allow, Case::Connect]
        .map(|case| (case, format!("{}, remembered", case.name()), DECIDE));
    for (case, name, ask) in evaluated.into_iter().chain(remembered) {
        for (agents, snapshot) in &snapshots {
            let intents = policy::intents(snapshot, *agents, case)?;
            subjects.push(Subject {
                name: name.clone(),
                ask,
                agents: *agents,
                snapshot,
                intents,
                nanos: Vec::new(),
            });
        }
    }
    for _ in 0..ROUNDS {
        for subject in &mut subjects {
            subject.measure();
        }
    }
    let mut table = head(&["decision", "agents", "P50 µs", "P99 µs", "minimum µs"]);
    for subject in &mut subjects {
        table += &subject.row();
    }
    Ok(table)
}

/// What callgrind counts: everything before the loop is the same for every `count`.
pub(crate) fn repeat(case: &str, count: usize) -> Result<()> {
    let snapshot = policy::snapshot(COUNTED_AGENTS)?;
    let intents = policy::intents(&snapshot, COUNTED_AGENTS, Case::named(case)?)?;
    for intent in intents.iter().cycle().take(count) {
        // A decision that gave up early would be counted as a cheap one.
        if let Some(fault) = snapshot.evaluate(black_box(intent)).fault {
            bail!("{fault}");
        }
    }
    Ok(())
}

/// One way to be answered.
type Ask = fn(&Snapshot, &Intent) -> Decision;
const EVALUATE: Ask = Snapshot::evaluate;
/// As the proxy does: from memory, since the same intents come again and again here.
const DECIDE: Ask = Snapshot::decide;

struct Subject<'a> {
    name: String,
    ask: Ask,
    agents: usize,
    snapshot: &'a Snapshot,
    intents: Vec<Intent>,
    nanos: Vec<u64>,
}

impl Subject<'_> {
    fn measure(&mut self) {
        for intent in self.intents.iter().take(WARM_UP) {
            black_box((self.ask)(self.snapshot, intent));
        }
        for intent in self.intents.iter().cycle().take(PER_ROUND) {
            let started = Instant::now();
            black_box((self.ask)(self.snapshot, black_box(intent)));
            let took = started.elapsed().as_nanos();
            self.nanos.push(u64::try_from(took).unwrap_or(u64::MAX));
        }
    }

    fn row(&mut self) -> String {
        self.nanos.sort_unstable();
        row(&[
            self.name.clone(),
            self.agents.to_string(),
            micros(percentile(&self.nanos, 50)),
            micros(percentile(&self.nanos, 99)),
            micros(percentile(&self.nanos, 0)),
        ])
    }
}

const SIZES: [usize; 3] = [100, 1_000, 10_000];
const ROUNDS: usize = 10;
const PER_ROUND: usize = 5_000;
const WARM_UP: usize = 100;
/// Fewer, because building a policy under valgrind takes fifty times as long.
const COUNTED_AGENTS: usize = 40;
