//! What one thread asks with: the machines of the library, the evaluator of users' modules, its memory. It compiles nothing.

use super::machines::Machines;
use super::{
    Deadline, Decision, Fault, Intent, Object, Policy, Preparation, Question, Value, answer,
    extension, input, question,
};

/// What one thread keeps for one policy.
pub(super) struct Evaluators {
    pub(super) epoch: u64,
    pub(super) machines: Machines,
    users: extension::Users,
    words: input::Words,
    forms: question::Forms,
    memory: question::Memory,
}

impl Evaluators {
    pub(super) fn new(policy: &Policy) -> Result<Self, Fault> {
        Ok(Self {
            epoch: policy.epoch,
            machines: policy.library.machines()?,
            users: policy.extension.users()?,
            words: input::Words::new(),
            forms: question::Forms::new(),
            memory: question::Memory::default(),
        })
    }

    pub(super) fn decide(&mut self, policy: &Policy, intent: &Intent) -> Result<Decision, Fault> {
        let preparation = policy.preparations.find(intent);
        let Some(question) = policy.question(intent, preparation) else {
            return self.evaluate(policy, intent);
        };
        if let Some(known) = self.memory.find(&question) {
            return Ok(known);
        }
        let decision = self.answer(policy, preparation, &question)?;
        self.memory.keep(question, &decision);
        Ok(decision)
    }

    pub(super) fn evaluate(&mut self, policy: &Policy, intent: &Intent) -> Result<Decision, Fault> {
        let input = self.input(policy, intent)?;
        answer::read(&self.machines.decide(intent.phase, input)?)
    }

    pub(super) fn answer(
        &mut self,
        policy: &Policy,
        preparation: Option<&Preparation>,
        question: &Question,
    ) -> Result<Decision, Fault> {
        let input = self.asked(policy, preparation, question);
        answer::read(&self.machines.decide(question.phase(), input)?)
    }

    /// The part of the input that the library reads; without users' modules, nothing else is made.
    pub(super) fn asked(
        &self,
        policy: &Policy,
        preparation: Option<&Preparation>,
        question: &Question,
    ) -> Value {
        let words = (&self.words, &self.forms);
        question.input(words, policy, preparation, self.users.nothing())
    }

    /// The whole of Rego's input, with what the users' modules found in it.
    pub(super) fn input(&mut self, policy: &Policy, intent: &Intent) -> Result<Value, Fault> {
        let deadline = Deadline::start();
        let (mut input, found) = self.findings(policy, intent, deadline);
        let found = found?;
        if policy.extension.reads_input() {
            self.machines.limit_time(deadline.left()?);
        }
        input.insert(self.words.ext.clone(), found);
        Ok(Value::from(input))
    }

    /// What the users' modules are given, and what they find in it.
    pub(super) fn findings(
        &mut self,
        policy: &Policy,
        intent: &Intent,
        deadline: Deadline,
    ) -> (Object, Result<Value, Fault>) {
        let input = input::build(&self.words, policy, intent);
        let found = self.users.findings(&input, deadline);
        (input, found)
    }
}
