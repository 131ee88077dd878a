//! The interpreter beside the machine, for self-tests and for explaining. Nothing is decided by it.

use super::extension::Users;
use super::{
    Deadline, Engine, Evaluators, Fault, Intent, Json, Policy, Value, fault_of, json, library,
};

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
    pub(super) policy: &'a Policy,
    pub(super) evaluators: Evaluators,
    pub(super) interpreter: Engine,
    /// Users' modules on the interpreter, where they run on the machine.
    pub(super) users: Option<Users>,
}

impl Oracle<'_> {
    pub(crate) fn ask(&mut self, intent: &Intent) -> Result<Answers, Fault> {
        let input = self.evaluators.input(self.policy, intent)?;
        let machine = self.machine(intent, &input);
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
        let input = self.evaluators.input(self.policy, intent)?;
        match (self.machine(intent, &input), self.interpret(input)) {
            (Ok(machine), Ok(interpreter)) => Ok(machine == interpreter),
            (Err(Fault::Deadline), _) | (_, Err(Fault::Deadline)) => Err(Fault::Deadline),
            _ => Ok(false),
        }
    }

    /// Whether users' modules find the same on the interpreter. Where they run on it already, they do.
    pub(crate) fn users_agree(&mut self, intent: &Intent) -> bool {
        let Some(interpreted) = &mut self.users else {
            return true;
        };
        let (input, found) = self
            .evaluators
            .findings(self.policy, intent, Deadline::start());
        let expected = interpreted.findings(&input, Deadline::start());
        // A busy machine may be late on either; that says nothing of what would have been found.
        let late = [&found, &expected].map(|found| *found == Err(Fault::Deadline));
        late.contains(&true) || found == expected
    }

    fn machine(&mut self, intent: &Intent, input: &Value) -> Result<Value, Fault> {
        let asked = self.asked(intent).unwrap_or_else(|| input.clone());
        self.evaluators.machines.decide(intent.phase, asked)
    }

    /// The part of the input that the library reads, where nothing else is made.
    fn asked(&self, intent: &Intent) -> Option<Value> {
        let preparation = self.policy.preparations.find(intent);
        let question = self.policy.question(intent, preparation)?;
        Some(self.evaluators.asked(self.policy, preparation, &question))
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
        let input = match self.asked(intent) {
            Some(asked) => asked,
            None => self.evaluators.input(self.policy, intent)?,
        };
        let machines = &mut self.evaluators.machines;
        Ok(machines.instructions(intent.phase, &input))
    }
}
