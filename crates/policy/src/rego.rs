//! The Rego evaluators: the library on the bytecode machine, users' modules on the interpreter. Only this module names regorus.
//!
//! The machine is fast and not a complete Rego, so only the shipped library, which tests have
//! cleared, runs on it, and never with strict builtin errors: there an error makes a rule vanish.
//! Whatever users write runs on the interpreter as a program of its own, where an error is an error.

mod answer;
mod contract;
mod deadline;
mod extension;
mod input;
mod library;
mod lint;
mod question;
mod shelf;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use aegis_document::Problems;
use serde_json::Value as Json;

use regorus::languages::rego::compiler::{Compiler, CompilerError};
use regorus::rvm::program::Program;
use regorus::rvm::vm::{RegoVM, VmError};
use regorus::unstable::{
    AssignOp, BUILTINS, BoolOp, Expr, Literal, LiteralStmt, Module, Query, Ref, Rule, RuleHead,
    Span,
};
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::value::{Array, Object};
use regorus::{Engine, Value};

use crate::data::AegisData;
use crate::facts::{Facts, Preparations};
use crate::sources::{Model, Source};
use crate::{Decision, Fault, Intent};
use deadline::{Deadline, deadline};
pub(crate) use extension::Extension;
pub(crate) use library::LIBRARY;
use question::Question;
pub(crate) use shelf::{Shelf, Shelved};

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

    /// As [`Self::evaluate`], from memory where this thread has been asked the same.
    pub(crate) fn decide(&self, intent: &Intent) -> Decision {
        self.with_evaluators(|evaluators| evaluators.decide(self, intent))
    }

    pub(crate) fn evaluate(&self, intent: &Intent) -> Decision {
        let question = self.question(intent);
        self.with_evaluators(|evaluators| evaluators.evaluate(self, intent, question.as_ref()))
    }

    /// None with users' modules, which may look at anything.
    fn question(&self, intent: &Intent) -> Option<Question> {
        if self.extension.reads_input() {
            return None;
        }
        Question::of(intent, self.preparations.find(intent))
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
        })
    }
}

impl Oracle<'_> {
    pub(crate) fn ask(&mut self, intent: &Intent) -> Result<Answers, Fault> {
        let (input, asked) = self.evaluators.inputs(self.policy, intent)?;
        let machine = self.evaluators.machine(asked);
        let interpreter = self.interpret(input.clone());
        let json = |answer: Result<Value, Fault>| answer.and_then(|value| json(&value));
        Ok(Answers {
            input: json(Ok(input))?,
            machine: json(machine),
            interpreter: json(interpreter),
        })
    }

    /// The same decision, element by element: the machine's on what it is asked, the interpreter's
    /// on the whole input. A fault is that of a users' module; the library itself has none.
    pub(crate) fn agree(&mut self, intent: &Intent) -> Result<bool, Fault> {
        let (input, asked) = self.evaluators.inputs(self.policy, intent)?;
        match (self.evaluators.machine(asked), self.interpret(input)) {
            (Ok(machine), Ok(interpreter)) => Ok(machine == interpreter),
            (Err(Fault::Deadline), _) | (_, Err(Fault::Deadline)) => Err(Fault::Deadline),
            _ => Ok(false),
        }
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
        let (_, input) = self.evaluators.inputs(self.policy, intent)?;
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
    memory: question::Memory,
}

impl Evaluators {
    fn new(policy: &Policy) -> Result<Self, Fault> {
        Ok(Self {
            epoch: policy.epoch,
            machine: policy.library.machine()?,
            users: policy.extension.interpreter(),
            words: input::Words::new(),
            memory: question::Memory::default(),
        })
    }

    fn decide(&mut self, policy: &Policy, intent: &Intent) -> Result<Decision, Fault> {
        let question = policy.question(intent);
        if let Some(known) = question.as_ref().and_then(|asked| self.memory.find(asked)) {
            return Ok(known);
        }
        let decision = self.evaluate(policy, intent, question.as_ref())?;
        if let Some(question) = question {
            self.memory.keep(question, &decision);
        }
        Ok(decision)
    }

    fn evaluate(
        &mut self,
        policy: &Policy,
        intent: &Intent,
        question: Option<&Question>,
    ) -> Result<Decision, Fault> {
        let input = match question {
            Some(question) => self.asked(policy, intent, question),
            None => self.input(policy, intent)?,
        };
        answer::read(&self.machine(input)?)
    }

    /// The part of the input that the library reads; without users' modules, nothing else is made.
    fn asked(&self, policy: &Policy, intent: &Intent, question: &Question) -> Value {
        let preparation = policy.preparations.find(intent);
        question.input(&self.words, policy, preparation, self.users.nothing())
    }

    /// The whole input, and what the machine is given of it.
    fn inputs(&mut self, policy: &Policy, intent: &Intent) -> Result<(Value, Value), Fault> {
        let whole = self.input(policy, intent)?;
        let asked = match policy.question(intent) {
            Some(question) => self.asked(policy, intent, &question),
            None => whole.clone(),
        };
        Ok((whole, asked))
    }

    /// The whole of Rego's input, with what the users' modules found in it.
    fn input(&mut self, policy: &Policy, intent: &Intent) -> Result<Value, Fault> {
        let deadline = Deadline::start();
        let mut input = input::build(&self.words, policy, intent);
        let found = self.users.findings(&input, deadline)?;
        if policy.extension.reads_input() {
            self.machine
                .set_execution_timer_config(Some(deadline.left()?));
        }
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
