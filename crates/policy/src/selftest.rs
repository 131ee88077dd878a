//! A new snapshot answers made-up calls on both evaluators before it may decide. It reaches no network.

mod boundaries;
mod generator;
mod values;

use aegis_document::{Problem, Problems};

use crate::data::AegisData;
use crate::snapshot::{Comparison, Snapshot};
use crate::sources::Model;
use crate::{Evaluator, Fault, Intent, Sources};
use boundaries::Target;
use generator::Generator;

/// `count` calls, derived from the data of these sources so that each of the four outcomes is
/// likely. The same seed gives the same calls.
pub fn intents(sources: &Sources, seed: u64, count: usize) -> Result<Vec<Intent>, Problems> {
    let model = Model::read(&sources.data)?;
    let mut generator = Generator::new(&model.data, seed);
    Ok((0..count).filter_map(|_| generator.intent()).collect())
}

/// The boundaries of the constraints of every operation, and `count` calls at random.
pub(crate) fn of_model(model: &Model, seed: u64, count: usize) -> Vec<Intent> {
    let operations = boundaries::operations(&model.data);
    edges_and_random(&model.data, operations, (seed, count)).collect()
}

/// Made one at a time: all of them would take more memory than a large policy.
fn edges_and_random<'a>(
    data: &'a AegisData,
    operations: impl Iterator<Item = Target<'a>>,
    (seed, count): (u64, usize),
) -> impl Iterator<Item = Intent> {
    let mut generator = Generator::new(data, seed);
    let edges = boundaries::boundaries(operations, BOUNDARIES).map(Some);
    let calls = edges.chain((0..count).map(|_| None));
    calls.filter_map(move |edge| match edge {
        Some(edge) => generator.at_edge(edge),
        None => generator.intent(),
    })
}

/// Calls at the boundaries and at random: machine and interpreter must agree. Users' modules on
/// which they do not go to the interpreter; where they differ on the library there is no policy.
pub(crate) fn run(snapshot: &mut Snapshot, data: &AegisData) -> Result<(), Problems> {
    if snapshot.modules() == Some(Evaluator::Machine)
        && let Some(intent) = difference(snapshot, data)?
    {
        snapshot.distrust_machine(&format!("another finding{}", on(&intent)));
    }
    let mut comparison = compare(snapshot)?;
    let (mut late, mut asked, mut failures, mut first) = (0, 0, 0, None);
    for intent in made_up(data) {
        asked += 1;
        match comparison.agree(&intent) {
            Ok(false) => return Err(failed("the two evaluators disagree", Some(&intent))),
            // A busy machine can be late once; a module that often is would deny most calls.
            Err(Fault::Deadline) if late < LATE => late += 1,
            // What a users' module makes of a made-up call is its own affair: the fault denies.
            Err(Fault::Evaluation | Fault::WrongType | Fault::Conflict) => {
                failures += 1;
                first.get_or_insert(intent);
            }
            Ok(true) => {}
            Err(fault) => return Err(failed(&fault.to_string(), Some(&intent))),
        }
    }
    drop(comparison);
    let trouble = first.and_then(|first| trouble(snapshot, &first, (failures, asked)));
    snapshot.troubled_by(trouble);
    Ok(())
}

/// Of the first call on which users' modules failed, and of how many they did.
fn trouble(
    snapshot: &Snapshot,
    first: &Intent,
    (failures, asked): (usize, usize),
) -> Option<Problem> {
    let trouble = snapshot.policy().trouble(first)?;
    let message = trouble.message;
    let message = format!(
        "{message}{}; {failures} of {asked} such calls are denied by that",
        on(first)
    );
    Some(Problem { message, ..trouble })
}

/// The first made-up call in which users' modules find something else on the interpreter.
fn difference(snapshot: &Snapshot, data: &AegisData) -> Result<Option<Intent>, Problems> {
    let mut comparison = compare(snapshot)?;
    Ok(made_up(data).find(|intent| !comparison.users_agree(intent)))
}

fn compare(snapshot: &Snapshot) -> Result<Comparison<'_>, Problems> {
    let comparison = snapshot.comparison();
    comparison.map_err(|fault| failed(&fault.to_string(), None))
}

fn made_up(data: &AegisData) -> impl Iterator<Item = Intent> {
    let operations = boundaries::different_operations(data);
    edges_and_random(data, operations, (SEED, RANDOM))
}

fn failed(what: &str, intent: Option<&Intent>) -> Problems {
    let call = intent.map_or_else(String::new, on);
    Problem {
        file: "self-test".to_owned(),
        line: 1,
        column: 1,
        message: format!("{what}{call}; the policy is not activated"),
        hint: None,
    }
    .into()
}

fn on(intent: &Intent) -> String {
    format!(
        " on a made-up call of agent `{}` to `{}`/`{}`",
        intent.caller.agent, intent.call.tool, intent.call.action
    )
}

const SEED: u64 = 0x00ae_9150;

/// At most this many boundaries; of more, an even choice.
const BOUNDARIES: usize = 2_000;

const RANDOM: usize = 500;

/// Calls that may miss the deadline.
const LATE: usize = 3;
