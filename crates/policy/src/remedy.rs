//! The smallest change of a policy that lets a refused call through, tried on a copy before it is told. It writes no files and changes no policy in force.

mod edit;
mod propose;

use aegis_document::Problems;
use serde_json::{Map, Value as Json};

use crate::explain::Values;
use crate::{Decision, Intent, Mode, Reason, Source, Sources, Workbench};

pub use edit::{Alteration, Edit};
use propose::propose;

/// Where a change is looked for.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    pub bench: &'a Workbench,
    /// What the bench was built from, with the key `aegis`.
    pub data: &'a Map<String, Json>,
    pub mode: Mode,
    /// Every path of the data whose author would change it together with this one, itself among
    /// them: where several parts of the data come from one text, an edit of the text is in all.
    pub together: &'a dyn Fn(&[String]) -> Vec<Vec<String>>,
}

/// A change under which the call is forwarded. Without any of its edits it is not.
#[derive(Debug)]
pub struct Remedy {
    pub edits: Vec<Edit>,
    /// What the changed policy decides of the call.
    pub decision: Decision,
    /// The policy with the edits, to be compared with the one without.
    pub changed: Workbench,
}

/// A reason that no small change takes away, and what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    pub reason: Reason,
    pub advice: String,
}

impl Search<'_> {
    /// The edits that let this call through, decided again under them; or what stands in the way.
    ///
    /// A call that is forwarded needs none, and has no obstacle either.
    pub fn remedy(&self, intent: &Intent) -> Result<Option<Remedy>, Vec<Obstacle>> {
        let mut edits = Vec::new();
        let mut changed = None;
        for _ in 0..ROUNDS {
            let bench = changed.as_ref().unwrap_or(self.bench);
            let intent = intent.under(bench.snapshot().catalogue());
            let explanation = bench.explain(&intent, Values::Shown);
            if explanation.decision.outcome.forwards() {
                return Ok(changed.map(|changed| self.smallest(&intent, edits, changed)));
            }
            let mut obstacles = Vec::new();
            let before = edits.len();
            for cause in &explanation.causes {
                match propose(cause, &intent, bench) {
                    Ok(proposed) => {
                        let new = proposed.into_iter().filter(|edit| !edits.contains(edit));
                        edits.extend(new.collect::<Vec<_>>());
                    }
                    Err(advice) => obstacles.push(Obstacle {
                        reason: cause.reason.clone(),
                        advice,
                    }),
                }
            }
            if !obstacles.is_empty() {
                return Err(obstacles);
            }
            let stuck = |advice: String| {
                let reasons = explanation.causes.iter().map(|cause| &cause.reason);
                let obstacle = |reason: &Reason| Obstacle {
                    reason: reason.clone(),
                    advice: advice.clone(),
                };
                reasons.map(obstacle).collect::<Vec<_>>()
            };
            if edits.len() == before {
                return Err(stuck(
                    "the policy data has nothing to change for it".to_owned(),
                ));
            }
            changed = Some(self.build(&edits).map_err(|problems| {
                // Their places are those of the copy, which nobody has written.
                let messages = problems.iter().map(|problem| problem.message.as_str());
                let messages: Vec<&str> = messages.collect();
                stuck(format!(
                    "with the change the policy would be refused: {}",
                    messages.join("; ")
                ))
            })?);
        }
        // Whatever comes after so many edits is no small change.
        Err(Vec::new())
    }

    /// Leaves out what the call does not need: granting a tool, for one, opens its hosts too.
    fn smallest(&self, intent: &Intent, mut edits: Vec<Edit>, mut changed: Workbench) -> Remedy {
        let mut at = 0;
        while at < edits.len() {
            let mut fewer = edits.clone();
            fewer.remove(at);
            match self.build(&fewer) {
                Ok(bench) if decide(&bench, intent).outcome.forwards() => {
                    edits = fewer;
                    changed = bench;
                }
                _ => at += 1,
            }
        }
        Remedy {
            decision: decide(&changed, intent),
            edits,
            changed,
        }
    }

    /// The policy with these edits.
    fn build(&self, edits: &[Edit]) -> Result<Workbench, Problems> {
        let mut data = self.data.clone();
        for edit in edits {
            for path in (self.together)(&edit.path) {
                edit.alteration.apply(&mut data, &path);
            }
        }
        let sources = Sources {
            modules: self.bench.modules.clone(),
            data: vec![Source {
                file: "data.json".to_owned(),
                text: Json::Object(data).to_string(),
            }],
            mode: self.mode,
        };
        Workbench::build(&sources, self.bench.snapshot().revision().number)
    }
}

impl std::fmt::Debug for Search<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

fn decide(bench: &Workbench, intent: &Intent) -> Decision {
    let snapshot = bench.snapshot();
    snapshot.evaluate(&intent.under(snapshot.catalogue()))
}

/// What denies a call is told before what needs an approval, and a grant before its constraints.
const ROUNDS: usize = 8;
