//! A new snapshot answers made-up calls on both evaluators before it may decide. It reaches no network.

mod generator;
mod values;

use aegis_document::{Problem, Problems};

use crate::data::AegisData;
use crate::snapshot::Snapshot;
use crate::sources::Model;
use crate::{Fault, Intent, Sources};
use generator::Generator;

/// `count` calls, derived from the data of these sources so that each of the four outcomes is
/// likely. The same seed gives the same calls.
pub fn intents(sources: &Sources, seed: u64, count: usize) -> Result<Vec<Intent>, Problems> {
    let model = Model::read(&sources.data)?;
    let mut generator = Generator::new(&model.data, seed);
    Ok((0..count).filter_map(|_| generator.intent()).collect())
}

/// The boundaries of the constraints, and some calls at random: machine and interpreter must agree.
pub(crate) fn run(snapshot: &Snapshot, data: &AegisData) -> Result<(), Problems> {
    let mut generator = Generator::new(data, SEED);
    let boundaries = generator.boundaries(BOUNDARIES);
    let mut comparison = snapshot
        .comparison()
        .map_err(|fault| failed(&fault.to_string(), None))?;
    let mut late = 0;
    // Made one at a time: all of them would take more memory than the policy.
    for call in boundaries.map(Some).chain((0..RANDOM).map(|_| None)) {
        let intent = match call {
            Some(boundary) => generator.at_edge(boundary),
            None => generator.intent(),
        };
        let Some(intent) = &intent else { continue };
        match comparison.agree(intent) {
            Ok(false) => return Err(failed("the two evaluators disagree", Some(intent))),
            // A busy machine can be late once; a module that often is would deny most calls.
            Err(Fault::Deadline) if late < LATE => late += 1,
            // What a users' module makes of a made-up call is its own affair: the fault denies.
            Ok(true) | Err(Fault::Evaluation | Fault::WrongType | Fault::Conflict) => {}
            Err(fault) => return Err(failed(&fault.to_string(), Some(intent))),
        }
    }
    Ok(())
}

fn failed(what: &str, intent: Option<&Intent>) -> Problems {
    let call = intent.map_or_else(String::new, |intent| {
        format!(
            " on a made-up call of agent `{}` to `{}`/`{}`",
            intent.caller.agent, intent.call.tool, intent.call.action
        )
    });
    Problem {
        file: "self-test".to_owned(),
        line: 1,
        column: 1,
        message: format!("{what}{call}; the policy is not activated"),
        hint: None,
    }
    .into()
}

const SEED: u64 = 0x00ae_9150;

/// At most this many boundaries; of more, an even choice.
const BOUNDARIES: usize = 2_000;

const RANDOM: usize = 300;

/// Calls that may miss the deadline.
const LATE: usize = 3;
