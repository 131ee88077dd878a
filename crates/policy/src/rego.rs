//! The Rego evaluators: the bytecode machine, and the interpreter. Only this module names regorus.
//!
//! The machine is fast and not a complete Rego, so only the shipped library, which tests have
//! cleared, runs on it, and users' modules that `lint::clear` has cleared; never with strict builtin
//! errors: there an error makes a rule vanish. Whatever else users write runs on the interpreter,
//! where an error is an error. Users' modules are a program of their own on either.

mod answer;
mod contract;
mod deadline;
mod evaluators;
mod extension;
mod form;
mod input;
mod library;
mod lint;
mod machines;
mod oracle;
mod question;
mod shelf;
mod suite;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aegis_document::Problems;
use serde_json::Value as Json;

use regorus::languages::rego::compiler::{Compiler, CompilerError};
use regorus::rvm::program::Program;
use regorus::rvm::vm::{RegoVM, VmError};
use regorus::unstable::{
    AssignOp, BUILTINS, BoolOp, Expr, Import, Literal, LiteralStmt, Module, Query, Ref, Rule,
    RuleHead, Span,
};
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::value::{Array, Object};
use regorus::{Engine, Value};

use crate::data::AegisData;
use crate::facts::{Facts, Preparation, Preparations};
use crate::sources::{Model, Source};
use crate::{Decision, Fault, Intent, Phase};
use deadline::{Deadline, deadline};
use evaluators::Evaluators;
pub(crate) use extension::Extension;
pub(crate) use library::{GLUE, LIBRARY};
pub use oracle::Answers;
pub(crate) use oracle::Oracle;
use question::Question;
pub(crate) use shelf::{Shelf, Shelved};
pub(crate) use suite::Observer;
pub use suite::{FileCoverage, RegoReport, RegoResult, RegoVerdict};

/// Everything that turns an intent into a decision. Immutable and shared; what a thread needs for
/// itself it makes once per policy.
pub(crate) struct Policy {
    /// Unique in this process: tells a thread that its evaluators are of another policy.
    epoch: u64,
    library: library::Library,
    extension: Extension,
    subjects: input::Subjects,
    facts: Facts,
    preparations: Preparations,
}

/// What runs users' modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evaluator {
    /// They stay in the part of Rego in which the machine is known to agree with the interpreter.
    Machine,
    Interpreter {
        /// The first thing that the machine is not trusted with, and where it is written.
        why: Arc<str>,
    },
}

impl Evaluator {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Interpreter { .. } => "interpreter",
        }
    }

    /// Why not on the machine, where they are not.
    pub fn into_why(self) -> Option<Arc<str>> {
        match self {
            Self::Machine => None,
            Self::Interpreter { why } => Some(why),
        }
    }
}

impl Policy {
    pub(crate) fn build(
        library: &str,
        data: &AegisData,
        compiled: Shelved,
        extension: Extension,
        facts: Facts,
    ) -> Result<Self, Problems> {
        Ok(Self {
            epoch: EPOCHS.fetch_add(1, Ordering::Relaxed),
            library: library::Library::compile(library, compiled)?,
            extension,
            subjects: input::Subjects::new(data),
            facts,
            preparations: Preparations::compile(data),
        })
    }

    pub(crate) fn knows(&self, agent: &str) -> bool {
        self.preparations.know(agent)
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What users' modules run on; `None` where there are none.
    pub(crate) fn evaluator(&self) -> Option<Evaluator> {
        self.extension.evaluator()
    }

    #[cfg(test)]
    pub(crate) fn trust_machine(&mut self) {
        self.extension.trust();
    }

    /// Users' modules run on the interpreter from here on, for this reason.
    pub(crate) fn distrust_machine(&mut self, reason: &str) {
        self.extension.distrust(reason);
        self.epoch = EPOCHS.fetch_add(1, Ordering::Relaxed);
    }

    /// As [`Self::evaluate`], from memory where this thread has been asked the same.
    pub(crate) fn decide(&self, intent: &Intent) -> Decision {
        self.with_evaluators(|evaluators| evaluators.decide(self, intent))
    }

    pub(crate) fn evaluate(&self, intent: &Intent) -> Decision {
        let preparation = self.preparations.find(intent);
        let question = self.question(intent, preparation);
        self.with_evaluators(|evaluators| match &question {
            Some(question) => evaluators.answer(self, preparation, question),
            None => evaluators.evaluate(self, intent),
        })
    }

    /// None with users' modules, which may look at anything.
    fn question(&self, intent: &Intent, preparation: Option<&Preparation>) -> Option<Question> {
        if self.extension.reads_input() {
            return None;
        }
        Question::of(intent, preparation)
    }

    fn with_evaluators(
        &self,
        ask: impl FnOnce(&mut Evaluators) -> Result<Decision, Fault>,
    ) -> Decision {
        EVALUATORS.with(|slot| {
            // Taken out while it works: whatever goes wrong, the next call starts afresh.
            let kept = slot.take().filter(|kept| kept.epoch == self.epoch);
            let decided = kept
                .map_or_else(|| Evaluators::new(self).map(Box::new), Ok)
                .and_then(|mut evaluators| {
                    let decision = ask(&mut evaluators)?;
                    slot.set(Some(evaluators));
                    Ok(decision)
                });
            decided.unwrap_or_else(Decision::fault)
        })
    }

    pub(crate) fn oracle(&self) -> Result<Oracle<'_>, Fault> {
        Ok(Oracle {
            policy: self,
            evaluators: Evaluators::new(self)?,
            interpreter: self.library.interpreter()?,
            users: self.extension.interpreted(),
        })
    }
}

thread_local! {
    static EVALUATORS: Cell<Option<Box<Evaluators>>> = const { Cell::new(None) };
}

static EPOCHS: AtomicU64 = AtomicU64::new(1);

/// As exactly as the interpreter tells: it has a type for its deadline and only words for conflicts.
fn fault_of(error: impl Into<VmError> + fmt::Display) -> Fault {
    let words = error.to_string();
    match error.into() {
        VmError::TimeLimitExceeded { .. } => Fault::Deadline,
        _ if words.contains("rule conflicts with") || words.contains("multiple outputs") => {
            Fault::Conflict
        }
        _ => Fault::Evaluation,
    }
}

fn json(value: &Value) -> Result<Json, Fault> {
    if *value == Value::Undefined {
        return Err(Fault::Undefined);
    }
    serde_json::to_value(value).map_err(|_| Fault::WrongType)
}
