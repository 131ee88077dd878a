//! The Rego evaluators: the library on the bytecode machine, users' modules on the interpreter. Only this module names regorus.
//!
//! The machine is fast and not a complete Rego, so only the shipped library, which tests have
//! cleared, runs on it, and never with strict builtin errors: there an error makes a rule vanish.
//! Whatever users write runs on the interpreter as a program of its own, where an error is an error.

mod answer;
mod extension;
mod input;
mod library;
mod lint;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aegis_document::Problems;
use serde_json::Value as Json;

use regorus::languages::rego::compiler::{Compiler, CompilerError};
use regorus::rvm::program::Program;
use regorus::rvm::vm::{RegoVM, VmError};
use regorus::unstable::{Module, Rule, RuleHead, Span};
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::value::{Array, Object};
use regorus::{Engine, Value};

use crate::facts::{Facts, Preparations};
use crate::sources::{Model, Source};
use crate::{Decision, Fault, Intent};
pub(crate) use library::LIBRARY;

/// Everything that turns an intent into a decision. Immutable and shared; what a thread needs for
/// itself it makes once per policy.
pub(crate) struct Policy {
    /// Unique in this process: tells a thread that its evaluators are of another policy.
    epoch: u64,
    library: library::Library,
    extension: extension::Extension,
    subjects: input::Subjects,
    facts: Facts,
    preparations: Preparations,
}

/// Both evaluators' answers to one input, to be compared.
#[derive(Debug)]
pub struct Answers {
    /// What Rego was given.
    pub input: Json,
    pub machine: Result<Json, Fault>,
    pub interpreter: Result<Json, Fault>,
}

/// The interpreter beside the machine, for self-tests and for tests.
pub(crate) struct Oracle<'a> {
    policy: &'a Policy,
    evaluators: Evaluators,
    interpreter: Engine,
}

impl Policy {
    pub(crate) fn build(
        model: &Model,
        compiled: &Json,
        modules: &[Source],
        facts: Facts,
    ) -> Result<Self, Problems> {
        Ok(Self {
            epoch: EPOCHS.fetch_add(1, Ordering::Relaxed),
            library: library::Library::compile(LIBRARY, compiled)?,
            extension: extension::Extension::compile(modules, &model.users)?,
            subjects: input::Subjects::new(&model.data),
            facts,
            preparations: Preparations::compile(&model.data),
        })
    }

    pub(crate) fn decide(&self, intent: &Intent) -> Decision {
        EVALUATORS.with(|slot| {
            // Taken out while it works: whatever goes wrong, the next call starts afresh.
            let kept = slot.take().filter(|kept| kept.epoch == self.epoch);
            let decided = kept
                .map_or_else(|| Evaluators::new(self).map(Box::new), Ok)
                .and_then(|mut evaluators| {
                    let input = evaluators.input(self, intent)?;
                    let answer = evaluators.machine(input)?;
                    let decision = answer::read(&answer)?;
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
        })
    }
}

impl Oracle<'_> {
    pub(crate) fn ask(&mut self, intent: &Intent) -> Result<Answers, Fault> {
        let input = self.evaluators.input(self.policy, intent)?;
        let machine = self.evaluators.machine(input.clone());
        let interpreter = self.interpret(input.clone());
        let json = |answer: Result<Value, Fault>| answer.and_then(|value| json(&value));
        Ok(Answers {
            input: json(Ok(input))?,
            machine: json(machine),
            interpreter: json(interpreter),
        })
    }

    /// The same decision, element by element.
    pub(crate) fn agree(&mut self, intent: &Intent) -> Result<bool, Fault> {
        let input = self.evaluators.input(self.policy, intent)?;
        let interpreter = self.interpret(input.clone())?;
        Ok(self.evaluators.machine(input)? == interpreter)
    }

    fn interpret(&mut self, input: Value) -> Result<Value, Fault> {
        self.interpreter.set_input(input);
        self.interpreter
            .eval_rule(library::ENTRY.to_owned())
            .map_err(fault_of)
    }

    /// What the library knows as `data`.
    pub(crate) fn data(&self) -> Result<Json, Fault> {
        json(self.policy.library.data())
    }

    /// How many instructions the machine takes for this intent.
    pub(crate) fn instructions(&mut self, intent: &Intent) -> Result<usize, Fault> {
        let input = self.evaluators.input(self.policy, intent)?;
        let (mut low, mut high) = (0, library::INSTRUCTIONS);
        while low + 1 < high {
            let middle = usize::midpoint(low, high);
            self.evaluators.machine.set_max_instructions(middle);
            match self.evaluators.machine(input.clone()) {
                Err(Fault::InstructionLimit) => low = middle,
                _ => high = middle,
            }
        }
        self.evaluators
            .machine
            .set_max_instructions(library::INSTRUCTIONS);
        Ok(high)
    }
}

/// What one thread keeps for one policy.
struct Evaluators {
    epoch: u64,
    machine: RegoVM,
    users: extension::Interpreter,
    words: input::Words,
}

impl Evaluators {
    fn new(policy: &Policy) -> Result<Self, Fault> {
        Ok(Self {
            epoch: policy.epoch,
            machine: policy.library.machine()?,
            users: policy.extension.interpreter(),
            words: input::Words::new(),
        })
    }

    /// The whole of Rego's input, with what the users' modules found in it.
    fn input(&mut self, policy: &Policy, intent: &Intent) -> Result<Value, Fault> {
        let mut input = input::build(&self.words, policy, intent);
        let found = self.users.findings(&input)?;
        input.insert(self.words.ext.clone(), found);
        Ok(Value::from(input))
    }

    fn machine(&mut self, input: Value) -> Result<Value, Fault> {
        self.machine.set_input(input);
        match self.machine.execute_entry_point_by_index(0) {
            Ok(Value::Undefined) => Err(Fault::Undefined),
            Ok(answer) => Ok(answer),
            Err(VmError::InstructionLimitExceeded { .. }) => Err(Fault::InstructionLimit),
            Err(VmError::TimeLimitExceeded { .. }) => Err(Fault::Deadline),
            Err(_) => Err(Fault::Evaluation),
        }
    }
}

thread_local! {
    static EVALUATORS: Cell<Option<Box<Evaluators>>> = const { Cell::new(None) };
}

static EPOCHS: AtomicU64 = AtomicU64::new(0);

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

/// Wall clock, so a busy machine could trip it: only a backstop behind the instruction limit, and
/// longer than a container waits that has used up its share of CPU (about a tenth of a second).
fn deadline() -> ExecutionTimerConfig {
    ExecutionTimerConfig {
        limit: Duration::from_millis(500),
        check_interval: CHECK_INTERVAL,
    }
}

/// Units of work between two looks at the clock.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(64).unwrap();
